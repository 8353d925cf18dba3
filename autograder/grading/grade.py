"""Grade submissions with an autograder zip, in a process that imports the packages of that zip."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from autograder.errors import FellShortError, HomeworkError
from autograder.grading.process import CONFIG, Grade, grade, start
from autograder.sandbox import Limits, limits_of_this_machine, remove
from autograder.signals import held, released

MOST_TRIES = 300


@contextlib.contextmanager
def grader(autograder: Path, level: str, limits: Limits | None = None) -> Iterator[Callable[[Path], Grade]]:
    """A function that grades a notebook, or a zip that `grader.export` made, each by itself.

    It raises a HomeworkError where the submission cannot be read, or the sandbox fails. No process and no
    folder is left when this ends, whatever ends it.

    autograder : the autograder zip. All of its packages are imported in a process of its own.
    level : of isolation, see `isolation_level`.
    limits : on what a submission may use.

    Errors: HomeworkError where this is not an autograder zip of this project.
    """
    with held(), _folder() as folder:
        unpack(autograder, folder / "autograder")
        with ProcessPoolExecutor(
            1, get_context("spawn"), start, (folder, level, limits or limits_of_this_machine())
        ) as process:

            def graded(submission: Path) -> Grade:
                try:
                    return process.submit(grade, submission.resolve()).result()
                except BrokenProcessPool:
                    raise FellShortError(
                        f"The process that grades {submission.name} has ended. Is there too little memory?"
                    ) from None

            sys.path.insert(0, f"{folder}/autograder/files")  # the process starts with the path of this one
            try:
                pid = process.submit(os.getpid).result()
            except BrokenProcessPool:
                raise FellShortError(
                    f"The packages in {autograder.name} cannot be imported here; what is above says why. "
                    "Build the zip again with this version."
                ) from None
            finally:
                sys.path.pop(0)
            try:
                with released():
                    yield graded
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # its sandbox ends with it


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder in which the autograder is private, and which the workers of the sandbox may enter."""
    folder = Path(tempfile.mkdtemp(prefix="homework-autograder-"))
    try:
        (folder / "autograder").mkdir(mode=0o700)
        folder.chmod(0o711)
        yield folder
    finally:
        for _ in range(MOST_TRIES):
            remove(folder)
            if not folder.exists():
                break
            time.sleep(0.1)  # the kernel is about to end the workers


def unpack(path: Path, folder: Path) -> None:
    """Unpack an autograder zip. Errors: HomeworkError where it is not one of this project."""
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
            json.loads(archive.read(CONFIG))
    except OSError as error:
        raise HomeworkError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError):
        raise HomeworkError(f"{path} is not an autograder zip; take the one from dist.") from None
    if not (folder / "files" / "hidden_checks").is_dir():
        raise HomeworkError(f"{path} is an autograder zip of something else; take the one from dist.")
    if not (folder / "files" / "autograder" / "grading" / "process.py").is_file():
        raise HomeworkError(f"{path} was built by another version of this project; build it again.")
