"""Every entry of the corpus is as right or wrong as it claims, by complex steps in extended precision."""

import copy
import functools
import warnings
from collections import Counter
from itertools import chain

import numpy as np
import pytest

from tests.gradcheck.corpus import Entry, Family, corpus
from tests.gradcheck.corpus.reference import Part, Truth, truth

ENTRIES = corpus()
FAMILIES = list({entry.family.name: entry.family for entry in ENTRIES}.values())
BREAKS = {
    "changes its input": "changes an input",
    "keeps state": "a repeat differs",
    "random": "a repeat differs",
    "overwrites an earlier result": "an earlier result changes",
    "other": "shares memory",
}
MISTAKES = {
    *("sign", "factor", "sum instead of mean", "mean instead of sum", "transpose", "wrong shape"),
    *("forgot to sum", "only the diagonal", "label off by one", "label not subtracted", "mask all ones"),
    *("mask inverted", "mask from x", "mask before W2^T", "W for W^T", "W1 and W2 swapped", "bias dropped"),
    *("softmax along the wrong axis", "only the first example", "last example skipped", "missing term"),
    *("doubled term", "float32", "zero", "one entry", "one row", "one column", "ignores upstream"),
    *("upstream squared", "finite differences", "edge only", "small relative error", "not finite"),
    *("no return", "raises", "changes its input", "keeps state", "overwrites an earlier result", "random"),
    *("flip", "roll", "other"),
}


def marked(entries):
    return [pytest.param(e, id=f"{e.family.name}: {e.name}") for e in entries]


RIGHT = marked(e for e in ENTRIES if e.right)
WRONG = marked(e for e in ENTRIES if not e.right and not e.unsafe)
UNSAFE = marked(e for e in ENTRIES if e.unsafe)


@functools.cache
def truths(name: str) -> tuple[list[Truth], list[Truth]]:
    """The true derivatives of a family at its natural points and at its edges."""
    family = next(f for f in FAMILIES if f.name == name)
    rng = np.random.default_rng(7)
    natural, edges = family.natural(rng), family.edges(rng)
    return [truth(family, args) for args in natural], [truth(family, args) for args in edges]


def upstreams(at: Truth) -> list[np.ndarray | None]:
    """Two random upstream gradients of size 1 to 2 for a vjp; otherwise None."""
    if at.family.kind != "vjp":
        return [None]
    rng = np.random.default_rng(11)
    y = np.asarray(at.family.forward(*at.args))
    drawn = (rng.choice([-1, 1], y.shape) * rng.uniform(1, 2, y.shape) for _ in range(2))
    return [u.astype(y.dtype) for u in drawn]


def calls(at: Truth) -> list[tuple[tuple, list[Part]]]:
    """The arguments of a program at this point, and its right results."""
    return [(at.args if u is None else (*at.args, u), at.parts(u)) for u in upstreams(at)]


def call(entry: Entry, args: tuple):
    """Call a program on copies of the arguments, without warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return entry.claimed(*copy.deepcopy(args))


def malformed(answer: object, parts: list[Part], dtype: np.dtype) -> str:
    """What is wrong with the type, the shapes or the finiteness of a result; "" if nothing is."""
    answers = answer if isinstance(answer, tuple) and len(parts) > 1 else (answer,)
    if len(answers) != len(parts):
        return "wrong number of answers"
    for a, part in zip(answers, parts, strict=True):
        if not isinstance(a, np.ndarray) or a.dtype != dtype or a.shape != part.value.shape:
            return f"not a {dtype} array of shape {part.value.shape}"
        if not np.isfinite(a).all():
            return "not finite"
    return ""


def excess(answer: object, parts: list[Part], relative: float) -> float:
    """The largest error, as a multiple of `relative` times the size of its part plus rounding."""
    worst = 0.0
    for a, part in zip(answer if isinstance(answer, tuple) else (answer,), parts, strict=True):
        allowed = relative * part.size + part.rounding + np.finfo(np.float64).tiny
        worst = max(worst, float((np.abs(a - part.value) / allowed).max(initial=0)))
    return worst


def assert_right(entry: Entry, at: Truth):
    for args, parts in calls(at):
        answer = call(entry, args)
        assert not malformed(answer, parts, at.args[0].dtype)
        assert excess(answer, parts, 0) <= 1


def is_clearly_wrong(entry: Entry, at: Truth) -> bool:
    """Whether it raises, is malformed, or has ten times the allowed error: 1e-9 (256 eps in float32)."""
    for args, parts in calls(at):
        try:
            answer = call(entry, args)
        except Exception:
            return True
        if malformed(answer, parts, at.args[0].dtype):
            return True
        if excess(answer, parts, max(1e-9, 256 * at.eps if at.eps > 1e-10 else 0)) > 10:
            return True
    return False


def arrays(value: object) -> list[np.ndarray]:
    return [a for a in (value if isinstance(value, tuple) else (value,)) if isinstance(a, np.ndarray)]


def same(a: object, b: object) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(arrays(a), arrays(b), strict=True))


def breaks(entry: Entry, args: tuple) -> set[str]:
    """The ways in which a program is unsafe to call."""
    found = set()
    mine = copy.deepcopy(args)
    first = entry.claimed(*mine)
    if not same(mine, args):
        found.add("changes an input")
    results = arrays(first)
    others = [(r, other) for i, r in enumerate(results) for other in results[:i] + arrays(mine)]
    if any(np.shares_memory(r, other) for r, other in others):
        found.add("shares memory")
    kept = copy.deepcopy(first)
    if not same(entry.claimed(*copy.deepcopy(args)), kept):
        found.add("a repeat differs")
    entry.claimed(*(a / 2 if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args))
    if not same(first, kept):
        found.add("an earlier result changes")
    return found


@pytest.mark.parametrize("entry", RIGHT)
def test_a_right_program_is_right_at_every_point_and_safe(entry):
    for at in chain(*truths(entry.family.name)):
        assert_right(entry, at)
        for args, _ in calls(at):
            with np.errstate(all="ignore"):  # BLAS may set the flags for lanes outside the arrays
                assert not breaks(entry, args)


@pytest.mark.parametrize("entry", WRONG)
def test_a_wrong_program_is_clearly_wrong_somewhere(entry):
    natural, edges = truths(entry.family.name)
    if entry.mistake in ("edge only", "not finite"):
        for at in natural:
            assert_right(entry, at)
    assert any(is_clearly_wrong(entry, at) for at in natural + edges)


@pytest.mark.parametrize("entry", UNSAFE)
def test_an_unsafe_program_is_right_but_breaks_the_protocol(entry):
    def fresh() -> Entry:
        return corpus()[ENTRIES.index(entry)]

    found = set()
    for at in chain(*truths(entry.family.name)):
        for args, parts in calls(at):
            answer = call(fresh(), args)
            assert not malformed(answer, parts, at.args[0].dtype)
            assert excess(answer, parts, 0) <= 1
            found |= breaks(fresh(), args)
    assert BREAKS[entry.mistake] in found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_the_points_of_a_family_meet_its_description(family: Family):
    natural, edges = truths(family.name)
    assert len(natural) >= 3
    assert not any(at.kink for at in natural)
    assert all(len(set(a.shape)) == a.ndim for at in natural for a in at.args if isinstance(a, np.ndarray))
    assert any(at.args[0].dtype == np.float32 for at in edges)
    for at in natural + edges:
        for _, parts in calls(at):
            assert all(np.isfinite(part.value).all() and np.isfinite(part.rounding).all() for part in parts)
        value, exact = family.forward(*at.args), family.exact(*at.args)
        assert np.shape(value) == np.shape(exact)
        assert np.allclose(value, exact.astype(float), rtol=1e4 * at.eps, atol=1e4 * at.eps)


@pytest.mark.parametrize("name", ["ReLU vjp", "skip connection vjp", "two-layer network"])
def test_some_edges_are_kinks(name):
    assert any(at.kink for at in truths(name)[1])


def test_the_corpus_is_large_and_its_names_are_unique():
    assert len(WRONG) >= 115
    assert len(RIGHT) >= 60
    assert max(Counter((e.family.name, e.name) for e in ENTRIES).values()) == 1
    assert {e.mistake for e in ENTRIES if not e.right} == MISTAKES
    assert all(e.right == (not e.mistake) and not (e.right and e.unsafe) for e in ENTRIES)
    assert {"keeps state", "changes its input"} <= {e.mistake for e in ENTRIES if e.unsafe}


def test_every_call_of_corpus_starts_with_new_state():
    before = {(e.family.name, e.name): e.claimed for e in corpus()}
    stateful = [e for e in corpus() if before[e.family.name, e.name] is not e.claimed]
    assert {e.mistake for e in stateful} == {"keeps state", "random", "overwrites an earlier result"}
