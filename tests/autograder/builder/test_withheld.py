"""Hidden checks in a module of `public_checks`: students do not get them, and grading does."""

import re

import pytest

from autograder.builder.withheld import move_hidden_checks
from autograder.errors import HomeworkError
from checking import Registry

MODULE = '''"""Problem 9."""

import json
import numpy as np

from public_checks import check

SIZES = (1, 2)  # of both
SECRET = json.dumps([3])


def helper(x):
    return SECRET


# Another helper.
def shared(x):
    return SIZES


@check("q9a", "it is public", points=1)
def is_public(f):
    shared(np.ones(2))


# About the hidden check.
@check(
    "q9a",
    "it is hidden",
    points=2,
    hidden=True,
)
def is_hidden(f):
    helper(shared(imported))


def imported(x):
    return x
'''
OTHER = "from public_checks.p9_x import imported\n"


@pytest.fixture
def move(tmp_path):
    def moved(module=MODULE):
        public, hidden = tmp_path / "public_checks", tmp_path / "hidden_checks"
        for folder, text in ((public, module), (hidden, OTHER)):
            folder.mkdir()
            (folder / "p9_x.py").write_text(text)
        registry = Registry("gradcheck", hidden=False, secret="s")
        names = {"check": registry.check, "__name__": "public_checks.p9_x"}
        exec(module.replace("from public_checks import check\n", ""), names)
        checks = list(registry._checks.values())
        move_hidden_checks("p9_x", {"q9a": checks}, public, hidden)
        withheld = hidden / "p9_x_withheld.py"
        return (public / "p9_x.py").read_text(), withheld.read_text() if withheld.exists() else None

    return moved


def test_students_get_the_module_without_the_hidden_check_and_what_only_it_uses(move):
    students, _ = move()
    assert not re.search(r"hidden|helper\(x\):|SECRET|json", students)
    assert re.search(r"Another helper\.\ndef shared", students)
    assert students.endswith("def imported(x):\n    return x\n")  # another hidden check imports it
    compile(students, "p9_x.py", "exec")


def test_grading_gets_a_module_with_the_hidden_checks_alone(move):
    _, withheld = move()
    assert "def is_public" not in withheld
    registry = Registry("gradcheck", hidden=False, secret="s")
    names = {"check": registry.check}
    exec(withheld.replace("from public_checks import check\n", ""), names)
    assert [check.name for check in registry._checks.values()] == ["is_hidden"]
    assert names["helper"](1) == "[3]"


def test_a_module_without_hidden_checks_stays_as_it_is(move):
    module = MODULE.replace("    hidden=True,\n", "")
    assert move(module) == (module, None)


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (MODULE.replace("def is_hidden", "def is_public"), "is_public is a public check and a hidden one"),
        (
            MODULE.replace('@check("q9a", "it is public", points=1)\n', "")
            + 'check("q9a", "it is public", points=1)(lambda f: None)\n',
            "write it as a function at the top level",
        ),
    ],
)
def test_a_check_that_cannot_be_told_apart_is_refused(module, sentence, move):
    with pytest.raises(HomeworkError, match=sentence):
        move(module.replace('@check("q9a", "it is public"', '@check("q9b", "it is public"'))


def test_a_hidden_check_of_the_public_module_belongs_to_the_hidden_registry():
    public = Registry("gradcheck", hidden=False, secret="public")
    hidden = Registry("gradcheck", hidden=True, secret="mine", builds_on=public)
    drawn = []

    @public.check("q9a", "it draws", points=1, hidden=True)
    def draws(rng):
        drawn.append(rng.normal())

    assert public.checks("q9a") == []
    (check,) = hidden.checks("q9a")
    assert (check.hidden, check.registry) == (True, hidden)
    hidden.run("q9a", "draws", {})
    hidden.secret = "another"
    hidden.run("q9a", "draws", {})
    assert drawn[0] != drawn[1]
