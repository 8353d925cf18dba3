"""What a call of a student's function may take: processor time, and lines of Python that run."""

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

    lines : how many lines of Python it may run, see `line_limit`; None for any number.
    seconds : of processor time, after which it is stopped; None where that is a backstop only.
    """

    lines: int | None = None
    seconds: float | None = None


NO_LIMITS = CallLimits()


def most_lines(lines: int) -> CallLimits:
    """The limits of a call whose lines are counted: it has so much time that the count ends it first."""
    return CallLimits(lines, seconds=6 * SECONDS)


class _Interrupt(BaseException):
    """Ends a function that is out of time; not an Exception, so that `except Exception` lets it by."""


@contextmanager
def time_limit(name: str, seconds: float) -> Iterator[None]:
    """Raise OutOfTime where the block takes more processor time than that, or far more by the clock.

    Only this thread's processor time counts, so that a threaded BLAS does not matter, and a busy machine only
    where it leaves less than a tenth of its time, and after `PATIENCE`.
    Where there are no timer signals (on Windows, outside the main thread) the block runs to its end,
    and is judged then.
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
        raise OutOfTime(f"{name} did not finish within {seconds:g} s.") from None


@contextmanager
def line_limit(name: str, lines: int | None) -> Iterator[None]:
    """Raise TooSlow where the block runs more lines of Python than that, in whatever functions.

    A line counts each time that it runs; work within NumPy counts nothing. Unlike time, the count is the
    same on every machine.
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
        if count <= lines:  # it is time that ran out
            raise
    finally:
        kept = sys.gettrace() is trace
        sys.settrace(before)
    if count > lines:
        raise TooSlow(f"{name} was stopped after {lines:,} lines of Python.")
    if not kept:
        raise Incorrect(f"{name} calls sys.settrace, which counts its lines here. Leave that alone.")
