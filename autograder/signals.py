"""Signals that end a command. They raise an exception, but never during set-up or cleanup.

with stopped_by_signals():  # from here on, a signal raises Stopped
    with held():  # here it waits
        ...
        with released():  # here it does not wait
            ...
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_holds = 0
_arrived: int | None = None


class Stopped(KeyboardInterrupt):
    """Raised by a signal.

    number : the number of the signal.
    """

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let the first signal raise Stopped. Later signals are ignored: they would disturb the cleanup."""
    global _arrived
    before = {}
    for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup and background shells ignore some signals
            before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _arrived = None


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back a signal. It raises Stopped at the end of the block, or in a `released` block.

    In other threads than the main one, nothing is held back, because no signal arrives there.
    """
    global _holds
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, _holds = _holds, _holds + 1
    try:
        yield
    finally:
        _holds = before
        _stop_now()


@contextlib.contextmanager
def released() -> Iterator[None]:
    """Hold back nothing inside this block."""
    global _holds
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, _holds = _holds, 0
    try:
        _stop_now()
        yield
    finally:
        _holds = before


def _stop(number: int, _: FrameType | None) -> None:
    global _arrived
    if _arrived is None:
        _arrived = number
        _stop_now()


def _stop_now() -> None:
    if _arrived is not None and not _holds:
        raise Stopped(_arrived)
