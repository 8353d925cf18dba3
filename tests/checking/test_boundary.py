import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from checking import Incorrect, NotAttempted, OutOfTime, Raised, TooSlow
from checking.boundary import CannotCrossError, Submission, clean, crossing
from checking.limits import CallLimits

numbers = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.complex_numbers(allow_nan=False)
)
arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.complex128]),
    hnp.array_shapes(max_dims=3, max_side=4),
    elements={"allow_nan": False},
)
data = st.recursive(
    st.one_of(numbers, st.text(), arrays),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(), inner, max_size=4),
    ),
    max_leaves=10,
)


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b) and a is not b
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@given(data)
@settings(max_examples=200, deadline=None)
def test_plain_data_crosses_as_an_equal_copy(value):
    assert same(value, crossing(value))


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np,
        {1, 2},
        b"bytes",
        np.array([object()]),
        np.array(["a"]),
        [lambda: 0],
        {"a": {3}},
        range(3),
    ],
)
def test_anything_else_does_not_cross(value):
    with pytest.raises(CannotCrossError):
        crossing(value)


@pytest.mark.parametrize("value", [np.matrix([[1.0]]), np.ma.masked_array([1.0, 2.0], mask=[True, False])])
def test_other_kinds_of_arrays_do_not_cross(value):
    with pytest.raises(CannotCrossError, match=type(value).__name__):
        crossing(value)


def test_a_number_of_extended_precision_arrives_as_a_float():
    assert type(crossing(np.longdouble(0.5))) is float


def test_data_nested_too_deep_does_not_cross():
    value = []
    for _ in range(100):
        value = [value]
    with pytest.raises(CannotCrossError, match="deep"):
        crossing(value)


@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_an_array_keeps_its_layout(order):
    array = np.arange(24.0).reshape(4, 6)
    array = array[:, ::2] if order == "strided" else np.asarray(array, order=order)
    arrived = crossing(array)
    assert np.array_equal(arrived, array)
    assert arrived.flags.c_contiguous == array.flags.c_contiguous
    assert arrived.flags.f_contiguous == array.flags.f_contiguous


def submission(code):
    names = {"np": np}
    exec(code, names)
    return Submission(names)


def test_a_check_sees_what_a_function_does_to_its_arguments_and_keeps_its_own():
    f = submission("def f(x):\n    x += 1\n    return x").function("f")
    mine = np.zeros(2)
    reply = f.call(mine)
    assert mine.tolist() == [0, 0]
    assert reply.value.tolist() == reply.arguments[0].tolist() == [1, 1]


def test_a_callback_is_counted_on_the_side_of_the_check():
    f = submission("def f(g, x):\n    return g(x) + g(x) + len(dir(g))*0").function("f")
    calls = []

    def g(x):
        calls.append(x)
        return 2 * x

    assert f(g, 3.0) == 12.0
    assert calls == [3.0, 3.0]


def test_what_a_callback_gets_has_to_be_plain_data():
    f = submission("def f(g):\n    return g(object())").function("f")
    with pytest.raises(Raised, match="not plain data"):
        f(lambda x: 0)


def call_with_a_dual(function, *, Dual):
    return function(Dual())


def call_f(*, f):
    return f()


def shadowed(*, f):
    return list(f())


def test_a_program_runs_on_the_side_of_the_student_and_objects_stay_there():
    s = submission("class Dual:\n    value = 4\ndef double(d):\n    return 2 * d.value\n")
    assert s.program(call_with_a_dual, "double(Dual())")(s.function("double")) == 8


def test_a_program_does_not_see_other_names_of_the_notebook():
    s = submission("list = 3\ndef f():\n    return (1, 2)")
    assert s.program(shadowed, "list(f())")() == [1, 2]


def test_the_text_of_a_lambda_is_a_program_and_its_expression_is_the_name():
    s = submission(
        "SIZE = 3\ndef f(x):\n    return x.sum(), [len(x)]\ndef g(x, many):\n    return many[0] + x"
    )
    program = s.program("lambda x, *more: [g(y, f(np.ones(y))[1]) for y in (x, *more)]")
    assert program.name == "[g(y, f(np.ones(y))[1]) for y in (x, *more)]"
    assert program(1, 4) == [2, 8]
    assert s.program("lambda: len((lambda y: f(y))(np.ones(2)))", "the length")() == 2


@pytest.mark.parametrize("text", ["f", "lambda x: SIZE * x"])
def test_a_text_is_that_of_a_lambda_and_takes_functions_only(text):
    with pytest.raises((ValueError, NotAttempted), match=r"the text of a lambda|SIZE is not a function"):
        submission("SIZE = 3\ndef f():\n    return 1").program(text)


def test_a_program_whose_name_is_missing_is_not_attempted():
    with pytest.raises(NotAttempted, match="there is no function f"):
        submission("").program(call_f, "the call")


def test_a_stub_in_a_program_is_not_attempted():
    s = submission("def f():\n    raise NotImplementedError('Question 3(a)')")
    with pytest.raises(NotAttempted, match=r"^f is not written yet"):
        s.program(call_f, "f, then g")()
    with pytest.raises(NotAttempted, match=r"^the call needs f, which is not written yet"):
        s.program(call_f, "the call")()


def test_an_error_in_a_program_has_its_name():
    s = submission("def f():\n    return 1 / 0")
    with pytest.raises(Raised, match=r"^f, then g raised ZeroDivisionError: division by zero"):
        s.program(call_f, "f, then g")()


def test_a_result_that_is_no_data_is_named():
    with pytest.raises(Incorrect, match="f returned a set, which is not plain data"):
        submission("def f():\n    return {1}").function("f")()


@pytest.mark.parametrize("code", ["", "f = 3"])
def test_a_missing_function_is_not_attempted(code):
    with pytest.raises(NotAttempted, match=r"f( is not a function)?\. Run the cell that defines it"):
        submission(code).function("f")


def test_a_stub_is_not_attempted_also_where_another_function_calls_it():
    s = submission("def f():\n    raise NotImplementedError('Question 3(a)')\ndef g():\n    return f()")
    with pytest.raises(NotAttempted, match=r"f is not written yet \(Question 3\(a\)\)"):
        s.function("f")()
    with pytest.raises(NotAttempted, match=r"g needs f, which is not written yet"):
        s.function("g")()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x @ np.ones(9)", "ValueError"),
        ("raise SystemExit(3)", "f raised SystemExit: 3"),
        ("raise NotImplementedError('later')", "f raised NotImplementedError: later"),
        ("return f(x)", "RecursionError"),
        ("raise ValueError('bell \\x07' + 'x' * 9999)", r"bell x+ \.\.\."),
    ],
)
def test_an_exception_is_reported_with_its_type(body, message):
    with pytest.raises(Raised, match=message):
        submission(f"def f(x):\n    {body}").function("f")(np.ones(2))


def test_an_exception_is_reported_with_the_line_of_the_student():
    from autograder.verify import execute

    names = {}
    execute("def f(x):\n    y = x\n    return y / {}", names)
    with pytest.raises(Raised, match=r"\(line 3 of the cell with f: return y / \{\}\)"):
        Submission(names).function("f")(1.0)


def test_an_error_of_shapes_comes_with_the_shapes_of_the_names_in_its_line():
    from autograder.verify import execute

    names = {}
    execute("def f(W, x, b):\n    unused = x\n    return W.T @ x + b", names)
    with pytest.raises(Raised, match=r"In this line W is \(3, 2\), x is \(2,\) and b is \(3,\)\.$"):
        Submission(names).function("f")(np.ones((3, 2)), np.ones(2), np.ones(3))


@pytest.mark.parametrize(
    "body", ["pass", "try:\n            abs(0)\n        except Exception:\n            pass"]
)
def test_an_endless_loop_is_out_of_time(body):
    f = submission(f"def f():\n    while True:\n        {body}").function("f")
    with pytest.raises(OutOfTime, match=r"f did not finish within 0\.2 s"):
        f.call(limits=CallLimits(seconds=0.2))


LOOPS = {
    "a loop": "for _ in range(n):\n        pass",
    "a loop on one line": "[i for i in range(n)]",
    "a generator": "sum(i for i in range(n))",
    "calls of a function": "list(map(lambda i: i, range(n)))",
    "a loop that catches everything": "for _ in range(n):\n        try:\n            n\n        except: pass",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_lines_of_python_are_counted_wherever_they_run(loop):
    f = submission(f"def f(n):\n    {LOOPS[loop]}").function("f")
    f.call(90, limits=CallLimits(lines=1000))
    with pytest.raises(TooSlow, match=r"f was stopped after 1,000 lines of Python\."):
        f.call(2000, limits=CallLimits(lines=1000))


def test_work_within_numpy_is_no_line_of_python():
    f = submission("import numpy as np\ndef f(n):\n    return np.arange(n).sum()").function("f")
    assert f.call(10**6, limits=CallLimits(lines=30)).value == 10**6 * (10**6 - 1) // 2


def test_the_count_of_lines_cannot_be_turned_off():
    f = submission("import sys\ndef f():\n    sys.settrace(None)").function("f")
    with pytest.raises(Incorrect, match=r"f calls sys\.settrace"):
        f.call(limits=CallLimits(lines=1000))


def test_what_traced_before_traces_afterwards():
    def trace(*_):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        submission("def f():\n    pass").function("f").call(limits=CallLimits(lines=10))
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_waiting_is_out_of_time_by_the_clock():
    f = submission("import time\ndef f():\n    time.sleep(60)\n    raise RuntimeError").function("f")
    with pytest.raises(OutOfTime):
        f.call(limits=CallLimits(seconds=0.05))


def test_a_function_in_time_leaves_no_timer():
    import signal

    submission("def f():\n    return 1").function("f")()
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_text_is_cut_and_loses_its_control_characters():
    assert clean("a\x1b[0m\nb") == "a[0m\nb"
    assert clean("x" * 300) == "x" * 300
    assert clean("x" * 301) == "x" * 300 + " ..."
    assert clean("\0" * 700 + "x") == " ..."


def test_a_numpy_string_arrives_as_a_string():
    assert type(submission("def f():\n    return np.array(['a', 'b'])[1]").function("f")()) is str


def test_a_class_whose_own_code_fails_is_named():
    code = "class L(list):\n    def __iter__(self):\n        raise RuntimeError\ndef f():\n    return L()"
    with pytest.raises(Incorrect, match="f returned what cannot be read: RuntimeError"):
        submission(code).function("f")()


def test_the_line_of_a_comprehension_belongs_to_its_function():
    with pytest.raises(Raised, match=r"line 2 of the cell with f"):
        submission("def f():\n    return [1 / 0 for _ in range(2)]").function("f")()


NODE = """class Node:
    def __init__(self, value, vjps=()):
        self.value, self.vjps = value, vjps
    def __add__(self, other):
        return Node(self.value + other.value, [lambda g: g / 0])
    def __pow__(self, power):
        return Node(self.value**power.value)
"""
PUSH = """def push(node):
    return node.vjps[0](1.0)
def f():
    return push(Node(1) + Node(2))
def g():
    return Node(1) ** 2
"""


def test_the_line_shown_belongs_to_the_function_that_is_named():
    from autograder.verify import execute

    names = {}
    execute(NODE, names)
    execute(PUSH, names)
    where = r"cell with __add__" if sys.version_info >= (3, 11) else "a cell"
    with pytest.raises(Raised, match=rf"\(line 5 of .*{where}: return Node\(self\.value \+ other\.value"):
        Submission(names).function("f")()
    with pytest.raises(Raised, match=r"\(line 7 of the cell with __pow__: return Node\("):
        Submission(names).function("g")()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("return plt.plot()", "\nRun the cell with the imports at the top of the problem."),
        ("return g()", "\nIf g is spelled right, run the cells above that define or import it."),
        (
            "return [g() for _ in '1']",
            "\nIf g is spelled right, run the cells above that define or import it.",
        ),
        ("x = x\n    return x", ""),
        ("raise NameError('np')", ""),
        ("raise NameError(3, name='f')", ""),
    ],
)
def test_a_name_that_the_notebook_does_not_define_comes_with_the_cells_to_run(code, says):
    with pytest.raises(Raised) as failure:
        submission(f"def f():\n    {code}").function("f")()
    end = str(failure.value).rpartition(")")[2]
    assert end == says


def test_an_exception_whose_text_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("checking.boundary.SECONDS", 0.1)
    code = "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef f():\n    raise E"
    with pytest.raises(Raised, match=r"^f raised E"):
        submission(code).function("f")()
