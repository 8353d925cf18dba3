"""Arguments as people have them, which of them are differentiated, and what is said about wrong usage."""

from collections import namedtuple

import numpy as np
import pytest

from gradcheck import check_gradient, check_jacobian, check_jvp, check_vjp

RNG = np.random.default_rng(0)
A, B = np.array([1.0, 2.0]), np.array([3.0, 4.0])
WEIGHTS = [RNG.normal(size=(4, 5)), RNG.normal(size=(5, 3))]
BIASES = [RNG.normal(size=5), RNG.normal(size=3)]
INPUTS, LABELS = RNG.normal(size=(6, 4)), np.array([0, 2, 1, 1, 0, 2])
Pair = namedtuple("Pair", "weights biases")


def mlp_loss(weights, biases, x, y):
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        x = np.tanh(x @ W + b)
    z = x @ weights[-1] + biases[-1]
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()


def mlp_gradients(weights, biases, x, y):
    inputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append(np.tanh(inputs[-1] @ W + b))
    p = np.exp(inputs[-1] @ weights[-1] + biases[-1])
    d = (p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]) / len(y)
    dW, db = [], []
    for W, h in zip(weights[::-1], inputs[::-1], strict=True):
        dW.insert(0, h.T @ d)
        db.insert(0, d.sum(axis=0))
        d = (d @ W.T) * (1 - h**2)
    return dW, db


def of_dict(parameters, x, y):
    return mlp_loss(parameters["W"], parameters["b"], x, y)


def dict_gradients(parameters, x, y):
    return dict(zip("Wb", mlp_gradients(parameters["W"], parameters["b"], x, y), strict=True))


def of_pair(pair, x, y):
    return mlp_loss(*pair, x, y)


def pair_gradients(pair, x, y):
    return mlp_gradients(*pair, x, y)


MLP = (WEIGHTS, BIASES, INPUTS, LABELS)
DICT = ({"W": WEIGHTS, "b": tuple(BIASES), "steps": 3}, INPUTS, LABELS)
PAIR = (Pair(WEIGHTS, BIASES), INPUTS, LABELS)
NESTED = {
    "two lists": (mlp_loss, mlp_gradients, MLP, (0, 1)),
    "one list": (mlp_loss, lambda *args: mlp_gradients(*args)[0], MLP, "weights"),
    "a tuple for a list": (mlp_loss, lambda *args: tuple(mlp_gradients(*args)[1]), MLP, "biases"),
    "a dict of lists and an integer": (of_dict, dict_gradients, DICT, "parameters"),
    "a named tuple of lists": (of_pair, pair_gradients, PAIR, 0),
}


@pytest.mark.parametrize("case", NESTED)
def test_lists_tuples_and_dicts_of_arrays_are_differentiated(case):
    f, gradient, args, wrt = NESTED[case]
    report = check_gradient(f, gradient, *args, wrt=wrt)
    assert report, report


def test_a_wrong_array_in_a_nest_is_named():
    def wrong(parameters, x, y):
        gradients = dict_gradients(parameters, x, y)
        gradients["W"][1] = -gradients["W"][1]
        return gradients

    report = check_gradient(of_dict, wrong, *DICT, wrt=0)
    assert (report.verdict, report.names[0].name) == ("wrong", "sign")
    assert "entries of parameters['W'][1] are wrong" in report.reason
    assert "parameters['W'][1][" in str(report)


def test_an_array_in_a_nest_may_not_be_changed():
    def spoil(weights, biases, x, y):
        dW, _ = mlp_gradients(weights, biases, x, y)
        weights[1] *= 2
        return dW

    report = check_gradient(mlp_loss, spoil, *MLP, wrt="weights")
    assert (report.verdict, report.reason) == ("unsafe", "The call changes weights[1]. Work on a copy.")


@pytest.mark.parametrize(
    "change", [lambda P: P.update(a=0 * A), lambda P: P.update(c=A), lambda P: P.pop("a")]
)
def test_a_dict_or_list_may_not_be_changed(change):
    def spoil(P):
        gradients = {"a": P["b"].copy(), "b": P["a"].copy()}
        change(P)
        return gradients

    report = check_gradient(lambda P: P["a"] @ P["b"], spoil, {"a": A, "b": B})
    assert (report.verdict, report.names[0].name) == ("wrong", "changes its input")


LISTS = {
    "a list for a list": (
        lambda p: p[0] ** 2 + p[1] ** 3,
        lambda p: [2 * p[0], 3 * p[1] ** 2],
        ([1.0, 2.0],),
    ),
    "an array for a list": (lambda p: p[0] * p[1], lambda p: np.array([p[1], p[0]]), ([1.0, 2.0],)),
    "two lists": (lambda p, q: p[0] * q[0], lambda p, q: ([q[0]], [p[0]]), ([3.0], [2.0])),
    "a tuple of one array": (lambda p: (p[0] ** 2).sum(), lambda p: (2 * p[0],), ((A,),)),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_of_numbers_and_of_one_array_are_differentiated(case):
    f, gradient, args = LISTS[case]
    report = check_gradient(f, gradient, *args)
    assert report, report


def test_products_and_jacobians_of_nests_are_checked():
    P = {"a": A, "b": B}
    f = lambda P: P["a"] * P["b"]  # noqa: E731
    assert check_vjp(f, lambda P, u: {"a": u * P["b"], "b": u * P["a"]}, P)
    assert check_jvp(f, lambda P, v: P["a"] * v["b"] + v["a"] * P["b"], P)
    assert check_jacobian(f, lambda P: {"a": np.diag(P["b"]), "b": np.diag(P["a"])}, P)
    assert check_jvp(f, lambda P, v: P["a"] * v["b"], P).verdict == "wrong"


def product(a, b, factor=2.0):
    return (a @ b) * factor


def product_gradients(a, b, factor=2.0):
    return b * factor, a * factor


@pytest.mark.parametrize("wrt", [1, -1, -2, "b", np.int64(1), [1], ("b",), np.array([1])])
def test_wrt_is_a_position_or_a_name(wrt):
    args = (A, B) if wrt != -2 else (A, B, 2.0)
    report = check_gradient(product, lambda *args: product_gradients(*args)[1], *args, wrt=wrt)
    assert report, report
    assert report.checked == ("b",)
    assert "checked: b\n" in str(report)


def test_by_default_integers_and_numbers_beside_arrays_are_left_out():
    report = check_gradient(mlp_loss, lambda *args: (*mlp_gradients(*args), None), *MLP)
    assert report.checked == ("weights", "biases", "x")
    assert check_gradient(product, product_gradients, A, B, 3.0).checked == ("a", "b")
    assert check_gradient(lambda a, b: a * b, lambda a, b: (b, a), 2.0, 3.0).checked == ("a", "b")


def softmax_loss(W, x, labels):
    z = x @ W
    return (np.log(np.exp(z).sum(axis=1)) - (z * labels).sum(axis=1)).sum()


def softmax_gradients(W, x, labels):
    p = np.exp(x @ W)
    d = p / p.sum(axis=1, keepdims=True) - labels
    return x.T @ d, d @ W.T


def test_the_number_of_results_decides_where_several_choices_make_sense():
    args = (WEIGHTS[0], INPUTS, np.eye(5)[[0, 1, 2, 3, 4, 0]])
    assert check_gradient(softmax_loss, softmax_gradients, *args).checked == ("W", "x")
    three = lambda a, b, factor: (*product_gradients(a, b, factor), a @ b)  # noqa: E731
    assert check_gradient(product, three, A, B, 3.0).checked == ("a", "b", "factor")


def test_integers_are_differentiated_if_they_are_asked_for():
    assert check_gradient(lambda x: (x**2).sum(), lambda x: 2.0 * x, np.array([1, 2]), wrt=0)


def test_a_nan_among_the_arguments_is_not_taken_for_a_change():
    assert check_gradient(lambda x, q: (x**2).sum(), lambda x, q: 2 * x, A, float("nan"))


def square(x):
    return (x**2).sum()


def slope(x):
    return 2 * x


USAGE = {
    "fewer results than arrays": (
        (mlp_loss, mlp_gradients, *MLP),
        "It returned 2 arrays, but 3 arguments hold floats: weights, biases, x. "
        "Say which of weights, biases, x, y it differentiates: for example, wrt=(0, 1).",
    ),
    "one result": ((product, lambda a, b: b, A, B), "for example, wrt=0."),
    "integers only": ((square, slope, np.array([1, 2])), "Use floats, 1.0 instead of 1, or wrt='x'."),
    "text": ((len, len, "text"), "No argument holds floats"),
    "loss and cache": (
        (lambda x: (square(x), x), slope, A),
        "returned a tuple of 2; it should return one number. "
        "If that is the first of them, give lambda *args: f(*args)[0].",
    ),
    "no return": ((lambda x: None, slope, A), "The function returned None. Does it end with a return?"),
    "a string": ((lambda x: "1.0 m", slope, A), "The function should return numbers; it returned str."),
    "a vector": ((np.tanh, slope, A), "For such a function use check_vjp or check_jacobian."),
    "too few arguments": (
        (product, slope, A),
        "takes the arguments a, b, factor=2.0; it is called with 1: a.",
    ),
    "no function": ((3.0, slope, A), "The function should be a function; it is of type float."),
    "NaN": ((square, slope, np.array([np.nan])), "not finite at this point"),
}


@pytest.mark.parametrize("case", USAGE)
def test_what_cannot_be_checked_is_inconclusive_with_a_sentence_that_says_what_to_do(case):
    args, says = USAGE[case]
    report = check_gradient(*args)
    assert (report.verdict, says in report.reason) == ("inconclusive", True), report


RESULTS = {
    "other keys": (lambda P: {"a": P["b"], "c": P["a"]}, "a dict with the keys ['a', 'b']; it has the keys"),
    "a list": (
        lambda P: [P["b"], P["a"]],
        "for P should be a dict with the keys ['a', 'b']; it is of type list",
    ),
    "None inside": (
        lambda P: {"a": P["b"], "b": None},
        "For P['b'], it should return an array of real numbers; it returned a NoneType.",
    ),
    "another shape": (lambda P: {"a": P["b"], "b": P["a"][:1]}, "The shape of P['b'] should be (2,)"),
    "nothing": (lambda P: None, "Did you forget a return?"),
    "a missing argument": (lambda P, u: P, "It takes the arguments P, u; it is called with 1: P."),
}


@pytest.mark.parametrize("case", RESULTS)
def test_results_that_are_not_built_like_the_arguments_are_wrong(case):
    program, says = RESULTS[case]
    report = check_gradient(lambda P: P["a"] @ P["b"], program, {"a": A, "b": B})
    assert (report.verdict, says in report.reason) == ("wrong", True), report


def test_too_short_a_list_is_wrong():
    report = check_gradient(mlp_loss, lambda *args: mlp_gradients(*args)[0][:1], *MLP, wrt="weights")
    assert report.reason == "The result for weights should be a list of 2 parts; it has 1."


OPTIONS = [
    ({"wrt": 5}, "wrt=5 is no argument. The arguments are 0: a, 1: b."),
    ({"wrt": "c"}, "wrt='c' is no argument. The arguments are 0: a, 1: b."),
    ({"wrt": 1.0}, "wrt=1.0 is no argument"),
    ({"wrt": ()}, "wrt=() chooses no argument"),
    ({"wrt": True}, "wrt=True is no argument"),
    ({"rng": 7}, "rng should be a generator, such as np.random.default_rng(0)."),
    ({"context": {}}, "context should be a gradcheck.Context."),
    ({"rtol": "1e-3"}, "rtol should be a number from 0"),
    ({"wrt": (0, -2)}, "wrt=(0, -2) names an argument twice"),
    ({"rtol": -1}, "rtol should be a number from 0"),
    ({"atol": np.nan}, "atol should be a number from 0"),
]


@pytest.mark.parametrize(("option", "says"), OPTIONS)
def test_an_option_that_makes_no_sense_raises_a_sentence(option, says):
    with pytest.raises(ValueError, match="^" + "".join(f"[{c}]" if c in "()." else c for c in says)):
        check_gradient(product, product_gradients, A, B, **option)


def test_what_is_no_number_in_a_nest_is_left_out():
    P = {"W": A, "activation": None, "name": "linear"}
    report = check_gradient(lambda P: square(P["W"]), lambda P: {"W": 2 * P["W"]}, P, wrt="P")
    assert report, report


def test_text_cannot_be_differentiated():
    with pytest.raises(ValueError, match="wrt chooses name, which does not hold only numbers"):
        check_gradient(lambda x, name: square(x), slope, A, "linear", wrt=(0, 1))


def test_vectors_are_arrays_or_tuples_of_arrays():
    tanh_vjp = lambda x, u: u * (1 - np.tanh(x) ** 2)  # noqa: E731
    assert check_vjp(np.tanh, tanh_vjp, A, vectors=B)
    assert check_vjp(np.tanh, tanh_vjp, A, vectors=(B,))
    assert check_jvp(np.tanh, tanh_vjp, A, vectors=[B])
    with pytest.raises(ValueError, match=r"vectors should be a tuple of 1, of shape \(2,\)"):
        check_vjp(np.tanh, tanh_vjp, A, vectors=np.ones(3))
    with pytest.raises(ValueError, match="it has 2"):
        check_vjp(np.tanh, tanh_vjp, A, vectors=(B, B))


def test_a_misspelled_option_is_named():
    with pytest.raises(TypeError, match=r"check_vjp\(\) got an unexpected keyword argument 'vector'"):
        check_vjp(np.tanh, slope, A, vector=B)
