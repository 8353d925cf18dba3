"""Hints: wrong values, each with a sentence on the mistake that gives it.

A check passes them to `Answer.close` or `Answer.equals`. If the answer is one of the wrong values, the
message ends with its sentence:

    answer.close(right, instead={"It has the wrong sign.": -right, "It is zero.": 0 * right})

A list holds several wrong values with one sentence. If the values take long to compute, a function without
parameters can make the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

Hints = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
NO_HINTS: Mapping[str, Any] = MappingProxyType({})
CLOSE = "It is close, but not exact: is it a difference quotient, or computed in float32?"


def hint_for(value: Any, hints: Hints, expected: Any = None) -> str:
    """The sentence of the first wrong value that is equal to this one, or "".

    A wrong value says nothing if it is equal to the expected one, as far as this can be told.
    """
    for sentence, wrong in (hints() if callable(hints) else hints).items():
        for one in wrong if isinstance(wrong, list) else [wrong]:
            if is_same(value, one) and (expected is None or not is_same(expected, one)):
                return sentence
    if isinstance(value, np.ndarray) and np.shape(value) == np.shape(expected):
        off, size = np.abs(value - expected).max(initial=0.0), np.abs(expected).max(initial=0.0)
        return CLOSE if off <= 1e-6 * size else ""
    return ""


def is_same(value: Any, wrong: Any) -> bool:
    """Whether two values are equal: ints and strings exactly, arrays and numbers to a millionth."""
    if isinstance(value, (int, str)) and isinstance(wrong, (int, str)):  # ints may be too large for floats
        return value == wrong
    return np.shape(value) == np.shape(wrong) and np.allclose(value, wrong, rtol=1e-6, atol=1e-9)
