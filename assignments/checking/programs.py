"""Functions of a check that run on the student's side, beside the student's functions.

Only plain data crosses the boundary. To look at anything else, such as the two parts of a Dual, a check sends
a function of its own to the student's side, as source text:

    def parts(number, *, Dual):
        return (number.value, number.slope) if isinstance(number, Dual) else number

The keyword-only parameters are names of the notebook, and get the notebook's objects. The other parameters
get what the check passes. The function cannot use other names of its module.

A program of one expression can be written as the text of a lambda. Its other names are names of the notebook,
apart from builtins and np:

    "lambda x: cubes_gradient(x[::2])"
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable
from functools import cache, partial
from types import CodeType
from typing import Any

Program = Callable[..., Any] | str


@cache
def source_of(program: Program) -> str:
    """The source text of a function; for the text of a lambda, of a function that does the same."""
    if not isinstance(program, str):
        return inspect.getsource(program)
    written = _parsed(program)
    nodes = list(ast.walk(written))
    own = {n.arg for n in nodes if isinstance(n, ast.arg)} | {"np", *dir(builtins)}
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    taken = sorted({n.id for n in nodes if isinstance(n, ast.Name)} - own)
    written.args.kwonlyargs += [ast.arg(name) for name in taken]
    written.args.kw_defaults += [None for _ in taken]
    lines = ("import numpy as np", f"return {ast.unparse(written.body)}")
    return "\n    ".join([f"def program({ast.unparse(written.args)}):", *lines])


def name_of(program: Program) -> str:
    """The name of a function; for the text of a lambda, its expression."""
    return ast.unparse(_parsed(program).body) if isinstance(program, str) else program.__name__


def _parsed(text: str) -> ast.Lambda:
    """Raises ValueError if the text is not that of a lambda."""
    written = ast.parse(text.strip(), mode="eval").body
    if not isinstance(written, ast.Lambda):
        raise ValueError(f"A program is a function or the text of a lambda, not {text!r}.")
    return written


def names_taken(program: Program) -> list[str]:
    """The names of the notebook that a program takes: the keyword-only parameters of its function."""
    return _names_taken(_defined(source_of(program)) if isinstance(program, str) else program)


def function_from(source: str, find: Callable[[str], Any]) -> Callable[..., Any]:
    """Define the function, and bind its keyword-only parameters.

    find : finds the notebook's object of a name.
    """
    function = _defined(source)
    return partial(function, **{name: find(name) for name in _names_taken(function)})


def _names_taken(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def _defined(source: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(_compiled(source), names)
    function: Callable[..., Any] = list(names.values())[-1]
    return function


@cache
def _compiled(source: str) -> CodeType:
    return compile(source, "<a function of the check>", "exec")
