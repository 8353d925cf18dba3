"""A submission in the sandbox: where names are bound, what a crash costs, and where the time ends."""

import numpy as np
import pytest

from autograder.grading.notebook import Cell
from autograder.grading.session import Session
from autograder.sandbox import Limits, Source
from public_checks.outcomes import NotAttempted, OutOfTime, Raised
from tests.helpers import LEVEL, isolated

pytestmark = isolated


@pytest.fixture
def session():
    opened = []

    def open_session(*cells, **limits):
        source = Source(LEVEL, Limits(**({"cell": 2, "call": 1, "patience": 2} | limits)))
        made = Session(source, [Cell(text, questions) for text, questions in cells])
        opened.append((made, source))
        return made

    yield open_session
    for made, source in opened:
        made.close()
        source.close()


F = ("def f():\n    return 1", ())


def test_a_question_is_graded_with_the_names_at_its_last_check_cell(session):
    s = session(F, ("check", ("q1a",)), ("def f():\n    return 2", ()), ("check", ("q1b",)), ("f = 3", ()))
    assert (s.place("q1a"), s.place("q1b"), s.place("q1c")) == (2, 4, 5)
    s.advance("q1a")
    assert s.function("f")() == 1
    s.advance("q1b")
    assert s.function("f")() == 2
    s.advance("q1c")
    with pytest.raises(NotAttempted, match="a variable has taken the name"):
        s.function("f")


def test_the_last_of_several_check_cells_counts(session):
    s = session(F, ("check", ("q1a",)), ("def f():\n    return 2", ()), ("check", ("q1a",)))
    s.advance("q1a")
    assert s.function("f")() == 2


def test_a_cell_that_raises_is_noted_and_the_next_one_runs(session):
    s = session(("1 / 0", ()), F)
    s.advance("q1a")
    assert s.function("f")() == 1
    assert s.cell_notes == ["cell 1 raised ZeroDivisionError: division by zero"]


def test_a_cell_that_ends_the_program_is_left_out_and_those_before_it_run_again(session):
    s = session(("x = 5", ()), ("import os\nos._exit(1)", ()), ("def f():\n    return x", ()))
    s.advance("q1a")
    assert s.function("f")() == 5
    assert s.cell_notes == ["the submission's program was lost in cell 2: it exited"]


def test_a_function_that_ends_the_program_costs_its_own_call(session):
    s = session(("def bad():\n    import os\n    os._exit(1)", ()), F)
    s.advance("q1a")
    with pytest.raises(Raised, match="bad ended the program that runs it"):
        s.function("bad")()
    assert s.function("f")() == 1


def test_a_program_of_a_check_is_evaluated_again_after_a_crash(session):
    s = session(("def bad():\n    import os\n    os._exit(1)", ()), F)
    s.advance("q1a")
    program = s.source("lambda a: a + f()")
    assert program(1) == 2
    with pytest.raises(Raised):
        s.function("bad")()
    assert program(2) == 3


def test_a_function_that_never_ends_is_called_twice_and_not_again(session):
    s = session(("def slow():\n    while True:\n        pass", ()))
    s.advance("q1a")
    for _ in range(2):
        with pytest.raises(OutOfTime, match="slow did not finish within 1 s"):
            s.function("slow")()
    spent = s._time()
    for _ in range(20):
        with pytest.raises(OutOfTime, match="did not finish"):
            s.function("slow")()
    assert s._time() - spent < 0.5


BUSY = """import time
def busy(seconds=0.5):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


def test_a_question_has_a_budget_and_the_next_one_has_its_own(session):
    s = session((BUSY, ()), ("check", ("q1a",)), ("check", ("q1b",)), question=1.2)
    s.advance("q1a")
    for _ in range(3):
        s.function("busy")()
    with pytest.raises(OutOfTime, match="this question has used up all of its time"):
        s.function("busy")()
    s.advance("q1b")
    s.function("busy")()


def test_a_submission_has_a_budget(session):
    s = session((BUSY, ()), *[("busy(0.7)", ())] * 10, F, total=2.0)
    s.advance("q1a")
    with pytest.raises(OutOfTime, match="the notebook has used up all of its time"):
        s.function("f")()


def test_a_submission_that_is_lost_again_and_again_is_given_up(session):
    s = session(*[("import os\nos._exit(1)", ())] * 10, F, crashes=3)
    s.advance("q1a")
    with pytest.raises(OutOfTime):
        s.function("f")()
    assert len(s.notes + s.cell_notes) == 4


def test_what_a_function_does_to_its_arguments_comes_back(session):
    s = session(("def f(x):\n    x += 1\n    return x[0]", ()))
    s.advance("q1a")
    reply = s.function("f").call(np.zeros(3))
    assert reply.value == 1
    assert np.array_equal(reply.arguments[0], np.ones(3))
