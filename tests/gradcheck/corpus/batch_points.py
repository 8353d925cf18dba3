"""Points and the family for the mean loss of a batch: the gradient by W and b, a tuple (dW, db)."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family
from tests.gradcheck.corpus.functions import batch_nll, exact_batch_nll, softmax
from tests.gradcheck.corpus.points import draw, float32, labels, unsaturated

_DOWNHILL = np.array([[1.0, -1.0], [0.5, -1.2], [-0.2, -0.9]])


def _point(rng, N, k, d):
    return draw(
        lambda: (
            0.7 * rng.normal(size=(k, d)),
            rng.normal(size=k),
            rng.normal(size=(N, d)),
            labels(rng, N, k),
        ),
        lambda W, b, X, _: unsaturated(X @ W.T + b) and np.abs(b).min() > 0.1,
    )


def _natural(rng):
    W, b, X, y = _point(rng, 4, 5, 2)
    return [_point(rng, 6, 3, 4), (W, b, X, y), _point(rng, 5, 4, 3), (W / 100, b, X * 100, y)]


def _edges(rng):
    W, b, X, y = _point(rng, 4, 3, 2)
    return [
        _point(rng, 1, 3, 2),
        _point(rng, 1, 2, 1),
        _point(rng, 5, 2, 3),
        _point(rng, 3, 3, 3),
        float32(_point(rng, 4, 3, 2)),
        (W, b, X, np.array([0, 0, 1, 0])),
        (W, b, X, np.array([2, 2, 2, 2])),
        (W, np.array([1500.0, -1500.0, 0.0]), X, y),
        (np.zeros((3, 2)), np.zeros(3), X, y),
        (W, b, np.zeros((4, 2)), y),
        (W * 1e6, b, X * 1e-6, y),
        (W * 1e-6, b, X * 1e6, y),
        (_DOWNHILL, b, np.array([[1000.0, 1.0], [1.0, 1000.0], [0.5, 0.5]]), np.array([0, 2, 1])),
        (W, np.array([0.0, 40.0, 1.0]), X, np.array([1, 1, 1, 1])),
    ]


FAMILY = Family("batch NLL", "gradient", batch_nll, exact_batch_nll, (0, 1), _natural, _edges)


def delta_of(W, b, X, y):
    """p - onehot, (N, k), not yet divided by N."""
    P = softmax(X @ W.T + b)
    P[np.arange(len(y)), y] -= 1
    return P
