"""Programs for the Jacobian of the softmax: diag(p) - p p^T, (K, K)."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_softmax, softmax
from tests.gradcheck.corpus.points import extreme_logits, logits

FAMILY = Family(
    "softmax Jacobian",
    "jacobian",
    softmax,
    exact_softmax,
    (0,),
    lambda rng: [(z,) for z in logits(rng)],
    lambda rng: [(z,) for z in extreme_logits(rng)],
)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("diagonal less the outer product")
def _(z):
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


@right("two loops and an if")
def _(z):
    p = softmax(z)
    J = np.empty((len(z), len(z)), dtype=z.dtype)
    for i in range(len(z)):
        for j in range(len(z)):
            J[i, j] = p[i] * (1 - p[i]) if i == j else -p[i] * p[j]
    return J


@right("p_i (delta_ij - p_j) by broadcasting")
def _(z):
    p = softmax(z)
    return p[:, None] * (np.eye(len(z), dtype=z.dtype) - p)


@right("einsum")
def _(z):
    p = softmax(z)
    identity = np.eye(len(z), dtype=z.dtype)
    return np.einsum("i,ij->ij", p, identity) - np.einsum("i,j->ij", p, p)


@right("exp of scipy's log_softmax")
def _(z):
    p = np.exp(scipy.special.log_softmax(z))
    return np.diag(p) - np.outer(p, p)


@right("exp of z less scipy's logsumexp")
def _(z):
    p = np.exp(z - scipy.special.logsumexp(z))
    return np.diag(p) - np.outer(p, p)


@right("scipy's softmax, diagonal filled in afterwards")
def _(z):
    p = scipy.special.softmax(z)
    J = -np.outer(p, p)
    np.fill_diagonal(J, p * (1 - p))
    return J


@right("the quotient rule on the exponentials")
def _(z):
    e = np.exp(z - z.max())
    s = e.sum()
    return (np.diag(e) * s - np.outer(e, e)) / s**2


@right("Python floats")
def _(z):
    largest = max(z.tolist())
    e = [math.exp(v - largest) for v in z.tolist()]
    p = [v / sum(e) for v in e]
    return np.array([[a * ((i == j) - b) for j, b in enumerate(p)] for i, a in enumerate(p)], dtype=z.dtype)


@right("a row at a time, stacked")
def _(z):
    p = softmax(z)
    rows = []
    for i in range(len(z)):
        row = -p[i] * p
        row[i] += p[i]
        rows.append(row)
    return np.stack(rows)


@wrong("sign", "outer product less the diagonal")
def _(z):
    p = softmax(z)
    return np.outer(p, p) - np.diag(p)


@wrong("sign", "plus in front of the outer product")
def _(z):
    p = softmax(z)
    return np.diag(p) + np.outer(p, p)


@wrong("only the diagonal", "a matrix with only p (1 - p) on its diagonal")
def _(z):
    p = softmax(z)
    return np.diag(p * (1 - p))


@wrong("only the diagonal", "the vector p (1 - p), as for the sigmoid")
def _(z):
    p = softmax(z)
    return p * (1 - p)


@wrong("missing term", "the outer product is forgotten")
def _(z):
    return np.diag(softmax(z))


@wrong("missing term", "the diagonal is forgotten")
def _(z):
    p = softmax(z)
    return -np.outer(p, p)


@wrong("doubled term", "twice the outer product")
def _(z):
    p = softmax(z)
    return np.diag(p) - 2 * np.outer(p, p)


@wrong("float32", "probabilities in float32, answer in float64")
def _(z):
    p = softmax(z.astype(np.float32)).astype(z.dtype)
    return np.diag(p) - np.outer(p, p)


@wrong("not finite", "exp without subtracting the largest logit")
def _(z):
    e = np.exp(z)
    p = e / e.sum()
    return np.diag(p) - np.outer(p, p)


@wrong("zero", "starts from zeros and adds nothing")
def _(z):
    return np.zeros((len(z), len(z)), dtype=z.dtype)


@wrong("finite differences", "forward differences with step 1e-6")
def _(z):
    J = np.empty((len(z), len(z)), dtype=z.dtype)
    for j in range(len(z)):
        moved = z.copy()
        moved[j] += 1e-6
        J[:, j] = (softmax(moved) - softmax(z)) / 1e-6
    return J


@wrong("small relative error", "1e-6 added to the denominator")
def _(z):
    e = np.exp(z - z.max())
    p = e / (e.sum() + 1e-6)
    return np.diag(p) - np.outer(p, p)


@wrong("one entry", "the corner entry has the wrong sign")
def _(z):
    p = softmax(z)
    J = np.diag(p) - np.outer(p, p)
    J[0, -1] = p[0] * p[-1]
    return J


@wrong("one row", "the loop over rows ends one early")
def _(z):
    p = softmax(z)
    J = np.zeros((len(z), len(z)), dtype=z.dtype)
    for i in range(len(z) - 1):
        J[i] = -p[i] * p
        J[i, i] += p[i]
    return J


@wrong("one column", "the loop over columns starts at 1")
def _(z):
    p = softmax(z)
    J = np.zeros((len(z), len(z)), dtype=z.dtype)
    for j in range(1, len(z)):
        J[:, j] = -p * p[j]
        J[j, j] += p[j]
    return J


@wrong("flip", "logits sorted in reverse order of the classes")
def _(z):
    p = softmax(z[::-1])
    return np.diag(p) - np.outer(p, p)


@wrong("edge only", "a shortcut for two classes forgets a factor")
def _(z):
    p = softmax(z)
    if len(z) == 2:
        return p[0] * np.array([[1, -1], [-1, 1]], dtype=z.dtype)
    return np.diag(p) - np.outer(p, p)


@wrong("edge only", "logits clipped to +-30 against overflow")
def _(z):
    p = softmax(np.clip(z, -30, 30))
    return np.diag(p) - np.outer(p, p)


@wrong("edge only", "np.eye makes float64 out of float32")
def _(z):
    p = softmax(z)
    return p[:, None] * (np.eye(len(z)) - p)


@wrong("other", "softmax of a softmax")
def _(z):
    p = softmax(softmax(z))
    return np.diag(p) - np.outer(p, p)


@wrong("other", "a list of rows instead of an array")
def _(z):
    p = softmax(z)
    return (np.diag(p) - np.outer(p, p)).tolist()


@wrong("no return", "print instead of return")
def _(z):
    p = softmax(z)
    str(np.diag(p) - np.outer(p, p))


@wrong("changes its input", "subtracts the largest logit in place", unsafe=True)
def _(z):
    z -= z.max()
    p = np.exp(z) / np.exp(z).sum()
    return np.diag(p) - np.outer(p, p)


@wrong("overwrites an earlier result", "one buffer for each size", unsafe=True, stateful=True)
def _():
    buffers: dict = {}

    def jacobian(z):
        p = softmax(z)
        J = buffers.setdefault((len(z), z.dtype), np.empty((len(z), len(z)), dtype=z.dtype))
        np.multiply(-p[:, None], p, out=J)
        J[np.diag_indices(len(z))] += p
        return J

    return jacobian
