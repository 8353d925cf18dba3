"""Gradients with more than 400 entries, which are compared along directions and in blocks."""

import numpy as np
import pytest

from gradcheck import Context, check_gradient, check_vjp

N = 1_000_000


def large(x):
    return float(np.log1p(np.exp(x)).sum())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_million_entries_take_60_evaluations_and_a_wrong_one_200_more():
    x = np.random.default_rng(0).normal(size=N)
    right = check_gradient(large, sigmoid, x)
    assert right.verdict == "right"
    assert right.evaluations <= 60

    def one_wrong(x):
        g = sigmoid(x)
        g[654321] += 0.01 * np.sqrt(np.mean(g**2))
        return g

    wrong = check_gradient(large, one_wrong, x)
    assert (wrong.verdict, wrong.worst) == ("wrong", (654321,))
    assert "x[654321]" in str(wrong)
    assert wrong.evaluations <= 260


def layer(W, b, X):
    return np.tanh(X @ W.T + b).mean()


def layer_gradients(W, b, X):
    d = (1 - np.tanh(X @ W.T + b) ** 2) / (len(X) * len(W))
    return d.T @ X, d.sum(axis=0)


RNG = np.random.default_rng(1)
WEIGHTS = RNG.normal(size=(100, 100)), RNG.normal(size=100), RNG.normal(size=(30, 100))
OF_W = {
    "sign": lambda g: -g,
    "factor": lambda g: 2 * g,
    "sum instead of mean": lambda g: 30 * g,
    "mean instead of sum": lambda g: g / 30,
    "zero": lambda g: 0 * g,
    "transpose": lambda g: g.T,
    "absolute value": np.abs,
}


@pytest.mark.parametrize("name", OF_W)
def test_a_mistake_in_all_entries_is_named_as_in_a_small_array(name):
    def wrong(W, b, X):
        return OF_W[name](layer_gradients(W, b, X)[0])

    report = check_gradient(layer, wrong, *WEIGHTS, wrt="W")
    assert (report.verdict, report.names[0].name) == ("wrong", name)
    assert "entries of W that were looked at are wrong" in report.reason


@pytest.mark.parametrize("shape", [(300, 40), (7, 9, 31), (50_000,)])
def test_names_do_not_depend_on_the_shape(shape):
    x = np.random.default_rng(2).normal(size=shape)
    report = check_gradient(lambda x: np.sin(x).mean(), lambda x: np.cos(x), x)
    assert report.names[0].name == "sum instead of mean" or shape not in ((300, 40), (50_000,))
    assert check_gradient(lambda x: np.sin(x).mean(), lambda x: np.cos(x) / x.size, x)


def test_the_authors_mistakes_are_tried_on_blocks_too():
    context = Context(
        alternatives={"no tanh": lambda W, b, X: np.ones((len(W), 1)) * X.mean(axis=0) / len(W)},
        functions={"the sum of squares": lambda W, b, X: (np.tanh(X @ W.T + b) ** 2).mean()},
    )

    def squares(W, b, X):
        t = np.tanh(X @ W.T + b)
        return (2 * t * (1 - t**2) / t.size).T @ X

    wrong = check_gradient(layer, squares, *WEIGHTS, wrt="W", context=context)
    assert "the sum of squares" in wrong.names[0].sentence
    linear = context.alternatives["no tanh"]
    assert check_gradient(layer, linear, *WEIGHTS, wrt="W", context=context).names[0].name == "no tanh"


def test_a_single_wrong_entry_of_a_matrix_is_found_and_shown():
    def wrong(W, b, X):
        dW, db = layer_gradients(W, b, X)
        dW[3, 7] *= 1.5
        return dW, db

    report = check_gradient(layer, wrong, *WEIGHTS, wrt=("W", "b"))
    assert (report.verdict, report.worst, report.names[0].name) == ("wrong", (3, 7), "one entry")
    right = layer_gradients(*WEIGHTS)[0][3, 7]
    assert f"{1.5 * right:.10g}" in str(report)
    assert f"{right:.6g}"[:7] in str(report)


def test_the_right_one_of_two_arrays_is_blamed():
    def wrong(W, b, X):
        dW, db = layer_gradients(W, b, X)
        return dW, -db

    report = check_gradient(layer, wrong, *WEIGHTS, wrt=("W", "b"))
    assert report.reason == "36 of 36 entries of b that were looked at are wrong."
    assert report.names[0].name == "sign"


def test_arrays_in_lists_are_checked_together():
    rng = np.random.default_rng(1)
    A, x = rng.normal(size=(30, 40)), rng.normal(size=40)

    def gradient(parameters, scale=1.0):
        A, x = parameters
        d = 1 - np.tanh(A @ x) ** 2
        return [np.outer(d, x), scale * (A.T @ d)]

    f = lambda parameters: float(np.tanh(parameters[0] @ parameters[1]).sum())  # noqa: E731
    assert check_gradient(f, gradient, [A, x])
    wrong = check_gradient(f, lambda p: gradient(p, 0.99), [A, x])
    assert "parameters[1]" in wrong.reason


def test_float32_is_judged_too():
    x = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    assert check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, np.ones(401, dtype=np.float32))
    assert check_gradient(lambda x: np.sin(x).sum(), np.cos, x, strict=True)
    wrong = check_gradient(lambda x: np.sin(x).sum(), lambda x: np.float32(1.01) * np.cos(x), x)
    assert wrong.verdict == "wrong"


def test_a_product_of_many_entries_has_to_be_linear_in_the_vector():
    x = np.random.default_rng(0).normal(size=500)
    assert check_vjp(np.tanh, lambda x, u: u * (1 - np.tanh(x) ** 2), x)
    wrong = check_vjp(np.tanh, lambda x, u: np.abs(u) * (1 - np.tanh(x) ** 2), x)
    assert wrong.verdict == "wrong"


def test_a_wrong_row_is_not_called_one_entry():
    def wrong(W, b, X):
        dW = layer_gradients(W, b, X)[0]
        dW[3] = 0
        return dW

    report = check_gradient(layer, wrong, *WEIGHTS, wrt="W")
    assert report.verdict == "wrong"
    assert "one entry" not in [finding.name for finding in report.names]


def test_a_small_array_beside_a_large_one_is_looked_at():
    a, b = np.random.default_rng(3).normal(size=(2, 251))
    f = lambda a, b: (a * a).sum() + 1e-8 * (b * b).sum()  # noqa: E731
    assert check_gradient(f, lambda a, b: (2 * a, 2e-8 * b), a, b)
    assert check_gradient(f, lambda a, b: (2 * a, 0 * b), a, b).verdict == "wrong"


def test_one_wrong_entry_of_float32_is_found_among_many():
    x = np.random.default_rng(0).normal(size=100_000).astype(np.float32)

    def wrong(x):
        g = np.cos(x)
        g[77] += 0.5
        return g

    assert check_gradient(lambda x: np.sin(x).sum(), np.cos, x)
    report = check_gradient(lambda x: np.sin(x).sum(), wrong, x)
    assert (report.verdict, report.worst) == ("wrong", (77,))


def test_constants_and_kinks_of_many_entries():
    assert check_gradient(lambda x: 3.0, np.zeros_like, np.ones(1000))
    kinked = np.append(np.zeros(300), np.ones(300))
    report = check_gradient(lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, kinked)
    assert (report.verdict, "at a kink" in report.reason) == ("inconclusive", True)
