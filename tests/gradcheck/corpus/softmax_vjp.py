"""Programs for the vector-Jacobian product of the softmax of one vector: p (u - p.u), (K,)."""

from __future__ import annotations

import math

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_softmax, log_softmax, softmax
from tests.gradcheck.corpus.points import extreme_logits, logits

FAMILY = Family(
    "softmax vjp",
    "vjp",
    softmax,
    exact_softmax,
    (0,),
    lambda rng: [(z,) for z in logits(rng)],
    lambda rng: [(z,) for z in extreme_logits(rng)],
)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("p times (u less the mean of u)")
def _(z, u):
    p = softmax(z)
    return p * (u - p @ u)


@right("p u less p times its sum")
def _(z, u):
    pu = softmax(z) * u
    return pu - softmax(z) * pu.sum()


@right("the whole Jacobian, then a product")
def _(z, u):
    p = softmax(z)
    return (np.diag(p) - np.outer(p, p)).T @ u


@right("einsum with the whole Jacobian")
def _(z, u):
    p = scipy.special.softmax(z)
    return np.einsum("i,ij->j", u, np.diag(p) - np.einsum("i,j->ij", p, p))


@right("two loops over Python floats")
def _(z, u):
    largest = float(z.max())
    e = [math.exp(float(v) - largest) for v in z]
    p = [v / math.fsum(e) for v in e]
    answer = np.zeros_like(z)
    for j in range(len(p)):
        answer[j] = math.fsum(float(u[i]) * p[i] * ((i == j) - p[j]) for i in range(len(p)))
    return answer


@right("through log-softmax: the upstream of log p is u p")
def _(z, u):
    p = np.exp(log_softmax(z))
    upstream = u * p
    return upstream - p * upstream.sum()


@right("through the exponentials and their sum")
def _(z, u):
    e = np.exp(z - z.max())
    s = e.sum()
    de = u / s - (u @ e) / s**2
    return de * e


@right("forward with a cache, backward from the cache")
def _(z, u):
    def forward(z):
        p = softmax(z)
        return p, {"p": p}

    def backward(u, cache):
        p = cache["p"]
        return p * u - p * np.dot(p, u)

    _, cache = forward(z)
    return backward(u, cache)


@wrong("only the diagonal", "u p (1 - p), as for the sigmoid")
def _(z, u):
    p = softmax(z)
    return u * p * (1 - p)


@wrong("missing term", "u p")
def _(z, u):
    return softmax(z) * u


@wrong("doubled term", "subtracts p.u twice")
def _(z, u):
    p = softmax(z)
    return p * (u - 2 * (p @ u))


@wrong("sign", "p (p.u - u)")
def _(z, u):
    p = softmax(z)
    return p * (p @ u - u)


@wrong("sum instead of mean", "subtracts the sum of u instead of its mean under p")
def _(z, u):
    return softmax(z) * (u - u.sum())


@wrong("other", "subtracts the plain mean of u instead of its mean under p")
def _(z, u):
    return softmax(z) * (u - u.mean())


@wrong("ignores upstream", "the column sums of the Jacobian")
def _(z, u):
    p = softmax(z)
    return (np.diag(p) - np.outer(p, p)).sum(axis=0)


@wrong("ignores upstream", "right only for one constant upstream")
def _(z, u):
    p = softmax(z)
    return p * (u.mean() - p @ u)


@wrong("upstream squared", "u multiplied in twice")
def _(z, u):
    p = softmax(z)
    return u * p * (u - p @ u)


@wrong("forgot to sum", "u times the whole Jacobian, not summed")
def _(z, u):
    p = softmax(z)
    return u[:, None] * (np.diag(p) - np.outer(p, p))


@wrong("wrong shape", "a column vector")
def _(z, u):
    p = softmax(z)
    return (p * (u - p @ u)).reshape(-1, 1)


@wrong("flip", "loops from the last class to the first and appends")
def _(z, u):
    p = softmax(z)
    return np.array([p[j] * (u[j] - p @ u) for j in reversed(range(len(z)))], dtype=z.dtype)


@wrong("roll", "index j + 1 where j is meant")
def _(z, u):
    p = softmax(z)
    return np.array([p[j - 1] * (u[j - 1] - p @ u) for j in range(len(z))], dtype=z.dtype)


@wrong("one entry", "the last entry is never set")
def _(z, u):
    p = softmax(z)
    answer = np.zeros_like(z)
    for j in range(len(z) - 1):
        answer[j] = p[j] * (u[j] - p @ u)
    return answer


@wrong("factor", "a temperature of 2 in the derivative alone")
def _(z, u):
    p = softmax(z)
    return p * (u - p @ u) / 2


@wrong("float32", "dtype=np.float32 as in a deep learning library")
def _(z, u):
    p = np.array(softmax(z), dtype=np.float32)
    return p * (u - p @ u)


@wrong("small relative error", "probabilities rounded to five digits")
def _(z, u):
    p = np.round(softmax(z), 5)
    return p * (u - p @ u)


@wrong("small relative error", "one entry in a million too large: 1 + 1e-6")
def _(z, u):
    p = softmax(z) * (1 + 1e-6)
    return p * (u - p @ u)


@wrong("not finite", "exp without subtracting the largest logit")
def _(z, u):
    p = np.exp(z) / np.exp(z).sum()
    return p * (u - p @ u)


@wrong("not finite", "divides by p and multiplies by it again")
def _(z, u):
    p = softmax(z)
    return p**2 * ((u - p @ u) / p)


@wrong("edge only", "a shortcut for two classes has one sign")
def _(z, u):
    p = softmax(z)
    if len(z) == 2:
        return p[0] * p[1] * np.array([u[0] - u[1], u[0] - u[1]], dtype=z.dtype)
    return p * (u - p @ u)


@wrong("edge only", "the winner's entry is set at every tie")
def _(z, u):
    p = softmax(z)
    answer = p * (u - p @ u)
    winner = np.argmax(z)
    answer[z == z.max()] = answer[winner]
    return answer


@wrong("changes its input", "u -= p.u", unsafe=True)
def _(z, u):
    p = softmax(z)
    u -= p @ u
    return p * u


@wrong("random", "dither of a rounding error", unsafe=True, stateful=True)
def _():
    rng = np.random.default_rng()

    def vjp(z, u):
        p = softmax(z)
        answer = p * (u - p @ u)
        return (answer * (1 + np.finfo(z.dtype).eps * rng.integers(-4, 5, len(z)))).astype(z.dtype)

    return vjp


@wrong("keeps state", "adds to the gradient of earlier calls", unsafe=True, stateful=True)
def _():
    gradients: dict = {}

    def vjp(z, u):
        p = softmax(z)
        key = (len(z), z.dtype)
        gradients[key] = gradients.get(key, 0) + p * (u - p @ u)
        return gradients[key].copy()

    return vjp
