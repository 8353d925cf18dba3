"""Points and families for the loss of one example: -log p[y] of p = softmax(W x + b)."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family
from tests.gradcheck.corpus.functions import exact_nll, nll
from tests.gradcheck.corpus.points import draw, float32, unsaturated


def _point(rng, k, d, y):
    return draw(
        lambda: (rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=d), y),
        lambda W, b, x, _: unsaturated(W @ x + b) and np.abs(b).min() > 0.1,
    )


def _natural(rng):
    return [_point(rng, 5, 3, 0), _point(rng, 3, 4, 1), _point(rng, 4, 6, 3), _point(rng, 5, 2, 4)]


def _edges(rng):
    W, b, x, y = _point(rng, 3, 2, 1)
    W4 = np.zeros((4, 2))
    return [
        _point(rng, 2, 3, 0),
        _point(rng, 2, 3, 1),
        _point(rng, 2, 1, 1),
        _point(rng, 3, 3, 2),
        _point(rng, 2, 2, 1),
        float32(_point(rng, 4, 3, 2)),
        (W, np.array([1500.0, -1500.0, 0.0]), x, 0),
        (W, np.array([1500.0, -1500.0, 0.0]), x, 1),
        (W, np.array([-1500.0, 1500.0, 1499.0]), x, 2),
        (W, np.array([1500.0, 1500.0, 1500.0]), x, y),
        (W, np.array([0.0, 40.0, 1.0]), x, y),
        (np.zeros((3, 2)), np.zeros(3), x, 2),
        (W4, np.array([0.5, 2.0, 2.0, -1.0]), x, 2),
        (W, b, np.zeros(2), y),
        (W * 1e6, b, x * 1e-6, y),
        (W * 1e-6, b, x * 1e6, y),
        (W * 1e-6, b * 1e-6, x * 1e-6, y),
    ]


WRT_W, WRT_B, WRT_X, WRT_ALL = (
    Family(name, "gradient", nll, exact_nll, wrt, _natural, _edges)
    for name, wrt in (
        ("NLL gradient of W", (0,)),
        ("NLL gradient of b", (1,)),
        ("NLL gradient of x", (2,)),
        ("NLL gradient of W, b and x", (0, 1, 2)),
    )
)
