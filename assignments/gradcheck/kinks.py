"""At a kink, entries that are right one by one can be wrong together.

For max(x) at x = (1, 1), each entry of (1, 1) lies between the slopes on its two sides, 0 and 1. But along
(1, 1) the function has the slope 1, and this gradient claims 2. A gradient by any convention is a mean of the
gradients nearby (Clarke, Optimization and Nonsmooth Analysis, 1983). So it is refuted along a direction in
which all points nearby have one slope, and it claims another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from gradcheck.numerical import Point

NEAR, STEP = 1e-4, 1e-6  # how far the points nearby are from x, and the differences there, in scales of x
PAIRS, MIRRORED = 6, 12  # kinked inputs that are moved by twos; points nearby, each with its mirror image


def refuted(
    point: Point, claimed: Callable[[np.ndarray], float | None], kinked: np.ndarray, sizes: np.ndarray
) -> str | None:
    """Why a claimed derivative of a number cannot be right, or None.

    point : the function of one output, at a kink.
    claimed : the derivative along a direction by the program.
    kinked : (n,) array, true for inputs along which the function has a kink.
    sizes : (n,) array, the sizes of the derivatives, of which a right program may be off by 1e-4.
    """
    rng = np.random.default_rng(4)
    for direction in _directions(point, kinked):
        step = STEP / float(np.max(np.abs(direction) / point.scale, initial=1e-300))
        claim, slopes = claimed(direction), list[float]()
        if claim is None:
            continue
        for number in range(MIRRORED):
            near = NEAR * point.scale * rng.uniform(0.5, 1.0, point.x.size)
            near *= rng.choice([-1.0, 1.0], point.x.size) if number else 1.0
            for base in (near, -near):
                right, left = (point.at(base + sign * step * direction) for sign in (1, -1))
                if right is not None and left is not None:
                    slopes.append(float(right[0] - left[0]) / (2 * step))
            if not slopes or np.ptp(slopes) > 0.01 * max(abs(claim), *np.abs(slopes)):
                break
        else:
            slope = float(np.mean(slopes))
            if abs(claim - slope) > 10 * np.ptp(slopes) + 1e-4 * float(sizes @ np.abs(direction)):
                size = float(np.abs(direction).max())
                return (
                    "The point is at a kink. Each entry is possible, but not all together: along the "
                    f"direction {_shown(direction / size)} the slope is {slope / size:.4g}, and the entries "
                    f"give {claim / size:.4g}."
                )
    return None


def _directions(point: Point, kinked: np.ndarray) -> Iterator[np.ndarray]:
    """All inputs together, by the same amount or in proportion; only kinked ones; and pairs of these."""
    size = float(point.scale.max(initial=0.0))
    ones, signs = np.ones(point.x.size), np.where(point.x < 0, -1.0, 1.0)
    yield size * ones
    yield np.where(point.x == 0, 0.0, point.x) if point.x.any() else size * signs
    yield size * np.where(kinked, ones, 0.0)
    yield size * np.where(kinked, signs, 0.0)
    for i, j in combinations(np.flatnonzero(kinked)[:PAIRS], 2):
        for sign in (1.0, -1.0):
            pair = np.zeros(point.x.size)
            pair[i], pair[j] = size, sign * size
            yield pair


def _shown(direction: np.ndarray) -> str:
    first = ", ".join(f"{d:.3g}" for d in direction[:8])
    return f"[{first}{', ...' if direction.size > 8 else ''}]"
