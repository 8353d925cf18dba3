"""Which names of a notebook a function uses, directly or indirectly. No code of the notebook runs."""

from __future__ import annotations

import contextlib
import dis
import functools
from collections.abc import Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

MOST_OBJECTS = 10_000  # to look into
LONGEST = 1000  # table to look into


def names_used(name: str, namespace: Mapping[str, Any]) -> set[str]:
    """The names of a namespace that one of its functions uses, directly or through functions that it calls.

    A class uses what its methods use, and a table of functions what the functions use.
    """
    found: set[str] = set()
    seen: dict[int, Any] = {}
    waiting = [namespace.get(name)]
    while waiting and len(seen) < MOST_OBJECTS:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if type(value) is FunctionType and value.__globals__ is namespace:
            own = value.__name__
            if namespace.get(own) is value:
                found.add(own)
            new = {used for used in global_names(value.__code__) if used in namespace} - found
            found |= new
            waiting += [namespace[used] for used in new]
        with contextlib.suppress(Exception):  # an object of the submission that cannot be looked into
            waiting += _parts(value)
    return found


@functools.cache  # disassembling is slow, and every question asks for the same functions
def global_names(code: CodeType) -> frozenset[str]:
    """The global names that code looks up, including those in nested functions."""
    found = dis.get_instructions(code)
    own = {i.argval for i in found if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return frozenset(own).union(*(global_names(c) for c in code.co_consts if isinstance(c, CodeType)))


def _parts(value: Any) -> list[Any]:
    """The objects that may hold functions that a value calls. Looking at types runs none of its code."""
    kind = type(value)
    if kind is FunctionType:
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_full(cell)]
        return cells + list(vars(value).values())
    if issubclass(kind, type):
        return list(vars(value).values())
    if kind in (list, tuple, set, dict):
        items = value.values() if kind is dict else value
        return list(items) if len(value) <= LONGEST else []
    if kind is functools.partial:
        return [value.func, *value.args, *value.keywords.values()]
    if kind in (MethodType, classmethod, staticmethod):
        return [value.__func__]
    if kind is type(functools.cache(len)):
        return [value.__wrapped__]
    return [value.fget] if kind is property else [kind]


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # not set yet
        return False
    return True
