"""The part of a notebook that the functions of a question consist of.

Most answers are functions, and what a function does depends on its text and on the functions, classes,
modules and constants that it names, wherever else the notebook computes and prints. Notebooks in which this
part is the same text deserve the same, so it is graded once, in a notebook that consists of this part only.

The part is found by reading the text; nothing is run. Wherever the reading is not certain (a name that is
not bound by a plain definition, a function with state of its own, text that changes modules) it gives up,
and the notebook is run as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.grading.notebook import Cell
from autograder.grading.reading import Statement, read

MOST_CELLS = 300
UNCERTAIN = Statement((0, 0), frozenset(), frozenset(), False)


class Definitions:
    """The definitions in the code cells of a notebook."""

    def __init__(self, cells: Sequence[Cell]):
        self._cells = cells
        self._read: list[tuple[Statement, ...] | None] | None = None

    def part(self, until: int, names: frozenset[str]) -> tuple[str, ...] | None:
        """The text of the cells up to `until`, without all that these names do not depend on.

        Lines that are left out are empty comments, so that the others keep their numbers; cells and lines
        at an end of which nothing is left are not there. Returns None where the reading gives up.
        """
        if self._read is None:
            few = len(self._cells) <= MOST_CELLS
            self._read = [read(cell.source) for cell in self._cells] if few else [None]
        if any(statements is None for statements in self._read[:until]):
            return None
        bound: dict[str, list[tuple[int, Statement]]] = {}
        for number, statements in enumerate(self._read[:until]):
            certain = True
            for statement in statements or ():
                certain = certain and statement.plain
                for name in statement.binds:
                    if not certain:
                        bound.setdefault(name, []).append((number, UNCERTAIN))
                    else:
                        bound.setdefault(name, []).append((number, statement))
        needed: dict[int, set[tuple[int, int]]] = {}
        seen, wanted = set[str](), list(names)
        while wanted:
            name = wanted.pop()
            if name in seen or name not in bound:
                continue
            seen.add(name)
            number, statement = bound[name][-1]
            if statement is UNCERTAIN:
                return None
            needed.setdefault(number, set()).add(statement.lines)
            wanted += [*statement.uses, *statement.binds]
        return tuple(self._kept(number, needed[number]) for number in sorted(needed))

    def _kept(self, number: int, ranges: set[tuple[int, int]]) -> str:
        lines = self._cells[number].source.split("\n")
        kept = {line for first, last in ranges for line in range(first, last + 1)}
        return "\n".join(line.rstrip() if i + 1 in kept else "#" for i, line in enumerate(lines[: max(kept)]))
