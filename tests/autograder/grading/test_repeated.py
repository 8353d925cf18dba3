"""Grading a submission again gives the same results file, byte for byte."""

import json

import pytest

from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.sandbox import Limits
from tests.helpers import LEVEL, fill, isolated, reference_answers, unzip, with_questions

QUESTIONS = ("q3a", "q3b", "q3c", "q3d", "q3e", "q3f")
# Answers whose messages or results differ in every run.
ANSWERS = {
    "a wrong answer with random numbers": {
        "softmax": """import random
def softmax(z):
    return np.exp(z) * (1 + random.random() + np.random.rand())"""
    },
    "a crash": {"softmax_jacobian": "def softmax_jacobian(z):\n    import os\n    os._exit(1)"},
    "an exception with addresses, a folder and the order of a set": {
        "log_softmax": """def log_softmax(z):
    import os
    raise ValueError(f"{object()} {log_softmax} {os.getcwd()} { {'a', 'b', 'c', 'd', 'e'} }")"""
    },
    "output of the time": {
        "nll_loss": """def nll_loss(W, b, x, y):
    import time, os
    print(time.time_ns(), os.getpid(), object())
    return -log_softmax(W @ x + b)[y]"""
    },
    "a set": {"nll_gradients": "def nll_gradients(W, b, x, y):\n    return {str(i) for i in range(100)}"},
    "an endless loop": {"batch_nll_gradients": "def batch_nll_gradients(*_):\n    while True:\n        pass"},
}
RAISES = "import time\nraise ValueError(f'{time.time_ns()} {object()}')"


@pytest.fixture
def autograder(built, tmp_path):
    return with_questions(built("backprop") / "autograder.zip", tmp_path / "short.zip", QUESTIONS)


@pytest.fixture
def submission(built, tmp_path):
    """A submission with all of the answers above and a cell that raises."""
    template = unzip(built("backprop") / "student.zip", tmp_path) / "backprop" / "backprop.ipynb"
    answers = reference_answers()
    for answer in ANSWERS.values():
        answers |= answer
    path = fill(template, answers, tmp_path / "submission.ipynb")
    notebook = json.loads(path.read_text())
    notebook["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": RAISES})
    path.write_text(json.dumps(notebook))
    return path


@isolated
@pytest.mark.parametrize(
    ("processes", "times"), [(2, 1), pytest.param(4, 25, marks=pytest.mark.siege, id="100 gradings")]
)
def test_a_submission_that_is_graded_again_gets_the_same_results(processes, times, submission, autograder):
    files = set()
    for _ in range(processes):
        with grader(read_autograder(autograder), LEVEL, Limits(call=0.3)) as graded:
            found = [graded(*notebook_of(submission)) for _ in range(times)]
        files |= {json.dumps(grade.results, indent=4) for grade in found}
    (file,) = files
    assert "log_softmax raised ValueError: <\\u2060object object at 0x...> " in file
    assert all(sum(grade.points.values()) == 0 for grade in found)
