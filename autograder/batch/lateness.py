"""When submissions were due. What lateness costs is up to the instructor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from autograder.batch.csv_files import read_table
from autograder.batch.records import Student
from autograder.errors import HomeworkError


def parse_time(text: str, where: str) -> datetime:
    """A time in ISO format; without a time zone it is in this machine's. Raises a HomeworkError."""
    try:
        time = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise HomeworkError(f"{where}: {text!r} is not a time such as 2026-11-20T23:59.") from None
    return time if time.tzinfo else time.astimezone()


class Deadlines:
    """The deadline of a class, and the later ones of some students.

    due : the deadline of the class.
    extensions : a CSV file with a column `deadline` and at least one of `id`, `email` and `name`.
    """

    def __init__(self, due: datetime, extensions: Path | None = None):
        self._due = due
        self._extended: dict[str, datetime] = {}
        for number, row in enumerate(read_table(extensions) if extensions else [], start=2):
            who = [row[key].strip().casefold() for key in ("id", "email", "name") if row.get(key, "").strip()]
            if not who or "deadline" not in row:
                raise HomeworkError(
                    f"{extensions}, line {number}: needs a deadline, and an id, an email or a name."
                )
            time = parse_time(row["deadline"], f"{extensions}, line {number}")
            self._extended[who[0]] = time  # two students may have one name

    def hours_late(self, submitted: datetime, students: Iterable[Student]) -> float:
        """The hours after the deadline, 0 if it was met. A group has the latest deadline of its students."""
        keys = [key.casefold() for s in students for key in (s.id, s.email, s.name) if key]
        due = max([self._due, *(self._extended[key] for key in keys if key in self._extended)])
        return max(0.0, (submitted - due).total_seconds() / 3600)
