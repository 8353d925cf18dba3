"""Reading a submission: the code cells of its one notebook, as text."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import HomeworkError

LARGEST = 100 << 20
MOST_CELLS = 5000
IGNORED = "otter_ignore"
CHECK = re.compile(r"""\bcheck\(\s*["'](q\d+[a-z])["']\s*[,)]""")


class SubmissionError(HomeworkError):
    """A submission that cannot be graded. The message says why, for the student."""


@dataclass(frozen=True)
class Cell:
    """A code cell.

    source : its text.
    questions : those that it checks.
    """

    source: str
    questions: tuple[str, ...]


def read_cells(path: Path) -> list[Cell]:
    """Read the code cells of a notebook, or of the one notebook in a zip as `grader.export` makes it.

    Cells that Otter does not run either, those with the tag otter_ignore, are left out.
    Errors: SubmissionError.
    """
    return cells_of(_notebook_bytes(path), path.name)


def cells_of(data: bytes, name: str) -> list[Cell]:
    """The code cells of a notebook of any version from 3 on. Errors: SubmissionError."""
    try:
        notebook = json.loads(data.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        raise SubmissionError(f"{name} is not a notebook: it is no valid JSON.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):
        sheets = notebook.get("worksheets")  # version 3
        cells = [c for s in _dicts(sheets) for c in _dicts(s.get("cells"))]
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        raise SubmissionError(f"{name} is not a notebook, or one of more than {MOST_CELLS} cells.")
    return [_cell(c) for c in _dicts(cells) if c.get("cell_type") == "code" and not _ignored(c)]


def _notebook_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise SubmissionError(f"{path.name} is larger than {LARGEST >> 20} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path} cannot be read: {error.strerror}.") from None
    if path.suffix.lower() != ".zip":
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [i for i in archive.infolist() if _is_notebook(i.filename)]
            if len(found) != 1:
                raise SubmissionError(
                    f"{path.name} has {len(found)} notebooks; hand in one with exactly one."
                )
            if found[0].file_size > LARGEST:
                raise SubmissionError(f"The notebook in {path.name} is larger than {LARGEST >> 20} MB.")
            with archive.open(found[0]) as file:
                return file.read(LARGEST)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise SubmissionError(f"{path.name} is not a zip file that can be read: {error}.") from None


def _is_notebook(name: str) -> bool:
    parts = name.split("/")
    return name.endswith(".ipynb") and "__MACOSX" not in parts and ".ipynb_checkpoints" not in parts


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _ignored(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and IGNORED in tags


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    source = source.encode("utf-8", errors="replace").decode()
    return Cell(source, tuple(CHECK.findall(source)))
