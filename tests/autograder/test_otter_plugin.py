"""The plugin behind `otter run`: the files that it keeps, and how it reports errors."""

import json
import zipfile

import nbformat
import pytest
from otter.run.run_autograder import main as run_autograder

from autograder.builder.otter_tools import otter_run
from autograder.errors import FellShortError
from tests.autograder.container.uploads import UPLOADS
from tests.helpers import autograder_tree, fill, isolated, reference_answers, rewritten, with_questions

pytestmark = isolated


@pytest.fixture
def short(dist, tmp_path):
    """The autograder zip with only question 3(b)."""
    return with_questions(dist / "autograder.zip", tmp_path / "short.zip", {"q3b"})


@pytest.fixture
def solved(student_folder):
    return fill(student_folder / "backprop.ipynb", reference_answers(), student_folder / "solved.ipynb")


@pytest.fixture
def tree(short, tmp_path):
    """A folder like Gradescope's /autograder, with the metadata that Otter needs."""
    top = autograder_tree(short, tmp_path / "autograder")
    (top / "submission_metadata.json").write_text("{}")
    return top


def graded_by_otter(top, **options):
    """The results and the points of the submission in this folder."""
    run_autograder(str(top), otter_run=True, logo=False, **options)
    results = json.loads((top / "results" / "results.json").read_text())
    return results, [test["score"] for test in results["tests"] if "score" in test]


def test_an_uploaded_zip_stays_after_otter_has_graded_it(tree, solved):
    with zipfile.ZipFile(tree / "submission" / "export.zip", "w") as archive:
        archive.write(solved, "solved.ipynb")
        archive.writestr("numpy.py", "raise SystemExit")
        archive.writestr("tests/q3b.py", "raise SystemExit")
    uploaded = (tree / "submission" / "export.zip").read_bytes()
    _, points = graded_by_otter(tree, zips=True)
    assert points == [6]
    assert (tree / "submission" / "export.zip").read_bytes() == uploaded
    assert not (tree / "submission" / "numpy.py").exists()


def test_an_error_in_the_grader_is_never_a_score_of_zero(short, solved, tmp_path):
    def broken(name, data):
        return data + b"\nraise KeyError('a fault')\n" if name.endswith("grading/loop.py") else data

    zipped = rewritten(short, tmp_path / "broken.zip", broken)
    with pytest.raises(FellShortError, match="This submission could not be graded"):
        otter_run(solved, zipped)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "name",
    [
        "a notebook of another build",
        "a notebook with shell lines and magics",
        "a notebook whose cells have the tag of pictures",
    ],
)
def test_an_unusual_notebook_gets_its_points_and_a_remark(name, tree, solved):
    UPLOADS[name].write(solved.read_bytes(), tree / "submission")
    results, points = graded_by_otter(tree)
    assert points == [6]
    assert UPLOADS[name].remark in results.get("output", "")


@pytest.mark.exhaustive
def test_a_notebook_of_another_assignment_is_refused(short, solved):
    notebook = nbformat.read(solved, as_version=4)
    notebook.metadata["homework"]["assignment"] = "autodiff"
    nbformat.write(notebook, solved)
    with pytest.raises(FellShortError, match="the notebook of another assignment, autodiff"):
        otter_run(solved, short)
