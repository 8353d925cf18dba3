"""The gradients in `functions.py` are right. This is tested without the gradient checker.

If f is analytic, by the complex step (Squire and Trapp, SIAM Rev. 40, 1998), which subtracts nothing and so
adds no rounding error. Otherwise by central differences, extrapolated to step 0, in long double if f
supports it.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from tests.gradcheck.functions import FUNCTIONS, Function

SEEDS = range(5)
TOLERANCE = 1e-10  # of the largest entry of the gradient

NOT_ANALYTIC = (  # an absolute value, a Hermitian factor, or no complex input
    "Bessel",
    "Euclidean norm",
    "3-norm",
    "Huber",
    "log-determinant through Cholesky",
    "sum of squared eigenvalues",
    "trace of a matrix exponential",
    "nuclear norm",
)


def points(function: Function) -> list[np.ndarray]:
    return [x for seed in SEEDS for x in function.points(np.random.default_rng(seed))]


def true_gradient(function: Function, x: np.ndarray) -> np.ndarray:
    """The gradient at x, only from values of f."""
    if not function.name.startswith(NOT_ANALYTIC):
        return complex_step(function.f, x)
    try:
        return extrapolated_differences(function.f, x.astype(np.longdouble))
    except TypeError:  # LAPACK and SciPy have no long doubles
        return extrapolated_differences(function.f, x)


def complex_step(f: Callable, x: np.ndarray) -> np.ndarray:
    """Im f(x + i h e_j) / h for every j."""
    gradient, h = np.empty(x.shape), 1e-30
    for j in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[j] += 1j * h
        gradient[j] = f(moved).imag / h
    return gradient


def extrapolated_differences(f: Callable, x: np.ndarray) -> np.ndarray:
    """Central differences at steps H, H/2, ... H/16 for every x_j, extrapolated to step 0 (Neville)."""
    gradient = np.empty(x.shape)
    for j in np.ndindex(x.shape):
        table = []
        for k in range(5):
            right, left = x.copy(), x.copy()
            step = 0.05 * max(abs(x[j]), 0.1 * np.sqrt(np.mean(x**2))) / 2**k
            right[j] += step
            left[j] -= step
            table.append((f(right) - f(left)) / (right[j] - left[j]))
        for order in range(1, 5):
            table = [b + (b - a) / (4**order - 1) for a, b in pairwise(table)]
        gradient[j] = table[0]
    return gradient


def error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_the_gradient_is_right(function):
    for x in points(function):
        gradient = function.gradient(x.copy())
        assert isinstance(x, np.ndarray)
        assert isinstance(gradient, np.ndarray)
        assert gradient.shape == x.shape
        assert gradient.dtype == x.dtype == np.float64
        assert error(gradient, true_gradient(function, x)) <= TOLERANCE


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_slightly_wrong_entry_is_noticed(function):
    x = points(function)[-1]
    gradient = function.gradient(x)
    gradient[np.unravel_index(0, x.shape)] += 1e-9 * np.abs(gradient).max()
    assert error(gradient, true_gradient(function, x)) > TOLERANCE


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_rounding_in_f_does_not_drown_the_gradient(function):
    """A difference over a hundredth of an input's size has 5 correct digits in float64."""
    rng = np.random.default_rng(0)
    for x in points(function):
        gradient = function.gradient(x)
        size = np.maximum(np.abs(x), 0.1 * np.sqrt(np.mean(x**2)))
        moves = [1e-13 * size * rng.uniform(-1, 1, x.shape) for _ in range(5)]
        seen = max(abs(function.f(x + m) - function.f(x) - np.sum(gradient * m)) for m in moves)
        noise = max(seen, np.finfo(np.float64).eps * abs(function.f(x)))
        assert np.max(noise / (0.01 * size)) <= 1e-5 * np.abs(gradient).max()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_f_returns_a_number_and_does_not_change_its_argument(function):
    for x in points(function):
        before = x.copy()
        assert isinstance(function.f(x), float)
        assert function.f(x) == function.f(before)
        function.gradient(x)
        assert np.array_equal(x, before)


def test_there_are_many_functions_and_points():
    assert len({function.name for function in FUNCTIONS}) == len(FUNCTIONS) >= 36
    every = [(function.name, x) for function in FUNCTIONS for x in points(function)]
    assert len(every) >= 500
    assert len({name for name, _ in every}) >= 30
    assert len({x.shape for _, x in every}) >= 20
    assert all(
        len({x.shape for x in function.points(np.random.default_rng(0))}) >= 3 for function in FUNCTIONS
    )
