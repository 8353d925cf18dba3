"""The grader's side of a worker: ask it, take only what has the right form, end it when it is at fault."""

from __future__ import annotations

import io
import os
import secrets
import select
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import HomeworkError
from autograder.sandbox.policy import Limits
from autograder.sandbox.wire import LENGTHS, LIMIT, NUMBER, Reference, WireError, frame_length, pack, unpack

# What a worker may send: the keys of each message, and the types of their values.
MESSAGES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "done": {"error": (str, type(None)), "interrupted": bool},
    "found": {"uses": list},
    "reply": {"value": object, "changed": dict},
    "failure": {"class": str, "text": str},
    "callback": {"name": str, "arguments": tuple},
}
# The message that answers a request, if none is a failure.
RESPONSES = {"start": "done", "cell": "done", "find": "found", "call": "reply"}
LOOK = 0.05  # seconds between two looks at what a worker has used
CLOCK_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class SandboxError(HomeworkError):
    """The sandbox cannot be had, or does not hold; nothing is graded."""


class WorkerLost(Exception):
    """A worker is gone: it ended by itself, or had to be ended. The message says which, for a student."""


class OutOfPatience(WorkerLost):
    """A worker had to be ended because it took too long."""


@dataclass(frozen=True)
class Deadline:
    """When a worker is ended: at this much processor time of its own, and at this time of the clock."""

    used: float
    clock: float


class WorkerHandle:
    """One worker. Every request has a number that nobody can guess, and gets one response, or `WorkerLost`.

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
        self._reading = reading
        self._writing = writing
        self._scratch = scratch
        self._limits = limits
        self._end = end
        self._open = True
        self._used = 0.0
        self._waited = 0.0
        self._looked = time.monotonic()
        self._arrived = bytearray()
        self._polls = {reading: select.poll(), writing: select.poll()}
        for descriptor, event in ((reading, select.POLLIN), (writing, select.POLLOUT)):
            os.set_blocking(descriptor, False)
            self._polls[descriptor].register(descriptor, event)

    def ask(
        self,
        seconds: float,
        callback: Callable[[str, tuple[Any, ...]], dict[str, Any]] | None = None,
        wrap: Callable[[Any], Reference] | None = None,
        /,
        **request: Any,
    ) -> dict[str, Any]:
        """Send a request and return the response.

        seconds : of processor time that the worker may take; by the clock it may take several times that.
        callback : is called with a name and arguments where the worker asks for a function of the checks.
        wrap : makes references of the functions among the request's values.

        Errors: WorkerLost, and WireError where the request cannot be sent.
        """
        frame = pack(request, wrap)
        if not self._open:
            raise WorkerLost("it had ended before")
        number = secrets.token_bytes(NUMBER)
        # The worker keeps the limit itself; one that does not is ended somewhat later.
        deadline = Deadline(
            self._used + 1.5 * seconds + 0.5, time.monotonic() + self._limits.patience * seconds + 15
        )
        while True:
            response = self._exchange(number, LIMIT.pack(seconds), frame, deadline)
            if response["is"] in (RESPONSES[request["do"]], "failure"):
                break
            if response["is"] != "callback" or callback is None:
                raise self._lost("it sent a request of its own")
            frame = _packed(callback(response["name"], response["arguments"]))
        if self._open and (response["is"] == "done" or time.monotonic() > self._looked + LOOK):
            self._look()
        return response

    def run(self, source: str, seconds: float, ignored: bool = False) -> dict[str, Any]:
        """Run a cell, or the definitions of one that is ignored; return the response. Errors: see `ask`."""
        text = np.frombuffer(source.encode(), dtype=np.uint8)  # text of this length may not cross
        return self.ask(seconds, do="cell", source=text, ignored=ignored)

    def _exchange(self, number: bytes, limit: bytes, frame: bytes, deadline: Deadline) -> dict[str, Any]:
        """Send a frame, and return the message that answers it."""
        self._write(number + limit + frame, deadline)
        began = time.monotonic()
        try:
            return self._message(self._receive(number, deadline))
        finally:
            self._waited += time.monotonic() - began

    def _receive(self, number: bytes, deadline: Deadline) -> bytes:
        """Wait for the frame that belongs to a request."""
        head = NUMBER + LENGTHS.size
        self._read(head, deadline)
        try:
            length = NUMBER + frame_length(self._arrived[NUMBER:head])
        except WireError as error:
            raise self._lost(f"it sent {error}") from None
        self._read(length, deadline)
        if self._arrived[:NUMBER] != number:
            raise self._lost("it sent a response that nobody had asked for")
        frame = bytes(self._arrived[NUMBER:length])
        del self._arrived[:length]
        return frame

    def _message(self, frame: bytes) -> dict[str, Any]:
        """What a frame says, if it has the form of one of `MESSAGES`."""
        try:
            message = unpack(io.BytesIO(frame).read)
        except WireError as error:
            raise self._lost(f"it sent {error}") from None
        kind = message.get("is") if isinstance(message, dict) else None
        form = MESSAGES.get(kind) if isinstance(kind, str) else None
        if form is None or set(message) != {"is", *form}:
            raise self._lost("it sent a frame that is no message")
        if not all(isinstance(message[key], types) for key, types in form.items()):
            raise self._lost("it sent a message of another form")
        return message

    def _write(self, data: bytes, deadline: Deadline) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._writing, view) :]
            except BlockingIOError:
                self._wait(self._polls[self._writing], deadline)
            except OSError:
                raise self._lost(None) from None

    def _read(self, size: int, deadline: Deadline) -> None:
        """Wait until as many bytes have arrived."""
        while len(self._arrived) < size:
            self._wait(self._polls[self._reading], deadline)
            try:
                part = os.read(self._reading, 1 << 20)
            except BlockingIOError:
                continue
            if not part:
                raise self._lost(None)
            self._arrived += part

    def _wait(self, poll: select.poll, deadline: Deadline) -> None:
        arrived = False
        while not arrived:
            arrived = bool(poll.poll(1000 * LOOK))
            if time.monotonic() > self._looked + LOOK:
                self._look()
                if self._used > deadline.used or self._looked > deadline.clock:
                    self.close()
                    raise OutOfPatience("it did not finish in time")

    def _look(self) -> None:
        """See what the worker has used and written. Errors: WorkerLost where it has written too much."""
        self._looked = time.monotonic()
        self._used = self._processor_time()
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
            # One that closed its pipes may still run, and then `close` killed it: that is an exit too.
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else signal.SIGKILL
            why = "it exited" if number == signal.SIGKILL else f"it was ended by signal {number}"
        return WorkerLost(why)

    def taken(self) -> float:
        """The seconds that the worker has taken: of processor time, or by the clock over the patience."""
        return max(self._used, self._waited / self._limits.patience)

    def _processor_time(self) -> float:
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:  # not on Linux
            return self._used
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def close(self) -> int:
        """End the worker and remove what it wrote; return how it ended, as waitpid says."""
        if not self._open:
            return 0
        self._used = self._processor_time()
        self._open = False
        os.close(self._reading)
        os.close(self._writing)
        status = self._end(self.pid)
        remove(self._scratch)
        return status


def _packed(response: dict[str, Any]) -> bytes:
    """A response to a callback, or where it may not cross, an error in its place."""
    try:
        return pack(response)
    except WireError as error:
        return pack({"class": "ValueError", "error": str(error)})


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
