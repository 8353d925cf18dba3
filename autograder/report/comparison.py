"""Compares the grades in two folders: the points and the checks that changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from autograder.batch.records import Record, read_record, read_summary
from autograder.errors import HomeworkError
from autograder.report.people import Person, person_of
from autograder.report.results import SMALL, CheckKey, key_of


@dataclass(frozen=True)
class Change:
    """What changed for one submission.

    before, after : the total, or None if it was not graded.
    questions : the difference of the points, by question.
    checks : the checks whose result changed, and whether they pass now.
    """

    person: Person
    before: float | None
    after: float | None
    questions: dict[str, float]
    checks: list[tuple[CheckKey, bool]]

    @property
    def difference(self) -> float:
        """The difference of the totals."""
        return (self.after or 0.0) - (self.before or 0.0)


@dataclass
class Changes:
    """The changes since an earlier folder of grades.

    earlier : the earlier folder.
    known : the names of its submissions.
    """

    earlier: Path
    known: set[str]
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    added: list[Person] = field(default_factory=list)

    @classmethod
    def with_folder(cls, earlier: Path, assignment: str) -> Changes:
        """Begin to compare; raise a HomeworkError if the folder has no grades of this assignment."""
        summary = read_summary(earlier)
        if summary["assignment"] != assignment:
            raise HomeworkError(
                f"{earlier} has the grades of {summary['assignment']}; compare with grades of {assignment}."
            )
        return cls(earlier, set(summary["submissions"]))

    def add(self, record: Record) -> None:
        """Compare one submission."""
        if record.name not in self.known:
            self.added.append(person_of(record))
            return
        self.known.remove(record.name)
        change = _change(read_record(self.earlier, record.name), record)
        if change.questions or change.checks or change.before != change.after:
            self.changes.append(change)
        else:
            self.unchanged += 1

    @property
    def missing(self) -> list[str]:
        """The names that only the earlier folder has, once all submissions are compared."""
        return sorted(self.known)

    @property
    def largest_first(self) -> list[Change]:
        """The changes, with the largest loss or gain first."""
        return sorted(self.changes, key=lambda change: (-abs(change.difference), change.person))


def _change(before: Record, after: Record) -> Change:
    differences = {
        question: after.points.get(question, 0.0) - before.points.get(question, 0.0)
        for question in dict.fromkeys((*after.points, *before.points))
    }
    passed = {key_of(check): check.passed for check in before.checks}
    return Change(
        person_of(after),
        before.total if before.points else None,
        after.total if after.points else None,
        {question: change for question, change in differences.items() if abs(change) > SMALL},
        [(key_of(c), c.passed) for c in after.checks if passed.get(key_of(c), c.passed) != c.passed],
    )
