"""The one loop: the cells of a notebook run in order, and each question is checked at its place."""

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
    "This notebook has none of the functions that the assignment asks for. Is it that of another assignment, "
    "or an empty one? Hand in the right one."
)


@dataclass(frozen=True)
class Graded:
    """What the checks said of one notebook.

    tests : Otter's test file of each question, with its results.
    remarks : what is odd about the notebook, in sentences for the student.
    notes : for an instructor: which cells raised, and where workers were lost.
    """

    tests: list[TestFile]
    remarks: list[str]
    notes: list[str]


def grade_notebook(notebook: Notebook, server: ForkServer) -> Graded:
    """Grade one notebook by the test files in the folder `tests` of the current folder.

    A question is checked when the cells up to its last check cell have run, with the names as they stand
    there; one without a check cell is checked at the end.

    server : where workers come from.

    Errors: SandboxError if the sandbox fails, and whatever the checks raise when they are imported; then
    nothing is graded.
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
    """Import what the test files import, in which Otter would take an error for one of the submission."""
    for package, registry in (("public_checks", "public"), ("autograder.hidden_checks", "hidden")):
        getattr(import_module(package), registry).load()
