"""The errors that end a `homework` command with a sentence instead of a traceback."""

import traceback


class HomeworkError(Exception):
    """Something that the user can put right. The message is one sentence that says what to do."""

    status = 2


class FellShortError(HomeworkError):
    """Something built, graded or verified is not as it has to be."""

    status = 1


def fault(error: Exception) -> str:
    """The sentence about an error that nobody expected."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__}: {error} ({where.filename}, line {where.lineno}). "
        "This is a fault in the program, or in a file of checks; fix or report it."
    )
