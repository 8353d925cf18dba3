"""Where the wrong entries are: one entry, a row, a column, a diagonal. A place is never called a cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck.protocol import NO_NAMES, Finding, Names

Arrays = Sequence[np.ndarray]


def locate(points: Sequence[tuple[Arrays, Arrays]], names: Names = NO_NAMES) -> list[Finding]:
    """Where the error is, if it is in the same place at all points: an entry, a row, a column, a diagonal."""
    places = []
    for part in range(min(map(len, points[0])) if points else 0):
        of = f" of {names.result(part)}" if len(points[0][0]) > 1 else ""
        places += located([(a[part], g[part]) for a, g in points], of)
    return places


def near(a: np.ndarray, g: np.ndarray) -> bool:
    """Whether two arrays agree but for rounding."""
    return a.shape == g.shape and bool(np.linalg.norm(a - g) <= 1e-8 * np.linalg.norm(g) + 1e-300)


def located(pairs: Sequence[tuple[np.ndarray, np.ndarray]], of: str) -> list[Finding]:
    """Where one result is wrong, from the actual and the right array at each point."""
    found = [list(_places(a, g, of)) for a, g in pairs if a.shape == g.shape and not near(a, g)]
    return [place for place in found[0] if all(place in places for places in found)] if found else []


def _places(a: np.ndarray, g: np.ndarray, of: str) -> Iterator[Finding]:
    wrong = np.abs(a - g) > 1e-7 * np.abs(g).max(initial=0.0)
    indices = np.argwhere(wrong)
    if wrong.size < 3 or not len(indices) or wrong.all():
        return
    if len(indices) == 1:
        yield Finding("one entry", f"Only the entry {indices[0].tolist()}{of} is wrong.")
        return
    for axis, name in enumerate(("one row", "one column") if wrong.ndim == 2 else ()):
        if len(set(indices[:, axis])) == 1:
            yield Finding(name, f"Only {name[4:]} {indices[0, axis]}{of} is wrong.")
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1] and np.all(indices[:, 0] == indices[:, 1]):
        yield Finding("diagonal", f"Only the diagonal{of} is wrong.")
    if not a[wrong].any():
        count = f"{len(indices)} of {wrong.size} entries{of}"
        yield Finding("entries missing", f"{count} are zero and should not be; the others are right.")
