"""An attack: a submission that cheats or breaks things, and the score that it deserves."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = ("q3a", "q3b", "q3c", "q3d", "q3e", "q3f")


@dataclass(frozen=True)
class Attack:
    """A submission, made from the reference solution or from the blank template.

    first, last : cells before and after all others.
    answers : source text that replaces functions, by name.
    solved : whether all other functions are those of the reference; otherwise they are stubs.
    lost : the questions that earn no points. All others earn all points.
    says : words of a message to the student in one of the lost questions.
    partly : questions that earn some of their points.
    """

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    solved: bool = True
    lost: tuple[str, ...] = ()
    says: str = ""
    partly: tuple[str, ...] = ()


def cheat(*cells: str, **answers: str) -> Attack:
    """An attack that tries to earn points without answers: it deserves none."""
    return Attack(first=cells, answers=answers, solved=False, lost=ALL)


def harmless(*cells: str, last: tuple[str, ...] = ()) -> Attack:
    """Cells added to right answers. They may fail but cost no points."""
    return Attack(first=cells, last=last)


def jacobian(body: str, says: str = "", first: tuple[str, ...] = ()) -> Attack:
    """Right answers, except that the function of question 3(b) has this body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    answers = {"softmax_jacobian": f"def softmax_jacobian(z):\n{lines}"}
    return Attack(first=first, answers=answers, lost=("q3b",), says=says)
