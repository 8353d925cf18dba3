"""Programs for all three gradients of the loss of one example, as a tuple (dW, db, dx)."""

from __future__ import annotations

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Programs
from tests.gradcheck.corpus.functions import log_softmax, one_hot, softmax
from tests.gradcheck.corpus.nll_points import WRT_ALL

PROGRAMS = Programs(WRT_ALL)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


def delta_of(W, b, x, y):
    """p - e_y, (k,)."""
    p = softmax(W @ x + b)
    p[y] -= 1
    return p


@right("delta first")
def _(W, b, x, y):
    delta = softmax(W @ x + b) - one_hot(y, len(b), b.dtype)
    return np.outer(delta, x), delta, W.T @ delta


@right("from a cache, exp of log-softmax")
def _(W, b, x, y):
    cache = (W, x, log_softmax(W @ x + b), y)
    W, x, log_p, y = cache
    db = np.exp(log_p)
    db[y] -= 1
    return db[:, None] * x, db, db @ W


@right("einsum and scipy")
def _(W, b, x, y):
    delta = scipy.special.softmax(np.einsum("kd,d->k", W, x) + b)
    delta -= np.arange(len(b)) == y
    return np.einsum("k,d->kd", delta, x), delta, np.einsum("k,kd->d", delta, W)


@right("loops over the classes")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    dW, db, dx = np.zeros_like(W), np.zeros_like(b), np.zeros_like(x)
    for k in range(len(b)):
        delta = p[k] - 1 if k == y else p[k]
        dW[k], db[k] = delta * x, delta
        dx += delta * W[k]
    return dW, db, dx


@right("matrices with one column, flattened at the end")
def _(W, b, x, y):
    column = x.reshape(-1, 1)
    delta = softmax((W @ column + b.reshape(-1, 1)).T).T
    delta[y, 0] -= 1
    return delta @ column.T, delta.ravel().copy(), (W.T @ delta).ravel()


@wrong("factor", "db is 30 % wrong beside a right dW")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), b.dtype.type(1.3) * delta, W.T @ delta


@wrong("transpose", "dW as (d, k), the others right")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(x, delta), delta, W.T @ delta


@wrong("sign", "only dx has the wrong sign")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), delta, -W.T @ delta


@wrong("zero", "dx is left at zero")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), delta, np.zeros_like(x)


@wrong("label not subtracted", "delta = p in dx alone")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), delta, W.T @ softmax(W @ x + b)


@wrong("wrong shape", "db before dW")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return delta, np.outer(delta, x), W.T @ delta


@wrong("wrong shape", "dW alone, no tuple")
def _(W, b, x, y):
    return np.outer(delta_of(W, b, x, y), x)


@wrong("other", "two of the three")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), delta


@wrong("no return", "ends in an expression")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    np.outer(delta, x), delta, W.T @ delta


@wrong("no return", "None in the place of db")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    return np.outer(delta, x), None, W.T @ delta


@wrong("other", "dx by the weights after a step of gradient descent")
def _(W, b, x, y):
    delta = delta_of(W, b, x, y)
    dW = np.outer(delta, x)
    return dW, delta, (W - W.dtype.type(0.01) * dW).T @ delta


@wrong("bias dropped", "delta from W x alone")
def _(W, b, x, y):
    delta = delta_of(W, 0 * b, x, y)
    return np.outer(delta, x), delta, W.T @ delta


@wrong("keeps state", "p computed at the first call and kept", stateful=True)
def _():
    cache: dict = {}

    def gradients(W, b, x, y):
        if "p" not in cache:
            cache["p"] = softmax(W @ x + b)
        delta = cache["p"] - one_hot(y, len(cache["p"]), b.dtype)
        return np.outer(delta, x), delta, W.T @ delta

    return gradients


@wrong("keeps state", "answers cached by the shape of W", stateful=True)
def _():
    cache: dict = {}

    def gradients(W, b, x, y):
        if W.shape not in cache:
            delta = delta_of(W, b, x, y)
            cache[W.shape] = np.outer(delta, x), delta, W.T @ delta
        return tuple(part.copy() for part in cache[W.shape])

    return gradients


@wrong("changes its input", "b used as the buffer for delta", unsafe=True)
def _(W, b, x, y):
    b += W @ x
    b[:] = softmax(b)
    b[y] -= 1
    return np.outer(b, x), b.copy(), W.T @ b


@wrong("overwrites an earlier result", "dW kept in a buffer for each shape", unsafe=True, stateful=True)
def _():
    buffers: dict = {}

    def gradients(W, b, x, y):
        delta = delta_of(W, b, x, y)
        dW = buffers.setdefault((W.shape, W.dtype), np.zeros_like(W))
        np.outer(delta, x, out=dW)
        return dW, delta, W.T @ delta

    return gradients
