"""Grade submissions with an autograder zip, in a process that imports the packages of that zip."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.errors import FellShortError, HomeworkError
from autograder.grading.process import CONFIG, Grade
from autograder.sandbox import Limits, limits_of_this_machine, remove
from autograder.signals import held, released

SECONDS = 30  # that the process may take to end; it takes one at most


@contextlib.contextmanager
def grader(autograder: Path, level: str, limits: Limits | None = None) -> Iterator[Callable[[Path], Grade]]:
    """A function that grades a notebook, or a zip or a folder with one, each by itself.

    It raises a HomeworkError where the submission cannot be read, or the sandbox fails. No process and no
    folder is left when this ends, whatever ends it.

    autograder : the autograder zip. All of its packages are imported in a process of its own.
    level : of isolation, see `isolation_level`.
    limits : on what a submission may use.

    Errors: HomeworkError where this is not an autograder zip of this project.
    """
    with held(), _folder() as folder:
        unpack(autograder, folder / "autograder")
        with _process(folder / "autograder" / "files") as channel:

            def graded(submission: Path) -> Grade:
                try:
                    return _response(channel, submission.resolve())
                except (EOFError, OSError):
                    raise FellShortError(
                        f"The process that grades {submission.name} has ended. Is there too little memory?"
                    ) from None

            with released():
                try:
                    _response(channel, (folder, level, limits or limits_of_this_machine()))
                except (EOFError, OSError):
                    raise FellShortError(
                        f"The packages in {autograder.name} cannot be imported here; what is above says why. "
                        "Build the zip again with this version."
                    ) from None
                yield graded


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder in which the autograder is private, and which the workers of the sandbox may enter."""
    folder = Path(tempfile.mkdtemp(prefix="homework-autograder-"))
    try:
        (folder / "autograder").mkdir(mode=0o700)
        folder.chmod(0o711)
        yield folder
    finally:
        for _ in range(10 * SECONDS):
            remove(folder)
            if not folder.exists():
                break
            time.sleep(0.1)  # where the process was killed, the kernel is about to kill the workers too


@contextlib.contextmanager
def _process(packages: Path) -> Iterator[Connection]:
    """Start the process that grades; yield the channel to it. At the end it closes its sandbox, and ends."""
    ours, theirs = Pipe()
    start = (
        f"import sys; sys.path[:] = {[str(packages), *sys.path]!r}; "
        f"from autograder.grading.process import serve; serve({theirs.fileno()})"
    )
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", start],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C reaches the command alone, which then ends this one
        )
        theirs.close()
        try:
            yield ours
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _response(channel: Connection, request: Any) -> Any:
    """The response of the process that grades. Errors: what it raises; EOFError or OSError if it is gone."""
    channel.send(request)
    response = channel.recv()
    if isinstance(response, Exception):
        raise response
    return response


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
    if not (folder / "files" / "autograder" / "hidden_checks").is_dir():
        raise HomeworkError(f"{path} is an autograder zip of something else; take the one from dist.")
    if not (folder / "files" / "autograder" / "grading" / "process.py").is_file():
        raise HomeworkError(f"{path} was built by another version of this project; build it again.")
