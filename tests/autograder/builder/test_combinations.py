"""Any problems can form an assignment; only `homework.toml` lists them."""

import json
import re

import pytest

from autograder.builder.otter_tools import otter_run
from autograder.mistakes import entries
from autograder.settings import assignment_names, read_settings
from tests.helpers import fill, reference_answers, run_homework, unzip, write_assignments

# In the suite, `tests/test_docs.py` builds an assignment of a single problem.
pytestmark = pytest.mark.exhaustive

PROBLEMS = [problem for name in assignment_names() for problem in read_settings(name).problems]


def built(project, name, problems):
    """Build an assignment of these problems; return its manifest."""
    write_assignments(project, {name: problems})
    done = run_homework(project, "build")
    assert done.returncode == 0, done.stderr
    return json.loads((project / "dist" / name / "manifest.json").read_text())


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_single_problem_makes_an_assignment(problem, copy_of_the_project):
    manifest = built(copy_of_the_project, "alone", [problem])
    full = sum(p.get("public", 0) + p.get("hidden", 0) for p in manifest["points"].values())
    assert manifest["scores"] == {"reference solution": full, "blank template": 0}
    assert {question[1] for question in manifest["points"]} == {problem[1]}
    student = unzip(copy_of_the_project / "dist" / "alone" / "student.zip", copy_of_the_project / "student")
    modules = [p.stem for p in student.rglob("p*.py") if re.match(r"p\d", p.name)]
    assert modules == [problem]


def test_all_problems_make_one_assignment(copy_of_the_project, tmp_path):
    manifest = built(copy_of_the_project, "all_five", PROBLEMS)
    assert manifest["scores"] == {"reference solution": 180, "blank template": 0}
    dist = copy_of_the_project / "dist" / "all_five"
    template = unzip(dist / "student.zip", tmp_path) / "all_five" / "all_five.ipynb"

    answers = {k: v for name in assignment_names() for k, v in reference_answers(name).items()}
    first = {problem: next(p for p in entries(problem) if not p.right) for problem in PROBLEMS}
    for entry in first.values():
        answers[re.findall(r"^def (\w+)", entry.source, re.MULTILINE)[-1]] = entry.source
    cases = otter_run(fill(template, answers, tmp_path / "hw.ipynb"), dist / "autograder.zip")
    lost = {case.question for case in cases if not case.passed}
    assert lost >= {entry.question for entry in first.values()}
    assert {question[1] for question in lost} == {"1", "2", "3", "4", "5"}
    assert sum(case.points for case in cases if case.passed) > 100
