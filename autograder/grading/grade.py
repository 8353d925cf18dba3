"""Grades submissions with an autograder zip, in a process that imports the packages of that zip."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.errors import FellShortError, HomeworkError
from autograder.grading.process import ASSIGNMENT, CONFIG, Grade
from autograder.sandbox import Limits, limits_of_this_machine, remove
from autograder.signals import held, released

GradeNotebook = Callable[[str, bytes], Grade]
SECONDS = 30  # the process may take this long to end; it usually takes at most one second


@contextlib.contextmanager
def grader(autograder: Autograder, level: str, limits: Limits | None = None) -> Iterator[GradeNotebook]:
    """Yield a function that grades one notebook, given its name and bytes.

    The function raises a SubmissionError if the notebook is refused, and another HomeworkError if grading
    fails. At the end, no process and no folder is left.

    Parameters
    ----------
    autograder : Autograder
        The autograder zip. Its packages are imported in a separate process.
    level : str
        The isolation level, see `isolation_level`.
    limits : Limits, optional
        The limits of a submission.

    Raises
    ------
    HomeworkError
        If the process does not start.
    """
    with held(), _folder() as folder:
        autograder.unpack(folder / "autograder")
        with _process(folder / "autograder" / "files") as channel:

            def graded(name: str, data: bytes) -> Grade:
                try:
                    found: Grade = _response(channel, (name, data))
                except (EOFError, OSError):
                    raise FellShortError(
                        f"The process that grades {name} has ended. Is there enough memory?"
                    ) from None
                return found

            with released():
                try:
                    _response(channel, (folder, level, limits or limits_of_this_machine()))
                except (EOFError, OSError):
                    raise FellShortError(
                        "The packages in the autograder zip cannot be imported here; the error is above. "
                        "Build the zip again with this version."
                    ) from None
                yield graded


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the workers of the sandbox may enter, with a private folder for the autograder."""
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
            time.sleep(0.1)  # if the process was killed, the kernel kills the workers soon


@contextlib.contextmanager
def _process(packages: Path) -> Iterator[Connection]:
    """Start the process that grades, and yield the channel to it. At the end, the process is ended."""
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
            start_new_session=True,  # Ctrl-C must reach only the command, which then ends this process
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
    """The response of the process that grades, or its exception; EOFError or OSError if it has ended."""
    channel.send(request)
    response = channel.recv()
    if isinstance(response, Exception):
        raise response
    return response


@dataclass(frozen=True)
class Autograder:
    """An autograder zip.

    data : its bytes.
    assignment : the name and the title of the assignment, and its questions; see `builder`.
    config : Otter's configuration.
    """

    data: bytes
    assignment: dict[str, Any]
    config: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the zip, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def show_hidden(self) -> bool:
        """Whether students may see the results of hidden checks."""
        return bool(self.config.get("show_hidden"))

    def unpack(self, folder: Path) -> None:
        """Write its files into a folder."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            archive.extractall(folder)


def read_autograder(path: Path) -> Autograder:
    """Read an autograder zip; raise a HomeworkError if this version of the project did not build it."""
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.testzip() is not None:
                raise zipfile.BadZipFile("a file in it is damaged")
            names = archive.namelist()
            config = json.loads(archive.read(CONFIG))
            if not any(name.startswith("files/autograder/hidden_checks/") for name in names):
                raise HomeworkError(
                    f"{path} is not an autograder zip of this version of the project; use the one in dist."
                )
            if ASSIGNMENT not in names:
                raise HomeworkError(f"{path} was built by another version of this project; build it again.")
            assignment = json.loads(archive.read(ASSIGNMENT))
    except OSError as error:
        raise HomeworkError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError):
        raise HomeworkError(f"{path} is not an autograder zip; use the one in dist.") from None
    tests = {Path(name).stem for name in names if name.startswith("tests/")}
    graded = [q for q in assignment["questions"] if q["written"] or q["question"] in tests]
    return Autograder(data, assignment | {"questions": graded}, config)
