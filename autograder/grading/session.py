"""The functions of a submission in the sandbox, called through proxies."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from autograder.grading.cells import Cells
from autograder.sandbox import SandboxError, WorkerLost
from autograder.sandbox.wire import Reference, WireError
from checking.boundary import Proxy, Reply, Submission, clean, crossing
from checking.limits import CallLimits
from checking.outcomes import (
    CheckFailure,
    Incorrect,
    NotAttempted,
    OutOfTime,
    Raised,
    TooSlow,
)

MOST_NAMES = 1000  # that a function is taken to use
MISSING = re.compile(r"NameError: name '(\w+)' is not defined")
FAILURES: dict[str, type[CheckFailure]] = {
    c.__name__: c for c in (Incorrect, NotAttempted, OutOfTime, Raised, TooSlow)
}


class Session(Submission):
    """The names that a submission defines at the check cell of one question.

    question : its name.
    cells : the submission, run up to there.
    """

    def __init__(self, question: str, cells: Cells):
        self._question = question
        self._cells = cells
        self._programs = 0
        self._uses: dict[str, set[str]] = {}
        cells.budget.begin_question(cells.taken)

    def function(self, name: str) -> Proxy:
        try:
            self._find(name)
        except NotAttempted:
            self._cells.looked_up[name] = False
            why = self._cells.why_missing(name)
            if why is None:
                raise
            raise NotAttempted(f"there is no function {name}: {why}.") from None
        self._cells.looked_up[name] = True
        return self._remote(name, name, Reference("function", name))

    def names_used_by(self, name: str) -> set[str]:
        self._find(name)
        return self._uses[name]

    def _find(self, name: str) -> None:
        """Have the worker look for a function, once. Errors: NotAttempted where there is none."""
        if name not in self._uses:
            found = self._ask(name, name, None, do="find", name=name)["uses"]
            names = [used for used in found[:MOST_NAMES] if isinstance(used, str)]
            self._uses[name] = {used for used in names if used.isidentifier()}

    def program_from(self, source: str, name: str) -> Proxy:
        # A worker defines a program when it is first called, also one that comes after a crash.
        self._programs += 1
        reference = Reference("program", f"{self._question}/{self._programs}:{name}\n{source}")
        return self._remote(f"programs of {self._question}", name, reference)

    def _remote(self, key: str, name: str, reference: Reference) -> Proxy:
        def send(arguments: tuple[Any, ...], limits: CallLimits) -> Reply:
            functions: dict[str, Callable[..., Any]] = {}

            def sent(value: Any) -> Reference:
                if isinstance(value, Proxy):
                    target: Reference = value.target
                    return target
                functions[str(len(functions))] = value
                return Reference("callback", str(len(functions) - 1))

            request = {"do": "call", "function": reference, "arguments": arguments, "lines": limits.lines}
            response = self._ask(key, name, limits.seconds, _caller(functions), sent, **request)
            changed = response["changed"]
            left = (changed[i] if i in changed else crossing(a, _nothing) for i, a in enumerate(arguments))
            return Reply(response["value"], tuple(left))

        return Proxy(name, send, target=reference)

    def _ask(
        self,
        key: str,
        of: str,
        seconds: float | None,
        callback: Callable[[str, tuple[Any, ...]], dict[str, Any]] | None = None,
        wrap: Callable[[Any], Reference] | None = None,
        /,
        **request: Any,
    ) -> dict[str, Any]:
        """The worker's response to a request about a function. Errors: CheckFailure, SandboxError.

        key, of : what the budget knows the function by, and its name for messages.
        seconds : the limit of the check, or None for that of the budget.
        callback, wrap : see `WorkerHandle.ask`.
        """
        budget = self._cells.budget
        budget.expect_call(key, of, self._cells.taken)
        try:
            worker = self._cells.worker(of)
            response = worker.ask(seconds or budget.limits.call, callback, wrap, **request)
        except WorkerLost as lost:
            self._cells.lost(lost, f"in {of}")
            raise budget.lost(key, of, lost, seconds) from None
        except WireError as error:
            raise Incorrect(f"{of} cannot be given its arguments: {error}.") from None
        except SandboxError as fault:  # Otter would take it for a failed check
            self._cells.fault = fault
            raise
        if response["is"] == "failure":
            text = clean(response["text"], 2000)
            missing = MISSING.search(text)
            why = self._cells.why_missing(missing[1]) if missing else None
            failure = FAILURES.get(response["class"], Raised)(text + (f"\n({why})" if why else ""))
            if isinstance(failure, OutOfTime):
                failure = budget.out_of_time(key, of, seconds)
                self._cells.notes.append(f"in {self._question}: {failure}")
            raise failure
        return response


def _nothing(_: Any) -> None:
    """A callback leaves nothing behind as an argument."""


def _caller(functions: dict[str, Callable[..., Any]]) -> Callable[[str, tuple[Any, ...]], dict[str, Any]]:
    """Calls the functions of a check that were given as arguments, and answers with plain data."""

    def call(name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        function = functions.get(name)
        if function is None:
            return {"class": "NameError", "error": "there is no such function"}
        try:
            return {"value": function(*arguments)}
        except Exception as error:
            return {"class": type(error).__name__, "error": clean(str(error))}

    return call
