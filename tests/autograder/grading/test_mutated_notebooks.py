"""Every notebook is graded or refused with a sentence, and the grader continues."""

import json
import os
import time
import zipfile
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.grading.grade import grader, read_autograder
from autograder.grading.notebook import read_notebook
from autograder.grading.upload import SubmissionError, notebook_of
from autograder.sandbox import Limits
from tests.autograder.grading.mutations import notebooks
from tests.helpers import LEVEL, fill, isolated, reference_answers, unzip, with_questions
from tests.processes import children, resident

MEBI = 1 << 20
# Small, because mutations make endless loops; far above the needs of the reference.
LIMITS = Limits(cell=3, call=2, question=10, total=30, crashes=6, memory=1500 * MEBI)
QUESTIONS = {"q3a", "q3d"}
LAST = "q3d"  # the rest of the notebook is removed


def always_the_same(max_examples):
    """Settings of Hypothesis that make a test deterministic."""
    return settings(
        max_examples=max_examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def reference(built, tmp_path_factory):
    """The reference solution, up to the last question that is graded here."""
    folder = unzip(built("backprop") / "student.zip", tmp_path_factory.mktemp("student")) / "backprop"
    path = fill(folder / "backprop.ipynb", reference_answers(), folder / "reference.ipynb")
    path.write_text(json.dumps(shortened(json.loads(path.read_text()))))
    return path


@pytest.fixture(scope="module")
def originals(reference):
    """The notebooks to mutate: the reference solution and the blank template."""
    template = shortened(json.loads(reference.with_name("backprop.ipynb").read_text()))
    return [json.loads(reference.read_text()), template]


def shortened(notebook):
    last = [LAST in "".join(cell["source"]) for cell in notebook["cells"]].index(True)
    return notebook | {"cells": notebook["cells"][: last + 1]}


@pytest.fixture(scope="module")
def autograder(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("autograder")
    return with_questions(built("backprop") / "autograder.zip", folder / "short.zip", QUESTIONS)


def expect_a_sentence(error):
    said = str(error.value if hasattr(error, "value") else error)
    assert said.isprintable()
    assert said.endswith(".")
    assert 20 < len(said) < 600
    assert "Traceback" not in said


@pytest.mark.parametrize("count", [400, pytest.param(20_000, marks=pytest.mark.siege)])
def test_a_mutated_notebook_is_read_or_refused_with_a_sentence(count, originals, tmp_path):
    path, became = tmp_path / "hw.ipynb", Counter()

    @given(notebooks(originals))
    @always_the_same(count)
    def is_read_or_refused(data):
        path.write_bytes(data)
        try:
            found = read_notebook(path, "backprop", "0")
        except SubmissionError as error:
            expect_a_sentence(error)
            became["refused"] += 1
            return
        for cell in found.cells:
            assert cell.source.encode().decode() == cell.source
            assert all(isinstance(name, str) for name in (*cell.names, *cell.questions))
        became["read"] += 1

    is_read_or_refused()
    print(dict(became))
    assert became["read"] > count / 3
    assert became["refused"] > count / 20


@isolated
@pytest.mark.parametrize("count", [10, pytest.param(2_000, marks=pytest.mark.siege)])
def test_a_mutated_notebook_is_graded_or_refused_and_the_grader_continues(
    count, originals, reference, autograder, tmp_path
):
    path, zipped, became = tmp_path / "hw.ipynb", tmp_path / "hw.zip", Counter()
    others = children(os.getpid())
    with grader(read_autograder(autograder), LEVEL, LIMITS) as graded:
        (process,) = set(children(os.getpid())) - set(others)
        perfect = graded(*notebook_of(reference))
        assert perfect.points == perfect.possible
        (server,) = children(process)

        @given(notebooks(originals), st.integers(0, 9))
        @always_the_same(count)
        def is_graded_or_refused(data, form):
            path.write_bytes(data)
            if form == 9:
                with zipfile.ZipFile(zipped, "w") as archive:
                    archive.write(path, "hw.ipynb")
            try:
                found = graded(*notebook_of(path if form < 9 else zipped))
            except SubmissionError as error:
                expect_a_sentence(error)
                became["refused"] += 1
                return
            expect_a_grade(found, perfect.possible)
            assert children(process) == [server]
            assert children(server) == []
            points, possible = sum(found.points.values()), sum(found.possible.values())
            became["all points" if points == possible else "no points" if points == 0 else "some points"] += 1

        for notebook in originals:  # the first gradings take extra memory once
            path.write_text(json.dumps(notebook))
            graded(*notebook_of(path))
        before, began = (resident(process), resident(server)), time.monotonic()
        is_graded_or_refused()
        grown = [
            (now - then) / MEBI for now, then in zip(map(resident, (process, server)), before, strict=True)
        ]
        print(
            f"{dict(became)}; memory +{grown[0]:.0f} and +{grown[1]:.0f} MB; {time.monotonic() - began:.0f} s"
        )
        assert graded(*notebook_of(reference)).points == perfect.points
    assert became.total() >= count
    assert max(grown) < 100


def expect_a_grade(found, possible):
    """Check that Gradescope can show a grade: JSON, and points between none and all."""
    json.dumps(found.results, allow_nan=False).encode()
    assert found.possible == possible
    assert set(found.points) == set(possible)
    assert all(0 <= points <= possible[question] for question, points in found.points.items())
    assert sum(test.get("score", 0) for test in found.results["tests"]) == pytest.approx(
        sum(found.points.values())
    )
    assert all(note.replace("\n", "").isprintable() for note in found.notes)
