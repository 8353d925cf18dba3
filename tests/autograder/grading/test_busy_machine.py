"""A busy machine gives the same grades: right answers get all points, slow ones do not."""

import contextlib
import subprocess
import sys

import pytest

from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.mistakes import entries
from autograder.settings import assignment_names, read_settings
from tests.autograder.test_verify import SLOW
from tests.helpers import LEVEL, fill, isolated, reference_answers, unzip

pytestmark = [isolated, pytest.mark.exhaustive]


@pytest.fixture(scope="module", autouse=True)
def busy():
    """Six processes that compute all the time."""
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


@pytest.mark.parametrize("assignment", assignment_names())
def test_right_answers_get_all_points_and_slow_ones_do_not(assignment, dist, tmp_path):
    template = unzip(dist / "student.zip", tmp_path) / assignment / f"{assignment}.ipynb"
    answers = reference_answers(assignment)
    slow = {
        p.question: p
        for problem in read_settings(assignment).problems
        for p in entries(problem)
        if SLOW.get(p.question) == p.name
    }
    with_slow = answers | {p.function: f"{answers[p.function]}\n\n\n{p.source}" for p in slow.values()}
    right = fill(template, answers, template.with_name("right.ipynb"))
    wrong = fill(template, with_slow, template.with_name("wrong.ipynb"))
    with grader(read_autograder(dist / "autograder.zip"), LEVEL) as graded:
        for number in range(30):
            found = graded(*notebook_of(right))
            assert found.points == found.possible
            if number % 6 == 0:
                found = graded(*notebook_of(wrong))
                assert {q for q, points in found.points.items() if points < found.possible[q]} == set(slow)
