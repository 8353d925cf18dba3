"""Writes the report of a class: reads the records twice, one at a time, and fills the template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.batch.messages import plain
from autograder.batch.pages import page
from autograder.batch.records import read_record, read_records, read_summary, write_whole
from autograder.report.comparison import Changes
from autograder.report.figures import credit_bars, histogram
from autograder.report.fingerprints import UsedNames
from autograder.report.mistakes import Mistakes
from autograder.report.people import Attention
from autograder.report.results import ClassResults, Totals
from autograder.report.similar import Class, side_by_side
from autograder.report.written import Written

TEMPLATES = Path(__file__).with_name("templates")
REPORT = "report.html"


def report(folder: Path, earlier: Path | None = None) -> Path:
    """Write report.html into a folder of grades, and return its path.

    Parameters
    ----------
    folder : Path
        The grades, as `homework grade` wrote them.
    earlier : Path, optional
        Earlier grades of the same assignment, to compare with.

    Raises
    ------
    HomeworkError
        If a folder has no grades, or the earlier one has those of another assignment.
    """
    summary = read_summary(folder)
    text = page(TEMPLATES, "report.html", plain=plain, **_contents(folder, summary, earlier))
    path = folder / REPORT
    write_whole(path, text)
    return path


def _contents(folder: Path, summary: dict[str, Any], earlier: Path | None) -> dict[str, Any]:
    """What the template shows."""
    questions = summary["questions"]
    totals, results = Totals.of(questions), ClassResults.of(questions)
    mistakes, attention, written, names = Mistakes(), Attention(), Written.of(questions), UsedNames()
    comparison = Changes.with_folder(earlier, summary["assignment"]) if earlier else None
    in_words = frozenset(q["question"] for q in questions if q["written"])
    for record in read_records(folder):
        for part in (totals, results, mistakes, attention, written, comparison):
            if part is not None:
                part.add(record)
        names.add(text for question, text in record.answers.items() if question not in in_words)
    for question in written.questions:
        question.finish()
    group = Class.of(read_records(folder), in_words, names.common)
    credits = [credit for credit in results.credit.values() if credit.graded]
    return {
        "summary": summary,
        "totals": totals,
        "histogram": histogram(totals.totals, totals.possible) if totals.totals else "",
        "credits": credits,
        "credit_bars": credit_bars(credits) if credits else "",
        "checks": results.checks,
        "mistakes": mistakes,
        "attention": attention,
        "written": written,
        "pairs": side_by_side(group, lambda name: read_record(folder, name)),
        "rare": group.most,
        "comparison": comparison,
    }
