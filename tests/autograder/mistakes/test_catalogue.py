"""Answers of the catalogue: a function, or an edit of one."""

import numpy as np
import pytest

import autograder.mistakes
from autograder.mistakes import edit, entries, mistake, variant


def halves(x: np.ndarray, kept: int = 2) -> np.ndarray:
    """Divide by two."""
    # BEGIN SOLUTION
    half = x / kept  # a new array
    return half
    # END SOLUTION


HALVES = """def halves(x, kept=2):
    half = x / kept  # a new array
    return half"""


def test_the_text_of_a_function_is_without_annotations_docstring_and_marks():
    assert edit(halves).source == HALVES


def test_an_edit_replaces_text_of_its_base():
    assert edit(halves, ("x / kept", "x * kept")).source == HALVES.replace("/", "*")


def test_an_edit_replaces_one_text_after_the_other():
    edited = edit(halves, ("x / kept", "x * 0.5"), ("0.5", "0.25"), ("    return half", "    return -half"))
    assert edited.source == HALVES.replace("/ kept", "* 0.25").replace("return ", "return -")


def test_the_base_of_an_edit_may_be_an_edit():
    edited = edit(edit(halves, ("/", "*")), ("return half", "return -half"))
    assert edited.source == HALVES.replace("/", "*").replace("return ", "return -")


def test_an_edit_of_text_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"edit of halves of test_catalogue replaces 'x - 1', .* 0 times"):
        edit(halves, ("x - 1", "x + 1"))


def test_an_edit_of_text_that_is_there_twice_is_an_error():
    with pytest.raises(ValueError, match=r"edit of halves of test_catalogue replaces 'kept', .* 2 times"):
        edit(halves, ("kept", "3"))


def test_an_edit_is_an_answer_like_a_function(monkeypatch):
    monkeypatch.setattr(autograder.mistakes, "_entries", {})
    mistake("q0a", "times two", says="four times", fails=("a",), costs=0.5)(edit(halves, ("/", "*")))
    variant("q0a", "as it is")(halves)
    wrong, right = autograder.mistakes._entries["test_catalogue"]
    assert (wrong.question, wrong.name, wrong.right, wrong.function) == ("q0a", "times two", False, "halves")
    assert (wrong.says, wrong.fails, wrong.costs) == ("four times", ("a",), 0.5)
    assert wrong.source == HALVES.replace("/", "*")
    assert (right.right, right.source) == (True, HALVES)


def test_an_edit_of_the_reference_belongs_to_its_problem():
    import solutions.p3_linear_layer as reference

    edited = edit(reference.nll_gradients, ("np.outer(db, x)", "np.outer(x, db)"))
    (transposed,) = [p for p in entries(edited.problem) if p.name == "dW is transposed"]
    assert transposed.source == edited.source
