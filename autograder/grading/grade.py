"""Grade submissions with an autograder zip, in a process that imports the packages of that zip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import FellShortError, HomeworkError
from autograder.sandbox import Limits

CONFIG = "otter_config.json"
START = (
    "import os, sys; sys.path.insert(0, os.path.abspath('files')); "
    "from autograder.grading.process import main; main()"
)


@dataclass(frozen=True)
class Grade:
    """What became of a submission.

    results : as Gradescope reads them, what Otter writes into results.json.
    points : earned, by question.
    possible : the most, by question.
    notes : for the instructor.
    """

    results: dict[str, Any]
    points: dict[str, float]
    possible: dict[str, float]
    notes: list[str]


class Grader:
    """Grades submissions, one after the other, each by itself.

    It is a process of its own, started where the zip is unpacked, in a private folder, and with the zip's
    `files` first on its path.

    autograder : the autograder zip.
    level : of isolation, see `isolation_level`.
    limits : on what a submission may use.

    Errors: HomeworkError where this is not an autograder zip of this project.
    """

    def __init__(self, autograder: Path, level: str, limits: Limits | None = None):
        self._folder = tempfile.TemporaryDirectory(prefix="homework-autograder-")
        try:
            unpack(autograder, Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise
        options = json.dumps({"level": level, "limits": asdict(limits or Limits())})
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", START, options],
            cwd=self._folder.name,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def grade(self, submission: Path) -> Grade:
        """Grade a notebook, or a zip that `grader.export` made.

        Errors: HomeworkError where the submission cannot be read, or the sandbox fails.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(str(submission.resolve())) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise FellShortError("The grading process ended. Build the autograder zip again and retry.")
        answer = json.loads(line)
        if "error" in answer:
            raise HomeworkError(answer["error"])
        return Grade(**answer)

    def close(self) -> None:
        """End the process and remove what was unpacked."""
        self._process.communicate()
        self._folder.cleanup()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def unpack(path: Path, folder: Path) -> None:
    """Unpack an autograder zip. Errors: HomeworkError where it is not one of this project."""
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
            json.loads(archive.read(CONFIG))
    except OSError as error:
        raise HomeworkError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise HomeworkError(f"{path} is not an autograder zip; take the one from dist.") from None
    if not (folder / "files" / "hidden_checks").is_dir():
        raise HomeworkError(f"{path} is an autograder zip of something else; take the one from dist.")
    if not (folder / "files" / "autograder" / "grading" / "process.py").is_file():
        raise HomeworkError(f"{path} was built by another version of this project; build it again.")
