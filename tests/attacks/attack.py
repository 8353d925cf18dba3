"""What an attack is: a submission that cheats or breaks, and the score that it deserves."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = ("q3a", "q3b", "q3c", "q3d", "q3e", "q3f")


@dataclass(frozen=True)
class Attack:
    """A submission, made from the reference solution or from the blank template.

    first, last : cells before and after all others.
    answers : source text in the place of functions.
    solved : whether all other functions are those of the reference; otherwise they are stubs.
    lost : the questions that earn nothing. All others earn everything that is in them.
    says : words of a message that the student gets in one of the lost questions.
    partly : questions that earn something between nothing and everything.
    """

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    solved: bool = True
    lost: tuple[str, ...] = ()
    says: str = ""
    partly: tuple[str, ...] = ()


def cheat(*cells: str, **answers: str) -> Attack:
    """An attack that tries to earn points that are not its own: it deserves none."""
    return Attack(first=cells, answers=answers, solved=False, lost=ALL)


def harmless(*cells: str, last: tuple[str, ...] = ()) -> Attack:
    """Cells beside right answers, which may fail but cost nothing."""
    return Attack(first=cells, last=last)


def jacobian(body: str, says: str = "", first: tuple[str, ...] = ()) -> Attack:
    """Right answers, but for question 3(b), whose function has this body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    answers = {"softmax_jacobian": f"def softmax_jacobian(z):\n{lines}"}
    return Attack(first=first, answers=answers, lost=("q3b",), says=says)
