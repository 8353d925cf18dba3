"""Wrong answers that students give, and right ones that look different: they prove the checks.

Each is a function of the name that the question asks for, as a student would write it:

    @mistake("q3e", "zeros, as for a loss that is constant", says="It is zero everywhere")
    def nll_gradients(W, b, x, y):
        return np.zeros_like(W), np.zeros_like(b)

One that differs by a line or two from the reference, or from another function, is written as an edit of it.
Each pair is a text that the function has once, and the text that takes its place:

    mistake("q3e", "dW is transposed", says="the transpose of the right one")(
        edit(reference.nll_gradients, ("np.outer(db, x)", "np.outer(x, db)"))
    )

`verify` puts each in the place of the reference. A mistake must lose points in its question, a variant
none anywhere, and one that states which checks it fails and what it costs must do just that. In
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


@dataclass(frozen=True)
class Edit:
    """An answer that is written as a change of another one: the name of its problem, and its text."""

    problem: str
    source: str


Answer = TypeVar("Answer", bound=Callable[..., object] | Edit)


@dataclass(frozen=True)
class Entry:
    """An answer of the catalogue: a function in place of the reference's, as source text.

    question : the question that it answers.
    name : what is wrong with it, or else what is different.
    right : whether it is a correct variant.
    source : the text of the function, see `edit`.
    says : words by which the public checks name the mistake, without this catalogue; None where they do not.
    fails : the checks of its question that it fails, these and no others; None where that is left open.
    costs : the most points that it may cost, those of later questions that call it included; None likewise.
    unnamed : whether graded results cannot name it, because it gives something else in each call.
    """

    question: str
    name: str
    right: bool
    source: str
    says: str | None = None
    fails: tuple[str, ...] | None = None
    costs: float | None = None
    unnamed: bool = False

    @property
    def function(self) -> str:
        """The name of the function."""
        return _name(self.source)


_entries: dict[str, list[Entry]] = {}


def mistake(
    question: str,
    name: str,
    says: str | None = None,
    fails: tuple[str, ...] | None = None,
    costs: float | None = None,
    unnamed: bool = False,
) -> Callable[[Answer], Answer]:
    """Register the function below, or an edit, as a wrong answer; `name` says what is wrong with it.

    says : words of a public check's message that tell a student so; None where no public check can.
    fails, costs : what one fault costs, see `Entry`. A mistake that only changes an argument or an earlier
        result, or only has another dtype, states both.
    unnamed : True for a mistake that is random, which graded results cannot recognize.
    """
    return _register(question, name, right=False, says=says, fails=fails, costs=costs, unnamed=unnamed)


def variant(question: str, name: str) -> Callable[[Answer], Answer]:
    """Register the function below, or an edit, as a right answer; `name` says what is different about it."""
    return _register(question, name, right=True)


def edit(base: Callable[..., object] | Edit, *replacements: tuple[str, str]) -> Edit:
    """Replace text of a function, or of another edit.

    replacements : pairs of a text that is there exactly once, and the text that takes its place. The text
        of a function is without decorators, annotations, docstring and the marks of a solution.
    """
    edited = _as_edit(base)
    source = edited.source
    for old, new in replacements:
        if source.count(old) != 1:
            raise ValueError(
                f"An edit of {_name(edited.source)} of {edited.problem} replaces {old!r}, "
                f"which is there {source.count(old)} times; it must be there once."
            )
        source = source.replace(old, new)
    return Edit(edited.problem, source)


def entries(problem: str) -> list[Entry]:
    """All mistakes and variants of a problem, in the order in which they are written."""
    import_module(f"autograder.mistakes.{problem}")
    return _entries.get(problem, [])


def _register(question: str, name: str, right: bool, **stated: Any) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        edited = _as_edit(answer)
        entry = Entry(question, name, right, edited.source, **stated)
        _entries.setdefault(edited.problem, []).append(entry)
        return answer

    return register


def _as_edit(answer: Callable[..., object] | Edit) -> Edit:
    """An edit as it is; a function as an edit that changes nothing."""
    if isinstance(answer, Edit):
        return answer
    text = textwrap.dedent(inspect.getsource(answer))
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    first = node.body[ast.get_docstring(node) is not None]
    lines = [line for line in text.splitlines()[first.lineno - 1 :] if line.strip() != "# END SOLUTION"]
    source = "\n".join([f"def {node.name}({ast.unparse(node.args)}):", *lines])
    return Edit(answer.__module__.rpartition(".")[2], source)


def _name(source: str) -> str:
    return source.partition("def ")[2].partition("(")[0]
