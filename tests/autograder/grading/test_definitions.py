"""Which part of a notebook a question depends on, as its text tells."""

from textwrap import indent

import pytest

from autograder.grading.definitions import Definitions
from autograder.grading.notebook import Cell
from autograder.grading.reading import names_in, read

SOFTMAX = """def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()"""
CELLS = ("import numpy as np\nimport matplotlib.pyplot as plt", "x = np.ones(3)", SOFTMAX, "softmax(x)")


def part(*cells, names=("softmax",)):
    return Definitions([Cell(text, ()) for text in cells]).part(len(cells), frozenset(names))


def test_a_part_is_what_the_names_depend_on_each_line_at_its_number():
    assert part(*CELLS) == ("import numpy as np", SOFTMAX)
    below = "K = 3\n\n# not this\n\ndef loss(z):\n    return K * softmax(z)"
    assert part(*CELLS, below, names=["loss"]) == (
        "import numpy as np",
        SOFTMAX,
        "K = 3\n#\n#\n#\ndef loss(z):\n    return K * softmax(z)",
    )


def test_other_answers_and_what_is_computed_with_them_are_no_part():
    more = ("def log_softmax(z):\n    return z", "p = [softmax(x)]\nprint(p[0])", "for i in range(3):\n    i")
    assert part(*CELLS, *more) == part(*CELLS)


def test_a_definition_that_comes_again_later_counts():
    again = SOFTMAX.replace("z.max()", "z.min()")
    assert part(*CELLS, again) == ("import numpy as np", again)


def test_a_name_that_is_not_there_has_no_part():
    assert part("x = 1") == ()


GIVES_UP = {
    "a global name that functions set": "n = 0\ndef count():\n    global n\n    n += 1",
    "an attribute of a module": "np.exp = lambda x: x",
    "an attribute of a function, set in another one": "def f():\n    softmax.calls = 1",
    "an entry of something global": "def f(x):\n    CACHE[x] = 1",
    "exec": "exec('x = 1')",
    "the namespace": "globals()",
    "an attribute by its name": "getattr(np, 'exp')",
    "insides": "softmax.__code__",
    "another module": "import sys",
    "a name that is taken away": "del softmax",
    "a magic command": "%timeit softmax(x)",
    "the shell": "!ls",
    "a syntax error": "def f(:",
    "two statements on a line": "x = 1; y = 2",
    "a carriage return": "x = 1\ry = 2",
    "a very long statement": "x = " + " + ".join("1" * 300),
    "deep brackets": "x = " + "(" * 3000 + ")" * 3000,
    "deep negation": "x = " + "-" * 3000 + "1",
    "a very long cell": "# x\n" * 10_000,
    "a null byte": "x = '\0'",
    "half a character": "x = '\ud800'",
}
UNCERTAIN = {
    "bound to a value": "softmax = make()",
    "bound by a loop": "for softmax in []:\n    pass",
    "defined under a condition": "if x.any():\n" + indent(SOFTMAX, "    "),
    "defined after what may fail": f"1 / 0\n{SOFTMAX}",
    "decorated": f"@np.vectorize\n{SOFTMAX}",
    "with a default that it can change": "def softmax(z, seen=[]):\n    return z",
    "with a list of its own": "SEEN = []\ndef softmax(z):\n    SEEN.append(z)\n    return z",
    "an import under its name": "try:\n    from scipy.special import softmax\nexcept ImportError:\n    pass",
}


@pytest.mark.parametrize("what", GIVES_UP)
def test_a_notebook_with_this_in_it_is_run_as_a_whole(what):
    assert read(GIVES_UP[what]) is None
    assert part(*CELLS, GIVES_UP[what]) is None


@pytest.mark.parametrize("what", UNCERTAIN)
def test_a_question_is_graded_in_the_whole_notebook_where_its_function_is(what):
    assert part(*CELLS, UNCERTAIN[what]) is None
    assert part(*CELLS, UNCERTAIN[what], names=["np"]) == ("import numpy as np",)


def test_names_that_an_expression_binds_itself_are_not_looked_up():
    assert names_in("lambda a, b: (softmax(*a), [t(i) for i in b])[0]") == {"softmax", "t"}
