"""Every attack gets exactly the score that it deserves, leaves nothing behind, and sees no secret."""

import json
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.builder.otter_tools import otter_run
from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.sandbox import Limits
from tests.attacks.attack import ALL
from tests.attacks.catalogue import ATTACKS
from tests.helpers import (
    LEVEL,
    filled,
    isolated,
    reference_answers,
    rewritten,
    sampled,
    score,
    unzip,
    with_questions,
)
from tests.processes import with_environment

pytestmark = isolated

SECRET = "planted-secret-71c3"
LIMITS = Limits(cell=2, call=1, question=15, total=90, memory=1500 << 20, patience=2)


@pytest.fixture(scope="module")
def autograder(built, tmp_path_factory):
    """The autograder zip with a secret in every hidden place and only the questions of problem 3."""

    def planted(name, data):
        hidden = name.startswith(
            ("files/autograder/hidden_checks/p", "files/solutions/p", "files/autograder/mistakes/p")
        )
        return data + f"\nPLANTED = {SECRET!r}\n".encode() if hidden else data

    folder = tmp_path_factory.mktemp("autograder")
    short = with_questions(built("backprop") / "autograder.zip", folder / "short.zip", ALL)
    path = rewritten(short, folder / "autograder.zip", planted)
    os.environ["PLANTED"] = SECRET
    yield path
    del os.environ["PLANTED"]


@pytest.fixture(scope="module")
def graded(autograder):
    with grader(read_autograder(autograder), LEVEL, LIMITS) as found:
        yield found


@pytest.fixture(scope="module")
def template(built, tmp_path_factory):
    folder = unzip(built("backprop") / "student.zip", tmp_path_factory.mktemp("student"))
    return nbformat.read(folder / "backprop" / "backprop.ipynb", as_version=4)


def notebook(attack, template):
    answers = (reference_answers() if attack.solved else {}) | attack.answers
    made = filled(template, answers)
    made.cells[:0] = [new_code_cell(text) for text in attack.first]
    made.cells += [new_code_cell(text) for text in attack.last]
    return made


def expect_what_it_deserves(attack, points, possible, said):
    """Compare points by question with the score that an attack deserves.

    said : what the student is told, by question.
    """
    for question, most in possible.items():
        if question in attack.lost:
            assert points[question] == 0, (question, said[question])
        elif question in attack.partly:
            assert 0 < points[question] < most, question
        else:
            assert points[question] == most, (question, said[question])
    everything = "\n".join(said.values())
    assert SECRET not in everything
    assert len(everything) < 200_000
    assert attack.says in " ".join(said[q] for q in attack.lost)
    assert not any(Path(p).exists() for p in ("/tmp/shell", "/tmp/bash", "/tmp/results.json"))


@pytest.mark.parametrize("name", sampled(ATTACKS, one_in=6, always=["a segmentation fault"]))
def test_an_attack_gets_the_score_that_it_deserves(name, template, graded, tmp_path):
    path = tmp_path / "attack.ipynb"
    nbformat.write(notebook(ATTACKS[name], template), path)
    found = graded(*notebook_of(path))
    said = {test["name"]: test["output"] for test in found.results["tests"]}
    expect_what_it_deserves(ATTACKS[name], found.points, found.possible, said)
    assert SECRET not in json.dumps(found.results)


@pytest.mark.siege
@pytest.mark.parametrize("name", random.Random(182).sample(sorted(ATTACKS), 20))
def test_an_attack_gets_the_score_that_it_deserves_from_otter_run(name, template, dist, tmp_path):
    path = tmp_path / "attack.ipynb"
    nbformat.write(notebook(ATTACKS[name], template), path)
    cases = [case for case in otter_run(path, dist / "autograder.zip") if case.question in ALL]
    points, possible = score(cases), score([replace(case, passed=True) for case in cases])
    said = {q: "".join(case.message for case in cases if case.question == q) for q in points}
    assert sorted(points) == sorted(ALL)
    expect_what_it_deserves(ATTACKS[name], points, possible, said)


@pytest.fixture
def temporary(monkeypatch):
    """A folder for temporary files, separate from those of parallel tests."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def test_no_worker_and_no_file_is_left(template, autograder, tmp_path, temporary):
    with grader(read_autograder(autograder), LEVEL, LIMITS) as graded:
        for name in ("a thread that never ends", "a fork bomb", "os._exit", "all the disk"):
            path = tmp_path / "attack.ipynb"
            nbformat.write(notebook(ATTACKS[name], template), path)
            graded(*notebook_of(path))
        (sandbox,) = temporary.glob("*/homework-sandbox-*")
        assert list(sandbox.glob("tmp*")) == []
        assert len(with_environment(str(sandbox))) == 1
    assert list(temporary.iterdir()) == []
    assert with_environment(str(sandbox)) == []
