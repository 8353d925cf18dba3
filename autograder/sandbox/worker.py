"""The worker: runs a submission's cells and calls its functions, in a confined process.

After the first cell, nothing here is trusted, because a cell can change all of it. This code only makes
honest submissions work. The policy prevents forbidden actions, and the client notices invalid messages.
"""

from __future__ import annotations

import io
import os
import re
import sys
import types
from typing import Any

import numpy as np

from autograder.sandbox.shell import definitions
from autograder.sandbox.wire import LENGTHS, LIMIT, NUMBER, Reference, WireError, frame_length, pack, unpack
from checking.boundary import CannotCrossError, Proxy, Submission, as_left, clean
from checking.limits import CallLimits, time_limit
from checking.outcomes import CheckFailure, Incorrect, OutOfTime

# Modules that a notebook imports for its checks or for Colab. In grading they do nothing.
INERT = (
    "otter",
    "checking",
    "checking.export",
    "checking.pictures",
    "gradcheck",
    "public_checks",
    "google",
    "google.colab",
    "google.colab.drive",
    "google.colab.files",
)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
UNCHANGING = {type(None), bool, int, float, complex, str}


class Inert:
    """Has every attribute, can be called, and does nothing."""

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Inert:
        return self

    def __repr__(self) -> str:
        return "(not available when work is graded)"


def make_inert() -> None:
    """Replace the real modules by inert ones for a submission's imports."""
    for name in [n for n in sys.modules if n.partition(".")[0] in {i.partition(".")[0] for i in INERT}]:
        del sys.modules[name]
    for name in INERT:
        module = types.ModuleType(name)
        module.__getattr__ = Inert().__getattr__  # type: ignore[method-assign]
        module.__path__ = []
        sys.modules[name] = module


class Worker:
    """Receives requests from one pipe and sends responses to another.

    shell : an IPython shell.
    reading, writing : the descriptors of the pipes.
    """

    def __init__(self, shell: Any, reading: int, writing: int):
        self._shell = shell
        self._reading = reading
        self._writing = writing
        self._names = shell.user_ns
        self._submission = Submission(self._names)
        self._programs: dict[str, Proxy] = {}
        self._arrived = bytearray()
        self._leaving = bytearray()
        self._number = bytes(NUMBER)
        self._seconds = 0.0
        self._folder = os.getcwd()

    def serve(self, unconfined: str | None) -> None:
        """Answer requests until the pipe ends.

        unconfined : why this process could not be confined, or None; the response to the first request.
        """
        self._receive()
        self._send(pack({"is": "done", "error": unconfined, "interrupted": False}), self._number)
        while True:
            request = self._receive()
            number = self._number
            try:
                frame = getattr(self, f"_{request['do']}")(request)
            except CheckFailure as failure:
                frame = self._failure(type(failure).__name__, str(failure))
            except BaseException as error:  # even KeyboardInterrupt: only the submission can raise it here
                frame = self._failure("Raised", f"the function raised {type(error).__name__}")
            self._send(frame, number)

    def _cell(self, request: dict[str, Any]) -> bytes:
        """Run a cell, or only the definitions of an ignored cell. Its output is discarded."""
        try:
            with time_limit("the cell", self._seconds):
                text = request["source"].tobytes().decode()
                if request["ignored"]:
                    text = definitions(self._shell.transform_cell(text))
                result = self._shell.run_cell(text, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # whatever a cell does, the next cell runs
            error = raised
        said = None if error is None else self._stable(self._described(error))
        return pack({"is": "done", "error": said, "interrupted": isinstance(error, OutOfTime)})

    def _described(self, error: BaseException) -> str:
        """A text for an error of a cell, with the line in the cell."""
        try:
            line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
            kind = type(error).__name__
            if kind == "_IncompleteInputError":  # Python 3.13 has this name for an expression that goes on
                kind = "SyntaxError"
            said = getattr(error, "msg", "") if line else str(error)
            trace = error.__traceback__
            while trace is not None and line is None:
                if trace.tb_frame.f_globals is self._names and trace.tb_frame.f_code.co_name == "<module>":
                    line = trace.tb_lineno
                trace = trace.tb_next
            where = f" (line {line})" if line else ""
            return f"{clean(f'{kind}: {said}')}{where}"
        except BaseException:  # the submission's code makes the text
            return type(error).__name__

    def _failure(self, kind: str, text: str) -> bytes:
        return pack({"is": "failure", "class": kind, "text": self._stable(text)})

    def _stable(self, text: str) -> str:
        """Text without the parts that differ in every run: the name of the folder, addresses in memory."""
        return ADDRESS.sub("0x...", clean(text, 2000).replace(self._folder, "the folder"))

    def _find(self, request: dict[str, Any]) -> bytes:
        """Look for a function by name, and find the names that it uses."""
        self._submission.function(request["name"])
        return pack({"is": "found", "uses": sorted(self._submission.names_used_by(request["name"]))})

    def _call(self, request: dict[str, Any]) -> bytes:
        """Call a function; return its value, and the arguments that it has changed."""
        function = self._target(request["function"])
        arguments = tuple(self._arguments(request["arguments"], self._number))
        before = [_state(a) for a in arguments]
        with np.errstate(all="ignore"):  # overrides the notebook's settings
            limits = CallLimits(request.get("lines"), self._seconds)
            value = self._submission.invoke(function.name, function.target, arguments, limits)
        changed = {i: as_left(a) for i, a in enumerate(arguments) if _state(a) != before[i]}
        try:
            return pack({"is": "reply", "value": value, "changed": changed})
        except WireError as error:
            raise Incorrect(f"{function.name} returned {error}. Return numbers and arrays.") from None

    def _target(self, reference: Reference) -> Proxy:
        if reference.kind == "program":
            if reference.name not in self._programs:
                name, _, source = reference.name.partition(":")[2].partition("\n")
                self._programs[reference.name] = self._submission.program_from(source, name)
            return self._programs[reference.name]
        return self._submission.function(reference.name)

    def _arguments(self, value: Any, number: bytes) -> Any:
        """The arguments with references replaced by functions."""
        if isinstance(value, Reference):
            if value.kind == "callback":
                return self._callback(value.name, number)
            return self._target(value).target
        if isinstance(value, (list, tuple)):
            return type(value)([i if type(i) in UNCHANGING else self._arguments(i, number) for i in value])
        if isinstance(value, dict):
            return {key: self._arguments(item, number) for key, item in value.items()}
        return value

    def _callback(self, name: str, number: bytes) -> Any:
        """A function of the checks. The grader notices if it is called after the call that received it."""

        def call(*arguments: Any) -> Any:
            try:
                frame = pack({"is": "callback", "name": name, "arguments": arguments})
            except WireError as error:
                raise CannotCrossError(str(error)) from None
            self._send(frame, number)
            response = self._receive()
            if "error" in response:
                raise type(response["class"], (Exception,), {})(response["error"])
            return response["value"]

        return call

    def _send(self, frame: bytes, number: bytes) -> None:
        """Queue a frame. It is sent before the next wait for a request."""
        self._leaving += number
        self._leaving += frame

    def _receive(self) -> dict[str, Any]:
        head = NUMBER + LIMIT.size
        self._read(head + LENGTHS.size)
        length = head + frame_length(self._arrived[head : head + LENGTHS.size])
        self._read(length)
        self._number = bytes(self._arrived[:NUMBER])
        (self._seconds,) = LIMIT.unpack(self._arrived[NUMBER:head])
        message: dict[str, Any] = unpack(io.BytesIO(self._arrived[head:length]).read, references=True)
        del self._arrived[:length]
        return message

    def _read(self, size: int) -> None:
        """Wait until `size` bytes have arrived."""
        while len(self._arrived) < size:
            while self._leaving:
                del self._leaving[: os.write(self._writing, self._leaving)]
            part = os.read(self._reading, 1 << 20)
            if not part:
                os._exit(0)  # the grader is done
            self._arrived += part


def _state(argument: Any) -> Any:
    """A value that differs if an argument was changed."""
    try:
        return _written(argument)
    except RecursionError:  # it contains itself
        return None


def _written(value: Any) -> Any:
    kind = type(value)
    if kind is np.ndarray:
        return value.shape, value.dtype, value.tobytes()
    if kind is list or kind is tuple:
        return kind, [item if type(item) in UNCHANGING else _written(item) for item in value]
    if kind is dict:
        return kind, [(key, _written(item)) for key, item in value.items()]
    return kind, id(value) if callable(value) else value
