"""Naming the mistake: which simple program would have returned the same wrong result?

A name stands for a program that fits: it explains a wrong array to within a millionth of its error, at all
points, and leaves `ENOUGH` entries more than it has free numbers. The stages go from the simplest programs
to guesses; the first stage with a name ends the search. If none has, `locate` says where the error is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradcheck import candidates
from gradcheck.candidates import Candidate
from gradcheck.protocol import NO_NAMES, Finding, Names

ENOUGH = 3
CERTAIN = ("zero", "wrong shape")  # anybody can see that they are true
WEIGHTS = {
    0.0: ("missing term", "is missing"),
    2.0: ("doubled term", "counts twice"),
    -1.0: ("sign of a term", "has the wrong sign"),
    0.5: ("halved term", "counts half"),
}
Arrays = Sequence[np.ndarray]
Programs = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Context:
    """Likely mistakes, written by the author of a function. All programs take the arguments of the right one.

    Attributes
    ----------
    alternatives : wrong programs by name; each returns the result of a student with that mistake
    terms : programs by name whose results add up to the right result, such as the paths of a network. A
        term that is missing, doubled, subtracted or scaled is then named.
    functions : functions by name that a student may have differentiated instead of the right one, such as
        the loss without one of its terms
    arguments : for each point, the arguments of the alternatives and terms
    variations : for each point, what `gradcheck.variations.variations` returns
    names : the names of the arguments and results
    """

    alternatives: Programs = field(default_factory=dict)
    terms: Programs = field(default_factory=dict)
    functions: Programs = field(default_factory=dict)
    arguments: Sequence[tuple[Any, ...]] = ()
    variations: Sequence[Mapping[str, tuple[str, Any]]] = ()
    names: Names = NO_NAMES


class Sample(NamedTuple):
    """The actual and the right results at one point, the arguments, and the results for changed arguments."""

    actual: Arrays
    expected: Arrays
    arguments: tuple[Any, ...]
    variations: Mapping[str, tuple[str, Any]]

    def near(self, i: int, j: int) -> bool:
        """Whether result i is the right result j."""
        return _near(self.actual[i], self.expected[j])


def diagnose(actual: Any, expected: Any, context: Context | None = None) -> list[Finding]:
    """Name what is wrong with a result, the most specific name first.

    Parameters
    ----------
    actual, expected : array or number; or list or tuple
        The actual and the right result. An array or a number is the result at one point. A list holds the
        results at several independent points: at each an array, or a list of the arrays of a program with
        several results. For several results at one point write ``diagnose([[dW, db]], ...)``.
    context : Context, optional
        Likely mistakes.

    Returns
    -------
    list of Finding
        Empty if the result is right or nothing fits. For two arrays, also what `locate` finds, a shape
        that no rule explains, and numbers that are not finite.
    """
    context = context or Context()
    plain = not all(isinstance(x, (list, tuple)) for x in (actual, expected))
    come, right = ([[x]] if plain else x for x in (actual, expected))
    samples = []
    for number, pair in enumerate(zip(come, right, strict=False)):
        arguments = context.arguments[number] if number < len(context.arguments) else ()
        variations = context.variations[number] if number < len(context.variations) else {}
        try:
            samples.append(Sample(*map(_listed, pair), arguments, variations))
        except (TypeError, ValueError):
            return [Finding("wrong type", "The results should be arrays of real numbers.")]
    for a, g, what in ((come, right, "points"), *((s.actual, s.expected, "arrays") for s in samples)):
        if len(a) != len(g):
            return [Finding("wrong type", f"There should be {len(g)} {what}; there are {len(a)}.")]
    found = _order(samples, context.names) or _diagnosed(samples, context)
    if not plain or found:
        return found
    (a,), (g,) = samples[0][:2]
    if a.shape != g.shape:
        return [Finding("wrong shape", f"The shape should be {g.shape}; it is {a.shape}.")]
    if not np.all(np.isfinite(a)):
        return [Finding("not finite", f"{np.sum(~np.isfinite(a))} of {a.size} entries are not finite.")]
    return locate([([a], [g])], context.names)


def _listed(arrays: Any) -> list[np.ndarray]:
    listed = [np.asarray(x) for x in (arrays if isinstance(arrays, (list, tuple)) else [arrays])]
    if any(x.dtype.kind not in "fiub" for x in listed):
        raise TypeError
    return [x.astype(np.float64) for x in listed]


def _order(samples: Sequence[Sample], names: Names) -> list[Finding]:
    """All results are there, but in another order."""
    order: list[int] = []
    parts = range(len(samples[0].expected) if samples else 0)
    for i in parts:
        order.append(next((j for j in (i, *parts) if all(s.near(i, j) for s in samples)), -1))
    moved = [i for i in parts if order[i] != i]
    if sorted(order) != list(parts) or sum(s.expected[i].size for s in samples for i in moved) < ENOUGH:
        return []
    if len(moved) == 2:
        sentence = "{} and {} are swapped.".format(*map(names.result, moved))
    else:
        right, came = (", ".join(map(names.result, which)) for which in (parts, order))
        sentence = f"The order of the results should be {right}; it is {came}."
    return [Finding("results swapped", sentence)]


def _diagnosed(samples: Sequence[Sample], context: Context) -> list[Finding]:
    """The names that fit all wrong results; if there are none, the first name for each."""
    parts = range(len(samples[0].expected) if samples else 0)
    named = {i: names for i in parts if (names := _names(samples, i, context))}
    if not named:
        return []
    common = set.intersection(*(set(names) for names in named.values()))
    found: dict[Finding, list[int]] = {}
    for i, names in named.items():
        for finding in [n for n in names if n in common] or names[:1]:
            found.setdefault(finding, []).append(i)
    of = {f: "In " + " and ".join(map(context.names.result, which)) + ": " for f, which in found.items()}
    return [Finding(f.name, (of[f] if len(w) < len(parts) else "") + f.sentence) for f, w in found.items()]


def _names(samples: Sequence[Sample], part: int, context: Context) -> list[Finding]:
    """The names of the first stage that has any for one result."""
    wrong = [s for s in samples if not s.near(part, part)]
    if len(wrong) < min(2, len(samples)):
        return []
    pairs = [(s.actual[part], s.expected[part]) for s in wrong]
    if any(a.shape != g.shape for a, g in pairs):
        return _common(_shapes, wrong, part, context)
    return (
        _common(_simplest, wrong, part, context)
        or _common(_exact, wrong, part, context)
        or _terms(wrong, part, context)
        or _common(_variations, wrong, part, context)
        or ([] if _located(pairs, "") else _common(_guesses, wrong, part, context))
    )


def _shapes(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    yield from candidates.shapes(sample.actual[part], sample.expected[part])
    yield from _alternatives(sample, part, context)


def _simplest(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    return candidates.simplest(sample.actual[part], sample.expected[part])


def _exact(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    a, g = sample.actual[part], sample.expected[part]
    yield from _alternatives(sample, part, context)
    for other, right in enumerate(sample.expected):
        yield "another result", f"It is the right one for {context.names.result(other)}.", right, 0
    yield from candidates.rearranged(g)
    yield from candidates.factors(a, g, sample.arguments)


def _alternatives(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    for name, program in context.alternatives.items():
        sentence = f"This mistake gives the same result: {name}."
        yield name, sentence, partial(_result, program, sample.arguments, part), 0


def _variations(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    for sentence, (name, program) in sample.variations.items():
        yield name, sentence, partial(_result, program, (), part), 0


def _guesses(sample: Sample, part: int, context: Context) -> Iterator[Candidate]:
    return candidates.guesses(sample.actual[part], sample.expected[part], sample.arguments, context.names)


def _result(program: Callable[..., Any], arguments: tuple[Any, ...], part: int) -> np.ndarray:
    try:
        with np.errstate(all="ignore"):
            value = program(*arguments)
        return np.asarray(value[part] if isinstance(value, (tuple, list)) else value, dtype=float)
    except Exception:
        return np.full(1, np.nan)


def _common(
    rule: Callable[[Sample, int, Context], Iterator[Candidate]],
    samples: Sequence[Sample],
    part: int,
    context: Context,
) -> list[Finding]:
    """The candidates of a rule that fit at all points; of these, the ones with the fewest free numbers."""
    free: dict[Finding, int] = {}
    evidence: dict[Finding, int] = {}
    for number, sample in enumerate(samples):
        a, g = sample.actual[part], sample.expected[part]
        fitting = {}
        for name, sentence, candidate, count in rule(sample, part, context):
            finding = Finding(name, sentence)
            if finding not in fitting and (number == 0 or finding in free) and _fits(a, g, candidate):
                fitting[finding] = count
                evidence[finding] = evidence.get(finding, 0) + g.size - count
        free = {f: max(count, free.get(f, 0)) for f, count in fitting.items()}
    free = {f: count for f, count in free.items() if evidence[f] >= ENOUGH or f.name in CERTAIN}
    return [f for f, count in free.items() if count == min(free.values())]


def _fits(a: np.ndarray, g: np.ndarray, candidate: np.ndarray | Callable[[], np.ndarray]) -> bool:
    """Whether the candidate explains a to within a millionth of its distance from g, and g does not."""
    if candidate is a:  # the rule has looked at it
        return True
    if callable(candidate):
        candidate = candidate()
    if a.shape != candidate.shape:
        return False
    distance = np.linalg.norm(a - g) if a.shape == g.shape else np.linalg.norm(a)
    size = np.linalg.norm(g)
    return bool(np.linalg.norm(a - candidate) <= max(1e-6 * distance, 1e-9 * size) and distance > 3e-7 * size)


def _terms(samples: Sequence[Sample], part: int, context: Context) -> list[Finding]:
    """Least squares for one array as a sum of the terms, over all points: is one missing, or doubled?"""
    rows = []
    for s in samples:
        terms = [_result(program, s.arguments, part) for program in context.terms.values()]
        if not terms or any(t.shape != s.actual[part].shape for t in terms):
            return []
        rows.append(np.stack([t.ravel() for t in terms], axis=1))
    matrix = np.concatenate(rows)
    a, g = (np.concatenate([s[k][part].ravel() for s in samples]) for k in (0, 1))
    if a.size < matrix.shape[1] + ENOUGH or not np.all(np.isfinite(matrix)):
        return []
    weights, _, rank, _ = np.linalg.lstsq(matrix, a, rcond=None)
    if rank < matrix.shape[1] or not _fits(a, g, matrix @ weights):
        return []
    means = candidates.counts(samples[0].arguments).items()
    known = {n: (name, f"counts {n:.6g} times") for n, name in means} | WEIGHTS
    others = {name: w for name, w in zip(context.terms, weights, strict=True) if abs(w - 1) > 1e-6}
    found = []
    for name, weight in others.items():
        value = min(known, key=lambda value: abs(value - weight))
        kind, words = known[value]
        if abs(weight - value) < 1e-6 * max(1, value):
            found.append(Finding(kind, f"A term {words}: {name}."))
        elif len(others) == 1:
            found.append(Finding("factor of a term", f"A term counts {weight:.6g} times: {name}."))
    return found


def locate(points: Sequence[tuple[Arrays, Arrays]], names: Names = NO_NAMES) -> list[Finding]:
    """Where the error is, if it is in the same place at all points: an entry, a row, a column, a diagonal."""
    places = []
    for part in range(min(map(len, points[0])) if points else 0):
        of = f" of {names.result(part)}" if len(points[0][0]) > 1 else ""
        places += _located([(a[part], g[part]) for a, g in points], of)
    return places


def _near(a: np.ndarray, g: np.ndarray) -> bool:
    return a.shape == g.shape and bool(np.linalg.norm(a - g) <= 1e-8 * np.linalg.norm(g) + 1e-300)


def _located(pairs: Sequence[tuple[np.ndarray, np.ndarray]], of: str) -> list[Finding]:
    found = [list(_places(a, g, of)) for a, g in pairs if a.shape == g.shape and not _near(a, g)]
    return [place for place in found[0] if all(place in places for places in found)] if found else []


def _places(a: np.ndarray, g: np.ndarray, of: str) -> Iterator[Finding]:
    wrong = np.abs(a - g) > 1e-7 * np.abs(g).max(initial=0.0)
    indices = np.argwhere(wrong)
    if wrong.size < 3 or not len(indices) or wrong.all():
        return
    if len(indices) == 1:
        yield Finding("one entry", f"Only the entry {indices[0].tolist()}{of} is wrong.")
        return
    for axis, name in enumerate(("one row", "one column") if wrong.ndim == 2 else ()):
        if len(set(indices[:, axis])) == 1:
            yield Finding(name, f"Only {name[4:]} {indices[0, axis]}{of} is wrong.")
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1] and np.all(indices[:, 0] == indices[:, 1]):
        yield Finding("diagonal", f"Only the diagonal{of} is wrong.")
    if not a[wrong].any():
        count = f"{len(indices)} of {wrong.size} entries{of}"
        yield Finding("entries missing", f"{count} are zero and should not be; the others are right.")
