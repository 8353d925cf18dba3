"""Rules that many questions have: the dtype of results, and the cost of a call in lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from checking.boundary import Proxy
from checking.expectations import Answer, expect
from checking.limits import most_lines
from checking.outcomes import TooSlow


def _itself(answer: Answer) -> list[Answer]:
    return [answer]


def expect_dtypes(
    function: Proxy,
    /,
    parts: Callable[[Answer], Iterable[Answer]] = _itself,
    labels: Iterable[str] = (),
    **arguments: Any,
) -> None:
    """Expect float32 results for arrays of float32, and float64 results for arrays of integers.

    Parameters
    ----------
    function : the student's function, or a program.
    parts : takes the answer apart, if it is not one array.
    labels : the names of arrays that keep their dtype.
    arguments : the arguments, with arrays of integers.

    Raises
    ------
    Incorrect : a result has another dtype. Its values do not matter.
    """
    for dtype, right in ((np.float32, np.float32), (np.int64, np.float64)):
        given = {name: v if name in labels else _of_dtype(v, dtype) for name, v in arguments.items()}
        for part in parts(expect(function, **given)):
            part.of_dtype(right)


def _of_dtype(value: Any, dtype: type) -> Any:
    """An array, or a list of arrays, with this dtype. Everything else stays as it is."""
    if isinstance(value, list):
        return [_of_dtype(item, dtype) for item in value]
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def expect_few_lines(lines: int, question: str, function: Proxy, /, **arguments: Any) -> Answer:
    """Call a student's function, which may run so many lines of Python.

    Parameters
    ----------
    lines : right answers should run a third of them at most, wrong answers more than twice as many.
    question : what to ask a student whose answer runs more.
    function : the student's function, or a program.
    arguments : its arguments.

    Raises
    ------
    TooSlow : it runs more lines.
    """
    try:
        return expect(function, limits=most_lines(lines), **arguments)
    except TooSlow as failure:
        raise TooSlow(f"{failure} {question}") from None
