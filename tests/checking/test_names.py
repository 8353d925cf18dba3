import pytest

from checking.boundary import Submission

NOTEBOOK = """
import functools
import numpy as np
def f(): raise RuntimeError("nothing is called")
def g(): return f()
def deep(): return [[g() for _ in range(2)] for _ in range(2)]
class Dual:
    def __add__(self, other): return g()
    @property
    def slope(self): return f()
@functools.cache
def cached(): return g()
def own(): return Dual() + own()
def attribute(): return np.f
bound = Dual().__add__
number = 3
"""


@pytest.mark.parametrize(
    ("name", "uses"),
    [
        ("f", {"f"}),
        ("deep", {"deep", "f", "g"}),
        ("Dual", {"f", "g"}),
        ("cached", {"f", "g"}),
        ("own", {"own", "Dual", "f", "g"}),
        ("attribute", {"attribute", "np"}),
        ("bound", {"f", "g"}),
        ("number", set()),
        ("missing", set()),
    ],
)
def test_the_names_that_a_function_uses_are_found_without_calling_it(name, uses):
    names = {}
    exec(NOTEBOOK, names)
    assert Submission(names).names_used_by(name) == uses


def test_code_that_builds_no_end_of_tables_is_left():
    names = {}
    exec("table = []\nfor _ in range(10**5): table = [table]\ndef f(): return table", names)
    assert Submission(names).names_used_by("f") == {"f", "table"}


def test_an_object_that_cannot_be_looked_into_is_skipped():
    names = {}
    exec(f"{NOTEBOOK}\ndel cached.__wrapped__\ndef last(): return cached()", names)
    assert Submission(names).names_used_by("last") == {"last", "cached"}
