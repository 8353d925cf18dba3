"""The student zip in a new environment with only its own requirements."""

import os
import subprocess
import sys

import nbformat
import pytest

from autograder.builder.otter_tools import otter_run
from autograder.settings import assignment_names
from tests.helpers import BACKSTOP, fill, reference_answers

pytestmark = pytest.mark.environment

EXECUTE = """
import nbformat, nbclient, sys
notebook = nbformat.read(sys.argv[1], 4)
notebook.cells.append(nbformat.from_dict(notebook.cells[-1]))  # hands in
nbclient.NotebookClient(notebook, timeout=1800, startup_timeout=1800, iopub_timeout=1800).execute()
nbformat.write(notebook, "executed.txt")
"""


@pytest.mark.parametrize("assignment", assignment_names())
def test_the_notebook_runs_with_its_own_requirements_and_exports(assignment, student_folder, manifest, dist):
    notebook = student_folder / f"{assignment}.ipynb"
    subprocess.run([sys.executable, "-m", "venv", student_folder / "venv"], check=True)
    python = student_folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    install += ["-r", "requirements.lock"]
    subprocess.run(install, cwd=student_folder, check=True, timeout=BACKSTOP, stderr=subprocess.DEVNULL)
    size = sum(path.lstat().st_size for path in (student_folder / "venv").rglob("*"))
    assert size < 500e6
    fill(notebook, reference_answers(assignment), notebook)

    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    execute = [python, "-c", EXECUTE, notebook.name]
    subprocess.run(execute, cwd=student_folder, env=environment, check=True, timeout=BACKSTOP)

    executed = nbformat.read(student_folder / "executed.txt", as_version=4)
    outputs = "".join(str(o) for c in executed.cells for o in c.get("outputs", []))
    for question, points in manifest["points"].items():
        assert f"{question}</pre></strong> passed!" in outputs or "manual" in points
    assert "Test case failed" not in outputs
    assert "image/png" in outputs
    assert subprocess.run([python.parent / "jupyter", "lab", "--version"], check=False).returncode == 0
    exported = student_folder / f"{assignment}.zip"
    assert all(case.passed for case in otter_run(exported, dist / "autograder.zip"))
