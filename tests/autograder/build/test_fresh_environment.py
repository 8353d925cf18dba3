"""The student zip with nothing but its own requirements, in an environment made for it."""

import os
import subprocess
import sys

import nbformat
import pytest

from autograder.build.otter_tools import otter_run
from tests.helpers import fill, reference_answers

pytestmark = pytest.mark.environment

EXECUTE = """
import nbformat, nbclient
notebook = nbformat.read("backprop.ipynb", 4)
nbclient.NotebookClient(notebook, timeout=300).execute()
nbformat.write(notebook, "executed.txt")
"""


def test_the_notebook_runs_with_its_own_requirements_and_exports(student_folder, dist):
    subprocess.run([sys.executable, "-m", "venv", student_folder / "venv"], check=True)
    python = student_folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    subprocess.run(install, cwd=student_folder, check=True, timeout=900, stderr=subprocess.DEVNULL)
    fill(student_folder / "backprop.ipynb", reference_answers(), student_folder / "backprop.ipynb")

    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run([python, "-c", EXECUTE], cwd=student_folder, env=environment, check=True, timeout=600)

    executed = nbformat.read(student_folder / "executed.txt", as_version=4)
    outputs = "".join(str(o) for c in executed.cells for o in c.get("outputs", []))
    assert all(f"q3{letter}</pre></strong> passed!" in outputs for letter in "abcdef")
    assert "Test case failed" not in outputs
    assert "image/png" in outputs
    assert subprocess.run([python.parent / "jupyter", "lab", "--version"], check=False).returncode == 0
    (exported,) = student_folder.glob("backprop_*.zip")
    assert all(case.passed for case in otter_run(exported, dist / "autograder.zip"))
