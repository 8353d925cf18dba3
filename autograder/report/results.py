"""Counts the results of a class: totals, credit by question, and failures by check."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from autograder.batch.messages import attempted
from autograder.batch.records import GRADED, Record
from autograder.batch.tables import statistics
from autograder.grading.process import CheckResult

SMALL = 1e-9  # sums of points are rounded
CheckKey = tuple[str, str, str, bool]  # the question, the name, the title, and whether it is hidden


def key_of(check: CheckResult) -> CheckKey:
    """What identifies a check in a class."""
    return check.question, check.check, check.title, check.hidden


@dataclass
class Totals:
    """How many submissions there are of each kind, and the totals of the graded ones.

    worth : the possible points, by question.
    possible : the points of the questions that have been graded.
    """

    worth: dict[str, float]
    counts: Counter[str] = field(default_factory=Counter)
    totals: list[float] = field(default_factory=list)
    possible: float = 0.0

    @classmethod
    def of(cls, questions: list[dict[str, Any]]) -> Totals:
        """No totals yet, for the questions of a summary."""
        return cls({q["question"]: float(q["points"]) for q in questions})

    def add(self, record: Record) -> None:
        """Count one submission."""
        self.counts[record.status] += 1
        self.counts["late"] += record.late == "yes"
        if record.status == GRADED:
            self.totals.append(record.total)
            worth = {question: self.worth.get(question, 0.0) for question in record.points} | record.possible
            self.possible = max(self.possible, sum(worth.values()))

    @property
    def facts(self) -> list[tuple[str, float]]:
        """The mean, median, lowest and highest total; empty if nothing was graded."""
        return [(name.capitalize(), value) for name, value in statistics(self.totals).items()]


@dataclass
class Credit:
    """How many graded submissions got full, partial and no credit in a question.

    question, title : the question.
    possible : its points.
    full, partial, none, blank : the numbers; blank is the part of `none` that attempted nothing.
    points : the sum of the earned points.
    """

    question: str
    title: str
    possible: float
    full: int = 0
    partial: int = 0
    none: int = 0
    blank: int = 0
    points: float = 0.0

    @property
    def graded(self) -> int:
        """The number of submissions with points for this question."""
        return self.full + self.partial + self.none

    @property
    def mean(self) -> float:
        """The mean of the points."""
        return self.points / max(self.graded, 1)

    def add(self, points: float, blank: bool) -> None:
        """Count the points of one submission."""
        self.points += points
        self.full += points >= self.possible - SMALL
        self.none += points <= SMALL < self.possible
        self.partial += SMALL < points < self.possible - SMALL
        self.blank += blank


@dataclass
class Failures:
    """How often a check fails."""

    failed: int = 0
    of: int = 0

    @property
    def rate(self) -> float:
        """The share of the submissions that fail the check."""
        return self.failed / max(self.of, 1)


@dataclass
class ClassResults:
    """The credit in each question and the failures of each check, in the order of the assignment."""

    credit: dict[str, Credit]
    checks: dict[CheckKey, Failures] = field(default_factory=dict)

    @classmethod
    def of(cls, questions: list[dict[str, Any]]) -> ClassResults:
        """No results yet, for the questions of a summary."""
        return cls({q["question"]: Credit(q["question"], q["title"], float(q["points"])) for q in questions})

    def add(self, record: Record) -> None:
        """Count one submission."""
        if record.status != GRADED:
            return
        tried = {check.question for check in record.checks if attempted(check)}
        for question, points in record.points.items():
            possible = record.possible.get(question, 0.0)
            credit = self.credit.setdefault(question, Credit(question, "", possible))
            checked = any(check.question == question for check in record.checks)
            credit.add(points, checked and question not in tried)
        for check in record.checks:
            failures = self.checks.setdefault(key_of(check), Failures())
            failures.of += 1
            failures.failed += not check.passed
