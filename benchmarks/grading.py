"""What grading one submission costs: `homework grade` beside `otter run`, on the same notebooks.

.venv/bin/python -m benchmarks.grading [REPEATS]

Needs the zips that `make` builds. `homework grade` is timed in a process that has graded before.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from autograder.builder.otter_tools import otter_run
from autograder.files import ROOT
from autograder.grading.grade import grader, read_autograder
from autograder.grading.isolation import isolation_level
from autograder.grading.upload import notebook_of
from autograder.settings import assignment_names
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
    ways = ("stock otter run, s", "with the plugin", "homework grade")
    print(f"| submission | {' | '.join(ways)} |\n|{'---|' * (len(ways) + 1)}")
    for assignment in assignment_names():
        zipped = ROOT / "dist" / assignment / "autograder.zip"
        level, autograder = isolation_level(None), read_autograder(zipped)
        with tempfile.TemporaryDirectory() as folder, grader(autograder, level) as graded:
            here = Path(folder)
            template = unzip(zipped.with_name("student.zip"), here) / assignment / f"{assignment}.ipynb"
            stock = without_plugin(zipped, here / "stock.zip")
            for what, answers in (
                ("reference solution", reference_answers(assignment)),
                ("blank template", {}),
            ):
                path = fill(template, answers, here / "submission.ipynb")
                graded(*notebook_of(path))
                plain, *others = seconds(
                    repeats,
                    partial(otter_run, path, stock),
                    partial(otter_run, path, zipped),
                    partial(graded, *notebook_of(path)),
                )
                shown = " | ".join(f"{other:.2f} ({other / plain:.2g} of stock)" for other in others)
                print(f"| {assignment}, {what} | {plain:.2f} | {shown} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5)
