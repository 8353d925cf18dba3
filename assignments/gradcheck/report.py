"""The result of a check: a verdict, with reasons in numbers and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

import numpy as np

from gradcheck.protocol import Finding

HEADINGS, WORST = ("worst entries", "yours", "numerical", "may differ by"), 3
RIGHT, WRONG, UNSAFE, INCONCLUSIVE = "right", "wrong", "unsafe", "inconclusive"


class WrongGradientError(AssertionError):
    """Raised by `Report.raise_unless_right`; the message is the report."""


@dataclass(frozen=True)
class Comparison:
    """A program's array next to the numerical one.

    Attributes
    ----------
    name : str
        Its name, such as "W".
    actual, expected : array
        The program's array and the numerical one; their shapes can differ.
    allowed : array of the shape of `expected`
        How far each entry may be off.
    bound : array of the shape of `expected`
        The part of `allowed` that is the error of the numerical derivative.
    wrong : array of the shape of `expected`
        True where an entry is off by more than `allowed`.
    axes : tuple of arrays, or None
        If this is a block of a larger array, the indices along each axis.
    """

    name: str
    actual: np.ndarray
    expected: np.ndarray
    allowed: np.ndarray
    bound: np.ndarray
    wrong: np.ndarray
    axes: tuple[np.ndarray, ...] | None = None

    @property
    def error(self) -> np.ndarray:
        """How far each entry is off."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.actual - self.expected)

    def worst_entries(self, count: int) -> list[tuple[int, ...]]:
        """The indices of the entries with the largest errors, as multiples of the allowed ones."""
        with np.errstate(all="ignore"):
            excess = self.error / np.maximum(self.allowed, 1e-300)
        excess = np.where(np.isnan(excess), np.inf, excess).ravel()
        order = np.argsort(-excess, kind="stable")[:count]
        return [tuple(int(i) for i in np.unravel_index(k, self.expected.shape)) for k in order]

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the entry with the largest error, as a multiple of the allowed one."""
        return self.worst_entries(1)[0]

    def place(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Where an entry is in the whole array."""
        if self.axes is None:
            return index
        return tuple(int(axis[i]) for axis, i in zip(self.axes, index, strict=True))

    def entry(self, index: tuple[int, ...]) -> str:
        """An entry as text, such as "W[0, 1]"."""
        return f"{self.name}[{', '.join(map(str, self.place(index)))}]" if index else self.name


@dataclass
class Report:
    """The result of a check. It prints as a few lines, shows as a small table in Jupyter, and is true if the
    verdict is "right".

    Attributes
    ----------
    verdict : str
        "right", "wrong", "unsafe" (right values, but the program has side effects), or "inconclusive" (the
        numerical derivative is too uncertain here, try another point; or there is nothing to compare).
    reason : str
        A sentence that says why.
    found : list of Finding
        The faults found so far.
    search : function, or None
        Finds the names of the faults, which takes longer than the check; see `names`.
    worst : tuple of int, or None
        The index of the worst entry, None if nothing was compared.
    error, bound, tolerance : float
        At the worst entry, the error, the error bound of the numerical derivative, and the allowed error.
    evaluations : int
        The number of calls of the function, without the search for names.
    comparisons : list of Comparison
        Everything that was compared.
    checked : tuple of str
        The names of the arguments that were differentiated.
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
    checked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    @property
    def names(self) -> list[Finding]:
        """The faults, the most likely first, each with a name and a sentence.

        The first access searches for them, which calls the function and the program again.
        """
        if self.search is not None:
            self.found, self.search = self.search(), None
        return self.found

    @property
    def shown(self) -> Comparison | None:
        """The comparison with the worst entry, which is the first with a wrong one, or else the first."""
        compared = [c for c in self.comparisons if c.actual.shape == c.expected.shape and c.expected.size]
        return next((c for c in compared if c.wrong.any()), compared[0] if compared else None)

    def __post_init__(self) -> None:
        shown = self.shown
        if shown is not None:
            worst = shown.worst
            self.worst = shown.place(worst)
            self.error = float(shown.error[worst])
            self.bound, self.tolerance = float(shown.bound[worst]), float(shown.allowed[worst])

    def raise_unless_right(self) -> None:
        """Raise a WrongGradientError if the verdict is not "right"."""
        if not self:
            raise WrongGradientError(str(self))

    def rows(self) -> list[tuple[str, str]]:
        """The report as pairs of a heading and a text."""
        rows = [("verdict", self.verdict), ("why", self.reason)]
        for found in self.names:
            rows.append(
                ("name", found.name + (f": {found.sentence}" if found.sentence != self.reason else ""))
            )
        if self.checked:
            rows.append(("checked", ", ".join(self.checked)))
        if self.shown is None and not np.isnan(self.error):
            rows.append(("slopes", f"error {self.error:.2g}, may differ by {self.tolerance:.2g}"))
        return rows

    def entries(self) -> list[tuple[str, str, str, str]]:
        """The worst entries, at most three, as text; for each a row of the table below `HEADINGS`."""
        shown = self.shown
        if shown is None:
            return []
        count = min(WORST, int(shown.wrong.sum())) or 1
        return [
            (
                shown.entry(index),
                f"{shown.actual[index]:.10g}",
                f"{shown.expected[index]:.10g}",
                f"{shown.allowed[index]:.2g}",
            )
            for index in shown.worst_entries(count)
        ]

    def __str__(self) -> str:
        lines = [f"{heading}: {text}" for heading, text in self.rows()]
        table = [HEADINGS, *self.entries()]
        if len(table) > 1:
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            for first, *rest in table:
                cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
                lines.append("  ".join([first.ljust(widths[0]), *cells]))
        return "\n".join([*lines, f"evaluations: {self.evaluations}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = "<{0} style='text-align:left'>{1}</{0}>"

        def row(cells: tuple[str, ...], kinds: str = "td") -> str:
            texts = zip(["th", *[kinds] * (len(cells) - 1)], cells, strict=True)
            return f"<tr>{''.join(cell.format(kind, escape(text)) for kind, text in texts)}</tr>"

        rows = "".join(map(row, [*self.rows(), ("evaluations", str(self.evaluations))]))
        entries = self.entries()
        numbers = f"<table>{row(HEADINGS, 'th')}{''.join(map(row, entries))}</table>" if entries else ""
        return f"<table>{rows}</table>{numbers}"
