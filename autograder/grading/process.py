"""The process that grades. Its path begins with the packages of the autograder zip."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import FellShortError, HomeworkError, fault
from autograder.grading.case_names import title_of
from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.grading.notebook import Notebook, parse_notebook, read_notebook
from autograder.sandbox import NONE, ForkServer
from autograder.sandbox.confine import end_with_parent
from autograder.signals import Stopped, held, released, stopped_by_signals
from checking.outcomes import SAME_RESULT

if TYPE_CHECKING:
    from otter.test_files import GradingResults, TestFile

    from autograder.grading.loop import Graded

CONFIG = "otter_config.json"
ASSIGNMENT = "assignment.json"  # the name and the title of the assignment, and its questions
PLUGIN = "autograder.otter_plugin.SandboxPlugin"


@dataclass(frozen=True)
class CheckResult:
    """How a submission did in one check.

    question, check, title : the question, and the name and the title of the check.
    points : the points earned.
    possible : the points of the check.
    hidden : whether the check is hidden from students.
    passed : whether it passed.
    message : the message for the student; empty if it passed.
    mistake : the name of the mistake in the catalogue that gives the same results; empty if there is none.
    """

    question: str
    check: str
    title: str
    points: float
    possible: float
    hidden: bool
    passed: bool
    message: str
    mistake: str


@dataclass(frozen=True)
class Grade:
    """The grade of a submission.

    checks : how it did in each check, in the order of the test files.
    answers : the text of its answers, see `Notebook`.
    results : the contents of Otter's results.json, for Gradescope.
    points : the points earned, by question.
    possible : the possible points, by question.
    remarks : sentences for the student about unusual things in the notebook; also in the results.
    notes : sentences for the instructor.
    """

    checks: list[CheckResult]
    answers: dict[str, str]
    results: dict[str, Any]
    points: dict[str, float]
    possible: dict[str, float]
    remarks: list[str]
    notes: list[str]


def serve(descriptor: int) -> None:
    """Grade for one client until the client ends this process.

    descriptor : the descriptor of a connection. The first request is a folder, the level and the limits;
        the folder contains an unpacked autograder zip in `autograder`. Each later request is the name and
        the bytes of a notebook. The response is its Grade, or an exception.
    """
    end_with_parent()
    with contextlib.suppress(Stopped, EOFError, OSError), stopped_by_signals(), held():
        channel = Connection(descriptor)
        # send and recv leave a buffer behind that Python 3.12 complains about if a signal ends this process.
        folder, level, limits = pickle.loads(channel.recv_bytes())
        os.chdir(folder / "autograder")
        with ForkServer(level, limits, folder) as server, released():
            channel.send_bytes(pickle.dumps(None))
            while True:
                name, data = pickle.loads(channel.recv_bytes())
                try:
                    response: Any = grade(name, data, server)
                except HomeworkError as error:
                    response = error
                except Exception as error:
                    response = FellShortError(fault(error))
                channel.send_bytes(pickle.dumps(response))


def grade(name: str, data: bytes, server: ForkServer) -> Grade:
    """Grade a notebook with the autograder in the current folder; raise a HomeworkError on failure."""
    notebook = parse_notebook(name, data, **_belongs())
    results, graded = grading_results(notebook, server)
    return Grade(
        _check_results(graded.tests),
        notebook.answers,
        gradescope_results(results),
        {name: float(test.score) for name, test in results.results.items()},
        {name: float(test.possible) for name, test in results.results.items()},
        graded.remarks,
        graded.notes,
    )


def submitted_notebook(submission: Path) -> Notebook:
    """Read a submission for the autograder in the current folder; raise a SubmissionError on failure."""
    return read_notebook(submission, **_belongs())


def _belongs() -> dict[str, str]:
    """The assignment and the build of the autograder in the current folder."""
    plugins = [
        plugin for plugin in _config().get("plugins", []) if isinstance(plugin, dict) and PLUGIN in plugin
    ]
    return plugins[0][PLUGIN] if plugins else {}


def _check_results(tests: list[TestFile]) -> list[CheckResult]:
    """The result of every check, by its question and name."""
    found = []
    for test in tests:
        for result in test.test_case_results:
            case, message = result.test_case, "" if result.passed else result.message or ""
            mistake = re.search(rf"{re.escape(SAME_RESULT)}(.+)\.$", message)
            found.append(
                CheckResult(
                    test.name,
                    case.body.test_func.__name__.removeprefix(f"{test.name}_"),
                    title_of(case.name),
                    float(case.points) * result.passed,
                    float(case.points),
                    case.hidden,
                    result.passed,
                    message,
                    mistake[1] if mistake else "",
                )
            )
    return found


def grading_results(notebook: Notebook, server: ForkServer) -> tuple[GradingResults, Graded]:
    """Grade a notebook with the autograder in the current folder.

    Returns
    -------
    GradingResults
        Otter's results.
    Graded
        The remarks and notes.

    Raises
    ------
    SandboxError
        If the sandbox fails.
    """
    # Importing Otter is slow; meanwhile the server loads.
    from otter.test_files import GradingResults

    from autograder.grading.loop import grade_notebook

    graded = grade_notebook(notebook, server)
    results = GradingResults(graded.tests)
    say_with_results(results, graded.remarks, server.level)
    return results, graded


def say_with_results(results: GradingResults, remarks: list[str], level: str) -> None:
    """Add the remarks to the top of the results, and a warning if nothing was isolated."""
    said = [*remarks, *([WITHOUT_ISOLATION] if level == NONE else [])]
    if said:
        results.set_output("\n".join(said))


def gradescope_results(results: GradingResults) -> dict[str, Any]:
    """The contents of Otter's results.json for the configuration in the current folder."""
    from otter.run.run_autograder.autograder_config import AutograderConfig

    found: dict[str, Any] = results.to_gradescope_dict(AutograderConfig(_config()))
    return found


def _config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads(Path(CONFIG).read_text(encoding="utf-8"))
    return config
