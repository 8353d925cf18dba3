"""`homework grade`: from its options to grades, with progress."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from autograder.batch.csv_files import number, read_table
from autograder.batch.gradebook import Gradebook
from autograder.batch.handed_in import HandedIn, find_all
from autograder.batch.lateness import Deadlines
from autograder.batch.pool import Pool, cluster_pool, cores, local_pool
from autograder.batch.records import FAILED, GRADED, REFUSED, Record, read_records
from autograder.batch.run import Batch, grade_batch, prepare, set_aside
from autograder.batch.tables import GRADES
from autograder.errors import HomeworkError
from autograder.files import ROOT
from autograder.grading.grade import Autograder, read_autograder
from autograder.grading.isolation import WITHOUT_ISOLATION, isolation_level
from autograder.sandbox import NONE
from autograder.settings import read_all_settings
from autograder.signals import held, released, stopped_by_signals
from autograder.times import parse_time, spoken_time
from checking.boundary import clean

GRADEBOOK = "gradebook.csv"


def grade(options: argparse.Namespace) -> int:
    """Grade what the options of `homework grade` ask for.

    Returns
    -------
    int
        0 if everything was graded without a remark, otherwise 1.

    Raises
    ------
    HomeworkError
        If nothing can be graded. The results that were written before stay.
    """
    autograder = read_autograder(options.autograder)
    submissions, ignored = find_all(options.submissions, options.out)
    deadline = _deadline(options, autograder)
    written = _written_points(options.written, autograder, submissions)
    for path in ignored[:5]:
        print(f"  ignored: {clean(str(path))}, which is not a notebook or a zip")
    if len(ignored) > 5:
        print(f"  ignored: {len(ignored) - 5} more")
    # A wrong gradebook is refused before anything is graded.
    gradebook = Gradebook(options.gradebook, autograder.assignment["title"]) if options.gradebook else None
    level = None
    grades = [options.out] if options.out.exists() else []
    if options.dask is None:
        level = isolation_level(options.isolation, options.autograder, *options.submissions, *grades)
    prepare(options.out, options.resume)
    batch = Batch(autograder, submissions, options.out, deadline, written)
    told = _Told(submissions)
    with stopped_by_signals(), held(), _pool(options, autograder, level) as pool, released():
        with _progress(len(submissions)) as (console, step):
            grade_batch(batch, pool, lambda record, now: step(told.lines(record, now)))
        console.print(told.summary(options.out), highlight=False, soft_wrap=True, markup=False)
    if others := set_aside(batch):
        print(
            f"  not in the tables: {len(others)} earlier results, of submissions that are not in these paths"
        )
    if deadline is not None and deadline.unused:
        print(f"  extensions of nobody here: {', '.join(sorted(deadline.unused))}")
    if told.undated and deadline is not None:
        print(f"  handed in at an unknown time, so no points were taken off: {told.undated}")
    if gradebook is not None:
        _merge(gradebook, options.out)
    return 1 if told.fell_short else 0


def _deadline(options: argparse.Namespace, autograder: Autograder) -> Deadlines | None:
    """The deadlines: those of the options, or else of the assignment in `homework.toml`."""
    named = {settings.name: settings for settings in read_all_settings()}
    settings = named.get(autograder.assignment["name"])
    due, extensions, late = None, options.extensions, None
    if settings is not None:
        due, late = settings.deadline, settings.late
        if settings.extensions is not None and extensions is None:
            extensions = ROOT / settings.extensions
    if options.deadline is not None:
        try:
            due = parse_time(options.deadline)
        except ValueError as error:
            raise HomeworkError(f"--deadline {error}.") from None
    if due is None:
        if options.extensions is not None:
            raise HomeworkError("--extensions needs --deadline, or a deadline in homework.toml.")
        return None
    print(f"due {spoken_time(due)}")
    return Deadlines(due, extensions, late)


def _written_points(
    path: Path | None, autograder: Autograder, submissions: Sequence[HandedIn]
) -> dict[str, dict[str, float]]:
    """The points of written answers in the table that the report makes."""
    possible = {q["question"]: q["points"] for q in autograder.assignment["questions"] if q["written"]}
    names = {submission.name for submission in submissions}
    found: dict[str, dict[str, float]] = {}
    columns = ("submission", "question", "points")
    for line, row in enumerate(read_table(path, *columns) if path else [], start=2):
        question, text = row["question"], row["points"].strip()
        if not text:
            continue
        if row["submission"] not in names or question not in possible:
            raise HomeworkError(
                f"{path}, line {line}: needs the name of one of these submissions, and one of the questions "
                f"{', '.join(possible)}."
            )
        try:
            points = float(text)
        except ValueError:
            points = -1.0
        if not 0 <= points <= possible[question]:
            raise HomeworkError(
                f"{path}, line {line}: {text!r} is not a number of points from 0 to {possible[question]:g}."
            )
        found.setdefault(row["submission"], {})[question] = points
    return found


def _pool(
    options: argparse.Namespace, autograder: Autograder, level: str | None
) -> contextlib.AbstractContextManager[Pool]:
    if options.dask is not None:
        return cluster_pool(autograder, options.isolation, options.dask)
    assert level is not None
    if options.jobs is not None and options.jobs < 1:
        raise HomeworkError("--jobs must be at least 1.")
    return local_pool(autograder, level, options.jobs or cores())


class _Told:
    """What is printed about the submissions.

    fell_short : whether one was not graded, or has remarks.
    undated : how many do not say when they were handed in.
    """

    def __init__(self, submissions: Sequence[HandedIn]):
        self.fell_short = False
        self.undated = 0
        self._alone = len(submissions) == 1
        self._levels: set[str] = set()
        self._counts = dict.fromkeys((GRADED, REFUSED, FAILED, "kept"), 0)

    def lines(self, record: Record, now: bool) -> list[str]:
        """The lines about one submission.

        now : whether it was graded now, or kept from an earlier run.
        """
        self.fell_short |= record.status != GRADED or bool(record.remarks)
        self._counts[record.status] += 1
        self._counts["kept"] += not now
        self.undated += record.hours_late is None
        self._levels |= {record.isolation} - {""}
        if record.status != GRADED:
            return [f"{record.name}: {record.status}: {record.reason}"]
        possible = sum(record.possible.values())
        taken = record.earned - record.total
        off = f", {number(taken)} taken off, because it is late" if taken else ""
        lines = [f"{record.name}: {number(record.total)} of {number(possible)} points{off}"]
        if self._alone:
            points = [f"  {q}: {number(p)} of {number(record.possible[q])}" for q, p in record.points.items()]
            lines = points + lines
        lines += [f"  remark: {remark}" for remark in record.remarks]
        return lines + [f"  note: {note}" for note in record.notes if self._alone]

    def summary(self, folder: Path) -> str:
        """The last lines."""
        counts = ", ".join(f"{count} {what}" for what, count in self._counts.items() if count)
        levels = f", isolation {' and '.join(sorted(self._levels))}" if self._levels else ""
        said = f"{counts}{levels}; results in {folder}, the table is {folder / GRADES}"
        return f"{said}\n  warning: {WITHOUT_ISOLATION}" if NONE in self._levels else said


class _RateColumn(ProgressColumn):
    """The submissions per minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f} a minute")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[tuple[Console, Callable[[list[str]], None]]]:
    """Yield a console, and a function that prints the lines about one more submission.

    A terminal also shows a bar, the rate and the time left; elsewhere lines have numbers.
    """
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        done = 0

        def step(lines: list[str]) -> None:
            nonlocal done
            done += 1
            for line in lines:
                print(f"[{done}/{total}] {line}" if total > 1 and not line.startswith(" ") else line)
            sys.stdout.flush()

        yield console, step
        return
    columns = (BarColumn(), MofNCompleteColumn(), _RateColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def advance(lines: list[str]) -> None:
            for line in lines:
                progress.console.print(line)
            progress.advance(task)

        yield console, advance


def _merge(gradebook: Gradebook, folder: Path) -> None:
    target = folder / GRADEBOOK
    merged = gradebook.merge(read_records(folder), target)
    print(f"{merged.count} students have a total in {target}")
    if merged.unknown:
        print(f"  not in the gradebook, or more than once: {', '.join(merged.unknown)}")
    if merged.twice:
        print(f"  not merged, because the student has another submission: {', '.join(merged.twice)}")
