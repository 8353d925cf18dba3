"""Layers and small networks, made scalar by fixed weights, and their hand-written gradients.

X is an (n, d) array of n examples or positions with d features, unless stated otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.gradcheck.function import Function, fixed, signed

BATCHES = signed(0.2, 2.0, (1, 4), (3, 5), (4, 3), (5, 2), (2, 6))


def softmax(x: np.ndarray) -> np.ndarray:
    """Softmax along the last axis, of real or complex x."""
    e = np.exp(x - x.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_parts(X: np.ndarray) -> tuple[np.ndarray, ...]:
    """Queries, keys, values and attention weights of one head. The three weights are (d, d)."""
    d = X.shape[1]
    Q, K, V = (X @ fixed(d, d, start=40 * i) / np.sqrt(d) for i in range(3))
    return Q, K, V, softmax(Q @ K.T / np.sqrt(d))


def attention(X: np.ndarray) -> float:
    """sum C * (softmax(Q K^T / sqrt d) V)"""
    _, _, V, P = attention_parts(X)
    return np.sum(fixed(*X.shape, start=120) * (P @ V))


def attention_gradient(X: np.ndarray) -> np.ndarray:
    """The gradient of `attention`."""
    n, d = X.shape
    Q, K, V, P = attention_parts(X)
    C = fixed(n, d, start=120)
    dP = C @ V.T
    dS = P * (dP - np.sum(dP * P, axis=1, keepdims=True)) / np.sqrt(d)
    return sum(
        part @ fixed(d, d, start=40 * i).T / np.sqrt(d) for i, part in enumerate((dS @ K, dS.T @ Q, P.T @ C))
    )


def convolution_parts(X: np.ndarray) -> tuple[np.ndarray, ...]:
    """Two 3 x 3 filters over an image X, as (pixels, 9) patches times a (9, 2) matrix; and weights C."""
    patches = sliding_window_view(X, (3, 3)).reshape(-1, 9)
    return patches @ fixed(9, 2) / 3, fixed(len(patches), 2, start=30)


def convolution(X: np.ndarray) -> float:
    """sum C * tanh(patches F)"""
    Z, C = convolution_parts(X)
    return np.sum(C * np.tanh(Z))


def convolution_gradient(X: np.ndarray) -> np.ndarray:
    """Each entry of a patch sends its gradient back to its pixel."""
    Z, C = convolution_parts(X)
    rows, columns = X.shape[0] - 2, X.shape[1] - 2
    to_patches = (C / np.cosh(Z) ** 2 @ fixed(9, 2).T / 3).reshape(rows, columns, 3, 3)
    gradient = np.zeros_like(X)
    for i in range(3):
        for j in range(3):
            gradient[i : i + rows, j : j + columns] += to_patches[:, :, i, j]
    return gradient


def normalised(X: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """X with mean 0 and variance 1 along an axis, and the standard deviation of X."""
    centred = X - X.mean(axis=axis, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=axis, keepdims=True) + 1e-5)
    return centred / deviation, deviation


def norm(X: np.ndarray, axis: int) -> float:
    """sum C * normalised(X): layer norm for axis 1, batch norm for axis 0."""
    return np.sum(fixed(*X.shape) * normalised(X, axis)[0])


def norm_gradient(X: np.ndarray, axis: int) -> np.ndarray:
    """(C - mean(C) - Y mean(C Y)) / deviation, for Y = normalised(X)"""
    C = fixed(*X.shape)
    Y, deviation = normalised(X, axis)
    mean, slope = (np.mean(part, axis=axis, keepdims=True) for part in (C, C * Y))
    return (C - mean - Y * slope) / deviation


def rnn_states(X: np.ndarray) -> list[np.ndarray]:
    """h_t = tanh(x_t U + h_{t-1} W), h_0 = 0, for the 5 rows x_t of X; h has 4 entries."""
    states = [np.zeros(4)]
    for x in X:
        states.append(np.tanh(x @ fixed(X.shape[1], 4, start=20) / 2 + states[-1] @ fixed(4, 4) / 2))
    return states


def rnn_gradient(X: np.ndarray) -> np.ndarray:
    """Backpropagation through time of w^T h_5."""
    states, gradient = rnn_states(X), np.zeros_like(X)
    back = fixed(4, start=60)
    for t in reversed(range(len(X))):
        back = back * (1 - states[t + 1] ** 2)
        gradient[t] = back @ fixed(X.shape[1], 4, start=20).T / 2
        back = back @ fixed(4, 4).T / 2
    return gradient


def mlp_layers(X: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """H = tanh(X W) and Y = tanh(H V), for W : (d, 5) and V : (5, 2)."""
    H = np.tanh(X @ W)
    return H, np.tanh(H @ fixed(5, 2, start=40) / 2)


def mlp(X: np.ndarray, W: np.ndarray) -> float:
    """sum C * Y"""
    return np.sum(fixed(len(X), 2, start=60) * mlp_layers(X, W)[1])


def mlp_back(X: np.ndarray, W: np.ndarray) -> np.ndarray:
    """The gradient of `mlp` with respect to X W."""
    H, Y = mlp_layers(X, W)
    return (fixed(len(X), 2, start=60) * (1 - Y**2)) @ fixed(5, 2, start=40).T / 2 * (1 - H**2)


def mlp_weights(d: int) -> np.ndarray:
    """The first weights, if the MLP is a function of its input."""
    return fixed(d, 5, start=80) / 2


def mlp_batch(d: int) -> np.ndarray:
    """The batch, if the MLP is a function of its first weights."""
    return fixed(6, d, start=120)


def labels(n: int, k: int) -> np.ndarray:
    """One-hot labels of n examples: the k classes in turn, from the last."""
    return np.eye(k)[-1 - np.arange(n) % k]


def nll(Z: np.ndarray) -> float:
    """Mean negative log-likelihood of softmax of the logits Z : (n, k)."""
    return -np.sum(labels(*Z.shape) * np.log(softmax(Z))) / len(Z)


def nll_gradient(Z: np.ndarray) -> np.ndarray:
    """(softmax(Z) - Y) / n"""
    return (softmax(Z) - labels(*Z.shape)) / len(Z)


def regression_logits(W: np.ndarray) -> np.ndarray:
    """X W^T for a batch X of 7 examples and weights W : (k, d)."""
    return fixed(7, W.shape[1]) @ W.T


def residual(X: np.ndarray) -> float:
    """sum C * (X + tanh(X A) B)"""
    d = X.shape[1]
    return np.sum(fixed(*X.shape) * (X + np.tanh(X @ fixed(d, 4, start=50)) @ fixed(4, d, start=90)))


def residual_gradient(X: np.ndarray) -> np.ndarray:
    """C + (C B^T * tanh'(X A)) A^T"""
    d, C = X.shape[1], fixed(*X.shape)
    A, B = fixed(d, 4, start=50), fixed(4, d, start=90)
    return C + (C @ B.T * (1 - np.tanh(X @ A) ** 2)) @ A.T


NETWORK_FUNCTIONS = [
    Function(
        "single-head attention",
        attention,
        attention_gradient,
        signed(0.2, 1.5, (1, 3), (2, 4), (4, 2), (3, 3), (5, 3)),
    ),
    Function(
        "convolution as a matrix product",
        convolution,
        convolution_gradient,
        signed(0.2, 1.5, (3, 3), (3, 5), (4, 4), (5, 3), (6, 4)),
    ),
    # Along an axis of length 2 the result is always +-1, so the gradient is smaller than the noise of f.
    Function(
        "layer norm",
        lambda X: norm(X, 1),
        lambda X: norm_gradient(X, 1),
        signed(0.2, 2.0, (1, 4), (3, 5), (2, 6), (4, 4), (5, 3)),
    ),
    Function(
        "batch norm",
        lambda X: norm(X, 0),
        lambda X: norm_gradient(X, 0),
        signed(0.2, 2.0, (4, 1), (5, 3), (6, 2), (4, 4), (3, 5)),
    ),
    Function(
        "RNN over 5 steps",
        lambda X: fixed(4, start=60) @ rnn_states(X)[-1],
        rnn_gradient,
        signed(0.2, 1.0, (5, 1), (5, 2), (5, 3), (5, 4), (5, 5)),
    ),
    Function(
        "MLP of its input",
        lambda X: mlp(X, mlp_weights(X.shape[1])),
        lambda X: mlp_back(X, mlp_weights(X.shape[1])) @ mlp_weights(X.shape[1]).T,
        BATCHES,
    ),
    Function(
        "MLP of its first weights",
        lambda W: mlp(mlp_batch(len(W)), W),
        lambda W: mlp_batch(len(W)).T @ mlp_back(mlp_batch(len(W)), W),
        signed(0.1, 0.8, (1, 5), (2, 5), (3, 5), (4, 5)),
    ),
    Function("softmax NLL of logits", nll, nll_gradient, BATCHES),
    Function(
        "softmax regression of its weights",
        lambda W: nll(regression_logits(W)),
        lambda W: nll_gradient(regression_logits(W)).T @ fixed(7, W.shape[1]),
        signed(0.1, 1.0, (2, 3), (3, 1), (4, 3), (3, 5)),
    ),
    Function("residual block", residual, residual_gradient, BATCHES),
]
