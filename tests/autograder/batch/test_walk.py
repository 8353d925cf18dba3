"""What docs/grading-a-class.md says, done."""

import csv
import os
import re
import shutil
import subprocess
import sys

import pytest

from autograder.files import ROOT
from tests.helpers import BACKSTOP, isolated

PAGE = (ROOT / "docs" / "grading-a-class.md").read_text()
BOOK = """First Name,Last Name,SID,Email
Ann,Roe,31,ann@example.edu
Li,Wei,,li@example.edu
Bo,New,39,bo@example.edu
"""


@pytest.fixture
def desk(short, download, built, tmp_path):
    """A folder with what the page needs, and a `homework` that builds nothing."""
    folder = tmp_path / "desk"
    (folder / "dist" / "backprop").mkdir(parents=True)
    shutil.copy(short, folder / "dist" / "backprop" / "autograder.zip")
    download.rename(folder / "assignment_123_export")
    (folder / "gradebook.csv").write_text(BOOK)
    command = folder / "bin" / "homework"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\ntest "$1" = build || exec {sys.executable} -m autograder.cli "$@"\n')
    command.chmod(0o755)
    return folder


def rows(path):
    with path.open(newline="") as file:
        return {row["name"] if "name" in row else row["Last Name"]: row for row in csv.DictReader(file)}


@isolated
def test_the_page_leads_from_a_download_to_a_gradebook(desk):
    commands = re.findall(r"^    (homework .*)$", PAGE, flags=re.MULTILINE)
    assert len(commands) == 7
    path = os.pathsep.join(str(ROOT / part) for part in ("", "assignments"))
    environment = os.environ | {
        "PATH": f"{desk / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": path,
        "TZ": "UTC",
    }
    statuses = []
    for command in commands:
        if "--written" in command and not (desk / "written.csv").exists():
            (desk / "written.csv").write_text("submission,question,points,comment\nsubmission_1,q3g,4,good\n")
        done = subprocess.run(
            command.split(), cwd=desk, env=environment, capture_output=True, text=True, timeout=BACKSTOP
        )
        assert done.stderr == ""
        statuses.append(done.returncode)
    assert statuses == [1, 0, 1, 1, 0, 1, 0]  # one submission of the download is refused

    grades = rows(desk / "grades" / "grades.csv")
    assert (grades["Ann Roe"]["q3g"], grades["Ann Roe"]["total"]) == ("4", "10")
    assert [grades[name]["late"] for name in ("Ann Roe", "Li Wei")] == ["no", "no"]
    assert grades["Al Fie"]["total"] == ""
    book = rows(desk / "grades" / "gradebook.csv")
    assert book["Roe"]["Backpropagation"] == "10"
    assert book["Wei"]["Backpropagation"] == grades["Li Wei"]["total"] != ""
    assert book["New"]["Backpropagation"] == ""
    for folder in ("grades", "regraded"):
        assert (desk / folder / "report.html").stat().st_size > 10_000
    named = re.findall(r"^\| `([\w/.]+)` \|", PAGE, flags=re.MULTILINE)
    assert len(named) == 6
    for name in named:
        assert (desk / "grades" / name.replace("NAME", "submission_1")).is_file()


def test_the_page_names_the_options_that_exist():
    options = set(re.findall(r"--[a-z]+", PAGE)) - {"--nthreads"}
    there = set()
    for name in ("grade", "report"):
        help_ = [sys.executable, "-m", "autograder.cli", name, "--help"]
        there |= set(re.findall(r"--[a-z]+", subprocess.run(help_, capture_output=True, text=True).stdout))
    assert options <= there
    assert options | {"--isolation", "--help"} == there
