"""Runs the checker on the corpus, for the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck import Report, check_gradient, check_jacobian, check_vjp
from tests.gradcheck.contexts import ALSO_RIGHT, CONTEXTS
from tests.gradcheck.corpus import Entry, corpus

CHECKS = {"gradient": check_gradient, "vjp": check_vjp, "jacobian": check_jacobian}
# Wrong only by the convention R'(0) = 0: at the kink they lie between the slopes, so values of f cannot tell.
CONVENTION_ONLY = {
    ("ReLU vjp", "z >= 0"),
    ("ReLU vjp", "1/2 at 0, by the sign"),
    ("skip connection vjp", "z >= 0"),
    ("two-layer network", "Z >= 0"),
}


@dataclass
class Trial:
    """The reports on one entry, at all of its points."""

    entry: Entry
    reports: list[Report]

    @property
    def refused(self) -> list[Report]:
        """The reports that reject it."""
        return [r for r in self.reports if r.verdict in ("wrong", "unsafe")]

    @property
    def rightly_named(self) -> bool:
        """Whether the first report that calls it wrong begins with a fitting name."""
        wrong = next((r for r in self.reports if r.verdict == "wrong"), None)
        names = {finding.name for finding in wrong.names[:2]} if wrong is not None else set()
        return bool(names & ({self.entry.mistake} | ALSO_RIGHT.get(self.entry.mistake, set())))


def trials(seed: int, entries: Iterable[Entry] | None = None) -> Iterator[Trial]:
    """Try the entries, by default all. A wrong entry is tried until two reports reject it."""
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
