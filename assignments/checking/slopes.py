"""Slopes of functions of one or two numbers, and the wrong ones that the usual mistakes give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import gradcheck

Numbers = tuple[float, ...]


def slopes_of(f: Callable[..., Any], values: Numbers) -> np.ndarray:
    """The numerical derivatives of f(*values) by each value; NaN if f is not defined nearby."""
    try:
        return gradcheck.numerical_jacobian(lambda v: f(*v), np.array(values)).value
    except gradcheck.numerical.NotFiniteError:
        return np.full(len(values), np.nan)


def curvature_of(f: Callable[..., Any], x: float) -> float:
    """The numerical second derivative of f at x."""
    return float(slopes_of(lambda t: slopes_of(f, (float(t),))[0], (x,))[0])


def slope_of(f: Callable[..., Any], values: Numbers, slopes: Numbers) -> float:
    """How fast f(*values) changes, numerically, if its arguments change at these rates."""
    moving = [i for i, slope in enumerate(slopes) if slope]

    def g(*moved: float) -> Any:
        return f(*(moved[moving.index(i)] if i in moving else value for i, value in enumerate(values)))

    return float(slopes_of(g, tuple(values[i] for i in moving)) @ [slopes[i] for i in moving])


def wrong_slopes(
    f: Callable[..., Any], values: Numbers, slopes: Numbers, names: Sequence[str]
) -> dict[str, float]:
    """Wrong slopes of f(*values), each under a sentence for the mistake that gives it.

    slopes : how fast the values change.
    names : what to call the arguments, a letter each.
    """
    right, value = slope_of(f, values, slopes), float(f(*values))
    found = _of_two(f, values, slopes, names) if len(values) == 2 else _of_one(f, values, slopes, names[0])
    found |= {
        "It is zero.": 0.0,
        "It has the wrong sign.": -right,
        "It is the value instead of the slope.": value,
    }
    for name, number in zip(names, values, strict=True):
        found[f"It is {name} times the right one."] = number * right
        found[f"It is the right one divided by {name}."] = right / number
    return found


def _of_one(f: Callable[..., Any], values: Numbers, slopes: Numbers, a: str) -> dict[str, float]:
    return {
        f"The slope of {a} is left out: this is the chain rule's outer factor alone.": slopes_of(f, values)[
            0
        ],
        f"It is the slope of {a}, unchanged: the chain rule's outer factor is missing.": slopes[0],
        f"The outer factor is taken at the slope of {a}, not at its value.": slopes_of(f, slopes)[0],
        "The outer factor is the function itself; is that its derivative?": f(*values) * slopes[0],
    }


def _of_two(
    f: Callable[..., Any], values: Numbers, slopes: Numbers, names: Sequence[str]
) -> dict[str, float]:
    J, (a, b) = slopes_of(f, values), names
    terms = J * slopes
    found = {
        f"The slope of {b} does not count in it.": terms[0],
        f"The slope of {a} does not count in it.": terms[1],
        f"The term with the slope of {b} has the wrong sign.": terms[0] - terms[1],
        f"The term with the slope of {a} has the wrong sign.": terms[1] - terms[0],
        f"The slopes of {a} and {b} are swapped.": float(J @ slopes[::-1]),
        "It is the product of the two slopes.": slopes[0] * slopes[1],
        "A plain number is taken to have the slope 1; it does not change.": float(
            J @ [s or 1.0 for s in slopes]
        ),
    }
    if all(slopes):
        found["It is the quotient of the two slopes."] = slopes[0] / slopes[1]
    at_slopes = [slope or value for slope, value in zip(slopes, values, strict=True)]
    found["It is the function at the slopes instead of the values."] = float(f(*at_slopes))
    return found
