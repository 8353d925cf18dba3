"""When a worker has had its time."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK = 0.05  # seconds between two looks at what a worker has taken


class Deadline:
    """A limit on a worker's processor time from now on, and on the clock.

    used : says how much of the former the worker has taken; it is asked only after LOOK.
    seconds : the limit on it; half as much again is still let pass, since the worker keeps it itself.
    patience : how many times as long it may take by the clock.
    """

    def __init__(self, used: Callable[[], float], seconds: float, patience: float):
        self._used, self._seconds = used, 1.5 * seconds + 0.5
        self._began: float | None = None
        self._clock = time.monotonic()
        self._longest = patience * seconds + 5
        self._look = self._clock + LOOK

    def due(self) -> bool:
        """Whether it is time to look again."""
        now = time.monotonic()
        if now < self._look:
            return False
        self._look = now + LOOK
        return True

    def passed(self) -> bool:
        """Whether the time is up."""
        used = self._used()
        if self._began is None:
            self._began = used
        return used - self._began > self._seconds or self.waited() > self._longest

    def waited(self) -> float:
        """Seconds by the clock."""
        return time.monotonic() - self._clock
