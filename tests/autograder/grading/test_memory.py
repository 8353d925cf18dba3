"""What was graded before makes grading faster, and changes nothing."""

from dataclasses import replace
from itertools import permutations

import pytest

from autograder.grading.grade import grade, unpacked
from autograder.grading.memory import Memory
from autograder.sandbox import Limits, Source
from tests.helpers import LEVEL, fill, isolated, reference_answers

pytestmark = isolated

WRONG = "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum()"
# The first answer is right, and later ones are not.
FORGETFUL = """calls = 0
def softmax(z):
    global calls
    calls += 1
    e = np.exp(z - z.max())
    return e / e.sum() if calls < 20 else e"""
# Other text than the reference's, the same numbers.
REWRITTEN = "def softmax(z):\n    powers = np.exp(z - np.max(z))\n    return powers / powers.sum()"
# For whom it is there, another one's NumPy is not what it was.
POISON = "def exp(x, exp=np.exp):\n    return exp(x) ** 2\nnp.exp = exp"


@pytest.fixture(scope="module")
def graders(built):
    with (
        unpacked(built("backprop") / "autograder.zip") as autograder,
        Source(LEVEL, Limits(call=1)) as source,
    ):
        # One question is enough, and the first one calls no other.
        few = {"q3a": autograder.tests["q3a"]}
        yield lambda: replace(autograder, tests=few, memory=Memory()), source


@pytest.fixture
def submission(student_folder):
    def made(name, answer=None, first=""):
        answers = reference_answers() | ({"softmax": answer} if answer else {})
        answers["softmax"] = first + "\n" * bool(first) + answers["softmax"]
        return fill(student_folder / "backprop.ipynb", answers, student_folder / f"{name}.ipynb")

    return made


def test_the_order_of_submissions_changes_no_result(graders, submission):
    new, source = graders
    paths = [
        submission("reference"),
        submission("rewritten", REWRITTEN),
        submission("wrong", WRONG),
        submission("forgetful", FORGETFUL),
    ]
    alone = {path: grade(new(), path, source) for path in paths}
    assert [alone[path].points["q3a"] for path in paths[:2]] == [6.0, 6.0]
    assert all(alone[path].points["q3a"] < 6 for path in paths[2:])
    for order in list(permutations(paths))[::5]:
        autograder = new()
        for path in (*order, *order, *order):
            assert grade(autograder, path, source) == alone[path]


def test_answers_that_are_known_are_not_checked_again(graders, submission, monkeypatch):
    new, source = graders
    autograder = new()
    expected = grade(autograder, submission("reference"), source)
    monkeypatch.setattr(type(autograder.test_file("q3a")), "run", None)  # to call it would be an error
    again = grade(autograder, submission("rewritten", REWRITTEN), source)
    assert again.points == expected.points


def test_a_text_that_is_known_is_not_run_again(graders, submission, monkeypatch):
    new, source = graders
    autograder = new()
    first, other = submission("reference"), submission("other", first="# I did it alone")
    assert grade(autograder, first, source) == grade(autograder, first, source)
    monkeypatch.setattr(Source, "worker", None)
    assert grade(autograder, first, source).points == {"q3a": 6.0}
    with pytest.raises(TypeError):
        grade(autograder, other, source)


def test_a_submission_cannot_spoil_the_text_of_others(graders, submission):
    new, source = graders
    autograder = new()
    honest, poison = submission("honest"), submission("poison", first=POISON)
    for _ in range(3):
        assert grade(autograder, poison, source).points["q3a"] < 6
    for _ in range(3):
        assert grade(autograder, honest, source).points["q3a"] == 6


def test_a_time_out_is_not_remembered(graders, submission):
    new, source = graders
    autograder = new()
    slow = submission("slow", "def softmax(z):\n    while True:\n        pass")
    assert grade(autograder, slow, source).points == {"q3a": 0.0}
    assert autograder.memory.start("q3a") is None
