"""What runs in the process that grades: it was started with the packages of the autograder zip first."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import FellShortError, HomeworkError, fault
from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.grading.notebook import Notebook, read_notebook
from autograder.sandbox import NONE, ForkServer
from autograder.sandbox.confine import end_with_parent
from autograder.signals import Stopped, held, released, stopped_by_signals

if TYPE_CHECKING:
    from otter.test_files import GradingResults

    from autograder.grading.loop import Graded

CONFIG = "otter_config.json"
PLUGIN = "autograder.otter_plugin.SandboxPlugin"


@dataclass(frozen=True)
class Grade:
    """What became of a submission.

    results : as Gradescope reads them, what Otter writes into results.json.
    points : earned, by question.
    possible : the most, by question.
    remarks : what is odd about the notebook, in sentences for the student; the results have them too.
    notes : for the instructor.
    """

    results: dict[str, Any]
    points: dict[str, float]
    possible: dict[str, float]
    remarks: list[str]
    notes: list[str]


def serve(descriptor: int) -> None:
    """Grade for one client until it ends this process.

    descriptor : of a connection. The first request is a folder, the level and the limits; in the folder, an
        autograder zip is unpacked in `autograder`. Each later one is the path of a submission, and gets its
        Grade, or the exception that it raises.
    """
    end_with_parent()
    with contextlib.suppress(Stopped, EOFError, OSError), stopped_by_signals(), held():
        channel = Connection(descriptor)
        folder, level, limits = channel.recv()
        os.chdir(folder / "autograder")
        with ForkServer(level, limits, folder) as server, released():
            channel.send(None)
            while True:
                submission = channel.recv()
                try:
                    response: Any = grade(submission, server)
                except HomeworkError as error:
                    response = error
                except Exception as error:
                    response = FellShortError(fault(error))
                channel.send(response)


def grade(submission: Path, server: ForkServer) -> Grade:
    """Grade a submission by the autograder in the current folder. Errors: HomeworkError."""
    results, graded = grading_results(submitted_notebook(submission), server)
    return Grade(
        gradescope_results(results),
        {name: float(test.score) for name, test in results.results.items()},
        {name: float(test.possible) for name, test in results.results.items()},
        graded.remarks,
        graded.notes,
    )


def submitted_notebook(submission: Path) -> Notebook:
    """Read a submission to the assignment that the autograder in the current folder is for.

    Errors: SubmissionError.
    """
    plugins = [
        plugin for plugin in _config().get("plugins", []) if isinstance(plugin, dict) and PLUGIN in plugin
    ]
    return read_notebook(submission, **(plugins[0][PLUGIN] if plugins else {}))


def grading_results(notebook: Notebook, server: ForkServer) -> tuple[GradingResults, Graded]:
    """Grade a notebook by the autograder in the current folder; return Otter's results, and the rest.

    Errors: SandboxError.
    """
    # Otter takes as long to import as the source of workers takes to load.
    from otter.test_files import GradingResults

    from autograder.grading.loop import grade_notebook

    graded = grade_notebook(notebook, server)
    for case in (case for test in graded.tests for case in test.test_cases):
        case.body = None  # a function of the test file, which another Python could not unpickle
    results = GradingResults(graded.tests)
    say_with_results(results, graded.remarks, server.level)
    return results, graded


def say_with_results(results: GradingResults, remarks: list[str], level: str) -> None:
    """Say above all questions what is odd about a notebook, and where nothing was isolated."""
    said = [*remarks, *([WITHOUT_ISOLATION] if level == NONE else [])]
    if said:
        results.set_output("\n".join(said))


def gradescope_results(results: GradingResults) -> dict[str, Any]:
    """What Otter writes into results.json by the configuration in the current folder."""
    from otter.run.run_autograder.autograder_config import AutograderConfig

    found: dict[str, Any] = results.to_gradescope_dict(AutograderConfig(_config()))
    return found


def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads(Path(CONFIG).read_text(encoding="utf-8"))
    return config
