"""How messages write values, shapes and arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

FEW = 6  # entries or arrays, that are listed one by one
LONGEST_INT = 10**60


def shape_as_text(shape: tuple[int, ...]) -> str:
    """What has this shape, such as "an array of shape (3,)"."""
    return f"an array of shape {shape}" if shape else "a single number"


def kind_as_text(value: Any) -> str:
    """What kind of thing this is, such as "an array of shape (3,)" or "a list of 2"."""
    if isinstance(value, np.ndarray):
        return shape_as_text(value.shape) + ("" if value.dtype.kind in "fiu" else f" of dtype {value.dtype}")
    length = f" of {len(value)}" if isinstance(value, (list, tuple)) else ""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}{length}"


def value_as_text(value: Any) -> str:
    """A number or a string, cut to a length that can be read."""
    if isinstance(value, str):
        return repr(value[:20])
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    if isinstance(value, int) and abs(value) >= LONGEST_INT:
        return "a number of more than 60 digits"
    return str(value)


def numbers_as_text(values: Any) -> str:
    """Numbers in a row, such as "1, 2.5, -3"."""
    return ", ".join(f"{v:.6g}" if v else "0" for v in np.ravel(values))  # -0.0 too


def two_as_text(actual: float, expected: float) -> str:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 12, 17):
        mine, right = f"{actual:.{digits}g}", f"{expected:.{digits}g}"
        if mine != right:
            break
    return f"{mine}, expected {right}"


def argument_as_text(name: str, value: Any) -> str:
    """An argument with its value if that is small, otherwise with its shape."""
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        shapes = [str(np.shape(v)) for v in value]
        if len(shapes) > FEW:
            shapes[3:-1] = ["..."]
        return f"{name} {'have' if name.endswith('s') else 'has'} the shapes {', '.join(shapes)}"
    if not isinstance(value, np.ndarray):
        return f"{name} = {value}"
    dtype = "" if value.dtype == np.float64 else f" of {value.dtype}"
    if value.ndim == 1 and value.size <= FEW and value.dtype.kind in "fiu":
        return f"{name} = [{numbers_as_text(value)}]{dtype}"
    return f"{name} {value.shape}{dtype}"


def dtypes_as_text(arguments: Iterable[Any]) -> str:
    """What dtype the arrays among the arguments have, such as "arguments of int64"."""
    several = [value if isinstance(value, (list, tuple)) else [value] for value in arguments]
    dtypes = {str(v.dtype) for values in several for v in values if isinstance(v, np.ndarray)}
    return f"arguments of {dtypes.pop()}" if len(dtypes) == 1 else "these arguments"


def times_as_text(count: int) -> str:
    """How often: "once", "twice", "3 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
