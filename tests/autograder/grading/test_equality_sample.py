"""As `test_equality.py`, on questions whose mistakes are named quickly."""

import pytest

from autograder.build.otter_tools import otter_run
from tests.autograder.grading.test_equality import carriers, graded_both_ways
from tests.helpers import fill, isolated, score, unzip, with_questions, without_plugin

pytestmark = isolated

QUESTIONS = ("q1a", "q1b", "q1c", "q1d", "q2b", "q2c", "q2e")


def test_some_questions_get_the_same_from_otter_run_and_homework_grade_and_the_points_of_otter_alone(
    built, tmp_path
):
    dist = built("autodiff")
    template = unzip(dist / "student.zip", tmp_path) / "autodiff" / "autodiff.ipynb"
    path = fill(template, list(carriers("autodiff"))[8], template.with_name("submission.ipynb"))
    short = with_questions(dist / "autograder.zip", tmp_path / "autograder.zip", QUESTIONS)
    found = graded_both_ways(tmp_path, path)
    expected = score(otter_run(path, without_plugin(short, tmp_path / "stock.zip")))
    assert set(found.points) == set(QUESTIONS)
    assert found.points == pytest.approx(expected), found.notes
    assert 0 < sum(found.points.values()) < sum(found.possible.values())
