"""Numerical derivatives with bounds on their errors.

A central difference (f(x + h) - f(x - h)) / 2h has two errors: truncation, which shrinks with h, and
rounding, which grows as 1/h. Richardson extrapolation (Romberg's scheme) combines the three steps h, h/2
and h/4. The truncation error then falls like h**6, so h can stay large, and the disagreement of the three
steps bounds the remaining error. At a kink of f, the slopes on the two sides are found separately, and the
derivative is known only to lie between them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import factorial
from typing import Any

import numpy as np

EPS = float(np.finfo(np.float64).eps)
FIRST_STEP, SMALLEST_STEP, STEP_RATIO = 1e-2, 1e-8, 16.0
NARROWEST_STEP, LEVELS = 1e-14, 4  # how far down to go until f is defined at this many levels
LARGEST_STEP = 1e4  # if f varies on a larger scale than its argument


class NotFiniteError(ValueError):
    """The function has no finite value at the point itself."""


@dataclass(frozen=True)
class Slope:
    """The derivatives of all outputs along one direction, with error bounds: arrays of shape (m,)."""

    value: np.ndarray
    bound: np.ndarray
    kink: np.ndarray


def scales(x: np.ndarray) -> np.ndarray:
    """How far each entry of `x` can move: its size, at least a tenth of the typical size; 1 if all are 0."""
    rms = float(np.sqrt(np.mean(x**2))) if x.size else 0.0
    return np.maximum(np.abs(x), 0.1 * rms) if rms > 0 else np.ones(x.shape)


class Point:
    """A function at a point: its slopes, its rounding noise, and the number of its evaluations.

    f, x : see `numerical_jacobian`.
    scale : (n,) array, how far each input moves; by default `scales(x)`.
    center : (m,) array, f(x).
    """

    def __init__(self, f: Callable[[np.ndarray], Any], x: np.ndarray, scale: np.ndarray | None = None):
        x = np.asarray(x, dtype=np.float64)
        self.f, self.input_shape, self.x = f, x.shape, x.ravel()
        self.scale = scales(self.x) if scale is None else scale
        self.evaluations = 1
        center = np.asarray(f(x.copy()), dtype=np.float64)
        self.output_shape, self.center = center.shape, center.ravel()
        if not np.all(np.isfinite(center)):
            raise NotFiniteError("the function is not finite here, so it has no derivative")

    def at(self, step: np.ndarray) -> np.ndarray | None:
        """f(x + step) as an (m,) array; None if f raises, is not finite, or changes its shape."""
        self.evaluations += 1
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                y = np.asarray(self.f((self.x + step).reshape(self.input_shape)), dtype=np.float64)
        except Exception:
            return None
        return y.ravel() if y.shape == self.output_shape and np.all(np.isfinite(y)) else None

    @cached_property
    def reach(self) -> tuple[np.ndarray, np.ndarray]:
        """Each output's largest size, and its largest change when all inputs move by about their scale.

        Two (m,) arrays. They estimate the size of the numbers that f computes with, even if f is nearly
        constant.
        """
        size, change = np.abs(self.center), np.zeros_like(self.center)
        rng = np.random.default_rng(0)
        for _ in range(2):
            step = self.scale * rng.uniform(1.0, 2.0, self.x.size) * rng.choice([-1.0, 1.0], self.x.size)
            for sign in (1.0, -1.0):
                for shrink in (1.0, 1 / 16, 1 / 256):
                    y = self.at(sign * shrink * step)
                    if y is not None:
                        size = np.maximum(size, np.abs(y))
                        change = np.maximum(change, np.abs(y - self.center))
                        break
        return size, change

    @cached_property
    def constant(self) -> np.ndarray:
        """(m,) array: true if the output does not change when x moves by its scale or by 1."""
        same = self.reach[1] == 0
        step = np.random.default_rng(2).uniform(0.5, 1.0, self.x.size)
        for y in (self.at(step), self.at(-step)) if np.any(same) else ():
            same = same & (y == self.center if y is not None else np.zeros(same.shape, dtype=bool))
        return same

    @cached_property
    def rounding(self) -> np.ndarray:
        """(m, n) array: how far two correct float64 programs for the Jacobian can differ."""
        size, change = self.reach
        return 64 * EPS * np.maximum(change[:, None] / self.scale[None, :], size[:, None] / 4)

    @cached_property
    def noise(self) -> np.ndarray:
        """(m,) array: the rounding noise of each output, at least that of the numbers that f computes with.

        This is ECnoise of Moré and Wild, SIAM J. Sci. Comput. 33 (2011). Between points so close together
        that f is a straight line, its second and higher differences are noise. Levels of differences that
        agree to within a factor of 4 give the size of the noise.
        """
        least = EPS * self.reach[0]
        direction = self.scale * np.random.default_rng(1).uniform(0.5, 1.0, self.x.size)
        values = [self.at(1e-10 * i * direction) for i in range(-3, 4)]
        if any(v is None for v in values):
            return least
        table = np.array(values)
        levels = np.empty((5, self.center.size))
        for k in range(1, 6):
            table = np.diff(table, axis=0)
            factor = factorial(k) ** 2 / factorial(2 * k)
            levels[k - 1] = np.sqrt(factor * np.mean(table**2, axis=0))
        noise = levels[-1].copy()
        for k in (2, 1):
            near = levels[k : k + 3]
            agree = near.max(axis=0) <= 4 * near.min(axis=0)
            noise[agree] = levels[k][agree]
        return np.maximum(noise, least)

    def slope(self, direction: np.ndarray, enough: float = 0.0) -> Slope:
        """The derivatives along `direction`, an (n,) array, by the best of several step sizes.

        enough : stop at this error bound; by default at 1e-9 of the largest derivative.
        """
        m = self.center.size
        best, best_bound = np.zeros(m), np.full(m, np.inf)
        kinked, step, ratio, levels = None, FIRST_STEP, 1 / STEP_RATIO, 0
        while (SMALLEST_STEP if levels >= LEVELS else NARROWEST_STEP) <= step <= LARGEST_STEP:
            level = self._level(direction, step)
            if level is not None:
                levels += 1
                estimate, bound, rounding, sides, jumps = level
                better = bound < best_bound
                best[better], best_bound[better] = estimate[better], bound[better]
                aim = max(enough, 1e-9 * np.abs(best).max(initial=0.0))
                if step <= FIRST_STEP:
                    kinked = (sides, jumps & (rounding < 0.01 * np.abs(sides[1] - sides[0])), rounding)
                if np.all(best_bound <= aim + (20 * rounding if step < FIRST_STEP else 0)):
                    break
                if step == FIRST_STEP and np.all(bound <= 100 * rounding):
                    ratio = STEP_RATIO  # the only error is rounding, and larger steps have less of it
            if ratio > 1 and (level is None or not better.any()):
                break
            step *= ratio
        best_bound[self.constant & (best == 0)] = 0.0
        kink = np.zeros(m, dtype=bool)
        if kinked is not None:
            (left, right), jumps, rounding = kinked
            half = np.abs(right - left) / 2
            kink = jumps & ~(best_bound < 0.1 * half)
            best[kink] = (left + right)[kink] / 2
            best_bound[kink] = (1.001 * half + rounding)[kink]
        return Slope(best, best_bound, kink)

    def _level(
        self, direction: np.ndarray, step: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray] | None:
        """One step size: estimate, bound, rounding part of the bound, slopes on the two sides, kink or not.

        Central differences at step, step/2 and step/4 are extrapolated twice. A slope jump is the slope on
        the right minus the slope on the left. If f is smooth, the jumps halve from one step to the next. If
        they do not, there is a kink inside, and the bound is infinite or large.
        """
        central, jump = [], []
        for h in (step, step / 2, step / 4):
            right, left = self.at(h * direction), self.at(-h * direction)
            if right is None or left is None:
                return None
            central.append((right - left) / (2 * h))
            jump.append((right - 2 * self.center + left) / h)
        first = (4 * central[1] - central[0]) / 3
        second = (4 * central[2] - central[1]) / 3
        estimate = (16 * second - first) / 15
        moved = direction != 0
        lost = EPS * np.max(np.abs(self.x[moved]) / np.abs(direction[moved]), initial=0.0)
        rounding = (7 * (self.noise + EPS * np.abs(self.center)) + lost * np.abs(estimate)) / step
        bound = (
            2 * np.abs(estimate - second)
            + np.abs(jump[1] - 2 * jump[2]) / 2
            + 0.03 * np.abs(jump[0] - 2 * jump[1])
            + rounding
        )
        kink = (np.abs(jump[2]) > 0.3 * np.abs(jump[0])) & (np.abs(jump[2]) > 100 * rounding)
        bound[kink] = np.inf
        sides = (central[2] - jump[2] / 2, central[2] + jump[2] / 2)
        return estimate, bound, rounding, sides, kink
