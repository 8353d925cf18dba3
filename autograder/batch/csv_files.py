"""Reads and writes CSV files."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.batch.records import whole_file
from autograder.errors import HomeworkError


def read_rows(path: Path) -> list[list[str]]:
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


def read_table(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file by column.

    columns : the columns that it must have; what is missing in a row is empty.

    Raises a HomeworkError as `read_rows` does, and if a column is missing.
    """
    header, *rows = read_rows(path)
    for column in columns:
        if column not in header:
            raise HomeworkError(f"{path} has no column {column}; separate its columns by commas.")
    return [dict.fromkeys(header, "") | dict(zip(header, row, strict=False)) for row in rows]


@contextlib.contextmanager
def table(path: Path) -> Iterator[Any]:
    """Yield a writer of a CSV file, which is written whole or not at all."""
    with whole_file(path) as file:
        yield csv.writer(file, lineterminator="\n")


def number(value: float) -> str:
    """A number without superfluous zeros."""
    return f"{value:.10g}"


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
