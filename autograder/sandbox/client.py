"""The grader's side of a worker: ask it, take only what has the right form, end it when it is at fault."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.errors import HomeworkError
from autograder.sandbox.policy import Limits
from autograder.sandbox.wire import WireError, pack, unpack

# What a worker may send: the keys of each message, and the types of their values.
MESSAGES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "ready": {},
    "unconfined": {"text": str},
    "done": {"id": str, "error": (str, type(None))},
    "program": {"id": str, "number": int},
    "reply": {"id": str, "value": object, "arguments": tuple},
    "failure": {"id": str, "class": str, "text": str},
    "callback": {"id": str, "name": str, "arguments": tuple},
}
# The message that answers a request, if none is a failure.
ANSWERS = {"cell": "done", "find": "done", "source": "program", "call": "reply"}
LOOK = 0.05  # seconds between two looks at what a worker has taken
CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class SandboxError(HomeworkError):
    """The sandbox cannot be had, or does not hold; nothing is graded."""


class WorkerLost(Exception):
    """A worker is gone: it ended by itself, or had to be ended. The message says which, for a student."""


class OutOfPatience(WorkerLost):
    """A worker had to be ended because it took too long."""


class Worker:
    """One worker. Every request has a number that nobody can guess, and gets one answer, or `WorkerLost`.

    pid : of its process.
    reading, writing : the descriptors of the pipes to it.
    scratch : the folder that it may write into; it is removed with the worker.
    end : kills a process and returns how it ended, as waitpid says.
    """

    def __init__(
        self,
        pid: int,
        reading: int,
        writing: int,
        scratch: Path,
        limits: Limits,
        end: Callable[[int], int],
    ):
        self.pid = pid
        self._reading, self._writing, self._scratch = reading, writing, scratch
        self._limits, self._end = limits, end
        self._open = True
        self._used, self._waited = 0.0, 0.0
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)

    def ask(
        self, seconds: float, callback: Callable[[str, tuple[Any, ...]], Any] | None = None, /, **request: Any
    ) -> dict[str, Any]:
        """Send a request and return the answer.

        seconds : of processor time that the worker may take; by the clock it may take several times that.
        callback : is called with a name and arguments where the worker asks for a function of the checks.
        """
        if not self._open:
            raise WorkerLost("it had ended before")
        number = secrets.token_hex(8)
        frame = pack({**request, "id": number, "seconds": seconds})
        deadline = _Deadline(self, seconds, self._limits.patience)
        try:
            while True:
                self._send(frame, deadline)
                answer = self._receive(deadline)
                if answer["is"] == "ready" or answer["id"] != number:
                    raise self._lost("it sent an answer that nobody had asked for")
                if answer["is"] in (ANSWERS[request["do"]], "failure"):
                    break
                if answer["is"] != "callback" or callback is None:
                    raise self._lost("it sent a request of its own")
                frame = _packed({"id": number}, callback(answer["name"], answer["arguments"]))
        finally:
            self._waited += deadline.waited()
        if self._too_much_written():
            raise self._lost("it wrote too many files")
        return answer

    def started(self) -> None:
        """Wait until the worker is confined. Errors: SandboxError."""
        try:
            answer = self._receive(_Deadline(self, 20.0, self._limits.patience))
        except WorkerLost as error:
            raise SandboxError(f"a worker did not start: {error}") from None
        if answer["is"] != "ready":
            self.close()
            raise SandboxError(f"a worker could not be confined: {answer.get('text')}")

    def _receive(self, deadline: _Deadline) -> dict[str, Any]:
        """Wait for one message that has the form of one of `MESSAGES`."""
        try:
            message = unpack(lambda size: self._read(size, deadline))
        except WireError as error:
            raise self._lost(f"it sent {error}") from None
        kind = message.get("is") if isinstance(message, dict) else None
        form = MESSAGES.get(kind) if isinstance(kind, str) else None
        if form is None or set(message) != {"is", *form}:
            raise self._lost("it sent a frame that is no message")
        if not all(isinstance(message[key], types) for key, types in form.items()):
            raise self._lost("it sent a message of another form")
        return message

    def _send(self, frame: bytes, deadline: _Deadline) -> None:
        view = memoryview(frame)
        while view:
            self._wait(self._writing, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._writing, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._lost(None) from None

    def _read(self, size: int, deadline: _Deadline) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._wait(self._reading, select.POLLIN, deadline)
            try:
                part = os.read(self._reading, min(size - len(parts), 1 << 20))
            except BlockingIOError:
                continue
            if not part:
                raise self._lost(None)
            parts += part
        return bytes(parts)

    def _wait(self, descriptor: int, event: int, deadline: _Deadline) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        arrived = False
        while not arrived:
            arrived = bool(poll.poll(1000 * LOOK))
            if not deadline.due():
                continue
            if deadline.passed():
                self.close()
                raise OutOfPatience("it did not finish in time")
            if self._too_much_written():
                raise self._lost("it wrote too many files")

    def _too_much_written(self) -> bool:
        limits, size, count = self._limits, 0, 0
        unreadable: list[OSError] = []
        for folder, _, files in os.walk(self._scratch, onerror=unreadable.append):
            for name in files:
                count += 1
                try:
                    size += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except OSError:
                    continue
            count += 1
            if size > limits.scratch or count > limits.files:
                return True
        # A folder that is gone by now is no matter; one that cannot be looked into is.
        return any(isinstance(error, PermissionError) for error in unreadable)

    def _lost(self, why: str | None) -> WorkerLost:
        """End the worker, and say why."""
        status = self.close()
        if why is None:
            why = f"it was ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "it exited"
        return WorkerLost(why)

    def used(self) -> float:
        """The seconds of processor time that the worker has taken so far."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text() if self._open else ""
        except OSError:
            text = ""
        fields = text.rpartition(")")[2].split()
        if fields:
            self._used = (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
        return self._used

    def taken(self) -> float:
        """The seconds that the worker has taken: of processor time, or by the clock over the patience."""
        return max(self.used(), self._waited / self._limits.patience)

    def close(self) -> int:
        """End the worker and remove what it wrote; return how it ended, as waitpid says."""
        if not self._open:
            return 0
        self.used()
        self._open = False
        os.close(self._reading)
        os.close(self._writing)
        status = self._end(self.pid)
        remove(self._scratch)
        return status


class _Deadline:
    """A limit on a worker's processor time from now on, and on the clock."""

    def __init__(self, worker: Worker, seconds: float, patience: float):
        self._worker, self._seconds = worker, 1.5 * seconds + 0.5
        self._began, self._clock = worker.used(), time.monotonic()
        self._longest = patience * seconds + 5
        self._look = self._clock + LOOK

    def due(self) -> bool:
        """Whether it is time to look again."""
        now = time.monotonic()
        if now < self._look:
            return False
        self._look = now + LOOK
        return True

    def passed(self) -> bool:
        return self._worker.used() - self._began > self._seconds or self.waited() > self._longest

    def waited(self) -> float:
        return time.monotonic() - self._clock


def _packed(head: dict[str, Any], answer: dict[str, Any]) -> bytes:
    """An answer to a callback, or where it may not cross, an error in its place."""
    try:
        return pack(head | answer)
    except WireError as error:
        return pack(head | {"class": "ValueError", "error": str(error)})


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, also where rights were taken away. Nobody writes there."""
    if folder.is_dir():
        folder.chmod(0o700)
    for found, _, _ in os.walk(folder):
        for name in os.listdir(found):
            path = os.path.join(found, name)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
