"""Before numbers are compared: does a program for a gradient behave as a function should?

It has to return arrays of the right shapes, leave its arguments alone, give the same answer to the same
question, and never change an answer that it gave before.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with an answer: a short name, and a sentence for who wrote it."""

    name: str
    sentence: str


class ViolationError(Exception):
    """The program's answer cannot be compared at all; `finding` says why."""

    def __init__(self, finding: Finding, answer: Any = None):
        super().__init__(finding.sentence)
        self.finding, self.answer = finding, answer


def copied(arguments: Arguments) -> Arguments:
    """Copies of the arrays among arguments, also inside lists, tuples and dicts; the rest as it is."""
    return tuple(_copy(a) for a in arguments)


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(v) for v in value)
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return value


@dataclass(frozen=True)
class Names:
    """What reports call the arguments and the results of a program.

    arguments, results : their names, in order. Those without a name go by their number.
    """

    arguments: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def argument(self, index: int) -> str:
        """The name of an argument, by its position counted from 0."""
        return self.arguments[index] if index < len(self.arguments) else f"argument {index + 1}"

    def result(self, index: int) -> str:
        """The name of a result, by its position counted from 0."""
        return self.results[index] if index < len(self.results) else f"result {index + 1}"


NO_NAMES = Names()


def call_program(
    program: Callable[..., Any],
    arguments: Arguments,
    shapes: Sequence[tuple[int, ...]],
    names: Names = NO_NAMES,
) -> list[np.ndarray]:
    """Call a program for an array of each of these shapes; one alone need not be in a tuple.

    Errors: ViolationError where it raises, or returns anything else or a number that is not finite.
    """
    try:
        with np.errstate(all="ignore"):
            value = program(*arguments)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = f"It raised {type(error).__name__}: {error} (line {where.lineno} in {where.name})."
        raise ViolationError(Finding("raises", sentence)) from None
    if value is None:
        raise ViolationError(Finding("no return", "It returned None. Did you forget a return?"))
    parts = [value] if len(shapes) == 1 and not isinstance(value, (tuple, list)) else value
    if isinstance(parts, (tuple, list)) and len(parts) == len(shapes) == 1:
        parts = list(parts)
    if not isinstance(parts, (tuple, list)) or len(parts) != len(shapes):
        count = len(parts) if isinstance(parts, (tuple, list)) else 1
        what = f"It has to return {len(shapes)} arrays, one for each argument, and returned {count}."
        raise ViolationError(Finding("wrong type", what))
    arrays = [_numbers(part) for part in parts]
    for number, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
        if array.shape != shape:
            what = "the result" if len(arrays) == 1 else names.result(number)
            sentence = f"The shape of {what} should be {shape}; it is {array.shape}."
            raise ViolationError(Finding("wrong shape", sentence), arrays)
    for array in arrays:
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            at = f" at {list(index)}" if index else ""
            sentence = f"The result is {array[index]}{at}, and in {len(bad)} of {array.size} entries."
            raise ViolationError(Finding("not finite", sentence), arrays)
    return arrays


def _numbers(part: Any) -> np.ndarray:
    array = part if isinstance(part, np.ndarray) else np.asarray(part)
    plain = isinstance(part, (np.ndarray, np.generic, int, float))
    if not plain or array.dtype.kind not in "fiub":
        kind = f"an array of {array.dtype}" if isinstance(part, np.ndarray) else f"a {type(part).__name__}"
        sentence = f"It has to return arrays of real numbers, and returned {kind}."
        raise ViolationError(Finding("wrong type", sentence))
    return np.asarray(array)


@dataclass(frozen=True)
class Conduct:
    """How a program behaved in a few calls.

    first, elsewhere : what it returned for the one and for the other arguments; the latter None where they
        are outside its domain.
    unsafe : what is unsafe about it, or None.
    """

    first: list[np.ndarray]
    elsewhere: list[np.ndarray] | None
    unsafe: Finding | None


def conduct(
    program: Callable[..., Any],
    arguments: Arguments,
    others: Arguments,
    shapes: Sequence[tuple[int, ...]],
    strict: bool = False,
    names: Names = NO_NAMES,
) -> Conduct:
    """Call a program with two sets of arguments, of the same shapes and different values, in turns.

    strict : whether results must not be the memory of arguments, either.
    names : of the arguments and results.

    Errors: ViolationError as for `call_program`.
    """
    given, given_others = copied(arguments), copied(others)
    first = call_program(program, given, shapes, names)
    kept = [part.copy() for part in first]
    changed = [n for n, (a, b) in enumerate(zip(arguments, given, strict=True)) if not _same(a, b)]
    elsewhere = None
    with contextlib.suppress(ViolationError):
        elsewhere = call_program(program, given_others, shapes)
    overwritten = not all(map(_same, kept, first))
    again = call_program(program, copied(arguments), shapes)
    twice = call_program(program, copied(arguments), shapes)
    unsafe = None
    if changed:
        sentence = f"The call changes {names.argument(changed[0])}. Work on a copy."
        unsafe = Finding("changes its input", sentence)
    elif overwritten:
        sentence = "A later call changes what was returned before. Return a new array each time."
        unsafe = Finding("overwrites an earlier result", sentence)
    elif not all(map(_same, again, twice)):
        unsafe = Finding("random", "The same arguments gave another answer the second time.")
    elif not all(map(_same, kept, again)):
        sentence = "The answer to the same arguments depends on the calls before."
        unsafe = Finding("keeps state", sentence)
    elif _shared([*first, *again, *(elsewhere or [])]):
        sentence = "Two of its results are the same memory. Return a new array for each."
        unsafe = Finding("shares memory", sentence)
    elif strict and _shared([*first, *(a for a in given if isinstance(a, np.ndarray))]):
        sentence = "The result is the memory of an argument. Return a copy."
        unsafe = Finding("shares memory", sentence)
    return Conduct(kept, elsewhere, unsafe)


def _shared(arrays: list[np.ndarray]) -> bool:
    return any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[i + 1 :])


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return (
            a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return True if callable(a) else bool(a == b)
