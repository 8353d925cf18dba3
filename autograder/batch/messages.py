"""The messages of failed checks, as the pages show them."""

from __future__ import annotations

import re

from autograder.grading.process import CheckResult
from checking.outcomes import SAME_RESULT, NotAttempted

LONGEST = 4000
# Otter's words around a message, and the class of the failure.
_AROUND = re.compile(r"\A[^\n]*Test case failed\nError at line \d+ in test [^\n]*\n[^\n]*\n")
_CLASS = re.compile(r"\A[A-Z][a-z ]*: ")
_FOLLOWS = re.compile(
    r"^This may come from (.+?), which fails its own checks: fix that first\.$", re.MULTILINE
)
# Signs that cannot be seen or that turn the direction of the text; U+2060 keeps `<` from starting a tag.
_JOINER = "\u2060"
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str, longest: int = LONGEST) -> str:
    """Text of a submission without signs that cannot be seen, cut if it is long."""
    shown = _UNSEEN.sub("\ufffd", text[: longest + 1].replace("\r\n", "\n").replace(_JOINER, ""))
    return shown if len(text) <= longest else f"{shown[:longest]}\n... (cut here)"


def said(check: CheckResult) -> str:
    """The message of a failed check, without the words of Otter and without the name of the mistake."""
    message, found = _AROUND.subn("", check.message)
    if found:
        message = _CLASS.sub("", message)
    if check.mistake:
        message = message.removesuffix(f"{SAME_RESULT}{check.mistake}.")
    return plain(message.strip())


def follows_from(check: CheckResult) -> str:
    """The earlier question that a failed check says to fix first, such as "Question 3(a)"; or empty."""
    found = _FOLLOWS.search(check.message)
    return found[1] if found else ""


def attempted(check: CheckResult) -> bool:
    """Whether the check found an answer to judge."""
    return check.passed or not _AROUND.sub("", check.message).startswith(f"{NotAttempted.__name__}: ")
