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
from typing import NoReturn

ENDS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


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
    before = {number: signal.getsignal(number) for number in ENDS}
    for number in ENDS:
        if before[number] != signal.SIG_IGN:  # as nohup and shells in the background leave it
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def held() -> contextlib.AbstractContextManager[None]:
    """Let a signal wait until the end of this, or until it is released."""
    return _masked(signal.SIG_BLOCK)


def released() -> contextlib.AbstractContextManager[None]:
    """Hold nothing back in here."""
    return _masked(signal.SIG_UNBLOCK)


@contextlib.contextmanager
def _masked(how: int) -> Iterator[None]:
    before = signal.pthread_sigmask(how, ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for other in ENDS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
