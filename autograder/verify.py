"""The proof that the checks catch every known mistake and pass every right answer.

No kernel is needed: the checks run on a namespace in this process, through the usual boundary.
"""

from __future__ import annotations

import contextlib
import io
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from traceback import extract_tb
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.builder.checks import Checks, load_checks
from autograder.builder.namespace import execute, namespace
from autograder.builder.sources import Problem, read_problem
from autograder.errors import FellShortError, HomeworkError
from autograder.faults import EntryResult, fault_of_mistake, listed, remark_on_mistake
from autograder.files import ROOT, relative
from autograder.hidden_checks import hidden
from autograder.mistakes import Entry, entries
from autograder.mistakes.naming import mistake_in
from autograder.settings import nearest, problem_names, read_all_settings, read_secret
from checking import Check, CheckFailure
from checking.boundary import Submission


@dataclass
class Verification:
    """The results of the reference, the template, every mistake and every variant of an assignment."""

    assignment: str
    points: dict[str, float]
    reference: EntryResult
    template: EntryResult
    mistakes: list[EntryResult]
    variants: list[EntryResult]

    @property
    def faults(self) -> list[EntryResult]:
        every = [self.reference, self.template, *self.mistakes, *self.variants]
        return [result for result in every if result.fault]

    @property
    def remarks(self) -> list[EntryResult]:
        return [result for result in self.mistakes if result.remark]


def verify(name: str, secret: str | None = None) -> Verification:
    """Run all checks of an assignment on the reference, the template, each mistake and each variant.

    name : an assignment, or a problem, whether it is part of an assignment or not.
    secret : the source of the inputs of hidden checks; None for the project's own.
    """
    problems, checks = _prepared(name)
    secret = read_secret() if secret is None else secret  # once, not for each mistake
    points = {q: sum(c.points for c in cs) for q, cs in checks.items()}
    every = [entry for problem in problems for entry in _entries(problem)]
    for entry in every:
        if entry.question not in checks:
            raise HomeworkError(
                f"The mistake '{entry.name}' belongs to {entry.question}, "
                f"which is not a question with code of {name}; correct it."
            )
    for question in set(checks) - {entry.question for entry in every if not entry.right}:
        raise HomeworkError(f"{question} has no mistake in autograder/mistakes; write a wrong answer.")

    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        reference, template = processes.map(partial(_grade_all, name, secret=secret), (False, True))
        # One question at a time: naming one of its mistakes needs the results of all of them.
        of_questions = [[p for p in every if p.question == question] for question in checks]
        graded = processes.map(partial(_grade_entries, name, secret=secret), of_questions)
        every = [entry for entries in of_questions for entry in entries]
        results = [result for results in graded for result in results]
    if reference.lost:
        reference.fault = f"loses points in {listed(reference.lost)}"
    if template.lost != points:
        template.fault = "earns points"
    mistakes = [o for o, entry in zip(results, every, strict=True) if not entry.right]
    variants = [o for o, entry in zip(results, every, strict=True) if entry.right]
    return Verification(name, points, reference, template, mistakes, variants)


def _grade_all(name: str, blank: bool, secret: str | None = None) -> EntryResult:
    """Run all checks on the reference solution, or on the blank template."""
    _use(secret)
    problems, checks = _prepared(name)
    result = EntryResult("blank template" if blank else "reference solution", "all")
    return grade(result, namespace(problems, blank=blank), checks)


def _grade_entries(name: str, entries: list[Entry], secret: str | None) -> list[EntryResult]:
    return [grade_entry(name, entry, secret) for entry in entries]


def _use(secret: str | None) -> None:
    """Derive the inputs of hidden checks from a secret; without one, from the project's own."""
    hidden.secret = read_secret() if secret is None else secret


@cache
def _prepared(name: str) -> tuple[list[Problem], Checks]:
    """The problems and the checks of an assignment, or of one problem. Points are those of the checks."""
    known = {problem: [problem] for problem in problem_names()}
    known |= {settings.name: settings.problems for settings in read_all_settings()}
    if name not in known:
        raise HomeworkError(f"There is no assignment and no problem named {name}; {nearest(name, known)}")
    problems = [read_problem(problem) for problem in known[name]]
    return problems, load_checks(problems)


class _Noting(dict[str, Any]):
    """A namespace that notes the names looked up in it, also by functions whose globals it is."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.noted.add(key)
        return super().__getitem__(key)


@cache
def _names_in_use(name: str) -> dict[Check, set[str]]:
    """For each check, the names that it or the reference looks up while it runs."""
    problems, checks = _prepared(name)
    names, found = _Noting(), {}
    namespace(problems, names=names)
    for check in (check for every in checks.values() for check in every):
        names.noted = set()
        check.apply(Submission(names), names.noted)
        found[check] = names.noted
    return found


def grade_entry(name: str, entry: Entry, secret: str | None = None) -> EntryResult:
    """Run the checks of a problem on the reference, with one of its functions replaced.

    The other problems are not needed: no reference solution calls a function of another problem. A check that
    looks up no name of the entry would pass as on the reference, so it does not run.

    secret : as for `verify`.
    """
    _use(secret)
    problems, checks = _prepared(name)
    (problem,) = [p for p in problems if entry.question in [q.name for q in p.questions]]
    (question,) = [q for q in problem.questions if q.name == entry.question]
    names = namespace([problem])
    before = dict(names)
    execute(entry.source, names)
    new = {key for key, value in names.items() if before.get(key) is not value}
    touched = {
        q.name: [check for check in checks.get(q.name, []) if _names_in_use(name)[check] & new]
        for q in problem.questions
    }
    result = grade(EntryResult(entry.name, entry.question), names, touched)
    if entry.right:
        result.fault = f"loses points in {listed(result.lost)}" if result.lost else ""
        return result
    result.named = entry.says is not None
    in_grading = mistake_in(entry.question, checks[entry.question], Submission(names))
    result.fault = fault_of_mistake(result, entry, question.text.source, in_grading)
    result.remark = remark_on_mistake(result, entry)
    return result


def grade(result: EntryResult, names: dict[str, Any], checks: Checks) -> EntryResult:
    """Run all checks on the names that a notebook defines, and record the lost points in the result."""
    submission = Submission(names)
    for check in (c for cs in checks.values() for c in cs):
        try:
            failure = _failure_of(check, submission)
        except Exception as error:
            module = check.function.__code__.co_filename
            lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == module]
            raise FellShortError(
                f"The check {check.name} of {check.question} raised {error!r} on '{result.name}', in line "
                f"{lines[-1] if lines else '?'} of {relative(Path(module))}; "
                "a check must raise a CheckFailure that says what is wrong."
            ) from error
        if failure is not None:
            question = check.question
            result.lost[question] = result.lost.get(question, 0) + check.points
            result.failed.setdefault(question, []).append(check.name)
            said = f"{type(failure).__name__}: {failure}"
            result.messages.setdefault(question, []).append(said)
            if not check.hidden:
                result.public_messages.setdefault(question, []).append(said)
    return result


def _failure_of(check: Check, submission: Submission) -> CheckFailure | None:
    """The failure of a check with its whole message, or None if the check passes."""
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            check.apply(submission)
    except CheckFailure as failure:
        return failure.explained()
    return None


def report(verification: Verification, console: Console, strict: bool = False) -> bool:
    """Print a table of the mistakes, all faults and all remarks; return whether there are no faults.

    strict : whether there may be no remarks either.
    """
    table = Table(title=f"{verification.assignment}: mistakes")
    table.add_column("question")
    table.add_column("mistake", min_width=30)
    table.add_column("lost", justify="right", no_wrap=True)
    table.add_column("named", no_wrap=True)
    table.add_column("first failed check")
    for result in verification.mistakes:
        said = result.messages.get(result.question, ["nothing"])[0].splitlines()[0]
        lost, of = result.lost.get(result.question, 0), verification.points[result.question]
        where = "by public checks" if result.named else "when graded"
        table.add_row(result.question, Text(result.name), f"{lost:g} of {of:g}", where, Text(said))
    console.print(table)
    faults, full = verification.faults, sum(verification.points.values())
    reference, template = (
        full - sum(result.lost.values()) for result in (verification.reference, verification.template)
    )
    console.print(
        f"{verification.assignment}: reference solution {reference:g} of {full:g}, "
        f"blank template {template:g}; "
        f"{_counted(verification.mistakes, 'mistake')}, "
        f"{_counted(verification.variants, 'correct variant')}, {len(faults)} with faults. "
        f"Public checks name {sum(result.named for result in verification.mistakes)} of the mistakes; "
        "graded results name every mistake that fails a hidden check."
    )
    for result in faults:
        console.print(f"  {result.question}, '{result.name}': {result.fault}", markup=False)
        for message in [m for ms in result.messages.values() for m in ms][:3]:
            console.print(f"    {message}", markup=False)
    for result in verification.remarks:
        console.print(f"  remark: {result.question}, '{result.name}': {result.remark}", markup=False)
    return not faults and not (strict and verification.remarks)


def _counted(results: list[EntryResult], what: str) -> str:
    return f"{len(results)} {what}{'' if len(results) == 1 else 's'}"


def _entries(problem: Problem) -> list[Entry]:
    file = f"autograder/mistakes/{problem.name}.py"
    if not (ROOT / file).is_file():
        raise HomeworkError(f"There is no file {file}; write some wrong answers first.")
    try:
        return entries(problem.name)
    except Exception as error:
        raise HomeworkError(f"{file} cannot be imported: {error!r}.") from None
