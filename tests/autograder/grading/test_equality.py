"""Honest submissions get the same points from stock Otter and in the sandbox, question by question."""

import json
import subprocess
import sys
from itertools import zip_longest

import pytest

from autograder.build.otter_tools import otter_run
from autograder.build.settings import assignment_names, read_settings
from autograder.build.sources import read_problem
from autograder.grading.grade import grader
from mistakes import programs
from tests.helpers import LEVEL, fill, isolated, reference_answers, score, unzip, without_plugin

pytestmark = isolated


def carriers(assignment):
    """The whole catalogue: each of these submissions carries one program a question, as far as there are any.

    A program that takes the derivative from `gradcheck` is left out: the sandbox does not have it.
    """
    questions = [
        (question, [p for p in programs(name) if p.question == question.name and "gradcheck" not in p.source])
        for name in read_settings(assignment).problems
        for question in read_problem(name).questions
        if not question.manual
    ]
    for carried in zip_longest(*(found for _, found in questions)):
        answers = {}
        for (question, _), program in zip(questions, carried, strict=True):
            answers |= question.functions
            if program:
                answers[program.function] += f"\n\n\n{program.source}"
        yield answers


def catalogue():
    for assignment in assignment_names():
        yield assignment, "the reference solution", reference_answers(assignment)
        yield assignment, "the blank template", {}
        for number, answers in enumerate(carriers(assignment)):
            yield assignment, f"programs {number}", answers


@pytest.fixture
def submission(assignment, dist, tmp_path):
    """A function that writes a submission with these answers, and returns its path."""
    folder = unzip(dist / "student.zip", tmp_path) / assignment
    return lambda answers: fill(folder / f"{assignment}.ipynb", answers, folder / "submission.ipynb")


@pytest.fixture
def stock(dist, tmp_path):
    """The autograder zip as Otter alone would have it, without the plugin."""
    return without_plugin(dist / "autograder.zip", tmp_path / "stock.zip")


def compare(dist, stock, path):
    """Grade a submission both ways; return what the sandbox made of it."""
    expected = score(otter_run(path, stock))
    with grader(dist / "autograder.zip", LEVEL) as graded:
        found = graded(path)
    assert found.points == pytest.approx(expected), found.notes
    return found


@pytest.mark.siege
@pytest.mark.parametrize(
    ("assignment", "answers"),
    [pytest.param(a, answers, id=f"{a}, {what}") for a, what, answers in catalogue()],
)
def test_the_whole_catalogue_gets_the_same_points(assignment, answers, submission, dist, stock):
    compare(dist, stock, submission(answers))


@pytest.mark.parametrize(
    "assignment",
    [
        pytest.param("autodiff", marks=pytest.mark.exhaustive),
        pytest.param("backprop", marks=pytest.mark.siege),
    ],
)
def test_a_sample_gets_the_same_points_and_from_otter_run_the_same_results(
    assignment, submission, dist, stock, tmp_path
):
    path = submission(list(carriers(assignment))[8])
    found = compare(dist, stock, path)
    assert 0 < sum(found.points.values()) < sum(found.possible.values()) / 1.5
    command = [sys.executable, "-m", "otter", "run", str(path), "-a", str(dist / "autograder.zip")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = json.loads((tmp_path / "results.json").read_text())
    assert json.loads(json.dumps(found.results))["tests"] == theirs["tests"]
