"""What a call may cost, by a yardstick that is timed at the same moment."""

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
    """Call a student's function, and allow it the time of many calls of another one.

    times, yardstick : how many calls, and the function, which is timed here and now with the same arguments.
        Right answers should take less than a tenth of that time, and wrong ones more than ten times as much.
    what : words for what the yardstick computes, such as "the loss".

    Errors: TooSlow where it takes longer.
    """
    took = []
    for _ in range(5):
        began = time.thread_time()
        yardstick(*arguments.values())
        took.append(time.thread_time() - began)
    try:
        return expect(function, limits=CallLimits(seconds=times * min(took)), **arguments)
    except OutOfTime:
        raise TooSlow(
            f"{function.name} takes longer than {times:,} evaluations of {what}. Does it evaluate {what} for "
            "each entry that it differentiates by?"
        ) from None
