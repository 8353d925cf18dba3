"""Programs for the vector-Jacobian product of the ReLU: u where z > 0, else 0."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_relu, relu
from tests.gradcheck.corpus.points import draw, mixed


def _mixed(rng, *shape):
    return draw(lambda: (rng.normal(size=shape),), mixed)[0]


def _natural(rng):
    return [(_mixed(rng, 7),), (_mixed(rng, 4, 3),), (_mixed(rng, 2, 3, 5),)]


def _edges(rng):
    return [
        (np.array([-1.0, 0.0, 2.0, -0.0, 0.5]),),
        (np.zeros((2, 3)),),
        (np.zeros((0, 3)),),
        (np.zeros(0),),
        (np.array([1.5]),),
        (np.array([[-0.3]]),),
        (0.1 + rng.random(4),),
        (-0.1 - rng.random(4),),
        (1e-6 * _mixed(rng, 3, 3),),
        (1e6 * _mixed(rng, 1, 4),),
        (_mixed(rng, 3, 4).astype(np.float32),),
    ]


FAMILY = Family("ReLU vjp", "vjp", relu, exact_relu, (0,), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("a boolean mask times u")
def _(z, u):
    return (z > 0) * u


@right("np.where")
def _(z, u):
    return np.where(z > 0, u, np.zeros_like(u))


@right("a copy with zeros written in")
def _(z, u):
    answer = u.copy()
    answer[z <= 0] = 0
    return answer


@right("np.sign of the forward answer")
def _(z, u):
    return np.sign(relu(z)) * u


@right("np.heaviside with 0 at 0")
def _(z, u):
    return u * np.heaviside(z, z.dtype.type(0))


@right("a loop over all indices")
def _(z, u):
    answer = np.zeros_like(z)
    for index in np.ndindex(z.shape):
        if z[index] > 0:
            answer[index] = u[index]
    return answer


@right("the Jacobian, a diagonal matrix")
def _(z, u):
    return (np.diag((z.ravel() > 0).astype(z.dtype)) @ u.ravel()).reshape(z.shape)


@wrong("mask all ones", "u, as if there were no ReLU")
def _(z, u):
    return 1 * u


@wrong("mask inverted", "z < 0")
def _(z, u):
    return (z < 0) * u


@wrong("edge only", "z >= 0")
def _(z, u):
    return (z >= 0) * u


@wrong("edge only", "1/2 at 0, by the sign")
def _(z, u):
    return ((1 + np.sign(z)) / 2 * u).astype(z.dtype)


@wrong("not finite", "relu(z) / z, which is NaN at 0")
def _(z, u):
    return relu(z) / z * u


@wrong("edge only", "ReLU6: no gradient above 6")
def _(z, u):
    return ((z > 0) & (z < 6)) * u


@wrong("edge only", "a dead zone below 1e-3")
def _(z, u):
    return (z > 1e-3) * u


@wrong("edge only", "the mask of np.where on an empty array indexes its first entry")
def _(z, u):
    dtype = (u.flat[0] * z.flat[0]).dtype
    return np.where(z > 0, u, 0).astype(dtype)


@wrong("other", "multiplied by relu(z) instead of its derivative")
def _(z, u):
    return relu(z) * u


@wrong("other", "applied to the upstream: relu(u)")
def _(z, u):
    return relu(u)


@wrong("other", "mask from the upstream and from z, as in guided backpropagation")
def _(z, u):
    return (z > 0) * (u > 0) * u


@wrong("small relative error", "leaky, with slope 1e-3")
def _(z, u):
    return np.where(z > 0, u, z.dtype.type(1e-3) * u)


@wrong("small relative error", "a logistic function of slope 250 for the mask")
def _(z, u):
    return u / (1 + np.exp(-250 * np.clip(z, -1, 1)))


@wrong("ignores upstream", "the mask itself")
def _(z, u):
    return (z > 0).astype(z.dtype)


@wrong("upstream squared", "masks u by u")
def _(z, u):
    return np.where(z > 0, u * u, 0)


@wrong("other", "minus u below zero, as for the absolute value")
def _(z, u):
    return np.sign(z) * u


@wrong("wrong shape", "only the entries that pass")
def _(z, u):
    return u[z > 0]


@wrong("wrong shape", "the diagonal Jacobian, not multiplied")
def _(z, u):
    return np.diag((z.ravel() > 0) * u.ravel())


@wrong("zero", "np.zeros_like, never filled for floats")
def _(z, u):
    answer = np.zeros_like(z)
    answer[z.astype(int) > 10**7] = 1
    return answer * u


@wrong("float32", "the upstream rounded to float32")
def _(z, u):
    return np.where(z > 0, u.astype(np.float32), np.float32(0)).astype(z.dtype)


@wrong("other", "the mask from z rounded to an integer")
def _(z, u):
    return (z.astype(int) > 0) * u


@wrong("other", "the mask of the first row for every row")
def _(z, u):
    return (z[:1] > 0) * u


@wrong("changes its input", "u[z <= 0] = 0", unsafe=True)
def _(z, u):
    u[z <= 0] = 0
    return u


@wrong("changes its input", "z becomes the mask", unsafe=True)
def _(z, u):
    z[z > 0] = 1
    z[z < 0] = 0
    return z * u


@wrong("other", "u itself where nothing is cut off", unsafe=True)
def _(z, u):
    return u if (z > 0).all() else (z > 0) * u
