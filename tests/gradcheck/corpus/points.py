"""Points at which families are differentiated: the parts that several families share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.gradcheck.corpus.functions import softmax


def draw(make: Callable[[], tuple], accept: Callable[..., bool]) -> tuple:
    """Call `make` until `accept(*args)` holds."""
    for _ in range(10_000):
        args = make()
        if accept(*args):
            return args
    raise RuntimeError("no point was accepted")


def float32(args: tuple) -> tuple:
    """The same point with its float arrays in float32; labels stay as they are."""
    return tuple(
        a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == np.float64 else a for a in args
    )


def unsaturated(logits: np.ndarray) -> bool:
    """True where no probability is near 0 or 1."""
    p = softmax(logits)
    return bool(p.min() > 0.02 and p.max() < 0.9)


def mixed(z: np.ndarray) -> bool:
    """True where z has both signs and no entry near the kink of a ReLU."""
    return bool((z > 0).any() and (z < 0).any() and np.abs(z).min() > 0.05)


def labels(rng: np.random.Generator, N: int, K: int) -> np.ndarray:
    """N labels; if N >= 3, they include the first, a middle and the last class."""
    y = rng.integers(0, K, N)
    chosen = [K - 1, 0, K // 2][:N]
    y[: len(chosen)] = chosen
    return rng.permutation(y)


def logits(rng: np.random.Generator) -> list[np.ndarray]:
    """Vectors of unsaturated logits of several lengths."""

    def vector(K):
        return draw(lambda: (rng.normal(size=K),), unsaturated)[0]

    return [vector(K) for K in (3, 5, 4, 8)]


def extreme_logits(rng: np.random.Generator) -> list[np.ndarray]:
    """Vectors of logits: ties, one or two classes, saturated, huge, tiny, shifted, float32."""
    return [
        np.zeros(3),
        np.array([0.3, -0.9]),
        np.array([0.7]),
        np.array([1500.0, -1500.0, 0.0]),
        np.array([-1500.0, 1499.0, 1500.0]),
        np.array([1500.0, 1500.0, -1500.0, 1500.0]),
        np.array([40.0, 0.0, -1.0]),
        rng.normal(size=4) * 1e-6,
        np.array([-1e6, 2e6, 1.5e6]),
        1000 + rng.normal(size=5),
        rng.normal(size=6).astype(np.float32),
    ]
