"""The result of a check: a verdict, with reasons in numbers and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

import numpy as np

from gradcheck.protocol import Finding

RIGHT, WRONG, UNSAFE, INCONCLUSIVE = "right", "wrong", "unsafe", "inconclusive"


class WrongGradientError(AssertionError):
    """Raised by `Report.raise_if_wrong`; the message is the report."""


@dataclass(frozen=True)
class Comparison:
    """A program's array next to the numerical one.

    Attributes
    ----------
    name : its name, such as "argument 0"
    actual, expected : the program's array and the numerical one; their shapes can differ
    allowed : how far each entry may be off, an array of the shape of `expected`
    bound : the part of `allowed` that is the error of the numerical derivative
    wrong : true where an entry is off by more than `allowed`
    """

    name: str
    actual: np.ndarray
    expected: np.ndarray
    allowed: np.ndarray
    bound: np.ndarray
    wrong: np.ndarray

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the entry with the largest error, as a multiple of the allowed error."""
        with np.errstate(all="ignore"):
            excess = np.abs(self.actual - self.expected) / np.maximum(self.allowed, 1e-300)
        excess = np.where(np.isnan(excess), np.inf, excess)
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))


@dataclass
class Report:
    """The result of a check. It prints as a few lines, and shows as a small table in Jupyter.

    Attributes
    ----------
    verdict : "right", "wrong", "unsafe" (right values, but the program has side effects), or "inconclusive"
        (the numerical derivative is too uncertain here, try another point; or there is nothing to compare)
    reason : a sentence that says why
    found : the faults found so far
    search : finds the names of the faults, which takes longer than the check; see `names`
    worst : the index of the worst entry, None if nothing was compared
    error, bound, tolerance : at the worst entry, the error, the error bound of the numerical derivative, and
        the allowed error
    evaluations : the number of calls of the function, without the search for names
    comparisons : everything that was compared
    """

    verdict: str
    reason: str
    found: list[Finding] = field(default_factory=list)
    worst: tuple[int, ...] | None = None
    error: float = float("nan")
    bound: float = float("nan")
    tolerance: float = float("nan")
    evaluations: int = 0
    comparisons: list[Comparison] = field(default_factory=list)
    search: Callable[[], list[Finding]] | None = None

    @property
    def names(self) -> list[Finding]:
        """The faults, the most likely first, each with a name and a sentence.

        The first access searches for them, which calls the function and the program again.
        """
        if self.search is not None:
            self.found, self.search = self.search(), None
        return self.found

    def __post_init__(self) -> None:
        compared = [c for c in self.comparisons if c.actual.shape == c.expected.shape and c.expected.size]
        if compared:
            shown = next((c for c in compared if c.wrong.any()), compared[0])
            self.worst = shown.worst
            self.error = float(abs(shown.actual[self.worst] - shown.expected[self.worst]))
            self.bound = float(shown.bound[self.worst])
            self.tolerance = float(shown.allowed[self.worst])

    def raise_if_wrong(self) -> None:
        """Raise a WrongGradientError if the verdict is "wrong" or "unsafe"."""
        if self.verdict in (WRONG, UNSAFE):
            raise WrongGradientError(str(self))

    def rows(self) -> list[tuple[str, str]]:
        """The report as pairs of a heading and a text."""
        rows = [("verdict", self.verdict), ("why", self.reason)]
        rows += [("name", f"{found.name}: {found.sentence}") for found in self.names]
        if self.worst is not None:
            at = f"at {list(self.worst)}: " if self.worst else ""
            numbers = f"error {self.error:.2g}, allowed {self.tolerance:.2g}"
            rows.append(("worst entry", f"{at}{numbers} (numerical error {self.bound:.2g})"))
        rows.append(("evaluations", str(self.evaluations)))
        return rows

    def __str__(self) -> str:
        return "\n".join(f"{heading}: {text}" for heading, text in self.rows())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(heading)}</th>"
            f"<td style='text-align:left'>{escape(text)}</td></tr>"
            for heading, text in self.rows()
        )
        return f"<table>{cells}</table>"
