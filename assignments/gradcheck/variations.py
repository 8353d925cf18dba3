"""What if? The gradients that a program would return if it had mistaken one argument or function for another.

This works for any function: it is differentiated again with the label off by one, with an argument
transposed or left out, with two arguments swapped, or on a part of the batch. Functions that a student may
have differentiated instead are tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from gradcheck.jacobian import numerical_jacobian
from gradcheck.protocol import NO_NAMES, Names

Arguments = tuple[Any, ...]
Contract = Callable[[list[np.ndarray]], list[np.ndarray]]


def variations(
    forward: Callable[..., Any],
    args: Arguments,
    wrt: Sequence[int],
    contract: Contract,
    functions: Mapping[str, Callable[..., Any]],
    names: Names = NO_NAMES,
) -> dict[str, tuple[str, list[np.ndarray]]]:
    """The results for changed arguments or functions: by name, a sentence and the arrays.

    forward, args, wrt : the function, its arguments, and the positions to differentiate.
    contract : makes the program's results from the Jacobians.
    functions : functions to differentiate instead of `forward`, by name. A parameter `at` receives the tuple
        of arguments as constants, which are not differentiated.
    names : the names of the arguments.
    """
    changes = [
        (name, sentence, forward, changed, factor)
        for name, sentence, changed, factor in _changes(args, wrt, names)
    ]
    for name, function in functions.items():
        changes.append(
            (
                "other function",
                f"It is the derivative of something else: {name}.",
                _held(function, args),
                args,
                1.0,
            )
        )
    found: dict[str, tuple[str, list[np.ndarray]]] = {}
    for name, sentence, function, changed, factor in changes:
        try:
            with np.errstate(all="ignore"):
                arrays = contract([factor * _jacobian(function, changed, i) for i in wrt])
        except Exception:
            continue  # the changed arguments make no sense to the function
        found[f"{name} ({len(found)})"] = (sentence, arrays)
    return found


def _jacobian(forward: Callable[..., Any], args: Arguments, position: int) -> np.ndarray:
    def f(x: np.ndarray) -> Any:
        return forward(*args[:position], x, *args[position + 1 :])

    return numerical_jacobian(f, args[position]).value


def _held(function: Callable[..., Any], args: Arguments) -> Callable[..., Any]:
    """The function with its parameter `at`, if it has one, set to the arguments."""
    try:
        parameters = signature(function).parameters
    except ValueError:  # NumPy's functions have no signature
        return function
    return partial(function, at=args) if "at" in parameters else function


def _changes(
    args: Arguments, wrt: Sequence[int], names: Names
) -> Iterator[tuple[str, str, Arguments, float]]:
    """Name, sentence, changed arguments, and a factor for the gradient."""

    def changed(position: int, value: Any) -> Arguments:
        return (*args[:position], value, *args[position + 1 :])

    for i, a in enumerate(args):
        called = names.argument(i)
        if np.asarray(a).dtype.kind in "iu":
            for step in (1, -1):
                moved = f"{called} {'plus' if step > 0 else 'minus'} 1"
                sentence = f"It is the gradient for {moved}: the label is off by one."
                yield "label off by one", sentence, changed(i, a + step), 1.0
        elif np.asarray(a).dtype.kind == "f" and np.any(a):
            sentence = f"It is the gradient with {called} set to zero: is it left out?"
            yield "argument left out", sentence, changed(i, np.zeros_like(a)), 1.0
            if np.ndim(a) == 2 and a.shape[0] == a.shape[1]:
                sentence = f"It is the gradient for the transpose of {called}."
                yield "W for W^T", sentence, changed(i, np.ascontiguousarray(a.T)), 1.0
            for j in range(i + 1, len(args)):
                b = args[j]
                if np.asarray(b).dtype.kind == "f" and np.shape(a) == np.shape(b):
                    sentence = f"It is the gradient with {called} and {names.argument(j)} swapped."
                    yield "arguments swapped", sentence, _swapped(args, i, j), 1.0
    yield from _parts_of_the_batch(args, wrt)


def _swapped(args: Arguments, i: int, j: int) -> Arguments:
    swapped = list(args)
    swapped[i], swapped[j] = args[j], args[i]
    return tuple(swapped)


def _parts_of_the_batch(args: Arguments, wrt: Sequence[int]) -> Iterator[tuple[str, str, Arguments, float]]:
    """The batch is all arguments as long as a vector of whole numbers, the labels."""
    lengths = {len(a) for a in args if isinstance(a, np.ndarray) and a.ndim == 1 and a.dtype.kind in "iu"}
    for N in lengths:
        rows = [i for i, a in enumerate(args) if np.ndim(a) >= 1 and len(a) == N and i not in wrt]
        if N < 2 or not rows:
            continue
        for name, part in (
            ("only the first example", slice(0, 1)),
            ("last example skipped", slice(0, N - 1)),
            ("first example skipped", slice(1, N)),
        ):
            some = tuple(a[part] if i in rows else a for i, a in enumerate(args))
            size = len(range(*part.indices(N)))
            for factor in (1.0, size / N, float(size)):
                yield name, f"It is the gradient of a part of the batch: {name}.", some, factor
