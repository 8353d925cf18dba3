"""The complex step: a derivative without subtraction, for functions that take complex numbers.

For an analytic f, Im f(x + ih) / h is f'(x) up to h**2. Nothing is subtracted, so h can be 1e-30 and the
result is as exact as f itself. But a function that takes complex numbers need not be analytic: `abs` drops
the imaginary part, and a ReLU at its kink sees only one side. The result is therefore accepted only if it
agrees, along a random direction, with the complex step in the opposite direction and with real
differences; and once more along a direction of the inputs whose derivatives are small beside others.
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
    reach = np.max(np.abs(jacobian) * point.scale, axis=0, initial=0.0)
    small = reach <= 1e-6 * reach.max(initial=0.0)
    for inputs in (np.ones(point.x.size, dtype=bool), small):
        if inputs.any() and not _agrees(point, jacobian, inputs):
            return None
    return jacobian


def _agrees(point: Point, jacobian: np.ndarray, inputs: np.ndarray) -> bool:
    """Whether a Jacobian agrees along a random direction that moves these inputs."""
    direction = np.where(inputs, point.random_direction(3), 0.0)
    ahead, back = _along(point, direction), _along(point, -direction)
    if ahead is None or back is None:
        return False
    expected, magnitude = jacobian @ direction, np.abs(jacobian) @ np.abs(direction)
    size = 1e-9 * magnitude + point.rounding @ np.abs(direction)
    slope = point.slope(direction, enough=1e-6 * float(magnitude.max(initial=0.0)))
    agree = (np.abs(ahead - expected) <= size) & (np.abs(back + expected) <= size) & ~slope.kink
    agree &= np.abs(slope.value - expected) <= slope.bound + size
    agree &= slope.bound <= 1e-3 * np.maximum(magnitude, point.reach[1])
    return bool(np.all(agree))


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
