"""Grades the upload in a container, and writes Otter's results.json and results.pkl whatever happens.

Otter's own runner has this file's name. The grading is done in a child. The parent needs nothing but Python,
sees how the child ends, and says so where that left no results.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import sys
import traceback
from multiprocessing import get_context
from pathlib import Path
from typing import Any

SECONDS = 480  # Gradescope stops a grader after ten minutes, unless the instructor has set more
NOT_GRADED = "This submission could not be graded, which is not your fault. Please tell your instructor."
PRIVATE = ("source", "submission", "submission_metadata.json")
INSIDE = "For the instructor (students do not see this)"


class Results:
    """The folder that Gradescope and Otter read results from."""

    def __init__(self, folder: Path):
        self._folder = folder

    def graded(self, shown: dict[str, Any], results: Any) -> None:
        """Write what Gradescope shows, and Otter's own results."""
        self._write("results.pkl", pickle.dumps(results))
        self._write("results.json", json.dumps(shown, indent=4).encode())

    def not_graded(self, sentence: str, inside: str | None = None) -> None:
        """Say why there is no grade.

        sentence : for the student.
        inside : for the instructor alone; its last line is the status that `otter grade` shows.
        """
        test = {"name": INSIDE, "status": "failed", "visibility": "hidden", "output": inside}
        shown = {
            "score": 0,
            "output": sentence,
            "stdout_visibility": "hidden",
            "tests": [test] if inside else [],
        }
        self._write("results.json", json.dumps(shown, indent=4).encode())
        with contextlib.suppress(Exception):  # where Otter cannot be imported
            from otter.run.run_autograder.utils import OtterRuntimeError
            from otter.test_files import GradingResults

            why = OtterRuntimeError((inside or sentence).strip().splitlines()[-1])
            self._write("results.pkl", pickle.dumps(GradingResults.without_results(why)))

    def _write(self, name: str, data: bytes) -> None:
        new = self._folder / f"{name}.new"
        new.write_bytes(data)
        os.replace(new, self._folder / name)


def main(folder: Path) -> None:
    """Grade what is in `folder/submission` by what is in `folder/source`."""
    results = Results(folder / "results")
    if not os.access(folder / "results", os.W_OK):
        print(f"Results cannot be written into {folder}/results; run this container as root.")
        return
    make_private(folder)
    child = get_context("fork").Process(target=grade, args=(folder, results))
    child.start()
    child.join(SECONDS)
    if child.is_alive():
        child.kill()
        child.join()
        results.not_graded(NOT_GRADED, f"Grading took longer than {SECONDS // 60} minutes and was stopped.")
    elif child.exitcode == -signal.SIGKILL:
        results.not_graded(NOT_GRADED, "The grader ran out of memory; give its container more.")
    elif child.exitcode != 0:
        results.not_graded(NOT_GRADED, f"The grader ended with status {child.exitcode}.")


def make_private(folder: Path) -> None:
    """Let root alone look below a folder: at the checks, the metadata, and everything that was handed in."""
    # Where it cannot be changed, or is somebody else's, `isolation_level` decides whether that matters.
    with contextlib.suppress(OSError):
        folder.chmod(0o700)


def grade(folder: Path, results: Results) -> None:
    """Grade, or say what went wrong."""
    sys.path.insert(0, str(folder / "source" / "files"))
    try:
        from autograder.errors import HomeworkError
        from autograder.grading.isolation import isolation_level
        from autograder.grading.notebook import SubmissionError
        from autograder.grading.process import gradescope_results, grading_results, submission_cells
        from autograder.sandbox import Source

        private = [path for name in PRIVATE if (path := folder / name).exists()]
        try:
            os.chdir(folder / "source")
            cells = submission_cells(folder / "submission")
            level = isolation_level(None, *private)
            with Source(level) as source:
                found, notes = grading_results(cells, source)
            results.graded({"stdout_visibility": "hidden"} | gradescope_results(found), found)
            print("\n".join([f"Graded, isolation {level}.", *notes]))
        except SubmissionError as error:
            results.not_graded(str(error))
        except HomeworkError as error:
            results.not_graded(NOT_GRADED, str(error))
    except Exception:
        results.not_graded(NOT_GRADED, traceback.format_exc())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
