"""Writes the first cell of a notebook: its title, and what its settings say about points and dates."""

from __future__ import annotations

import re

from autograder.builder.checks import Checks
from autograder.builder.sources import Problem
from autograder.settings import Late, Settings
from autograder.times import spoken_time
from checking.registry import spoken

HOURS = re.compile(r"\*\*Plan (\d+)(?: to (\d+))? hours?\.\*\*")


def heading(settings: Settings, problems: list[Problem], checks: Checks) -> str:
    """The title of an assignment, its points, the hours to plan, and when it is due."""
    lines = [_points(problems, checks)]
    hours = _hours(problems)
    if hours:
        lines.append(f"**{hours}** of work.")
    if settings.deadline is not None:
        lines.append(f"**Due {spoken_time(settings.deadline)}.** {_late(settings.late)}".rstrip())
    return "\n".join([f"# {settings.title}\n", *(f"- {line}" for line in lines)])


def _points(problems: list[Problem], checks: Checks) -> str:
    """A sentence about all points: by which checks, and for which written answers."""
    every = [check for found in checks.values() for check in found]
    written = [question for problem in problems for question in problem.questions if question.manual]
    public, hidden = (sum(check.points for check in every if check.hidden == kind) for kind in (False, True))
    by_hand = sum(question.points for question in written)
    said = (
        f"**{public + hidden + by_hand:g} points**: {public:g} for public checks, {hidden:g} for hidden ones"
    )
    if not written:
        return f"{said}."
    names = [spoken(question.name).removeprefix("Question ") for question in written]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{said}, {by_hand:g} for the written answer{'s' * (len(names) > 1)} {listed}."


def _hours(problems: list[Problem]) -> str:
    """The sum of the hours that the problems say to plan; empty if one does not say it."""
    found = [HOURS.search("\n".join(problem.texts)) for problem in problems]
    if not all(found):
        return ""
    least = sum(int(match[1]) for match in found if match)
    most = sum(int(match[2] or match[1]) for match in found if match)
    return f"{least} hours" if least == most else f"{least} to {most} hours"


def _late(late: Late | None) -> str:
    """What lateness costs, for students; nothing if the course has no rule."""
    if late is None:
        return ""
    said = f"After that, each day that has begun costs {late.percent_per_day:g} percent of your points"
    if late.days is None:
        return f"{said}."
    return f"{said}. More than {late.days} day{'s' * (late.days > 1)} late, you get no points."
