import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck import numerical_jacobian

FUNCTIONS = {
    "exp": (np.exp, lambda x: np.diag(np.exp(x))),
    "sine of a sum": (lambda x: np.sin(x.sum()), lambda x: np.full(x.shape, np.cos(x.sum()))),
    "product": (np.prod, lambda x: np.prod(x) / x),
    "tanh of size 1e-8": (lambda x: 1e-8 * np.tanh(x), lambda x: np.diag(1e-8 / np.cosh(x) ** 2)),
    "square of size 1e8": (lambda x: 1e8 * x @ x, lambda x: 2e8 * x),
    "saturated": (lambda x: 1 / (1 + np.exp(-40 - x)), lambda x: np.diag(np.exp(-40 - x))),
}


@pytest.mark.parametrize("size", [1e-6, 1.0, 4.0])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_within_the_bound_and_the_bound_is_small(name, size):
    f, derivative = FUNCTIONS[name]
    x = size * np.array([0.7, -0.4, 1.3])
    found, exact = numerical_jacobian(f, x), derivative(x)
    assert found.value.shape == exact.shape
    assert np.all(np.abs(found.value - exact) <= found.bound + found.rounding)
    if name != "saturated":
        assert found.bound.max() <= 1e-6 * np.abs(exact).max()


@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=5),
    st.lists(st.floats(-2, 2), min_size=1, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_polynomials_are_differentiated_within_the_bound(coefficients, point):
    polynomial = np.polynomial.Polynomial(coefficients)
    x = np.array(point)
    found = numerical_jacobian(polynomial, x)
    exact = np.diag(polynomial.deriv()(x))
    assert np.all(np.abs(found.value - exact) <= found.allowed + 1e-12)


def test_a_kink_inside_the_step_gives_no_small_bound():
    found = numerical_jacobian(lambda x: np.abs(x).sum(), np.array([0.0, 1.0]))
    assert found.bound[0] > 0.1
    assert found.bound[1] < 1e-8


def test_smaller_steps_avoid_a_kink_near_the_point():
    found = numerical_jacobian(lambda x: np.maximum(x, 0), np.array([1e-4, 1.0]))
    assert found.value == pytest.approx(np.eye(2), abs=1e-9)


def test_a_function_that_is_not_finite_is_refused():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="not finite"):
        numerical_jacobian(np.log, np.array([0.0]))


def test_the_function_gets_a_copy_of_the_argument():
    def spoil(x):
        x *= 0
        return x.sum()

    x = np.array([1.0, 2.0])
    numerical_jacobian(spoil, x)
    assert x.tolist() == [1.0, 2.0]


def test_an_analytic_function_costs_one_complex_step_per_input():
    x = np.linspace(0.1, 2.0, 30)
    found = numerical_jacobian(lambda v: np.tanh(v).sum(), x)
    assert found.evaluations <= 30 + 50
    assert found.value == pytest.approx(1 / np.cosh(x) ** 2, rel=1e-14)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.abs(x).sum(),  # takes complex numbers, but is not analytic
        lambda x: (x * np.conj(x)).real.sum() / 2 + np.abs(x).sum() - (x**2).sum() / 2,
        lambda x: float(abs(x).sum()),  # drops the imaginary part
        lambda x: np.linalg.norm(x, 1),
        lambda x: np.maximum(x, 0).sum() + np.maximum(-x, 0).sum(),
    ],
)
def test_a_function_that_is_not_analytic_is_still_differentiated(f):
    x = np.array([0.5, -1.5, 2.5])
    found = numerical_jacobian(f, x)
    assert np.all(np.abs(found.value - np.sign(x)) <= found.allowed)
    assert found.bound.max() < 1e-6
