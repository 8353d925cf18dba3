"""gradcheck side by side with other gradient checkers at their defaults, on the corpus, in one run.

Needs torch, jax, autograd and numdifftools (`benchmarks/requirements.txt`) beside NumPy and SciPy:

    PYTHONPATH=.:assignments PYTHON -m benchmarks.gradcheck_peers [WORD ...]

With words, only the peers whose names begin with one of them. JAX compiles anew for every program and
point, and takes a quarter of an hour.

Those for one array or for a scalar get the function as they need it: of all differentiated inputs in one flat
array, with the outputs weighted by a random upstream gradient.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import autograd
import autograd.extend
import autograd.test_util
import jax
import jax.test_util
import numdifftools
import numpy as np
import scipy.optimize
import torch

from tests.gradcheck.corpus import Entry, corpus
from tests.gradcheck.trial import CHECKS, CONVENTION_ONLY

SEED = 0
jax.config.update("jax_enable_x64", True)


class Counted:
    """A scalar function of one flat array, and the gradient that an entry claims for it."""

    def __init__(self, entry: Entry, args: tuple[Any, ...], rng: np.random.Generator):
        self.entry, self.args, self.evaluations = entry, args, 0
        family = entry.family
        self.parts = [np.asarray(args[i]) for i in family.wrt]
        self.x = np.concatenate([p.ravel() for p in self.parts])
        shape = np.shape(family.forward(*args))
        self.u = rng.uniform(1, 2, shape) * rng.choice([-1.0, 1.0], shape)
        if self.x.dtype == np.float32:
            self.u = self.u.astype(np.float32)

    def arguments(self, flat: np.ndarray) -> list[Any]:
        args, at = list(self.args), 0
        for i, part in zip(self.entry.family.wrt, self.parts, strict=True):
            args[i] = np.asarray(flat[at : at + part.size], dtype=self.x.dtype).reshape(part.shape).copy()
            at += part.size
        return args

    def f(self, flat: np.ndarray) -> float:
        self.evaluations += 1
        return float(np.vdot(self.u, self.entry.family.forward(*self.arguments(np.asarray(flat)))))

    def gradient(self, flat: np.ndarray) -> np.ndarray:
        args, kind = self.arguments(np.asarray(flat)), self.entry.family.kind
        claimed = self.entry.claimed(*args, self.u.copy()) if kind == "vjp" else self.entry.claimed(*args)
        parts = list(claimed) if isinstance(claimed, (tuple, list)) else [claimed]
        if kind == "jacobian":
            parts = [self.u @ parts[0]]
        if kind == "gradient":
            parts = [float(self.u) * p for p in parts]
        if [np.shape(p) for p in parts] != [p.shape for p in self.parts]:
            raise ValueError("wrong shape")
        return np.concatenate([np.asarray(p, dtype=self.x.dtype).ravel() for p in parts])


def torch_checker(fast: bool) -> Callable[[Counted], bool]:
    def check(problem: Counted) -> bool:
        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.tensor(problem.f(x.detach().numpy()), dtype=x.dtype)

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * torch.from_numpy(problem.gradient(x.numpy()))

        x = torch.from_numpy(problem.x.copy()).requires_grad_(True)
        return torch.autograd.gradcheck(Function.apply, (x,), fast_mode=fast)

    return check


def jax_checker(problem: Counted) -> bool:
    like = jax.ShapeDtypeStruct(problem.x.shape, problem.x.dtype)
    number = jax.ShapeDtypeStruct((), problem.x.dtype)

    @jax.custom_vjp
    def f(x):
        return jax.pure_callback(lambda v: np.asarray(problem.f(v), dtype=problem.x.dtype), number, x)

    f.defvjp(
        lambda x: (f(x), x),
        lambda x, g: (g * jax.pure_callback(lambda v: problem.gradient(np.asarray(v)), like, x),),
    )
    jax.test_util.check_grads(f, (problem.x,), order=1, modes=["rev"])
    return True


def autograd_checker(problem: Counted) -> bool:
    f = autograd.extend.primitive(problem.f)
    autograd.extend.defvjp(f, lambda ans, x: lambda g: g * problem.gradient(x))
    autograd.test_util.check_grads(f, modes=["rev"], order=1)(problem.x)
    return True


def scipy_checker(problem: Counted) -> bool:
    error = scipy.optimize.check_grad(problem.f, problem.gradient, problem.x)
    return bool(error <= 1e-5 * (1 + np.linalg.norm(problem.gradient(problem.x))))


def numdifftools_checker(problem: Counted) -> bool:
    expected = np.atleast_1d(numdifftools.Gradient(problem.f)(problem.x))
    return np.allclose(problem.gradient(problem.x), expected, rtol=1e-6, atol=1e-8)


def cs231n_checker(problem: Counted) -> bool:
    g, h, worst = problem.gradient(problem.x), 1e-5, 0.0
    for i in range(problem.x.size):
        step = np.zeros(problem.x.size)
        step[i] = h
        n = (problem.f(problem.x + step) - problem.f(problem.x - step)) / (2 * h)
        worst = max(worst, abs(n - g[i]) / max(abs(n) + abs(g[i]), 1e-300))
    return bool(worst <= 1e-6)


PEERS: dict[str, Callable[[Counted], bool]] = {
    "torch.autograd.gradcheck, slow": torch_checker(fast=False),
    "torch.autograd.gradcheck, fast": torch_checker(fast=True),
    "autograd.test_util.check_grads": autograd_checker,
    "scipy.optimize.check_grad, 1e-5": scipy_checker,
    "numdifftools.Gradient, 1e-6": numdifftools_checker,
    "CS231n style, 1e-6": cs231n_checker,
    "jax.test_util.check_grads": jax_checker,
}


def peer_accepts(check: Callable[[Counted], bool], entry: Entry, args: tuple[Any, ...]) -> tuple[bool, int]:
    problem = Counted(entry, args, np.random.default_rng(SEED))
    if problem.x.size == 0:
        return True, 0
    try:
        return bool(check(problem)), problem.evaluations
    except Exception:
        return False, problem.evaluations


def ours_accepts(entry: Entry, args: tuple[Any, ...]) -> tuple[bool, int]:
    family = entry.family
    report = CHECKS[family.kind](family.forward, entry.claimed, *args, wrt=family.wrt, strict=True)
    return report.verdict not in ("wrong", "unsafe"), report.evaluations


Accepts = Callable[[Entry, tuple[Any, ...]], tuple[bool, int]]


def row(name: str, accepts: Accepts) -> str:
    """One line of the table: what a checker rejects of the right entries, and accepts of the wrong ones.

    A wrong entry is tried at those points only at which the checker accepts every right one: elsewhere a
    refusal says nothing.
    """
    counts = dict.fromkeys(("natural", "float64", "float32", "wrong", "unsafe"), 0)
    evaluations, seconds = [], []

    def ask(entry: Entry, args: tuple[Any, ...]) -> bool:
        began = time.perf_counter()
        verdict, count = accepts(entry, args)
        seconds.append(time.perf_counter() - began)
        evaluations.append(count)
        return verdict

    for family in {e.family.name: e.family for e in corpus()}.values():
        entries = [e for e in corpus() if e.family.name == family.name]
        rng = np.random.default_rng(SEED)
        natural = family.natural(rng)
        points = natural + family.edges(rng)
        single = [any(np.asarray(p[i]).dtype == np.float32 for i in family.wrt) for p in points]
        verdicts = np.array([[ask(e, p) for p in points] for e in entries if e.right])
        counts["natural"] += int((~verdicts[:, : len(natural)]).any(axis=1).sum())
        counts["float64"] += int((~verdicts[:, ~np.array(single)]).any(axis=1).sum())
        counts["float32"] += int((~verdicts).any(axis=1).sum())
        usable = [p for p, good in zip(points, verdicts.all(axis=0), strict=True) if good]
        for entry in entries:
            known = (family.name, entry.name) in CONVENTION_ONLY
            if not entry.right and not known and all(ask(entry, p) for p in usable):
                counts["unsafe" if entry.unsafe else "wrong"] += 1
    cost = f"{np.median(evaluations):.0f} | {1e3 * np.median(seconds):.2g}"
    return f"| {name} | {' | '.join(str(c) for c in counts.values())} | {cost} |"


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # jax logs what raises in a callback
    np.seterr(all="ignore")
    entries = corpus()
    unsafe = sum(e.unsafe for e in entries)
    right = sum(e.right for e in entries)
    wrong = len(entries) - unsafe - right - len(CONVENTION_ONLY)
    print(
        f"| checker | right rejected / {right}, natural points | and float64 edges | and float32 "
        f"| wrong accepted / {wrong} | unsafe accepted / {unsafe} "
        "| median evaluations a point | median ms a point |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(row("gradcheck (this project)", ours_accepts), flush=True)
    for name, check in PEERS.items():
        if not name.startswith(tuple(sys.argv[1:]) or ""):
            continue
        print(row(name, lambda e, a, check=check: peer_accepts(check, e, a)), flush=True)
    versions = {m.__name__: m.__version__ for m in (np, torch, jax, numdifftools)}
    print(", ".join(f"{name} {version}" for name, version in versions.items()))


if __name__ == "__main__":
    main()
