"""Which names of a notebook a function uses, directly or through others. Nothing of the notebook runs."""

from __future__ import annotations

import dis
import functools
from collections.abc import Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

MOST_OBJECTS = 10_000  # that are looked into
LONGEST = 1000  # of the tables that are


def names_used(name: str, namespace: Mapping[str, Any]) -> set[str]:
    """The names of a namespace that a function of it uses: its own, and those of the functions that it calls.

    A class uses what its methods do, and a table of functions what these do.
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
        waiting += _parts(value)
    return found


@functools.cache  # every question asks for the same functions, and to take code apart is slow
def global_names(code: CodeType) -> frozenset[str]:
    """The global names that code looks up, those in functions within it included."""
    found = dis.get_instructions(code)
    own = {i.argval for i in found if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return frozenset(own).union(*(global_names(c) for c in code.co_consts if isinstance(c, CodeType)))


def _parts(value: Any) -> list[Any]:
    """The objects in which functions may be that a value calls. To ask for its type runs no code of it."""
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
    except ValueError:  # it is set later
        return False
    return True
