"""The Jacobian of any function, found by evaluating it, with a bound on the error of every entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.complex_step import complex_jacobian
from gradcheck.numerical import EPS, Point

WORTHWHILE = 2  # inputs; for fewer, complex steps with their checks cost more than differences


@dataclass(frozen=True)
class NumericalJacobian:
    """A Jacobian found by evaluating the function, and how far it can be from the true one.

    value : shape f(x).shape + x.shape, entry [i, j] is the derivative of output i by input j.
    bound : the same shape, a bound on the error of each entry of `value`; infinite where none was found.
    rounding : the same shape, by how much two correct float64 programs for the derivative can differ
        because they round differently.
    kink : the same shape, true where the slopes on the two sides of x differ; `value` is then halfway
        between them, and `bound` reaches both.
    evaluations : how often the function was called.
    """

    value: np.ndarray
    bound: np.ndarray
    rounding: np.ndarray
    kink: np.ndarray
    evaluations: int

    @property
    def allowed(self) -> np.ndarray:
        """How far a correct float64 Jacobian may be from `value`, entry by entry."""
        return self.bound + 1e-9 * np.abs(self.value).max(initial=0.0) + self.rounding


def numerical_jacobian(
    f: Callable[[np.ndarray], Any], x: np.ndarray, reach: tuple[np.ndarray, np.ndarray] | None = None
) -> NumericalJacobian:
    """Differentiate `f` at `x`: by complex steps where f takes them, otherwise by Romberg extrapolation.

    f : takes a float64 array of the shape of x, returns a number or an array.
    x : array of any shape.
    reach : what `Point.reach` would measure, where x is only one of several inputs that move.

    Errors: NotFiniteError where f(x) is not finite. Where f fails or is not finite next to x, smaller
    steps are taken.
    """
    point = Point(f, x)
    if reach is not None:
        point.reach = reach
    shape = point.output_shape + point.input_shape
    exact = complex_jacobian(point) if point.x.size >= WORTHWHILE else None
    if exact is not None:
        return NumericalJacobian(
            exact.reshape(shape),
            (8 * EPS * np.abs(exact)).reshape(shape),
            point.rounding.reshape(shape),
            np.zeros(shape, dtype=bool),
            point.evaluations,
        )
    m, n = point.center.size, point.x.size
    value, bound, kink = np.zeros((m, n)), np.full((m, n), np.inf), np.zeros((m, n), dtype=bool)
    for j in range(n):
        direction = np.zeros(n)
        direction[j] = point.scale[j]
        slope = point.slope(direction)
        value[:, j] = slope.value / point.scale[j]
        bound[:, j] = slope.bound / point.scale[j]
        kink[:, j] = slope.kink
    return NumericalJacobian(
        value.reshape(shape),
        bound.reshape(shape),
        point.rounding.reshape(shape),
        kink.reshape(shape),
        point.evaluations,
    )
