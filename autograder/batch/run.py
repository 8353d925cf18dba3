"""Grades the submissions of a class into a folder, one result at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.batch.feedback import feedback_page
from autograder.batch.handed_in import HandedIn
from autograder.batch.lateness import Deadlines
from autograder.batch.pool import Outcome, Pool, grade_one
from autograder.batch.records import (
    FAILED,
    REFUSED,
    Record,
    Submitted,
    read_record,
    record_path,
    write_json,
    write_record,
    write_whole,
)
from autograder.batch.tables import write_tables
from autograder.container.run_otter import NOT_GRADED, refusal
from autograder.errors import HomeworkError
from autograder.grading.grade import Autograder
from autograder.grading.upload import SubmissionError, notebook_of
from autograder.sandbox import NONE

FOLDERS = ("records", "results", "feedback")
Points = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Batch:
    """What is graded, and with what.

    autograder : the autograder zip.
    submissions : the submissions.
    folder : the folder for the grades.
    deadline : when they were due, if that matters.
    written : the points of written answers, by name of the submission and question.
    """

    autograder: Autograder
    submissions: Sequence[HandedIn]
    folder: Path
    deadline: Deadlines | None = None
    written: Points = field(default_factory=dict)


def prepare(folder: Path, resume: bool) -> None:
    """Make the folder for the grades.

    Raises
    ------
    HomeworkError
        If it has grades, and they are not to be resumed.
    """
    if not resume and any((folder / "records").glob("*.json")):
        raise HomeworkError(
            f"{folder} has the grades of an earlier run. Add --resume to grade only what is missing or has "
            "changed, or choose another --out."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # other people may not read grades
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        for unfinished in (folder / name).glob("*.new"):
            unfinished.unlink()


def grade_batch(batch: Batch, pool: Pool, said: Callable[[Record, bool], None]) -> None:
    """Grade what is missing or has changed, write each result as it comes, and then the tables.

    said : is called with every record, and whether it was graded now.

    Raises
    ------
    HomeworkError
        If nothing can be graded. What was written before stays.
    """
    pending: dict[Future[Outcome], Submitted] = {}
    for about, notebook in _to_do(batch, pool, said):
        while len(pending) >= 2 * pool.size:
            _finish(batch, pending, said)
        pending[pool.executor.submit(grade_one, pool.autograder, pool.level, *notebook)] = about
    while pending:
        _finish(batch, pending, said)
    write_tables(batch.folder, batch.autograder, [submission.name for submission in batch.submissions])


def _to_do(
    batch: Batch, pool: Pool, said: Callable[[Record, bool], None]
) -> Iterator[tuple[Submitted, tuple[str, bytes]]]:
    """The submissions to grade, with their notebooks. Refused and unchanged ones are written at once."""
    for submission in batch.submissions:
        about = _submitted(batch, submission)
        try:
            name, data = notebook_of(*submission.paths)
        except SubmissionError as error:
            said(_write(batch, about, Outcome(REFUSED, str(error))), True)
            continue
        digest = hashlib.sha256(f"{batch.autograder.digest} {name}\0".encode() + data).hexdigest()
        earlier = _earlier(batch.folder, submission.name)
        if earlier is None or not _holds(earlier, digest, pool.level):
            yield replace(about, digest=digest), (name, data)
        else:
            said(_keep(batch, replace(about, digest=digest), earlier), False)


def _holds(earlier: Record, digest: str, level: str | None) -> bool:
    """Whether an earlier record is of the same submission, and of a level that is good enough."""
    isolated = earlier.isolation != NONE or level == NONE
    return earlier.digest == digest and earlier.status != FAILED and isolated


def _submitted(batch: Batch, submission: HandedIn) -> Submitted:
    """What is known before grading."""
    hours = None
    if batch.deadline is not None and submission.submitted is not None:
        hours = batch.deadline.hours_late(submission.submitted, submission.students)
    late = submission.late if hours is None else hours > 0
    return Submitted(
        submission.name,
        submission.source,
        list(submission.students),
        submission.submitted.isoformat() if submission.submitted else "",
        "" if late is None else "yes" if late else "no",
        hours,
        1.0 if hours is None or batch.deadline is None else batch.deadline.kept(hours),
    )


def _earlier(folder: Path, name: str) -> Record | None:
    files = (
        record_path(folder, name),
        folder / "results" / f"{name}.json",
        folder / "feedback" / f"{name}.html",
    )
    if not all(file.is_file() for file in files):
        return None
    try:
        return read_record(folder, name)
    except HomeworkError:
        return None


def _keep(batch: Batch, about: Submitted, earlier: Record) -> Record:
    """The earlier record with what is known now about the students and the written answers."""
    graded = {check.question for check in earlier.checks}
    points, possible = (
        {question: value for question, value in found.items() if question in graded}
        for found in (earlier.points, earlier.possible)
    )
    record = _with_written(batch, replace(earlier, **vars(about), points=points, possible=possible))
    if record != earlier:
        _write_record(batch, record)
    return record


def _finish(
    batch: Batch, pending: dict[Future[Outcome], Submitted], said: Callable[[Record, bool], None]
) -> None:
    """Wait for at least one result, and write all that are there."""
    for future in wait(pending, return_when=FIRST_COMPLETED).done:
        about = pending.pop(future)
        try:
            outcome = future.result()
        except HomeworkError:
            raise
        except Exception as error:  # for example if the workers of a cluster were killed
            outcome = Outcome(FAILED, f"It was not graded: {type(error).__name__}: {error}")
        said(_write(batch, about, outcome), True)


def _write(batch: Batch, about: Submitted, outcome: Outcome) -> Record:
    """Write the files of one submission, the record last, and return the record."""
    record = Record(**vars(about), status=outcome.status, reason=outcome.reason, isolation=outcome.isolation)
    if outcome.grade is None:
        refused = outcome.status == REFUSED
        results = refusal(outcome.reason) if refused else refusal(NOT_GRADED, outcome.reason)
    else:
        grade = outcome.grade
        results = grade.results
        record = replace(
            record,
            points=grade.points,
            possible=grade.possible,
            checks=grade.checks,
            remarks=grade.remarks,
            notes=grade.notes,
            answers=grade.answers,
        )
    write_json(batch.folder / "results" / f"{record.name}.json", results)
    record = _with_written(batch, record)
    _write_record(batch, record)
    return record


def _write_record(batch: Batch, record: Record) -> None:
    page = feedback_page(record, batch.autograder.assignment["title"], batch.autograder.show_hidden)
    write_whole(batch.folder / "feedback" / f"{record.name}.html", page)
    write_record(batch.folder, record)


def _with_written(batch: Batch, record: Record) -> Record:
    """The record with the points of its written answers."""
    points: dict[str, float] = dict(batch.written.get(record.name, {}))
    possible: dict[str, Any] = {q["question"]: q["points"] for q in batch.autograder.assignment["questions"]}
    return replace(
        record,
        points=record.points | points,
        possible=record.possible | {question: float(possible[question]) for question in points},
    )


def set_aside(batch: Batch) -> list[str]:
    """The names of earlier results whose submissions are not in the batch, and so not in its tables."""
    names = {submission.name for submission in batch.submissions}
    found = {path.stem for path in (batch.folder / "records").glob("*.json")}
    return sorted(found - names)
