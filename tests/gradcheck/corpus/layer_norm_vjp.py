"""Programs for the vector-Jacobian product of the layer normalisation, as a tuple (dX, dgamma, dbeta)."""

from __future__ import annotations

import numpy as np

from tests.gradcheck.corpus.entries import Family, Programs
from tests.gradcheck.corpus.functions import LAYER_NORM_EPS, layer_norm
from tests.gradcheck.corpus.points import float32


def _point(rng, N, d):
    return rng.normal(size=(N, d)), rng.normal(size=d), rng.normal(size=d)


def _natural(rng):
    return [_point(rng, *sizes) for sizes in ((4, 5), (2, 3), (6, 4))]


def _edges(rng):
    X, gamma, beta = _point(rng, 3, 4)
    return [
        _point(rng, 0, 3),
        _point(rng, 1, 4),
        _point(rng, 3, 1),
        _point(rng, 3, 2),
        _point(rng, 4, 4),
        float32(_point(rng, 4, 5)),
        (np.full((3, 4), 0.5), gamma, beta),
        (np.zeros((3, 4)), gamma, beta),
        (X, np.zeros(4), beta),
        (X * 1e-6, gamma, beta),
        (X * 1e6, gamma, beta),
        (X, gamma * 1e6, beta),
    ]


FAMILY = Family("layer norm vjp", "vjp", layer_norm, layer_norm, (0, 1, 2), _natural, _edges)
PROGRAMS = Programs(FAMILY)
right, wrong = PROGRAMS.right, PROGRAMS.wrong


def normalise(X):
    """The normalised rows and 1 / sigma, (N, d) and (N, 1)."""
    centred = X - X.mean(axis=1, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + LAYER_NORM_EPS)
    return centred * scale, scale


def input_gradient(G, normed, scale):
    """dX from the gradient G by the normalised rows."""
    mean = G.mean(axis=1, keepdims=True)
    return scale * (G - mean - normed * (G * normed).mean(axis=1, keepdims=True))


@right("the closed form")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), (U * normed).sum(axis=0), U.sum(axis=0)


@right("the computational graph, one node at a time")
def _(X, gamma, beta, U):
    d = X.shape[1]
    centred = X - X.mean(axis=1, keepdims=True)
    root = np.sqrt((centred**2).mean(axis=1, keepdims=True) + LAYER_NORM_EPS)
    normed = centred / root
    dnormed = U * gamma
    droot = -(dnormed * centred).sum(axis=1, keepdims=True) / root**2
    dvariance = droot / (2 * root)
    dcentred = dnormed / root + dvariance * 2 * centred / d
    dX = dcentred - dcentred.sum(axis=1, keepdims=True) / d
    return dX, np.sum(U * normed, axis=0), np.sum(U, axis=0)


@right("the Jacobian of each row")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    d = X.shape[1]
    dX = np.empty_like(X)
    for n in range(len(X)):
        J = np.eye(d, dtype=X.dtype) - X.dtype.type(1 / d) - np.outer(normed[n], normed[n]) / d
        dX[n] = scale[n] * (J @ (gamma * U[n]))
    return dX, np.einsum("nd,nd->d", U, normed), np.einsum("nd->d", U)


@right("np.var and a division by d at the end")
def _(X, gamma, beta, U):
    d = X.shape[1]
    root = np.sqrt(np.var(X, axis=1) + LAYER_NORM_EPS)[:, None]
    normed = (X - np.mean(X, axis=1)[:, None]) / root
    G = gamma * U
    dX = (d * G - G.sum(axis=1)[:, None] - normed * (G * normed).sum(axis=1)[:, None]) / (d * root)
    return dX, (normed * U).sum(axis=0), U.sum(axis=0)


@right("loops for gamma and beta, projections for X")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(beta)
    for u, row in zip(U, normed, strict=True):
        dgamma += u * row
        dbeta += u
    G = U * gamma
    G = G - np.einsum("nd,ne,ne->nd", normed, normed, G) / X.shape[1] - G.mean(axis=1, keepdims=True)
    return G * scale, dgamma, dbeta


def parameter_gradients(normed, U):
    """dgamma and dbeta."""
    return (U * normed).sum(axis=0), U.sum(axis=0)


@wrong("missing term", "the mean taken to be constant")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    G = U * gamma
    dX = scale * (G - normed * (G * normed).mean(axis=1, keepdims=True))
    return dX, *parameter_gradients(normed, U)


@wrong("missing term", "the variance taken to be constant")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    G = U * gamma
    return scale * (G - G.mean(axis=1, keepdims=True)), *parameter_gradients(normed, U)


@wrong("missing term", "mean and variance taken to be constant")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return scale * U * gamma, *parameter_gradients(normed, U)


@wrong("other", "gamma left out of dX")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U, normed, scale), *parameter_gradients(normed, U)


@wrong("sum instead of mean", "sums over the features where means belong")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    G = U * gamma
    dX = scale * (G - G.sum(axis=1, keepdims=True) - normed * (G * normed).sum(axis=1, keepdims=True))
    return dX, *parameter_gradients(normed, U)


@wrong("mean instead of sum", "dgamma and dbeta averaged over the batch")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), (U * normed).mean(axis=0), U.mean(axis=0)


@wrong("other", "statistics over the batch: batch normalisation")
def _(X, gamma, beta, U):
    normed, scale = (a.T for a in normalise(X.T))
    return input_gradient((U * gamma).T, normed.T, scale.T).T, *parameter_gradients(normed, U)


@wrong("forgot to sum", "dgamma of shape (N, d)")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), U * normed, U.sum(axis=0)


@wrong("ignores upstream", "dbeta is the batch size")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), (U * normed).sum(axis=0), np.full_like(beta, len(X))


@wrong("other", "dgamma from X instead of the normalised rows")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), (U * X).sum(axis=0), U.sum(axis=0)


@wrong("sign", "the projection on the rows added")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    G = U * gamma
    dX = scale * (G - G.mean(axis=1, keepdims=True) + normed * (G * normed).mean(axis=1, keepdims=True))
    return dX, *parameter_gradients(normed, U)


@wrong("factor", "the variance of a sample, with d - 1")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    factor = X.dtype.type(np.sqrt(1 - 1 / max(X.shape[1], 2)))
    return factor * input_gradient(U * gamma, normed, scale), *parameter_gradients(normed, U)


@wrong("small relative error", "eps left out of the backward pass")
def _(X, gamma, beta, U):
    centred = X - X.mean(axis=1, keepdims=True)
    scale = 1 / centred.std(axis=1, keepdims=True)
    normed = centred * scale
    return input_gradient(U * gamma, normed, scale), *parameter_gradients(normed, U)


@wrong("small relative error", "eps of 1e-6 where the forward pass has 1e-5")
def _(X, gamma, beta, U):
    centred = X - X.mean(axis=1, keepdims=True)
    scale = 1 / np.sqrt(centred.var(axis=1, keepdims=True) + 1e-6)
    normed = centred * scale
    return input_gradient(U * gamma, normed, scale), *parameter_gradients(normed, U)


@wrong("edge only", "a batch of one is squeezed")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    return np.squeeze(input_gradient(U * gamma, normed, scale)), *parameter_gradients(normed, U)


@wrong("edge only", "constant rows are left out")
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    dX = np.zeros_like(X)
    for n in range(len(X)):
        if X[n].std() > 0:
            dX[n] = input_gradient(U[n : n + 1] * gamma, normed[n : n + 1], scale[n : n + 1])[0]
    return dX, *parameter_gradients(normed, U)


@wrong("changes its input", "U *= gamma after dbeta", unsafe=True)
def _(X, gamma, beta, U):
    normed, scale = normalise(X)
    dgamma, dbeta = parameter_gradients(normed, U)
    U *= gamma
    return input_gradient(U, normed, scale), dgamma, dbeta


@wrong("changes its input", "X centred in place", unsafe=True)
def _(X, gamma, beta, U):
    X -= X.mean(axis=1, keepdims=True)
    normed, scale = normalise(X)
    return input_gradient(U * gamma, normed, scale), *parameter_gradients(normed, U)
