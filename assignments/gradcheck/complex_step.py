"""The complex step: a derivative without subtraction, for functions that take complex numbers.

For an analytic f, Im f(x + ih) / h is f'(x) up to h**2. Nothing is subtracted, so h can be 1e-30 and the
result is as exact as f itself. But a function that takes complex numbers need not be analytic: `abs` drops
the imaginary part, and a ReLU at its kink sees only one side. The result is therefore accepted only if it
agrees, along two random directions, with the complex step in the opposite direction and with real
differences.
"""

from __future__ import annotations

import warnings

import numpy as np

from gradcheck.numerical import Point

STEP = 1e-30


def complex_jacobian(point: Point) -> np.ndarray | None:
    """The (m, n) Jacobian at a point by complex steps, or None if it cannot be trusted."""
    columns = []
    for j in range(point.x.size):
        direction = np.zeros(point.x.size)
        direction[j] = point.scale[j]
        column = _along(point, direction)
        if column is None:
            return None
        columns.append(column / point.scale[j])
    jacobian = np.stack(columns, axis=1) if columns else np.zeros((point.center.size, 0))
    rng = np.random.default_rng(3)
    for _ in range(2):
        direction = point.scale * rng.uniform(1.0, 2.0, point.x.size) * rng.choice([-1.0, 1.0], point.x.size)
        slope, ahead, back = point.slope(direction), _along(point, direction), _along(point, -direction)
        if ahead is None or back is None or slope.kink.any() or not np.all(np.isfinite(slope.bound)):
            return None
        expected = jacobian @ direction
        size = 1e-9 * (np.abs(jacobian) @ np.abs(direction)) + point.rounding @ np.abs(direction)
        if np.any(np.abs(ahead - expected) > size) or np.any(np.abs(back + expected) > size):
            return None
        if np.any(np.abs(slope.value - expected) > slope.bound + size):
            return None
    return jacobian


def _along(point: Point, direction: np.ndarray) -> np.ndarray | None:
    """The derivatives of all outputs along a direction by a complex step; None if f does not allow it."""
    point.evaluations += 1
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            y = np.asarray(point.f((point.x + 1j * STEP * direction).reshape(point.input_shape)))
    except Exception:
        return None
    if y.dtype.kind != "c" or y.shape != point.output_shape or not np.all(np.isfinite(y)):
        return None
    near = np.abs(y.real.ravel() - point.center) <= 1e-9 * point.reach[0]
    return y.imag.ravel() / STEP if np.all(near) else None
