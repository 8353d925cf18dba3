from dataclasses import replace

import numpy as np
import pytest

from gradcheck import Context, Names, diagnose
from gradcheck.places import locate

RNG = np.random.default_rng(0)
G = RNG.normal(size=(3, 4))


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
    def wrong(g):
        g = g.copy()
        g[index] += RNG.normal(size=g[index].shape)
        return g

    found = points(wrong)
    assert names(found) == []
    assert [f.name for f in locate([p[:2] for p in found])] == [name]


def test_missing_entries_are_counted():
    def wrong(g):
        g = g.copy()
        g[:2, 1:] = 0
        return g

    (finding,) = locate([p[:2] for p in points(wrong)])
    assert finding.sentence == "6 of 12 entries are zero and should not be; the others are right."


def test_a_result_of_zeros_up_to_rounding_is_zero_and_no_term_is_missing():
    context = Context(terms={"one": lambda x: x, "other": np.sin})
    found = points(lambda g: 1e-17 * np.cos(g))
    for (_, right, _), x in zip(found, RNG.normal(size=(3, 3, 4)), strict=True):
        right[0] = x + np.sin(x)
    assert names(found, context) == ["zero"]


def test_a_wrong_sign_is_named_before_the_terms():
    context = Context(terms={"one": lambda x: x, "other": np.sin})
    found = [([-x - np.sin(x)], [x + np.sin(x)], (x,)) for x in RNG.normal(size=(3, 5))]
    assert [f.sentence for f in findings(found, context)] == ["It has the wrong sign."]


def test_an_alternative_that_fits_comes_before_a_factor():
    context = Context(alternatives={"1/N forgotten": lambda x: 6 * x})
    found = [([6 * x], [x], (x,)) for x in RNG.normal(size=(3, 6))]
    assert names(found, context)[0] == "1/N forgotten"


def test_a_term_with_a_wrong_factor_is_named():
    context = Context(terms={"one": lambda x: x, "other": np.sin})
    for factor, name in (
        (6, "sum instead of mean"),
        (1 / 6, "mean instead of sum"),
        (0.3, "factor of a term"),
    ):
        found = [([x + factor * np.sin(x)], [x + np.sin(x)], (x,)) for x in RNG.normal(size=(3, 6))]
        assert names(found, context) == [name]


@pytest.mark.parametrize("change", [1.001, 1.00001])
def test_a_small_error_in_one_entry_or_row_is_not_called_an_approximation(change):
    for index, place in (((1, 2), "one entry"), (1, "one row")):

        def wrong(g, index=index):
            g = g.copy()
            g[index] *= change
            return g

        found = points(wrong)
        assert names(found) == []
        assert [f.name for f in locate([p[:2] for p in found])] == [place]


def test_a_factor_near_one_is_named():
    (finding,) = findings(points(lambda g: 1.000001 * g))
    assert (finding.name, finding.sentence) == ("factor", "It is 1.000001 times the right one.")


def test_a_result_that_is_only_close_is_an_approximation():
    assert names(points(lambda g: g * (1 + 1e-6 * RNG.normal(size=g.shape)))) == ["approximate"]


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ((1, 0, 2), "dx and dy are swapped."),
        ((0, 2, 1), "dy and dz are swapped."),
        ((2, 0, 1), "The order of the results should be dx, dy, dz; it is dz, dx, dy."),
    ],
)
def test_results_in_another_order_are_named(order, sentence):
    right = [[RNG.normal(size=4) for _ in range(3)] for _ in range(2)]
    wrong = [[arrays[i] for i in order] for arrays in right]
    context = Context(names=Names(results=("dx", "dy", "dz")))
    assert [f.sentence for f in diagnose(wrong, right, context)] == [sentence]


def test_a_finding_says_which_of_several_results_it_is_about():
    right = [[RNG.normal(size=4), RNG.normal(size=(2, 3))] for _ in range(2)]
    wrong = [[a, -b] for a, b in right]
    context = Context(names=Names(results=("db", "dW")))
    assert [f.sentence for f in diagnose(wrong, right, context)] == ["In dW: it has the wrong sign."]
    both = [[-a, -b] for a, b in right]
    assert [f.sentence for f in diagnose(both, right, context)] == ["It has the wrong sign."]


def test_a_transposed_factor_is_named():
    W = RNG.normal(size=(4, 4))
    found = [([W @ v], [W.T @ v], (W,)) for v in RNG.normal(size=(3, 4))]
    assert names(found) == ["W for W^T"]


def guessed(wrong, shape=(4,)):
    """The first finding of a mistake that depends on the right result, a vector, a matrix and labels."""
    found = []
    for _ in range(3):
        g, x, W = RNG.normal(size=shape), RNG.normal(size=4), RNG.normal(size=(4, 4))
        labels = RNG.integers(4, size=5)
        found.append(([wrong(g, x, W, labels)], [g], ({"x": x}, [W, labels])))
    return findings(found)[0]


@pytest.mark.parametrize(
    ("name", "sentence", "wrong"),
    [
        ("missing term", "A term is missing: argument 0['x'].", lambda g, x, W, y: g - x),
        ("sign of a term", "A term has the wrong sign: argument 0['x'].", lambda g, x, W, y: g - 2 * x),
        ("wrong term", "Its error is a multiple of one term: argument 0['x'].", lambda g, x, W, y: g + 3 * x),
        ("equals an argument", "It is a multiple of argument 0['x']", lambda g, x, W, y: 2 * x),
        ("product of arguments", "It is a multiple of the product of", lambda g, x, W, y: W.T @ x),
        ("factor", "It is the right one times argument 0['x'].", lambda g, x, W, y: g * x),
        ("factor", "It is the right one times a number that changes", lambda g, x, W, y: g * x[0]),
        (
            "label not subtracted",
            "The label is not subtracted: the sum of argument 1[1].",
            lambda g, x, W, y: g + np.bincount(y, minlength=4) / 5,
        ),
    ],
)
def test_what_the_arguments_explain_is_named(name, sentence, wrong):
    """Arguments may be lists and dicts of arrays."""
    finding = guessed(wrong)
    assert finding.name == name
    assert finding.sentence.startswith(sentence)


def test_a_factor_of_each_row_is_named():
    finding = guessed(lambda g, x, W, y: g * x[:3, None], shape=(3, 5))
    assert finding.sentence == "Each row is the right one times a number of its own: is a factor missing?"


def test_masks_are_named():
    upstream = RNG.normal(size=(2, 9))
    masks = np.array([[1, 0, 1, 1, 0, 1, 0, 0, 1], [0, 1, 1, 0, 1, 1, 0, 1, 0]])
    right = list(upstream * masks)
    assert [f.name for f in diagnose(list(upstream), right)] == ["mask all ones"]
    assert [f.name for f in diagnose(list(upstream * (1 - masks)), right)] == ["mask inverted"]


PLAIN = [
    (-G, G, "sign"),
    (2 * G, G, "factor"),
    (0 * G, G, "zero"),
    (G.T, G, "transpose"),
    (G.ravel(), G, "wrong shape"),
    (G[:2, :3], G, "wrong shape"),
    (G.sum(axis=0), G, "summed too far"),
    (np.abs(G), G, "absolute value"),
    (G + np.eye(3, 4)[1] * np.eye(3)[[1]].T, G, "one entry"),
    (np.where(G > 0, G, np.nan), G, "not finite"),
    (np.full((3, 4), np.inf), G, "not finite"),
    (np.array(["a"]), G, "wrong type"),
    (None, G, "wrong type"),
    (0.0, 2.0, "zero"),
    (np.array([2.0]), 2.0, "wrong shape"),
    ([G, G], [G], "wrong type"),
    ([[G, G]], [[G]], "wrong type"),
    ([[G, G], [G]], [[G, G], [G, G]], "wrong type"),
]


@pytest.mark.parametrize(("actual", "expected", "name"), PLAIN)
def test_two_plain_arrays_are_diagnosed_and_none_crash(actual, expected, name):
    assert [f.name for f in diagnose(actual, expected)] == [name]


def test_of_two_plain_arrays_the_context_is_used():
    x = RNG.normal(size=6)
    context = Context(terms={"one": np.cos, "other": np.sin}, arguments=[(x,)])
    assert [f.name for f in diagnose(np.cos(x), np.cos(x) + np.sin(x), context)] == ["missing term"]


def test_a_right_result_and_too_few_entries_have_no_name():
    assert diagnose(G, G) == diagnose([G, G], [G, G]) == diagnose([], []) == []
    assert diagnose(np.ones(2), -np.ones(2)) == diagnose(3.0, 1.5) == []
    assert [f.name for f in diagnose(np.ones(3), -np.ones(3))] == ["sign"]
    assert names(points(lambda g: -g, shape=(), count=3)) == ["sign"]


def test_a_name_that_fits_at_only_one_point_is_not_given():
    assert names(points(lambda g: -g, count=1) + points(lambda g: 0 * g, count=1)) == []


RICH = Context(
    alternatives={"squared": lambda x, *_: x**2},
    terms={"one": lambda x, *_: x, "other": lambda x, *_: np.sin(x)},
)


def random_results(rng, shape):
    """A random wrong result, the right one, and arguments, some of them of the same shape."""
    x, a = rng.normal(size=shape), rng.normal(size=shape)
    arguments = (
        x,
        rng.normal(size=(4, 4)),
        rng.normal(size=4),
        rng.normal(size=shape),
        np.array([0, 2, 1, 0]),
        0.7,
    )
    return a, x + np.sin(x), arguments


@pytest.mark.parametrize("several", [False, True])
def test_no_random_wrong_result_gets_a_name(several):
    """At three points, a name needs three entries more than it has free numbers, over all points."""
    rng = np.random.default_rng(7)
    for _ in range(500):
        shapes = [tuple(rng.integers(1, 6, size=rng.integers(0, 4))) for _ in range(1 + several)]
        found = []
        for _ in range(3):
            drawn = [random_results(rng, shape) for shape in shapes]
            found.append(([a for a, _, _ in drawn], [g for _, g, _ in drawn], drawn[0][2]))
        assert names(found, RICH) == []


def test_no_random_wrong_result_gets_a_name_at_one_point():
    """At one point too: a sign from 3 entries on, a factor from 4, one factor per row from 3 beside them."""
    rng = np.random.default_rng(8)
    for _ in range(1000):
        shape = tuple(rng.integers(1, 6, size=rng.integers(0, 4)))
        a, g, arguments = random_results(rng, shape)
        assert diagnose(a, g, replace(RICH, arguments=[arguments])) == []
