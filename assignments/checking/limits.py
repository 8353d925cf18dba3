"""Limits of a call of a student's function: processor time, and the number of lines of Python that run."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from checking.outcomes import Incorrect, OutOfTime, TooSlow

SECONDS = 5.0  # of processor time; right answers take less than a tenth
PATIENCE = 10.0  # seconds by the clock


@dataclass(frozen=True)
class CallLimits:
    """What a call may take.

    lines : the number of lines of Python that may run, see `line_limit`; None for any number.
    seconds : processor time after which the call is stopped; None for the usual limit.
    """

    lines: int | None = None
    seconds: float | None = None


NO_LIMITS = CallLimits()


def most_lines(lines: int) -> CallLimits:
    """Limit the lines of a call, with so much time that the lines run out first."""
    return CallLimits(lines, seconds=6 * SECONDS)


class _Interrupt(BaseException):
    """Ends a function that is out of time. `except Exception` does not catch it."""


@contextmanager
def time_limit(name: str, seconds: float) -> Iterator[None]:
    """Raise OutOfTime if the block takes more processor time than this, or far more time by the clock.

    Only the processor time of this thread counts, so a threaded BLAS does not matter. A busy machine matters
    only if it leaves the block less than a tenth of its time, and only after `PATIENCE`. Without timer
    signals (on Windows, or outside the main thread) the block runs to its end and is judged then. Python 3.10
    does not look at signals in a loop that begins with `try` and calls nothing.
    """
    began, began_clock = time.thread_time(), time.monotonic()

    def look(*_: object) -> None:
        used, passed = time.thread_time() - began, time.monotonic() - began_clock
        if used > seconds or passed > 10 * seconds + PATIENCE:
            raise _Interrupt

    timers = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if timers:
        before = signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        try:
            yield
        finally:
            if timers:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
        look()
    except _Interrupt:
        raise OutOfTime(
            f"{name} did not finish within {seconds:g} s. Is there a loop that never ends?"
        ) from None


@contextmanager
def line_limit(name: str, lines: int | None) -> Iterator[None]:
    """Raise TooSlow if the block runs more lines of Python than this, in any function.

    A line counts each time it runs; work inside NumPy does not count. Unlike time, the count is the same on
    every machine.
    """
    if lines is None:
        yield
        return
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        if count > lines:
            raise _Interrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    except _Interrupt:
        if count <= lines:  # time ran out
            raise
    finally:
        kept = sys.gettrace() is trace
        sys.settrace(before)
    if count > lines:
        raise TooSlow(f"{name} was stopped after {lines:,} lines of Python.")
    if not kept:
        raise Incorrect(f"{name} calls sys.settrace. Do not call it; this check uses it to count lines.")
