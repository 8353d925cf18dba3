"""The folder of the project, and how source files are read."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import HomeworkError

ROOT = Path(__file__).resolve().parents[1]


def read_text(path: Path) -> str:
    """Read a source file; raise a HomeworkError if it is missing or cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HomeworkError(f"There is no file {relative(path)}; write it first.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HomeworkError(f"{relative(path)} cannot be read: {error}.") from None


def relative(path: Path) -> str:
    """A path for messages, relative to the project's top folder."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
