"""A worker that knows all hidden places searches for planted secrets and finds none at any level."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.files import ROOT
from autograder.sandbox import NONE, USER
from autograder.sandbox import ROOT as AS_ROOT
from tests.helpers import BACKSTOP, LEVEL, isolated, share_packages

HUNT = Path(__file__).with_name("hunt.py")
SOMEBODY = 54321
as_root = pytest.mark.skipif(LEVEL != AS_ROOT, reason="only root can become another user")


def hunted(autograder, level, *options, python=sys.executable, **start):
    """The output of hunt.py."""
    folders = [str(ROOT / folder) for folder in ("", "assignments", "autograder")]
    done = subprocess.run(
        [python, str(HUNT), str(autograder), level, *options],
        env={"PYTHONPATH": os.pathsep.join(folders), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=BACKSTOP,
        **start,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failed"] is None
    return found


@pytest.fixture(scope="module")
def autograder(built, tmp_path_factory):
    """The autograder zip in a folder that every user can read."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield shutil.copy(built("backprop") / "autograder.zip", folder)


@pytest.fixture
def python_of_all(tmp_path_factory):
    """A Python that an ordinary user can run, with the same packages as this one."""
    system = Path("/usr/bin/python3")
    version = "import sys; print(sys.version_info[:2])"
    said = (
        subprocess.run([system, "-c", version], capture_output=True, text=True) if system.exists() else None
    )
    if said is None or said.stdout.strip() != str(sys.version_info[:2]):
        pytest.skip("Debian's Python is not there, or of another version")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        share_packages(system, Path(folder))
        python = Path(folder) / "bin" / "python"
        tried = subprocess.run([python, "-c", "import numpy"], user=SOMEBODY, group=SOMEBODY, extra_groups=[])
        if tried.returncode:
            pytest.skip("other users cannot read the packages of this Python")
        yield python


@isolated
def test_the_search_finds_every_secret_without_isolation_and_none_in_the_sandbox(autograder):
    assert hunted(autograder, NONE)["missed"] == []
    found = hunted(autograder, LEVEL)
    assert found["hits"] == []
    assert found["searched"]["own memory"] > 1000


@pytest.mark.exhaustive
@as_root
def test_root_needs_no_landlock(autograder):
    found = hunted(autograder, AS_ROOT, "--without-landlock")
    assert found["hits"] == []
    assert found["searched"]["processes"] > 100  # it can read /proc, but finds nothing there


@pytest.mark.exhaustive
@as_root
def test_a_worker_of_an_ordinary_user_finds_nothing(autograder, python_of_all):
    somebody = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": [], "python": python_of_all}
    found = hunted(autograder, USER, **somebody)
    assert found["hits"] == []
    assert found["searched"]["own memory"] > 1000
