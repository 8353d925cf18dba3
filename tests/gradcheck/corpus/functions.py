"""The functions to differentiate, as students write them and in extended precision.

The `exact_` functions take real or complex arrays of any precision and are smooth in the imaginary part, so
Im f(x + ih) / h is the derivative. For a ReLU at 0, they follow the convention R'(0) = 0.
"""

from __future__ import annotations

import numpy as np

LAYER_NORM_EPS = 1e-5


def softmax(z):
    """Probabilities along the last axis. z : (..., K) array."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(z):
    """Logarithms of the probabilities along the last axis. z : (..., K) array."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def relu(z):
    """max(z, 0), entry by entry."""
    return np.maximum(z, 0)


def elu(z):
    """z where z > 0, else exp(z) - 1."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def row_max(X):
    """(N,) array, the largest entry of every row. X : (N, K)."""
    return X.max(axis=1)


def one_hot(y, K, dtype=np.float64):
    """(N, K) array of zeros with a 1 in column y[n] of row n; (K,) for a single label."""
    return np.eye(K, dtype=dtype)[y]


def nll(W, b, x, y):
    """-log p[y] of p = softmax(W x + b). W : (k, d), b : (k,), x : (d,), y : int."""
    return -log_softmax(W @ x + b)[y]


def batch_nll(W, b, X, y):
    """Mean of -log p[n, y[n]]. W : (k, d), b : (k,), X : (N, d), y : (N,) ints."""
    return -log_softmax(X @ W.T + b)[np.arange(len(y)), y].mean()


def linear(W, b, X):
    """(N, k) outputs of a linear layer. W : (k, d), b : (k,), X : (N, d)."""
    return X @ W.T + b


def skip_connection(W1, W2, x):
    """W2 relu(W1 x) + x. W1 : (h, d), W2 : (d, h), x : (d,)."""
    return W2 @ relu(W1 @ x) + x


def mlp(W1, b1, W2, b2, X, y):
    """Mean loss of a two-layer network. W1 : (h, d), W2 : (k, h), X : (N, d), y : (N,) ints."""
    return batch_nll(W2, b2, relu(X @ W1.T + b1), y)


def layer_norm(X, gamma, beta):
    """Rows with mean 0 and variance 1, scaled and shifted. X : (N, d), gamma and beta : (d,)."""
    centred = X - X.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1, keepdims=True)
    return gamma * centred / np.sqrt(variance + LAYER_NORM_EPS) + beta


def exact_log_softmax(z):
    """`log_softmax` for complex z: the shift is the largest real part, a constant."""
    shifted = z - z.real.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def exact_softmax(z):
    """`softmax` for complex z."""
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def exact_relu(z):
    """`relu` for complex z, with R'(0) = 0."""
    return np.where(z.real > 0, z, 0)


def exact_elu(z):
    """`elu` for complex z."""
    return np.where(z.real > 0, z, np.exp(np.where(z.real > 0, 0, z)) - 1)


def exact_row_max(X):
    """`row_max` for complex X: the first of the entries with the largest real part."""
    return X[np.arange(len(X)), X.real.argmax(axis=1)]


def exact_nll(W, b, x, y):
    """`nll` for complex arguments."""
    return -exact_log_softmax(W @ x + b)[y]


def exact_batch_nll(W, b, X, y):
    """`batch_nll` for complex arguments."""
    return -exact_log_softmax(X @ W.T + b)[np.arange(len(y)), y].sum() / len(y)


def exact_skip_connection(W1, W2, x):
    """`skip_connection` for complex arguments."""
    return W2 @ exact_relu(W1 @ x) + x


def exact_mlp(W1, b1, W2, b2, X, y):
    """`mlp` for complex arguments."""
    return exact_batch_nll(W2, b2, exact_relu(X @ W1.T + b1), y)
