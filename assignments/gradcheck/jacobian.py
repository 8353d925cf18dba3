"""The Jacobian of any function, computed from its values, with a bound on the error of every entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.complex_step import complex_jacobian
from gradcheck.numerical import EPS, Point

WORTHWHILE = 2  # inputs; with fewer, complex steps and their checks cost more than differences


@dataclass(frozen=True)
class NumericalJacobian:
    """A numerical Jacobian, and how far it can be from the true one.

    All arrays have the shape f(x).shape + x.shape.

    Attributes
    ----------
    value : array
        Entry [i, j] is the derivative of output i with respect to input j.
    bound : array
        A bound on the error of each entry of `value`; infinite if no bound was found.
    rounding : array
        How far two correct float64 programs can differ because they round differently.
    kink : array
        True where the slopes on the two sides of x differ; `value` is then halfway between them, and `bound`
        reaches both.
    evaluations : int
        The number of calls of the function.
    """

    value: np.ndarray
    bound: np.ndarray
    rounding: np.ndarray
    kink: np.ndarray
    evaluations: int

    def part(self, inputs: slice, shape: tuple[int, ...]) -> NumericalJacobian:
        """The part for some of the inputs of a flat x, in another shape."""
        arrays = (self.value, self.bound, self.rounding, self.kink)
        value, bound, rounding, kink = (a[..., inputs].reshape(shape) for a in arrays)
        return NumericalJacobian(value, bound, rounding, kink, self.evaluations)

    @property
    def allowed(self) -> np.ndarray:
        """How far a correct float64 Jacobian may be from `value`, entry by entry."""
        return self.bound + 1e-9 * np.abs(self.value) + self.rounding


def numerical_jacobian(f: Callable[[np.ndarray], Any], x: np.ndarray) -> NumericalJacobian:
    """Differentiate `f` at `x`, by complex steps if f allows them, otherwise by Romberg extrapolation.

    If f fails or is not finite near x, smaller steps are taken.

    Parameters
    ----------
    f : function
        Takes a float64 array of the shape of x and returns a number or an array.
    x : array of any shape

    Returns
    -------
    NumericalJacobian

    Raises
    ------
    NotFiniteError
        If f(x) is not finite.
    """
    return jacobian_at(Point(f, x))


def jacobian_at(point: Point) -> NumericalJacobian:
    """The Jacobian of the function of a point, as `numerical_jacobian` finds it."""
    m, n = point.center.size, point.x.size
    exact = complex_jacobian(point) if n >= WORTHWHILE else None
    if exact is not None:
        value, bound, kink = exact, 8 * EPS * np.abs(exact), np.zeros((m, n), dtype=bool)
    else:
        value, bound, kink = np.zeros((m, n)), np.full((m, n), np.inf), np.zeros((m, n), dtype=bool)
        for j in range(n):
            direction = np.zeros(n)
            direction[j] = point.scale[j]
            slope = point.slope(direction)
            value[:, j] = slope.value / point.scale[j]
            bound[:, j] = slope.bound / point.scale[j]
            kink[:, j] = slope.kink
        kink[_hidden(point, value, bound), :] = True
    shape = point.output_shape + point.input_shape
    rounding = point.rounding.reshape(shape)
    return NumericalJacobian(
        value.reshape(shape), bound.reshape(shape), rounding, kink.reshape(shape), point.evaluations
    )


def _hidden(point: Point, value: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """(m,) array: outputs with a kink that no input shows alone, as the median of equal numbers has.

    There the slope along a random direction is not the sum of those along the axes.
    """
    if point.x.size < 2:
        return np.zeros(point.center.shape, dtype=bool)
    direction = point.random_direction(7)
    sizes = np.abs(direction)
    slope = point.slope(direction, enough=1e-6 * float((np.abs(value) @ sizes).max(initial=0.0)))
    allowed = slope.bound + (1e-6 * np.abs(value) + bound + point.rounding) @ sizes
    return np.abs(slope.value - value @ direction) > allowed
