"""Numerical derivatives with bounds on their errors.

A central difference (f(x + h) - f(x - h)) / 2h has two errors: truncation, which shrinks with h, and
rounding, which grows as 1/h. Richardson extrapolation (Romberg's scheme) combines the three steps h, h/2
and h/4. The truncation error then falls like h**6, so h can stay large, and the disagreement of the three
steps bounds the remaining error. At a kink of f, the derivative is known only to lie between the slopes on
the two sides. docs/gradcheck.md has the formulas.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

EPS = float(np.finfo(np.float64).eps)
FIRST_STEP, STEP_RATIO = 0.0096184, 16.0  # no round number, as the period of f may be one
SMALLEST_STEP, LARGEST_STEP = 1e-14, 1e4  # where f has no value near x, or varies on another scale than x
APART, WIDEST = 1e-6, 1e-3  # between points that show the noise: too close together for f to curve
UNEVEN = np.array([1.0, 2.13, 2.9, 4.2, 4.87, 6.0])
CLIMBS = 4  # of the gaps between these points; a function with fewer changes is looked at more widely
TINY = float(np.finfo(np.float64).tiny)


class NotFiniteError(ValueError):
    """The function has no finite value at the point itself."""


@dataclass(frozen=True)
class Slope:
    """The derivatives of all outputs along one direction, with error bounds: arrays of shape (m,)."""

    value: np.ndarray
    bound: np.ndarray
    kink: np.ndarray


@dataclass(frozen=True)
class Level:
    """What one step size shows; arrays of shape (m,).

    value, bound : the extrapolated slope, and a bound on its error, infinite where the sides disagree.
    rounding : the part of `bound` that grows with a smaller step.
    left, right : the slopes on the two sides.
    apart : where they differ, whatever the step.
    """

    value: np.ndarray
    bound: np.ndarray
    rounding: np.ndarray
    left: np.ndarray
    right: np.ndarray
    apart: np.ndarray


def scales(x: np.ndarray) -> np.ndarray:
    """How far each entry of `x` can move: its size, at least a tenth of the typical size; 1 if all are 0."""
    largest = float(np.abs(x).max(initial=0.0)) or 1.0
    rms = largest * float(np.sqrt(np.mean((x / largest) ** 2))) if x.size else 0.0
    return np.maximum(np.abs(x), 0.1 * rms) if rms > 0 else np.ones(x.shape)


def signed(rng: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    """Random numbers of size 1 to 2 and of random sign. Of size 1 alone, two opposite errors could cancel."""
    return rng.uniform(1.0, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


class Point:
    """A function at a point: its slopes, its rounding noise, and the number of its evaluations.

    f, x : see `numerical_jacobian`.
    scale : (n,) array, how far each input moves; by default `scales(x)`.
    center : (m,) array, f(x); called here if it is not given.
    """

    def __init__(
        self,
        f: Callable[[np.ndarray], Any],
        x: np.ndarray,
        scale: np.ndarray | None = None,
        center: np.ndarray | None = None,
    ):
        x = np.asarray(x, dtype=np.float64)
        self.f, self.input_shape, self.x = f, x.shape, x.ravel()
        self.scale = scales(self.x) if scale is None else scale
        self.nearby = np.where(self.x == 0, self.scale, np.abs(self.x))
        self.evaluations = 0
        if center is None:
            self.evaluations += 1
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

    def random_direction(self, rng: np.random.Generator | int) -> np.ndarray:
        """An (n,) array, each entry of random sign and between once and twice its scale."""
        return self.scale * signed(np.random.default_rng(rng), self.x.size)

    @cached_property
    def reach(self) -> tuple[np.ndarray, np.ndarray]:
        """Each output's largest size, and its largest change when all inputs move by about their size.

        Two (m,) arrays. They estimate the size of the numbers that f computes with, even if f is nearly
        constant.
        """
        size, change = np.abs(self.center), np.zeros_like(self.center)
        rng = np.random.default_rng(0)
        for _ in range(2):
            step = self.nearby * signed(rng, self.x.size)
            for sign in (1.0, -1.0):
                for shrink in (1.0, 1 / 16, 1 / 256):
                    y = self.at(sign * shrink * step)
                    if y is not None:
                        size = np.maximum(size, np.abs(y))
                        change = np.maximum(change, np.abs(y - self.center))
                        break
        return size, change

    @cached_property
    def rounding(self) -> np.ndarray:
        """(m, n) array: how far two correct float64 programs for the Jacobian can differ."""
        size, change = self.reach
        least = np.maximum(1e-6 * size, TINY / EPS)  # below TINY / EPS, numbers lose digits
        least = np.where(change <= 16 * self.noise, np.maximum(least, self.noise / EPS), least)
        return 16 * EPS * np.maximum(change, least)[:, None] / self.scale[None, :]

    @cached_property
    def noise(self) -> np.ndarray:
        """(m,) array: the rounding noise of each output, at least that of the numbers that f computes with.

        If f hardly changes so close to x, it may have steps, as a function that computes in float32, and is
        looked at more widely. Noise far above the least is measured once more on the other side of x and
        closer to it, if f changes there: a kink, or a function of a small scale, looks like noise too.
        """
        size, change = self.reach
        apart, least = APART, EPS * size
        noise, steps = self._noise(apart)
        while apart < WIDEST and noise is not None:
            still = (np.sum(steps != 0, axis=0) < CLIMBS) & (change > 0)
            if not still.any():
                break
            apart *= 2 * STEP_RATIO
            wider, steps = self._noise(apart)
            if wider is not None:
                climbs = still & (np.sum(steps != 0, axis=0) >= CLIMBS) & (wider > 10 * least)
                noise = np.where(climbs, wider, noise)
        if apart == APART and (noise is None or np.any(noise > 1e3 * least)):
            closer, steps = self._noise(-1e-4 * apart)
            if noise is None or closer is None:
                noise = closer
            else:
                noise = np.where(np.all(steps, axis=0), np.minimum(noise, closer), noise)
        return least if noise is None else np.maximum(noise, least)

    def _noise(self, apart: float) -> tuple[np.ndarray | None, np.ndarray]:
        """The noise of each output on one side of x, and its changes from each point to the next.

        Between points so close together, f is a parabola. How far its values are from the nearest one is
        noise. The distances are uneven, so that a function with steps does not climb them evenly.
        """
        direction = self.nearby * np.random.default_rng(1).uniform(0.5, 1.0, self.x.size)
        values = [self.at(apart * t * direction) for t in UNEVEN]
        if any(v is None for v in values):
            return None, np.ones((len(UNEVEN) - 1, self.center.size))
        rise = np.array(values) - values[0]
        powers = np.vander(UNEVEN, 3)
        residual = rise - powers @ np.linalg.lstsq(powers, rise, rcond=None)[0]
        return np.sqrt(np.sum(residual**2, axis=0) / (len(UNEVEN) - 3)), np.diff(rise, axis=0)

    def slope(self, direction: np.ndarray, enough: float = 0.0) -> Slope:
        """The derivatives along `direction`, an (n,) array, by the best of several step sizes.

        enough : stop at this error bound; by default at 1e-9 of the largest derivative.
        """
        m = self.center.size
        value, bound, kink = np.zeros(m), np.full(m, np.inf), np.zeros(m, dtype=bool)
        torn, spread = np.zeros(m, dtype=bool), 0.0 * value
        first, last, step = None, np.full(m, np.inf), FIRST_STEP
        while step >= SMALLEST_STEP:
            level = self._level(direction, step)
            step /= STEP_RATIO
            if level is None:
                continue
            with np.errstate(invalid="ignore"):
                differ = np.abs(level.value - value)
            clash = (differ > level.bound + bound) & np.isfinite(level.bound + bound) & ~kink
            confirmed = torn & ~clash & (level.value != 0) & (level.bound <= 1e-3 * np.abs(level.value))
            torn, spread = (torn | clash) & ~confirmed, np.where(clash, differ, spread)
            better = clash | ((level.bound < bound) & ~kink)
            value[better], bound[better] = level.value[better], level.bound[better]
            aim = max(enough, 1e-9 * np.abs(value).max(initial=0.0))
            if first is None:
                first = level
                limited = np.all(bound <= 100 * level.rounding)
                if np.all(bound <= aim) or (limited and np.all(level.rounding <= 1e-10 * self.reach[1])):
                    break
                if limited:
                    self._step_up(direction, aim, value, bound)
                    break
                if level.apart.any():
                    kink = self._kink(direction, level, STEP_RATIO * step, value, bound)
            done = bound <= np.maximum(aim, 20 * level.rounding if level is not first else 0)
            done = kink | (done & ~torn)
            noisy = (level.bound > last) & np.isfinite(level.bound) & ~clash  # f is not smooth so near x
            if np.all(done | noisy):
                break
            last = level.bound
        bound[torn] = np.maximum(bound, spread)[torn]  # two step sizes clash, and no third decides
        return Slope(value, bound, kink)

    def _step_up(self, direction: np.ndarray, aim: float, value: np.ndarray, bound: np.ndarray) -> None:
        """Improve slopes whose only error is rounding: larger steps have less of it."""
        step = FIRST_STEP
        while step < LARGEST_STEP and not np.all(bound <= aim):
            step *= STEP_RATIO
            level = self._level(direction, step)
            if level is None:
                return
            better = (level.bound < bound) & (np.abs(level.value - value) <= level.bound + bound)
            better &= level.bound <= np.maximum(0.1 * np.abs(level.value), 10 * level.rounding)
            if not better.any():
                return
            value[better], bound[better] = level.value[better], level.bound[better]

    def _kink(
        self, direction: np.ndarray, level: Level, step: float, value: np.ndarray, bound: np.ndarray
    ) -> np.ndarray:
        """Where the slopes differ on the two sides of x itself: (m,) array of bool; their value and bound.

        The sides are compared once more with the smallest step at which rounding does not hide how they
        differ. If they agree there, f is smooth at x, and has a kink near it or curves on a small scale.
        """
        gap = np.abs(level.right - level.left)
        with np.errstate(divide="ignore", invalid="ignore"):
            smallest = 200 * step * level.rounding / gap
        closest = self._level(direction, float(np.max(smallest[level.apart])))
        if closest is None:
            return np.zeros(gap.shape, dtype=bool)
        better = closest.bound < bound
        value[better], bound[better] = closest.value[better], closest.bound[better]
        # If the slopes are other ones there, f jumps at x, or turns within the first step.
        jump = np.maximum(np.abs(closest.right - level.right), np.abs(closest.left - level.left)) > gap
        kink = level.apart & closest.apart & ~jump
        value[kink] = (level.left + level.right)[kink] / 2
        bound[kink] = (1.001 * gap / 2 + level.rounding)[kink]
        return kink

    def _level(self, direction: np.ndarray, step: float) -> Level | None:
        """One step size; None if f has no value there.

        Central differences at step, step/2 and step/4 are extrapolated twice. A slope jump is the slope on
        the right minus the slope on the left. If f is smooth, the jumps halve from one step to the next. If
        they do not, there is a kink inside, and the bound is infinite or large. Where only the second
        derivative jumps, central differences err like h instead of h**2, and the two extrapolations differ
        by more than the error of the better one.
        """
        central, jump, ahead, back, size = [], [], [], [], np.abs(self.center)
        for h in (step, step / 2, step / 4):
            right, left = self.at(h * direction), self.at(-h * direction)
            if right is None or left is None:
                return None
            size = np.maximum(size, np.maximum(np.abs(right), np.abs(left)))
            ahead.append((right - self.center) / h)
            back.append((self.center - left) / h)
            central.append((right - left) / (2 * h))
            jump.append((right - 2 * self.center + left) / h)
        first = (4 * central[1] - central[0]) / 3
        second = (4 * central[2] - central[1]) / 3
        estimate = (16 * second - first) / 15
        noise = self.noise * np.maximum(1.0, size / np.maximum(self.reach[0], TINY))
        moved = direction != 0
        lost = EPS * np.max(np.abs(self.x[moved]) / np.abs(direction[moved]), initial=0.0)
        rounding = (7 * (noise + EPS * size) + lost * np.abs(estimate)) / step
        bound = (
            2.5 * np.abs(second - first)
            + np.abs(jump[1] - 2 * jump[2]) / 2
            + 0.03 * np.abs(jump[0] - 2 * jump[1])
            + rounding
        )
        apart = (np.abs(jump[2]) > 0.3 * np.abs(jump[0])) & (np.abs(jump[2]) > 100 * rounding)
        change, before = np.abs(central[2] - central[1]), np.abs(central[1] - central[0])
        diverges = (change > before) & (change > 100 * rounding)  # as where f jumps
        bound[apart | diverges | np.isnan(bound)] = np.inf
        left, right = ((8 * side[2] - 6 * side[1] + side[0]) / 3 for side in (back, ahead))
        return Level(estimate, bound, rounding, left, right, apart)
