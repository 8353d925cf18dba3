"""The build compares Otter's scores with the registered checks, so nothing can get lost."""

import re

import pytest

from autograder.builder.checks import load_checks
from autograder.builder.otter_tools import expect_registered, otter_run
from autograder.builder.sources import read_problem
from autograder.errors import FellShortError
from autograder.settings import read_settings
from tests.helpers import rewritten, sampled, unzip

DAMAGE = {
    "a test file that does not parse": (lambda t: t + "\ndef (", "produced no results"),
    "a lost check": (
        lambda t: t.partition("@test_case")[0] + t[t.rindex("@test_case") :],
        "Otter scored 1 checks of q3a, but 6",
    ),
    "another number of points": (lambda t: t.replace("points=1,", "points=2,", 1), "registered as"),
    "a hidden check made public": (lambda t: t.replace("hidden=True", "hidden=False", 1), "registered as"),
    "two checks of one name": (
        lambda t: t.replace("q3a_ratios", "q3a_positive_and_sum_to_one"),
        "Otter scored 5 checks of q3a, but 6",
    ),
    "a changed title": (lambda t: t.replace("two probabilities", "2 probabilities"), "registered as"),
}


@pytest.mark.parametrize("case", sampled(DAMAGE, one_in=6))
def test_a_damaged_autograder_is_noticed(case, dist, tmp_path):
    damage, sentence = DAMAGE[case]

    def damaged(name, data):
        return damage(data.decode()).encode() if name == "tests/q3a.py" else data

    rewritten(dist / "autograder.zip", tmp_path / "a.zip", damaged)
    notebook = unzip(dist / "student.zip", tmp_path) / "backprop" / "backprop.ipynb"
    checks = load_checks([read_problem(p) for p in read_settings("backprop").problems])
    with pytest.raises(FellShortError, match=re.escape(sentence)):
        expect_registered(otter_run(notebook, tmp_path / "a.zip"), checks)
