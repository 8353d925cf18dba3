"""A submission in the sandbox: the names at each question, the cost of a crash, and the limits of time."""

import numpy as np
import pytest

from autograder.grading.budget import Budget
from autograder.grading.cells import Cells
from autograder.grading.notebook import Cell
from autograder.grading.session import Session
from autograder.sandbox import ForkServer, Limits, SandboxError
from checking.limits import CallLimits
from checking.outcomes import NotAttempted, OutOfTime, Raised
from tests.helpers import LEVEL, isolated

pytestmark = isolated


@pytest.fixture
def notebook():
    """A function that makes `Cells` from texts or cells."""
    opened = []

    def made(*cells, **limits):
        limits = Limits(**({"cell": 2, "call": 1, "patience": 2} | limits))
        server = ForkServer(LEVEL, limits)
        code = [cell if isinstance(cell, Cell) else Cell(cell) for cell in cells]
        opened.append((Cells(code, server, Budget(limits)), server))
        return opened[-1][0]

    yield made
    for cells, server in opened:
        cells.close()
        server.close()


def at(cells, question="q1a"):
    """The session at the check cell of a question."""
    cells.run_to(cells.place(question))
    return Session(question, cells)


def check(question):
    return f"# grader.check('{question}')"


F = "def f():\n    return 1"
BAD = "def bad():\n    import os\n    os._exit(1)"
SLOW = "calls = 0\ndef slow():\n    global calls\n    calls += 1\n    while True:\n        pass"


def test_a_question_is_graded_with_the_names_at_its_last_check_cell(notebook):
    cells = notebook(F, check("q1a"), "def f():\n    return 2", check("q1b"), "f = 3")
    assert [cells.place(q) for q in ("q1a", "q1b", "q1c")] == [2, 4, 5]
    assert at(cells, "q1a").function("f")() == 1
    assert at(cells, "q1b").function("f")() == 2
    with pytest.raises(NotAttempted, match="f is not a function"):
        at(cells, "q1c").function("f")


def test_the_last_of_several_check_cells_counts(notebook):
    cells = notebook(F, check("q1a"), "def f():\n    return 2", check("q1a"))
    assert at(cells).function("f")() == 2


def test_a_cell_that_raises_gets_a_note_and_the_next_one_runs(notebook):
    cells = notebook("1 / 0", F)
    assert at(cells).function("f")() == 1
    assert cells.notes == ["cell 1 raised ZeroDivisionError: division by zero (line 1)"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"import torch\n{F}", "stopped: ModuleNotFoundError: No module named 'torch' (line 1)"),
        (f"x = 1\n\ny = x / 0\n{F}", "stopped: ZeroDivisionError: division by zero (line 3)"),
        ("def f(:\n    return 1", "stopped: SyntaxError: invalid syntax (line 1)"),
        (f"{F}\nwhile True:\n    pass\n", "did not finish within 0.5 s and was stopped"),
        (f"import os\nos._exit(1)\n{F}", "was skipped because it ended the program: it exited"),
        (Cell("f = len", ignored=True), "has the tag otter_ignore"),
        (f"{F}\n# {'x' * (65 << 20)}", "is too large to run"),
    ],
)
def test_the_message_says_why_a_function_is_missing(text, why, notebook):
    cells = notebook(text, "import os\nos._exit(1)", cell=0.5)
    session = at(cells)
    for _ in range(2):
        with pytest.raises(NotAttempted) as told:
            session.function("f")
        assert str(told.value).startswith(f"there is no function f: the cell that defines f {why}")


def test_the_message_says_why_a_helper_is_missing(notebook):
    session = at(notebook("import torch\ndef helper(x):\n    return x", "def f(x):\n    return helper(x)"))
    with pytest.raises(Raised) as told:
        session.function("f")(1)
    assert "NameError: name 'helper' is not defined" in str(told.value)
    assert "(the cell that defines helper stopped: ModuleNotFoundError: No module named 'torch'" in str(
        told.value
    )


def test_the_message_says_if_a_function_is_undefined_or_comes_too_late(notebook):
    cells = notebook(check("q1a"), F)
    with pytest.raises(
        NotAttempted, match="no function f: the cell that defines f comes after the cell that"
    ):
        at(cells, "q1a").function("f")
    with pytest.raises(NotAttempted, match="there is no function g: no cell of this notebook defines it"):
        at(cells, "q1a").function("g")
    assert at(cells, "q1b").function("f")() == 1


def test_a_cell_with_a_picture_in_it_is_run(notebook):
    assert at(notebook(f"picture = '{'é' * (2 << 20)}'\n{F}")).function("f")() == 1


def test_the_imports_and_definitions_of_an_ignored_cell_are_run(notebook):
    text = (
        "%matplotlib inline\nimport math\nawait print(1 / 0)\n"
        "@staticmethod\ndef f(x):\n    return g(x)\n\nf = None\n"
        "def g(x):\n    return math.sqrt(x)"
    )
    assert at(notebook(Cell(text, ignored=True))).function("f")(4.0) == 2


def test_a_cell_that_ends_the_program_is_skipped_and_earlier_cells_run_again(notebook):
    cells = notebook("x = 5", "import os\nos._exit(1)", "def f():\n    return x")
    assert at(cells).function("f")() == 5
    assert cells.notes == ["the submission's process ended in cell 2: it exited"]


def test_a_function_that_ends_the_program_fails_only_its_own_call(notebook):
    session = at(notebook(BAD, F))
    with pytest.raises(Raised, match="bad ended the program that runs it"):
        session.function("bad")()
    assert session.function("f")() == 1


def test_a_function_that_ends_the_program_twice_is_not_called_again(notebook):
    cells = notebook(BAD)
    for question in ("q1a", "q1b", "q1c"):
        with pytest.raises(Raised, match="bad ended the program that runs it"):
            at(cells, question).function("bad")()
    assert len(cells.notes) == 2


def call_f(*, f):
    return f()


def add_f(a, *, f):
    return a + f()


def call_slow(*, slow):
    slow()


def look_at_calls(*, get_calls):
    return get_calls()


def test_a_program_of_a_check_is_defined_again_after_a_crash(notebook):
    session = at(notebook(BAD, F))
    program = session.program(add_f, "a + f()")
    assert program(1) == 2
    with pytest.raises(Raised):
        session.function("bad")()
    assert program(2) == 3


def test_a_function_that_does_not_return_is_not_called_again_even_by_later_questions(notebook):
    cells = notebook(SLOW, F, "def get_calls():\n    return calls", call=0.2, patience=100)
    session = at(cells)
    slow = session.function("slow")
    for _ in range(2):
        with pytest.raises(OutOfTime, match=r"slow did not return within 0\.2 s and was stopped; it is not"):
            slow()
    for question in ("q1b", "q1c"):
        session = at(cells, question)
        with pytest.raises(OutOfTime, match="slow did not return"):
            session.function("slow")()
        assert session.function("f")() == 1
    assert at(cells, "q1d").program(look_at_calls, "calls")() == 1


def test_a_program_that_does_not_return_fails_only_the_programs_of_its_question(notebook):
    cells = notebook(SLOW, F, call=0.2)
    session = at(cells, "q1a")
    for _ in range(2):
        with pytest.raises(OutOfTime, match=r"slow\(\) did not return"):
            session.program(call_slow, "slow()")()
    with pytest.raises(OutOfTime, match="did not return"):
        session.program(call_f, "f()")()
    assert session.function("f")() == 1
    assert at(cells, "q1b").program(call_f, "f()")() == 1


def test_a_function_that_cannot_be_interrupted_is_not_called_again(notebook):
    no_timer = "import signal\ndef slow():\n    signal.setitimer(signal.ITIMER_REAL, 0)\n"
    stubborn = no_timer + "    while True:\n        pass"
    cells = notebook(stubborn, F, call=0.2)
    for question in ("q1a", "q1b"):
        with pytest.raises(OutOfTime, match="slow did not return"):
            at(cells, question).function("slow")()
    assert cells.notes == ["the submission's process ended in slow: it did not finish in time"]
    assert at(cells, "q1c").function("f")() == 1


# Measured in processor time, so it takes equally long on a busy machine.
BUSY = """import time
def busy(seconds=0.5):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


def test_a_question_has_a_budget_and_the_next_one_has_its_own(notebook):
    cells = notebook(BUSY, check("q1a"), check("q1b"), question=1.4, call=5, patience=20)
    session = at(cells, "q1a")
    for _ in range(3):
        session.function("busy")()
    with pytest.raises(OutOfTime, match="this question has used up all of its time"):
        session.function("busy")()
    at(cells, "q1b").function("busy")()


def test_a_function_that_exceeds_the_limit_of_a_check_may_be_called_again(notebook):
    # The worker cannot interrupt a single call of NumPy, so it is ended from outside.
    sort = (
        "import numpy as np\ndef f(n):\n    return float(np.sort(np.ones(n) * np.arange(n)[::-1] % 9973)[0])"
    )
    cells = notebook(sort, call=60, patience=20)
    f = at(cells).function("f")
    with pytest.raises(OutOfTime, match=r"f did not return within 0\.01 s and was stopped\.$"):
        f.call(30_000_000, limits=CallLimits(seconds=0.01))
    assert f(10) == 0


def test_a_cell_that_never_ends_is_not_run_again(notebook):
    cells = notebook("runs = 0", "while True: pass", BAD, F, cell=0.2)
    session = at(cells)
    taken = cells.taken
    with pytest.raises(Raised):
        session.function("bad")()
    assert session.function("f")() == 1
    assert cells._left_out == {1}
    assert taken >= 0.2


def test_the_message_says_if_the_time_runs_out_while_cells_run_again(notebook):
    cells = notebook(BUSY, "busy(2)", BAD, F, total=3.5, cell=20, call=5)
    session = at(cells)
    with pytest.raises(Raised):
        session.function("bad")()
    for _ in range(2):
        with pytest.raises(OutOfTime, match="f was not called: the notebook has used up all of its time"):
            session.function("f")()


def test_a_submission_has_a_budget(notebook):
    cells = notebook(BUSY, *["busy(0.7)"] * 10, F, total=2.0)
    with pytest.raises(OutOfTime, match="the notebook has used up all of its time"):
        at(cells).function("f")()


def test_a_submission_that_loses_many_workers_gets_no_more(notebook):
    cells = notebook(*["import os\nos._exit(1)"] * 10, F, crashes=3)
    with pytest.raises(OutOfTime):
        at(cells).function("f")()
    assert len(cells.notes) == 4


def test_a_failure_of_the_sandbox_in_a_check_is_recorded(notebook):
    cells = notebook(F)
    f = at(cells).function("f")
    cells._server._process.kill()
    cells._server._process.wait()
    with pytest.raises(SandboxError, match="the process that forks workers has ended"):
        f()
    assert isinstance(cells.fault, SandboxError)


def test_changes_of_arguments_are_returned(notebook):
    session = at(notebook("def f(x):\n    x += 1\n    return x[0]"))
    reply = session.function("f").call(np.zeros(3))
    assert reply.value == 1
    assert np.array_equal(reply.arguments[0], np.ones(3))


def test_the_worker_finds_the_names_that_a_function_uses(notebook):
    session = at(notebook(F, "def g():\n    return f()", "def h():\n    return g() + f.no_such_attribute"))
    assert session.names_used_by("f") == {"f"}
    assert session.names_used_by("h") == {"f", "g", "h"}
    with pytest.raises(NotAttempted):
        session.names_used_by("nothing")
