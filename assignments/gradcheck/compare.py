"""Is an array right, up to rounding?"""

from __future__ import annotations

import numpy as np

from gradcheck.report import Comparison


def tolerance(expected: np.ndarray, rounding: float | np.ndarray, dtype: np.dtype) -> np.ndarray:
    """How far a correct result may be from `expected`, entry by entry.

    Parameters
    ----------
    expected : array of any shape
        The right result.
    rounding : float or array of the shape of `expected`
        The size of the numbers that were added or subtracted. Two correct programs for p - 1 differ by the
        rounding of 1, however small p - 1 is.
    dtype : numpy.dtype
        The precision in which the result was computed.

    Returns
    -------
    array of the shape of `expected`
        1e-9 of the largest entry (256 eps in float32) plus 64 roundings.
    """
    eps = float(np.finfo(dtype).eps)
    largest = float(np.abs(expected).max(initial=0.0))
    return max(1e-9, 256 * eps) * largest + 64 * eps * np.broadcast_to(rounding, np.shape(expected))


def relative(eps: float) -> float:
    """The relative error allowed in each entry of a correct derivative, for the rounding unit `eps`."""
    return max(1e-9, 64 * eps)


def wrong_entries(actual: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """True where `actual` is NaN or farther from `expected` than `allowed`; all have the same shape."""
    with np.errstate(invalid="ignore"):
        return ~((np.abs(actual - expected) <= allowed) | (actual == expected))


def judge(
    name: str,
    actual: np.ndarray,
    expected: np.ndarray,
    bound: np.ndarray,
    allowed: np.ndarray,
    known: np.ndarray,
    kink: np.ndarray,
) -> tuple[Comparison, bool]:
    """Compare a program's array with a numerical one. All arrays have the same shape.

    Parameters
    ----------
    bound : how far `expected` can be off, as in `NumericalJacobian`
    allowed : how far a correct program may be off, besides
    known : a bound up to this, or up to 1e-4 of the largest entry, is small enough
    kink : positive where an entry comes from a kink, so that `bound` reaches both slopes

    Returns
    -------
    Comparison
    bool
        Whether the numerical array is too uncertain to accept anything.
    """
    allowed = bound + allowed
    wrong = wrong_entries(actual, expected, allowed)
    # If several kinks meet, as in a sum of ReLUs, the derivative by convention need not lie between the two
    # slopes of the sum. So nothing is certainly wrong at a kink.
    undecided = wrong & (kink > 0)
    wrong = wrong & ~undecided
    exact = (bound == 0) | (kink > 0)
    known = np.maximum(known, 1e-4 * np.abs(expected).max(initial=0.0))
    vague = bool(undecided.any() or np.any((bound > known) & ~exact) or not np.all(np.isfinite(bound)))
    return Comparison(name, actual, expected, allowed, bound, wrong), vague
