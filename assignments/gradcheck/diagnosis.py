"""Naming the mistake: which simple program would have returned the same wrong result?

A name stands for a program that fits: it explains a wrong array to within a millionth of its error, at all
points, and leaves `ENOUGH` entries more than it has free numbers. The stages go from the simplest programs
to guesses; the first stage with a name ends the search. If none has, `places` says where the error is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradcheck import candidates
from gradcheck.candidates import Candidate, Wrong
from gradcheck.places import locate, located, near
from gradcheck.protocol import NO_NAMES, Finding, Names
from gradcheck.trees import kind, leaves

ENOUGH = 3
CERTAIN = ("zero", "wrong shape")  # anybody can see that they are true
WEIGHTS = {
    0.0: ("missing term", "is missing"),
    2.0: ("doubled term", "counts twice"),
    -1.0: ("sign of a term", "has the wrong sign"),
    0.5: ("halved term", "counts half"),
}
Arrays = Sequence[np.ndarray]
Program = Callable[..., Any]
Programs = Mapping[str, Program]


@dataclass(frozen=True)
class Context:
    """Likely mistakes, written by the author of a function. All programs take the arguments of the right one.

    Attributes
    ----------
    alternatives : dict
        Wrong programs by name; each returns the result of a student with that mistake.
    terms : dict
        Programs by name whose results add up to the right result, such as the paths of a network. A term that
        is missing, doubled, subtracted or scaled is then named.
    functions : dict
        Functions by name that a student may have differentiated instead of the right one, such as the loss
        without one of its terms.
    arguments : sequence of tuples
        For each point, the arguments of the alternatives and terms.
    variations : sequence of dicts
        For each point, what `gradcheck.variations.variations` returns.
    names : Names
        The names of the arguments and results.
    """

    alternatives: Programs = field(default_factory=dict)
    terms: Programs = field(default_factory=dict)
    functions: Programs = field(default_factory=dict)
    arguments: Sequence[tuple[Any, ...]] = ()
    variations: Sequence[Mapping[str, tuple[str, Any]]] = ()
    names: Names = NO_NAMES

    def of(self, program: Callable[[Program], Program], function: Callable[[Program], Program]) -> Context:
        """The context for other arguments: all programs and all functions changed for them."""
        return replace(
            self,
            alternatives={name: program(p) for name, p in self.alternatives.items()},
            terms={name: program(p) for name, p in self.terms.items()},
            functions={name: function(f) for name, f in self.functions.items()},
        )


class Sample(NamedTuple):
    """The actual and the right results at one point, the arguments, and the results for changed arguments."""

    actual: Arrays
    expected: Arrays
    arguments: tuple[Any, ...]
    variations: Mapping[str, tuple[str, Any]]

    def near(self, i: int, j: int) -> bool:
        """Whether result i is the right result j."""
        return near(self.actual[i], self.expected[j])


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
        Empty if the result is right, nothing fits, or there are too few entries: a wrong sign is named from
        3 entries on, counted over all points. For two arrays, also the place of the error, a shape that no
        rule explains, and numbers that are not finite.
    """
    context = context or Context()
    plain = not all(isinstance(x, (list, tuple)) for x in (actual, expected))
    come, right = ([[x]] if plain else x for x in (actual, expected))
    samples = []
    for number, (a, g) in enumerate(zip(come, right, strict=False)):
        arguments = context.arguments[number] if number < len(context.arguments) else ()
        variations = context.variations[number] if number < len(context.variations) else {}
        try:
            samples.append(Sample(_listed(a), _listed(g), arguments, variations))
        except (TypeError, ValueError):
            return [Finding("wrong type", "The results should be arrays of real numbers.")]
    counts = [(len(come), len(right), "points")]
    counts += [(len(x), len(samples[0].expected), "arrays") for s in samples for x in s[:2]]
    for came, should, what in counts:
        if came != should:
            return [Finding("wrong type", f"The number of {what} should be {should}; it is {came}.")]
    with np.errstate(all="ignore"):
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
    return [f if len(w) == len(parts) else _in(w, f, context.names) for f, w in found.items()]


def _in(parts: Sequence[int], finding: Finding, names: Names) -> Finding:
    """The finding, with the names of the results that it is about."""
    *first, last = map(names.result, parts)
    which, sentence = f"{', '.join(first)} and {last}" if first else last, finding.sentence
    return Finding(finding.name, f"In {which}: {sentence[0].lower()}{sentence[1:]}")


def _names(samples: Sequence[Sample], part: int, context: Context) -> list[Finding]:
    """The names of the first stage that has any for one result."""
    count = len(samples)
    samples = [s for s in samples if not s.near(part, part)]
    wrong = [_wrong(s, part, context) for s in samples]
    if not wrong or len(wrong) < min(2, count):
        return []
    if any(w.a.shape != w.g.shape for w in wrong):
        return _common(candidates.of_another_shape, wrong)
    return (
        _common(candidates.simplest, wrong)
        or _common(candidates.exact, wrong)
        or _terms(samples, wrong, part, context)
        or _common(candidates.different, wrong)
        or ([] if located([(w.a, w.g) for w in wrong], "") else _common(candidates.guesses, wrong))
    )


def _wrong(sample: Sample, part: int, context: Context) -> Wrong:
    """One wrong result, with all that may explain it."""
    others = [(context.names.result(i), g) for i, g in enumerate(sample.expected) if i != part]
    alternatives: list[Candidate] = [
        (name, f"This mistake gives the same result: {name}.", partial(_result, f, sample.arguments, part), 0)
        for name, f in context.alternatives.items()
    ]
    variations: list[Candidate] = [
        (name, sentence, partial(_result, f, (), part), 0)
        for sentence, (name, f) in sample.variations.items()
    ]
    arguments = (leaves(x, context.names.argument(i)) for i, x in enumerate(sample.arguments))
    arrays = [(name, np.asarray(x)) for parts in arguments for name, x in parts if kind(x) in "fiub"]
    a, g = sample.actual[part], sample.expected[part]
    return Wrong(a, g, others, arrays, alternatives, variations)


def _result(program: Callable[..., Any], arguments: tuple[Any, ...], part: int) -> np.ndarray:
    try:
        with np.errstate(all="ignore"):
            value = program(*arguments)
        return np.asarray(value[part] if isinstance(value, (tuple, list)) else value, dtype=float)
    except Exception:
        return np.full(1, np.nan)


def _common(rule: Callable[[Wrong], Iterator[Candidate]], wrong: Sequence[Wrong]) -> list[Finding]:
    """The candidates of a rule that fit at all points; of these, the ones with the fewest free numbers."""
    free: dict[Finding, int] = {}
    evidence: dict[Finding, int] = {}
    for number, w in enumerate(wrong):
        fitting: dict[Finding, int] = {}
        for name, sentence, candidate, count in rule(w):
            finding = Finding(name, sentence)
            if finding not in fitting and (number == 0 or finding in free) and _fits(w.a, w.g, candidate):
                fitting[finding] = count
                evidence[finding] = evidence.get(finding, 0) + w.g.size - count
        free = fitting
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
    allowed = max(1e-6 * distance, 1e-9 * size)
    return bool(np.linalg.norm(a - candidate) <= allowed < np.inf and distance > 3e-7 * size)


def _terms(samples: Sequence[Sample], wrong: Sequence[Wrong], part: int, context: Context) -> list[Finding]:
    """Least squares for one array as a sum of the terms, over all points: is one missing, or doubled?"""
    rows = []
    for s in samples:
        terms = [_result(program, s.arguments, part) for program in context.terms.values()]
        if not terms or any(t.shape != s.actual[part].shape for t in terms):
            return []
        rows.append(np.stack([t.ravel() for t in terms], axis=1))
    matrix = np.concatenate(rows)
    a, g = (np.concatenate([x.ravel() for x in xs]) for xs in ([w.a for w in wrong], [w.g for w in wrong]))
    if a.size < matrix.shape[1] + ENOUGH or not np.all(np.isfinite(matrix)):
        return []
    weights, _, rank, _ = np.linalg.lstsq(matrix, a, rcond=None)
    if rank < matrix.shape[1] or not _fits(a, g, matrix @ weights):
        return []
    means = candidates.counts(wrong[0].arrays).items()
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
