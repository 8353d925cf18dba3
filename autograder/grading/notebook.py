"""Reading a submission, in whatever form it comes: the code cells of its one notebook, as text."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import HomeworkError
from public_checks.boundary import clean

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


def read_cells(path: Path, assignment: str | None = None) -> list[Cell]:
    """Read the code cells of the one notebook that was handed in.

    Cells that Otter does not run either, those with the tag otter_ignore, are left out.

    path : a notebook; a zip with one, such as `grader.export` makes; or a folder with one of these.
    assignment : the name of the assignment that is graded; None for any. A notebook that says that it belongs
        to another one is refused.

    Errors: SubmissionError.
    """
    file = _one_file(path) if path.is_dir() else path
    return cells_of(_notebook_bytes(file), file.name, assignment)


def cells_of(data: bytes, name: str, assignment: str | None = None) -> list[Cell]:
    """The code cells of a notebook of any version from 3 on. Errors: SubmissionError."""
    try:
        notebook = json.loads(data.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        raise SubmissionError(f"{name} is not a notebook: it is not valid JSON.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):
        sheets = notebook.get("worksheets")  # version 3
        cells = [c for s in _dicts(sheets) for c in _dicts(s.get("cells"))]
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        raise SubmissionError(f"{name} is not a notebook, or one of more than {MOST_CELLS} cells.")
    theirs = _dict(_dict(notebook.get("metadata")).get("homework")).get("assignment")
    if isinstance(theirs, str) and assignment not in (None, theirs):
        raise SubmissionError(
            f"{name} is the notebook of another assignment, {clean(theirs, 50)}. "
            f"Hand in the notebook of {assignment}."
        )
    return [_cell(c) for c in _dicts(cells) if c.get("cell_type") == "code" and not _ignored(c)]


def _one_file(folder: Path) -> Path:
    """The one notebook in a folder and those below it, or else the one zip. Errors: SubmissionError."""
    files = [
        Path(top, name)
        for top, _, names in os.walk(folder)
        for name in sorted(names)
        if not os.path.islink(os.path.join(top, name))
    ]
    notebooks = [path for path in files if _is_notebook(path.relative_to(folder).as_posix())]
    found = notebooks or [path for path in files if path.suffix.lower() == ".zip"]
    if len(found) != 1:
        raise _not_one("what was handed in", found, files)
    return found[0]


def _notebook_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise SubmissionError(f"{path.name} is larger than {LARGEST >> 20} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error.strerror}.") from None
    if path.suffix.lower() != ".zip":
        return data
    try:
        return _unzipped(data, path.name)
    except SubmissionError:
        raise
    except Exception as error:  # zipfile raises of many kinds for a damaged zip
        raise SubmissionError(f"{path.name} is not a zip file that can be read: {error}.") from None


def _unzipped(data: bytes, name: str) -> bytes:
    """The one notebook in a zip. Errors: SubmissionError, and whatever zipfile raises."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = [Path(i.filename) for i in archive.infolist() if not i.is_dir()]
        found = [i for i in archive.infolist() if _is_notebook(i.filename)]
        if len(found) != 1:
            raise _not_one(name, [Path(i.filename) for i in found], files)
        if found[0].file_size > LARGEST:
            raise SubmissionError(f"The notebook in {name} is larger than {LARGEST >> 20} MB.")
        with archive.open(found[0]) as file:
            return file.read(LARGEST)


def _not_one(where: str, found: list[Path], files: list[Path]) -> SubmissionError:
    """What to say if not exactly one file can be graded.

    found : those that can be. files : all of them.
    """
    names = ", ".join(clean(path.name, 50) for path in (found or files)[:5]) or "no file at all"
    if found:
        return SubmissionError(f"There is more than one notebook in {where} ({names}). Hand in one.")
    return SubmissionError(
        f"There is no notebook in {where} ({names}). "
        "Hand in the file that ends in .ipynb, or the zip that the notebook's last cell makes."
    )


def _is_notebook(name: str) -> bool:
    parts = name.split("/")
    return name.lower().endswith(".ipynb") and "__MACOSX" not in parts and ".ipynb_checkpoints" not in parts


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _ignored(cell: dict[str, Any]) -> bool:
    tags = _dict(cell.get("metadata")).get("tags")
    return isinstance(tags, list) and IGNORED in tags


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    source = source.encode("utf-8", errors="replace").decode()
    return Cell(source, tuple(CHECK.findall(source)))
