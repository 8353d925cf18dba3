"""Writes the totals of a class into a copy of the gradebook of a learning management system."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.batch.csv_files import number, read_rows, table
from autograder.batch.records import GRADED, Record, Student
from autograder.errors import HomeworkError

# The columns by which Canvas, Gradescope and Moodle identify students, best first.
KEYS = ("ID", "SID", "SIS User ID", "SIS Login ID", "Identifier", "ID number", "Email", "Email address")
MAXIMA = "Points Possible"  # the first cell of Canvas's row with the points of each assignment
MOODLE_GRADE = "Grade"


@dataclass(frozen=True)
class Merged:
    """What was merged.

    count : the number of students with a total.
    unknown : the graded submissions, with the students, that have no row or more than one in the gradebook.
    twice : the names of submissions of students who have another submission with more points.
    """

    count: int
    unknown: list[str]
    twice: list[str]


class Gradebook:
    """The gradebook of a learning management system.

    The totals go into the column of the assignment: the one with its title, or Moodle's column "Grade", or
    else a new one.

    path : a CSV file exported from Canvas, Gradescope or Moodle.
    title : the title of the assignment.

    Raises a HomeworkError if the file cannot be read, or has no column that identifies students.
    """

    def __init__(self, path: Path, title: str):
        rows = read_rows(path)
        header = [cell.strip() for cell in rows[0]]
        keys = [header.index(key) for key in KEYS if key in header]
        if not keys:
            raise HomeworkError(
                f"{path} has none of the columns {', '.join(KEYS)}; export the gradebook of Canvas, "
                "Gradescope or Moodle as CSV."
            )
        self._column = _column(header, title)
        width = max(len(header), self._column + 1)
        self._rows = [row + [""] * (width - len(row)) for row in rows]
        self._rows[0][self._column] = self._rows[0][self._column] or title
        self._students: dict[str, list[list[str]]] = {}
        for row in self._rows[1:]:
            for key in {_key(row[place]) for place in keys} - {""}:
                self._students.setdefault(key, []).append(row)

    def merge(self, records: Iterable[Record], target: Path) -> Merged:
        """Write a copy with the totals of a class.

        Of two submissions of one student, the one with more points counts.

        Parameters
        ----------
        records : the records of the class
        target : the copy
        """
        best: dict[int, Record] = {}
        unknown: list[str] = []
        twice: list[str] = []
        for record in (record for record in records if record.status == GRADED):
            found, without = self._rows_of(record)
            unknown += without
            for place, row in found.items():
                other = best.get(place)
                if other is not None:
                    twice.append(min(record, other, key=lambda r: r.total).name)
                if other is None or record.total > other.total:
                    best[place] = record
                    row[self._column] = number(record.total)
        for row in self._rows[1:]:
            if row[0].strip() == MAXIMA and not row[self._column] and best:
                row[self._column] = number(max(sum(record.possible.values()) for record in best.values()))
        with table(target) as written:
            written.writerows(self._rows)
        return Merged(len(best), unknown, twice)

    def _rows_of(self, record: Record) -> tuple[dict[int, list[str]], list[str]]:
        """The different rows of the students of a submission, and the students who have none."""
        found, without = {}, []
        for student in record.students or [Student()]:
            row = self._row_of(student)
            if row is None:
                without.append(f"{record.name} ({student.name})" if student.name else record.name)
            else:
                found[id(row)] = row
        return found, without

    def _row_of(self, student: Student) -> list[str] | None:
        """The one row of a student, by id or else by email; None if there is none, or more than one."""
        for key in (student.id, student.email):
            rows = self._students.get(_key(key), []) if key else []
            if rows:
                return rows[0] if len(rows) == 1 else None
        return None


def _column(header: Sequence[str], title: str) -> int:
    """The place of the assignment's column, or of a new one."""
    for place, cell in enumerate(header):
        if re.fullmatch(rf"{re.escape(title)}( \(\d+\))?", cell):  # Canvas adds its own number
            return place
    if "Identifier" in header and MOODLE_GRADE in header:
        return header.index(MOODLE_GRADE)
    return len(header)


def _key(text: str) -> str:
    return text.strip().removeprefix("Participant ").casefold()
