"""Wrong answers that students give, and right ones that look different: they prove the checks.

Each is a function of the name that the question asks for, as a student would write it:

    @mistake("q3e", "dW is transposed", says="the transpose of the right one")
    def nll_gradients(W, b, x, y): ...

`verify` puts each in the place of the reference. A mistake has to lose points in its question, and a
variant none anywhere. One that states which checks it fails, and what it costs, has to keep to that. In
grading, a wrong answer that does what one of these does gets its name.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True)
class Program:
    """A function in the place of the reference's, as source text.

    question : the question that it answers.
    name : what is wrong with it, or else what is different.
    right : whether it is a correct variant.
    source : the text of the function, without decorators.
    says : words by which the public checks name the mistake, without this catalogue; None where they do not.
    fails : the checks of its question that it fails, these and no others; None where that is left open.
    costs : the most points that it may cost, those of later questions that call it included; None likewise.
    """

    question: str
    name: str
    right: bool
    source: str
    says: str | None = None
    fails: tuple[str, ...] | None = None
    costs: float | None = None

    @property
    def function(self) -> str:
        """The name of the function."""
        return self.source.partition("def ")[2].partition("(")[0]


_programs: dict[str, list[Program]] = {}


def mistake(
    question: str,
    name: str,
    says: str | None = None,
    fails: tuple[str, ...] | None = None,
    costs: float | None = None,
) -> Callable[[Function], Function]:
    """Register the function below as a wrong answer; `name` says what is wrong with it.

    says : words of a public check's message that tell a student so; None where no public check can.
    fails, costs : what one fault costs, see `Program`. A mistake that only changes an argument or an earlier
        result, or only has another dtype, states both.
    """
    return _register(question, name, right=False, says=says, fails=fails, costs=costs)


def variant(question: str, name: str) -> Callable[[Function], Function]:
    """Register the function below as a right answer; `name` says what is different about it."""
    return _register(question, name, right=True)


def programs(problem: str) -> list[Program]:
    """All mistakes and variants of a problem, in the order in which they are written."""
    import_module(f"autograder.mistakes.{problem}")
    return _programs.get(problem, [])


def _register(question: str, name: str, right: bool, **stated: Any) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        problem = function.__module__.rpartition(".")[2]
        text = textwrap.dedent(inspect.getsource(function))
        (node,) = ast.parse(text).body
        source = "\n".join(text.splitlines()[node.lineno - 1 :])
        _programs.setdefault(problem, []).append(Program(question, name, right, source, **stated))
        return function

    return register
