"""A function with its gradient and points to try, and ways to make one function from another.

No f casts to float. So nearly all also take complex or long double arrays, and `test_functions.py` can
differentiate them without their gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

Points = Callable[[np.random.Generator], list[np.ndarray]]

_POOL = np.random.default_rng(20250).normal(size=1000)


@dataclass(frozen=True)
class Function:
    """A scalar function of one array.

    f : takes an array of the shape of a point and returns a number.
    gradient : the exact gradient of f, a float64 array of the shape of its argument.
    points : draws float64 points of different shapes, well inside the domain and away from kinks.
    """

    name: str
    f: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]
    points: Points


def fixed(*shape: int, start: int = 0) -> np.ndarray:
    """Constant weights of this shape: normal numbers from position `start` of one fixed list."""
    return _POOL[start : start + prod(shape)].reshape(shape)


def positive(low: float, high: float, *shapes: tuple[int, ...]) -> Points:
    """One point of each shape, its entries uniform in [low, high]."""
    return lambda rng: [np.asarray(rng.uniform(low, high, shape)) for shape in shapes]


def signed(low: float, high: float, *shapes: tuple[int, ...]) -> Points:
    """One point of each shape, its entries of random sign and of size in [low, high]."""
    return lambda rng: [
        np.asarray(rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)) for shape in shapes
    ]


def elementwise(
    name: str,
    f: Callable[[np.ndarray], np.ndarray],
    slope: Callable[[np.ndarray], np.ndarray],
    points: Points,
) -> Function:
    """The sum of f over all entries; `slope` is the derivative of f."""
    return Function(name, lambda x: np.sum(f(x)), lambda x: np.asarray(slope(x), dtype=np.float64), points)


def scaled(function: Function, factor: float) -> Function:
    """factor f(x)"""
    return Function(
        f"{function.name}, times {factor:g}",
        lambda x: factor * function.f(x),
        lambda x: np.asarray(factor * function.gradient(x)),
        function.points,
    )


def shifted(function: Function, offset: float) -> Function:
    """offset + f(x)"""
    return Function(
        f"{function.name}, plus {offset:g}",
        lambda x: offset + function.f(x),
        function.gradient,
        function.points,
    )


def stretched(function: Function, factor: float) -> Function:
    """f(x / factor), at inputs `factor` times as large."""
    return Function(
        f"{function.name}, inputs stretched by {factor:g}",
        lambda x: function.f(x / factor),
        lambda x: np.asarray(function.gradient(x / factor) / factor),
        lambda rng: [np.asarray(x * factor) for x in function.points(rng)],
    )


def uneven(function: Function, low: float, high: float) -> Function:
    """f(x / c), at inputs scaled by c, whose entries grow geometrically from `low` to `high`."""

    def c(x: np.ndarray) -> np.ndarray:
        return np.geomspace(low, high, x.size).reshape(x.shape)

    return Function(
        f"{function.name}, inputs stretched by {low:g} to {high:g}",
        lambda x: function.f(x / c(x)),
        lambda x: np.asarray(function.gradient(x / c(x)) / c(x)),
        lambda rng: [np.asarray(x * c(x)) for x in function.points(rng)],
    )
