"""Wrong answers that students give, and right ones that look different: they prove the checks.

Each is a function of the name that the question asks for, as a student would write it:

    @mistake("q3a", "the sum is taken over nothing")
    def softmax(z): ...

`verify` puts each in the place of the reference. A mistake has to lose points in its question, and a
variant none anywhere.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True)
class Program:
    """A function in the place of the reference's, as source text.

    question : the question that it answers.
    name : what is wrong with it, or else what is different.
    right : whether it is a correct variant.
    source : the text of the function, without decorators.
    """

    question: str
    name: str
    right: bool
    source: str


_programs: dict[str, list[Program]] = {}


def mistake(question: str, name: str) -> Callable[[Function], Function]:
    """Register the function below as a wrong answer; `name` says what is wrong with it."""
    return _register(question, name, right=False)


def variant(question: str, name: str) -> Callable[[Function], Function]:
    """Register the function below as a right answer; `name` says what is different about it."""
    return _register(question, name, right=True)


def programs(problem: str) -> list[Program]:
    """All mistakes and variants of a problem, in the order in which they are written."""
    import_module(f"mistakes.{problem}")
    return _programs.get(problem, [])


def _register(question: str, name: str, right: bool) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        problem = function.__module__.rpartition(".")[2]
        text = textwrap.dedent(inspect.getsource(function))
        (node,) = ast.parse(text).body
        source = "\n".join(text.splitlines()[node.lineno - 1 :])
        _programs.setdefault(problem, []).append(Program(question, name, right, source))
        return function

    return register
