"""Grading in the kernel that Otter starts, where the plugin has put its own notebook."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.grading.grade import importable, isolation_level, run_tests
from autograder.grading.notebook import read_cells
from autograder.sandbox import Source


def grade_here() -> None:
    """Grade the one notebook of the current folder."""
    (notebook,) = Path.cwd().glob("*.ipynb")
    tests = {path.stem: path for path in Path("tests").glob("q*.py")}
    with importable(unpacked_zip() / "files"), Source(isolation_level(None)) as source:
        # These imports take as long as the source takes to load.
        from otter.execute import Checker
        from otter.nbmeta_config import NBMetadataConfig

        from autograder.grading.session import Session

        session = Session(source, read_cells(notebook))
        try:
            run_tests(
                session,
                tests,
                lambda q: Checker.check(str(tests[q]), NBMetadataConfig(), global_env=session),
            )
        finally:
            session.close()


def unpacked_zip() -> Path:
    """What the autograder zip held, as Otter unpacked it beside the folder of the submission."""
    return Path(os.path.dirname(os.getcwd())) / "source"
