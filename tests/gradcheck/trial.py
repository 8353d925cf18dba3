"""Running the checker on the corpus: what the tests and the benchmark share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck import Report, check_gradient, check_jacobian, check_vjp
from tests.gradcheck.contexts import ALSO_RIGHT, CONTEXTS
from tests.gradcheck.corpus import Entry, corpus

CHECKS = {"gradient": check_gradient, "vjp": check_vjp, "jacobian": check_jacobian}
# Wrong only by the convention R'(0) = 0, and between the slopes at the kink: values of f cannot tell them.
CONVENTION_ONLY = {
    ("ReLU vjp", "z >= 0"),
    ("ReLU vjp", "1/2 at 0, by the sign"),
    ("skip connection vjp", "z >= 0"),
    ("two-layer network", "Z >= 0"),
}


@dataclass
class Trial:
    """What became of one entry at all of its points."""

    entry: Entry
    reports: list[Report]

    @property
    def refused(self) -> list[Report]:
        """The reports that do not accept it."""
        return [r for r in self.reports if r.verdict in ("wrong", "unsafe")]

    @property
    def rightly_named(self) -> bool:
        """Whether the first report that calls it wrong begins with a name that says what it does."""
        wrong = next((r for r in self.reports if r.verdict == "wrong"), None)
        names = {finding.name for finding in wrong.names[:2]} if wrong else set()
        return bool(names & ({self.entry.mistake} | ALSO_RIGHT.get(self.entry.mistake, set())))


def trials(seed: int, entries: Iterable[Entry] | None = None) -> Iterator[Trial]:
    """Try entries, or else all: a right one at all of its points, a wrong one until two reports refuse it."""
    for entry in corpus() if entries is None else entries:
        yield Trial(entry, _reports(entry, seed))


def _reports(entry: Entry, seed: int) -> list[Report]:
    rng = np.random.default_rng(seed)
    reports: list[Report] = []
    for args in entry.family.natural(rng) + entry.family.edges(rng):
        with np.errstate(all="ignore"):
            report = CHECKS[entry.family.kind](
                entry.family.forward,
                entry.claimed,
                *args,
                wrt=entry.family.wrt,
                rng=np.random.default_rng(seed + 100),
                context=CONTEXTS[entry.family.name],
                strict=True,
            )
        reports.append(report)
        if not entry.right and sum(r.verdict in ("wrong", "unsafe") for r in reports) == 2:
            break
    return reports
