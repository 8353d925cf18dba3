"""As `test_equality.py`, on questions whose mistakes are named quickly."""

import pytest

from autograder.build.otter_tools import otter_run
from autograder.grading.grade import grader
from tests.autograder.grading.test_equality import carriers
from tests.helpers import LEVEL, fill, isolated, score, unzip, with_questions, without_plugin

pytestmark = isolated

QUESTIONS = ("q1a", "q1b", "q1c", "q1d", "q2b", "q2c", "q2e")


def test_some_questions_get_the_same_points_from_otter_alone_and_in_the_sandbox(built, tmp_path):
    dist = built("autodiff")
    template = unzip(dist / "student.zip", tmp_path) / "autodiff" / "autodiff.ipynb"
    path = fill(template, list(carriers("autodiff"))[8], template.with_name("submission.ipynb"))
    short = with_questions(dist / "autograder.zip", tmp_path / "short.zip", QUESTIONS)
    expected = score(otter_run(path, without_plugin(short, tmp_path / "stock.zip")))
    with grader(short, LEVEL) as graded:
        found = graded(path)
    assert set(found.points) == set(QUESTIONS)
    assert found.points == pytest.approx(expected), found.notes
    assert 0 < sum(found.points.values()) < sum(found.possible.values())
