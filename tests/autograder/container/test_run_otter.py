"""The runner, in a folder that looks like /autograder: there are results whatever was handed in."""

import json
import subprocess
import sys

import dill
import pytest

from tests.autograder.container.uploads import UPLOADS, Upload, after, expect_deserved
from tests.helpers import (
    BACKSTOP,
    autograder_tree,
    fill,
    isolated,
    reference_answers,
    sampled,
    unzip,
    with_questions,
)

pytestmark = isolated


@pytest.fixture(scope="module")
def right_notebook(built, tmp_path_factory):
    """The text of the reference solution."""
    folder = unzip(built("backprop") / "student.zip", tmp_path_factory.mktemp("student")) / "backprop"
    return fill(folder / "backprop.ipynb", reference_answers(), folder / "solved.ipynb").read_bytes()


@pytest.fixture
def tree(built, tmp_path):
    """A folder as Gradescope makes /autograder, with an autograder zip of one question."""
    zipped = with_questions(built("backprop") / "autograder.zip", tmp_path / "short.zip", {"q3b"})
    return autograder_tree(zipped, tmp_path / "autograder")


@pytest.fixture
def graded(tree, right_notebook):
    """A function that grades an upload in the tree, and returns results.json and the end of the process."""

    def grade(upload):
        upload.write(right_notebook, tree / "submission")
        for name, change in upload.changed.items():
            path = tree / name
            path.write_bytes(change(path.read_bytes() if path.exists() else b""))
        done = subprocess.run(
            [sys.executable, "-I", "-B", tree / "source" / "run_otter.py", tree],
            capture_output=True,
            text=True,
            timeout=BACKSTOP,
            env={"OPENBLAS_NUM_THREADS": "1"},
        )
        return json.loads((tree / "results" / "results.json").read_text()), done

    return grade


@pytest.mark.parametrize("name", sampled(UPLOADS, one_in=6))
def test_there_are_results_whatever_was_handed_in(name, graded, tree):
    results, done = graded(UPLOADS[name])
    expect_deserved(UPLOADS[name], results)
    assert (done.returncode, done.stderr) == (0, "")
    with (tree / "results" / "results.pkl").open("rb") as file:
        otter = dill.load(file)
    if UPLOADS[name].says:
        assert (UPLOADS[name].reason or UPLOADS[name].says) in str(otter.catastrophic_error)
    else:
        assert otter.total == otter.possible > 0
    assert sorted(path.name for path in (tree / "results").iterdir()) == ["results.json", "results.pkl"]


def test_the_folder_is_private_before_a_worker_can_start_and_only_results_are_written(graded, tree):
    tree.chmod(0o755)
    before = everything_but_results(tree)
    mode = "import os, pathlib\nprint('mode', oct(pathlib.Path(__file__).parents[4].stat().st_mode))"
    _, done = graded(Upload(changed={"source/files/autograder/sandbox/fork_server.py": after(mode)}))
    assert "mode 0o40700" in done.stdout
    assert "Graded" in done.stdout
    assert everything_but_results(tree) - before == {tree / "submission" / "backprop.ipynb"}


def everything_but_results(tree):
    return {path for path in tree.rglob("*") if path.parent.name != "results"}


def test_the_first_results_say_that_the_grader_was_stopped(tree):
    script = (tree / "source" / "run_autograder").read_text().replace("/autograder/", f"{tree}/")
    script = script.replace("/opt/homework/bin/python", "/bin/false")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=BACKSTOP)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads((tree / "results" / "results.json").read_text())
    assert results["score"] == 0
    assert "being graded" in results["output"]
    assert "the grader was stopped" in results["output"]
