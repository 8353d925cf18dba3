"""The reference solution against extended precision, complex steps and identities of calculus."""

import cmath
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions import p1_methods
from solutions.p1_methods import (
    Counted,
    Dual,
    best_step,
    central_difference,
    constant,
    derivative,
    difference_jacobian,
    differentiate,
    forward_difference,
    is_gradient_right,
    second_derivative,
    tanh,
    variable,
)

LONG = np.longdouble
STEP = 1e-30

coordinates = st.lists(st.floats(-3, 3), min_size=1, max_size=6).map(np.array)


@given(coordinates, st.sampled_from([0.5, 0.125, 1e-3]))
@settings(max_examples=100, deadline=None)
def test_differences_are_what_extended_precision_gives(x, h):
    def f(v):
        return (np.sin(v) * np.exp(v / 2)).sum()

    wide, steps = x.astype(LONG), h * np.eye(len(x), dtype=LONG)
    forward = np.array([(f(wide + s) - f(wide)) / h for s in steps]).astype(float)
    central = np.array([(f(wide + s) - f(wide - s)) / (2 * h) for s in steps]).astype(float)
    assert np.allclose(forward_difference(f, x, h), forward, rtol=1e-9, atol=1e-14 / h * 30)
    assert np.allclose(central_difference(f, x, h), central, rtol=1e-9, atol=1e-14 / h * 30)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (5, 1), (3, 2)])
def test_the_jacobian_of_a_quadratic_function_is_exact_and_takes_2_n_evaluations(m, n):
    rng = np.random.default_rng(m + n)
    A, B, x = rng.normal(size=(m, n)), rng.normal(size=(m, n)), rng.normal(size=n)
    f = Counted(lambda v: A @ v + B @ v**2)
    assert np.allclose(difference_jacobian(f, x, 0.25), A + 2 * B * x, rtol=0, atol=1e-13)
    assert f.evaluations == 2 * n


def test_the_numbers_of_evaluations_are_those_that_the_docstrings_say():
    for n in (1, 2, 7):
        f = Counted(lambda v: (v**2).sum())
        forward_difference(f, np.ones(n), 0.1)
        assert f.evaluations == n + 1
        f = Counted(lambda v: (v**2).sum())
        central_difference(f, np.ones(n), 0.1)
        assert f.evaluations == 2 * n
        f = Counted(lambda v: (v**2).sum())
        is_gradient_right(f, lambda v: 2 * v, np.ones(n))
        assert f.evaluations <= 2 * n + 10


def test_the_best_step_skips_nan_and_prefers_the_largest_of_equals():
    assert best_step(lambda t: 3 * t, lambda t: 3.0, 2.0, np.array([0.25, 1.0, 0.5])) == 1.0
    with np.errstate(invalid="ignore"):
        assert best_step(np.sqrt, lambda t: 0.5 / np.sqrt(t), 1.0, np.array([2.0, 0.5, 0.25])) == 0.25


# Programs, as text, of a variable t; each is run on complex numbers, on Duals and as a formula.
PROGRAMS = (
    "3 - t * t",
    "(t + 1) / (t * t + 2) - 5 / t",
    "exp(sin(t)) * t",
    "log(t * t + 1) ** 3",
    "(2 + sin(t)) ** -1.5 / exp(t)",
    "sin(exp(t) / (1 + t)) - t ** 0.5",
)
points = st.floats(0.2, 2.0)


def run(text, t, names):
    return eval(text, {"t": t, **vars(names)})


COMPLEX = SimpleNamespace(exp=cmath.exp, log=cmath.log, sin=cmath.sin)
FORMULA = SimpleNamespace(exp=lambda u: u.exp(), log=lambda u: u.log(), sin=lambda u: u.sin())


@pytest.mark.parametrize("text", PROGRAMS)
@given(x=points)
@settings(max_examples=30, deadline=None)
def test_symbolic_and_automatic_derivatives_are_the_complex_step(text, x):
    exact = run(text, complex(x, STEP), COMPLEX).imag / STEP
    formula = differentiate(run(text, variable("t"), FORMULA), "t")
    assert formula.evaluate(t=x) == pytest.approx(exact, rel=1e-12, abs=1e-12)
    assert derivative(lambda t: run(text, t, p1_methods), x) == pytest.approx(exact, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", PROGRAMS)
@given(x=points)
@settings(max_examples=30, deadline=None)
def test_second_derivatives_by_duals_of_duals_are_those_of_the_formula(text, x):
    formula = run(text, variable("t"), FORMULA)
    twice = differentiate(differentiate(formula, "t"), "t").evaluate(t=x)
    assert second_derivative(lambda t: run(text, t, p1_methods), x) == pytest.approx(
        twice, rel=1e-10, abs=1e-10
    )


def test_powers_of_a_variable_base_and_a_variable_exponent():
    for x in (0.3, 1.0, 2.5):
        z = complex(x, STEP)
        assert derivative(lambda t: t**t, x) == pytest.approx((z**z).imag / STEP, rel=1e-13)
        assert derivative(lambda t: 2**t, x) == pytest.approx((2**z).imag / STEP, rel=1e-13)
        assert derivative(lambda t: (-t) ** 3, x) == pytest.approx(-3 * x**2, rel=1e-15)
    assert derivative(lambda t: t**0, 0.0) == 0
    assert derivative(lambda t: t**1, 0.0) == 1


def test_round_drops_the_slope_so_a_table_entry_is_constant():
    log_table = np.log(np.arange(100, 1001) / 100)

    def f(x):  # the program of 1(l)
        if x > 4:
            x = 2 * x
        return x * log_table[round(100 * x) - 100]

    assert derivative(f, 3.002) == pytest.approx(np.log(3.0), rel=1e-15)
    assert derivative(f, 4.0) == pytest.approx(np.log(4.0), rel=1e-15)
    assert round(Dual(Dual(2.6, 1.0), 1.0)) == 3
    for program in (f, round):
        with pytest.raises(TypeError):
            program(variable("x"))


def test_tanh_neither_overflows_nor_turns_into_nan():
    for x in (0.0, 0.5, -3.0, 20.0, 1000.0, -1000.0):
        y = tanh(Dual(x, 2.0))
        exact = float(2 / np.cosh(LONG(min(abs(x), 5000))) ** 2)
        assert y.value == np.tanh(x)
        assert y.slope == pytest.approx(exact, abs=1e-15)


def test_an_expression_prints_counts_and_evaluates_itself():
    x, y = variable("x"), variable("y")
    formula = 2 * x * y.sin() - (x + 1) ** 3 / np.float64(4)
    assert str(formula) == "(((2 * x) * sin(y)) - (((x + 1) ** 3) / 4))"
    assert formula.size() == 14
    values = np.array([0.5, 2.0])
    assert np.allclose(formula.evaluate(x=values, y=1.0), 2 * values * np.sin(1.0) - (values + 1) ** 3 / 4)
    assert differentiate(constant(3), "x").evaluate() == 0


def test_an_expression_of_thousands_of_levels_can_be_evaluated():
    u = variable("x")
    for _ in range(5000):
        u = (u + 1) / 2
    assert u.evaluate(x=3.0) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(10))
def test_the_checker_tells_errors_of_a_ten_thousandth_from_those_of_a_millionth(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    scale = 10.0 ** rng.integers(-6, 7, size=n)
    A = rng.normal(size=(4, n)) / np.sqrt(n)
    x = rng.uniform(0.5, 2, size=n) * scale

    def f(v):
        return float(np.cos(A @ (v / scale)).sum())

    g = -(A.T @ np.sin(A @ (x / scale))) / scale
    size = abs(f(x)) + np.abs(g * x).max()
    i = int(rng.integers(n))
    for error, right in ((0.0, True), (1e-6, True), (1e-4, False), (0.5, False)):
        tried = g.copy()
        tried[i] += error * size / x[i]
        verdict, worst, found = is_gradient_right(f, lambda v, tried=tried: tried, x)
        assert verdict is right
        assert found == pytest.approx(error, rel=1e-2, abs=1e-7)
        assert worst == i or right
