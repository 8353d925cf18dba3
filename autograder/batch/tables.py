"""Writes the tables and the summary of a class from its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from autograder.batch.csv_files import number, safe, table
from autograder.batch.records import FAILED, GRADED, REFUSED, Record, Student, read_record, write_json
from autograder.grading.grade import Autograder

GRADES, CHECKS = "grades.csv", "checks.csv"
CHECK_COLUMNS = (
    *("submission", "name", "id", "question", "check", "title"),
    *("hidden", "passed", "points", "possible", "mistake"),
)
ABOUT = ("name", "email", "id", "late", "hours_late")


def write_tables(folder: Path, autograder: Autograder, names: Sequence[str]) -> None:
    """Write grades.csv, checks.csv and summary.json; they have the submissions in the order of `names`."""
    questions = autograder.assignment["questions"]
    of_questions = [question["question"] for question in questions]
    counts: Counter[str] = Counter({GRADED: 0, REFUSED: 0, FAILED: 0, "late": 0})
    totals = []
    with table(folder / GRADES) as grades, table(folder / CHECKS) as checks:
        grades.writerow(
            [*ABOUT, *of_questions, "deducted", "total", "status", "isolation", "submission", "reason"]
        )
        checks.writerow(CHECK_COLUMNS)
        for record in (read_record(folder, name) for name in names):
            counts.update([record.status] + ["late"] * (record.late == "yes"))
            totals += [record.total] * (record.status == GRADED)
            points = [number(record.points[q]) if q in record.points else "" for q in of_questions]
            sums = (number(record.earned - record.total), number(record.total))
            sums = sums if record.status == GRADED else ("", "")
            for student in record.students or [Student()]:
                last = (*sums, record.status, record.isolation, record.name, safe(record.reason))
                grades.writerow([*_about(student, record), *points, *last])
            checks.writerows(_check_rows(record))
    summary = {
        "assignment": autograder.assignment["name"],
        "title": autograder.assignment["title"],
        "autograder": autograder.digest,
        "show_hidden": autograder.show_hidden,
        "questions": questions,
        "submissions": list(names),
        "counts": dict(counts),
        "totals": statistics(totals),
    }
    write_json(folder / "summary.json", summary)


def statistics(totals: Sequence[float]) -> dict[str, float]:
    """The mean, median, lowest and highest total, to a hundredth; empty if nothing was graded."""
    if not totals:
        return {}
    values = {"mean": fmean(totals), "median": median(totals), "lowest": min(totals), "highest": max(totals)}
    return {name: round(value, 2) for name, value in values.items()}


def _about(student: Student, record: Record) -> list[str]:
    """The cells of a student in the columns `ABOUT`."""
    hours = "" if record.hours_late is None else number(round(record.hours_late, 2))
    return [safe(student.name), safe(student.email), safe(student.id), record.late, hours]


def _check_rows(record: Record) -> Iterator[list[Any]]:
    names, ids = (
        safe("; ".join(getattr(student, key) for student in record.students)) for key in ("name", "id")
    )
    for check in record.checks:
        yield [
            *(record.name, names, ids, check.question, check.check, check.title),
            *("yes" if check.hidden else "no", "yes" if check.passed else "no"),
            *(number(check.points), number(check.possible), check.mistake),
        ]
