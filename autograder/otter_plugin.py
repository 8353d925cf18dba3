"""The plugin that puts the sandbox into Otter's own commands.

Otter's kernel then runs one cell of ours, and no code of the submission: the submission's cells run in a
sandboxed worker, and the test files of Otter call its functions through proxies.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from otter.execute.logging import LogRecordSocketReceiver
from otter.plugins import AbstractOtterPlugin
from otter.run.run_autograder.utils import OtterRuntimeError

from autograder.grading.isolation import isolation_level
from autograder.grading.loop import grade_notebook
from autograder.grading.notebook import read_notebook
from autograder.grading.process import say_with_results
from autograder.sandbox import ForkServer

CELL = """import sys

sys.path.insert(0, {folder!r})
from autograder.otter_plugin import grade_here

grade_here(**{belongs!r})"""


class SandboxPlugin(AbstractOtterPlugin):
    """Grades in the sandbox, at the best level that the machine reaches or at $HOMEWORK_ISOLATION."""

    def before_grading(self, config: Any) -> None:
        """Remove what was uploaded besides the notebook, before Otter reads or imports any of it.

        A zip stays: Otter does not look into it again, and whoever started it may want it back.

        Errors: HomeworkError where submissions cannot be isolated.
        """
        unpacked_zip().chmod(0o700)
        isolation_level(None, unpacked_zip())
        config.grade_from_log = False
        keep = Path(self.submission_path).name
        for path in Path.cwd().iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.is_symlink() or (path.name != keep and path.suffix.lower() != ".zip"):
                path.unlink()
        shutil.copytree(unpacked_zip() / "tests", "tests")

    def before_execution(self, submission: Any) -> nbformat.NotebookNode:
        """Hand Otter a notebook that is the same for every submission."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the kernel, as in `homework grade`
        LogRecordSocketReceiver.daemon_threads = True  # one that waits for half a record would never end
        folder = str(unpacked_zip() / "files")
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        return new_notebook(
            cells=[new_code_cell(CELL.format(folder=folder, belongs=self.plugin_config))],
            metadata={"kernelspec": kernel},
        )

    def after_grading(self, results: Any) -> None:
        """Say in the results what is odd about the notebook, and where nothing was isolated.

        Errors: OtterRuntimeError where our cell raised, after which Otter has checked an empty notebook.
        """
        outputs = [output for cell in results.notebook.cells for output in cell.get("outputs", [])]
        for output in outputs:
            if output.output_type == "error":
                raise OtterRuntimeError(f"This submission could not be graded. {output.evalue}")
        remarks = [o.text.strip() for o in outputs if o.output_type == "stream" and o.name == "stdout"]
        say_with_results(results, [r for r in remarks if r], isolation_level(None))


def grade_here(assignment: str | None = None, build: str | None = None) -> None:
    """In Otter's kernel, grade the one notebook of the current folder; Otter notes the results itself.

    What is odd about it is printed, for `after_grading`.
    """
    notebook = read_notebook(Path.cwd(), assignment, build)
    with ForkServer(isolation_level(None)) as server:
        graded = grade_notebook(notebook, server)
    print(*graded.remarks, sep="\n")


def unpacked_zip() -> Path:
    """What the autograder zip held, as Otter unpacked it beside the folder of the submission."""
    return Path(os.path.dirname(os.getcwd())) / "source"
