"""Builds with the real Otter: the contents of the zips, and the scores of `otter run`."""

import re
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import nbformat
import pytest

from autograder.builder.build import build
from autograder.builder.master import identity_of
from autograder.builder.otter_tools import otter_run
from autograder.builder.sources import Given, read_problem
from autograder.files import ROOT
from autograder.mistakes import entries
from autograder.settings import assignment_names, read_settings
from autograder.verify import grade_entry
from tests.helpers import BACKSTOP, execute, fill, reference_answers, sampled, score, unzip, with_questions

WRONG = {
    "softmax": "the largest logit is not subtracted, so that exp overflows",
    "softmax_jacobian": "the sign off the diagonal is wrong",
    "log_softmax": "a small number is added inside the logarithm",
    "nll_loss": "the probability is clipped at 1e-12",
    "nll_gradients": "dW is transposed",
    "batch_nll_gradients": "the sum instead of the mean",
}

PROBLEMS = ROOT / "assignments" / "problems"

every_assignment = pytest.mark.parametrize("assignment", assignment_names())
one_assignment = pytest.mark.parametrize("assignment", sampled(assignment_names(), one_in=2))


@pytest.fixture
def full(manifest):
    return {q: p["public"] + p["hidden"] for q, p in manifest["points"].items() if "manual" not in p}


@pytest.fixture
def solved(student_folder):
    """The template, filled in with the reference solution."""
    return fill(student_folder / "backprop.ipynb", reference_answers(), student_folder / "backprop.ipynb")


@every_assignment
def test_the_reference_gets_all_points_and_the_template_none(manifest, full):
    assert manifest["scores"] == {"reference solution": sum(full.values()), "blank template": 0}


@every_assignment
def test_public_checks_give_less_than_half_of_the_points(manifest):
    for points in manifest["points"].values():
        if "manual" not in points:
            assert 0.25 <= points["public"] / (points["public"] + points["hidden"]) < 0.5


def test_a_changed_question_changes_the_identity_of_a_build():
    problem = read_problem("p3_linear_layer")
    before = identity_of([problem])
    assert identity_of([read_problem("p3_linear_layer")]) == before != identity_of([])
    problem.questions[0].text.source += " Do not use SciPy."
    assert identity_of([problem]) != before


def test_a_second_build_does_nothing(dist):
    before = {path.name: path.stat().st_mtime_ns for path in dist.iterdir()}
    manifest, built = build("backprop", dist.parent)
    assert not built
    assert {path.name: path.stat().st_mtime_ns for path in dist.iterdir()} == before
    assert manifest["assignment"] == "backprop"


@pytest.mark.exhaustive
@every_assignment
def test_two_builds_at_two_times_in_two_folders_have_the_same_bytes(assignment, dist, tmp_path):
    time.sleep(2.1)  # the resolution of times in zip files
    _, built = build(assignment, tmp_path / "elsewhere" / "dist")
    assert built
    for path in dist.iterdir():
        assert path.read_bytes() == (tmp_path / "elsewhere" / "dist" / assignment / path.name).read_bytes()


def nothing_graded(*_):
    """Replaces `otter_run` in a build of which only the bytes matter."""
    return []


@pytest.mark.exhaustive
def test_a_build_with_another_secret_differs_only_in_the_secret(dist, tmp_path, monkeypatch):
    import autograder.builder.build as module

    def with_secret(name):
        return replace(read_settings(name), secret="correct horse battery staple")

    time.sleep(2.1)  # the resolution of times in zip files
    monkeypatch.setattr(module, "read_settings", with_secret)
    monkeypatch.setattr(module, "otter_run", nothing_graded)
    monkeypatch.setattr(module, "_score", lambda *_, **__: 0)
    manifest, _ = build("backprop", tmp_path / "dist")
    other = tmp_path / "dist" / "backprop"
    assert manifest["secret"] != "none"
    for name in ("student.zip", "solutions.zip"):
        assert (other / name).read_bytes() == (dist / name).read_bytes()
    with (
        zipfile.ZipFile(other / "autograder.zip") as theirs,
        zipfile.ZipFile(dist / "autograder.zip") as ours,
    ):
        assert theirs.namelist() == ours.namelist()
        differ = [name for name in ours.namelist() if theirs.read(name) != ours.read(name)]
    assert differ == ["files/autograder/hidden_checks/secret.txt"]


@one_assignment
def test_otter_assign_works_on_the_master_alone(assignment, dist, full, tmp_path):
    master = dist.parents[1] / "build" / assignment
    shutil.copytree(master, tmp_path / "master")
    command = [sys.executable, "-m", "otter", "assign", f"{assignment}.ipynb", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path / "master", capture_output=True, text=True, timeout=BACKSTOP)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    assert len(list(out.glob(f"autograder/{assignment}-autograder_*.zip"))) == 1
    for folder in ("student", "autograder"):
        tests = sorted(path.name for path in (out / folder / "tests").iterdir())
        assert tests == sorted(f"{question}.py" for question in full)
    assert "NotImplementedError" in (out / "student" / f"{assignment}.ipynb").read_text()


def test_otter_run_gives_a_renamed_notebook_without_checks_and_metadata_the_same_score(
    solved, dist, full, tmp_path
):
    notebook = nbformat.read(solved, as_version=4)
    notebook.metadata.clear()
    notebook.cells = [c for c in notebook.cells if "grader" not in c.source]
    for cell in notebook.cells:
        cell.metadata.clear()
    nbformat.write(notebook, tmp_path / "hw (1).ipynb")
    command = [sys.executable, "-m", "otter", "run", "hw (1).ipynb", "-a", str(dist / "autograder.zip")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=BACKSTOP)
    assert done.returncode == 0, done.stderr
    assert f"Total Score: {sum(full.values()):.3f}" in done.stdout
    assert (tmp_path / "results.json").is_file()


@pytest.mark.parametrize("function", sampled(WRONG, one_in=6))
def test_otter_run_and_verify_score_a_mistake_the_same(function, student_folder, dist, full):
    (entry,) = [
        p for p in entries("p3_linear_layer") if p.name == WRONG[function] and f"def {function}(" in p.source
    ]
    submission = fill(
        student_folder / "backprop.ipynb",
        reference_answers() | {function: entry.source},
        student_folder / "backprop.ipynb",
    )
    lost = grade_entry("backprop", entry).lost
    expected = {q: points - lost.get(q, 0) for q, points in full.items()}
    cases = otter_run(submission, dist / "autograder.zip")
    assert score(cases) == expected
    assert expected[entry.question] < full[entry.question]
    messages = [c.message for c in cases if not c.passed]
    assert all("Traceback" not in m and re.search(r"(Incorrect|Error|Out of time): \w", m) for m in messages)


@every_assignment
def test_the_student_zip_contains_no_solutions(assignment, student_folder):
    problems = [read_problem(p) for p in read_settings(assignment).problems]
    secrets = {}
    for question in (q for p in problems for q in p.questions):
        for name, source in question.functions.items():
            body = source[source.index("# BEGIN SOLUTION") : source.index("# END SOLUTION")]
            secrets |= {line.strip(): f"the solution of {name}" for line in body.splitlines()}
        if question.answer:
            secrets |= {line.strip(): "the model answer" for line in question.answer.splitlines()}
    for path in (ROOT / "autograder").rglob("*.py"):
        secrets |= {line.strip(): path.name for line in path.read_text().splitlines()}
    given = [cell.code for p in problems for cell in p.cells if isinstance(cell, Given)]
    checks = [
        source.read_text()
        for folder in ("checking", "gradcheck", "public_checks")
        for source in (ROOT / "assignments" / folder).glob("*.py")
    ]
    public = {line.strip() for text in given + checks for line in text.splitlines()}
    for path in sorted(p for p in student_folder.rglob("*") if p.is_file()):
        text = path.read_text()
        assert "SOLUTION" not in text
        assert not re.search(r"/(tmp|root|home|work)/", text), path
        if "hidden" in path.parts[-1]:
            pytest.fail(f"{path} looks like a hidden check")
        lines = {line.strip().removesuffix('\\n",').strip('"').strip() for line in text.splitlines()}
        for line in lines - public:
            if len(line) > 14 and line not in {"import numpy as np"}:
                assert line not in secrets, f"{path.name} has a line of {secrets[line]}: {line}"


@every_assignment
def test_the_solutions_zip_has_answers_and_a_page_without_scripts(assignment, dist, manifest, tmp_path):
    folder = unzip(dist / "solutions.zip", tmp_path)
    page = (folder / f"{assignment}-solutions.html").read_text()
    notebook = nbformat.read(folder / f"{assignment}-solutions.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert "<math" in page
    assert "<script" not in page
    assert ("Rubric" in page) == any("manual" in points for points in manifest["points"].values())
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert page.count("data:image/png") >= len(pictures)
    assert not re.search(r"\$[^$\n]*\\\\[a-z]", page.partition("<body")[2])
    assert not any("PROMPT" in cell.source or "SOLUTION" in cell.source for cell in notebook.cells)


@every_assignment
def test_the_zips_contain_no_stray_files(dist):
    for path in dist.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            assert not [n for n in archive.namelist() if re.search(r"pycache|\.pyc|checkpoint|^/|\.\.", n)]


@pytest.mark.parametrize("problem", sampled(sorted(p.stem for p in PROBLEMS.glob("p*.md")), one_in=5))
def test_the_source_of_a_problem_runs_as_a_notebook(problem, tmp_path):
    import jupytext

    execute(jupytext.read(PROBLEMS / f"{problem}.md"), tmp_path)


def run_the_last_cell_again(notebook):
    notebook.cells.append(nbformat.from_dict(notebook.cells[-1]))


def test_a_student_sees_what_is_wrong_and_hands_in_a_zip_that_grades(student_folder, dist, tmp_path):
    answers = reference_answers()
    wrong = "def nll_loss(W, b, x, y):\n    raise ValueError('1 <b>2</b> & 3 <4')"
    path = fill(
        student_folder / "backprop.ipynb", answers | {"nll_loss": wrong}, student_folder / "hw (1).ipynb"
    )
    (student_folder / "backprop.ipynb").unlink()
    notebook = nbformat.read(path, as_version=4)
    run_the_last_cell_again(notebook)
    execute(notebook, student_folder, allow_errors=True)
    first, second = ("".join(str(o) for o in c.outputs) for c in notebook.cells[-2:])
    assert "Nothing is handed in yet" in first
    assert "3(a)      2.75 of 2.75" in second
    assert "3(d)         0 of 2, A CHECK FAILS" in second
    assert "3(g)     written, NOT ANSWERED YET" in second
    assert "Upload hw (1).zip." in second
    assert "Warning" not in second
    assert second.index("This hands in hw (1).ipynb as it was saved at") < second.index("3(a)")
    output = {c.source: "".join(str(o) for o in c.get("outputs", [])) for c in notebook.cells}
    assert "passed!" in output['grader.check("q3a")']
    said = output['grader.check("q3d")']
    assert "Error: nll_loss raised ValueError: 1 <\u2060b>2<\u2060/b> & 3 <4" in said.replace(
        "\\u2060", "\u2060"
    )
    assert "passed!" in output['grader.check("q3e")']  # its check uses its own loss
    exported = student_folder / "hw (1).zip"
    autograder = with_questions(dist / "autograder.zip", tmp_path / "short.zip", ["q3a", "q3d", "q4a"])
    points = score(otter_run(exported, autograder))
    assert points == score(otter_run(path, autograder))
    assert points["q3a"] > points["q3d"] == 0


def test_run_all_hands_in_nothing(student_folder):
    notebook = nbformat.read(student_folder / "backprop.ipynb", as_version=4)
    (first,) = [c for c in notebook.cells if "otter.Notebook()" in c.source]
    last = notebook.cells[-1]
    notebook.cells = [nbformat.from_dict(cell) for cell in (first, last, first, last)]  # Run All, twice
    execute(notebook, student_folder)
    assert all("Nothing is handed in yet" in str(notebook.cells[i].outputs) for i in (1, 3))
    assert not list(student_folder.glob("*.zip"))


def test_a_forgotten_save_hands_in_nothing_and_leaves_no_earlier_zip(student_folder):
    (student_folder / "backprop.zip").write_bytes(b"an earlier one")
    notebook = nbformat.read(student_folder / "backprop.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.source.startswith("def softmax("):
            cell.source = reference_answers()["softmax"]
    notebook.cells = [c for c in notebook.cells if "plt" not in c.source or "import" in c.source]
    run_the_last_cell_again(notebook)
    execute(notebook, student_folder, allow_errors=True)
    said = "".join(str(o) for o in notebook.cells[-1].outputs)
    assert "Nothing is handed in. softmax" in said
    assert "softmax in the file backprop.ipynb is not the softmax that you ran last" in said
    assert not list(student_folder.glob("*.zip"))


MISSING = {
    "autodiff": [
        "Not attempted: forward_difference is not written yet (Question 1(a))",
        "This picture needs your answer to Question 1(a) first.",
        "This needs your answer to Question 1(e) first.",
        "This picture needs your answer to Question 1(f) first.",
        "This picture needs your answer to Question 2(e) first.",
        "This picture needs your answer to Question 2(g) first.",
    ],
    "backprop": [
        "Not attempted: softmax is not written yet (Question 3(a))",
        "This picture needs your answer to Question 3(f) first.",
        "This picture needs your answer to Question 5(d) first.",
        "This picture needs your answer to Question 5(a) first.",
    ],
}


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("tests", "The folder tests is not beside this notebook: keep all files of the zip together"),
        ("checking", "The folder checking is not beside this notebook: keep all files of the zip together"),
        ("otter", "The package otter is missing: run %pip install -r requirements.txt in a new cell"),
    ],
)
def test_the_first_cell_says_what_is_missing(gone, said, student_folder):
    notebook = nbformat.read(student_folder / "backprop.ipynb", as_version=4)
    (first,) = [c for c in notebook.cells if "otter.Notebook()" in c.source]
    hidden = nbformat.v4.new_code_cell(f"import sys\nsys.modules[{gone!r}] = None")
    if gone == "tests":
        shutil.rmtree(student_folder / "tests")
    notebook.cells = [hidden, first]
    execute(notebook, student_folder)
    assert said in str(first.outputs)


@pytest.mark.parametrize(("assignment", "said"), MISSING.items())
def test_a_blank_template_runs_and_says_what_is_missing(assignment, said, student_folder):
    notebook = nbformat.read(student_folder / f"{assignment}.ipynb", as_version=4)
    notebook.cells = notebook.cells[:-1]
    execute(notebook, student_folder)
    outputs = "".join(str(o) for c in notebook.cells for o in c.get("outputs", []))
    assert [sentence for sentence in said if sentence not in outputs] == []
