"""What grading one submission costs: `homework grade` beside `otter run`, on the same notebooks.

.venv/bin/python -m benchmarks.grading [REPEATS]

Needs the zips that `make` builds. "first": nothing was graded before, all is loaded. "same answers": other
submissions gave the same results before, with functions of another text. "same text": they had the same
functions.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from autograder.build.files import ROOT
from autograder.build.otter_tools import otter_run
from autograder.build.settings import assignment_names
from autograder.grading.grade import Autograder, grade, isolation_level, unpacked
from autograder.grading.memory import Memory
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


def in_other_words(template: Path, answers: dict[str, str], numbers: Iterator[int]) -> Path:
    """A submission with these answers, of a text that is new: a comment with a number is in each."""
    comment = f"\n    # version {next(numbers)}\n"
    reworded = {name: text.replace("\n", comment, 1) for name, text in answers.items()}
    return fill(template, reworded, template.with_name("reworded.ipynb"))


def main(repeats: int) -> None:
    """Print a line for each assignment and submission."""
    ways = ("stock otter run, s", "with the plugin", "homework grade: first", "same answers", "same text")
    print(f"| submission | {' | '.join(ways)} |\n|{'---|' * (len(ways) + 1)}")
    for assignment in assignment_names():
        zipped = ROOT / "dist" / assignment / "autograder.zip"
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            template = unzip(zipped.with_name("student.zip"), here) / assignment / f"{assignment}.ipynb"
            stock = without_plugin(zipped, here / "stock.zip")
            with unpacked(zipped) as autograder, Source(isolation_level(None)) as source:
                for what, answers in (
                    ("reference solution", reference_answers(assignment)),
                    ("blank template", {}),
                ):
                    path = fill(template, answers, here / "submission.ipynb")
                    reworded = partial(in_other_words, template, answers, count())
                    for _ in range(3):
                        grade(autograder, path, source)
                    plain, *others = seconds(
                        repeats,
                        partial(otter_run, path, stock),
                        partial(otter_run, path, zipped),
                        partial(graded_first, autograder, path, source),
                        partial(graded, autograder, reworded, source),
                        partial(grade, autograder, path, source),
                    )
                    shown = " | ".join(f"{other:.3f} ({other / plain:.2g} of stock)" for other in others)
                    print(f"| {assignment}, {what} | {plain:.2f} | {shown} |", flush=True)


def graded_first(autograder: Autograder, path: Path, source: Source) -> None:
    """Grade as if nothing had been graded before."""
    grade(replace(autograder, memory=Memory()), path, source)


def graded(autograder: Autograder, made: Callable[[], Path], source: Source) -> None:
    """Grade a submission that is made now."""
    grade(autograder, made(), source)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5)
