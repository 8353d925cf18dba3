"""`homework grade` and `otter run` give the same results, and honest work gets the points of plain Otter."""

import json
import random
import re
from itertools import zip_longest

import nbformat
import pytest
from otter.api import grade_submission
from otter.run.run_autograder.autograder_config import AutograderConfig

from autograder.builder.otter_tools import otter_run
from autograder.builder.sources import read_problem
from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.mistakes import entries
from autograder.settings import assignment_names, read_settings
from tests.attacks.catalogue import ATTACKS
from tests.attacks.test_attacks import notebook
from tests.helpers import (
    LEVEL,
    carrying,
    fill,
    gradable_entries,
    isolated,
    reference_answers,
    score,
    unzip,
    without_plugin,
)

pytestmark = isolated

# Notebooks on which two ways of grading once differed, or one of them failed.
CALLS_SOFTMAX = """def nll_input_gradient(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return W.T @ p"""
ENDLESS = "def log_softmax(z):\n    while True:\n        pass"
INSIDE = "def helper():\n    {}\n\n\n"
MINUS_SIGNS = "x = " + "-" * 395 + "1"
BRANCHES = "if 0:\n        x = 0" + "".join(f"\n    elif {i}:\n        x = {i}" for i in range(1, 600))
FOUND = {
    "an endless loop below functions that call an earlier one": {
        "nll_input_gradient": CALLS_SOFTMAX,
        "log_softmax": ENDLESS,
    },
    "a magic in a function": {
        "softmax": INSIDE.format("%matplotlib inline") + reference_answers()["softmax"]
    },
    "395 minus signs": {"softmax": INSIDE.format(MINUS_SIGNS) + reference_answers()["softmax"]},
    "600 branches": {"softmax": INSIDE.format(BRANCHES) + reference_answers()["softmax"]},
}


def single(right, count):
    """A seeded sample of mistakes or right answers, each alone in a submission."""
    every = [
        (assignment, entry)
        for assignment in assignment_names()
        for entry in gradable_entries(assignment, right)
    ]
    for assignment, entry in random.Random(182).sample(every, count):
        answers = carrying(reference_answers(assignment), entry)
        yield pytest.param(assignment, answers, id=f"{entry.question}, {entry.name}")


def submissions():
    """The submissions to grade in both ways: assignment and answers."""
    for assignment in assignment_names():
        yield pytest.param(assignment, reference_answers(assignment), id=f"{assignment}, reference solution")
        yield pytest.param(assignment, {}, id=f"{assignment}, blank template")
    yield from single(right=False, count=40)
    yield from single(right=True, count=20)


def carriers(assignment):
    """The whole catalogue in submissions with one entry for each question.

    Entries that use `gradcheck` are left out, because the sandbox does not have it.
    """
    questions = [
        (question, [p for p in entries(name) if p.question == question.name and "gradcheck" not in p.source])
        for name in read_settings(assignment).problems
        for question in read_problem(name).questions
        if not question.manual
    ]
    for carried in zip_longest(*(found for _, found in questions)):
        answers = {}
        for (question, _), entry in zip(questions, carried, strict=True):
            answers |= question.functions
            if entry:
                answers = carrying(answers, entry)
        yield answers


@pytest.fixture
def template(assignment, dist, tmp_path):
    """The students' notebook, in its folder."""
    return unzip(dist / "student.zip", tmp_path) / assignment / f"{assignment}.ipynb"


@pytest.fixture
def submission(template):
    """A function that writes a submission with these answers and returns its path."""
    return lambda answers: fill(template, answers, template.with_name("submission.ipynb"))


@pytest.fixture
def stock(dist, tmp_path):
    """The autograder zip without the plugin, as Otter alone would make it."""
    return without_plugin(dist / "autograder.zip", tmp_path / "stock.zip")


def graded_both_ways(dist, path):
    """Grade a notebook with `homework grade` and `otter run`; expect the same points and messages."""
    with grader(read_autograder(dist / "autograder.zip"), LEVEL) as graded:
        ours = graded(*notebook_of(path))
    results = grade_submission(str(path), str(dist / "autograder.zip"), quiet=True)
    theirs = results.to_gradescope_dict(AutograderConfig({"show_hidden": True}))
    assert same_in_every_run(ours.results["tests"]) == same_in_every_run(theirs["tests"])
    return ours


def same_in_every_run(tests):
    """Results without details that differ in every run: numbers of pipes, names of folders."""
    return json.loads(
        re.sub(r"pipe:\[\d+\]|(/tmp/)?homework-sandbox-\w+(/tmp\w+)?", "...", json.dumps(tests))
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("what", FOUND)
def test_both_ways_of_grading_agree_where_they_once_differed(what, submission, dist):
    answers = reference_answers() | FOUND[what]
    found = graded_both_ways(dist, submission(answers))
    lost = {question for question, points in found.points.items() if points < found.possible[question]}
    assert lost == ({"q3c", "q3d", "q3e", "q3f"} if ENDLESS in answers.values() else set())


@pytest.mark.siege
@pytest.mark.parametrize(("assignment", "answers"), submissions())
def test_both_ways_of_grading_agree(assignment, answers, submission, dist):
    graded_both_ways(dist, submission(answers))


@pytest.mark.siege
@pytest.mark.parametrize("name", ATTACKS)
def test_both_ways_of_grading_agree_on_attacks(name, template, dist):
    path = template.with_name("attack.ipynb")
    nbformat.write(notebook(ATTACKS[name], nbformat.read(template, as_version=4)), path)
    graded_both_ways(dist, path)


@pytest.mark.siege
@pytest.mark.parametrize(
    ("assignment", "answers"),
    [
        pytest.param(assignment, answers, id=f"{assignment}, entries {number}")
        for assignment in assignment_names()
        for number, answers in enumerate([reference_answers(assignment), {}, *carriers(assignment)])
    ],
)
def test_the_whole_catalogue_gets_the_same_points_as_from_otter_alone(
    assignment, answers, submission, dist, stock
):
    expect_the_points_of_otter_alone(dist, stock, submission(answers))


@pytest.mark.parametrize(
    "assignment",
    [
        pytest.param("autodiff", marks=pytest.mark.exhaustive),
        pytest.param("backprop", marks=pytest.mark.siege),
    ],
)
def test_a_sample_gets_the_same_points_as_from_otter_alone(assignment, submission, dist, stock):
    found = expect_the_points_of_otter_alone(dist, stock, submission(list(carriers(assignment))[8]))
    assert 0 < sum(found.points.values()) < sum(found.possible.values()) / 1.5


def expect_the_points_of_otter_alone(dist, stock, path):
    """Grade a notebook in the sandbox and by Otter alone, and compare the points of each question."""
    found = graded_both_ways(dist, path)
    assert found.points == pytest.approx(score(otter_run(path, stock))), found.notes
    return found
