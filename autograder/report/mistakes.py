"""Gathers what went wrong in a class: mistakes with a name, and similar failures without one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autograder.batch.messages import attempted, follows_from, said
from autograder.batch.records import Record
from autograder.grading.process import CheckResult
from autograder.report.people import Person, person_of
from autograder.report.results import CheckKey, key_of

WORDS = 300  # of a masked message, in characters
# What differs between two answers with the same mistake: values, shapes and positions.
_INPUTS = re.compile(r"^where .*$|^It is close.*$|^This may come from .*$", re.MULTILINE)
_ARRAY = re.compile(r"\[[^\[\]]*\]|\((?:\d+, ?)*\d*,?\)")
_NUMBER = re.compile(r"(?<![A-Za-z_\d])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\b(?:nan|inf)\b")
_SPACE = re.compile(r"\s+")


@dataclass
class Mistake:
    """A named mistake in a question, and who made it."""

    question: str
    name: str
    people: list[Person] = field(default_factory=list)


@dataclass
class Group:
    """Similar failures in a question that have no name.

    pattern : their message without numbers.
    example : the message of one of them.
    checks, people : the checks and the submissions with such a failure, in the order of the class.
    """

    question: str
    pattern: str
    example: str
    checks: dict[CheckKey, None] = field(default_factory=dict)
    people: dict[Person, None] = field(default_factory=dict)


@dataclass
class Mistakes:
    """The mistakes and the groups of a class.

    explained : how many failures are left out of the groups because a failure of the same question has a
        name, or because an earlier question must be fixed first.
    """

    named: dict[tuple[str, str], Mistake] = field(default_factory=dict)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    explained: int = 0

    def add(self, record: Record) -> None:
        """Look at the failures of one submission."""
        person = person_of(record)
        failing = [check for check in record.checks if not check.passed]
        names = dict.fromkeys((check.question, check.mistake) for check in failing if check.mistake)
        for question, name in names:
            mistake = self.named.setdefault((question, name), Mistake(question, name))
            mistake.people.append(person)
        for check in failing:
            if check.mistake or not attempted(check):
                continue
            if follows_from(check) or check.question in {question for question, _ in names}:
                self.explained += 1
            else:
                self._group(check, person)

    def _group(self, check: CheckResult, person: Person) -> None:
        message = said(check)
        key = check.question, masked(message)
        group = self.groups.setdefault(key, Group(*key, message))
        group.checks[key_of(check)] = None
        group.people[person] = None

    @property
    def by_frequency(self) -> list[Mistake]:
        """The named mistakes, the most frequent first."""
        return sorted(self.named.values(), key=lambda m: (-len(m.people), m.question, m.name))

    @property
    def groups_by_size(self) -> list[Group]:
        """The groups without a name, the largest first."""
        return sorted(self.groups.values(), key=lambda g: (-len(g.people), g.question, g.pattern))


def masked(message: str) -> str:
    """A message without its inputs and with signs in place of arrays and numbers."""
    text = _INPUTS.sub("", message[: 4 * WORDS])
    while (shorter := _ARRAY.sub("…", text)) != text:
        text = shorter
    return _SPACE.sub(" ", _NUMBER.sub("#", text)).strip()[:WORDS]
