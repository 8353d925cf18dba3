"""Is an array the right one, to within what rounding can do?"""

from __future__ import annotations

import numpy as np

from gradcheck.numerical import EPS
from gradcheck.report import Comparison


def tolerance(expected: np.ndarray, rounding: float | np.ndarray, dtype: np.dtype) -> np.ndarray:
    """How far a correct answer may be from `expected`, entry by entry.

    expected : the right array, of any shape.
    rounding : the size of the numbers whose difference an entry is, a number or an array of the shape
        of `expected`. Two right programs for p - 1 differ by the rounding of 1, however small p - 1 is.
    dtype : the precision that the answer was computed in.

    Returns 1e-9 of the largest entry (256 eps in float32) plus 64 roundings.
    """
    eps = float(np.finfo(dtype).eps)
    largest = float(np.abs(expected).max(initial=0.0))
    return relative(eps) * largest + 64 * eps * np.broadcast_to(rounding, np.shape(expected))


def relative(eps: float) -> float:
    """How far a correct answer may be off in relation to its size, in a precision with this rounding unit."""
    return max(1e-9, 256 * eps)


def wrong_entries(actual: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """True where `actual` is further from `expected` than `allowed`, or is NaN. All of one shape."""
    with np.errstate(invalid="ignore"):
        return ~((np.abs(actual - expected) <= allowed) | (actual == expected))


def judge(
    name: str,
    actual: np.ndarray,
    expected: np.ndarray,
    bound: np.ndarray,
    rounding: np.ndarray,
    magnitude: np.ndarray,
    kink: np.ndarray,
    eps: float,
) -> tuple[Comparison, bool]:
    """Compare an array with a numerical one. All arrays are of one shape.

    bound, rounding : as in `NumericalJacobian`, carried over to `expected`.
    magnitude : the sum of the sizes of the terms that an entry of `expected` is the sum of.
    kink : more than zero where an entry comes from a kink, so that `bound` reaches from slope to slope.
    eps : the rounding unit of the precision that `actual` was computed in.

    Returns the comparison, and whether the numerical array is too uncertain to accept anything by it.
    """
    largest = float(np.abs(expected).max(initial=0.0))
    allowed = bound + relative(eps) * np.maximum(largest, magnitude) + rounding * (eps / EPS)
    wrong = wrong_entries(actual, expected, allowed)
    # Where several kinks meet, as in a sum of ReLUs, the derivative that their convention gives need not lie
    # between the two slopes of the sum. So at a kink nothing is wrong for certain.
    undecided = wrong & (kink > 0)
    wrong = wrong & ~undecided
    exact = (bound == 0) | (kink > 0)
    vague = (
        bool(undecided.any())
        or bool(np.any((bound + rounding > 1e-4 * largest) & ~exact))
        or not np.all(np.isfinite(bound))
    )
    return Comparison(name, actual, expected, allowed, bound, wrong), vague
