"""What runs in the process that grades: it was started with the packages of the autograder zip first."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.grading.notebook import read_cells
from autograder.sandbox import NONE, Limits, Source

CONFIG = "otter_config.json"
_sources: list[Source] = []


@dataclass(frozen=True)
class Grade:
    """What became of a submission.

    results : as Gradescope reads them, what Otter writes into results.json.
    points : earned, by question.
    possible : the most, by question.
    notes : for the instructor.
    """

    results: dict[str, Any]
    points: dict[str, float]
    possible: dict[str, float]
    notes: list[str]


def start(folder: str, level: str, limits: Limits | None) -> None:
    """Prepare to grade, in the folder where an autograder zip is unpacked."""
    os.chdir(folder)
    _sources.append(Source(level, limits))
    Finalize(None, _sources[0].close, exitpriority=1)


def grade(submission: Path) -> Grade:
    """Grade a submission by the autograder in the current folder. Errors: HomeworkError."""
    # Otter takes as long to import as the source of workers takes to load.
    from otter.run.run_autograder.autograder_config import AutograderConfig
    from otter.test_files import GradingResults

    from autograder.grading.loop import grade_cells

    (source,) = _sources
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
