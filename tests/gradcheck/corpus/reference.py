"""True derivatives, by complex steps in extended precision, and the rounding errors of right programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.gradcheck.corpus.entries import Family

STEP = np.longdouble("1e-30")


@dataclass(frozen=True)
class Part:
    """The right value of one of a program's results.

    value : the derivative: a gradient, J^T u, or a Jacobian.
    size : the largest sum of the absolute values of an entry's terms.
    rounding : how far two right programs may differ, entry by entry.
    """

    value: np.ndarray
    size: float
    rounding: np.ndarray


@dataclass(frozen=True)
class Truth:
    """The Jacobians of a family at one point, one (outputs, inputs) array for each index in `wrt`.

    change : (outputs,) array, the change of the outputs when all inputs move by up to twice their size.
    moved : the Jacobians after all inputs are changed by a few roundings.
    kink : whether the function has no derivative here; `jacobians` follow the convention R'(0) = 0.
    """

    family: Family
    args: tuple
    jacobians: list[np.ndarray]
    change: np.ndarray
    moved: list[list[np.ndarray]]
    kink: bool

    @property
    def eps(self) -> float:
        """The rounding unit of the arguments."""
        return float(np.finfo(self.args[0].dtype).eps)

    def parts(self, u: np.ndarray | None = None) -> list[Part]:
        """A program's right results; if the family is a vjp, for the upstream gradient u."""
        return [self._part(n, u) for n in range(len(self.jacobians))]

    def _part(self, n: int, u: np.ndarray | None) -> Part:
        J, at = self.jacobians[n], self.args[self.family.wrt[n]]
        change = self.change[:, None] / _scale(at).ravel()
        moves = [np.abs(other[n] - J) for other in self.moved] if not self.kink else []
        if self.family.kind == "jacobian":
            value, size, change = J, np.abs(J), change
        else:
            weights = np.ones(len(J)) if u is None else u.ravel().astype(np.longdouble)
            value, size, change = ((a @ b).reshape(at.shape) for a, b in _products(weights, J, change))
            moves = [(np.abs(weights) @ move).reshape(at.shape) for move in moves]
        largest = size.max(initial=0)
        rounding = 32 * self.eps * (largest + change) + 2 * sum(moves, np.zeros(value.shape))
        return Part(value, float(largest), rounding)


def truth(family: Family, args: tuple) -> Truth:
    """Differentiate `family.exact` at `args`, for every entry of the arguments in `family.wrt`."""
    rng = np.random.default_rng(0)
    eps = float(np.finfo(args[0].dtype).eps)
    point = _shift(args, [0 * a for a in _floats(args)])
    jacobians = _jacobians(family, point)
    change = _change(rng, family, point)
    nearby = [_jacobians(family, _shift(point, _steps(rng, point, 1e-10))) for _ in range(3)]
    slopes = [change.max(initial=0) / _scale(point[i]).max(initial=1e-300) for i in family.wrt]
    kink = any(
        np.abs(other - J).max(initial=0) > 1e-4 * (np.abs(J).max(initial=0) + slope)
        for moved in nearby
        for other, J, slope in zip(moved, jacobians, slopes, strict=True)
    )
    relative = [[a * s for a, s in zip(_floats(point), _signs(rng, point), strict=True)] for _ in range(3)]
    moved = [_jacobians(family, _shift(point, [4 * eps * r for r in step])) for step in relative]
    return Truth(family, args, jacobians, change, moved, kink)


def _products(weights, J, change) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    yield weights, J
    yield np.abs(weights), np.abs(J)
    yield np.abs(weights), change


def _is_float(a: object) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind in "fc"


def _floats(args: tuple) -> list[np.ndarray]:
    return [a for a in args if _is_float(a)]


def _scale(a: np.ndarray) -> np.ndarray:
    """How far each entry can move: its size, at least a tenth of the typical size; 1 if all are 0."""
    rms = np.sqrt(np.mean(a.astype(np.longdouble) ** 2)) if a.size else 0
    return np.maximum(np.abs(a), 0.1 * rms) if rms > 0 else np.ones(a.shape)


def _signs(rng, args: tuple) -> list[np.ndarray]:
    return [rng.uniform(0.5, 1, a.shape) * rng.choice([-1, 1], a.shape) for a in _floats(args)]


def _steps(rng, args: tuple, relative: float) -> list[np.ndarray]:
    return [relative * _scale(a) * s for a, s in zip(_floats(args), _signs(rng, args), strict=True)]


def _shift(args: tuple, steps: list[np.ndarray]) -> tuple:
    """The arguments in extended precision, the float ones with the steps added."""
    remaining = iter(steps)
    return tuple(a.astype(np.longdouble) + next(remaining) if _is_float(a) else a for a in args)


def _change(rng, family: Family, point: tuple) -> np.ndarray:
    center = np.ravel(family.exact(*point))
    change = np.zeros(center.shape, dtype=np.longdouble)
    for _ in range(3):
        steps = _steps(rng, point, 2)
        for sign in (-1, 1):
            there = np.ravel(family.exact(*_shift(point, [sign * step for step in steps])))
            change = np.maximum(change, np.abs(there - center))
    return change


def _jacobians(family: Family, point: tuple) -> list[np.ndarray]:
    return [_jacobian(family, point, i) for i in family.wrt]


def _jacobian(family: Family, point: tuple, i: int) -> np.ndarray:
    outputs = np.size(family.exact(*point))
    J = np.zeros((outputs, point[i].size), dtype=np.longdouble)
    for column, index in enumerate(np.ndindex(point[i].shape)):
        moved = list(point)
        moved[i] = point[i].astype(np.clongdouble)
        moved[i][index] += 1j * STEP
        J[:, column] = np.ravel(family.exact(*moved)).imag / STEP
    return J
