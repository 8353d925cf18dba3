"""The verdicts on many kinds of programs, functions and points."""

import numpy as np
import pytest

from gradcheck import (
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
        "right",
        "the function is flat here",
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
        "x holds integers. Use floats, 1.0 instead of 1, or wrt='x'.",
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
        report.raise_unless_right()


def same_twice(a, b, u):
    g = 1 * u
    return g, g


STORED = np.full(4, 2.0)
SHARING = {
    "the vector itself, twice": (lambda a, b: a + b, lambda a, b, u: (u, u), (X, X + 1)),
    "one new array, twice": (lambda a, b: a + b, same_twice, (X, X + 1)),
    "a view of the vector": (lambda a: a[::-1], lambda a, u: u[::-1], (X,)),
    "a stored array": (lambda a: 2 * a, lambda a, u: STORED if np.all(u == 1) else 2 * u, (X,)),
}


@pytest.mark.parametrize("case", SHARING)
def test_shared_memory_is_a_fault_only_where_results_have_to_be_new_arrays(case):
    forward, vjp, args = SHARING[case]
    assert check_vjp(forward, vjp, *args, vectors=np.ones(4)).verdict == "right"
    strict = check_vjp(forward, vjp, *args, vectors=np.ones(4), strict=True)
    assert (strict.verdict, strict.names[0].name) == ("unsafe", "shares memory"), strict


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
    assert "entries of x are wrong" in wrong.reason


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


def test_the_arguments_are_not_changed():
    before = X.copy()
    check_gradient(spoil, changes_its_input, X)
    assert np.array_equal(before, X)


@pytest.mark.parametrize("seed", [86, 0, 1])
def test_vectors_that_happen_to_be_alike_are_no_fault(seed):
    x, rng = np.array([1, 2], dtype=np.float32), np.random.default_rng(seed)
    assert check_vjp(lambda x: (x * x).sum(), lambda x, u: 2 * x * u, x, rng=rng)


def log_loss(z):
    return np.log(np.exp(z - z.max()).sum()) + z.max() - z[0]


def log_loss_gradient(z):
    return softmax(z) - np.eye(len(z), dtype=z.dtype)[0]


def without(index, gradient=log_loss_gradient):
    return lambda z: np.where(np.arange(len(z)) == index, 0, gradient(z)).astype(z.dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_small_entry_is_checked_beside_large_ones(dtype):
    z = np.array([0.0, -11.0 if dtype == np.float32 else -25.0, 0.5], dtype=dtype)
    assert abs(log_loss_gradient(z)[1]) < 1e-5
    assert check_gradient(log_loss, log_loss_gradient, z)
    assert check_gradient(log_loss, without(1), z).verdict == "wrong"


def test_entries_of_very_different_size_are_checked_each():
    s = np.array([1e-6, 1e6])
    f = lambda x: np.tanh(x / s).sum()  # noqa: E731
    assert check_gradient(f, lambda x: (1 - np.tanh(x / s) ** 2) / s, s.copy())
    wrong = check_gradient(f, lambda x: (1 - np.tanh(x / s) ** 2) / s * [1, 1 + 1e-6], s.copy())
    assert (wrong.verdict, wrong.worst) == ("wrong", (1,))


def normalized(x):
    centered = x - x.mean(axis=-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + x.dtype.type(1e-5))


def normalized_vjp(x, u):
    h = normalized(x)
    s = np.sqrt(((x - x.mean(axis=-1, keepdims=True)) ** 2).mean(axis=-1, keepdims=True) + x.dtype.type(1e-5))
    return (u - u.mean(axis=-1, keepdims=True) - h * (u * h).mean(axis=-1, keepdims=True)) / s


@pytest.mark.parametrize("shape", [(3, 8), (30, 20)])
def test_a_large_offset_in_float32_is_no_fault(shape):
    for seed in range(3):
        x = (np.random.default_rng(seed).normal(size=shape) + 1e4).astype(np.float32)
        assert check_vjp(normalized, normalized_vjp, x)
        wrong = check_vjp(normalized, lambda x, u: np.float32(1.1) * normalized_vjp(x, u), x)
        assert wrong.verdict == "wrong"


SATURATED = [
    np.array([1000.0, 3.0, -500.0]),
    np.array([-1000.0, 3.0, 500.0]),
    np.array([1e6, 0, 0], np.float32),
]


@pytest.mark.parametrize("z", SATURATED)
def test_a_saturated_loss_is_judged_and_the_reader_told_that_it_is_flat(z):
    report = check_gradient(log_loss, log_loss_gradient, z)
    assert report, report
    assert "flat" in report.reason or np.abs(log_loss_gradient(z)).max() > 0.5
    assert check_vjp(softmax, lambda z, u: softmax(z) * (u - softmax(z) @ u), z)
    assert check_gradient(log_loss, softmax, z).verdict == "wrong"


def test_a_stale_result_is_wrong_at_any_size():
    for size in (3, 402):
        stored: dict = {}
        report = check_gradient(
            lambda x: (x**2).sum(), lambda x, s=stored: s.setdefault("g", 2 * x).copy(), np.arange(1.0, size)
        )
        assert (report.verdict, report.names[0].name) == ("wrong", "keeps state")
        assert check_gradient(lambda x: 3 * x.sum(), lambda x: np.full_like(x, 3), np.arange(1.0, size))


def test_a_right_gradient_of_up_to_20_inputs_takes_60_evaluations_in_the_median():
    from tests.gradcheck.functions import FUNCTIONS

    taken = [
        check_gradient(function.f, function.gradient, x).evaluations
        for function in FUNCTIONS
        for x in function.points(np.random.default_rng(0))
        if x.size <= 20
    ]
    assert len(taken) > 200
    assert np.median(taken) <= 60


ONE, ANOTHER = np.array([1.0, 2.0]), np.array([3.0, 4.0])


def clipped(x, u):
    return 2 * x * np.clip(u, -5, 5)


def test_a_product_that_clips_its_vector_is_not_linear():
    report = check_vjp(lambda x: x * x, clipped, ONE)
    assert (report.verdict, report.names[0].name) == ("wrong", "not linear")


def test_a_product_that_fails_for_the_vector_zero_says_so():
    report = check_vjp(lambda x: x * x, lambda x, u: 2 * x * u * np.sqrt(u @ u) / np.sqrt(u @ u), ONE)
    assert report.verdict == "wrong"
    assert report.reason.endswith("This is for the vector 0.")


def test_one_stale_result_of_several_is_found():
    stored: dict = {}
    stale = lambda a, b: (stored.setdefault("b", b.copy()).copy(), a.copy())  # noqa: E731
    assert check_gradient(lambda a, b: a @ b, stale, ONE, ANOTHER).verdict == "wrong"
    constant = lambda a, b: (np.ones(2), 2 * b)  # noqa: E731
    assert check_gradient(lambda a, b: (a + b**2).sum(), constant, ONE, ANOTHER)


def test_a_derivative_that_a_complex_step_drops_beside_a_large_one_is_not_lost():
    f = lambda w: 1e4 * w[0] ** 2 + 1e-6 * abs(w).sum()  # noqa: E731
    large = lambda w: np.array([2e4 * w[0], 0.0])  # noqa: E731
    assert check_gradient(f, lambda w: large(w) + 1e-6 * np.sign(w), ONE)
    assert check_gradient(f, large, ONE).verdict == "wrong"


@pytest.mark.parametrize("t", [200.0, 365.0, 400.0, 1000.0])
def test_a_period_that_divides_the_argument_is_not_taken_for_the_step(t):
    f = lambda t: np.sin(2 * np.pi * t).sum()  # noqa: E731
    assert check_gradient(f, lambda t: 2 * np.pi * np.cos(2 * np.pi * t), np.array([t]))
    more = lambda t: f(t) + t.sum() ** 2  # noqa: E731
    assert check_gradient(more, lambda t: 2 * t, np.array([t])).verdict == "wrong"


@pytest.mark.parametrize(
    ("f", "gradient", "x"),
    [
        (lambda x: 3 * x.sum(), lambda x: np.full_like(x, 3), np.array([1e160, 2e160])),
        (lambda x: (x**2).sum(), lambda x: 2 * x, np.array([1e-170, 2e-170])),
        (lambda x: (abs(x / 1e-12) ** 2).sum(), lambda x: 2 * x / 1e-24, np.array([1e-12, 1e12])),
        (lambda x: 1e14 + np.sin(x).sum(), np.cos, np.array([1.0, 2.0])),
        (lambda x: round(float((x**2).sum()), 4), lambda x: 2 * x, np.array([1.0, 2.0])),
        (lambda x: np.float32(1000) + np.sin(x).astype("f").sum(), np.cos, np.array([1.0, 2.0])),
    ],
)
def test_what_rounding_hides_is_not_called_wrong(f, gradient, x):
    assert check_gradient(f, gradient, x).verdict in ("right", "inconclusive")
    assert not np.any(f(x)) or check_gradient(f, lambda x: -1e9 * gradient(x), x).verdict != "right"


def softmax_sum_gradient(x):
    return (np.diag(softmax(x)) - np.outer(softmax(x), softmax(x))).sum(axis=0)


def test_a_function_that_is_constant_up_to_rounding_has_the_gradient_zero_up_to_rounding():
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=5)
        assert check_gradient(lambda x: softmax(x).sum(), softmax_sum_gradient, x)
        assert check_gradient(lambda x: normalized(x).sum(), lambda x: normalized_vjp(x, np.ones(5)), x)
        assert check_gradient(lambda x: softmax(x).sum(), lambda x: 1e-9 * x, x).verdict == "wrong"


def test_a_layer_norm_far_from_zero_is_not_called_a_kink():
    for seed in range(3):
        x = 1e7 + np.random.default_rng(seed).normal(size=(3, 8))
        assert check_vjp(normalized, normalized_vjp, x).verdict in ("right", "inconclusive")


def test_errors_that_float32_hides_are_not_called_right():
    x = (1e5 + np.random.default_rng(0).normal(size=6)).astype(np.float32)
    negative = lambda x: -np.float32(2) * (x - x.mean()) / np.float32(6)  # noqa: E731
    assert check_gradient(lambda x: x.var(), negative, x).verdict != "right"


def test_a_loss_computed_in_float32_is_not_called_wrong():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, y, w = rng.normal(size=(50, 4)).astype("f"), rng.normal(size=50).astype("f"), rng.normal(size=4)
        loss = lambda w, X=X, y=y: ((X @ w.astype("f") - y) ** 2).sum()  # noqa: E731
        report = check_gradient(loss, lambda w, X=X, y=y: 2 * X.T.astype(float) @ (X @ w - y), w)
        assert report.verdict in ("right", "inconclusive"), report
