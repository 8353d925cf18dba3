"""Simple programs that may explain a wrong result, made from the right result and the arguments.

Each rule yields candidates: a name, a sentence, an array or a function that returns it, and the number
of its free numbers. The sentence must be the same at all points; `diagnosis` tests which candidates fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

Candidate = tuple[str, str, np.ndarray | Callable[[], np.ndarray], int]
Named = list[tuple[str, np.ndarray]]
KNOWN_ERRORS: dict[float, tuple[str, str]] = {
    -1: ("missing term", "A term is missing"),
    -2: ("sign of a term", "A term has the wrong sign"),
}
MOST_CLASSES = 1000  # of one-hot labels


class Wrong(NamedTuple):
    """A wrong result at one point, and what may explain it.

    a, g : the wrong result, and the right one.
    others : the right other results, with their names.
    arrays : the arrays and numbers in the arguments, with their names.
    alternatives, variations : candidates from the author's programs and from `variations`.
    """

    a: np.ndarray
    g: np.ndarray
    others: Named
    arrays: Named
    alternatives: list[Candidate]
    variations: list[Candidate]

    @property
    def floats(self) -> Named:
        """The vectors and matrices of floats."""
        return [(name, x) for name, x in self.arrays if x.dtype.kind == "f" and x.ndim in (1, 2) and x.size]


def simplest(wrong: Wrong) -> Iterator[Candidate]:
    """Zero up to rounding, and the wrong sign."""
    if np.abs(wrong.a).max(initial=0.0) <= 1e-12 * np.abs(wrong.g).max(initial=0.0):
        yield "zero", "It is zero everywhere.", wrong.a, 0
    yield "sign", "It has the wrong sign.", -wrong.g, 0


def of_another_shape(wrong: Wrong) -> Iterator[Candidate]:
    """The right numbers in another shape; a result that is not summed, or summed too far."""
    a, g = wrong.a, wrong.g
    found = []
    if a.ndim == g.ndim == 2:
        found.append(("transpose", "It is the transpose of the right one.", a.T, g))
    reshaped = f"The numbers are right, but the shape should be {g.shape}."
    found.append(("wrong shape", reshaped, a.ravel(), g.ravel()))
    for axis in range(a.ndim if a.size else 0):
        found.append(("forgot to sum", f"Its sum over axis {axis} is the right one.", a.sum(axis=axis), g))
        found.append(("forgot to sum", f"Its mean over axis {axis} is the right one.", a.mean(axis=axis), g))
    for axis in range(g.ndim):
        summed = f"It is the right one, summed over axis {axis}."
        found.append(("summed too far", summed, a, g.sum(axis=axis)))
    if g.ndim == 2 and g.shape[0] == g.shape[1]:
        found.append(("only the diagonal", "It is only the diagonal of the right one.", a, np.diag(g)))
    for name, sentence, x, y in found:
        if x.shape == y.shape and np.linalg.norm(x - y) <= 1e-7 * np.linalg.norm(y):
            yield name, sentence, a, 0
    yield from wrong.alternatives


def exact(wrong: Wrong) -> Iterator[Candidate]:
    """The author's alternatives; the right numbers in the wrong places, or times one factor."""
    g = wrong.g
    yield from wrong.alternatives
    for other, right in wrong.others:
        yield "another result", f"It is the right one for {other}.", right, 0
    yield "absolute value", "It is the absolute value of the right one.", np.abs(g), 0
    yield "square", "It is the square of the right one.", g**2, 0
    if g.ndim == 2 and g.shape[0] == g.shape[1]:
        yield "transpose", "It is the transpose of the right one.", g.T, 0
        sentence = "Only the diagonal is there; the other entries are zero."
        yield "only the diagonal", sentence, np.diag(np.diag(g)), 0
    for axis in range(g.ndim):
        yield "flip", f"Its entries are reversed along axis {axis}.", np.flip(g, axis), 0
        for shift in (1, -1):
            sentence = f"Its entries are shifted by {shift} along axis {axis}."
            yield "roll", sentence, np.roll(g, shift, axis), 0
    yield from _transposes(wrong)
    factor = _ratio(wrong.a, g)
    for n, name in counts(wrong.arrays).items():
        if abs(factor / n - 1) < 1e-6 and n > 1:
            yield name, f"It is {n:g} times the right one: did you forget a mean?", n * g, 0
        elif abs(factor / n - 1) < 1e-6:
            sentence = f"It is 1/{1 / n:g} of the right one: is a mean taken twice, or of a sum?"
            yield name, sentence, n * g, 0
    digits = f"{factor:.6g}" if abs(factor - 1) > 1e-3 else f"{factor:.9g}"
    yield "factor", f"It is {digits} times the right one.", factor * g, 0 if digits in ("2", "0.5") else 1


def _transposes(wrong: Wrong) -> Iterator[Candidate]:
    """If the right one is a product with W, the product with the transpose of W, and the reverse."""
    g = wrong.g
    for what, x in wrong.floats:
        sentence = f"It is multiplied by {what} in place of its transpose, or the reverse."
        for W in (x, x.T) if x.ndim == 2 and g.ndim in (1, 2) else ():
            try:
                swap = W @ np.linalg.inv(W.T)
            except np.linalg.LinAlgError:
                continue  # W is not square, or has no inverse
            if len(g) == len(x):
                yield "W for W^T", sentence, swap @ g, 0
            if g.shape[1:] == x.shape[:1]:
                yield "W for W^T", sentence, g @ swap.T, 0


def counts(arrays: Named) -> dict[float, str]:
    """The factors by which a mean may be off, the lengths and sizes of the arguments, and their names."""
    lengths = sorted({n for _, x in arrays for n in (*x.shape, x.size) if n > 2})
    means = {1 / n: "mean instead of sum" for n in lengths}
    return {float(n): "sum instead of mean" for n in lengths} | means


def _ratio(a: np.ndarray, g: np.ndarray) -> float:
    """The factor of g that is nearest to a."""
    square = float(np.vdot(g, g))
    return float(np.vdot(g, a)) / square if square > 0 else 0.0


def different(wrong: Wrong) -> Iterator[Candidate]:
    """The gradients of `variations`; a label, one-hot or times an argument, that is not subtracted."""
    yield from wrong.variations
    g, floats = wrong.g, wrong.floats
    one_hot: Named = []
    for name, y in wrong.arrays:
        if y.dtype.kind in "iu" and y.ndim <= 1 and y.size and np.min(y) >= 0:
            lengths = {n for s in (g.shape, *(x.shape for _, x in floats)) for n in s}
            classes = [n for n in lengths if np.max(y) < n <= MOST_CLASSES]
            one_hot += [(name, np.eye(n)[y]) for n in classes]
    scales = {1.0, *(n for n in counts(wrong.arrays) if n < 1)}
    scales |= {1 / float(x) for _, x in wrong.arrays if x.ndim == 0 and x}
    for (what, term), by in product(_products(one_hot, floats, g.shape), scales):
        yield "label not subtracted", f"The label is not subtracted: {what}.", g + by * term, 0


def guesses(wrong: Wrong) -> Iterator[Candidate]:
    """Names with free numbers: products of arguments, masks, factors that vary, and approximations."""
    a, g, floats = wrong.a, wrong.g, wrong.floats
    for what, x in floats:
        if x.shape == g.shape[-x.ndim :]:
            yield "factor", f"It is the right one times {what}.", x * g, 0
            quotient = g / np.where(x == 0, 1, x)
            yield "factor", f"It is the right one divided by {what}.", quotient, 0
    for what, term in _products(floats, floats, g.shape):
        c = _ratio(a - g, term)
        name, words = KNOWN_ERRORS.get(round(c, 6), ("wrong term", "Its error is a multiple of one term"))
        yield name, f"{words}: {what}.", g + c * term, 1
        name = "product of arguments" if " and " in what else "equals an argument"
        yield name, f"It is a multiple of {what}: is a factor missing?", _ratio(a, term) * term, 1
    none, zero = (np.abs(x) <= 1e-12 * np.abs(g).max(initial=0.0) for x in (a, g))
    if min(np.sum(zero), np.sum(none), np.sum(zero == none) == 0) > 0 and g.size > 3:
        sentence = "It is zero where the right one is not, and the other way round: is a mask inverted?"
        yield "mask inverted", sentence, a, 0
    if np.sum(zero & ~none) > 1:
        sentence = "Entries that should be zero are not; the others are right. Is a mask missing?"
        yield "mask all ones", sentence, np.where(zero, a, g), int(zero.sum())
    if none.all():
        return
    sentence = "It is the right one times a number that changes with the arguments: is a factor missing?"
    yield "factor", sentence, _ratio(a, g) * g, 1
    for axis, line in enumerate(("column", "row") if g.ndim == 2 else ()):
        squares = np.maximum((g * g).sum(axis=axis, keepdims=True), 1e-300)
        ratios = (a * g).sum(axis=axis, keepdims=True) / squares
        sentence = f"Each {line} is the right one times a number of its own: is a factor missing?"
        yield "factor", sentence, ratios * g, g.shape[1 - axis]
    error = float(np.linalg.norm(a - g)) / max(float(np.linalg.norm(g)), 1e-300)
    if error < 1e-5 and a.any() and np.array_equal(a, np.float32(a)) and not np.array_equal(g, np.float32(g)):
        yield "float32", "It has been rounded to float32.", a, 1
    elif error < 1e-4:
        yield "approximate", "It is close to the right one: is it an approximation?", a, 1


def _products(some: Named, others: Named, shape: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a shape among some arrays, their sums, and their products with others."""
    for name, x in some:
        if x.shape == shape:
            yield name, x
        elif x.shape[1:] == shape:
            yield f"the sum of {name}", x.sum(axis=0)
    for (name, x), (other, y) in product(some, others):
        what = f"the product of {name} and {other}"
        if x.shape == y.shape == shape and name < other:
            yield what, x * y
        if x.ndim == y.ndim == 1 and (x.size, y.size) == shape:
            yield what, np.outer(x, y)
        for left, right in ((x, y), (x.T, y), (y, x), (y.T, x)):
            fits = left.shape[-1] == right.shape[0] and max(x.ndim, y.ndim) == 2
            if fits and left.shape[:-1] + right.shape[1:] == shape:
                yield what, left @ right
