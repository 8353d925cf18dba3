"""Naming the mistake: which simple program would have returned the same wrong result?

A name stands for a program that fits: it explains a wrong array to within a millionth of its error, at two
or more independent points. If nothing fits, `locate` says where the error is, but not why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from gradcheck.protocol import NO_NAMES, Finding, Names

WEIGHTS = {
    0.0: ("missing term", "is missing"),
    2.0: ("doubled term", "counts twice"),
    -1.0: ("sign of a term", "has the wrong sign"),
    0.5: ("halved term", "counts half"),
}
Arrays = Sequence[np.ndarray]
Program = Callable[..., Any]
Trial = tuple[Arrays, Arrays, tuple[Any, ...]]


@dataclass(frozen=True)
class Context:
    """Likely mistakes, written by the author of a function. All programs take the arguments of the right one.

    Attributes
    ----------
    alternatives : wrong programs by name; each returns the result of a student with that mistake
    terms : programs by name whose results add up to the right result, such as the paths of a network. A
        term that is missing, doubled or subtracted is then named.
    functions : functions by name that a student may have differentiated instead of the right one, such as
        the loss without one of its terms
    arguments : for each point, the arguments of the alternatives and terms
    variations : for each point, the results for changed arguments and functions, with a sentence, by name
    names : the names of the arguments and results
    """

    alternatives: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    terms: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    arguments: Sequence[tuple[Any, ...]] = ()
    variations: Sequence[Mapping[str, tuple[str, Arrays]]] = ()
    names: Names = NO_NAMES

    def of(self, program: Callable[[Program], Program], function: Callable[[Program], Program]) -> Context:
        """The context for other arguments: all programs and all functions changed for them."""
        return replace(
            self,
            alternatives={name: program(p) for name, p in self.alternatives.items()},
            terms={name: program(p) for name, p in self.terms.items()},
            functions={name: function(f) for name, f in self.functions.items()},
        )


def diagnose(
    actual: Sequence[Arrays], expected: Sequence[Arrays], context: Context | None = None
) -> list[Finding]:
    """Name what is wrong with a result, the most specific name first.

    Parameters
    ----------
    actual, expected : sequence of arrays, or of lists of arrays
        The actual and the right result at each of two or more independent points.
    context : Context, optional
        Likely mistakes.

    Returns
    -------
    list of Finding
        Empty if no name fits, or if there are fewer than two points.
    """
    context = context or Context()
    points: list[Trial] = []
    if not isinstance(actual, np.ndarray):
        for number, (come, right) in enumerate(zip(actual, expected, strict=True)):
            arguments = context.arguments[number] if number < len(context.arguments) else ()
            points.append((_listed(come), _listed(right), arguments))
    if len(points) < 2:
        return []
    swapped = _swapped(points, context.names)
    if swapped is not None:
        return [Finding("results swapped", swapped)]
    fitting: dict[int, list[dict[str, str]]] = {}
    for number, (answers, gradients, arguments) in enumerate(points):
        variation = context.variations[number] if number < len(context.variations) else {}
        for part, (a, g) in enumerate(zip(answers, gradients, strict=False)):
            if not _near(a, g):
                names = dict(_fitting(part, a, g, arguments, context, variation))
                fitting.setdefault(part, []).append(names)
    every = []
    for part, found in fitting.items():
        common = {n: s for n, s in found[0].items() if len(found) > 1 and all(n in f for f in found)}
        if context.terms and "zero" not in common:
            common = _terms(points, part, context) | common
        every.append(common)
    if not every or not all(every):
        return []
    shared = [name for name in every[0] if all(name in names for names in every)]
    chosen = [(n, every[0][n]) for n in shared] or [next(iter(names.items())) for names in every]
    sentences = {sentence: name.split(" (")[0] for name, sentence in reversed(chosen)}
    return [Finding(name, sentence) for sentence, name in reversed(sentences.items())]


def _fitting(
    part: int,
    a: np.ndarray,
    g: np.ndarray,
    arguments: tuple[Any, ...],
    context: Context,
    variation: Mapping[str, tuple[str, Arrays]],
) -> Iterator[tuple[str, str]]:
    """The names that fit one wrong array at one point, the most specific first, each with a sentence."""
    if a.shape != g.shape:
        yield from _shapes(a, g)
        return
    if not a.any() and g.any():
        yield "zero", "It is zero everywhere."
        return
    for name, program in context.alternatives.items():
        if _fits(a, g, _part(program, arguments, part)):
            yield name, f"This mistake gives the same result: {name}."
    for name, (sentence, arrays) in variation.items():
        if _fits(a, g, np.asarray(arrays[part])):
            yield name, sentence
    yield from _factors(a, g, arguments)
    yield from _rearranged(a, g)
    error = float(np.linalg.norm(a - g)) / max(float(np.linalg.norm(g)), 1e-300)
    single = a.astype(np.float32).astype(float)
    if error < 1e-5 and np.array_equal(a, single) and not np.array_equal(g, g.astype(np.float32)):
        yield "float32", "It has been rounded to float32."
    elif error < 1e-4:
        yield "approximate", f"It is close, with a relative error of {error:.1g}: is it an approximation?"


def _listed(arrays: Any) -> list[np.ndarray]:
    single = isinstance(arrays, (np.ndarray, np.generic, float, int))
    return [np.asarray(array) for array in ([arrays] if single else arrays)]


def _part(program: Callable[..., Any], arguments: tuple[Any, ...], part: int) -> np.ndarray:
    try:
        with np.errstate(all="ignore"):
            value = program(*arguments)
        return np.asarray(value[part] if isinstance(value, (tuple, list)) else value, dtype=float)
    except Exception:
        return np.full(1, np.nan)


def _near(a: np.ndarray, g: np.ndarray) -> bool:
    return a.shape == g.shape and bool(np.linalg.norm(a - g) <= 1e-8 * np.linalg.norm(g) + 1e-300)


def _fits(a: np.ndarray, g: np.ndarray, candidate: np.ndarray) -> bool:
    """Whether the candidate explains a to within a millionth of its distance from g, and g does not."""
    if a.shape != candidate.shape or a.size == 0:
        return False
    distance = np.linalg.norm(a - g) if a.shape == g.shape else np.linalg.norm(a)
    size = np.linalg.norm(g)
    return bool(np.linalg.norm(a - candidate) <= max(1e-6 * distance, 1e-9 * size) and distance > 1e-6 * size)


def _shapes(a: np.ndarray, g: np.ndarray) -> Iterator[tuple[str, str]]:
    if a.ndim == g.ndim == 2 and _fits(a.T, a.T + 1, g):
        yield "transpose", "It is the transpose of the right one."
    if a.size == g.size and _fits(a.reshape(g.shape), a.reshape(g.shape) + 1, g):
        yield "wrong shape", f"The numbers are right, but the shape should be {g.shape}."
    for axis in range(a.ndim):
        for name, reduced in (("sum", a.sum(axis=axis)), ("mean", a.mean(axis=axis))):
            if reduced.shape == g.shape and _fits(reduced, reduced + 1, g):
                yield "forgot to sum", f"Its {name} over axis {axis} is the right one."
    for axis in range(g.ndim):
        if a.shape == g.sum(axis=axis).shape and _fits(a, a + 1, g.sum(axis=axis)):
            yield "summed too far", f"It is the right one, summed over axis {axis}."
    if g.ndim == 2 and g.shape[0] == g.shape[1] and a.ndim == 1:
        if _fits(np.diag(a), np.diag(a) + 1, g):
            yield "only the diagonal", "It is the diagonal of the right one, which is a matrix."
        elif a.shape == g[0].shape and _fits(a, a + 1, np.diag(g)):
            yield "only the diagonal", "It is only the diagonal of the right one."


def _terms(points: Sequence[Trial], part: int, context: Context) -> dict[str, str]:
    """Least squares for one array as a sum of the terms, over all points: is one missing, or doubled?"""
    rows, values, expected = [], [], []
    for actual, right, arguments in points:
        a, g = actual[part], right[part]
        terms = [_part(program, arguments, part) for program in context.terms.values()]
        if a.shape != g.shape or any(t.shape != g.shape for t in terms):
            return {}
        rows.append(np.stack([t.ravel() for t in terms], axis=1))
        values.append(a.ravel())
        expected.append(g.ravel())
    matrix, answer, right_one = np.concatenate(rows), np.concatenate(values), np.concatenate(expected)
    if answer.size < len(context.terms) + 4 or not np.all(np.isfinite(matrix)):
        return {}
    weights, _, rank, _ = np.linalg.lstsq(matrix, answer, rcond=None)
    if rank < len(context.terms) or not _fits(answer, right_one, matrix @ weights):
        return {}
    found = {}
    for name, weight in zip(context.terms, weights, strict=True):
        for known, (kind, words) in WEIGHTS.items():
            if abs(weight - known) < 1e-6:
                found[f"{kind} ({name})"] = f"A term {words}: {name}."
    return found


def _swapped(points: Sequence[Trial], names: Names) -> str | None:
    """Two results that are swapped at every point."""
    count = len(points[0][1])
    for i, j in combinations(range(count), 2):
        if all(
            len(a) == count and _near(a[i], g[j]) and _near(a[j], g[i]) and not _near(a[i], g[i])
            for a, g, _ in points
        ):
            return f"{names.result(i)} and {names.result(j)} are swapped."
    return None


def _factors(a: np.ndarray, g: np.ndarray, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """One factor for all entries: a sign, a small number, or one of the sizes of the arguments."""
    square = float(np.vdot(g, g))
    factor = float(np.vdot(a, g)) / square if square > 0 else 0.0
    if a.size < 2 or factor == 0 or not _fits(a, g, factor * g):
        return
    sizes = {n for x in arguments for n in np.shape(x) if n > 2}
    if abs(factor + 1) < 1e-6:
        yield "sign", "It has the wrong sign."
        return
    for n in sorted(sizes):
        if abs(factor / n - 1) < 1e-6:
            yield "sum instead of mean", f"It is {n} times the right one: did you forget a mean?"
            return
        if abs(factor * n - 1) < 1e-6:
            yield "mean instead of sum", f"It is 1/{n} of the right one: is a mean taken twice, or of a sum?"
            return
    if a.size > 2 or factor in (2.0, 0.5):
        yield f"factor ({factor:.5g})", f"It is {factor:.6g} times the right one."


def _rearranged(a: np.ndarray, g: np.ndarray) -> Iterator[tuple[str, str]]:
    """The right numbers in the wrong places, or only some of them."""
    if a.ndim == 2 and a.shape[0] == a.shape[1]:
        if _fits(a, g, g.T):
            yield "transpose", "It is the transpose of the right one."
        if a.shape[0] > 1 and _fits(a, g, np.diag(np.diag(g))):
            yield "only the diagonal", "Only the diagonal is there; the other entries are zero."
    if a.size > 2 and _fits(a, g, np.abs(g)):
        yield "absolute value", "It is the absolute value of the right one."
    for axis, shift in product(range(a.ndim), (1, -1)):
        if a.shape[axis] > 2 and _fits(a, g, np.roll(g, shift, axis)):
            yield "roll", f"Its entries are shifted by one along axis {axis}."
    for axis in range(a.ndim):
        if a.shape[axis] > 1 and _fits(a, g, np.flip(g, axis)):
            yield "flip", f"Its entries are reversed along axis {axis}."


def locate(points: Sequence[tuple[Arrays, Arrays]], names: Names = NO_NAMES) -> list[Finding]:
    """Where the error is, if it is in the same place at all points: an entry, a row, a column, a diagonal."""
    found: list[set[tuple[str, str]]] = []
    for actual, expected in points:
        for part, (a, g) in enumerate(zip(actual, expected, strict=False)):
            if a.shape == g.shape and not _near(a, g):
                wrong = np.abs(a - g) > 1e-7 * np.abs(g).max(initial=0.0)
                of = f" of {names.result(part)}" if len(actual) > 1 else ""
                found.append(set(_places(wrong, a, of)))
                break
    common = set.intersection(*found) if found else set()
    places = [Finding(name, sentence) for name, sentence in sorted(common)]
    return sorted(places, key=lambda finding: finding.name == "entries missing")


def _places(wrong: np.ndarray, a: np.ndarray, of: str) -> Iterator[tuple[str, str]]:
    indices = np.argwhere(wrong)
    if wrong.size < 3 or not len(indices) or wrong.all():
        return
    if len(indices) == 1:
        yield "one entry", f"Only the entry {indices[0].tolist()}{of} is wrong."
        return
    if not a[wrong].any():
        yield (
            "entries missing",
            f"{len(indices)} of {wrong.size} entries{of} are zero and should not be; the others are right.",
        )
    names = ("one row", "one column") if wrong.ndim == 2 else ()
    for axis, name in enumerate(names):
        if len(set(indices[:, axis])) == 1:
            yield name, f"Only {name[4:]} {indices[0, axis]}{of} is wrong."
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1] and np.all(indices[:, 0] == indices[:, 1]):
        yield "diagonal", f"Only the diagonal{of} is wrong."
