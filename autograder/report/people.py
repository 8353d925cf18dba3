"""The submissions of a class as the report names them, and those that need a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.batch.messages import plain
from autograder.batch.pages import feedback_link, names_of
from autograder.batch.records import FAILED, GRADED, REFUSED, Record
from autograder.sandbox import NONE

KINDS = [REFUSED, FAILED, "no points", "not isolated", "note", "remark"]
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
    """The submissions that need a person, by the kind of the reason and the reason."""

    rows: dict[tuple[str, str], list[Person]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Look at one submission."""
        for kind, text in _reasons(record):
            self.rows.setdefault((kind, plain(text, SHOWN)), []).append(person_of(record))

    @property
    def by_kind(self) -> list[tuple[str, str, list[Person]]]:
        """The kind of each reason, the reason and the submissions, the most urgent kind first."""
        rows = [(kind, text, people) for (kind, text), people in self.rows.items()]
        return sorted(rows, key=lambda row: KINDS.index(row[0]))


def _reasons(record: Record) -> list[tuple[str, str]]:
    """Why a submission needs a person: the kind of the reason, and a sentence."""
    found = []
    if record.status == REFUSED:
        found.append((REFUSED, record.reason))
    if record.status == FAILED:
        found.append((FAILED, record.reason))
    if record.status == GRADED:
        if record.earned == 0:
            found.append(("no points", "It has no points at all."))
        if record.isolation == NONE:
            found.append(("not isolated", "It ran without isolation: read its code before you trust it."))
    found += [("note", note) for note in record.notes]
    return found + [("remark", remark) for remark in record.remarks]
