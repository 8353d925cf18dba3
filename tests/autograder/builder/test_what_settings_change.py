"""What the entries of `homework.toml` change in the zips, and when they are built again."""

import json

import nbformat
import pytest

from autograder.builder.checks import load_assignment
from autograder.builder.heading import heading
from autograder.errors import HomeworkError
from autograder.settings import Late, read_settings
from autograder.times import parse_time
from tests.helpers import run_homework, unzip

CUBES = """
[assignments.cubes]
title = "Cubes & more"
introduction = "backprop"
problems = ["p9_cubes"]
deadline = "2026-12-04T23:59"

[assignments.cubes.points]
q9a = 6

[assignments.cubes.late]
percent_per_day = 10
days = 3
"""


def first_cell(**settings):
    changed = read_settings("backprop").model_copy(update=settings)
    return heading(changed, *load_assignment(changed))


def test_the_heading_has_the_title_the_points_and_the_hours():
    lines = first_cell(title="Back").splitlines()
    assert lines[0] == "# Back"
    assert lines[2].startswith("- **100 points**: ")
    assert lines[2].endswith(" for the written answers 3(g), 4(f) and 5(e).")
    assert lines[3:] == ["- **6 to 8 hours** of work."]


def test_the_heading_says_when_the_homework_is_due_and_what_lateness_costs():
    deadline = parse_time("2026-12-04T23:59+01:00")
    assert first_cell(deadline=deadline).endswith("- **Due Friday, December 4, 2026, 23:59 (UTC+01:00).**")
    late = first_cell(deadline=deadline, late=Late(percent_per_day=10, days=2))
    assert late.endswith("costs 10 percent of your points. More than 2 days late, you get no points.")


def test_a_question_keeps_the_proportions_of_its_checks():
    before = load_assignment(read_settings("backprop"))[1]
    settings = read_settings("backprop").model_copy(update={"points": {"q3a": 8, "q3g": 7}})
    problems, after = load_assignment(settings)
    assert sum(check.points for check in after["q3a"]) == pytest.approx(8)
    share = after["q3a"][0].points / before["q3a"][0].points
    assert [c.points for c in after["q3a"]] == pytest.approx([share * c.points for c in before["q3a"]])
    assert after["q3b"] == before["q3b"]
    assert [q.points for p in problems for q in p.questions if q.name == "q3g"] == [7]


def test_points_of_an_unknown_question_are_refused():
    settings = read_settings("backprop").model_copy(update={"points": {"q3z": 8}})
    with pytest.raises(HomeworkError, match=r"\[assignments.backprop.points\].*unknown question 'q3z'"):
        load_assignment(settings)


def test_settings_reach_the_zips_and_only_what_is_affected_is_built_again(copy_of_the_project, tmp_path):
    toml = copy_of_the_project / "assignments" / "homework.toml"
    run_homework(copy_of_the_project, "new", "p9_cubes")
    toml.write_text(toml.read_text() + CUBES)
    done = run_homework(copy_of_the_project, "build", "cubes")
    assert "otter run on the reference solution: 6 of 6 automatic points" in done.stdout, done.stderr
    dist = copy_of_the_project / "dist" / "cubes"
    assert json.loads((dist / "manifest.json").read_text())["points"]["q9a"] == {
        "public": 2.25,
        "hidden": 3.75,
    }
    student = nbformat.read(unzip(dist / "student.zip", tmp_path) / "cubes" / "cubes.ipynb", as_version=4)
    text = student.cells[0].source
    assert text.startswith(
        "# Cubes & more\n\n- **6 points**: 2.25 for public checks, 3.75 for hidden ones.\n"
    )
    assert "**Due Friday, December 4, 2026, 23:59.** After that, each day" in text
    unzip(dist / "solutions.zip", tmp_path)
    assert "<title>Cubes &amp; more: solutions</title>" in (tmp_path / "cubes-solutions.html").read_text()

    # Another problem, even a broken one, and another assignment's settings make no difference.
    other = copy_of_the_project / "assignments" / "public_checks" / "p3_linear_layer.py"
    other.write_text(other.read_text() + "\nthis is not Python")
    toml.write_text(toml.read_text().replace('"A test"', '"Another test"'))
    assert "cubes: up to date" in run_homework(copy_of_the_project, "build", "cubes").stdout

    # An assignment with another name is another assignment.
    toml.write_text(toml.read_text().replace("assignments.cubes", "assignments.powers"))
    done = run_homework(copy_of_the_project, "build", "powers")
    assert "powers: built" in done.stdout, done.stderr
    for folder in (dist, copy_of_the_project / "build" / "cubes"):
        assert f"{folder}: homework.toml has no assignment cubes any more" in done.stdout
        assert folder.is_dir()
