"""The packages that the autograder zip installs in a container work on every supported Python."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.autograder.container.uploads import UPLOADS, expect_deserved
from tests.helpers import BACKSTOP, autograder_tree, fill, isolated, reference_answers

pytestmark = [isolated, pytest.mark.environment]


def python(version):
    """A Python of this version on this machine, or None."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return next(iter(installed), None) or shutil.which(f"python{version}")


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_the_reference_gets_all_points_from_the_runner(version, assignment, dist, student_folder, tmp_path):
    if python(version) is None:
        pytest.skip(f"there is no Python {version} here")
    environment = tmp_path / "environment"
    tree = autograder_tree(dist / "autograder.zip", tmp_path / "autograder")
    fill(
        student_folder / f"{assignment}.ipynb",
        reference_answers(assignment),
        tree / "submission" / "hw.ipynb",
    )
    subprocess.run([python(version), "-m", "venv", environment], check=True)
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    lock = tree / "source" / "requirements.lock"
    subprocess.run([environment / "bin" / "python", *install, "-r", lock], check=True, timeout=BACKSTOP)
    grade = [environment / "bin" / "python", "-I", "-B", tree / "source" / "run_otter.py", tree]
    subprocess.run(grade, check=True, timeout=BACKSTOP, env={"OPENBLAS_NUM_THREADS": "1"})
    expect_deserved(UPLOADS["a notebook"], json.loads((tree / "results" / "results.json").read_text()))
