"""How far checks go to explain what is wrong, which takes more time than to find that something is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_names: ContextVar[bool] = ContextVar("names", default=True)
_again: ContextVar[bool] = ContextVar("again", default=False)


@contextmanager
def without_names() -> Iterator[None]:
    """For as long as this lasts, `expect_derivative` says what is wrong, but does not look for its name."""
    token = _names.set(False)
    try:
        yield
    finally:
        _names.reset(token)


def names_are_wanted() -> bool:
    """Whether a check looks for the name of what is wrong."""
    return _names.get()


@contextmanager
def same_calls_again() -> Iterator[None]:
    """For as long as this lasts, a call need not be made that was made before with these arguments.

    This is for a search that only explains what is known to be wrong.
    """
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)


def need_not_call_again() -> bool:
    """Whether the answer to an earlier call with the same arguments will do."""
    return _again.get()
