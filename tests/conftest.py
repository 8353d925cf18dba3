"""Fixtures. Each assignment is built once per run, shared by the worker processes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

import autograder.settings
from autograder.builder.build import build
from autograder.files import ROOT
from tests.helpers import unzip, write_assignments

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def as_shipped(read: Callable[[], dict]) -> Callable[[], dict]:
    """The settings without what an instructor may have changed: the tests know the titles and the points."""
    titles = {"autodiff": "Automatic differentiation", "backprop": "Backpropagation"}
    changed = ("points", "deadline", "late", "extensions")

    def shipped() -> dict:
        toml = read()
        for name in titles.keys() & toml["assignments"].keys():
            table = toml["assignments"][name]
            table["title"] = titles[name]
            for key in changed:
                table.pop(key, None)
        toml.get("defaults", {}).pop("late", None)
        return toml

    return shipped


autograder.settings._toml = as_shipped(autograder.settings._toml)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Callable[[str], Path]:
    """A function that builds an assignment and returns its folder."""
    top = tmp_path_factory.getbasetemp()
    shared = top.parent if top.parent.name.startswith("pytest-") else top

    def folder(assignment: str) -> Path:
        with FileLock(shared / f"{assignment}.lock"):
            build(assignment, shared / "dist")
        return shared / "dist" / assignment

    return folder


@pytest.fixture
def assignment() -> str:
    """The assignment of a test that is not parametrised over all assignments."""
    return "backprop"


@pytest.fixture
def dist(built, assignment) -> Path:
    """The folder with three zips and a manifest."""
    return built(assignment)


@pytest.fixture
def manifest(dist) -> dict:
    return json.loads((dist / "manifest.json").read_text())


@pytest.fixture
def student_folder(dist, assignment, tmp_path) -> Path:
    """The student zip, unzipped into a folder with a space in its name."""
    return unzip(dist / "student.zip", tmp_path / "my homework") / assignment


@pytest.fixture
def copy_of_the_project(tmp_path) -> Path:
    """A copy of the sources to break, whose only assignment, `backprop`, is problem 3.

    `tests.helpers.run_homework` runs its command.
    """
    copy = tmp_path / "copy"
    leave_out = shutil.ignore_patterns("__pycache__", "p9_*")  # who has followed the guide has p9_cubes
    for folder in ("assignments", "autograder", "solutions"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=leave_out)
    for lock in ("requirements.lock", "students.lock"):
        shutil.copy(ROOT / lock, copy)
    write_assignments(copy, {"backprop": ["p3_linear_layer"]})
    return copy
