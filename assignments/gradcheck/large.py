"""Large gradients: compared along a few random directions, then searched by halving.

A single wrong entry changes the slope along every direction that moves it, so a few slopes detect it. It lies
in that half of the inputs whose slope is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck.compare import relative
from gradcheck.numerical import EPS, Point, scales
from gradcheck.protocol import Finding
from gradcheck.report import INCONCLUSIVE, RIGHT, WRONG, Report

DIRECTIONS = 3


def compare_along_directions(
    f: Callable[[np.ndarray], Any],
    inputs: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    eps: float,
    rng: np.random.Generator,
) -> Report:
    """Check the gradients of a number with respect to several inputs of any size.

    f : the number, as a function of all inputs, flattened and joined.
    inputs, gradients : arrays of the same shapes.
    eps : the rounding unit of the gradients' precision.
    """
    x = np.concatenate([i.ravel() for i in inputs])
    g = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in gradients])
    point = Point(f, x, np.concatenate([scales(i.ravel()) for i in inputs]))
    for _ in range(DIRECTIONS):
        # Sizes in [1, 2], not 1 alone: errors of opposite signs in two entries must not cancel.
        direction = point.scale * rng.uniform(1.0, 2.0, x.size) * rng.choice([-1.0, 1.0], x.size)
        slope = point.slope(direction)
        error = float(g @ direction) - float(slope.value[0])
        size = float(np.linalg.norm(g * direction))
        change = float(np.abs(point.rounding).max(initial=0.0)) * float(np.abs(direction).max(initial=0.0))
        bound = float(slope.bound[0])
        allowed = bound + 10 * relative(eps) * size + change * eps / EPS
        report = Report(RIGHT, "", error=abs(error), bound=bound, tolerance=allowed)
        if not abs(error) <= allowed:
            report.worst, entry = _search(point, g, direction, error)
            report.verdict, report.reason = WRONG, "The slope along a random direction is wrong."
            report.found = [Finding("one entry", entry)]
            break
        if allowed > 1e-4 * size and bound > 0:
            report.verdict = INCONCLUSIVE
            report.reason = "The slope along a random direction is too uncertain. Try another point."
            break
        report.reason = f"The slopes along {DIRECTIONS} random directions agree with the numerical ones."
    report.evaluations = point.evaluations
    return report


def _search(point: Point, g: np.ndarray, direction: np.ndarray, error: float) -> tuple[tuple[int, ...], str]:
    """Halve the inputs until one is left, keeping the half with the larger error."""
    first, last = 0, g.size
    while last - first > 1:
        middle = (first + last) // 2
        half = np.zeros_like(direction)
        half[first:middle] = direction[first:middle]
        slope = float(point.slope(half, enough=abs(error) / 20).value[0])
        here = float(g @ half) - slope
        if abs(here) >= abs(error - here):
            last, error = middle, here
        else:
            first, error = middle, error - here
    numerical = g[first] - error / direction[first]
    sentence = (
        f"Entry {first} of the flattened gradient is {g[first]:.6g}; numerically it is {numerical:.6g}."
    )
    return (first,), sentence
