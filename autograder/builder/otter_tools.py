"""Otter's own commands, called from Python: `otter assign` and `otter run`."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import FellShortError
from autograder.grading.case_names import title_of
from checking import Check
from checking.outcomes import html_safe


@dataclass(frozen=True)
class Case:
    """One test case scored by `otter run`. Students see `title` and `message`."""

    question: str
    title: str
    points: float
    hidden: bool
    passed: bool
    message: str


def otter_assign(master: Path, out: Path) -> None:
    """Run `otter assign` on a master notebook, without its own tests; raise a FellShortError if it fails."""
    from otter.assign import main

    try:
        with _quiet():
            main(str(master), str(out), no_run_tests=True)
    except (Exception, SystemExit) as error:
        raise FellShortError(f"otter assign failed on {master.name}: {_first_line(error)}.") from None


def otter_run(submission: Path, autograder: Path) -> list[Case]:
    """Run `otter run` on a notebook or an exported zip; raise a FellShortError if it fails."""
    from otter.api import grade_submission

    try:
        with _quiet():
            results = grade_submission(str(submission), str(autograder), quiet=True)
    except (Exception, SystemExit) as error:
        raise FellShortError(f"otter run failed on {submission.name}: {_first_line(error)}.") from None
    if results.has_catastrophic_failure():
        raise FellShortError(
            f"otter run produced no results for {submission.name}: "
            f"{_first_line(results.catastrophic_error)}. Perhaps a test file cannot be read."
        )
    return [
        Case(
            question,
            title_of(result.test_case.name),
            result.test_case.points,
            result.test_case.hidden,
            result.passed,
            _without_frame(result.message),
        )
        for question, file in results.results.items()
        for result in file.test_case_results
    ]


def expect_registered(cases: list[Case], checks: dict[str, list[Check]]) -> None:
    """Raise a FellShortError if Otter's scores differ from the registered checks."""
    for question in sorted(set(checks) | {case.question for case in cases}):
        scored = [(case.title, case.points, case.hidden) for case in cases if case.question == question]
        registered = [
            (html_safe(check.title), check.points, check.hidden) for check in checks.get(question, [])
        ]
        if len(scored) != len(registered):
            raise FellShortError(
                f"Otter scored {len(scored)} checks of {question}, but {len(registered)} are registered."
            )
        for number, (ours, theirs) in enumerate(zip(registered, scored, strict=True), 1):
            if ours != theirs:
                raise FellShortError(
                    f"Otter scored check {number} of {question} as {theirs}, but it is registered as "
                    f"{ours} (title, points, hidden)."
                )


@contextlib.contextmanager
def _quiet():
    """Hide Otter's output and warnings, which are not needed here: failures raise errors."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _without_frame(message: str) -> str:
    """The message of a failed check, without the line of the test file that Otter puts first."""
    return re.sub(r"\A❌ Test case failed\nError at line .*\n.*\n", "", message)


def _first_line(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].rstrip(".")
