"""The figures of gradcheck on its corpus and on the held-out functions, over several seeds.

.venv/bin/python -m benchmarks.gradcheck_figures [SEEDS]
"""

from __future__ import annotations

import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from statistics import median

import numpy as np

from gradcheck import check_gradient
from tests.gradcheck.functions import FUNCTIONS
from tests.gradcheck.trial import CONVENTION_ONLY, trials


def corpus_figures(seed: int) -> dict[str, float]:
    """Counts over the corpus at one seed."""
    warnings.simplefilter("ignore")
    every = list(trials(seed))
    wrong = [t for t in every if not t.entry.right]
    right = [t for t in every if t.entry.right]
    accepted = [t for t in wrong if not t.refused]
    to_name = [t for t in wrong if not t.entry.unsafe]
    reports = [r for t in right for r in t.reports]
    return {
        "wrong": len(wrong),
        "wrong accepted": len(accepted),
        "of these wrong only by the convention at a kink": sum(
            (t.entry.family.name, t.entry.name) in CONVENTION_ONLY for t in accepted
        ),
        "right": len(right),
        "right rejected": sum(bool(t.refused) for t in right),
        "points at which right ones are inconclusive, %": 100
        * sum(r.verdict == "inconclusive" for r in reports)
        / len(reports),
        "mistakes rightly named, %": 100 * sum(t.rightly_named for t in to_name) / len(to_name),
        "median evaluations of a right one": median(r.evaluations for r in reports),
    }


def function_figures(seed: int) -> dict[str, float]:
    """Counts over the held-out functions at one seed."""
    warnings.simplefilter("ignore")
    count = rejected = inconclusive = missed = 0
    for function in FUNCTIONS:
        for x in function.points(np.random.default_rng(seed)):
            count += 1
            verdict = check_gradient(function.f, function.gradient, x).verdict
            rejected += verdict in ("wrong", "unsafe")
            inconclusive += verdict == "inconclusive"
            slightly = check_gradient(function.f, lambda v, g=function.gradient: (1 + 1e-6) * g(v), x)
            missed += slightly.verdict != "wrong"
    return {
        "functions": len(FUNCTIONS),
        "right gradients": count,
        "rejected": rejected,
        "inconclusive": inconclusive,
        "missed when a millionth too large": missed,
    }


def large_figures() -> dict[str, float]:
    """A gradient of a million entries, right and with one entry wrong by 1 % of the rms."""
    x = np.random.default_rng(0).normal(size=1_000_000)

    def f(x: np.ndarray) -> float:
        return float(np.log1p(np.exp(x)).sum())

    def wrong(x: np.ndarray) -> np.ndarray:
        g = 1 / (1 + np.exp(-x))
        g[424242] += 0.01 * np.sqrt(np.mean(g**2))
        return g

    began = time.perf_counter()
    right = check_gradient(f, lambda x: 1 / (1 + np.exp(-x)), x)
    seconds = time.perf_counter() - began
    found = check_gradient(f, wrong, x)
    return {
        "evaluations of f, right": right.evaluations,
        "seconds, right": round(seconds, 2),
        "evaluations of f, one wrong": found.evaluations,
        "the wrong one found": found.worst == (424242,),
    }


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    with ProcessPoolExecutor() as processes:
        for name, figures in (("corpus", corpus_figures), ("held-out functions", function_figures)):
            for seed, row in zip(seeds, processes.map(figures, seeds), strict=True):
                print(f"{name}, seed {seed}: " + ", ".join(f"{k} {v:g}" for k, v in row.items()), flush=True)
    print("a million entries: " + ", ".join(f"{k} {v}" for k, v in large_figures().items()))


if __name__ == "__main__":
    main()
