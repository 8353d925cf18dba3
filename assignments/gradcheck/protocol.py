"""Does a program for a gradient behave as a function should? This is checked before numbers are compared.

It must return arrays of the right shapes, leave its arguments alone, return the same result for the same
arguments, and never change an earlier result.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.trees import NUMBER

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Finding:
    """Something wrong with a result: a short name, and a sentence for the program's author."""

    name: str
    sentence: str


class ViolationError(Exception):
    """The program's result cannot be compared at all; `finding` says why.

    answer : the arrays of a wrong shape, if that is what is wrong.
    count : how many results it returned, if that is what is wrong.
    """

    def __init__(self, finding: Finding, answer: Any = None, count: int | None = None):
        super().__init__(finding.sentence)
        self.finding, self.answer, self.count = finding, answer, count


def copied(arguments: Arguments) -> Arguments:
    """The flat arguments with all arrays and lists of numbers copied."""
    return tuple(a.copy() if isinstance(a, np.ndarray) else _copy(a) for a in arguments)


def _copy(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    return [_copy(v) for v in value] if isinstance(value, list) else tuple(map(_copy, value))


@dataclass(frozen=True)
class Names:
    """The names of a program's arguments and results in reports.

    Attributes
    ----------
    arguments, results : tuple of str
        The names, in order; those without a name are numbered from 0.
    """

    arguments: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def argument(self, index: int) -> str:
        """The name of an argument, by its position from 0."""
        return self.arguments[index] if index < len(self.arguments) else f"argument {index}"

    def result(self, index: int) -> str:
        """The name of a result, by its position from 0."""
        return self.results[index] if index < len(self.results) else f"result {index}"


NO_NAMES = Names()


def call_program(
    program: Callable[..., list[Any]],
    arguments: Arguments,
    shapes: Sequence[tuple[int, ...]],
    names: Names = NO_NAMES,
) -> list[np.ndarray]:
    """Call a program that returns a list of parts, one for each shape; see `Layout.program`.

    Raises
    ------
    ViolationError
        If the program raises, or returns anything else or a number that is not finite.
    """
    try:
        with np.errstate(all="ignore"):
            parts = program(*arguments)
    except ViolationError:
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = f"It raised {type(error).__name__}: {error} (line {where.lineno} in {where.name})."
        raise ViolationError(Finding("raises", sentence)) from None
    called = ["the result" if len(shapes) == 1 else names.result(i) for i in range(len(shapes))]
    arrays = [_numbers(part, what) for part, what in zip(parts, called, strict=True)]
    for array, shape, what in zip(arrays, shapes, called, strict=True):
        if array.shape != shape:
            sentence = f"The shape of {what} should be {shape}; it is {array.shape}."
            raise ViolationError(Finding("wrong shape", sentence), arrays)
    for array, what in zip(arrays, called, strict=True):
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            at = f" at {list(index)}" if index else ""
            of = "The result" if len(arrays) == 1 else f"The result for {what}"
            sentence = f"{of} is {array[index]}{at}; {len(bad)} of {array.size} entries are not finite."
            raise ViolationError(Finding("not finite", sentence), arrays)
    return arrays


def _numbers(part: Any, what: str) -> np.ndarray:
    array = part if isinstance(part, np.ndarray) else np.asarray(part)
    plain = isinstance(part, (np.ndarray, np.generic, int, float))
    if not plain or array.dtype.kind not in "fiub":
        kind = f"an array of {array.dtype}" if isinstance(part, np.ndarray) else f"a {type(part).__name__}"
        should = "It" if what == "the result" else f"For {what}, it"
        sentence = f"{should} should return an array of real numbers; it returned {kind}."
        raise ViolationError(Finding("wrong type", sentence))
    return np.asarray(array)


@dataclass(frozen=True)
class Conduct:
    """How a program behaved in a few calls.

    first, elsewhere : the results for the first and the second arguments; `elsewhere` is None if the second
        arguments are outside the program's domain.
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
    """Call a program in turn with two sets of arguments, of the same shapes and different values.

    Parameters
    ----------
    strict : bool
        If true, results have to be new arrays: none may share memory with an argument or another result.
    names : Names
        The names of the arguments and results.

    Raises
    ------
    ViolationError
        As for `call_program`.
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
    unsafe = None
    if changed:
        sentence = f"The call changes {names.argument(changed[0])}. Work on a copy."
        unsafe = Finding("changes its input", sentence)
    elif overwritten:
        sentence = "A later call changes an earlier result. Return a new array each time."
        unsafe = Finding("overwrites an earlier result", sentence)
    elif not all(map(_same, kept, again)):
        unsafe = Finding("keeps state", "The result depends on earlier calls, not only on the arguments.")
        if not all(map(_same, again, call_program(program, copied(arguments), shapes))):
            unsafe = Finding("random", "The same arguments gave a different result the second time.")
    elif strict and _shared([*first, *(a for a in given if isinstance(a, np.ndarray))]):
        sentence = "The result shares memory with an argument. Return a copy."
        unsafe = Finding("shares memory", sentence)
    elif strict and _shared([*first, *again, *(elsewhere or [])]):
        sentence = "Two results share memory. Return a new array for each."
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
    return a is b or not isinstance(a, NUMBER) or bool(a == b or (a != a and b != b))
