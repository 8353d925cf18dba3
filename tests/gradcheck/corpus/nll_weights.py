"""Programs for the gradient of the loss of one example by W: (p - e_y) x^T, (k, d)."""

from __future__ import annotations

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Programs
from tests.gradcheck.corpus.functions import log_softmax, nll, one_hot, softmax
from tests.gradcheck.corpus.nll_points import WRT_W

PROGRAMS = Programs(WRT_W)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("outer product of p - onehot and x")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    return np.outer(p - one_hot(y, len(b), p.dtype), x)


@right("1 subtracted from p[y], then a column times a row")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p[:, None] @ x[None, :]


@right("two loops over Python floats")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    dW = np.zeros_like(W)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            dW[i, j] = (float(p[i]) - (1.0 if i == y else 0.0)) * float(x[j])
    return dW


@right("einsum and exp of scipy's log_softmax")
def _(W, b, x, y):
    delta = np.exp(scipy.special.log_softmax(np.einsum("kd,d->k", W, x) + b))
    delta -= np.arange(len(b)) == y
    return np.einsum("k,d->kd", delta, x)


@right("outer product with p, then the row of the label")
def _(W, b, x, y):
    dW = np.outer(softmax(W @ x + b), x)
    dW[y] -= x
    return dW


@right("W and b as one matrix, the last column cut off")
def _(W, b, x, y):
    V, extended = np.hstack([W, b[:, None]]), np.append(x, x.dtype.type(1))
    p = np.exp(log_softmax(V @ extended))
    p[y] -= 1
    return np.outer(p, extended)[:, :-1].copy()


@right("the transpose of x delta^T")
def _(W, b, x, y):
    delta = softmax(x @ W.T + b) - np.where(np.arange(len(b)) == y, 1, 0).astype(x.dtype)
    return np.outer(x, delta).T


@wrong("transpose", "x delta^T, (d, k)")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return np.outer(x, p)


@wrong("sign", "onehot - p")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    return np.outer(one_hot(y, len(b), p.dtype) - p, x)


@wrong("label not subtracted", "p x^T")
def _(W, b, x, y):
    return np.outer(softmax(W @ x + b), x)


@wrong("label off by one", "labels taken to count from 1")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y - 1] -= 1
    return np.outer(p, x)


@wrong("label off by one", "only the last label: a loop over range(K - 1), else the first")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    label = 0
    for k in range(len(b) - 1):
        if k == y:
            label = k
    p[label] -= 1
    return np.outer(p, x)


@wrong("bias dropped", "p from W x alone")
def _(W, b, x, y):
    p = softmax(W @ x)
    p[y] -= 1
    return np.outer(p, x)


@wrong("missing term", "only the row of the label is filled")
def _(W, b, x, y):
    dW = np.zeros_like(W)
    dW[y] = (softmax(W @ x + b)[y] - 1) * x
    return dW


@wrong("missing term", "only -x in the row of the label")
def _(W, b, x, y):
    dW = np.zeros_like(W)
    dW[y] = -x
    return dW


@wrong("wrong shape", "one row (d,), which broadcasts against (k, d)")
def _(W, b, x, y):
    return (softmax(W @ x + b)[y] - 1) * x


@wrong("forgot to sum", "a batch axis of one is left over")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return p[None, :, None] * x[None, None, :]


@wrong("zero", "the loss taken to be constant")
def _(W, b, x, y):
    return 0 * W


@wrong("one entry", "one entry among many is not multiplied by x")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    dW = np.outer(p, x)
    dW[-1, -1] = p[-1]
    return dW


@wrong("one column", "range(1, d): the first column stays zero")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    dW = np.zeros_like(W)
    for j in range(1, len(x)):
        dW[:, j] = p * x[j]
    return dW


@wrong("small relative error", "label smoothing of 1e-3")
def _(W, b, x, y):
    target = 0.999 * one_hot(y, len(b), W.dtype) + W.dtype.type(0.001 / len(b))
    return np.outer(softmax(W @ x + b) - target, x)


@wrong("small relative error", "weight decay of 1e-5 slipped in")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    return np.outer(p, x) + 1e-5 * W


@wrong("small relative error", "p limited to [1e-4, 1 - 1e-4] after rounding to six digits")
def _(W, b, x, y):
    p = np.clip(softmax(W @ x + b).round(6), 1e-4, 1 - 1e-4)
    p[y] -= 1
    return np.outer(p, x)


@wrong("float32", "a float32 matrix product")
def _(W, b, x, y):
    z = W.astype(np.float32) @ x.astype(np.float32) + b
    p = softmax(z.astype(W.dtype))
    p[y] -= 1
    return np.outer(p, x)


@wrong("finite differences", "forward differences of the loss, step 1e-5")
def _(W, b, x, y):
    dW = np.zeros_like(W)
    for index in np.ndindex(W.shape):
        moved = W.copy()
        moved[index] += 1e-5
        dW[index] = (nll(moved, b, x, y) - nll(W, b, x, y)) / 1e-5
    return dW


@wrong("not finite", "exp without subtracting the largest logit")
def _(W, b, x, y):
    e = np.exp(W @ x + b)
    p = e / e.sum()
    p[y] -= 1
    return np.outer(p, x)


@wrong("not finite", "-1/p[y] times the row of the softmax Jacobian")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    J = np.diag(p) - np.outer(p, p)
    return np.outer(-J[y] / p[y], x)


@wrong("edge only", "the label is looked up by its probability, which ties confuse")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[list(p).index(p[y])] -= 1
    return np.outer(p, x)


@wrong("edge only", "p limited to at most 1 - 1e-12 and at least 1e-12, times 1/p")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    J = np.diag(p) - np.outer(p, p)
    return np.outer(-J[y] / np.clip(p[y], 1e-12, 1), x)


@wrong("edge only", "for two classes the logistic regression with labels -1 and 1")
def _(W, b, x, y):
    z = W @ x + b
    if len(b) == 2:
        t = 2 * y - 1
        s = 1 / (1 + np.exp(t * (z[1] - z[0])))
        return np.outer(np.array([0, -t * s], dtype=W.dtype), x)
    p = softmax(z)
    p[y] -= 1
    return np.outer(p, x)


@wrong("no return", "assigned to a local name")
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    W = W - 0.1 * np.outer(p, x)


@wrong("changes its input", "takes a step of gradient descent as well", unsafe=True)
def _(W, b, x, y):
    p = softmax(W @ x + b)
    p[y] -= 1
    dW = np.outer(p, x)
    W -= W.dtype.type(0.1) * dW
    return dW
