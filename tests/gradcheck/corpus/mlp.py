"""Programs for the gradient of a two-layer ReLU network with softmax loss: (dW1, db1, dW2, db2)."""

from __future__ import annotations

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_mlp, log_softmax, mlp, one_hot, relu, softmax
from tests.gradcheck.corpus.points import draw, float32, labels, mixed, unsaturated


def _point(rng, N, h, k, d):
    return draw(
        lambda: (
            rng.normal(size=(h, d)),
            0.5 * rng.normal(size=h),
            0.6 * rng.normal(size=(k, h)),
            0.5 * rng.normal(size=k),
            rng.normal(size=(N, d)),
            labels(rng, N, k),
        ),
        lambda W1, b1, W2, b2, X, _: (
            mixed(X @ W1.T + b1) and unsaturated(relu(X @ W1.T + b1) @ W2.T + b2) and np.abs(b2).min() > 0.05
        ),
    )


def _natural(rng):
    return [_point(rng, 4, 5, 3, 2), _point(rng, 5, 3, 4, 2), _point(rng, 3, 4, 2, 5)]


def _edges(rng):
    W1, b1, W2, b2, X, y = _point(rng, 3, 4, 3, 2)
    kink = W1.copy()
    kink[0] = 0
    return [
        _point(rng, 1, 4, 3, 2),
        _point(rng, 4, 3, 2, 3),
        _point(rng, 3, 3, 3, 3),
        float32(_point(rng, 4, 5, 3, 2)),
        (W1, b1, W2, np.array([1500.0, -1500.0, 0.0]), X, y),
        (W1, np.full(4, -50.0), W2, b2, X, y),
        (kink, np.where(np.arange(4) == 0, 0, b1), W2, b2, X, y),
        (W1, b1, np.zeros((3, 4)), np.zeros(3), X, y),
        (W1 * 1e6, b1, W2, b2, X * 1e-6, y),
        (W1 * 1e-6, b1, W2, b2, X * 1e6, y),
    ]


FAMILY = Family("two-layer network", "gradient", mlp, exact_mlp, (0, 1, 2, 3), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


def forward(W1, b1, W2, b2, X, y):
    """Z, the hidden layer H and delta = (P - onehot) / N, the gradient by the logits."""
    Z = X @ W1.T + b1
    H = relu(Z)
    delta = (softmax(H @ W2.T + b2) - one_hot(y, len(b2), b2.dtype)) / len(y)
    return Z, H, delta


def gradients(X, H, hidden, delta):
    """The four gradients from those by the pre-activations of both layers."""
    return hidden.T @ X, hidden.sum(axis=0), delta.T @ H, delta.sum(axis=0)


@right("delta and a boolean mask")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (Z > 0), delta)


@right("zeros written into the hidden gradient, mask from H")
def _(W1, b1, W2, b2, X, y):
    _, H, delta = forward(W1, b1, W2, b2, X, y)
    hidden = delta @ W2
    hidden[H == 0] = 0
    return gradients(X, H, hidden, delta)


@right("a loop over the examples")
def _(W1, b1, W2, b2, X, y):
    dW1, db1, dW2, db2 = (np.zeros_like(a) for a in (W1, b1, W2, b2))
    for x, label in zip(X, y, strict=True):
        z = W1 @ x + b1
        h = relu(z)
        delta = softmax(W2 @ h + b2)
        delta[label] -= 1
        dz = (W2.T @ delta) * (z > 0)
        dW1 += np.outer(dz, x)
        db1 += dz
        dW2 += np.outer(delta, h)
        db2 += delta
    return dW1 / len(y), db1 / len(y), dW2 / len(y), db2 / len(y)


@right("einsum, exp of log-softmax, np.where")
def _(W1, b1, W2, b2, X, y):
    Z = np.einsum("nd,hd->nh", X, W1) + b1
    H = np.where(Z > 0, Z, np.zeros_like(Z))
    delta = np.exp(log_softmax(H @ W2.T + b2))
    delta -= y[:, None] == np.arange(len(b2))
    delta /= len(y)
    hidden = np.einsum("nk,kh,nh->nh", delta, W2, np.sign(H))
    return gradients(X, H, hidden, delta)


@right("layers as closures, run backwards")
def _(W1, b1, W2, b2, X, y):
    def layer(W, b, X):
        return X @ W.T + b, lambda U: (U.T @ X, U.sum(axis=0), U @ W)

    Z, back1 = layer(W1, b1, X)
    logits, back2 = layer(W2, b2, relu(Z))
    U = scipy.special.softmax(logits, axis=1)
    U[np.arange(len(y)), y] -= 1
    dW2, db2, dH = back2(U / len(y))
    dW1, db1, _ = back1(np.where(Z > 0, dH, 0))
    return dW1, db1, dW2, db2


@wrong("mask all ones", "no ReLU in the backward pass")
def _(W1, b1, W2, b2, X, y):
    _, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, delta @ W2, delta)


@wrong("mask inverted", "Z < 0")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (Z < 0), delta)


@wrong("other", "mask from the gradient: delta W2 > 0")
def _(W1, b1, W2, b2, X, y):
    _, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, relu(delta @ W2), delta)


@wrong("other", "the mask of the first example for all")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (Z[0] > 0), delta)


@wrong("sum instead of mean", "not divided by N")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    delta *= len(y)
    return gradients(X, H, (delta @ W2) * (Z > 0), delta)


@wrong("sum instead of mean", "db1 alone is a sum of per-example gradients")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    dW1, db1, dW2, db2 = gradients(X, H, (delta @ W2) * (Z > 0), delta)
    return dW1, db1 * len(y), dW2, db2


@wrong("mean instead of sum", "divided by N in both layers")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (Z > 0) / len(y), delta)


@wrong("bias dropped", "b1 not added in the recomputed Z")
def _(W1, b1, W2, b2, X, y):
    _, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (X @ W1.T > 0), delta)


@wrong("label not subtracted", "P / N")
def _(W1, b1, W2, b2, X, y):
    Z, H, _ = forward(W1, b1, W2, b2, X, y)
    delta = softmax(H @ W2.T + b2) / len(y)
    return gradients(X, H, (delta @ W2) * (Z > 0), delta)


@wrong("other", "dW2 from Z, before the ReLU")
def _(W1, b1, W2, b2, X, y):
    Z, _, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, Z, (delta @ W2) * (Z > 0), delta)


@wrong("W1 and W2 swapped", "the gradients of the second layer first")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    dW1, db1, dW2, db2 = gradients(X, H, (delta @ W2) * (Z > 0), delta)
    return dW2, db2, dW1, db1


@wrong("factor", "db1 30 % too small")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    dW1, db1, dW2, db2 = gradients(X, H, (delta @ W2) * (Z > 0), delta)
    return dW1, b1.dtype.type(0.7) * db1, dW2, db2


@wrong("forgot to sum", "db1 of shape (N, h)")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    hidden = (delta @ W2) * (Z > 0)
    return hidden.T @ X, hidden, delta.T @ H, delta.sum(axis=0)


@wrong("roll", "db2 shifted by one class")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    dW1, db1, dW2, db2 = gradients(X, H, (delta @ W2) * (Z > 0), delta)
    return dW1, db1, dW2, np.roll(db2, 1)


@wrong("small relative error", "weight decay of 1e-6 in dW1")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    dW1, db1, dW2, db2 = gradients(X, H, (delta @ W2) * (Z > 0), delta)
    return dW1 + 1e-6 * W1, db1, dW2, db2


@wrong("float32", "hidden layer stored in float32")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    H = H.astype(np.float32).astype(H.dtype)
    return gradients(X, H, (delta @ W2) * (Z > 0), delta)


@wrong("edge only", "Z >= 0")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    return gradients(X, H, (delta @ W2) * (Z >= 0), delta)


@wrong("edge only", "squeezes a batch of one")
def _(W1, b1, W2, b2, X, y):
    Z, H, delta = forward(W1, b1, W2, b2, X, y)
    hidden = np.squeeze((delta @ W2) * (Z > 0))
    return hidden.T @ X, hidden.sum(axis=0), delta.T @ H, delta.sum(axis=0)


@wrong(
    "overwrites an earlier result", "parameters' .grad arrays, filled in place", unsafe=True, stateful=True
)
def _():
    grads: dict = {}

    def backward(W1, b1, W2, b2, X, y):
        Z, H, delta = forward(W1, b1, W2, b2, X, y)
        fresh = gradients(X, H, (delta @ W2) * (Z > 0), delta)
        kept = grads.setdefault((W1.shape, W2.shape, b1.dtype), tuple(map(np.empty_like, fresh)))
        for target, value in zip(kept, fresh, strict=True):
            target[...] = value
        return kept

    return backward
