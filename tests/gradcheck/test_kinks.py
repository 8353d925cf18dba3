"""Where the slopes on the two sides differ, any convention is right; what no convention gives is wrong."""

import numpy as np
import pytest

from gradcheck import check_gradient, check_jacobian, check_jvp, check_vjp

TIE = np.array([1.0, 1.0, 0.3])


def every(x):
    return (x == x.max()) * 1.0


def first(x):
    return np.eye(len(x))[x.argmax()]


def relus(x):
    return np.maximum(x, 0).sum()


RIGHT = {
    "the first of a tie": (np.max, first, TIE),
    "equal shares of a tie": (np.max, lambda x: every(x) / every(x).sum(), TIE),
    "zero for ReLUs at 0": (relus, lambda x: (x > 0) * 1.0, np.array([0.0, 0.0, 1.0, -1.0])),
    "one for ReLUs at 0": (relus, lambda x: (x >= 0) * 1.0, np.array([0.0, 0.0, 1.0, -1.0])),
    "half for ReLUs at 0": (relus, lambda x: (1 + np.sign(x)) / 2, np.zeros(4)),
    "zero for absolute values": (lambda x: np.abs(x).sum(), np.sign, np.zeros(3)),
    "ReLUs of opposite signs": (
        lambda x: np.maximum(x[0], 0) - np.maximum(-x[1], 0),
        lambda x: np.array([x[0] > 0, x[1] < 0]) * 1.0,
        np.zeros(2),
    ),
    "the difference of two equal entries": (
        lambda x: abs(x[0] - x[1]),
        lambda x: np.sign(x[0] - x[1]) * np.array([1.0, -1.0, 0.0]),
        TIE,
    ),
    "the first median": (
        np.median,
        lambda x: (np.argsort(np.argsort(x, kind="stable")) == len(x) // 2) * 1.0,
        np.array([1.0, 1.0, 2.0]),
    ),
}
WRONG = {
    "all of a tie": (np.max, every, TIE),
    "none of a tie": (np.max, lambda x: every(x) * (every(x).sum() == 1), TIE),
    "half for three": (np.max, lambda x: every(x) / 2, np.array([2.0, 2.0, 2.0])),
    "all of a tie of sizes": (
        lambda x: np.abs(x).max(),
        lambda x: np.sign(x) * (np.abs(x) == np.abs(x).max()),
        np.array([-1.0, 1.0, 0.5]),
    ),
    "one side of a difference": (
        lambda x: abs(x[0] - x[1]),
        lambda x: np.array([np.sign(x[0] - x[1]) or 1.0, 0.0, 0.0]),
        TIE,
    ),
}


@pytest.mark.parametrize("case", RIGHT)
def test_every_convention_is_right(case):
    f, gradient, x = RIGHT[case]
    report = check_gradient(f, gradient, x)
    assert report, report
    assert "at a kink" in report.reason


@pytest.mark.parametrize("case", WRONG)
def test_entries_that_are_possible_only_one_by_one_are_wrong(case):
    report = check_gradient(*WRONG[case])
    assert report.verdict == "wrong", report
    assert report.names[0].name == "not together"
    assert "along the direction [" in report.reason


def test_ties_are_judged_in_all_four_checks():
    rows = np.array([[1.0, 1.0, 0.3], [2.0, 1.0, 2.0]])
    tied = lambda X: (X.max(axis=1, keepdims=True) == X) * 1.0  # noqa: E731
    assert check_vjp(lambda X: X.max(axis=1), lambda X, u: tied(X) * u[:, None], rows).verdict == "wrong"
    assert check_jvp(np.max, lambda x, v: every(x) @ v, TIE).verdict == "wrong"
    assert check_jvp(np.max, lambda x, v: first(x) @ v, TIE).verdict == "right"
    pairs = lambda x: np.abs(x[:1] - x[1:])  # noqa: E731
    ones = np.ones(3)
    assert check_jacobian(pairs, lambda x: np.array([[1.0, 0, 0], [0, 0, 0]]), ones).verdict == "wrong"
    signs = lambda x: np.sign(x[:1] - x[1:])[:, None] * np.array([[1.0, -1, 0], [1, 0, -1]])  # noqa: E731
    assert check_jacobian(pairs, signs, ones).verdict == "right"


def test_a_smooth_function_of_a_small_scale_has_no_kink():
    s = np.array([1e-5, 1e5])
    f = lambda x: np.sqrt(1 + (x / s) ** 2).sum()  # noqa: E731
    assert check_gradient(f, lambda x: x / s**2 / np.sqrt(1 + (x / s) ** 2), s.copy())
    assert check_gradient(f, lambda x: np.array([0.0, 0.5**0.5 / 1e5]), s.copy()).verdict == "wrong"


def test_where_f_itself_jumps_nothing_is_right():
    report = check_gradient(lambda x: np.sign(x).sum(), np.zeros_like, np.array([0.0, 1.0]))
    assert report.verdict == "inconclusive"


def test_a_kink_that_no_input_shows_alone_is_seen():
    first = lambda x: (np.arange(3) == np.argsort(x, kind="stable")[1]) * 1.0  # noqa: E731
    x = np.ones(3)
    assert check_gradient(np.median, first, x).verdict in ("right", "inconclusive")
    assert check_gradient(np.median, lambda x: first(x) * (np.ptp(x) > 0), x).verdict == "wrong"


def test_a_tie_among_other_kinks_is_found():
    f = lambda x: np.maximum(x[:4], 0).sum() + x[4:].max()  # noqa: E731
    every = lambda x: np.append((x[:4] > 0) * 1.0, x[4:] == x[4:].max())  # noqa: E731
    one = lambda x: np.append((x[:4] > 0) * 1.0, np.arange(2) == x[4:].argmax())  # noqa: E731
    assert check_gradient(f, one, np.zeros(6))
    assert check_gradient(f, every, np.zeros(6)).verdict == "wrong"


def test_rounding_along_a_direction_that_changes_nothing_refutes_nothing():
    c = np.random.default_rng(0).uniform(0.5, 2, 3).astype(np.float32)
    f = lambda x: (c * np.abs(x - x.mean())).sum()  # noqa: E731
    centered = lambda s: s - s.mean()  # noqa: E731
    report = check_gradient(
        f, lambda x: centered(c * np.sign(x - x.mean())), np.array([-1, 0, 1], dtype=np.float32)
    )
    assert report.verdict != "wrong", report


def test_a_tie_beside_a_larger_smooth_part_is_found():
    f = lambda x: x.max() + (x**2).sum()  # noqa: E731
    x = np.array([6.0, 6.0, 1.0])
    assert check_gradient(f, lambda x: every(x) + 2 * x, x).verdict == "wrong"
    assert check_gradient(f, lambda x: first(x) + 2 * x, x)


def test_inputs_of_very_different_size_move_by_their_own():
    a, b = 1e-4 * np.array([1.0, 2.0]), 1e4 * np.array([1.0, 0.0])
    f = lambda a, b: np.sin(a / 1e-4).sum() + np.sin(b / 1e4).sum() + abs(b[1])  # noqa: E731
    assert check_gradient(f, lambda a, b: (np.cos(a / 1e-4) / 1e-4, np.cos(b / 1e4) / 1e4), a, b)
