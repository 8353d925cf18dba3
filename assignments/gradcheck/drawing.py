"""A picture of a report: which entries of a gradient are wrong, in which direction, and how far."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck.report import Comparison, Report

LONGEST = 40


def show(report: Report) -> Any:
    """Draw the entries that a check compared. This needs matplotlib.

    A dot is a right entry. A white square is an entry that is too large, a black square one that is too
    small. The size of a square grows with the error, up to the largest entry. An array of the wrong shape
    is drawn as an outline over the right shape. Arrays longer than 40 entries are drawn in blocks, each
    showing its worst entry.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    drawn = _without_repeats(report.comparisons)
    figure, axes = plt.subplots(1, max(1, len(drawn)), squeeze=False, layout="constrained")
    figure.suptitle(f"{report.verdict}: {report.names[0].sentence if report.names else report.reason}")
    for axis in axes[0]:
        axis.set_axis_off()
    for axis, comparison in zip(axes[0], drawn, strict=False):
        axis.set_axis_on()
        if comparison.actual.shape == comparison.expected.shape:
            _draw_entries(axis, comparison)
        else:
            _draw_shapes(axis, comparison)
    if any(c.actual.shape == c.expected.shape for c in drawn):
        figure.supxlabel("dot: right, white: too large, black: too small", fontsize=8)
    if not drawn:
        axes[0][0].text(0.5, 0.5, "nothing was compared", ha="center", va="center")
    return figure


def _without_repeats(comparisons: list[Comparison]) -> list[Comparison]:
    """One comparison per array: the first wrong one, or else the first."""
    chosen: dict[str, Comparison] = {}
    for comparison in comparisons:
        if comparison.name not in chosen or (
            comparison.wrong.any() and not chosen[comparison.name].wrong.any()
        ):
            chosen[comparison.name] = comparison
    return list(chosen.values())


def _draw_entries(axis: Any, comparison: Comparison) -> None:
    from matplotlib.patches import Rectangle

    error = _matrix(np.where(comparison.wrong, comparison.actual - comparison.expected, 0.0))
    error = np.where(np.isnan(error), np.inf, error)
    error, block = _blocks(error)
    rows, columns = error.shape
    largest = float(np.abs(comparison.expected).max(initial=0.0)) or 1.0
    axis.set_facecolor("0.6")
    for (i, j), e in np.ndenumerate(error):
        if e == 0:
            axis.plot(j, i, ".", color="0.3", markersize=3)
            continue
        # Errors from a millionth of the largest entry to all of it, on a logarithmic scale.
        share = np.clip(1 + np.log10(min(abs(e) / largest, 1.0)) / 6, 0.15, 1.0)
        side = 0.95 * share
        color = "white" if e > 0 else "black"
        axis.add_patch(Rectangle((j - side / 2, i - side / 2), side, side, facecolor=color, edgecolor="0.3"))
    axis.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    x, y = range(0, columns, max(1, columns // 8)), range(0, rows, max(1, rows // 8))
    axis.set_xticks(x)
    axis.set_yticks(y if comparison.expected.ndim > 1 else [])
    if comparison.axes is not None and comparison.expected.ndim == 2:
        axis.set_xticks(x, labels=[str(comparison.axes[1][j]) for j in x])
        axis.set_yticks(y, labels=[str(comparison.axes[0][i]) for i in y])
    blocks = f", in blocks of {block[0]} x {block[1]}" if max(block) > 1 else ""
    wrong = int(comparison.wrong.sum())
    of = "a block of " if comparison.axes is not None else ""
    title = f"{of}{comparison.name}, {comparison.expected.shape}{blocks}:\n{wrong} wrong"
    axis.set_title(title, fontsize=9)


def _draw_shapes(axis: Any, comparison: Comparison) -> None:
    from matplotlib.patches import Rectangle

    sizes = []
    for array, style, label in ((comparison.expected, "-", "expected"), (comparison.actual, "--", "yours")):
        rows, columns = _matrix(array).shape
        sizes.append((rows, columns))
        axis.add_patch(
            Rectangle(
                (0, 0),
                columns,
                rows,
                fill=False,
                linestyle=style,
                linewidth=2,
                label=f"{label} {array.shape}",
            )
        )
    rows, columns = np.max(sizes, axis=0)
    axis.set(xlim=(-0.3, columns + 0.3), ylim=(rows + 0.3, -0.3), aspect="equal")
    axis.set_title(f"{comparison.name} has the wrong shape", fontsize=9)
    axis.legend(loc="lower right", fontsize=8)


def _matrix(array: np.ndarray) -> np.ndarray:
    """Any array as a matrix: a vector is one row; all axes after the first are joined."""
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(array.shape[0], -1)


def _blocks(error: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """The worst entry of each block, and the block size that keeps each side within `LONGEST`."""
    high, wide = (-(-n // LONGEST) or 1 for n in error.shape)
    if max(high, wide) == 1:
        return error, (1, 1)
    padded = np.pad(error, ((0, -error.shape[0] % high), (0, -error.shape[1] % wide)))
    parts = padded.reshape(padded.shape[0] // high, high, -1, wide).swapaxes(1, 2).reshape(-1, high * wide)
    worst = parts[np.arange(len(parts)), np.abs(parts).argmax(axis=1)]
    return worst.reshape(padded.shape[0] // high, -1), (high, wide)
