"""Programs for the gradients of the loss of one example by b, p - e_y, and by x, W^T (p - e_y)."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Programs
from tests.gradcheck.corpus.functions import log_softmax, one_hot, softmax
from tests.gradcheck.corpus.nll_points import WRT_B, WRT_X

OF_B = Programs(WRT_B)
OF_X = Programs(WRT_X)


@OF_B.right("p - onehot")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    return p - one_hot(y, len(b), p.dtype)


@OF_B.right("exp of scipy's logsumexp form, 1 subtracted")
def _(W, b, x, y):
    z = W @ x + b
    p = np.exp(z - scipy.special.logsumexp(z))
    p[y] -= 1
    return p


@OF_B.right("Python floats and a list")
def _(W, b, x, y):
    z = [sum(float(w) * float(v) for w, v in zip(row, x, strict=True)) for row in W]
    z = [v + float(c) for v, c in zip(z, b, strict=True)]
    e = [math.exp(v - max(z)) for v in z]
    return np.array([v / sum(e) - (k == y) for k, v in enumerate(e)], dtype=b.dtype)


@OF_B.right("the log-softmax vjp of -e_y")
def _(W, b, x, y):
    upstream = -one_hot(y, len(b), b.dtype)
    return upstream - np.exp(log_softmax(W @ x + b)) * upstream.sum()


@OF_B.wrong("sign", "e_y - p")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return -p


@OF_B.wrong("label not subtracted", "p")
def _(W, b, x, y):
    return softmax(W @ x + b)


@OF_B.wrong("label off by one", "the class after the label")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[(y + 1) % len(p)] -= 1
    return p


@OF_B.wrong("missing term", "-e_y")
def _(W, b, x, y):
    return -one_hot(y, len(b), b.dtype)


@OF_B.wrong("wrong shape", "the scalar p[y] - 1, which broadcasts")
def _(W, b, x, y):
    return np.array(softmax(W @ x + b)[y] - 1)


@OF_B.wrong("wrong shape", "a column (k, 1)")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p.reshape(-1, 1)


@OF_B.wrong("factor", "30 % short")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return b.dtype.type(0.7) * p


@OF_B.wrong("zero", "a bias is a constant")
def _(W, b, x, y):
    return np.zeros_like(b)


@OF_B.wrong("float32", "the answer through float32")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p.astype(np.float32).astype(b.dtype)


@OF_B.wrong("edge only", "np.zeros makes float64 out of float32")
def _(W, b, x, y):
    onehot = np.zeros(len(b))
    onehot[y] = 1
    return softmax(W @ x + b) - onehot


@OF_B.wrong("overwrites an earlier result", "scratch memory shared by all calls", unsafe=True, stateful=True)
def _():
    scratch = {dtype: np.empty(100, dtype) for dtype in ("float32", "float64")}

    def gradient(W, b, x, y):
        answer = scratch[b.dtype.name][: len(b)]
        answer[:] = softmax(W @ x + b)
        answer[y] -= 1
        return answer

    return gradient


@OF_X.right("W^T (p - onehot)")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    return W.T @ (p - one_hot(y, len(b), p.dtype))


@OF_X.right("the row vector delta times W")
def _(W, b, x, y):
    delta = softmax(W @ x + b)
    delta[y] -= 1
    return delta @ W


@OF_X.right("a sum of rows of W")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    dx = np.zeros_like(x)
    for k in range(len(b)):
        dx += (p[k] - (k == y)) * W[k]
    return dx


@OF_X.right("einsum and scipy")
def _(W, b, x, y):
    delta = scipy.special.softmax(W.dot(x) + b)
    delta[y] -= 1
    return np.einsum("k,kd->d", delta, W)


@OF_X.right("an entry at a time with math.fsum")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    dx = [math.fsum((W[:, j].astype(float) * p.astype(float)).tolist()) for j in range(len(x))]
    return np.array(dx).astype(x.dtype)


@OF_X.wrong("W for W^T", "W delta")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return W @ p


@OF_X.wrong("W for W^T", "W delta, saved from the shape error by resizing")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return np.resize(W @ np.resize(p, len(x)), len(x))


@OF_X.wrong("label not subtracted", "W^T p")
def _(W, b, x, y):
    return W.T @ softmax(W @ x + b)


@OF_X.wrong("missing term", "minus the row of the label")
def _(W, b, x, y):
    return -W[y]


@OF_X.wrong("sign", "W[y] - p W")
def _(W, b, x, y):
    return W[y] - softmax(W @ x + b) @ W


@OF_X.wrong("doubled term", "the row of the label subtracted twice")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return W.T @ p - W[y]


@OF_X.wrong("label off by one", "y + 1, last label kept inside")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[min(y + 1, len(p) - 1)] -= 1
    return W.T @ p


@OF_X.wrong("wrong shape", "a (1, d) row")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p[None, :] @ W


@OF_X.wrong("forgot to sum", "delta times W, not summed over the classes")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p[:, None] * W


@OF_X.wrong("small relative error", "softmax with 1e-6 in the denominator")
def _(W, b, x, y):
    e = np.exp(W @ x + b - (W @ x + b).max())
    p = e / (e.sum() + 1e-6)
    p[y] -= 1
    return W.T @ p


@OF_X.wrong("edge only", "the bias counts only where it is below 700")
def _(W, b, x, y):
    p = softmax(W @ x + np.minimum(b, 700))
    p[y] -= 1
    return W.T @ p


@OF_X.wrong("roll", "one column too far")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return np.array([W[:, j - 1] @ p for j in range(len(x))], dtype=x.dtype)


@OF_X.wrong("changes its input", "shifts b in place against overflow", unsafe=True)
def _(W, b, x, y):
    b -= (W @ x + b).max()
    e = np.exp(W @ x + b)
    p = e / e.sum()
    p[y] -= 1
    return W.T @ p


@OF_X.wrong("raises", "uses the label as a column index")
def _(W, b, x, y):
    return W.T @ softmax(W @ x + b) - W[:, y + W.shape[1]]
