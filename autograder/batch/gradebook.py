"""Writes the totals of a class into a copy of the gradebook of a learning management system."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.batch.records import GRADED, Record, Student
from autograder.batch.tables import number, table
from autograder.errors import HomeworkError

# The columns by which Canvas, Gradescope and Moodle identify students, best first.
KEYS = ("ID", "SID", "SIS User ID", "SIS Login ID", "Identifier", "ID number", "Email", "Email address")
MAXIMA = ("Points Possible",)  # the first cell of Canvas's row with the points of each assignment
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


def merge_gradebook(gradebook: Path, target: Path, title: str, records: Iterable[Record]) -> Merged:
    """Write a copy of a gradebook with the totals of a class.

    The totals go into the column of the assignment: the one whose title begins with `title`, or Moodle's
    column "Grade", or else a new one. Of two submissions of one student, the one with more points counts.

    Parameters
    ----------
    gradebook : a CSV file exported from Canvas, Gradescope or Moodle
    target : the copy
    title : the title of the assignment
    records : the records of the class

    Raises
    ------
    HomeworkError
        If the file cannot be read, or has no column that identifies students.
    """
    rows = read_gradebook(gradebook)
    header = [cell.strip() for cell in rows[0]]
    keys = [header.index(key) for key in KEYS if key in header]
    if not keys:
        raise HomeworkError(
            f"{gradebook} has none of the columns {', '.join(KEYS)}; export the gradebook of Canvas, "
            "Gradescope or Moodle as CSV."
        )
    column = _column(header, title)
    width = max(len(rows[0]), column + 1)
    rows = [row + [""] * (width - len(row)) for row in rows]
    rows[0][column] = rows[0][column] or title
    students: dict[str, list[list[str]]] = {}
    for row in rows[1:]:
        for key in {_key(row[place]) for place in keys} - {""}:
            students.setdefault(key, []).append(row)
    best: dict[int, Record] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for record in (record for record in records if record.status == GRADED):
        found = {}
        for student in record.students or [Student()]:
            theirs = _row_of(student, students)
            if theirs is None:
                unknown.append(f"{record.name} ({student.name})" if student.name else record.name)
            else:
                found[id(theirs)] = theirs
        for place, row in found.items():
            other = best.get(place)
            if other is not None:
                twice.append(min(record, other, key=lambda r: r.total).name)
            if other is None or record.total > other.total:
                best[place] = record
                row[column] = number(record.total)
    for row in rows[1:]:
        if row[0].strip() in MAXIMA and not row[column] and best:
            row[column] = number(max(sum(record.possible.values()) for record in best.values()))
    with table(target) as written:
        written.writerows(rows)
    return Merged(len(best), unknown, twice)


def read_gradebook(path: Path) -> list[list[str]]:
    """The rows of a CSV file, the titles first; raise a HomeworkError if it cannot be read or is empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        raise HomeworkError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, csv.Error):
        raise HomeworkError(f"{path} is not a CSV file in UTF-8.") from None
    if not rows:
        raise HomeworkError(f"{path} is empty.")
    return rows


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


def _row_of(student: Student, students: dict[str, list[list[str]]]) -> list[str] | None:
    """The one row of a student, by id or else by email; None if there is none, or more than one."""
    for key in (student.id, student.email):
        rows = students.get(_key(key), []) if key else []
        if rows:
            return rows[0] if len(rows) == 1 else None
    return None
