"""The questions and the checks of an assignment, with their points."""

from __future__ import annotations

from dataclasses import replace

from autograder.builder.sources import Cell, Problem, Question, read_problem
from autograder.errors import HomeworkError
from autograder.hidden_checks import hidden
from autograder.settings import Settings, nearest
from checking import Check
from checking.registry import RegistryError, order
from public_checks import public

Checks = dict[str, list[Check]]


def load_assignment(settings: Settings) -> tuple[list[Problem], Checks]:
    """Read the problems of an assignment and its checks, with the points that its settings give them.

    Raises
    ------
    HomeworkError
        If a source is missing or invalid, or the settings do not fit the questions.
    """
    problems = [read_problem(name) for name in settings.problems]
    checks = load_checks(problems)
    questions = {question.name for problem in problems for question in problem.questions}
    where = f"[assignments.{settings.name}"
    if not questions:
        raise HomeworkError(f"{where}] in homework.toml has no questions; add a problem that has some.")
    for name in settings.points:
        if name not in questions:
            raise HomeworkError(
                f"{where}.points] in homework.toml has the unknown question {name!r}; "
                f"{nearest(name, questions)}"
            )
    return (
        [replace(p, cells=[_with_points(cell, settings.points) for cell in p.cells]) for p in problems],
        {name: _shared(found, settings.points.get(name)) for name, found in checks.items()},
    )


def load_checks(problems: list[Problem]) -> Checks:
    """The checks of each question, public ones first.

    Raises
    ------
    HomeworkError
        If the checks do not fit the questions.
    """
    found: Checks = {q.name: [] for p in problems for q in p.questions if not q.manual}
    functions = {f for p in problems for q in p.questions for f in q.functions}
    for check in _registered(problems):
        module = check.function.__module__
        if check.question not in found:
            raise HomeworkError(
                f"{module} checks {check.question}, which is not a question with code of this problem; "
                "correct the name or write the question."
            )
        if check.name in {other.name for other in found[check.question]}:
            raise HomeworkError(
                f"{check.question} has two checks named {check.name}, a public and a hidden one; rename one."
            )
        for parameter in check.parameters:
            if parameter not in functions:
                raise HomeworkError(
                    f"{module}.{check.name} has the parameter {parameter}, which is not a function of this "
                    "assignment; correct it."
                )
        number = isinstance(check.points, (int, float)) and not isinstance(check.points, bool)
        if not number or not 0 < check.points < 1e6:
            raise HomeworkError(f"{module}.{check.name} needs points, a positive number.")
        found[check.question].append(check)
    _expect_uses(found)
    for question, checks in found.items():
        for kind in {True, False} - {check.hidden for check in checks}:
            raise HomeworkError(
                f"{question} has no {'hidden' if kind else 'public'} check; "
                f"write one in {'autograder/hidden' if kind else 'assignments/public'}_checks."
            )
    return found


def _expect_uses(found: Checks) -> None:
    """Raise a HomeworkError if a declaration of `uses` is wrong.

    It may name questions of a problem of which this assignment has no question.
    """
    problems = {order(question)[0] for question in found}
    for question in found:
        for name in public.uses_of(question):
            if name not in found and order(name)[0] in problems:
                raise HomeworkError(
                    f"uses({question!r}, ...) names {name}, which is not a question with code; correct it."
                )
            if order(name) >= order(question):
                raise HomeworkError(f"uses({question!r}, {name!r}): {name} does not come earlier; swap them.")


def _registered(problems: list[Problem]) -> list[Check]:
    """All checks in the modules of the problems."""
    try:
        for name in (question.name for problem in problems for question in problem.questions):
            hidden.load(name)
        every = public.registered() + hidden.registered()
    except RegistryError as error:
        raise HomeworkError(str(error)) from None
    except Exception as error:
        raise HomeworkError(f"The checks cannot be imported: {error!r}.") from None
    modules = {problem.name for problem in problems}
    return [check for check in every if check.function.__module__.rpartition(".")[2] in modules]


def _with_points(cell: Cell, points: dict[str, float]) -> Cell:
    """A written question with its points; another cell unchanged."""
    if isinstance(cell, Question) and cell.manual:
        return replace(cell, points=points.get(cell.name, cell.points))
    return cell


def _shared(checks: list[Check], points: float | None) -> list[Check]:
    """The checks of a question that together are worth the points, in the same proportions."""
    if points is None:
        return checks
    share = points / sum(check.points for check in checks)
    return [replace(check, points=round(check.points * share, 10)) for check in checks]
