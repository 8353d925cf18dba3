from dataclasses import replace

import numpy as np
import pytest

from gradcheck import Context, diagnose

RNG = np.random.default_rng(0)


def points(wrong, count=3, shape=(3, 4), arguments=()):
    """The same mistake at several points: `wrong` makes the wrong result from the right one."""
    found = []
    for _ in range(count):
        g = RNG.normal(size=shape)
        found.append(([wrong(g)], [g], arguments))
    return found


def findings(points, context=None):
    actual, expected, arguments = zip(*points, strict=True)
    return diagnose(actual, expected, replace(context or Context(), arguments=arguments))


def names(points, context=None):
    return [finding.name for finding in findings(points, context)]


def diagonal(g):
    return np.diag(np.diag(g))


MISTAKES = {
    "sign": (lambda g: -g, (3, 4)),
    "factor": (lambda g: 0.5 * g, (3, 4)),
    "zero": (lambda g: 0 * g, (3, 4)),
    "transpose": (lambda g: g.T, (3, 4)),
    "only the diagonal": (diagonal, (4, 4)),
    "flip": (lambda g: g[::-1], (5,)),
    "roll": (lambda g: np.roll(g, 1), (5,)),
    "float32": (lambda g: g.astype(np.float32).astype(float), (3, 4)),
    "forgot to sum": (lambda g: np.stack([g, 2 * g, -2 * g]), (4,)),
    "wrong shape": (lambda g: g[:, None], (4,)),
    "summed too far": (lambda g: g.sum(axis=0), (3, 4)),
    "absolute value": (np.abs, (6,)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_with_a_rule_is_named(name):
    wrong, shape = MISTAKES[name]
    assert names(points(wrong, shape=shape))[0] == name


def test_the_transpose_of_a_square_is_named():
    assert names(points(lambda g: g.T, shape=(4, 4)))[0] == "transpose"


def test_a_factor_of_the_batch_size_is_a_sum_instead_of_a_mean():
    batch = (np.zeros((7, 2)),)
    assert names(points(lambda g: 7 * g, arguments=batch))[0] == "sum instead of mean"
    assert names(points(lambda g: g / 7, arguments=batch))[0] == "mean instead of sum"


def test_the_authors_alternatives_are_tried():
    x = np.arange(12.0).reshape(3, 4)
    context = Context(alternatives={"squared": lambda x: x**2, "cubed": lambda x: x**3})
    found = [([(k * x) ** 3], [np.cos(k * x)], (k * x,)) for k in (1.0, 1.5)]
    assert names(found, context) == ["cubed"]


def test_a_missing_term_is_named():
    context = Context(terms={"the skip path": lambda d: d, "the network's path": lambda d: np.sin(d)})
    found = []
    for _ in range(2):
        d = RNG.normal(size=9)
        found.append(([np.sin(d)], [d + np.sin(d)], (d,)))
    (finding,) = findings(found, context)
    assert (finding.name, finding.sentence) == ("missing term", "A term is missing: the skip path.")


@pytest.mark.parametrize(
    ("index", "name"),
    [((1, 2), "one entry"), ((1, slice(None)), "one row"), ((slice(None), 2), "one column")],
)
def test_if_no_name_fits_the_place_is_named(index, name):
    from gradcheck.diagnosis import locate

    def wrong(g):
        g = g.copy()
        g[index] += RNG.normal(size=g[index].shape)
        return g

    found = points(wrong)
    assert names(found) == []
    assert [f.name for f in locate([p[:2] for p in found])] == [name]


def test_missing_entries_are_counted():
    from gradcheck.diagnosis import locate

    def wrong(g):
        g = g.copy()
        g[:2, 1:] = 0
        return g

    (finding,) = locate([p[:2] for p in points(wrong)])
    assert finding.sentence == "6 of 12 entries are zero and should not be; the others are right."


def test_no_name_is_given_at_a_single_point():
    assert names(points(lambda g: -g, count=1)) == []
    assert diagnose(np.ones(3), -np.ones(3)) == []


def test_a_name_that_fits_at_only_one_point_is_not_given():
    assert names(points(lambda g: -g, count=1) + points(lambda g: 0 * g, count=1)) == []


def test_no_random_wrong_result_gets_a_name():
    rng = np.random.default_rng(7)
    context = Context(
        alternatives={"squared": lambda x: x**2},
        terms={"one": lambda x: x, "other": lambda x: np.sin(x)},
    )
    for _ in range(1000):
        shape = tuple(rng.integers(1, 6, size=rng.integers(0, 3)))
        found = []
        for _ in range(3):
            x, a = rng.normal(size=shape), rng.normal(size=shape)
            found.append(([a], [x + np.sin(x)], (x,)))
        assert names(found, context) == []
