"""The worker: it runs a submission's cells and calls its functions, in a confined process.

Nothing here is trusted once the first cell has run, since that cell can change all of it. It keeps honest
submissions working; what they must not do is the policy's to prevent, and the client's to notice.
"""

from __future__ import annotations

import os
import sys
import types
from typing import Any

import numpy as np

from autograder.sandbox.wire import Reference, WireError, pack, unpack
from public_checks.boundary import Proxy, Submission, clean, time_limit
from public_checks.outcomes import CheckFailure

# Modules that a notebook imports for its checks, and that do nothing in grading.
INERT = ("otter", "gradcheck", "public_checks", "public_checks.export")


class Inert:
    """Stands for whatever is asked of it, and does nothing."""

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Inert:
        return self

    def __repr__(self) -> str:
        return "(not there when work is graded)"


def new_shell() -> Any:
    """An IPython shell without history, terminal or tracebacks. It is made once, before the fork."""
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type
    from traitlets.config import Config

    class Unseen(DisplayPublisher):
        def publish(self, *_: Any, **__: Any) -> None:
            """Show nothing."""

    class Shell(InteractiveShell):
        display_pub_class = Type(Unseen)

        def showtraceback(self, *_: Any, **__: Any) -> None:
            """Nobody reads it."""

        showsyntaxerror = showtraceback

        def enable_gui(self, gui: Any = None) -> None:
            """There is no window; figures are drawn into memory."""

        def system(self, *_: Any, **__: Any) -> None:
            """Errors: PermissionError."""
            raise PermissionError("there is no shell when work is graded")

        system_piped = system_raw = getoutput = system

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.xmode = "Minimal"
    return Shell.instance(config=config)


def make_inert() -> None:
    """Put the inert modules in the place of the real ones, where a submission imports them."""
    for name in [n for n in sys.modules if n.partition(".")[0] in {i.partition(".")[0] for i in INERT}]:
        del sys.modules[name]
    for name in INERT:
        module = types.ModuleType(name)
        module.__getattr__ = Inert().__getattr__  # type: ignore[method-assign]
        module.__path__ = []
        sys.modules[name] = module


class Worker:
    """Serves the requests that come in by one pipe, and answers by another.

    shell : an IPython shell.
    reading, writing : the descriptors of the pipes.
    """

    def __init__(self, shell: Any, reading: int, writing: int):
        self._run_cell, self._reading, self._writing = shell.run_cell, reading, writing
        self._submission = Submission(shell.user_ns)
        self._programs: list[Proxy] = []

    def serve(self) -> None:
        """Answer requests until the pipe ends."""
        self._send({"is": "ready"})
        while True:
            request = self._receive()
            try:
                answer = getattr(self, f"_{request['do']}")(request)
            except CheckFailure as failure:
                answer = {"is": "failure", "class": type(failure).__name__, "text": clean(str(failure), 2000)}
            except BaseException as error:  # KeyboardInterrupt too: here nobody interrupts but the submission
                text = f"the function raised {type(error).__name__}"
                answer = {"is": "failure", "class": "Raised", "text": clean(text)}
            self._send(answer | {"id": request["id"]})

    def _cell(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run a cell; what it prints and shows goes nowhere."""
        try:
            with time_limit("the cell", request["seconds"]):
                result = self._run_cell(request["source"], store_history=False, silent=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # whatever a cell does, the next one comes
            error = raised
        return {"is": "done", "error": None if error is None else _described(error)}

    def _find(self, request: dict[str, Any]) -> dict[str, Any]:
        """Look whether there is a function of a name."""
        self._submission.function(request["name"])
        return {"is": "done", "error": None}

    def _source(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate an expression for a function, to be called by its number."""
        self._programs.append(self._submission.source(request["text"]))
        return {"is": "program", "number": len(self._programs) - 1}

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function; the arguments come back as it left them."""
        function = self._target(request["function"])
        arguments = self._arrived(request["arguments"], request["id"])
        with np.errstate(all="ignore"):  # whatever the notebook has set
            reply = function.call(*arguments, seconds=request["seconds"])
        return {"is": "reply", "value": reply.value, "arguments": reply.arguments}

    def _target(self, reference: Reference) -> Proxy:
        if reference.kind == "program":
            return self._programs[int(reference.name)]
        return self._submission.function(reference.name)

    def _arrived(self, value: Any, request: str) -> Any:
        """Arguments with functions in the place of references."""
        if isinstance(value, Reference):
            return self._callback(value.name, request) if value.kind == "callback" else self._target(value)
        if isinstance(value, (list, tuple)):
            return type(value)(self._arrived(item, request) for item in value)
        if isinstance(value, dict):
            return {key: self._arrived(item, request) for key, item in value.items()}
        return value

    def _callback(self, name: str, request: str) -> Any:
        def call(*arguments: Any) -> Any:
            self._send({"is": "callback", "id": request, "name": name, "arguments": arguments})
            answer = self._receive()
            if "error" in answer:
                raise type(answer["class"], (Exception,), {})(answer["error"])
            return answer["value"]

        return call

    def _send(self, message: dict[str, Any]) -> None:
        try:
            frame = pack(message)
        except WireError as error:
            text = f"the result cannot be taken: {error}. Return numbers and arrays."
            frame = pack({"is": "failure", "id": message.get("id"), "class": "Incorrect", "text": text})
        view = memoryview(frame)
        while view:
            view = view[os.write(self._writing, view) :]

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = unpack(self._read, references=True)
        return message

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self._reading, min(size - len(parts), 1 << 20))
            if not part:
                os._exit(0)  # the grader is done
            parts += part
        return bytes(parts)


def _described(error: BaseException) -> str:
    try:
        return clean(f"{type(error).__name__}: {error}")
    except BaseException:
        return type(error).__name__
