"""Traces of a call: changed arguments, and changed results of earlier calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checking.boundary import Proxy
from checking.expectations import Answer

NUMBERS = (np.ndarray, np.number, int, float)


def expect_no_change(function: Proxy, /, **arguments: Any) -> Answer:
    """Call a student's function as `expect` does, and expect that it does not change its arguments."""
    reply = function.call(*arguments.values())
    answer = Answer(function.name, arguments, reply.value)
    for (name, given), left in zip(arguments.items(), reply.arguments, strict=True):
        if not _unchanged(given, left):
            raise answer.wrong(f"the call changes its argument {name}. Work on a copy.")
    return answer


def expect_no_traces(
    function: Proxy,
    program: Callable[..., Proxy],
    /,
    first: dict[str, Any],
    second: dict[str, Any],
    dtypes: Sequence[type] = (np.float32, np.float64),
) -> Answer:
    """Expect that a call changes neither its arguments nor the result of an earlier call.

    Parameters
    ----------
    function : the student's function, or a program.
    program : the check's parameter `program`.
    first, second : the arguments of two calls, with the same shapes and different values.
    dtypes : the dtypes that arrays of floats get, one after the other.

    Returns
    -------
    The answer to the first call, with the last dtype.
    """
    both = program(_first_of_two, function.name)
    for dtype in dtypes:
        one, other = ({name: of_dtype(v, dtype, "f") for name, v in call.items()} for call in (first, second))
        answer = expect_no_change(function, **one)
        if not _alike(both(function, tuple(one.values()), tuple(other.values())), answer.value):
            raise answer.wrong("the next call changes this result. Return a new array each time.")
    return answer


def _first_of_two(function, one, other):
    """The result of the first of two calls, after the second call. This runs on the student's side."""
    result = function(*one)
    function(*other)
    return result


def _unchanged(given: Any, left: Any) -> bool:
    """Whether an array, or a list of arrays, is the same as before the call."""
    if isinstance(given, (list, tuple)):
        same_length = isinstance(left, (list, tuple)) and len(left) == len(given)
        return same_length and all(map(_unchanged, given, left))
    return not isinstance(given, np.ndarray) or np.array_equal(given, left)


def of_dtype(value: Any, dtype: type, kind: str) -> Any:
    """The value with this dtype in all of its arrays of one kind, such as "f" for floats."""
    if isinstance(value, (list, tuple)):
        return type(value)(of_dtype(item, dtype, kind) for item in value)
    return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == kind else value


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, int) and isinstance(b, int):  # ints may be too large for floats
        return a == b
    if isinstance(a, NUMBERS) and isinstance(b, NUMBERS):
        return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-6, equal_nan=True)
    return type(a) is type(b) and bool(np.all(a == b))
