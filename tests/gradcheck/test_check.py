"""The verdicts on many kinds of programs, functions and points."""

import numpy as np
import pytest

from gradcheck import (
    Report,
    WrongGradientError,
    check_gradient,
    check_jacobian,
    check_jvp,
    check_vjp,
)

X = np.array([0.3, -1.2, 2.0, 0.7])


def total(x):
    return np.sin(x).sum()


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def saturated(z):
    return np.log(np.exp(z - z.max()).sum()) + z.max() - z[0]


def strict_log(x):
    if np.any(x <= 0):
        raise ValueError("negative")
    return np.log(x).sum()


class Counter:
    """Keeps state: every call returns a little more."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x.sum() + self.calls


def fail(x):
    raise KeyError("no")


def spoil(x):
    x += 1
    return x.sum()


VERDICTS = {
    # function, program, point, verdict, words of the report
    "right": (total, np.cos, X, "right", "agrees"),
    "wrong": (total, np.sin, X, "wrong", "4 of 4 entries"),
    "at a kink": (lambda x: np.abs(x).sum(), np.sign, np.array([0.0, 1.0]), "right", "at a kink"),
    "beyond a kink": (
        lambda x: np.abs(x).sum(),
        lambda x: np.sign(x) + 5 * (x == 0),
        np.array([0.0, 1.0]),
        "inconclusive",
        "at a kink",
    ),
    "wrong next to a kink": (
        lambda x: np.abs(x).sum(),
        lambda x: -np.sign(x),
        np.array([0.0, 1.0]),
        "wrong",
        "1 of 2",
    ),
    "close to a kink": (lambda x: np.abs(x).sum(), np.sign, np.array([1e-5, 1.0]), "right", ""),
    "wrong close to a kink": (
        lambda x: np.abs(x).sum(),
        lambda x: -np.sign(x),
        np.array([1e-5, 1.0]),
        "wrong",
        "sign",
    ),
    "constant": (lambda x: 5.0, np.zeros_like, X, "right", ""),
    "wrong and constant": (lambda x: 5.0, lambda x: 1e-6 * np.ones_like(x), X, "wrong", ""),
    "saturated": (
        saturated,
        lambda z: softmax(z) - np.eye(3)[0],
        np.array([40.0, 0.0, 1.0]),
        "inconclusive",
        "flat to within rounding",
    ),
    "wrong and saturated": (saturated, softmax, np.array([40.0, 0.0, 1.0]), "wrong", ""),
    "no entries": (lambda x: float(x.sum()), lambda x: np.zeros(0), np.zeros(0), "right", ""),
    "an array of no axes": (np.sin, np.cos, np.array(0.3), "right", ""),
    "a number": (np.sin, np.cos, 0.3, "right", ""),
    "a wrong number": (np.sin, np.sin, 0.3, "wrong", ""),
    "not differentiable by complex steps": (
        lambda x: float(abs(x).max()),
        lambda x: np.sign(x) * (abs(x) == abs(x).max()),
        X,
        "right",
        "",
    ),
    "a domain that ends near the point": (strict_log, lambda x: 1 / x, np.array([1e-9, 1.0]), "right", ""),
    "wrong in such a domain": (strict_log, lambda x: 1.001 / x, np.array([1e-9, 1.0]), "wrong", ""),
    "a function that raises": (fail, np.cos, X, "inconclusive", "itself raised KeyError"),
    "a function that is NaN": (lambda x: np.nan, np.cos, X, "inconclusive", "not finite"),
    "a function that changes its argument": (spoil, np.ones_like, X, "right", ""),
    "a function that keeps state": (Counter(), np.ones_like, X, "inconclusive", "two values"),
    "a function that is random": (
        lambda x: x.sum() + np.random.default_rng().normal(),
        np.ones_like,
        X,
        "inconclusive",
        "two values",
    ),
    "a function that returns an array": (np.sin, np.cos, X, "inconclusive", "one number"),
    "an argument of integers": (
        lambda x: (x**2).sum(),
        lambda x: 2 * x,
        np.array([1, 2, 3]),
        "inconclusive",
        "argument 0 holds integers. Use floats",
    ),
    "an argument that is text": (len, len, "text", "inconclusive", "No argument holds floats"),
    "a program that raises": (total, fail, X, "wrong", "It raised KeyError: 'no' (line"),
    "a program that returns nothing": (total, lambda x: None, X, "wrong", "Did you forget a return?"),
    "a program that returns text": (total, lambda x: "x", X, "wrong", "returned a str"),
    "a program that returns NaN": (total, lambda x: x * np.nan, X, "wrong", "nan at [0]"),
    "a program that returns a column": (total, lambda x: np.cos(x)[:, None], X, "wrong", "should be (4,)"),
    "float32": (total, lambda x: np.cos(x), X.astype(np.float32), "right", ""),
    "float64 through float32": (
        total,
        lambda x: np.cos(x.astype(np.float32)).astype(float),
        X,
        "wrong",
        "float32",
    ),
    "of size 1e8": (lambda x: 1e8 * total(x), lambda x: 1e8 * np.cos(x), X, "right", ""),
    "of size 1e-8": (lambda x: 1e-8 * total(x), lambda x: 1e-8 * np.cos(x), X, "right", ""),
    "wrong by a millionth": (total, lambda x: (1 + 1e-6) * np.cos(x), X, "wrong", ""),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_each_case_gets_its_verdict_and_a_reason(case):
    f, gradient, x, verdict, says = VERDICTS[case]
    report = check_gradient(f, gradient, x)
    assert report.verdict == verdict, report
    assert says in str(report)
    assert len(report.reason.split()) >= 4


def affine(W, b, x, y):
    return (W @ x + b)[y]


AFFINE = (np.ones((2, 3)), np.ones(2), np.array([1.0, 2.0, 4.0]), 1)


def affine_gradient(W, b, x, y):
    row = np.eye(len(b))[y]
    return np.outer(row, x), row


@pytest.mark.parametrize(
    ("program", "args", "says"),
    [
        (affine_gradient, AFFINE, "returned 2. If it differentiates only some of the arguments, say which"),
        (affine_gradient, AFFINE, "for example, wrt=(0, 1)."),
        (lambda *args: affine_gradient(*args)[0], AFFINE, "for example, wrt=0."),
        (affine_gradient, (AFFINE[0], [1, 1], [1, 2, 4], 1), "Arguments of integers are not differentiated."),
    ],
)
def test_a_wrong_number_of_arrays_comes_with_what_to_do(program, args, says):
    report = check_gradient(affine, program, *args)
    assert (report.verdict, says in report.reason) == ("wrong", True), report


def test_wrt_chooses_the_arguments_also_those_of_integers():
    assert check_gradient(affine, affine_gradient, *AFFINE, wrt=(0, 1)).verdict == "right"
    assert (
        check_gradient(lambda x: (x**2).sum(), lambda x: 2.0 * x, np.array([1, 2]), wrt=0).verdict == "right"
    )


def changes_its_input(x):
    x *= 2
    return np.cos(x / 2)


def is_random(x):
    return np.cos(x) + 1e-13 * np.random.default_rng().normal(size=x.shape)


class Buffer:
    def __call__(self, x):
        self.out = getattr(self, "out", np.empty_like(x))
        np.cos(x, out=self.out)
        return self.out


class FirstAnswer:
    """Keeps state: from its third call on, it adds a tiny number."""

    calls = 0

    def __call__(self, x):
        self.calls += 1
        return np.cos(x) + (1e-14 if self.calls > 2 else 0)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (changes_its_input, "changes its input"),
        (is_random, "random"),
        (Buffer(), "overwrites an earlier result"),
        (FirstAnswer(), "keeps state"),
    ],
)
def test_right_values_from_unsafe_code_are_unsafe(program, name):
    report = check_gradient(total, program, X.copy())
    assert (report.verdict, report.names[0].name) == ("unsafe", name)
    with pytest.raises(WrongGradientError, match="unsafe"):
        report.raise_if_wrong()


def test_two_results_that_share_memory_are_unsafe():
    def both(x, y):
        g = np.ones_like(x)
        return g, g

    report = check_gradient(lambda x, y: (x + y).sum(), both, X, X + 1)
    assert (report.verdict, report.names[0].name) == ("unsafe", "shares memory")


W = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
B = np.array([0.1, -0.2])


def layer(W, b, x):
    return np.tanh(W @ x + b)


def layer_vjp(W, b, x, u):
    d = u * (1 - np.tanh(W @ x + b) ** 2)
    return np.outer(d, x), d.copy(), W.T @ d


def layer_jvp(W, b, x, dW, db, dx):
    return (1 - np.tanh(W @ x + b) ** 2) * (dW @ x + db + W @ dx)


def test_products_with_a_jacobian_are_checked_for_all_arguments():
    assert check_vjp(layer, layer_vjp, W, B, X[:3]).verdict == "right"
    assert check_jvp(layer, layer_jvp, W, B, X[:3]).verdict == "right"
    wrong = check_jvp(layer, lambda W, b, x, dW, db, dx: layer_jvp(W, b, x, dW, 0, dx), W, B, X[:3])
    assert wrong.verdict == "wrong"
    wrong = check_vjp(layer, lambda W, b, x, u: (*layer_vjp(W, b, x, u)[:2], W.T @ u), W, B, X[:3])
    assert wrong.verdict == "wrong"
    assert "argument 2" in wrong.reason


@pytest.mark.parametrize(
    ("vjp", "says"),
    [
        (lambda z, u: softmax(z) * (1 - softmax(z)), "ignores upstream"),
        (lambda z, u: np.abs(u) * softmax(z), "not linear"),
        (lambda z, u: softmax(z) * (u - softmax(z) @ u) + 1e-3, "not linear"),
    ],
)
def test_a_product_that_is_not_linear_in_the_vector_is_wrong(vjp, says):
    report = check_vjp(softmax, vjp, X)
    assert report.verdict == "wrong"
    assert says in str(report)


def test_a_vjp_that_is_right_only_for_all_ones_is_wrong():
    report = check_vjp(np.tanh, lambda z, u: u.mean() * (1 - np.tanh(z) ** 2), X)
    assert report.verdict == "wrong"


def test_a_jacobian_has_the_outputs_first():
    f = lambda x: np.array([x[0] * x[1], x[2], x[3] ** 2, x[0], x[1]])  # noqa: E731
    J = lambda x: np.array(  # noqa: E731
        [[x[1], x[0], 0, 0], [0, 0, 1, 0], [0, 0, 0, 2 * x[3]], [1, 0, 0, 0], [0, 1, 0, 0]]
    )
    assert check_jacobian(f, J, X).verdict == "right"
    report = check_jacobian(f, lambda x: J(x).T, X)
    assert (report.verdict, report.names[0].name) == ("wrong", "transpose")


def test_only_the_named_arguments_are_differentiated():
    f = lambda a, b: float(a @ b)  # noqa: E731
    assert check_gradient(f, lambda a, b: b.copy(), X, X + 1, wrt=0).verdict == "right"
    assert check_gradient(f, lambda a, b: b.copy(), X, X + 1, wrt=[1]).verdict == "wrong"
    assert "2 arrays" in check_gradient(f, lambda a, b: b.copy(), X, X + 1).reason


def test_the_arguments_are_not_changed():
    before = X.copy()
    check_gradient(spoil, changes_its_input, X)
    assert np.array_equal(before, X)


def test_a_report_prints_as_lines_and_shows_as_a_table():
    report = check_gradient(total, np.sin, X)
    assert str(report).startswith("verdict: wrong\nwhy: 4 of 4 entries")
    assert "worst entry: at [" in str(report)
    assert report.error > report.tolerance >= report.bound
    assert report.evaluations > 0
    assert "<table>" in report._repr_html_()
    assert "<b>" not in Report("wrong", "a <b> & c")._repr_html_()
    check_gradient(total, np.cos, X).raise_if_wrong()


N = 1_000_000


def large(x):
    return float(np.log1p(np.exp(x)).sum())


def test_a_million_entries_take_60_evaluations_and_a_wrong_one_200_more():
    x = np.random.default_rng(0).normal(size=N)
    right = check_gradient(large, lambda x: 1 / (1 + np.exp(-x)), x)
    assert right.verdict == "right"
    assert right.evaluations <= 60

    def one_wrong(x):
        g = 1 / (1 + np.exp(-x))
        g[654321] += 0.01 * np.sqrt(np.mean(g**2))
        return g

    wrong = check_gradient(large, one_wrong, x)
    assert (wrong.verdict, wrong.worst) == ("wrong", (654321,))
    assert wrong.evaluations <= 260


def test_many_entries_of_several_arguments_are_checked_together():
    rng = np.random.default_rng(1)
    A, x = rng.normal(size=(30, 40)), rng.normal(size=40)
    f = lambda A, x: float(np.tanh(A @ x).sum())  # noqa: E731

    def gradient(A, x, scale=1.0):
        d = 1 - np.tanh(A @ x) ** 2
        return np.outer(d, x), scale * (A.T @ d)

    assert check_gradient(f, gradient, A, x).verdict == "right"
    assert check_gradient(f, lambda A, x: gradient(A, x, 0.99), A, x).verdict == "wrong"
