"""Writes the totals of a class into a copy of the gradebook of a learning management system."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.batch.records import GRADED, Record
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
    unknown : the names of graded submissions of which no student is in the gradebook.
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
    rows = _read(gradebook)
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
    students = {key: row for row in rows[1:] for i in reversed(keys) if (key := _key(row[i]))}
    best: dict[int, Record] = {}
    unknown, twice = [], []
    for record in (record for record in records if record.status == GRADED):
        mine = [row for s in record.students for row in _rows_of(s.id, s.email, students)]
        found = {id(row): row for row in mine}
        unknown += [record.name] * (not found)
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


def _read(path: Path) -> list[list[str]]:
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
        if cell == title or cell.startswith(f"{title} ("):  # Canvas adds its own number
            return place
    if "Identifier" in header and MOODLE_GRADE in header:
        return header.index(MOODLE_GRADE)
    return len(header)


def _key(text: str) -> str:
    return text.strip().removeprefix("Participant ").casefold()


def _rows_of(number_: str, email: str, students: dict[str, list[str]]) -> list[list[str]]:
    """The rows of a student: by id, or else by email."""
    for key in (number_, email):
        if key and _key(key) in students:
            return [students[_key(key)]]
    return []
