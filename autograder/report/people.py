"""The submissions of a class as the report names them, and those that need a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.batch.messages import plain
from autograder.batch.pages import feedback_link, names_of
from autograder.batch.records import FAILED, GRADED, REFUSED, Record
from autograder.sandbox import NONE

SHOWN = 600  # of a reason or a note, in characters


@dataclass(frozen=True, order=True)
class Person:
    """Whoever handed in a submission.

    name : the name of its record.
    shown : the names of its students, or the name of the record.
    """

    name: str
    shown: str

    @property
    def link(self) -> str:
        """The address of the feedback page."""
        return feedback_link(self.name)


def person_of(record: Record) -> Person:
    """The person or group of a submission."""
    return Person(record.name, plain(names_of(record), 200))


@dataclass
class Attention:
    """The submissions that need a person: one row for each reason."""

    rows: list[tuple[Person, str, str]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Look at one submission."""
        person = person_of(record)
        self.rows += [(person, kind, plain(text, SHOWN)) for kind, text in _reasons(record)]


def _reasons(record: Record) -> list[tuple[str, str]]:
    """Why a submission needs a person: the kind of the reason, and a sentence."""
    found = []
    if record.status == REFUSED:
        found.append(("refused", record.reason))
    if record.status == FAILED:
        found.append(("failed", record.reason))
    if record.status == GRADED:
        if record.total == 0:
            found.append(("no points", "It has no points at all."))
        if record.isolation == NONE:
            found.append(
                ("not isolated", "It ran without isolation: read its code before you trust its points.")
            )
    found += [("note", note) for note in record.notes]
    return found + [("remark", remark) for remark in record.remarks]
