"""The ways a check can fail: one class for each, with a sentence for the student.

Otter shows a failed check as "<class>: <sentence>", so the classes have names that students can read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

SAME_RESULT = "This mistake gives the same result: "  # before the name of a mistake
WORD_JOINER = "\u2060"


def html_safe(text: str) -> str:
    """Make text read the same as HTML and as plain text.

    Otter puts messages into HTML without escaping them, and also prints them as plain text. An invisible
    character after `<` and `&` keeps a browser from reading markup.
    """
    return re.sub(r"([<&])(?=[A-Za-z/!?#])", rf"\1{WORD_JOINER}", text)


class CheckFailure(AssertionError):
    """A check did not pass. The message is one or more sentences for the student.

    explain : makes a longer message that also says what may have gone wrong; this takes longer.
    """

    def __init__(self, message: str, explain: Callable[[], str] | None = None):
        super().__init__(html_safe(message))
        self._explain = explain

    def explained(self) -> CheckFailure:
        """The failure with the longer message, if it has one. Raises what `explain` raises."""
        if self._explain is None:
            return self
        with np.errstate(all="ignore"):  # whatever the notebook has set
            return type(self)(self._explain())

    def with_note(self, note: str) -> CheckFailure:
        """The failure with one more line at the end of its message."""
        return type(self)(f"{self}\n{note}")


class NotAttempted(CheckFailure):
    """The function is missing, or still the stub."""


class Incorrect(CheckFailure):
    """The function returned something wrong."""


class Raised(CheckFailure):
    """The function raised an exception."""


class OutOfTime(CheckFailure):
    """The function did not return in time."""


class NotCalled(OutOfTime):
    """The function was not called, because other calls used up all of the time."""


class TooSlow(CheckFailure):
    """The function takes longer than a right answer needs, in lines of Python or beside a yardstick."""


for _failure, _name in (
    (NotAttempted, "Not attempted"),
    (Raised, "Error"),
    (OutOfTime, "Out of time"),
    (NotCalled, "Not called"),
    (TooSlow, "Too slow"),
):
    _failure.__name__ = _name
