"""Signals that end a command: an exception, which never comes where something is set up or cleaned up.

with stopped_by_signals():  # from here on a signal raises Stopped
    with held():  # but here it waits
        ...
        with released():  # and here it does not
            ...
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_holds = 0
_arrived: int | None = None


class Stopped(KeyboardInterrupt):
    """A signal has come.

    number : which one.
    """

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let the first signal raise Stopped in here. Later ones do nothing: they would disturb the cleanup."""
    global _arrived
    before = {}
    for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup and shells in the background leave it
            before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _arrived = None


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold back a signal; it raises Stopped at the end of this, or where it is released."""
    global _holds
    before, _holds = _holds, _holds + 1
    try:
        yield
    finally:
        _holds = before
        _stop_now()


@contextlib.contextmanager
def released() -> Iterator[None]:
    """Hold nothing back in here."""
    global _holds
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
