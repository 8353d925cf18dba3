"""Limits the time of a call, relative to a function that is timed at the same moment."""

import time
from collections.abc import Callable
from typing import Any

from checking import OutOfTime, TooSlow
from checking.boundary import Proxy
from checking.expectations import Answer, expect
from checking.limits import CallLimits


def expect_no_longer(
    times: int, yardstick: Callable[..., Any], what: str, function: Proxy, /, **arguments: Any
) -> Answer:
    """Call a student's function, which may take as long as `times` calls of a yardstick.

    Parameters
    ----------
    times : int
        Right answers should take less than a tenth of the allowed time, wrong answers more than ten times
        as long.
    yardstick : function
        It is timed immediately before the call, with the same arguments.
    what : str
        What the yardstick computes, such as "the loss".
    function : Proxy
        The student's function.
    **arguments
        The arguments of both functions.

    Raises
    ------
    TooSlow
        If the function takes longer.
    """
    took = []
    for _ in range(3):
        began = time.thread_time()
        yardstick(*arguments.values())
        took.append(time.thread_time() - began)
    try:
        return expect(function, limits=CallLimits(seconds=times * min(took)), **arguments)
    except OutOfTime:
        raise TooSlow(
            f"{function.name} takes longer than {times:,} evaluations of {what}. Does it evaluate {what} for "
            "each entry?"
        ) from None
