"""`homework grade`, and uploads with more than a notebook."""

import json
import shutil
import zipfile

import pytest

from autograder.builder.otter_tools import otter_run
from autograder.cli import main
from autograder.files import ROOT
from autograder.grading.isolation import WITHOUT_ISOLATION
from autograder.sandbox import NONE
from tests.autograder.container.uploads import UPLOADS
from tests.helpers import (
    LEVEL,
    fill,
    isolated,
    reference_answers,
    run_homework,
    sampled,
    with_questions,
)

pytestmark = isolated


@pytest.fixture
def solved(student_folder):
    return fill(student_folder / "backprop.ipynb", reference_answers(), student_folder / "solved.ipynb")


def test_a_submission_is_graded_and_its_results_are_written(solved, dist, tmp_path):
    out = tmp_path / "grades"
    done = run_homework(ROOT, "grade", str(dist / "autograder.zip"), str(solved), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    points = json.loads((dist / "manifest.json").read_text())["points"]
    of_checks = {q: p["public"] + p["hidden"] for q, p in points.items() if "manual" not in p}
    full = sum(of_checks.values())
    assert f"  q3a: {of_checks['q3a']:g} of {of_checks['q3a']:g}\n" in done.stdout
    assert f"solved: {full:g} of {full:g} points\n1 graded, isolation {LEVEL}; results in" in done.stdout
    results = json.loads((out / "results" / "solved.json").read_text())
    assert sum(test["score"] for test in results["tests"] if "score" in test) == full


@pytest.fixture
def short(dist, tmp_path):
    """The autograder zip with only questions 3(a) and 3(b)."""
    return with_questions(dist / "autograder.zip", tmp_path / "short.zip", {"q3a", "q3b"})


def test_the_results_contain_a_warning_if_nothing_was_isolated(solved, short, tmp_path):
    command = ["grade", str(short), str(solved), "--out", str(tmp_path), "--isolation", NONE]
    done = run_homework(ROOT, *command)
    assert done.returncode == 0
    assert f"warning: {WITHOUT_ISOLATION}" in done.stdout
    assert WITHOUT_ISOLATION in (tmp_path / "results" / "solved.json").read_text()


def graded(autograder, submission, out):
    """The exit status of `homework grade`, and its results."""
    status = main(["grade", str(autograder), str(submission), "--out", str(out)])
    (path,) = (out / "results").glob("*.json")
    return status, json.loads(path.read_text())


@pytest.mark.parametrize("name", sampled([n for n in UPLOADS if not UPLOADS[n].changed], one_in=9))
def test_every_upload_is_graded_or_refused_with_a_message(name, short, solved, tmp_path, capsys):
    upload, folder = UPLOADS[name], tmp_path / "class" / "handed-in"
    folder.mkdir(parents=True)
    upload.write(solved.read_bytes(), folder)
    status = main(["grade", str(short), str(folder.parent), "--out", str(tmp_path / "out")])
    said = capsys.readouterr()
    assert status == (1 if upload.says or upload.remark else 0)
    assert upload.says in said.out
    assert upload.remark in said.out
    assert upload.says or "12 of 12 points" in said.out


def notebook_of(path, *cells):
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_notebook_in_which_every_cell_fails_gets_no_remark(short, tmp_path, capsys):
    hw = notebook_of(tmp_path / "hw.ipynb", "import torch\n" + reference_answers()["softmax"])
    status, results = graded(short, hw, tmp_path / "out")
    assert (status, results.get("output", "")) == (0, "")
    assert "remark" not in capsys.readouterr().out


def test_a_question_says_why_its_function_is_missing(short, tmp_path):
    answers = reference_answers()
    hw = notebook_of(
        tmp_path / "hw.ipynb",
        "import numpy as np",
        "import torch\n" + answers["softmax"],
        answers["softmax_jacobian"],
    )
    why = "the cell that defines softmax stopped: ModuleNotFoundError: No module named 'torch' (line 1)"
    status, results = graded(short, hw, tmp_path / "out")
    softmax, jacobian = (
        "\n".join(test["output"] for test in results["tests"] if test["name"].startswith(question))
        for question in ("q3a", "q3b")
    )
    assert status == 0
    assert f"there is no function softmax: {why}." in softmax
    assert "NameError: name 'softmax' is not defined" in jacobian
    assert f"({why})" in jacobian


@pytest.mark.parametrize(
    "cells",
    [
        ("import numpy as np", "def jvp(layers, x, v):\n    return v"),
        pytest.param((), marks=pytest.mark.exhaustive),
        pytest.param(("x = 1",), marks=pytest.mark.exhaustive),
    ],
)
def test_a_notebook_without_any_of_the_functions_gets_a_remark(cells, short, tmp_path, capsys):
    status, results = graded(short, notebook_of(tmp_path / "hw.ipynb", *cells), tmp_path / "out")
    assert status == 1
    assert "remark: This notebook has none of the functions" in capsys.readouterr().out
    assert results["output"].startswith(
        "This notebook has none of the functions that the assignment asks for."
    )


BAD = {
    "no autograder": (lambda t: t["zip"].unlink(), "cannot be read: No such file"),
    "an autograder that is not a zip": (
        lambda t: t["zip"].write_text("x"),
        "is not an autograder zip; use the one",
    ),
    "another zip": (lambda t: shutil.copy(t["student"], t["zip"]), "is not an autograder zip"),
    "another project's autograder": (
        lambda t: other(t["zip"]),
        "is not an autograder zip of this version of the project",
    ),
    "no submission": (lambda t: t["hw"].unlink(), "hw.ipynb cannot be read: No such file"),
    "a file instead of the output folder": (lambda t: t["out"].write_text("x"), "File exists"),
}


def other(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("otter_config.json", "{}")


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_an_error_message(what, dist, student_folder, tmp_path, capsys):
    paths = {"zip": tmp_path / "a.zip", "hw": tmp_path / "hw.ipynb", "out": tmp_path / "out"}
    shutil.copy(dist / "autograder.zip", paths["zip"])
    shutil.copy(student_folder / "backprop.ipynb", paths["hw"])
    change, sentence = BAD[what]
    change(paths | {"student": dist / "student.zip"})
    assert main(["grade", str(paths["zip"]), str(paths["hw"]), "--out", str(paths["out"])]) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("homework grade: ")
    assert sentence in said


def test_files_uploaded_with_the_notebook_are_ignored(student_folder, dist, tmp_path):
    """Modules that replace real ones, test files, a log, a configuration."""
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
        archive.writestr("autograder/hidden_checks/__init__.py", "def run(*_):\n    pass\n")
        archive.writestr("public_checks/__init__.py", "def run(*_):\n    pass\n")
        for test in (student_folder / "tests").iterdir():
            archive.writestr(f"tests/{test.name}", test.read_text().replace("run(", "str("))
        archive.writestr(".OTTER_LOG", b"\x80\x04cbuiltins\nexit\n.")
        archive.writestr("otter_config.json", '{"plugins": []}')
    cases = otter_run(upload, dist / "autograder.zip")
    assert len(cases) > 80
    assert not any(case.passed for case in cases)
