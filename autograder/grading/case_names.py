"""The names of Otter's test cases. Students read them above the result of each check."""

from __future__ import annotations

from checking import Check
from checking.outcomes import html_safe

_BEFORE, _AFTER = ": ", " \u2014"  # Otter writes "result:" after the name


def case_name(check: Check, number: int) -> str:
    """The name of the test case of a check, the `number`th of its question."""
    kind = "Hidden check" if check.hidden else "Check"
    points = f"{check.points:g} point{'' if check.points == 1 else 's'}"
    return f"{kind} {number} ({points}){_BEFORE}{html_safe(check.title)}{_AFTER}"


def title_of(name: str) -> str:
    """The title of a check, from the name of its test case."""
    return name.partition(_BEFORE)[2].removesuffix(_AFTER)
