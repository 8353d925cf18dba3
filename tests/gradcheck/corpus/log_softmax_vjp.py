"""Programs for the vector-Jacobian product of the log-softmax of rows: u - p sum(u), (N, K)."""

from __future__ import annotations

import numpy as np
import scipy.special

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import exact_log_softmax, log_softmax, softmax
from tests.gradcheck.corpus.points import draw, extreme_logits, unsaturated


def _natural(rng):
    def rows(*shape):
        return draw(lambda: (rng.normal(size=shape),), unsaturated)

    return [rows(4, 3), rows(3, 5), rows(2, 4)]


def _edges(rng):
    rows = [(z[None],) for z in extreme_logits(rng)]
    more = [
        np.zeros((0, 3)),
        np.zeros((3, 2)),
        rng.normal(size=(3, 3)),
        rng.normal(size=(4, 3)).astype(np.float32),
        np.array([[1500.0, -1500.0], [-1500.0, 1500.0], [0.5, 0.1]]),
    ]
    return rows + [(Z,) for Z in more]


FAMILY = Family("log-softmax vjp", "vjp", log_softmax, exact_log_softmax, (0,), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


@right("u less p times the row sums of u")
def _(Z, U):
    return U - softmax(Z) * U.sum(axis=1, keepdims=True)


@right("exp of the forward answer")
def _(Z, U):
    return U - np.exp(log_softmax(Z)) * U.sum(axis=1)[:, None]


@right("scipy's softmax and einsum")
def _(Z, U):
    return U - np.einsum("nk,nj->nk", scipy.special.softmax(Z, axis=1), U)


@right("a row at a time, with the Jacobian I - 1 p^T")
def _(Z, U):
    answer = np.empty_like(Z)
    for n in range(len(Z)):
        J = np.eye(Z.shape[1], dtype=Z.dtype) - softmax(Z[n])
        answer[n] = J.T @ U[n]
    return answer


@right("the stacked Jacobians, by matmul")
def _(Z, U):
    J = np.eye(Z.shape[1], dtype=Z.dtype) - softmax(Z)[:, None, :]
    return (U[:, None, :] @ J)[:, 0, :]


@right("a copy of u, changed in place")
def _(Z, U):
    answer = U.copy()
    answer -= softmax(Z) * np.sum(U, axis=-1, keepdims=True)
    return answer


@wrong("softmax along the wrong axis", "softmax down the columns")
def _(Z, U):
    return U - scipy.special.softmax(Z, axis=0) * U.sum(axis=1, keepdims=True)


@wrong("only the diagonal", "u - p u")
def _(Z, U):
    return U - softmax(Z) * U


@wrong("other", "one sum for the whole batch")
def _(Z, U):
    return U - softmax(Z) * U.sum()


@wrong("mean instead of sum", "mean of u in place of its sum")
def _(Z, U):
    return U - softmax(Z) * U.mean(axis=1, keepdims=True)


@wrong("ignores upstream", "as if the row sums of u were 1, as in the NLL")
def _(Z, U):
    return U - softmax(Z)


@wrong("ignores upstream", "1 - K p, right for u of ones alone")
def _(Z, U):
    return 1 - Z.shape[1] * softmax(Z)


@wrong("upstream squared", "u in the sum and u outside")
def _(Z, U):
    return U * (U - softmax(Z) * U.sum(axis=1, keepdims=True))


@wrong("sign", "p sum(u) - u")
def _(Z, U):
    return softmax(Z) * U.sum(axis=1, keepdims=True) - U


@wrong("missing term", "the normalisation is not differentiated")
def _(Z, U):
    return U.copy()


@wrong("raises", "keepdims forgotten")
def _(Z, U):
    return U - softmax(Z) * U.sum(axis=1)


@wrong("other", "uses p of the first row for every row")
def _(Z, U):
    return U - softmax(Z[:1]) * U.sum(axis=1, keepdims=True)


@wrong("last example skipped", "range(N - 1)")
def _(Z, U):
    answer = np.zeros_like(Z)
    for n in range(len(Z) - 1):
        answer[n] = U[n] - softmax(Z[n]) * U[n].sum()
    return answer


@wrong("mean instead of sum", "divides by the batch size, which the loss would do")
def _(Z, U):
    return (U - softmax(Z) * U.sum(axis=1, keepdims=True)) / len(Z)


@wrong("float32", "a float32 cast of the logits against overflow")
def _(Z, U):
    p = softmax(Z.astype("float32"))
    return (U - p * U.sum(axis=1, keepdims=True)).astype(Z.dtype)


@wrong("not finite", "log(softmax) differentiated as 1/p times the softmax vjp")
def _(Z, U):
    p = softmax(Z)
    upstream = U / p
    return p * (upstream - (p * upstream).sum(axis=1, keepdims=True))


@wrong("finite differences", "central differences with step 1e-3")
def _(Z, U):
    answer = np.empty_like(Z)
    for index in np.ndindex(Z.shape):
        step = np.zeros_like(Z)
        step[index] = 1e-3
        answer[index] = np.sum(U * (log_softmax(Z + step) - log_softmax(Z - step))) / 2e-3
    return answer


@wrong("small relative error", "softmax with 1e-5 in the denominator")
def _(Z, U):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return U - e / (e.sum(axis=1, keepdims=True) + 1e-5) * U.sum(axis=1, keepdims=True)


@wrong("edge only", "squeezes a batch of one")
def _(Z, U):
    return np.squeeze(U - softmax(Z) * U.sum(axis=1, keepdims=True))


@wrong("edge only", "np.stack of no rows raises")
def _(Z, U):
    return np.stack([u - softmax(z) * u.sum() for z, u in zip(Z, U, strict=True)])


@wrong("changes its input", "out=U", unsafe=True)
def _(Z, U):
    return np.subtract(U, softmax(Z) * U.sum(axis=1, keepdims=True), out=U)
