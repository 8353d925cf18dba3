"""Gathers the answers in words, which a person grades in the report."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from autograder.batch.messages import plain
from autograder.batch.records import GRADED, Record
from autograder.builder.solution_page import markdown_to_html
from autograder.grading.notebook import LONGEST_ANSWER
from autograder.report.people import Person, person_of

SHOWN = 4  # of those who gave the same text
LONG = 60  # characters: shorter answers are alike by chance


@dataclass
class WrittenAnswer:
    """The answer of a submission to a written question.

    text : the answer; empty if it is blank.
    points : the points that it already has, or empty.
    same : everyone who gave this text, if it is long.
    """

    person: Person
    text: str
    points: float | str = ""
    same: list[Person] = field(default_factory=list)

    @property
    def others(self) -> list[Person]:
        """Everyone else who gave this text."""
        return [person for person in self.same[: SHOWN + 1] if person != self.person][:SHOWN]


@dataclass
class WrittenQuestion:
    """A written question with its rubric and all answers of the class."""

    question: str
    title: str
    points: float
    text: Markup
    rubric: Markup
    answers: list[WrittenAnswer] = field(default_factory=list)

    @property
    def blank(self) -> int:
        """The number of blank answers."""
        return sum(not answer.text for answer in self.answers)

    def finish(self) -> None:
        """Put blank answers at the end, and find those with the same text."""
        self.answers.sort(key=lambda answer: not answer.text)
        same: dict[str, list[Person]] = {}
        for answer in self.answers:
            same.setdefault(_normal(answer.text), []).append(answer.person)
        for answer in self.answers:
            if len(answer.text) >= LONG:
                answer.same = same[_normal(answer.text)]


@dataclass
class Written:
    """The written questions of an assignment."""

    questions: list[WrittenQuestion]

    @classmethod
    def of(cls, questions: list[dict[str, Any]]) -> Written:
        """The written questions of a summary, without answers."""
        return cls(
            [
                WrittenQuestion(
                    q["question"],
                    q["title"],
                    float(q["points"]),
                    _html(q.get("text", "")),
                    _html(q.get("rubric", "")),
                )
                for q in questions
                if q["written"]
            ]
        )

    def add(self, record: Record) -> None:
        """Take the answers of one submission."""
        if record.status != GRADED:
            return
        for question in self.questions:
            text = plain(record.answers.get(question.question, "").strip(), LONGEST_ANSWER)
            points = record.points.get(question.question, "")
            question.answers.append(WrittenAnswer(person_of(record), text, points))


def _html(source: str) -> Markup:
    """The HTML of a text of the assignment, which is trusted, without the heading of the question."""
    return Markup(markdown_to_html(re.sub(r"\A\s*#+ .*\n", "", source)))


def _normal(text: str) -> str:
    return " ".join(text.lower().split())
