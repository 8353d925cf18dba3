"""Wrong answers that students give, and right answers that look different. They prove the checks.

Each is a function with the name that the question asks for, as a student would write it:

    @mistake("q3e", "zeros, as for a loss that is constant", says="It is zero everywhere")
    def nll_gradients(W, b, x, y):
        return np.zeros_like(W), np.zeros_like(b)

An answer that differs from the reference, or from another function, by a line or two is written as an edit.
Each pair is a text that occurs once in the function, and its replacement:

    mistake("q3e", "dW is transposed", says="the transpose of the right one")(
        edit(reference.nll_gradients, ("np.outer(db, x)", "np.outer(x, db)"))
    )

`verify` replaces the reference by each answer in turn. A mistake must lose points in its question; a variant
must not lose points anywhere. If a mistake states the checks that it fails and its cost, both must be true.
In grading, a wrong answer that behaves like one of these mistakes gets its name.
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
    """An answer written as a change of another one: the name of its problem, and its source text."""

    problem: str
    source: str


Code = TypeVar("Code", bound=Callable[..., object] | Edit)


@dataclass(frozen=True)
class Entry:
    """An answer of the catalogue: a function that replaces the reference's, as source text.

    question : the question that it answers.
    name : what is wrong with it, or what is different in a variant.
    right : whether it is a correct variant.
    source : the text of the function, see `edit`.
    says : words of a public check's message that name the mistake; None if no public check names it.
    fails : exactly the checks of its question that it fails; None if not stated.
    costs : the most points that it may cost, including later questions that call it; None if not stated.
    unnamed : whether graded results cannot name it, because its results differ in each call.
    hidden_only : words of the question's text that say why it passes all public checks; None if it fails one.
    """

    question: str
    name: str
    right: bool
    source: str
    says: str | None = None
    fails: tuple[str, ...] | None = None
    costs: float | None = None
    unnamed: bool = False
    hidden_only: str | None = None

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
    hidden_only: str | None = None,
) -> Callable[[Code], Code]:
    """Register the function below, or an edit, as a wrong answer.

    Parameters
    ----------
    question : str
        The question that it answers.
    name : str
        What is wrong with it.
    says : str, optional
        Words of a public check's message that name the mistake; None if no public check can name it.
    fails, costs : optional
        The checks that it fails and its cost, see `Entry`. A mistake that only changes an argument or an
        earlier result, or only has another dtype, must state both.
    unnamed : bool
        True for a random mistake, which graded results cannot recognize.
    hidden_only : str, optional
        For a mistake that no public check can find, such as a cost that only a large size shows: words of the
        question's text that tell students about it.
    """
    return _register(
        question,
        name,
        right=False,
        says=says,
        fails=fails,
        costs=costs,
        unnamed=unnamed,
        hidden_only=hidden_only,
    )


def variant(question: str, name: str) -> Callable[[Code], Code]:
    """Register the function below, or an edit, as a right answer; `name` says what is different in it."""
    return _register(question, name, right=True)


def edit(base: Callable[..., object] | Edit, *replacements: tuple[str, str]) -> Edit:
    """Replace text in a function, or in another edit.

    Parameters
    ----------
    base : function or Edit
        The text of a function has no decorators, annotations, docstring or solution marks.
    *replacements : pairs of str
        A text that occurs exactly once, and its replacement.

    Raises
    ------
    ValueError
        If a text does not occur exactly once.
    """
    edited = _as_edit(base)
    source = edited.source
    for old, new in replacements:
        if source.count(old) != 1:
            raise ValueError(
                f"An edit of {_name(edited.source)} of {edited.problem} replaces {old!r}, "
                f"which occurs {source.count(old)} times; it must occur once."
            )
        source = source.replace(old, new)
    return Edit(edited.problem, source)


def entries(problem: str) -> list[Entry]:
    """All mistakes and variants of a problem, in the order of the file."""
    import_module(f"autograder.mistakes.{problem}")
    return _entries.get(problem, [])


def _register(question: str, name: str, right: bool, **stated: Any) -> Callable[[Code], Code]:
    def register(answer: Code) -> Code:
        edited = _as_edit(answer)
        entry = Entry(question, name, right, edited.source, **stated)
        _entries.setdefault(edited.problem, []).append(entry)
        return answer

    return register


def _as_edit(answer: Callable[..., object] | Edit) -> Edit:
    """An edit unchanged; a function as an edit without changes."""
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
