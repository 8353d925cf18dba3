"""Programs for the vector-Jacobian product of y = W2 relu(W1 x) + x, as a tuple (dW1, dW2, dx)."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_skip_connection, relu, skip_connection
from tests.gradcheck.corpus.points import draw, float32, mixed


def _point(rng, h, d):
    return draw(
        lambda: (rng.normal(size=(h, d)), rng.normal(size=(d, h)), rng.normal(size=d)),
        lambda W1, W2, x: mixed(W1 @ x) and mixed(x) and mixed(W2 @ relu(W1 @ x)),
    )


def _natural(rng):
    return [_point(rng, 4, 3), _point(rng, 3, 5), _point(rng, 6, 2)]


def _edges(rng):
    W1, W2, x = _point(rng, 4, 3)
    kink = W1.copy()
    kink[1] = 0
    return [
        _point(rng, 3, 3),
        _point(rng, 2, 2),
        float32(_point(rng, 4, 3)),
        (kink, W2, x),
        (np.array([[1.0, -1.0], [2.0, 1.0], [-1.0, 0.5]]), rng.normal(size=(2, 3)), np.array([0.5, 0.5])),
        (W1, W2, np.zeros(3)),
        (np.zeros((4, 3)), W2, x),
        (np.abs(W1), W2, np.abs(x)),
        (-np.abs(W1), W2, np.abs(x)),
        (np.array([[0.7]]), np.array([[-1.2]]), np.array([0.9])),
        (W1 * 1e6, W2, x * 1e-6),
        (W1 * 1e-6, W2, x * 1e6),
    ]


FAMILY = Family(
    "skip connection vjp", "vjp", skip_connection, exact_skip_connection, (0, 1, 2), _natural, _edges
)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("a boolean mask")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2.T @ u) * (z > 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@right("np.where and row vectors")
def _(W1, W2, x, u):
    h = relu(W1 @ x)
    delta = np.where(h > 0, u @ W2, np.zeros_like(h))
    return delta[:, None] * x, u[:, None] * h, u + delta @ W1


@right("diagonal matrices for the mask")
def _(W1, W2, x, u):
    z = W1 @ x
    D = np.diag((z > 0).astype(x.dtype))
    J = W2 @ D @ W1 + np.eye(len(x), dtype=x.dtype)
    return np.outer(D @ W2.T @ u, x), np.outer(u, D @ z), J.T @ u


@right("only the active units, a loop")
def _(W1, W2, x, u):
    dW1, dW2, dx = np.zeros_like(W1), np.zeros_like(W2), u.copy()
    for i in range(len(W1)):
        z = W1[i] @ x
        if z > 0:
            delta = W2[:, i] @ u
            dW1[i], dW2[:, i] = delta * x, z * u
            dx += delta * W1[i]
    return dW1, dW2, dx


@right("einsum, the sign of relu as the mask")
def _(W1, W2, x, u):
    h = relu(np.einsum("hd,d->h", W1, x))
    delta = np.einsum("d,dh,h->h", u, W2, np.sign(h))
    return np.einsum("h,d->hd", delta, x), np.einsum("d,h->dh", u, h), np.einsum("h,hd->d", delta, W1) + u


@right("forward with a cache, zeros written into a copy")
def _(W1, W2, x, u):
    cache = {"x": x, "z": W1 @ x}
    dh = W2.T @ u
    dz = dh.copy()
    dz[cache["z"] <= 0] = 0
    return np.outer(dz, cache["x"]), np.outer(u, np.maximum(0, cache["z"])), np.add(W1.T @ dz, u)


def parts(W1, W2, x, u):
    """z, the hidden layer and delta, the gradient by z."""
    z = W1 @ x
    return z, relu(z), (W2.T @ u) * (z > 0)


@wrong("missing term", "dx without the skip path")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta


@wrong("missing term", "dx is the skip path alone")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), u.copy()


@wrong("doubled term", "the skip path counted twice")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + 2 * u


@wrong("sign", "the skip path subtracted")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta - u


@wrong("ignores upstream", "1 for the skip path, right for u of ones alone")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + 1


@wrong("mask all ones", "the ReLU forgotten in the backward pass")
def _(W1, W2, x, u):
    delta = W2.T @ u
    return np.outer(delta, x), np.outer(u, relu(W1 @ x)), W1.T @ delta + u


@wrong("other", "the ReLU forgotten in dW2")
def _(W1, W2, x, u):
    z, _, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, z), W1.T @ delta + u


@wrong("mask inverted", "z <= 0")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2.T @ u) * (z <= 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("mask from x", "applied to dx, where x > 0")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ (W2.T @ u) * (x > 0) + u


@wrong("other", "mask from the upstream: W2^T u > 0")
def _(W1, W2, x, u):
    delta = relu(W2.T @ u)
    return np.outer(delta, x), np.outer(u, relu(W1 @ x)), W1.T @ delta + u


@wrong("mask before W2^T", "u masked by the output of the layer, then W2^T")
def _(W1, W2, x, u):
    h = relu(W1 @ x)
    delta = W2.T @ (u * (W2 @ h > 0))
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + u


@wrong("mask before W2^T", "u * (z > 0), possible only where W1 is square")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = W2.T @ (u * (z > 0))
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("W1 and W2 swapped", "W1 u and W2 delta, whose shapes fit")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W1 @ u) * (z > 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W2 @ delta + u


@wrong("W1 and W2 swapped", "the two gradients in the wrong order")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(u, h), np.outer(delta, x), W1.T @ delta + u


@wrong("W for W^T", "W2 u")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2 @ u) * (z > 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("transpose", "dW2 as h u^T")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(h, u), W1.T @ delta + u


@wrong("upstream squared", "u in delta, and again in dW1")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta * (W2.T @ u), x), np.outer(u, h), W1.T @ delta + u


@wrong("ignores upstream", "dW2 from ones")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(np.ones_like(u), h), W1.T @ delta + u


@wrong("other", "dW2 through the skip path as well")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h) + W2, W1.T @ delta + u


@wrong("zero", "dW1 never computed")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.zeros_like(W1), np.outer(u, h), W1.T @ delta + u


@wrong("small relative error", "a leaky ReLU of slope 1e-4 in the backward pass")
def _(W1, W2, x, u):
    z, h, _ = parts(W1, W2, x, u)
    delta = (W2.T @ u) * np.where(z > 0, 1, 1e-4).astype(z.dtype)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + u


@wrong("one entry", "a loop over the units that starts at 1 for dx")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    dx = W1.T @ delta + u
    dx[0] = u[0] + W1[1:, 0] @ delta[1:]
    dx[1:] = (W1.T @ delta + u)[1:]
    return np.outer(delta, x), np.outer(u, h), dx


@wrong("float32", "delta in float32")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    delta = delta.astype(np.float32).astype(x.dtype)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + u


@wrong("edge only", "z >= 0")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2.T @ u) * (z >= 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("not finite", "the mask h / z is NaN at z = 0")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2.T @ u) * (relu(z) / z)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("edge only", "W2 instead of W2^T where it is square")
def _(W1, W2, x, u):
    z = W1 @ x
    delta = (W2 @ u if len(z) == len(x) else W2.T @ u) * (z > 0)
    return np.outer(delta, x), np.outer(u, relu(z)), W1.T @ delta + u


@wrong("edge only", "np.eye makes float64 out of float32")
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    return np.outer(delta, x), np.outer(u, h), W1.T @ delta + np.eye(len(x)) @ u


@wrong("changes its input", "dx = u; dx += ...", unsafe=True)
def _(W1, W2, x, u):
    _, h, delta = parts(W1, W2, x, u)
    dW2 = np.outer(u, h)
    dx = u
    dx += W1.T @ delta
    return np.outer(delta, x), dW2, dx
