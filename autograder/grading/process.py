"""The process that grades for a `Grader`: a line of JSON comes in for each submission, and one goes out."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from otter.run.run_autograder.autograder_config import AutograderConfig
from otter.test_files import GradingResults

from autograder.errors import HomeworkError
from autograder.grading.grade import CONFIG, Grade
from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.grading.loop import grade_cells
from autograder.grading.notebook import read_cells
from autograder.sandbox import NONE, Limits, Source


def main() -> None:
    """Serve until the input ends. The one argument is JSON: the level, and the limits of a submission."""
    options = json.loads(sys.argv[1])
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever checks print is not an answer
    with (
        contextlib.suppress(KeyboardInterrupt),
        Source(options["level"], Limits(**options["limits"])) as source,
    ):
        for line in sys.stdin:
            answers.write(json.dumps(_answer(Path(json.loads(line)), source)) + "\n")
            answers.flush()


def _answer(submission: Path, source: Source) -> dict[str, Any]:
    """A `Grade` as a dict, or the sentence that says why there is none, under "error"."""
    try:
        return asdict(_grade(submission, source))
    except HomeworkError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}. This is a fault in the grader; report it."}


def _grade(submission: Path, source: Source) -> Grade:
    graded = grade_cells(read_cells(submission), source)
    results = GradingResults(graded.tests)
    if source.level == NONE:
        results.set_output(WITHOUT_ISOLATION)
    config = AutograderConfig(json.loads(Path(CONFIG).read_text(encoding="utf-8")))
    return Grade(
        results.to_gradescope_dict(config),
        {name: float(test.score) for name, test in results.results.items()},
        {name: float(test.possible) for name, test in results.results.items()},
        graded.notes,
    )
