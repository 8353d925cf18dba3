"""Draws docs/gradcheck.png: the error of a slope and its bound, for one function of each kind.

.venv/bin/python -m benchmarks.gradcheck_picture
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from gradcheck.numerical import Point

FUNCTIONS = {
    "smooth: exp(sin 3x)": (lambda x: np.exp(np.sin(3 * x)), 3 * np.cos(3) * np.exp(np.sin(3))),
    "a joint at x: the slope has a bend": (lambda x: np.where(x > 1, x**2, 2 * x - 1), 2.0),
    "a kink at a distance of 1e-4": (lambda x: np.abs(x - 1.0001), -1.0),
    "computed in float32": (lambda x: np.float64(np.sin(x.astype(np.float32))), np.cos(1.0)),
}


def main() -> None:
    steps = np.geomspace(1e-9, 0.3, 60)
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained")
    for axis, (title, (f, exact)) in zip(axes.flat, FUNCTIONS.items(), strict=True):
        point = Point(f, np.array([1.0]))
        levels = [point._level(np.array([1.0]), step) for step in steps]
        bound = np.array([level.bound[0] for level in levels])
        error = np.array([abs(level.value[0] - exact) for level in levels])
        axis.loglog(
            steps, np.maximum(error, 1e-16), ".", color="0.2", label="error of the extrapolated slope"
        )
        axis.loglog(steps, np.where(np.isinf(bound), np.nan, bound), color="tab:blue", label="its bound")
        hidden = np.isinf(bound)
        axis.loglog(steps[hidden], np.full(hidden.sum(), 3.0), "x", color="tab:red", label="no bound")
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
        axis.set_ylim(1e-16, 10)
    axes[0, 0].legend(fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("step, in sizes of x")
    figure.savefig(Path(__file__).parents[1] / "docs" / "gradcheck.png", dpi=80)


if __name__ == "__main__":
    main()
