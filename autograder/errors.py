"""Errors that end a `homework` command with a sentence instead of a traceback."""

import traceback


class HomeworkError(Exception):
    """An error that the user can fix. The message is one sentence that says how."""

    status = 2


class FellShortError(HomeworkError):
    """A build, a grading or a verification failed."""

    status = 1


def fault(error: Exception) -> str:
    """The message for an unexpected error."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__}: {error} ({where.filename}, line {where.lineno}). "
        "This is a bug in this program or in a file of checks; fix or report it."
    )
