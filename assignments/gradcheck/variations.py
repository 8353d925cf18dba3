"""What if? The gradients that a program would return if it had mistaken one argument or function for another.

This works for any function: it is differentiated again with the label off by one, with an argument
transposed, negated or left out, with two arguments swapped, or on a part of the batch. Functions that a
student may have differentiated instead are tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import combinations
from typing import Any

import numpy as np

from gradcheck.arguments import parameters
from gradcheck.jacobian import numerical_jacobian
from gradcheck.protocol import NO_NAMES, Names
from gradcheck.trees import kind

Arguments = tuple[Any, ...]
Contract = Callable[[list[np.ndarray]], list[np.ndarray]]
# The name, how the argument is changed, and what the sentence says; the last three only for constants.
CHANGES: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    ("argument left out", np.zeros_like, "set to zero: is it left out?"),
    ("argument negated", np.negative, "negated: is a sign wrong?"),
    ("argument left out", np.ones_like, "set to one: is it left out?"),
    ("argument doubled", lambda x: 2 * x, "doubled."),
    ("argument squared", np.square, "squared."),
)
PARTS = (
    ("only the first example", slice(0, 1)),
    ("last example skipped", slice(0, -1)),
    ("first example skipped", slice(1, None)),
)


def variations(
    forward: Callable[..., Any],
    args: Arguments,
    wrt: Sequence[int],
    contract: Contract,
    functions: Mapping[str, Callable[..., Any]],
    names: Names = NO_NAMES,
) -> dict[str, tuple[str, Any]]:
    """The results for changed arguments or functions: by sentence, a name and a function that returns them.

    forward, args, wrt : the function, its arguments, and the positions to differentiate.
    contract : makes the program's results from the Jacobians.
    functions : functions to differentiate instead of `forward`, by name. A parameter `at` receives the tuple
        of arguments as constants, which are not differentiated.
    names : the names of the arguments.
    """

    def results(
        function: Callable[..., Any], changed: Arguments, factor: float = 1.0, rows: Any = None
    ) -> Any:
        """Differentiate; with rows, only these rows of the output count."""
        arrays = [factor * _jacobian(function, changed, i) for i in wrt]
        if rows is not None:
            for array, i in zip(arrays, wrt, strict=True):
                if array.ndim == np.ndim(args[i]):
                    raise ValueError("The output is a number.")
                array[np.setdiff1d(np.arange(len(array)), rows)] = 0
        return contract(arrays)

    found: dict[str, tuple[str, Any]] = {}
    for name, function in functions.items():
        sentence = f"It is the derivative of something else: {name}."
        held = partial(function, at=args) if "at" in parameters(function) else function
        found[sentence] = "other function", partial(results, held, args)
    for name, words, changed in _changes(args, wrt, names):
        found[f"It is the gradient {words}"] = name, partial(results, forward, changed)
    for N, constants in _batches(args, wrt):
        for name, part in PARTS:
            sentence, kept = f"It is the gradient of a part of the batch: {name}", np.arange(N)[part]
            whole = partial(results, forward, args, 1.0, kept)
            found[f"{sentence}, of {N} rows of the output."] = name, whole
            some = tuple(a[part] if i in constants else a for i, a in enumerate(args))
            for factor, how in ((1.0, "."), (len(kept) / N, f", divided by {N}."), (len(kept), ", summed.")):
                if constants:
                    found[sentence + how] = name, partial(results, forward, some, factor)
    return {sentence: (name, cache(program)) for sentence, (name, program) in found.items()}


def _jacobian(forward: Callable[..., Any], args: Arguments, position: int) -> np.ndarray:
    def f(x: np.ndarray) -> Any:
        return forward(*args[:position], x, *args[position + 1 :])

    return numerical_jacobian(f, args[position]).value


def _changes(args: Arguments, wrt: Sequence[int], names: Names) -> Iterator[tuple[str, str, Arguments]]:
    """Changed arguments, each with a name and the words after "It is the gradient"."""

    def changed(position: int, value: Any) -> Arguments:
        return (*args[:position], value, *args[position + 1 :])

    kinds = [kind(a) for a in args]
    for i, a in enumerate(args):
        called = names.argument(i)
        for step, word in ((1, "plus"), (-1, "minus")):
            if kinds[i] in "iu":
                words = f"for {called} {word} 1: the label is off by one."
                yield "label off by one", words, changed(i, a + step)
        if kinds[i] == "f" and np.ndim(a) == 2 and a.shape[0] == a.shape[1]:
            transpose = np.ascontiguousarray(a.T)
            yield "W for W^T", f"for the transpose of {called}.", changed(i, transpose)
        for name, change, words in CHANGES[: 2 if i in wrt else None]:
            if kinds[i] == "f" and np.any(a):
                yield name, f"with {called} {words}", changed(i, change(a))
    for i, j in combinations(range(len(args)), 2):
        if kinds[i] == kinds[j] == "f" and np.shape(args[i]) == np.shape(args[j]):
            swapped = list(args)
            swapped[i], swapped[j] = args[j], args[i]
            words = f"with {names.argument(i)} and {names.argument(j)} swapped."
            yield "arguments swapped", words, tuple(swapped)


def _batches(args: Arguments, wrt: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """The lengths of possible batches, of matrices and labels, and the positions of constants to shorten."""
    lengths = [len(a) if isinstance(a, np.ndarray) and a.ndim else 0 for a in args]
    labels = [length > 0 and kind(a) in "iu" for length, a in zip(lengths, args, strict=True)]
    for N in sorted(
        {n for n, a, y in zip(lengths, args, labels, strict=True) if n > 1 and (y or a.ndim > 1)}
    ):
        same = [i for i, length in enumerate(lengths) if length == N and i not in wrt]
        yield N, same if len(same) > 1 or any(labels[i] for i in same) else []
