"""Large gradients: compared along a few random directions, then looked at in small blocks.

A single wrong entry changes the slope along every direction that moves it, so a few slopes detect it. A
mistake in all entries also shows in a block of some of them, which is differentiated like a small array. If
the block is right, the wrong entry is searched by halving: it lies in the half whose slope is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.numerical import EPS, Point
from gradcheck.protocol import Arguments
from gradcheck.report import INCONCLUSIVE, RIGHT, WRONG, Report
from gradcheck.task import KNOWN, Axes, Block, Task

DIRECTIONS = 3
BLOCK = 36  # entries of each array


def compare_along_directions(
    task: Task, gradients: Sequence[np.ndarray], weights: np.ndarray, rng: np.random.Generator
) -> tuple[Report, Axes, bool]:
    """Check the gradients of the weighted sum of the outputs, one array for each argument in `wrt`.

    Returns
    -------
    Report
    Axes
        If it is wrong, where to find a wrong entry; see `block_of`.
    bool
        Whether this entry explains the whole error.
    """
    point = task.point(weights)
    g = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in gradients])
    atol = task.tolerances[1]
    axes: Axes = []
    alone = False
    ends = np.cumsum([x.size for x in task.inputs])
    reaches = [np.linalg.norm(part) for part in np.split(g * point.scale, ends[:-1])]
    weak = [
        i for i, reach in enumerate(reaches) if task.inputs[i].size and reach <= 1e-3 * max(reaches)
    ]  # they would not show
    for moved in [None] * DIRECTIONS + weak:
        direction = point.random_direction(rng)
        if moved is not None:
            direction[: ends[moved] - task.inputs[moved].size] = direction[ends[moved] :] = 0.0
        slope = point.slope(direction)
        error = float(g @ direction) - float(slope.value[0])
        size = float(np.linalg.norm(g * direction))
        bound = float(slope.bound[0])
        rounding = float(np.abs(point.rounding * direction).max(initial=0.0))
        absolute = 4 * rounding * task.eps / EPS
        if atol is not None:
            absolute = atol * float(np.linalg.norm(direction))
        report = Report(
            RIGHT, "", error=abs(error), bound=bound, tolerance=bound + 4 * task.rtol * size + absolute
        )
        if not abs(error) <= report.tolerance:
            report.tolerance += _sensitivity(task, weights, direction, float(slope.value[0]), rng)
        if not abs(error) <= report.tolerance:
            report.verdict, report.reason = WRONG, "The slope along a random direction is wrong."
            axes, alone = _search(task, point, g, direction, error)
            break
        if bound > max(1e-4 * size, KNOWN * rounding):
            report.verdict = INCONCLUSIVE
            report.reason = "The slope along a random direction is too uncertain. Try another point."
            if slope.kink[0]:
                report.reason = "The point is at a kink of the function. Try another point."
            break
        report.reason = f"The slopes along {DIRECTIONS} random directions agree with the numerical ones."
    report.evaluations = task.evaluations + point.evaluations
    return report, axes, alone


def _sensitivity(
    task: Task, weights: np.ndarray, direction: np.ndarray, slope: float, rng: np.random.Generator
) -> float:
    """How far the slope moves if the arguments are rounded, as `Task.sensitivity` for entries."""
    most = 0.0
    for _ in range(2):
        moved = task.rounded(rng)
        if moved.evaluate() is None:
            there = moved.point(weights).slope(direction)
            most = max(most, abs(float(there.value[0]) - slope) - 2 * float(there.bound[0]))
    return 16 * most


def sampled_axes(task: Task, rng: np.random.Generator) -> Axes:
    """A block of each array: some indices of every axis, the same ones for axes of the same length."""
    chosen: dict[tuple[int, int], np.ndarray] = {}

    def some(length: int, count: int) -> np.ndarray:
        if (length, count) not in chosen:
            chosen[length, count] = np.sort(rng.choice(length, min(length, count), replace=False))
        return chosen[length, count]

    entries = min(BLOCK, 360 // len(task.wrt))
    axes: Axes = []
    for x in task.inputs:
        count = max(2, int(entries ** (1 / max(1, x.ndim)) + 1e-9))
        axes.append(tuple(some(length, count) for length in x.shape))
    return axes


def block_of(task: Task, axes: Axes) -> Task:
    """The same task for a block of each array whose axes are not None.

    axes : for each argument in `wrt`, some indices along each of its axes.
    """
    blocks = {
        i: (k, np.ix_(*a) if a else ())
        for k, (i, a) in enumerate(zip(task.wrt, axes, strict=True))
        if a is not None
    }

    def whole(args: Arguments) -> Arguments:
        full = list(args)
        for i, (_, place) in blocks.items():
            full[i] = np.array(task.args[i], dtype=np.result_type(task.args[i], args[i]))
            full[i][place] = args[i]
        return tuple(full)

    def cut(parts: Sequence[Any]) -> list[Any]:
        return [np.asarray(parts[k])[place] for k, place in blocks.values()]

    def program(*given: Any) -> list[Any]:
        n = len(task.args)
        return cut(task.program(*whole(given[:n]), *given[n:]))

    args = list(task.args)
    for i, (_, place) in blocks.items():
        args[i] = np.asarray(args[i])[place]
    results = tuple(task.names.results[k] for k, _ in blocks.values())
    return replace(
        task,
        forward=lambda *given: task.forward(*whole(given)),
        program=program,
        args=tuple(args),
        wrt=tuple(blocks),
        names=replace(task.names, results=results),
        block=Block(whole, cut, [axes[k] for k, _ in blocks.values()]),
        jacobians=[],
    )


def _search(
    task: Task, point: Point, g: np.ndarray, direction: np.ndarray, error: float
) -> tuple[Axes, bool]:
    """Halve the inputs until one is left, keeping the half with the larger error."""
    first, last, whole = 0, g.size, error
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
    axes: Axes = []
    for x in task.inputs:
        inside = 0 <= first < x.size
        index = np.unravel_index(first, x.shape) if inside else ()
        axes.append(tuple(np.array([i]) for i in index) if inside else None)
        first -= x.size
    return axes, abs(error - whole) <= 0.1 * abs(whole)
