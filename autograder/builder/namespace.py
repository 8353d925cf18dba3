"""The names that an assignment's notebook defines, without running a notebook."""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from itertools import count
from typing import Any

import numpy as np

from autograder.builder.master import stub
from autograder.builder.sources import Given, Problem, Question

_number = count()


def namespace(
    problems: Iterable[Problem], blank: bool = False, names: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The names that a notebook defines: the reference solution's, or the blank template's.

    names : the dict to fill; by default a new one.
    """
    names = {} if names is None else names
    names["np"] = np
    for cell in (cell for problem in problems for cell in problem.cells):
        if isinstance(cell, Given):
            execute(cell.code, names)
        elif isinstance(cell, Question):
            for function in cell.functions.values():
                execute(stub(cell.name, function) if blank else function, names)
    return names


def execute(source: str, names: dict[str, Any]) -> None:
    """Execute source text in a namespace, so that messages can quote its lines."""
    file = f"<answer {next(_number)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
