"""The settings of an assignment in `homework.toml`: its own table and the defaults."""

import re
from datetime import datetime

import pytest

import autograder.settings as settings
from autograder.errors import HomeworkError
from autograder.files import ROOT

DEFAULTS = """
[defaults]
requirements = ["numpy"]
[defaults.gradescope]
show_hidden = true
show_stdout = false
"""
OWN = """
[assignments.one]
title = "One"
introduction = "one"
problems = ["p1_methods"]
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    problems = tmp_path / "assignments" / "problems"
    problems.mkdir(parents=True)
    for name in ("one", "p1_methods", "p2_modes"):
        (problems / f"{name}.md").touch()
    monkeypatch.setattr(settings, "ROOT", tmp_path)

    def one(text):
        (tmp_path / "assignments" / "homework.toml").write_text(text)
        return settings.read_settings("one")

    return one


def test_an_assignment_has_the_defaults(read):
    found = read(DEFAULTS + OWN)
    assert found.requirements == ["numpy"]
    assert found.gradescope.model_dump(exclude_unset=True) == {"show_hidden": True, "show_stdout": False}


def test_an_assignments_own_entries_override_the_defaults_one_by_one(read):
    own = 'requirements = ["scipy"]\n[assignments.one.gradescope]\nshow_stdout = true\n'
    found = read(DEFAULTS + OWN + own)
    assert found.requirements == ["scipy"]
    assert found.gradescope.model_dump(exclude_unset=True) == {"show_hidden": True, "show_stdout": True}


def test_no_defaults_are_needed(read):
    assert read(OWN + 'requirements = ["scipy"]\n').gradescope.model_dump(exclude_unset=True) == {}


@pytest.mark.parametrize("written", ["2026-12-04T23:59:00", '"2026-12-04T23:59"', '"2026-12-04 23:59"'])
def test_a_deadline_is_a_time_of_toml_or_a_string(written, read):
    assert read(f"{OWN}deadline = {written}\n").deadline == datetime(2026, 12, 4, 23, 59)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            OWN.replace("title", "titel"),
            "[assignments.one] in homework.toml has the unknown entry 'titel'; did you mean 'title'?",
        ),
        (OWN.replace('title = "One"', ""), "[assignments.one] in homework.toml has no 'title'; add it."),
        (OWN.replace('"One"', "1"), "[assignments.one] in homework.toml: title must be a string, and is 1."),
        (OWN.replace("assignments", "assignment"), "homework.toml has no assignment"),
        (OWN.replace("one]", '"o n e"]'), "o n e may have letters, digits, - and _ only"),
        (OWN.replace("p1_methods", "p1_method"), "p1_method.md; did you mean 'p1_methods'?"),
        (
            OWN.replace('"p1_methods"', '"p1_methods", "p1_methods"'),
            "has the problem 'p1_methods' twice",
        ),
        (
            OWN.replace('n = "one"', 'n = "on"'),
            "introduction assignments/problems/on.md; did you mean 'one'?",
        ),
        (
            OWN + 'requirements = ["numpy>>1"]',
            "must be a requirement such as 'numpy>=1.26', and is 'numpy>>1'.",
        ),
        (OWN + 'deadline = "2026-12-04"', "must be a time such as '2026-11-20T23:59', and is '2026-12-04'."),
        (OWN + 'extensions = "ext.csv"', "there is no file ext.csv of extensions"),
        (
            OWN + "[assignments.one.points]\nq1a = -1",
            "[assignments.one.points] in homework.toml: q1a must be greater than 0",
        ),
        (
            OWN + "[assignments.one.late]\nper_day = 10",
            "unknown entry 'per_day'; did you mean 'percent_per_day'?",
        ),
        (
            OWN + "[assignments.one.late]\npercent_per_day = 101",
            "percent_per_day must be less than or equal to 100",
        ),
        (
            DEFAULTS.replace("show_hidden", "show_hiden") + OWN,
            "the unknown entry 'show_hiden'; did you mean 'show_hidden'?",
        ),
        (DEFAULTS.replace("= true", '= "no"') + OWN, "show_hidden must be true or false, and is 'no'."),
        (
            DEFAULTS.replace("gradescope", "gradscope") + OWN,
            "unknown entry 'gradscope'; did you mean 'gradescope'?",
        ),
        (
            OWN + "[assignments.one.gradescope]\nscore_threshold = 60",
            "score_threshold must be less than or equal to 1",
        ),
        (
            'secret_file = "no.txt"' + OWN,
            "homework.toml has secret_file = 'no.txt', but there is no such file.",
        ),
        ('secret_fil = "no.txt"' + OWN, "unknown entry 'secret_fil'; did you mean 'secret_file'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_nearest_right_name(text, sentence, read):
    with pytest.raises(HomeworkError, match=re.escape(sentence)):
        read(text)


def test_an_error_in_another_assignment_is_found_too(read):
    with pytest.raises(HomeworkError, match=r"\[assignments.two\]"):
        read(OWN + OWN.replace("one]", "two]").replace("problems", "problem"))


def test_the_page_on_settings_explains_every_entry():
    page = (ROOT / "docs" / "settings.md").read_text()
    tables = (settings.Gradescope, settings.Late, settings.Assignment)
    for entry in ("secret_file", *(name for table in tables for name in table.model_fields)):
        assert f"`{entry}`" in page, entry
