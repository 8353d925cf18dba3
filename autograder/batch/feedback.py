"""Makes the page that tells a student how the submission did, and what to fix first."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.batch.messages import attempted, follows_from, plain, said
from autograder.batch.pages import TEMPLATES, names_of, page
from autograder.batch.records import FAILED, GRADED, REFUSED, Record
from autograder.grading.process import CheckResult


@dataclass(frozen=True)
class _Question:
    """A question on the page of a student."""

    name: str
    points: float
    possible: float
    checks: list[CheckResult]

    @property
    def failing(self) -> list[CheckResult]:
        return [check for check in self.checks if not check.passed]

    @property
    def state(self) -> str:
        """How it went, in words."""
        if not self.checks:
            return "graded by hand"
        if not self.failing:
            return "all passed"
        return "not attempted" if not any(map(attempted, self.checks)) else f"{len(self.failing)} failed"

    @property
    def cause(self) -> str:
        """The earlier question to fix first, if all failures may come from it."""
        causes = [follows_from(check) for check in self.failing]
        return causes[0] if causes and all(causes) else ""

    @property
    def advice(self) -> str:
        """What to fix: the name of the mistake, or the beginning of the first message."""
        named = [check.mistake for check in self.failing if check.mistake]
        messages = [said(check) for check in self.failing]
        return plain(f"Mistake: {named[0]}." if named else (messages or [""])[0].partition("\n")[0], 300)


def feedback_page(record: Record, title: str, show_hidden: bool) -> str:
    """The page of a submission for its students.

    Parameters
    ----------
    record : Record
        The submission.
    title : str
        The title of the assignment.
    show_hidden : bool
        Whether to show hidden checks and their points.
    """
    questions = _questions(record, show_hidden)
    return page(
        TEMPLATES,
        "feedback.html",
        record=record,
        title=title,
        names=plain(names_of(record), 200),
        refused=record.status == REFUSED,
        failed=record.status == FAILED,
        questions=questions if record.status == GRADED else [],
        points=sum(question.points for question in questions),
        possible=sum(question.possible for question in questions),
        fix=sorted((q for q in questions if q.failing), key=_urgency),
        waiting=_waiting(record),
        more=not show_hidden and any(check.hidden for check in record.checks),
        said=said,
        plain=plain,
    )


def _questions(record: Record, show_hidden: bool) -> list[_Question]:
    """The questions with the checks and points that the student may see."""
    found = []
    names = dict.fromkeys((*record.possible, *record.points, *(check.question for check in record.checks)))
    for name in names:
        checks = [c for c in record.checks if c.question == name]
        visible = [c for c in checks if show_hidden or not c.hidden]
        if visible == checks:
            points, possible = record.points.get(name, 0.0), record.possible.get(name, 0.0)
        else:
            points, possible = sum(c.points for c in visible), sum(c.possible for c in visible)
        if visible or not checks:
            found.append(_Question(name, points, possible, visible))
    return found


def _waiting(record: Record) -> list[str]:
    """The answered questions without points: a person has still to grade them."""
    known = {*record.points, *record.possible, *(check.question for check in record.checks)}
    graded = record.status == GRADED
    return [q for q in record.answers if graded and q not in known and record.answers[q].strip()][:20]


def _urgency(question: _Question) -> int:
    """Own mistakes come first, then what may follow from them, then what is not written yet."""
    if not any(map(attempted, question.checks)):
        return 2
    return 1 if question.cause else 0
