"""Which functions of a notebook the checks of a question call."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from autograder.build.namespace import namespace
from autograder.build.sources import Problem
from autograder.grading.reading import names_in
from public_checks import Check, CheckFailure, public
from public_checks.boundary import Proxy, Submission


class _Noting(Submission):
    """The names of a notebook, which notes those that are asked for."""

    def __init__(self, problems: Iterable[Problem]):
        super().__init__(namespace(problems))
        self.noted: set[str] = set()

    def function(self, name: str) -> Proxy:
        self.noted.add(name)
        return super().function(name)

    def source(self, text: str) -> Proxy:
        self.noted |= names_in(text)
        return super().source(text)


def names_of_checks(problems: list[Problem], checks: dict[str, list[Check]]) -> dict[str, list[str]]:
    """The names that the checks of each question ask for when they are put to the reference solution.

    Where a check fails, those of the questions are asked for besides that this one builds on.
    """
    noted: dict[str, set[str]] = {}
    for question, of_question in checks.items():
        submission = _Noting(problems)
        for check in of_question:
            with suppress(CheckFailure):  # a reference that fails is the build's to report
                check.apply(submission)
        noted[question] = submission.noted
    return {
        question: sorted(names.union(*(noted[q] for q in public.used_by(question) if q in noted)))
        for question, names in noted.items()
    }
