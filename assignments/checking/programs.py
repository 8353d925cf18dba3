"""Functions of a check that run on the student's side, beside the student's functions.

Only plain data crosses the boundary. To look at anything else, such as the two parts of a Dual, a check sends
a function of its own to the student's side, as source text:

    def parts(number, *, Dual):
        return (number.value, number.slope) if isinstance(number, Dual) else number

The keyword-only parameters are names of the notebook, and get the notebook's objects. The other parameters
get what the check passes. The function cannot use other names of its module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, partial
from types import CodeType
from typing import Any


@cache
def source_of(function: Callable[..., Any]) -> str:
    """The source text of a function."""
    return inspect.getsource(function)


def names_taken(function: Callable[..., Any]) -> list[str]:
    """The names of the notebook that a function takes: its keyword-only parameters."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def function_from(source: str, find: Callable[[str], Any]) -> Callable[..., Any]:
    """Define the function, and bind its keyword-only parameters.

    find : finds the notebook's object of a name.
    """
    defined: dict[str, Any] = {}
    exec(_compiled(source), defined)
    function = list(defined.values())[-1]
    return partial(function, **{name: find(name) for name in names_taken(function)})


@cache
def _compiled(source: str) -> CodeType:
    return compile(source, "<a function of the check>", "exec")
