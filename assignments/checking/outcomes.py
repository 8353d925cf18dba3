"""What can become of a check, other than that it passes: one class an outcome, with a sentence.

Otter shows a failed check as "<class>: <sentence>", so the classes have names that students can read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

WORD_JOINER = "\u2060"


def html_safe(text: str) -> str:
    """Make text read the same as HTML and as plain text.

    Otter puts messages into HTML as they are, and prints the same ones as plain text. An invisible
    character after `<` and `&` keeps a browser from reading them as the start of markup.
    """
    return re.sub(r"([<&])(?=[A-Za-z/!?#])", rf"\1{WORD_JOINER}", text)


class CheckFailure(AssertionError):
    """A check did not pass. The message is one or more sentences for the student.

    explain : works out a longer message, which also says what may have gone wrong; that takes longer.
    """

    def __init__(self, message: str, explain: Callable[[], str] | None = None):
        super().__init__(html_safe(message))
        self._explain = explain

    def explained(self) -> CheckFailure:
        """The failure with the longer message, if there is one."""
        if self._explain is None:
            return self
        try:
            with np.errstate(all="ignore"):  # whatever the notebook has set
                return type(self)(self._explain())
        except Exception:  # the function fails in another way when it is called again
            return self


class NotAttempted(CheckFailure):
    """The function is missing, or still the stub."""


class Incorrect(CheckFailure):
    """The function returned, but not what it should have."""


class Raised(CheckFailure):
    """The function raised an exception."""


class OutOfTime(CheckFailure):
    """The function did not return, and was given up."""


class NotCalled(OutOfTime):
    """The function was not called, because other calls have used up all of the time."""


class TooSlow(CheckFailure):
    """The function takes longer than a right answer needs: in lines of Python, or beside a yardstick."""
