"""Rules that many questions have: the dtype of results, and the cost of a call in lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from checking.boundary import Proxy
from checking.expectations import Answer, expect
from checking.limits import most_lines
from checking.outcomes import TooSlow
from checking.traces import of_dtype


def _itself(answer: Answer) -> list[Answer]:
    return [answer]


def expect_dtypes(
    function: Proxy,
    right: Callable[..., Any],
    /,
    parts: Callable[[Answer], Iterable[Answer]] = _itself,
    labels: Iterable[str] = (),
    **arguments: Any,
) -> None:
    """Expect float32 results for arrays of float32, and float64 results for arrays of integers.

    Parameters
    ----------
    function : the student's function, or a program.
    right : computes the right result from the arguments in float64, or some of its parts, by name. A wrong
        answer earns nothing for its dtype.
    parts : takes the answer apart, if it is not one array.
    labels : the names of arrays that keep their dtype.
    arguments : the arguments, with arrays of integers.

    Raises
    ------
    Incorrect : a result has another dtype, or is wrong.
    """

    def given(dtype: type) -> dict[str, Any]:
        return {name: v if name in labels else of_dtype(v, dtype, "i") for name, v in arguments.items()}

    for dtype, of_results in ((np.float32, np.float32), (np.int64, np.float64)):
        answers = [part.of_dtype(of_results) for part in parts(expect(function, **given(dtype)))]
    known = right(*given(np.float64).values())
    expect_about(answers, known if isinstance(known, dict) else {"the result": known})


def expect_about(parts: Iterable[Answer], right: Mapping[str, Any]) -> None:
    """Expect that some parts of an answer have about the right values, by name."""
    for part in parts:
        if part.name in right:
            expected = np.asarray(right[part.name])
            part.close(expected, within=1e-3 * np.abs(expected).max(initial=1.0))


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
