"""What grading one submission costs: `homework grade` beside `otter run`, on the same notebooks.

.venv/bin/python -m benchmarks.grading [REPEATS]

Needs the zips that `make` builds. "warm" is one submission after another, all loaded, as in a batch.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from autograder.build.files import ROOT
from autograder.build.otter_tools import otter_run
from autograder.build.settings import assignment_names
from autograder.grading.grade import grade, isolation_level, unpacked
from autograder.sandbox import Source
from tests.helpers import fill, reference_answers, unzip, without_plugin


def seconds(repeats: int, *functions: Callable[[], object]) -> list[float]:
    """The median time of each function, one after the other in every round."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, taken in zip(functions, times, strict=True):
            began = time.perf_counter()
            function()
            taken.append(time.perf_counter() - began)
    return [median(taken) for taken in times]


def main(repeats: int) -> None:
    """Print a line for each assignment and submission."""
    print(
        "| submission | stock otter run, s | otter run with the plugin, s | homework grade, warm, s | ratio |"
    )
    print("|---|---|---|---|---|")
    for assignment in assignment_names():
        zipped = ROOT / "dist" / assignment / "autograder.zip"
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            template = unzip(zipped.with_name("student.zip"), here) / assignment / f"{assignment}.ipynb"
            solved = fill(template, reference_answers(assignment), here / "solved.ipynb")
            stock = without_plugin(zipped, here / "stock.zip")
            with unpacked(zipped) as autograder, Source(isolation_level(None)) as source:
                for what, path in (("reference solution", solved), ("blank template", template)):
                    grade(autograder, path, source)
                    plain, plugged, ours = seconds(
                        repeats,
                        partial(otter_run, path, stock),
                        partial(otter_run, path, zipped),
                        partial(grade, autograder, path, source),
                    )
                    with_plugin = f"{plugged:.2f} ({plugged / plain:.2f} of stock)"
                    ratio = f"1/{plain / ours:.0f}"
                    print(
                        f"| {assignment}, {what} | {plain:.2f} | {with_plugin} | {ours:.3f} | {ratio} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5)
