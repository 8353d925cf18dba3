"""Programs for the vector-Jacobian product of the ELU: u where z > 0, else u exp(z).

Its slope has no jump at 0, but its second derivative has.
"""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import elu, exact_elu
from tests.gradcheck.corpus.points import draw, mixed


def _mixed(rng, *shape):
    return draw(lambda: (rng.normal(size=shape),), mixed)[0]


def _natural(rng):
    return [(_mixed(rng, 7),), (_mixed(rng, 4, 3),), (_mixed(rng, 2, 3, 5),)]


def _edges(rng):
    near = 10.0 ** rng.uniform(-9, -2, 6) * rng.choice([-1, 1], 6)
    return [
        (np.array([0.0, 1.0, -1.0]),),
        (np.array([-1.0, 0.0, 2.0, -0.0, 0.5]),),
        (np.zeros((2, 3)),),
        (np.concatenate([near, [1.0, -1.0]]),),
        (near,),
        (np.zeros(0),),
        (np.array([[-0.3]]),),
        (np.geomspace(1e-6, 1e6, 5) * rng.choice([-1, 1], 5),),
        (-30.0 - rng.random(4),),
        (np.array([-0.5, 0.0, 0.25, 3.0]).astype(np.float32),),
        (_mixed(rng, 3, 4).astype(np.float32),),
    ]


FAMILY = Family("ELU vjp", "vjp", elu, exact_elu, (0,), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("np.where")
def _(z, u):
    return u * np.where(z > 0, np.ones_like(z), np.exp(np.minimum(z, 0)))


@right("the exponential of min(z, 0)")
def _(z, u):
    return u * np.exp(np.minimum(z, 0))


@right("from the forward answer")
def _(z, u):
    return u * (np.minimum(elu(z), 0) + 1)


@right("a copy with the negative entries written in")
def _(z, u):
    answer = u.copy()
    negative = z < 0
    answer[negative] = answer[negative] * np.exp(z[negative])
    return answer


@right("a loop over all indices")
def _(z, u):
    answer = np.empty_like(z)
    for index in np.ndindex(z.shape):
        answer[index] = u[index] if z[index] >= 0 else u[index] * np.exp(z[index])
    return answer


@wrong("mask all ones", "u, as if there were no ELU")
def _(z, u):
    return 1 * u


@wrong("other", "exp(z) for positive z, too")
def _(z, u):
    return u * np.exp(z)


@wrong("other", "the ReLU's: 0 for negative z")
def _(z, u):
    return (z > 0) * u


@wrong("other", "elu(z), without the 1")
def _(z, u):
    return u * np.where(z > 0, np.ones_like(z), np.expm1(np.minimum(z, 0)))


@wrong("edge only", "0 at 0")
def _(z, u):
    return u * np.exp(np.minimum(z, 0)) * (z != 0)


@wrong("edge only", "1/2 at 0")
def _(z, u):
    return (u * np.exp(np.minimum(z, 0)) * np.where(z == 0, 0.5, 1)).astype(z.dtype)


@wrong("edge only", "entries below 1e-4 are taken for 0")
def _(z, u):
    return u * np.exp(np.minimum(z, 0)) * (np.abs(z) > 1e-4)


@wrong("sign", "minus")
def _(z, u):
    return -u * np.exp(np.minimum(z, 0))


@wrong("small relative error", "a series for exp")
def _(z, u):
    low = np.minimum(z, 0)
    series = sum(low**k / np.prod(np.arange(1.0, k + 1)) for k in range(9))
    return (u * np.where(low > -3, series, np.exp(low))).astype(z.dtype)
