"""Times of deadlines: how they are written, and how they are read out."""

from __future__ import annotations

from datetime import datetime


def parse_time(text: str) -> datetime:
    """A time in ISO format, such as 2026-11-20T23:59; raises a ValueError that says so if it is none."""
    try:
        time = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        time = None
    if time is None or ":" not in text:  # a date alone does not say when
        raise ValueError("must be a time such as '2026-11-20T23:59'")
    return time


def zoned(time: datetime) -> datetime:
    """The time in its own time zone, or else in this machine's."""
    return time if time.tzinfo else time.astimezone()


def spoken_time(time: datetime) -> str:
    """A time for people, such as "Friday, November 20, 2026, 23:59", with its time zone if it has one."""
    zone = "" if time.tzinfo is None else time.strftime(" (%Z)")
    return f"{time:%A}, {time:%B} {time.day}, {time.year}, {time:%H:%M}{zone}"
