"""Names what is wrong with a graded answer: which mistake of the catalogue behaves in the same way?

The trace of a mistake is what its function returns, or how it fails, in every call by the checks of its
question. An answer with the same trace has that mistake, whatever its source looks like.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from autograder.mistakes import entries
from checking import Check, CheckFailure
from checking.boundary import Proxy, Reply, Submission
from checking.limits import CallLimits
from checking.outcomes import Raised

Trace = list[Any]


class _Recorded(Submission):
    """A submission that records the calls of some functions in a trace."""

    def __init__(self, submission: Submission, names: set[str]):
        self.trace: Trace = []
        self._submission, self._names = submission, names

    def function(self, name: str) -> Proxy:
        proxy = self._submission.function(name)
        return self._recording(proxy) if name in self._names else proxy

    def program_from(self, source: str, name: str) -> Proxy:
        return self._recording(self._submission.program_from(source, name))

    def _recording(self, proxy: Proxy) -> Proxy:
        def send(arguments: tuple[Any, ...], limits: CallLimits) -> Reply:
            try:
                reply = proxy.call(*arguments, limits=limits)
            except CheckFailure as failure:
                self.trace.append(_how(failure))
                raise
            self.trace.append((reply.value, [a for a in reply.arguments if _holds_an_array(a)]))
            return reply

        return Proxy(proxy.name, send, proxy.target)


@dataclass
class _Candidate:
    """An entry of the catalogue, or the reference, with its traces so far, by check and secret."""

    name: str
    submission: Submission
    traces: dict[tuple[Check, str], Trace] = field(default_factory=dict)

    def trace(self, check: Check, names: set[str]) -> Trace:
        key = check, check.registry.secret
        if key not in self.traces:
            self.traces[key] = _trace(check, self.submission, names)[0]
        return self.traces[key]


_remembered: tuple[object, dict[str, str | None]] = (None, {})


def remembered_mistake_in(
    question: str, checks: list[Check], env: Mapping[str, Any] | Submission
) -> str | None:
    """Like `mistake_in`, but computed only once for each question of a notebook.

    env : the names that a notebook defines. The result is remembered while `env` is the same object.
    """
    global _remembered
    if _remembered[0] is not env:
        _remembered = (env, {})
    known = _remembered[1]
    if question not in known:
        submission = env if isinstance(env, Submission) else Submission(env)
        known[question] = mistake_in(question, checks, submission)
    return known[question]


def mistake_in(question: str, checks: list[Check], submission: Submission) -> str | None:
    """The name of the mistake that behaves like the submission in all checks of a question.

    Parameters
    ----------
    question : str
    checks : list of Check
        All checks of the question, public and hidden.
    submission : Submission

    Returns
    -------
    str or None
        The name of the closest mistake; None if no mistake fits.
    """
    candidates, names, reference = _catalogue(question, checks[0].function.__module__.rpartition(".")[2])
    seen = [(check, *_trace(check, submission, names)) for check in checks]
    distances = {candidate.name: 0.0 for candidate in candidates}
    # Failing checks come first, because they distinguish most mistakes.
    for check, trace, _ in sorted(seen, key=lambda item: item[2]):
        right = reference.trace(check, names)
        for candidate in candidates:
            if candidate.name in distances:
                distances[candidate.name] += _distance(trace, candidate.trace(check, names), right)
                if distances[candidate.name] > 1:
                    del distances[candidate.name]
        if not distances:
            return None
    return min(distances, key=distances.__getitem__)


@cache
def _catalogue(question: str, problem: str) -> tuple[list[_Candidate], set[str], _Candidate]:
    """The mistakes of a question, the names of their functions, and the reference solution."""
    mistakes = [p for p in entries(problem) if p.question == question and not (p.right or p.unnamed)]
    reference = inspect.getsource(import_module(f"solutions.{problem}"))
    candidates = [_Candidate(p.name, Submission(_namespace(reference, p.source))) for p in mistakes]
    return candidates, {p.function for p in mistakes}, _Candidate("", Submission(_namespace(reference)))


def _namespace(*sources: str) -> dict[str, Any]:
    """The names that these texts define in turn: a mistake replaces a function of the reference."""
    names: dict[str, Any] = {}
    for source in sources:
        exec(compile(source, "<mistake>", "exec"), names)
    return names


def _trace(check: Check, submission: Submission, names: set[str]) -> tuple[Trace, bool]:
    """The trace of a submission in a check, and whether the check passes."""
    recorded = _Recorded(submission, names)
    try:
        check.apply(recorded)
        return recorded.trace, True
    except Exception as failure:  # a CheckFailure, or the error of a check that cannot read the answer
        return [*recorded.trace, _how(failure)], False


def _how(failure: Exception) -> str:
    """How a call or a check fails: the class of the failure, and that of the exception in it."""
    words = str(failure).split("\n")[0].split(":")[0].split()
    return " ".join([type(failure).__name__, *(words[-1:] if isinstance(failure, Raised) else [])])


def _distance(trace: Trace, mistake: Trace, right: Trace) -> float:
    """The distance between a trace and that of a mistake: up to 1 if they agree, possibly infinite.

    Values may differ by rounding, and by a thousandth of the mistake's error.
    """
    if len(trace) != len(mistake):
        return np.inf
    largest = 0.0
    for number, (one, other) in enumerate(zip(trace, mistake, strict=True)):
        reference = right[number] if number < len(right) else None
        largest = max(largest, _apart(one, other, reference))
    return largest


def _apart(one: Any, other: Any, right: Any) -> float:
    if isinstance(other, (tuple, list)):
        if not isinstance(one, (tuple, list)) or len(one) != len(other):
            return np.inf
        same = isinstance(right, (tuple, list)) and len(right) == len(other)
        rights = right if same else [None] * len(other)
        return max([_apart(*three) for three in zip(one, other, rights, strict=True)], default=0.0)
    if isinstance(other, dict) and isinstance(one, dict):
        return _apart(list(one.items()), list(other.items()), None)
    if not _is_numeric(other) or not _is_numeric(one):
        return 0.0 if type(one) is type(other) and bool(np.all(one == other)) else np.inf
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape or (a.dtype != b.dtype and a.ndim):
        return np.inf
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return np.inf
    a, b = (np.where(np.isfinite(x), x, 0.0) for x in (a, b))
    error = float(np.abs(a - b).max(initial=0.0))
    allowed = 1e4 * float(np.finfo(b.dtype).eps) * float(np.abs(b).max(initial=0.0)) + 1e-300
    if _is_numeric(right) and np.shape(right) == b.shape:
        wrong = np.abs(b - np.where(np.isfinite(right), right, 0.0)).max(initial=0.0)
        allowed += 1e-3 * float(wrong)
    return error / allowed


def _holds_an_array(argument: Any) -> bool:
    """Whether the argument is an array, or a list or tuple that contains one: a call may change it."""
    if isinstance(argument, (list, tuple)):
        return any(_holds_an_array(item) for item in argument)
    return isinstance(argument, np.ndarray)


def _is_numeric(value: Any) -> bool:
    numeric = isinstance(value, (np.ndarray, np.generic, int, float, complex))
    return numeric and np.asarray(value).dtype.kind in "biufc"
