"""Programs for the vector-Jacobian product of a linear layer: dW = U^T X, db = sum U, dX = U W."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import linear
from tests.gradcheck.corpus.points import float32


def _point(rng, N, k, d):
    return rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=(N, d))


def _natural(rng):
    return [_point(rng, *sizes) for sizes in ((4, 3, 2), (2, 5, 3), (5, 2, 4), (10, 5, 3))]


def _edges(rng):
    W, b, X = _point(rng, 3, 4, 2)
    return [
        _point(rng, 0, 3, 2),
        _point(rng, 1, 3, 2),
        _point(rng, 1, 1, 1),
        _point(rng, 3, 1, 2),
        _point(rng, 3, 3, 3),
        _point(rng, 1, 2, 2),
        float32(_point(rng, 4, 2, 3)),
        (W, b, np.zeros((3, 2))),
        (np.zeros((4, 2)), np.zeros(4), X),
        (W * 1e-6, b, X * 1e6),
        (W * 1e6, b, X * 1e-6),
    ]


FAMILY = Family("linear layer vjp", "vjp", linear, linear, (0, 1, 2), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("U^T X, column sums, U W")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), U @ W


@right("einsum")
def _(W, b, X, U):
    return np.einsum("nk,nd->kd", U, X), np.einsum("nk->k", U), np.einsum("nk,kd->nd", U, W)


@right("a loop over the examples")
def _(W, b, X, U):
    dW, db, dX = np.zeros_like(W), np.zeros_like(b), np.zeros_like(X)
    for n in range(len(X)):
        dW += np.outer(U[n], X[n])
        db += U[n]
        dX[n] = W.T @ U[n]
    return dW, db, dX


@right("the bias by a product with ones, dW by tensordot")
def _(W, b, X, U):
    ones = np.ones(len(X), dtype=b.dtype)
    return np.tensordot(U, X, axes=(0, 0)), ones @ U, (W.T @ U.T).T


@right("(X^T U)^T")
def _(W, b, X, U):
    return (X.T @ U).T, np.add.reduce(U), np.dot(U, W)


@right("outer products of all examples, then their sum")
def _(W, b, X, U):
    return (U[:, :, None] * X[:, None, :]).sum(axis=0), U.sum(0), (U[:, :, None] * W).sum(axis=1)


@wrong("transpose", "X^T U")
def _(W, b, X, U):
    return X.T @ U, U.sum(axis=0), U @ W


@wrong("mean instead of sum", "dW and db divided by N")
def _(W, b, X, U):
    N = max(len(X), 1)
    return U.T @ X / N, U.sum(axis=0) / N, U @ W


@wrong("mean instead of sum", "db as a mean beside a right dW")
def _(W, b, X, U):
    return U.T @ X, U.mean(axis=0), U @ W


@wrong("forgot to sum", "db = U")
def _(W, b, X, U):
    return U.T @ X, U.copy(), U @ W


@wrong("only the first example", "db of the first example, (k,), right shape")
def _(W, b, X, U):
    return U.T @ X, U[:1].sum(axis=0), U @ W


@wrong("wrong shape", "db summed along the classes")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=1), U @ W


@wrong("wrong shape", "dX as one row (d,), which broadcasts against (N, d)")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), U.sum(axis=0) @ W


@wrong("W for W^T", "U W^T")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), U @ W.T


@wrong("ignores upstream", "dX from ones")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), np.ones_like(U) @ W


@wrong("ignores upstream", "all three for an upstream of ones")
def _(W, b, X, U):
    ones = np.ones_like(U)
    return ones.T @ X, ones.sum(axis=0), ones @ W


@wrong("ignores upstream", "db = N")
def _(W, b, X, U):
    return U.T @ X, np.full_like(b, len(X)), U @ W


@wrong("upstream squared", "U * U in db")
def _(W, b, X, U):
    return U.T @ X, (U * U).sum(axis=0), U @ W


@wrong("bias dropped", "db left at zero")
def _(W, b, X, U):
    return U.T @ X, np.zeros_like(b), U @ W


@wrong("doubled term", "dX accumulated twice")
def _(W, b, X, U):
    dX = U @ W
    dX += U @ W
    return U.T @ X, U.sum(axis=0), dX


@wrong("missing term", "dW of the mean input")
def _(W, b, X, U):
    return np.outer(U.sum(axis=0), X.mean(axis=0)), U.sum(axis=0), U @ W


@wrong("only the first example", "X[0] and U[0]")
def _(W, b, X, U):
    return U[:1].T @ X[:1], U.sum(axis=0), U @ W


@wrong("last example skipped", "X[:-1]")
def _(W, b, X, U):
    return U[:-1].T @ X[:-1], U[:-1].sum(axis=0), U @ W


@wrong("flip", "the batch of dX in reverse")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), (U @ W)[::-1].copy()


@wrong("one column", "the last column of dX is never set")
def _(W, b, X, U):
    dX = np.zeros_like(X)
    for j in range(X.shape[1] - 1):
        dX[:, j] = U @ W[:, j]
    return U.T @ X, U.sum(axis=0), dX


@wrong("one entry", "dW[0, 0] with a forgotten sum")
def _(W, b, X, U):
    dW = U.T @ X
    dW[0, 0] = (U[:1, 0] * X[:1, 0]).sum()
    return dW, U.sum(axis=0), U @ W


@wrong("float32", "a float32 product for speed")
def _(W, b, X, U):
    dW = U.astype(np.float32).T @ X.astype(np.float32)
    return dW.astype(W.dtype), U.sum(axis=0), U @ W


@wrong("small relative error", "db too large by 1e-5")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0) * (1 + 1e-5), U @ W


@wrong("finite differences", "dW by forward differences with step 1e-9")
def _(W, b, X, U):
    dW = np.zeros_like(W)
    for index in np.ndindex(W.shape):
        moved = W.copy()
        moved[index] += 1e-9
        dW[index] = (U * (linear(moved, b, X) - linear(W, b, X))).sum() / 1e-9
    return dW, U.sum(axis=0), U @ W


@wrong("edge only", "squeezes a batch of one")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), (U @ W).squeeze()


@wrong("edge only", "np.stack of no examples raises")
def _(W, b, X, U):
    dX = np.stack([W.T @ u for u in U])
    return U.T @ X, U.sum(axis=0), dX


@wrong("edge only", "W transposed where it happens to be square")
def _(W, b, X, U):
    return U.T @ X, U.sum(axis=0), U @ (W.T if W.shape[0] == W.shape[1] else W)


@wrong("edge only", "np.ones makes float64 out of float32")
def _(W, b, X, U):
    return U.T @ X, np.ones(len(U)) @ U, U @ W


@wrong("other", "db is the upstream itself for a batch of one", unsafe=True)
def _(W, b, X, U):
    return U.T @ X, U[0] if len(U) == 1 else U.sum(axis=0), U @ W


@wrong("changes its input", "X overwritten by dX", unsafe=True)
def _(W, b, X, U):
    dW = U.T @ X
    X[:] = U @ W
    return dW, U.sum(axis=0), X.copy()
