"""The table of problems, questions, points and checks, which is `docs/checks.md`."""

from __future__ import annotations

from autograder.builder.checks import load_assignment
from autograder.builder.sources import Problem, Question
from autograder.settings import assignment_names, read_settings
from checking import Check
from checking.registry import spoken

START = """# Problems, questions and checks

`homework overview > docs/checks.md` prints this page from the registry of checks; a test compares the two.
Students have the public checks; hidden checks run only in grading. Graded results show each check by the
words in this table.
"""


def overview() -> str:
    """The page in Markdown: the questions of each problem, and what their checks test."""
    return "\n".join([START, *(_assignment(name) for name in assignment_names())])


def _assignment(name: str) -> str:
    settings = read_settings(name)
    problems, checks = load_assignment(settings)
    parts = [f"## `{name}`: {settings.title}\n"]
    for problem in problems:
        automatic = sum(c.points for q in problem.questions for c in checks.get(q.name, []))
        by_hand = sum(q.points for q in problem.questions if q.manual)
        parts.append(f"### {_title(problem)}\n\n{automatic:g} points by checks, {by_hand:g} by hand.\n")
        parts.append("| question | points | check | points of the check |\n|---|---|---|---|")
        parts += [_question(question, checks.get(question.name, [])) for question in problem.questions]
        parts.append("")
    return "\n".join(parts)


def _title(problem: Problem) -> str:
    lines = "\n".join(problem.texts).splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), problem.name)


def _question(question: Question, checks: list[Check]) -> str:
    """The rows of a question: one per check, or a single one for a written answer."""
    if question.manual:
        return _row(spoken(question.name), f"{question.points:g}", "written answer, by its rubric", "")
    names = ", ".join(f"`{function}`" for function in question.functions)
    first = [f"{spoken(question.name)}: {names}", f"{sum(c.points for c in checks):g}"]
    rows = []
    for check in checks:
        kind = "hidden" if check.hidden else "public"
        rows.append(_row(*first, check.title.replace("|", "\\|"), f"{check.points:g} {kind}"))
        first = ["", ""]
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
