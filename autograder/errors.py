"""The errors that end a `homework` command with a sentence instead of a traceback."""


class HomeworkError(Exception):
    """Something that the user can put right. The message is one sentence that says what to do."""

    status = 2


class FellShortError(HomeworkError):
    """Something built, graded or verified is not as it has to be."""

    status = 1
