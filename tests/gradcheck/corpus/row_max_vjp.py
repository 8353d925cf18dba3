"""Programs for the vector-Jacobian product of the largest entry of every row: u there, else 0.

At ties, the first of the largest entries gets u.
"""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_row_max, row_max
from tests.gradcheck.corpus.points import draw, float32


def _apart(X):
    two = np.sort(X, axis=1)[:, -2:]
    return bool(np.all(two[:, 1] - two[:, 0] > 0.05))


def _rows(rng, N, K):
    return draw(lambda: (rng.normal(size=(N, K)),), _apart)


def _natural(rng):
    return [_rows(rng, 4, 3), _rows(rng, 3, 7), _rows(rng, 2, 5)]


def _edges(rng):
    return [
        (np.array([[1.0, 1.0, 0.3], [0.2, 0.9, 0.5]]),),
        (np.array([[2.0, -1.0, 2.0, 2.0]]),),
        (np.ones((2, 3)),),
        (np.zeros((2, 2)),),
        (np.array([[0.7]]),),
        (-1 - rng.random((3, 4)),),
        (1e-6 * _rows(rng, 3, 4)[0],),
        (1e6 * _rows(rng, 3, 4)[0],),
        float32(_rows(rng, 3, 4)),
    ]


FAMILY = Family("row maximum vjp", "vjp", row_max, exact_row_max, (0,), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("written at argmax")
def _(X, u):
    answer = np.zeros_like(X)
    answer[np.arange(len(X)), X.argmax(axis=1)] = u
    return answer


@right("np.eye at argmax")
def _(X, u):
    return np.eye(X.shape[1], dtype=X.dtype)[X.argmax(axis=1)] * u[:, None]


@right("a loop over the rows")
def _(X, u):
    answer = np.zeros_like(X)
    for n, row in enumerate(X):
        answer[n, list(row).index(max(row))] = u[n]
    return answer


@right("np.put_along_axis")
def _(X, u):
    answer = np.zeros_like(X)
    np.put_along_axis(answer, X.argmax(axis=1)[:, None], u[:, None], axis=1)
    return answer


@wrong("edge only", "every largest entry of a tie counts")
def _(X, u):
    return (X.max(axis=1, keepdims=True) == X) * u[:, None]


@wrong("edge only", "nothing for rows with a tie")
def _(X, u):
    largest = X.max(axis=1, keepdims=True) == X
    return largest * u[:, None] * (largest.sum(axis=1, keepdims=True) == 1)


@wrong("edge only", "half of u for every largest entry of a tie, also of three")
def _(X, u):
    largest = X.max(axis=1, keepdims=True) == X
    shares = np.where(largest.sum(axis=1, keepdims=True) == 1, 1, 0.5)
    return (largest * u[:, None] * shares).astype(X.dtype)


@wrong("other", "the smallest entries")
def _(X, u):
    return (X.min(axis=1, keepdims=True) == X) * u[:, None]


@wrong("other", "the maximum of all rows together")
def _(X, u):
    answer = np.zeros_like(X)
    answer.flat[X.argmax()] = u.sum()
    return answer


@wrong("ignores upstream", "ones in the place of u")
def _(X, u):
    return np.eye(X.shape[1], dtype=X.dtype)[X.argmax(axis=1)]


@wrong("other", "times the maximum")
def _(X, u):
    return np.eye(X.shape[1], dtype=X.dtype)[X.argmax(axis=1)] * (u * X.max(axis=1))[:, None]
