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


@pytest.mark.parametrize("k", [1e2, 1e4])
@pytest.mark.parametrize("x", [0.0, 1.0])
def test_a_function_of_a_small_scale_is_differentiated_within_the_bound(k, x):
    for f, derivative in (
        (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        (np.arctan, lambda z: 1 / (1 + z**2)),
        (lambda z: float(np.sin(z).sum()), np.cos),
    ):
        found = numerical_jacobian(lambda v, f=f: f(k * v), np.array([x]))
        exact = k * derivative(k * np.array([x]))
        assert np.all(np.abs(np.ravel(found.value) - exact) <= np.ravel(found.bound + found.rounding))


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_where_the_second_derivative_jumps(seed):
    """Joints of two smooth pieces that agree in value and slope, at the point, near it and farther away."""
    rng = np.random.default_rng(seed)
    for distance in (0.0, 1e-8, 1e-6, 1e-4, 1e-3, 3e-3, 1e-2):
        a, b, c, d = rng.normal(size=4) * 10.0 ** rng.integers(-1, 2)
        x = rng.normal() * 10.0 ** rng.integers(-2, 2)
        joint = x * (1 + distance * rng.uniform(-2, 2))

        def f(v, a=a, b=b, c=c, d=d, joint=joint):
            z = v - joint
            return np.where(z > 0, np.sin(a * z) + b * z**2, a * z + c * z**2 + d * z**3).sum()

        z = x - joint
        exact = a * np.cos(a * z) + 2 * b * z if z > 0 else a + 2 * c * z + 3 * d * z**2
        found = numerical_jacobian(f, np.array([x]))
        assert abs(found.value[0] - exact) <= found.bound[0] + found.rounding[0]
        assert found.bound[0] <= 1e-4 * (abs(exact) + abs(f(x + abs(x)) - f(x)) / abs(x))


def test_the_steps_of_a_float32_function_show_in_the_bound():
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=3)
        found = numerical_jacobian(lambda v: (v.astype(np.float32) ** 3).sum(), x)
        assert np.all(np.abs(found.value - 3 * x**2) <= found.bound)
        assert found.bound.max() <= 1e-2


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
