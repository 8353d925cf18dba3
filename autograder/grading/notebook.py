"""Reads the code cells of any notebook, as text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.grading.upload import SubmissionError, notebook_of
from checking.boundary import clean

MOST_CELLS = 5000
IGNORED = "otter_ignore"
HEADING = re.compile(r"^## (\d+)\(([a-z])\)", re.MULTILINE)
PLACEHOLDER = "_Type your answer here, replacing this text._"
LONGEST_ANSWER = 20_000
CHECK = re.compile(r"""\bcheck\(\s*["'](q\d+[a-z])["']\s*[,)]""")
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Cell:
    """A code cell.

    source : its text.
    ignored : whether it has Otter's tag for cells that should not run.
    """

    source: str
    ignored: bool = False

    @cached_property
    def questions(self) -> tuple[str, ...]:
        """The questions that it checks."""
        return () if self.ignored else tuple(CHECK.findall(self.source))

    @cached_property
    def names(self) -> set[str]:
        """The names that it seems to bind, line by line."""
        # The text is untrusted and not parsed, because Python's parser may crash on it.
        found: set[str] = set()
        imports = False  # whether an import in parentheses continues
        for line in self.source.split("\n"):
            words, targets = WORD.findall(line), line.partition("=")[0]
            if imports or (words and words[0] in ("import", "from")):
                found.update(words)
                imports = ")" not in line and (imports or "(" in line)
            elif words and words[0] in ("def", "class", "async"):
                found.update(words[2:3] if words[0] == "async" else words[1:2])
            elif "=" in line and not set("()'\"#") & set(targets):
                found.update(WORD.findall(targets))
        return found


@dataclass(frozen=True)
class Notebook:
    """A submitted notebook.

    cells : its code cells.
    remarks : sentences for the student about unusual things in it.
    answers : the text of the cells between the heading of each question and its check, by question.
    """

    cells: list[Cell]
    remarks: list[str]
    answers: dict[str, str] = field(default_factory=dict)


def read_notebook(path: Path, assignment: str | None = None, build: str | None = None) -> Notebook:
    """Read the one notebook of a submission: a notebook, a zip or a folder, see `notebook_of`.

    The other parameters and the errors are those of `parse_notebook`.
    """
    return parse_notebook(*notebook_of(path), assignment, build)


def parse_notebook(
    name: str, data: bytes, assignment: str | None = None, build: str | None = None
) -> Notebook:
    """Read a notebook.

    Parameters
    ----------
    name, data : str, bytes
        Its file name and its contents.
    assignment, build : str, optional
        The graded assignment and its build; None accepts any. A notebook of another assignment is refused;
        a notebook of another build gets a remark.

    Raises
    ------
    SubmissionError
        If the notebook cannot be read or is refused.
    """
    notebook = _parsed(name, data)
    theirs = _dict(_dict(notebook.get("metadata")).get("homework"))
    if assignment is not None and isinstance(other := theirs.get("assignment"), str) and other != assignment:
        raise SubmissionError(
            f"{name} is the notebook of another assignment, {clean(other, 50)}. "
            f"Hand in the notebook of {assignment}."
        )
    remarks = []
    if build is not None and isinstance(other := theirs.get("build"), str) and other != build:
        remarks.append(
            f"This notebook comes from another version of the assignment (build {clean(other, 20)}). It was "
            f"graded with build {build}. If the questions have changed, copy your answers into the new "
            "notebook."
        )
    cells = [_cell(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    return Notebook(cells, remarks, _answers(notebook["cells"]))


def _answers(cells: list[dict[str, Any]]) -> dict[str, str]:
    """The text of the cells between the heading of each question and its check or Otter's mark."""
    found: dict[str, str] = {}
    question = None
    for text, kind in ((_cell(cell), cell.get("cell_type")) for cell in cells):
        heading = HEADING.search(text.source) if kind == "markdown" else None
        if heading:
            question = f"q{heading[1]}{heading[2]}"
        elif text.questions if kind == "code" else "<!-- END QUESTION -->" in text.source:
            question = None
        elif question:
            answer = text.source.replace(PLACEHOLDER, "").strip()
            found[question] = f"{found.get(question, '')}\n\n{answer}".strip()[:LONGEST_ANSWER]
    return found


def _parsed(name: str, data: bytes) -> dict[str, Any]:
    """A notebook of version 3 or later, with a list of cells."""
    encoding = json.detect_encoding(data)  # UTF-8, 16 or 32
    try:
        notebook = json.loads(data.decode(encoding, errors="replace"), parse_int=float)
    except (ValueError, RecursionError):
        notebook = None
    notebook = _dict(notebook)
    sheets = notebook.get("worksheets")  # of version 3
    if "cells" not in notebook and isinstance(sheets, list):
        notebook["cells"] = [cell for sheet in _dicts(sheets) for cell in _dicts(sheet.get("cells"))]
    if not isinstance(notebook.get("cells"), list):
        raise SubmissionError(
            f"{name} is not a notebook. Hand in the file that ends in .ipynb, as Jupyter saved it."
        )
    if len(notebook["cells"]) > MOST_CELLS:
        raise SubmissionError(
            f"{name} has more than {MOST_CELLS} cells. Hand in the notebook of the assignment."
        )
    return notebook | {"cells": _dicts(notebook["cells"])}


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    tags = _dict(cell.get("metadata")).get("tags")
    return Cell(source.encode("utf-8", errors="replace").decode(), isinstance(tags, list) and IGNORED in tags)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
