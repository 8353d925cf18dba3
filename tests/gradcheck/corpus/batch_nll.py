"""Programs for the gradient of the mean loss of a batch by W and b, as a tuple (dW, db)."""

from __future__ import annotations

import numpy as np
import scipy.special

from tests.gradcheck.corpus.batch_points import FAMILY, delta_of
from tests.gradcheck.corpus.entries import Programs
from tests.gradcheck.corpus.functions import log_softmax, one_hot, softmax

PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("delta^T X and column sums")
def _(W, b, X, y):
    delta = (softmax(X @ W.T + b) - one_hot(y, len(b), b.dtype)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@right("einsum and a mean")
def _(W, b, X, y):
    delta = np.exp(log_softmax(np.einsum("nd,kd->nk", X, W) + b))
    delta -= y[:, None] == np.arange(len(b))
    return np.einsum("nk,nd->kd", delta, X) / len(X), delta.mean(axis=0)


@right("a loop over the examples")
def _(W, b, X, y):
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for x, label in zip(X, y, strict=True):
        p = softmax(W @ x + b)
        p[label] -= 1
        dW += np.outer(p, x) / len(y)
        db += p / len(y)
    return dW, db


@right("scipy, np.subtract.at for the labels")
def _(W, b, X, y):
    P = scipy.special.softmax(X @ W.T + b, axis=1)
    dW, db = P.T @ X, P.sum(axis=0)
    np.subtract.at(dW, y, X)
    np.subtract.at(db, y, 1)
    return dW / len(y), db / len(y)


@right("outer products of all examples, then their mean")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y)
    return np.mean(delta[:, :, None] * X[:, None, :], axis=0), np.mean(delta, axis=0)


@right("a class at a time with boolean masks")
def _(W, b, X, y):
    P = softmax(X @ W.T + b)
    dW, db = np.empty_like(W), np.empty_like(b)
    for k in range(len(b)):
        delta = P[:, k] - (y == k)
        dW[k], db[k] = delta @ X / len(y), delta.mean()
    return dW, db


@right("the transposed layout: columns are examples")
def _(W, b, X, y):
    Z = W @ X.T + b[:, None]
    P = np.exp(Z - Z.max(axis=0))
    P /= P.sum(axis=0)
    P[y, range(len(y))] -= 1
    return P @ X / X.shape[0], P.sum(axis=1) / X.shape[0]


@wrong("sum instead of mean", "not divided by N")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("sum instead of mean", "dW divided by N, db not")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y)
    return delta.T @ X / len(y), delta.sum(axis=0)


@wrong("mean instead of sum", "divided by N in delta and once more by a mean")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X, delta.mean(axis=0)


@wrong("factor", "divided by N k")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / (len(y) * len(b))
    return delta.T @ X, delta.sum(axis=0)


@wrong("factor", "db 30 % too small beside a large dW")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X, b.dtype.type(0.7) * delta.sum(axis=0)


@wrong("forgot to sum", "db of shape (N, k)")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X, delta


@wrong("forgot to sum", "dW of shape (N, k, d)")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return np.einsum("nk,nd->nkd", delta, X), delta.sum(axis=0)


@wrong("wrong shape", "db with keepdims, (1, k)")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X, delta.sum(axis=0, keepdims=True)


@wrong("wrong shape", "dW averaged over the classes, (d,), which broadcasts")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return (delta.T @ X).mean(axis=0), delta.sum(axis=0)


@wrong("transpose", "X^T delta")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return X.T @ delta, delta.sum(axis=0)


@wrong("label not subtracted", "P^T X")
def _(W, b, X, y):
    P = softmax(X @ W.T + b) / len(y)
    return P.T @ X, P.sum(axis=0)


@wrong("label off by one", "labels taken to count from 1")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y - 1) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("label off by one", "only the last label, wrapped by % (k - 1)")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y % max(len(b) - 1, 1)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("softmax along the wrong axis", "normalised over the examples")
def _(W, b, X, y):
    delta = (scipy.special.softmax(X @ W.T + b, axis=0) - one_hot(y, len(b), b.dtype)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("only the first example", "X[0]")
def _(W, b, X, y):
    delta = delta_of(W, b, X[:1], y[:1])
    return delta.T @ X[:1], delta[0]


@wrong("last example skipped", "range(len(y) - 1)")
def _(W, b, X, y):
    delta = delta_of(W, b, X[:-1], y[:-1]) / len(y)
    return delta.T @ X[:-1], delta.sum(axis=0)


@wrong("other", "indices that occur twice are subtracted once")
def _(W, b, X, y):
    P = softmax(X @ W.T + b)
    dW, db = P.T @ X, P.sum(axis=0)
    dW[y] -= X
    db[y] -= 1
    return dW / len(y), db / len(y)


@wrong("random", "a minibatch of N - 1 random examples", stateful=True)
def _():
    rng = np.random.default_rng()

    def gradients(W, b, X, y):
        chosen = rng.choice(len(y), max(len(y) - 1, 1), replace=False)
        delta = delta_of(W, b, X[chosen], y[chosen]) / len(chosen)
        return delta.T @ X[chosen], delta.sum(axis=0)

    return gradients


@wrong("roll", "labels shifted against the examples")
def _(W, b, X, y):
    delta = delta_of(W, b, X, np.roll(y, 1)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("one row", "the row of the last class is missing, as in a model with a reference class")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    delta[:, -1] = 0
    return delta.T @ X, delta.sum(axis=0)


@wrong("one column", "the last feature is taken for the bias column")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    dW = delta.T @ X
    dW[:, -1] = delta.sum(axis=0)
    return dW, delta.sum(axis=0)


@wrong("bias dropped", "logits X W^T")
def _(W, b, X, y):
    delta = delta_of(W, 0 * b, X, y) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("missing term", "the mean of the labels' inputs alone")
def _(W, b, X, y):
    labels_only = -one_hot(y, len(b), b.dtype) / len(y)
    return labels_only.T @ X, labels_only.sum(axis=0)


@wrong("float32", "X kept in float32")
def _(W, b, X, y):
    X = X.astype(np.float32).astype(W.dtype)
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("small relative error", "N + 1e-4 against a division by zero")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / (len(y) + 1e-4)
    return delta.T @ X, delta.sum(axis=0)


@wrong("small relative error", "weight decay of 1e-6 on W")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / len(y)
    return delta.T @ X * (1 + 1e-6), delta.sum(axis=0)


@wrong("not finite", "exp without subtracting the largest logit")
def _(W, b, X, y):
    E = np.exp(X @ W.T + b)
    delta = (E / E.sum(axis=1, keepdims=True) - one_hot(y, len(b), b.dtype)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("not finite", "one largest logit for the whole batch")
def _(W, b, X, y):
    Z = X @ W.T + b
    E = np.exp(Z - Z.max())
    delta = (E / E.sum(axis=1, keepdims=True) - one_hot(y, len(b), b.dtype)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("edge only", "squeezes a batch of one")
def _(W, b, X, y):
    delta = np.squeeze(delta_of(W, b, X, y)) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("edge only", "the number of classes taken from the labels")
def _(W, b, X, y):
    delta = (softmax(X @ W.T + b) - np.eye(y.max() + 1, dtype=b.dtype)[y]) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("edge only", "np.eye makes float64 out of float32")
def _(W, b, X, y):
    delta = (softmax(X @ W.T + b) - np.eye(len(b))[y]) / len(y)
    return delta.T @ X, delta.sum(axis=0)


@wrong("edge only", "for two classes the logistic loss with its 1/2")
def _(W, b, X, y):
    delta = delta_of(W, b, X, y) / (2 * len(y) if len(b) == 2 else len(y))
    return delta.T @ X, delta.sum(axis=0)


@wrong("changes its input", "X /= N", unsafe=True)
def _(W, b, X, y):
    delta = delta_of(W, b, X, y)
    X /= len(y)
    return delta.T @ X, delta.mean(axis=0)


@wrong("keeps state", "gradients accumulate, as without zero_grad", unsafe=True, stateful=True)
def _():
    gradients: dict = {}

    def backward(W, b, X, y):
        delta = delta_of(W, b, X, y) / len(y)
        dW, db = gradients.get((X.shape, b.shape, b.dtype), (0, 0))
        gradients[X.shape, b.shape, b.dtype] = dW + delta.T @ X, db + delta.sum(axis=0)
        return gradients[X.shape, b.shape, b.dtype]

    return backward
