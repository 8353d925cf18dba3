"""The grader counts the calls of a check's functions, so no submission can change the counts."""

import re

import pytest

from autograder.grading.grade import grader, read_autograder
from autograder.grading.upload import notebook_of
from autograder.mistakes import entries
from tests.helpers import LEVEL, fill, isolated, reference_answers, unzip, with_questions

pytestmark = isolated

# Programs that call the functions of the checks too often, or in the wrong way.
TOO_OFTEN = {
    "q1a": "f(x) is evaluated anew for every entry",
    "q1b": "f(x) is evaluated as well",
    "q2c": "the Jacobians of the layers are built and multiplied",
    "q2d": "a forward pass for each row",
}
COVER_UP = '''
def reset(value):
    """Reset everything that looks like a counter."""
    import ctypes, gc, sys
    counters = ("calls", "evaluations", "count", "counts", "number", "points", "seen")
    for name in counters:
        try:
            setattr(value, name, type(getattr(value, name, 0))())
        except Exception:
            pass
    for cell in getattr(value, "__closure__", None) or ():
        try:
            if isinstance(cell.cell_contents, (list, dict, set)):
                cell.cell_contents.clear()
            elif isinstance(cell.cell_contents, int):
                cell.cell_contents = 0
        except Exception:
            pass
    for found in gc.get_objects():
        if type(found) is dict:
            for name in counters:
                if type(found.get(name)) in (int, list):
                    found[name] = type(found[name])()
    frame = sys._getframe()
    while frame:
        for name in counters:
            if isinstance(frame.f_locals.get(name), list):
                frame.f_locals[name].clear()
        frame = frame.f_back


def FUNCTION(*arguments):
    result = honest_FUNCTION(*arguments)
    for argument in arguments:
        for value in argument if isinstance(argument, list) else [argument]:
            for one in value if isinstance(value, tuple) else [value]:
                if callable(one):
                    reset(one)
    return result
'''
# Frames that look like requests for calls, sent in addition to the real ones.
INVENTED = """
def FUNCTION(*arguments):
    import json, os, struct
    for number in range(3, 64):
        pairs = ["is", "callback"], ["id", "0"], ["name", "0"], ["arguments", ["t"]]
        header = json.dumps(["d", *pairs]).encode()
        try:
            os.write(number, struct.pack("<IQ", len(header), 0) + header)
        except OSError:
            pass
    return honest_FUNCTION(*arguments)
"""


# The graded questions: these, and two that call none of their functions.
QUESTIONS = [*TOO_OFTEN, "q1d", "q2e"]


@pytest.fixture(scope="module")
def grade(built, tmp_path_factory):
    """A function that grades the reference with these answers replaced."""
    folder, dist = tmp_path_factory.mktemp("grade"), built("autodiff")
    notebook = unzip(dist / "student.zip", folder) / "autodiff" / "autodiff.ipynb"
    autograder = with_questions(dist / "autograder.zip", folder / "autograder.zip", QUESTIONS)
    with grader(read_autograder(autograder), LEVEL) as graded:
        yield lambda answers: graded(
            *notebook_of(fill(notebook, reference_answers("autodiff") | answers, folder / "hw.ipynb"))
        )


def wrong():
    """The entries of `TOO_OFTEN`: name and text of each function."""
    every = [p for name in ("p1_methods", "p2_modes") for p in entries(name)]
    return {p.function: p.source for p in every if TOO_OFTEN.get(p.question) == p.name}


def test_resetting_counters_changes_nothing(grade):
    plain = wrong()
    assert len(plain) == len(TOO_OFTEN)
    covered = {name: disguised(name, text, COVER_UP) for name, text in plain.items()}
    expected = grade(plain)
    lost = {question for question, most in expected.possible.items() if expected.points[question] < most}
    assert lost == set(TOO_OFTEN)
    assert grade(covered).points == expected.points


def test_invented_calls_cost_the_question(grade):
    (name, text) = next(iter(reference_answers("autodiff").items()))
    assert name == "forward_difference"
    found = grade({name: disguised(name, text, INVENTED)})
    assert found.points == found.possible | {"q1a": 0}


def disguised(name, text, around):
    """An entry, renamed, with another function around it."""
    renamed = re.sub(rf"\bdef {name}\(", f"def honest_{name}(", text)
    return f"def {name}(): ...\n\n\n{renamed}\n\n{around.replace('FUNCTION', name)}"
