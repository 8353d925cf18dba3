"""A container installs only the entries of the lock that grading needs, for every Python."""

import re

import pytest

from autograder.builder.lock import LEFT_OUT, cut, grading_lock, student_lock
from autograder.errors import HomeworkError
from autograder.files import ROOT
from autograder.settings import read_settings

LOCK = """# made by a tool
click==8 \\
    --hash=sha256:aa
    # via a
a==1 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via project (pyproject.toml)
b-c==2 ; python_full_version < '3.11' \\
    --hash=sha256:dd
    # via
    #   a
    #   z
b-c==3 ; python_full_version >= '3.11' \\
    --hash=sha256:ee
    # via a
d==4 \\
    --hash=sha256:ff
    # via b-c
z==5 \\
    --hash=sha256:00
    # via project (pyproject.toml)
"""


@pytest.fixture(scope="module")
def lock():
    return (ROOT / "requirements.lock").read_text()


def names(lock):
    return set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))


def test_a_requirement_brings_its_dependencies_with_hashes_and_markers():
    wanted = LOCK.partition("z==5")[0].partition("    # via a\n")[2]
    assert cut(LOCK, ["A>=1"]) == re.sub(r"    #.*\n", "", wanted)


def test_a_requirement_is_found_under_any_spelling_of_its_name():
    assert cut(LOCK, ["B_c[extra] <4 ; python_version < '4'"]) == cut(LOCK, ["b.c"])


def test_a_requirement_that_is_not_in_the_lock_is_refused():
    with pytest.raises(HomeworkError, match=r"does not have sympy>=1; add it to pyproject.toml"):
        cut(LOCK, ["a", "sympy>=1"])


def test_a_requirement_of_another_version_is_refused():
    assert cut(LOCK, ["b-c>=2"])
    with pytest.raises(HomeworkError, match="does not have b-c>=3"):
        cut(LOCK, ["b-c>=3"])


@pytest.mark.parametrize("assignment", ["autodiff", "backprop"])
def test_a_container_gets_only_the_packages_that_grading_imports(assignment, lock):
    found = names(grading_lock(read_settings(assignment)))
    assert {"otter-grader", "numpy", "scipy", "matplotlib", "ipython", "dill", "pandas", "fica"} <= found
    assert not found & (LEFT_OUT | {"pytest", "mypy", "ruff", "sphinx", "playwright", "babel", "greenlet"})
    assert found <= names(lock)


@pytest.mark.parametrize("assignment", ["autodiff", "backprop"])
def test_students_get_jupyterlab_and_otter_without_what_they_do_not_need(assignment):
    found = names(student_lock(read_settings(assignment)))
    assert {"otter-grader", "jupyterlab", "numpy", "matplotlib", "pandas", "ipykernel", "nbconvert"} <= found
    assert not found & {"scipy", "playwright", "sphinx", "debugpy", "jedi", "pypdf", "pytest"}
