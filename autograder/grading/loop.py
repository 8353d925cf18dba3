"""The grading loop: the cells of a notebook run in order, and each question is checked at its place."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from otter.execute import Checker
from otter.nbmeta_config import NBMetadataConfig
from otter.test_files import TestFile

from autograder.grading.budget import Budget
from autograder.grading.cells import Cells
from autograder.grading.notebook import Notebook
from autograder.grading.session import Session
from autograder.sandbox import ForkServer

TESTS = Path("tests")
NOTHING_FOUND = (
    "This notebook has none of the functions that the assignment asks for. Is it empty, or does it belong to "
    "another assignment? Hand in the right notebook."
)


@dataclass(frozen=True)
class Graded:
    """The results of one notebook.

    tests : Otter's test file of each question, with its results.
    remarks : sentences for the student about unusual things in the notebook.
    notes : sentences for the instructor about cells that raised and workers that ended.
    """

    tests: list[TestFile]
    remarks: list[str]
    notes: list[str]


def grade_notebook(notebook: Notebook, server: ForkServer) -> Graded:
    """Grade one notebook with the test files in the folder `tests` of the current folder.

    A question is checked after its last check cell, with the names defined so far. A question without a
    check cell is checked at the end.

    Parameters
    ----------
    notebook : Notebook
    server : ForkServer
        Starts the workers.

    Returns
    -------
    Graded

    Raises
    ------
    SandboxError
        If the sandbox fails. Errors in the modules of the checks are raised too.
    """
    _load_checks()
    tests = []
    with Cells(notebook.cells, server, Budget(server.limits)) as cells:
        for path in sorted(TESTS.glob("q*.py"), key=lambda path: (cells.place(path.stem), path.stem)):
            cells.run_to(cells.place(path.stem))
            with contextlib.redirect_stdout(io.StringIO()):
                session = Session(path.stem, cells)
                tests.append(Checker.check(str(path), NBMetadataConfig(), global_env=session))
            if cells.fault is not None:
                raise cells.fault
    remarks = [*notebook.remarks, *([NOTHING_FOUND] if cells.of_something_else else [])]
    return Graded(tests, remarks, cells.notes)


def _load_checks() -> None:
    """Import the modules of the checks first: Otter would blame the submission for an error in them."""
    for package, registry in (("public_checks", "public"), ("autograder.hidden_checks", "hidden")):
        getattr(import_module(package), registry).load()
