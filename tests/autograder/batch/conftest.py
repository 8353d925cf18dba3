"""Fixtures: a short autograder zip, and a class of ten."""

import pytest

from tests.autograder.batch.made import METADATA, WRONG
from tests.helpers import fill, reference_answers, unzip, with_questions


@pytest.fixture
def short(dist, tmp_path):
    """The autograder zip with only question 3(a), and the written question 3(g)."""
    return with_questions(dist / "autograder.zip", tmp_path / "short.zip", {"q3a"})


@pytest.fixture
def notebook(dist, tmp_path):
    """A function that makes a notebook with these answers."""
    template = unzip(dist / "student.zip", tmp_path / "student") / "backprop" / "backprop.ipynb"

    def make(path, answers=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        return fill(template, reference_answers() if answers is None else answers, path)

    return make


@pytest.fixture
def people(notebook, tmp_path):
    """A class of ten, each with another text."""
    for number in range(10):
        answers = {"softmax": (WRONG if number % 2 else reference_answers()["softmax"]) + f"\n# {number}"}
        notebook(tmp_path / "people" / f"student_{number}.ipynb", answers)
    return tmp_path / "people"


@pytest.fixture
def download(notebook, tmp_path):
    """A download from Gradescope: a right, a wrong and an unreadable submission."""
    top = tmp_path / "assignment_1_export"
    notebook(top / "submission_1" / "backprop.ipynb")
    notebook(top / "submission_2" / "backprop.ipynb", {"softmax": WRONG})
    (top / "submission_3").mkdir()
    (top / "submission_3" / "answers.txt").write_text("none")
    (top / "submission_metadata.yml").write_text(METADATA)
    return top
