"""Like `test_equality.py`, on questions whose mistakes are quick to name."""

from tests.autograder.grading.test_equality import carriers, expect_the_points_of_otter_alone
from tests.helpers import fill, isolated, unzip, with_questions, without_plugin

pytestmark = isolated

QUESTIONS = ("q1a", "q1b", "q1c", "q1d", "q2b", "q2c", "q2e")


def test_all_three_ways_of_grading_agree_on_some_questions(built, tmp_path):
    dist = built("autodiff")
    template = unzip(dist / "student.zip", tmp_path) / "autodiff" / "autodiff.ipynb"
    path = fill(template, list(carriers("autodiff"))[8], template.with_name("submission.ipynb"))
    short = with_questions(dist / "autograder.zip", tmp_path / "autograder.zip", QUESTIONS)
    stock = without_plugin(short, tmp_path / "stock.zip")
    found = expect_the_points_of_otter_alone(short.parent, stock, path)
    assert set(found.points) == set(QUESTIONS)
    assert 0 < sum(found.points.values()) < sum(found.possible.values())
