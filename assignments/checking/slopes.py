"""Slopes of functions of one or two numbers, and the wrong ones that the usual mistakes give.

The functions are those of the checks, not of a submission, so each slope is computed once in a process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

import gradcheck

Numbers = tuple[float, ...]


@lru_cache(maxsize=1000)
def slopes_of(f: Callable[..., Any], values: Numbers) -> np.ndarray:
    """The numerical derivatives of f(*values) by each value; NaN if f is not defined nearby.

    The array must not be changed.
    """
    return _slopes_of(f, values)


def _slopes_of(f: Callable[..., Any], values: Numbers) -> np.ndarray:
    try:
        return gradcheck.numerical_jacobian(lambda v: f(*v), np.array(values)).value
    except gradcheck.numerical.NotFiniteError:
        return np.full(len(values), np.nan)


@lru_cache(maxsize=1000)
def curvature_of(f: Callable[..., Any], x: float) -> float:
    """The numerical second derivative of f at x."""
    return float(_slopes_of(lambda t: _slopes_of(f, (float(t),))[0], (x,))[0])


@lru_cache(maxsize=1000)
def slope_of(f: Callable[..., Any], values: Numbers, slopes: Numbers) -> float:
    """How fast f(*values) changes, numerically, if its arguments change at these rates."""
    v, s = np.array(values), np.array(slopes)
    return float(_slopes_of(lambda t: f(*(v + t * s)), (0.0,))[0])


def wrong_slopes(f: Callable[..., Any], values: Numbers, slopes: Numbers, names: str) -> dict[str, float]:
    """Wrong slopes of f(*values), each under a sentence for the mistake that gives it.

    slopes : how fast the values change.
    names : what to call the arguments, a letter each.
    """
    right, value = slope_of(f, values, slopes), float(f(*values))
    by_each = slopes_of(f, values)
    others = _of_two if len(values) == 2 else _of_one
    found = others(f, values, slopes, by_each, names) | {
        "It is zero.": 0.0,
        "It has the wrong sign.": -right,
        "It is the value instead of the slope.": value,
    }
    return found | {f"It is {a} times the right one.": v * right for a, v in zip(names, values, strict=False)}


def _of_one(
    f: Callable[..., Any], values: Numbers, slopes: Numbers, by_each: np.ndarray, names: str
) -> dict[str, float]:
    a = names[0]
    return {
        f"The slope of {a} is left out: this is the chain rule's outer factor alone.": by_each[0],
        f"It is the slope of {a}, unchanged: the chain rule's outer factor is missing.": slopes[0],
        f"The outer factor is taken at the slope of {a}, not at its value.": slopes_of(f, slopes)[0],
        "The outer factor is the function itself; is that its derivative?": f(*values) * slopes[0],
    }


def _of_two(
    f: Callable[..., Any], values: Numbers, slopes: Numbers, by_each: np.ndarray, names: str
) -> dict[str, float]:
    a, b = tuple(names)
    (du, dv), (first, second) = slopes, by_each * slopes
    at_slopes = np.array([slope or value for slope, value in zip(slopes, values, strict=True)])
    return {
        f"The term with the slope of {b} is missing.": first,
        f"The term with the slope of {a} is missing.": second,
        f"The term with the slope of {b} has the wrong sign.": first - second,
        f"The term with the slope of {a} has the wrong sign.": second - first,
        f"The slopes of {a} and {b} are swapped.": by_each @ slopes[::-1],
        "It is the product of the two slopes.": du * dv,
        "It is the quotient of the two slopes.": du / dv if dv else np.nan,
        "The slope of a plain number is 0, not 1.": by_each @ (du or 1, dv or 1),
        "It is the function at the slopes instead of the values.": float(f(*at_slopes)),
    }
