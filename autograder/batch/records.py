"""What is known about each submission of a class, in the folder of its grades.

records/NAME.json     everything about one submission; the pages and tables are made from these
results/NAME.json     its results in Gradescope's format
feedback/NAME.html    its page for the student
grades.csv            a row for each student
checks.csv            a row for each submission and check
summary.json          the assignment, the names of the submissions, and statistics
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from autograder.errors import HomeworkError
from autograder.grading.process import CheckResult

SUMMARY = {"assignment", "title", "autograder", "questions", "submissions"}  # what a summary must have
GRADED, REFUSED, FAILED = "graded", "refused", "failed"


@dataclass(frozen=True)
class Student:
    """A student who handed in; what is unknown is empty.

    id : the number that the learning management system has for the student.
    """

    name: str = ""
    email: str = ""
    id: str = ""


@dataclass(frozen=True)
class Submitted:
    """What is known about a submission before it is graded.

    name : the name of its files in the folder of grades.
    source : what was handed in, as a path below the path that was graded.
    students : the students who handed it in; several for a group, none if they are unknown.
    submitted : when, in ISO format; empty if it is unknown.
    late : "yes", "no", or empty if it is unknown.
    hours_late : by how much; None if it is unknown.
    kept : the part of its points that it keeps, less than 1 if lateness costs some.
    digest : identifies the contents of the submission and of the autograder zip.
    """

    name: str
    source: str
    students: list[Student] = field(default_factory=list)
    submitted: str = ""
    late: str = ""
    hours_late: float | None = None
    kept: float = 1.0
    digest: str = ""


@dataclass(frozen=True)
class Record(Submitted):
    """Everything about one submission of a class.

    status : GRADED; REFUSED, if it cannot be graded as it is; or FAILED, if grading failed.
    reason : a sentence that says why it was not graded.
    isolation : the isolation level.
    points, possible : the earned and the possible points, by question.
    checks : how it did in each check.
    remarks : sentences for the student about unusual things in the notebook.
    notes : sentences for the instructor.
    answers : the text of its answers, by question.
    """

    status: str = GRADED
    reason: str = ""
    isolation: str = ""
    points: dict[str, float] = field(default_factory=dict)
    possible: dict[str, float] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def earned(self) -> float:
        """The sum of the points of its answers."""
        return sum(self.points.values())

    @property
    def total(self) -> float:
        """The points that count: those of its answers, less what lateness costs."""
        return round(self.earned * self.kept, 10)


def record_path(folder: Path, name: str) -> Path:
    """The file of a record in a folder of grades."""
    return folder / "records" / f"{name}.json"


def write_record(folder: Path, record: Record) -> None:
    """Write a record into a folder of grades."""
    write_json(record_path(folder, record.name), asdict(record))


def read_record(folder: Path, name: str) -> Record:
    """Read a record from a folder of grades; raise a HomeworkError if it is missing or damaged."""
    path = record_path(folder, name)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        checks = [CheckResult(**check) for check in found.pop("checks")]
        students = [Student(**student) for student in found.pop("students")]
        return Record(**found, checks=checks, students=students)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise HomeworkError(f"{path} is missing or damaged; grade again with --resume.") from None


def read_summary(folder: Path) -> dict[str, Any]:
    """Read the summary of a folder of grades; raise a HomeworkError if it is missing or incomplete."""
    path = folder / "summary.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise HomeworkError(
            f"{folder} has no finished grades; run 'homework grade' first, with --out {folder}."
        ) from None
    if not isinstance(found, dict) or not found.keys() >= SUMMARY:
        raise HomeworkError(f"{path} is damaged; grade again with --resume.")
    return found


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a folder of grades, one at a time, in the order of the summary."""
    for name in read_summary(folder)["submissions"]:
        yield read_record(folder, name)


def write_json(path: Path, data: Any) -> None:
    """Write data as indented JSON, whole or not at all."""
    write_whole(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with whole_file(path) as file:
        file.write(text)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Yield a new text file, which replaces the one at `path` once it is written."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
