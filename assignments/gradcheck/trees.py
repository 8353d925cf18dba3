"""Arguments as people have them: arrays in lists, tuples and dicts, nested. Their leaves are compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

NUMBER = (bool, int, float, np.generic)


class MismatchError(ValueError):
    """A result is not built like the argument that it belongs to; the message says how."""


def is_branch(value: Any) -> bool:
    """Whether a value is a dict, list or tuple of parts. A list of numbers alone is one array."""
    if isinstance(value, dict):
        return True
    return isinstance(value, (list, tuple)) and not all(map(_is_number_or_list, value))


def _is_number_or_list(value: Any) -> bool:
    return isinstance(value, NUMBER) or (isinstance(value, (list, tuple)) and not is_branch(value))


def _items(branch: Any) -> Iterator[tuple[Any, Any]]:
    return iter(branch.items()) if isinstance(branch, dict) else enumerate(branch)


def leaves(value: Any, name: str) -> list[tuple[str, Any]]:
    """The leaves in order, each with a name such as "weights[0]"."""
    if not is_branch(value):
        return [(name, value)]
    return [leaf for key, part in _items(value) for leaf in leaves(part, f"{name}[{key!r}]")]


def rebuilt(value: Any, parts: Iterator[Any]) -> Any:
    """The value with its leaves replaced, in order."""
    if not is_branch(value):
        return next(parts)
    if isinstance(value, dict):
        return {key: rebuilt(part, parts) for key, part in value.items()}
    new = [rebuilt(part, parts) for part in value]
    if isinstance(value, tuple):
        return type(value)(*new) if hasattr(value, "_fields") else tuple(new)
    return new


def matched(result: Any, value: Any, name: str) -> list[Any]:
    """The parts of a result that stand where the leaves of a value do. Lists and tuples are the same.

    Raises
    ------
    MismatchError
        If a branch is missing, or has other keys or another length. Keys for which the value holds no floats
        may be missing; their part is then None.
    """
    if not is_branch(value):
        numbers = isinstance(value, (list, tuple)) and isinstance(result, (list, tuple))
        return [np.asarray(result) if numbers and kind(result) in "fiub" else result]
    if isinstance(value, dict):
        needed = [key for key, part in value.items() if any(is_float(leaf) for _, leaf in leaves(part, ""))]
        if not isinstance(result, dict) or not set(needed) <= result.keys() <= value.keys():
            have = f"has the keys {list(result)}" if isinstance(result, dict) else f"is {_a(result)}"
            raise MismatchError(f"The result for {name} should be a dict with the keys {needed}; it {have}.")
        parts = [(result.get(key), part, key) for key, part in value.items()]
    else:
        if not isinstance(result, (list, tuple)) or len(result) != len(value):
            have = f"has {len(result)}" if isinstance(result, (list, tuple)) else f"is {_a(result)}"
            raise MismatchError(f"The result for {name} should be a list of {len(value)} parts; it {have}.")
        parts = [(result[key], part, key) for key, part in enumerate(value)]
    return [found for given, part, key in parts for found in _part(given, part, f"{name}[{key!r}]")]


def _part(given: Any, value: Any, name: str) -> list[Any]:
    if given is None:
        return [None for _ in leaves(value, name)]
    return matched(given, value, name)


def _a(value: Any) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def is_float(value: Any) -> bool:
    """Whether a leaf holds floating-point numbers, so that it can be differentiated."""
    return kind(value) == "f"


def kind(value: Any) -> str:
    """NumPy's letter for the type of a leaf: "f" for floats; "i", "u", "b" for integers; "O" for others."""
    try:
        return np.asarray(value).dtype.kind
    except ValueError:
        return "O"
