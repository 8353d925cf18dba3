"""The settings of an assignment in `homework.toml`: its own table and the defaults."""

import pytest

import autograder.settings as settings

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
    (tmp_path / "assignments").mkdir()
    monkeypatch.setattr(settings, "ROOT", tmp_path)

    def one(text):
        (tmp_path / "assignments" / "homework.toml").write_text(text)
        return settings.read_settings("one")

    return one


def test_an_assignment_has_the_defaults(read):
    found = read(DEFAULTS + OWN)
    assert found.requirements == ["numpy"]
    assert found.gradescope == {"show_hidden": True, "show_stdout": False}


def test_an_assignments_own_entries_override_the_defaults_one_by_one(read):
    own = 'requirements = ["scipy"]\n[assignments.one.gradescope]\nshow_stdout = true\n'
    found = read(DEFAULTS + OWN + own)
    assert found.requirements == ["scipy"]
    assert found.gradescope == {"show_hidden": True, "show_stdout": True}


def test_no_defaults_are_needed(read):
    assert read(OWN + 'requirements = ["scipy"]\n').gradescope == {}
