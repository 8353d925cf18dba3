"""Verify: the proof that the checks catch every known mistake and pass every right answer.

No kernel is needed: the checks run on a namespace in this process, through the same boundary as always.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.builder.files import ROOT
from autograder.builder.master import load_checks
from autograder.builder.namespace import execute, namespace
from autograder.builder.settings import read_settings
from autograder.builder.sources import Problem, read_problem
from autograder.errors import FellShortError, HomeworkError
from autograder.hidden_checks import hidden
from autograder.mistakes import Entry, entries
from autograder.mistakes.naming import mistake_in
from checking import Check, CheckFailure
from checking.boundary import Submission

# How the names of checks end that are about changed arrays, or about the dtype of right values.
OF_ONE_FAULT = ("no_traces", "dtypes", "unusual_arrays", "whole_numbers")


@dataclass
class EntryResult:
    """How one submission did.

    lost : points lost, by question.
    failed : the names of the checks that failed, by question.
    messages : what the failed checks said, by question.
    public_messages : those of them that students get before they hand in.
    fault : what is not as it has to be; empty where all is well.
    named : whether a public check names the mistake.
    """

    name: str
    question: str
    lost: dict[str, float] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    public_messages: dict[str, list[str]] = field(default_factory=dict)
    fault: str = ""
    named: bool = False


@dataclass
class Verification:
    """What became of the reference, the template, every mistake and every variant of an assignment."""

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


def verify(name: str, secret: str | None = None) -> Verification:
    """Run all checks of an assignment on the reference, the template, each mistake and each variant.

    secret : what the inputs of hidden checks are derived from; None for the project's own.
    """
    problems, checks = _prepared(name)
    points = {q: sum(c.points for c in cs) for q, cs in checks.items()}
    every = [entry for problem in problems for entry in _entries(problem)]
    for entry in every:
        if entry.question not in checks:
            raise HomeworkError(
                f"The mistake '{entry.name}' is one of {entry.question}, "
                f"which is no question with code of {name}; correct it."
            )
    for question in set(checks) - {entry.question for entry in every if not entry.right}:
        raise HomeworkError(f"{question} has no mistake in autograder/mistakes; write down a wrong answer.")

    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        reference, template = processes.map(partial(_grade_all, name, secret=secret), (False, True))
        # A question at a time: whoever names one of its mistakes needs what all of them do.
        of_questions = [[p for p in every if p.question == question] for question in checks]
        graded = processes.map(partial(_grade_entries, name, secret=secret), of_questions)
        every = [entry for entries in of_questions for entry in entries]
        results = [result for results in graded for result in results]
    if reference.lost:
        reference.fault = f"loses points in {_listed(reference.lost)}"
    if template.lost != points:
        template.fault = "earns points"
    mistakes = [o for o, entry in zip(results, every, strict=True) if not entry.right]
    variants = [o for o, entry in zip(results, every, strict=True) if entry.right]
    return Verification(name, points, reference, template, mistakes, variants)


def _grade_all(name: str, blank: bool, secret: str | None = None) -> EntryResult:
    """Run all checks on the reference solution, or on the blank template."""
    _use(secret, name)
    problems, checks = _prepared(name)
    result = EntryResult("blank template" if blank else "reference solution", "all")
    return grade(result, namespace(problems, blank=blank), checks)


def _grade_entries(name: str, entries: list[Entry], secret: str | None) -> list[EntryResult]:
    return [grade_entry(name, entry, secret) for entry in entries]


def _use(secret: str | None, name: str) -> None:
    """Derive the inputs of hidden checks from a secret; without one, from that of the assignment."""
    hidden.secret = read_settings(name).secret if secret is None else secret


@cache
def _prepared(name: str) -> tuple[list[Problem], dict[str, list[Check]]]:
    """The problems and the checks of an assignment."""
    problems = [read_problem(problem) for problem in read_settings(name).problems]
    return problems, load_checks(problems)


class _Noting(dict[str, Any]):
    """A namespace that notes which of its names are looked up, by functions that it is the globals of too."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.noted.add(key)
        return super().__getitem__(key)


@cache
def _names_in_use(name: str) -> dict[Check, set[str]]:
    """For each check, the names that it looks up, or that the reference does while it runs."""
    problems, checks = _prepared(name)
    names, found = _Noting(), {}
    namespace(problems, names=names)
    for check in (check for every in checks.values() for check in every):
        names.noted = set()
        check.apply(Submission(names), names.noted)
        found[check] = names.noted
    return found


def grade_entry(name: str, entry: Entry, secret: str | None = None) -> EntryResult:
    """Run checks of a problem on the reference, with one function in the place of its own.

    Every problem stands by itself: no reference solution calls a function of another problem. A check that
    looks up nothing that the entry defines would pass as on the reference: it does not run.

    secret : as for `verify`.
    """
    _use(secret, name)
    problems, checks = _prepared(name)
    (problem,) = [p for p in problems if entry.question in [q.name for q in p.questions]]
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
        result.fault = f"loses points in {_listed(result.lost)}" if result.lost else ""
        return result
    result.named = entry.says is not None
    result.fault = (
        _fault_of_mistake(result)
        or _fault_of_statement(result, entry)
        or _fault_of_names(
            result, entry, mistake_in(entry.question, checks[entry.question], Submission(names))
        )
    )
    return result


def grade(result: EntryResult, names: dict[str, Any], checks: dict[str, list[Check]]) -> EntryResult:
    """Run all checks on the names that a notebook defines, and note what is lost in the result."""
    submission = Submission(names)
    for check in (c for cs in checks.values() for c in cs):
        try:
            with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
                check.apply(submission)
        except CheckFailure as failure:
            question = check.question
            result.lost[question] = result.lost.get(question, 0) + check.points
            result.failed.setdefault(question, []).append(check.name)
            said = f"{type(failure).__name__}: {failure.explained()}"
            result.messages.setdefault(question, []).append(said)
            if not check.hidden:
                result.public_messages.setdefault(question, []).append(said)
        except Exception as error:
            raise FellShortError(
                f"The check {check.name} of {check.question} breaks on '{result.name}': {error!r}; "
                "a check has to say what is wrong by a CheckFailure."
            ) from error
    return result


def report(verification: Verification, console: Console) -> bool:
    """Print a table of the mistakes, and what is at fault; return whether nothing is."""
    table = Table(title=f"{verification.assignment}: mistakes")
    table.add_column("question")
    table.add_column("mistake", min_width=30)
    table.add_column("lost", justify="right", no_wrap=True)
    table.add_column("named", no_wrap=True)
    table.add_column("what the first failed check says")
    for result in verification.mistakes:
        said = result.messages.get(result.question, ["nothing"])[0].splitlines()[0]
        lost, of = result.lost.get(result.question, 0), verification.points[result.question]
        where = "by public checks" if result.named else "when graded"
        table.add_row(result.question, Text(result.name), f"{lost:g} of {of:g}", where, Text(said))
    console.print(table)
    faults = verification.faults
    console.print(
        f"{verification.assignment}: reference solution "
        f"{sum(verification.points.values()) - sum(verification.reference.lost.values()):g} of "
        f"{sum(verification.points.values()):g}, blank template "
        f"{sum(verification.points.values()) - sum(verification.template.lost.values()):g}; "
        f"{len(verification.mistakes)} mistakes, {len(verification.variants)} correct variants, "
        f"{len(faults)} not as they have to be. Public checks name "
        f"{sum(result.named for result in verification.mistakes)} of the mistakes, graded results all "
        "that fail a hidden check."
    )
    for result in faults:
        console.print(f"  {result.question}, '{result.name}': {result.fault}", markup=False)
        for message in [m for ms in result.messages.values() for m in ms][:3]:
            console.print(f"    {message}", markup=False)
    return not faults


def _entries(problem: Problem) -> list[Entry]:
    file = f"autograder/mistakes/{problem.name}.py"
    if not (ROOT / file).is_file():
        raise HomeworkError(f"There is no file {file}; write down wrong answers first.")
    try:
        return entries(problem.name)
    except Exception as error:
        raise HomeworkError(f"{file} cannot be imported: {error!r}.") from None


def _fault_of_mistake(result: EntryResult) -> str:
    if result.question not in result.lost:
        return "loses no point"
    unexpected = [q for q in result.lost if q != result.question and result.question not in hidden.used_by(q)]
    if not unexpected:
        return ""
    declare = f"uses({unexpected[0]!r}, {result.question!r})"
    return f"loses points in {_listed(unexpected)} as well; if that may call it, declare {declare}"


def _fault_of_statement(result: EntryResult, entry: Entry) -> str:
    """What is wrong with what a mistake states that it fails and costs."""
    failed, lost = result.failed[entry.question], sum(result.lost.values())
    if entry.fails is None and all(name.endswith(OF_ONE_FAULT) for name in failed):
        return f"fails only {_listed(failed)}; state that by fails=, and by costs= what it costs"
    if entry.fails is not None and set(failed) != set(entry.fails):
        return f"fails {_listed(failed)}, but states that it fails {_listed(entry.fails)}"
    if entry.costs is not None and lost > entry.costs:
        return f"costs {lost:g} points, but states that it costs {entry.costs:g} at most"
    return ""


def _fault_of_names(result: EntryResult, entry: Entry, graded: str | None) -> str:
    """What is wrong with the names that a mistake gets: by the public checks, and in graded results."""
    local = result.public_messages.get(entry.question, [])
    if entry.says is not None and not any(entry.says in message for message in local):
        return f"no public check says '{entry.says}'"
    if len(local) == len(result.messages[entry.question]):
        return "" if entry.says is not None else "passes all hidden checks, and no public check names it"
    if graded != (None if entry.unnamed else entry.name):
        return f"graded results name it '{graded}'"
    return ""


def _listed(questions: Iterable[str]) -> str:
    return ", ".join(sorted(questions))
