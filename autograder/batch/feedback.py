"""Pages for students."""

from autograder.batch.records import Record


def feedback_page(record: Record, title: str, show_hidden: bool) -> str:
    """A page."""
    return f"{title} {record.name} {show_hidden}"
