"""`homework grade` as instructors use it, and uploads that bring more than a notebook."""

import json
import shutil
import zipfile

import pytest

from autograder.build.files import ROOT
from autograder.build.otter_tools import otter_run
from autograder.cli import main
from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.sandbox import NONE
from tests.helpers import LEVEL, fill, isolated, reference_answers, run_homework

pytestmark = isolated


@pytest.fixture
def solved(student_folder):
    return fill(student_folder / "backprop.ipynb", reference_answers(), student_folder / "solved.ipynb")


def test_a_submission_is_graded_and_its_results_are_written(solved, dist, tmp_path):
    out = tmp_path / "grades"
    done = run_homework(ROOT, "grade", str(dist / "autograder.zip"), str(solved), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert "  q3a: 6 of 6\n" in done.stdout
    assert f"solved.ipynb: 90 of 90 points, isolation {LEVEL}; results in" in done.stdout
    results = json.loads((out / "results" / "solved.json").read_text())
    assert sum(test["score"] for test in results["tests"] if "score" in test) == 90


def test_without_isolation_a_warning_stands_in_the_results(solved, dist, tmp_path, monkeypatch):
    command = [
        "grade",
        str(dist / "autograder.zip"),
        str(solved),
        "--out",
        str(tmp_path),
        "--isolation",
        NONE,
    ]
    done = run_homework(ROOT, *command)
    assert done.returncode == 0
    assert f"warning: {WITHOUT_ISOLATION}" in done.stdout
    assert WITHOUT_ISOLATION in (tmp_path / "results" / "solved.json").read_text()


BAD = {
    "no autograder": (lambda t: t["zip"].unlink(), "cannot be read: No such file"),
    "an autograder that is no zip": (
        lambda t: t["zip"].write_text("x"),
        "is not an autograder zip; take the one",
    ),
    "another zip": (lambda t: shutil.copy(t["student"], t["zip"]), "is not an autograder zip"),
    "an autograder of something else": (lambda t: other(t["zip"]), "is an autograder zip of something else"),
    "no submission": (lambda t: t["hw"].unlink(), "hw.ipynb cannot be read: No such file"),
    "a submission that is no notebook": (lambda t: t["hw"].write_text("x"), "hw.ipynb is not a notebook"),
    "a file where results are to go": (lambda t: t["out"].write_text("x"), "Not a directory"),
}


def other(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("otter_config.json", "{}")


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_a_sentence(what, dist, student_folder, tmp_path, capsys):
    paths = {"zip": tmp_path / "a.zip", "hw": tmp_path / "hw.ipynb", "out": tmp_path / "out"}
    shutil.copy(dist / "autograder.zip", paths["zip"])
    shutil.copy(student_folder / "backprop.ipynb", paths["hw"])
    change, sentence = BAD[what]
    change(paths | {"student": dist / "student.zip"})
    assert main(["grade", str(paths["zip"]), str(paths["hw"]), "--out", str(paths["out"])]) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("homework grade: ")
    assert sentence in said


def test_what_is_uploaded_beside_the_notebook_is_gone_before_otter_looks(student_folder, dist, tmp_path):
    """Modules that would stand in for real ones, test files, a log, a configuration: none of them counts."""
    upload = tmp_path / "upload.zip"
    claim = "raise SystemExit('this must not run')"
    with zipfile.ZipFile(upload, "w") as archive:
        archive.write(student_folder / "backprop.ipynb", "backprop.ipynb")
        for name in (
            "numpy.py",
            "otter.py",
            "nbformat.py",
            "ipykernel_launcher.py",
            "sitecustomize.py",
            "json.py",
        ):
            archive.writestr(name, claim)
        archive.writestr("autograder/__init__.py", claim)
        archive.writestr("hidden_checks/__init__.py", "def run(*_):\n    pass\n")
        archive.writestr("public_checks/__init__.py", "def run(*_):\n    pass\n")
        for test in (student_folder / "tests").iterdir():
            archive.writestr(f"tests/{test.name}", test.read_text().replace("run(", "str("))
        archive.writestr(".OTTER_LOG", b"\x80\x04cbuiltins\nexit\n.")
        archive.writestr("otter_config.json", '{"plugins": []}')
    cases = otter_run(upload, dist / "autograder.zip")
    assert len(cases) > 80
    assert not any(case.passed for case in cases)
