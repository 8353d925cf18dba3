"""The autograder zips in real containers: `otter grade`, and a rehearsal of Gradescope."""

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.batch.records import read_records
from autograder.cli import main
from autograder.files import ROOT
from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.settings import assignment_names
from benchmarks.made_class import made_class
from tests.attacks.catalogue import ATTACKS
from tests.attacks.test_attacks import notebook as attacking
from tests.autograder.container.containers import (
    GRADESCOPE,
    base_image,
    docker,
    gradescope_image,
    run,
    size,
)
from tests.autograder.container.uploads import (
    NOT_YOUR_FAULT,
    UPLOADS,
    Upload,
    expect_deserved,
    expect_documented_format,
    waiting,
    zipped,
)
from tests.helpers import BACKSTOP, LEVEL, carrying, filled, gradable_entries, reference_answers, unzip

pytestmark = pytest.mark.containers

OTTER = Path(sys.executable).with_name("otter")
FLOOD = 'def softmax_jacobian(z):\n    hog = []\n    while True:\n        hog.append(b"x" * (1 << 24))'
READ_ONLY = ("--read-only", "--tmpfs=/tmp")


@pytest.fixture(scope="module")
def templates(built, tmp_path_factory):
    """The students' notebooks, by assignment."""
    return {
        name: nbformat.read(
            unzip(built(name) / "student.zip", tmp_path_factory.mktemp(name)) / name / f"{name}.ipynb",
            as_version=4,
        )
        for name in assignment_names()
    }


@pytest.fixture(scope="module")
def right(templates):
    """The text of the reference solution of backprop."""
    return nbformat.writes(filled(templates["backprop"], reference_answers())).encode()


@pytest.fixture(scope="module")
def image(built):
    """The image that Gradescope would build for backprop."""
    return gradescope_image(built("backprop") / "autograder.zip", "backprop")


def mistakes(assignment, template, count):
    """Submissions with one mistake each, a seeded sample."""
    for entry in random.Random(3).sample(gradable_entries(assignment, right=False), count):
        yield filled(template, carrying(reference_answers(assignment), entry))


def submissions(assignment, template):
    """Thirty-two submissions by name: right, blank, ten mistakes, ten of a made class, ten attacks."""
    yield "reference", filled(template, reference_answers(assignment))
    yield "blank", filled(template, {})
    for number, notebook in enumerate(mistakes(assignment, template, 10)):
        yield f"mistake{number}", notebook
    for number, made in enumerate(made_class(assignment, 10)):
        yield f"made{number}", made.notebook
    for number, name in enumerate(random.Random(3).sample(sorted(ATTACKS), 10)):
        yield f"attack{number}", attacking(ATTACKS[name], template)


@pytest.mark.parametrize("extension", ["ipynb", "zip"])
@pytest.mark.parametrize("assignment", assignment_names())
def test_otter_grade_and_homework_grade_agree(assignment, extension, templates, dist, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    for name, notebook in submissions(assignment, templates[assignment]):
        text = nbformat.writes(notebook).encode()
        data = text if extension == "ipynb" else zipped(**{f"{assignment}.ipynb": text})
        (folder / f"{name}.{extension}").write_bytes(data)
    (folder / f"broken.{extension}").write_bytes(b"not a notebook, nor a zip")
    command = [OTTER, "grade", "--name", assignment, "--autograder", dist / "autograder.zip", "--no-network"]
    command += ["--image", base_image(), "--containers", "2", "--ext", extension, "--output-dir", tmp_path]
    subprocess.run([*command, folder], check=True, timeout=BACKSTOP, capture_output=True)

    with (tmp_path / "final_grades.csv").open() as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    del rows["points-per-question"]
    broken = rows.pop(f"broken.{extension}")
    said = {"ipynb": "broken.ipynb is not a notebook", "zip": "The zip broken.zip cannot be read"}
    assert broken["grading_status"].startswith(said[extension])
    assert float(broken["total_points_earned"]) == 0
    assert main(["grade", str(dist / "autograder.zip"), str(folder), "--out", str(tmp_path / "grades")]) == 1
    ours = {record.name: record for record in read_records(tmp_path / "grades")}
    assert ours.pop("broken").reason == broken["grading_status"]
    for name, row in rows.items():
        points = ours.pop(Path(name).stem).points
        assert {question: float(row[question]) for question in points} == points, name
        assert row["grading_status"] == "Completed"
        assert float(row["total_points_earned"]) == sum(points.values())
    assert (len(rows), ours) == (32, {})


@pytest.mark.parametrize("name", UPLOADS)
def test_there_are_results_in_a_container_like_gradescopes(name, image, right):
    found = run(image, UPLOADS[name], right, *GRADESCOPE)
    assert found.status == 0
    assert "Traceback" not in found.printed
    expect_deserved(UPLOADS[name], found.results)


def test_a_mistake_gets_the_same_points_and_messages_as_from_homework_grade(image, templates, dist, tmp_path):
    with grader(read_autograder(dist / "autograder.zip"), LEVEL) as graded:
        for notebook in mistakes("backprop", templates["backprop"], 3):
            nbformat.write(notebook, tmp_path / "hw.ipynb")
            found = run(image, Upload(), (tmp_path / "hw.ipynb").read_bytes(), *GRADESCOPE)
            assert found.results["tests"] == graded(*notebook_of(tmp_path / "hw.ipynb")).results["tests"]


def test_a_submission_that_only_waits_is_stopped_before_the_grader_is(image, right):
    found = run(image, Upload(lambda nb: {"hw.ipynb": waiting(nb, cells=20)}), right, *GRADESCOPE)
    expect_documented_format(found.results)
    assert found.printed.startswith("Graded, isolation root.")
    assert sum(test.get("score", 0) for test in found.results["tests"]) == 0
    assert "the notebook has used up all of its time" in json.dumps(found.results)


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ((), "root"),
        (("--network=none",), "root"),
        (("--cap-drop=ALL",), "user"),
        (READ_ONLY, "root"),
        ((*READ_ONLY, "--cap-drop=ALL", "--network=none", "--security-opt=no-new-privileges"), "user"),
        (("--memory=640m", "--memory-swap=640m"), "root"),
    ],
    ids=" ".join,
)
def test_the_reference_gets_all_points_in_a_restricted_container(options, level, image, right):
    found = run(image, UPLOADS["a notebook"], right, *GRADESCOPE, *options)
    assert (found.status, found.printed.strip()) == (0, f"Graded, isolation {level}.")
    expect_deserved(UPLOADS["a notebook"], found.results)


def test_an_ordinary_user_grades_at_level_user_or_says_that_results_cannot_be_written(image, right):
    found = run(image, UPLOADS["a notebook"], right, "--user=1000", owner=1000)
    assert found.printed.strip() == "Graded, isolation user."
    expect_deserved(UPLOADS["a notebook"], found.results)
    found = run(image, UPLOADS["a notebook"], right, "--user=1000")
    assert found.results is None
    assert (
        "Results cannot be written into /autograder/results; run this as root or as the folder's owner."
        in found.printed
    )


def test_the_instructor_is_told_if_a_container_is_too_small(image, right):
    found = run(image, UPLOADS["a notebook"], right, "--memory=256m", "--memory-swap=256m")
    says = Upload(says=NOT_YOUR_FAULT, reason="There are 256 MB of memory here, but grading needs 640 MB")
    assert found.status == 0
    expect_deserved(says, found.results)


@pytest.mark.parametrize("memory", ["768m", "640m"])
def test_using_too_much_memory_costs_the_question_and_the_message_says_so(memory, image, templates):
    notebook = nbformat.writes(
        filled(templates["backprop"], reference_answers() | {"softmax_jacobian": FLOOD})
    ).encode()
    found = run(image, Upload(), notebook, *GRADESCOPE, f"--memory={memory}", f"--memory-swap={memory}")
    expect_documented_format(found.results)
    lost = {
        t["name"]: t["output"] for t in found.results["tests"] if t.get("score", 0) < t.get("max_score", 0)
    }
    assert list(lost) == ["q3b"]
    assert "memory" in lost["q3b"].lower()


def test_the_image_and_the_zip_are_small(image, built):
    assert size(image) - size(base_image()) < 500e6
    for assignment in assignment_names():
        assert (built(assignment) / "autograder.zip").stat().st_size < 1e6


@pytest.mark.parametrize("options", [(), ("--without-landlock",)], ids=["with Landlock", "without Landlock"])
def test_no_secret_is_found_in_a_container(options, image, built):
    path = "PYTHONPATH=/project:/project/assignments"
    container = [
        "--rm",
        "--network=none",
        f"--volume={ROOT}:/project:ro",
        f"--volume={built('backprop')}:/dist:ro",
    ]
    hunt = [
        "/opt/homework/bin/python",
        "-B",
        "/project/tests/attacks/hunt.py",
        "/dist/autograder.zip",
        "root",
    ]
    printed = docker("run", *container, "--env", path, image, *hunt, "--container", "/autograder", *options)
    found = json.loads(printed)
    assert found["failed"] is None
    assert found["hits"] == []
    assert {"results/results.json", "submission_metadata.json", "submission/another.ipynb"} <= set(
        found["missed"]
    )
    assert found["searched"]["own memory"] > 1000
