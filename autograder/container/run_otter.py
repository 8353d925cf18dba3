"""Grades the upload in a container, and writes Otter's results.json and results.pkl whatever happens.

This file replaces Otter's own runner of the same name. A child process does the grading. The parent needs
only Python; if the child ends without results, the parent writes the reason. A signal ends both and leaves
no process and no folder; the results are then those that `run_autograder` wrote first.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import pickle
import signal
import sys
import traceback
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

SECONDS = 480  # Gradescope stops a grader after ten minutes, unless the instructor sets another limit
ENDING = 30  # seconds in which the child may close its sandbox; it usually takes at most one
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOT_GRADED = "This submission could not be graded, which is not your fault. Please tell your instructor."
PRIVATE = ("source", "submission", "submission_metadata.json")
INSTRUCTOR = "For the instructor (students do not see this)"


class Results:
    """The folder from which Gradescope and Otter read results."""

    def __init__(self, folder: Path):
        self._folder = folder

    def write_grade(self, shown: dict[str, Any], results: Any) -> None:
        """Write the results that Gradescope shows, and Otter's own results."""
        self._write("results.pkl", pickle.dumps(results))
        self._write("results.json", json.dumps(shown, indent=4).encode())

    def write_refusal(self, sentence: str, reason: str | None = None) -> None:
        """Write why there is no grade.

        sentence : the message for the student.
        reason : the message for the instructor; `otter grade` shows its last line as the status.
        """
        self._write("results.json", json.dumps(refusal(sentence, reason), indent=4).encode())
        with contextlib.suppress(Exception):  # if Otter cannot be imported
            from otter.run.run_autograder.utils import OtterRuntimeError
            from otter.test_files import GradingResults

            why = OtterRuntimeError((reason or sentence).strip().splitlines()[-1])
            self._write("results.pkl", pickle.dumps(GradingResults.without_results(why)))

    def _write(self, name: str, data: bytes) -> None:
        new = self._folder / f"{name}.new"
        new.write_bytes(data)
        os.replace(new, self._folder / name)


def refusal(sentence: str, reason: str | None = None) -> dict[str, Any]:
    """The results that Gradescope shows if there is no grade.

    sentence : the message for the student.
    reason : the message for the instructor.
    """
    test = {"name": INSTRUCTOR, "status": "failed", "visibility": "hidden", "output": reason}
    return {
        "score": 0,
        "output": sentence,
        "stdout_visibility": "hidden",
        "tests": [test] if reason else [],
    }


def main(folder: Path) -> None:
    """Grade the submission in `folder/submission` with the autograder in `folder/source`."""
    results = Results(folder / "results")
    if not os.access(folder / "results", os.W_OK):
        print(f"Results cannot be written into {folder}/results; run this as root or as the folder's owner.")
        return
    make_private(folder)
    child = get_context("fork").Process(target=grade_or_say_why, args=(folder, results))
    for number in ENDS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    child.start()
    try:
        child.join(SECONDS)
        late = child.is_alive()
    finally:
        child.terminate()
        child.join(ENDING)
        child.kill()
        child.join()
    if late:
        results.write_refusal(
            NOT_GRADED, f"Grading took longer than {SECONDS // 60} minutes and was stopped."
        )
    elif child.exitcode == -signal.SIGKILL:
        results.write_refusal(NOT_GRADED, "The grader ran out of memory; give its container more memory.")
    elif child.exitcode != 0:
        results.write_refusal(NOT_GRADED, f"The grader ended with status {child.exitcode}.")


def make_private(folder: Path) -> None:
    """Make the folder readable only by root: it contains the checks, the metadata and the submission."""
    # If this fails, `isolation_level` decides whether it matters.
    with contextlib.suppress(OSError):
        folder.chmod(0o700)


def grade_or_say_why(folder: Path, results: Results) -> None:
    """Run in the child: write the results and exit at once, so nothing can fail afterwards."""
    for number in ENDS:
        signal.signal(number, signal.SIG_DFL)
    sys.path.insert(0, str(folder / "source" / "files"))
    try:
        said = grade(folder, results)
    except KeyboardInterrupt:  # a signal
        os._exit(1)
    except Exception:
        results.write_refusal(NOT_GRADED, traceback.format_exc())
        said = NOT_GRADED
    with contextlib.suppress(Exception):
        print(said, flush=True)
    os._exit(0)


def grade(folder: Path, results: Results) -> str:
    """Grade, write the results, and return notes for the instructor. Only unexpected errors are raised."""
    from autograder.errors import HomeworkError
    from autograder.grading.isolation import isolation_level
    from autograder.grading.process import gradescope_results, grading_results, submitted_notebook
    from autograder.grading.upload import SubmissionError
    from autograder.sandbox import ForkServer
    from autograder.sandbox.confine import end_with_parent
    from autograder.signals import held, released, stopped_by_signals

    end_with_parent()
    os.chdir(folder / "source")
    try:
        notebook = submitted_notebook(folder / "submission")
        level = isolation_level(None, *(path for name in PRIVATE if (path := folder / name).exists()))
        with stopped_by_signals(), held(), ForkServer(level) as server, released():
            gc.disable()  # loaded modules are never garbage
            import_module("autograder.grading.loop")  # this also imports Otter
            gc.freeze()
            gc.enable()
            found, graded = grading_results(notebook, server)
    except SubmissionError as error:
        results.write_refusal(str(error))
        return str(error)
    except HomeworkError as error:
        results.write_refusal(NOT_GRADED, str(error))
        return NOT_GRADED
    for case in (case for test in graded.tests for case in test.test_cases):
        case.body = None  # a function of the test file, which another process could not unpickle
    results.write_grade({"stdout_visibility": "hidden"} | gradescope_results(found), found)
    return "\n".join([f"Graded, isolation {level}.", *graded.remarks, *graded.notes])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
