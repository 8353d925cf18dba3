"""When submissions were due, and what lateness costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from autograder.batch.csv_files import read_table
from autograder.batch.records import Student
from autograder.errors import HomeworkError
from autograder.settings import Late
from autograder.times import parse_time, zoned


class Deadlines:
    """The deadline of a class, the later ones of some students, and what lateness costs.

    due : the deadline of the class; without a time zone, in that of this machine.
    extensions : a CSV file with a column `deadline` and at least one of `id`, `email` and `name`.
    late : what lateness costs; None for nothing.
    unused : who has a later deadline, as long as no submission is theirs.

    Raises a HomeworkError if the file cannot be used.
    """

    def __init__(self, due: datetime, extensions: Path | None = None, late: Late | None = None):
        self._due, self._late = zoned(due), late
        self._extended: dict[str, datetime] = {}
        for number, row in enumerate(read_table(extensions) if extensions else [], start=2):
            who = [row[key].strip().casefold() for key in ("id", "email", "name") if row.get(key, "").strip()]
            if not who or "deadline" not in row:
                raise HomeworkError(
                    f"{extensions}, line {number}: needs a deadline, and an id, an email or a name."
                )
            try:
                time = parse_time(row["deadline"])
            except ValueError as error:
                raise HomeworkError(f"{extensions}, line {number}: the deadline {error}.") from None
            self._extended[who[0]] = zoned(time)  # two students may have one name
        self.unused = set(self._extended)

    def hours_late(self, submitted: datetime, students: Iterable[Student]) -> float:
        """The hours after the deadline, 0 if it was met. A group has the latest deadline of its students."""
        keys = {key.casefold() for s in students for key in (s.id, s.email, s.name) if key}
        due = max([self._due, *(self._extended[key] for key in keys & self._extended.keys())])
        self.unused -= keys
        return max(0.0, (submitted - due).total_seconds() / 3600)

    def kept(self, hours_late: float) -> float:
        """The part of its points that a submission keeps: 1 if it was in time."""
        days = math.ceil(hours_late / 24)
        if self._late is None or days == 0:
            return 1.0
        if self._late.days is not None and days > self._late.days:
            return 0.0
        return max(0.0, 1 - days * self._late.percent_per_day / 100)
