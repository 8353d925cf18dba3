"""Mistakes in functions that the corpus does not contain, with what an author says about each function.

The contexts were written as an author would: from the formula of the right gradient and from common
mistakes. They call none of the mistaken programs. `figures` counts how often the first name is right.

.venv/bin/python -m tests.gradcheck.mistakes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck import Context, check_gradient, check_vjp

CHECKS = {"gradient": check_gradient, "vjp": check_vjp}
Program = Callable[..., Any]


@dataclass
class Function:
    """A function with its right gradient.

    name, kind : kind is "gradient" or "vjp".
    forward, right : the function, and its gradient or vector-Jacobian product.
    arguments : makes arguments with a random generator.
    wrt : the positions to differentiate.
    context : what its author says.
    mistakes : for each, a description, the names that are right, and the program.
    """

    name: str
    kind: str
    forward: Program
    right: Program
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    wrt: tuple[int, ...]
    context: Context
    mistakes: list[tuple[str, set[str], Program]]


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z):
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_hot(y, K):
    return np.eye(K)[y]


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


FUNCTIONS: list[Function] = []


def function(name, kind, forward, right, arguments, wrt, context, *mistakes):
    FUNCTIONS.append(Function(name, kind, forward, right, arguments, wrt, context, list(mistakes)))


# Softmax regression with an L2 penalty ------------------------------------------------------------------


def penalized(W, X, y, lam):
    return -log_softmax(X @ W.T)[np.arange(len(y)), y].mean() + lam / 2 * (W**2).sum()


def penalized_parts(W, X, y):
    P = softmax(X @ W.T)
    return P.T @ X / len(y), -one_hot(y, len(W)).T @ X / len(y)


def penalized_gradient(W, X, y, lam):
    p, t = penalized_parts(W, X, y)
    return p + t + lam * W


function(
    "softmax regression with an L2 penalty",
    "gradient",
    penalized,
    penalized_gradient,
    lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), np.array([0, 2, 1, 1, 2, 0]), 0.3),
    (0,),
    Context(
        terms={
            "the probabilities": lambda W, X, y, lam: penalized_parts(W, X, y)[0],
            "the labels": lambda W, X, y, lam: penalized_parts(W, X, y)[1],
            "the penalty": lambda W, X, y, lam: lam * W,
        }
    ),
    (
        "the penalty is missing",
        {"missing term", "argument left out"},
        lambda W, X, y, lam: sum(penalized_parts(W, X, y)),
    ),
    (
        "the penalty is doubled",
        {"doubled term", "argument doubled"},
        lambda W, X, y, lam: sum(penalized_parts(W, X, y)) + 2 * lam * W,
    ),
    (
        "the penalty is subtracted",
        {"sign of a term", "argument negated"},
        lambda W, X, y, lam: sum(penalized_parts(W, X, y)) - lam * W,
    ),
    (
        "the loss is summed, not averaged",
        {"sum instead of mean"},
        lambda W, X, y, lam: len(y) * sum(penalized_parts(W, X, y)) + lam * W,
    ),
    (
        "the label is not subtracted",
        {"missing term", "label not subtracted"},
        lambda W, X, y, lam: penalized_parts(W, X, y)[0] + lam * W,
    ),
    (
        "labels count from 1",
        {"label off by one"},
        lambda W, X, y, lam: penalized_gradient(W, X, np.minimum(y + 1, 3), lam),
    ),
    (
        "softmax along the wrong axis",
        {"softmax along the wrong axis"},
        lambda W, X, y, lam: (softmax(X @ W.T, axis=0) - one_hot(y, 4)).T @ X / len(y) + lam * W,
    ),
)

# Cross-entropy with a temperature -----------------------------------------------------------------------

function(
    "cross-entropy with a temperature",
    "gradient",
    lambda z, y, T: -log_softmax(z / T)[y],
    lambda z, y, T: (softmax(z / T) - one_hot(y, 5)) / T,
    lambda rng: (rng.normal(size=5), 3, 2.5),
    (0,),
    Context(
        alternatives={"temperature left out": lambda z, y, T: softmax(z) - one_hot(y, 5)},
        terms={
            "the probabilities": lambda z, y, T: softmax(z / T) / T,
            "the label": lambda z, y, T: -one_hot(y, 5) / T,
        },
    ),
    ("1/T is missing", {"factor"}, lambda z, y, T: softmax(z / T) - one_hot(y, 5)),
    (
        "without the temperature",
        {"temperature left out", "argument left out"},
        lambda z, y, T: softmax(z) - one_hot(y, 5),
    ),
    (
        "the label is not subtracted",
        {"missing term", "label not subtracted"},
        lambda z, y, T: softmax(z / T) / T,
    ),
    (
        "the label is added",
        {"sign of a term", "label added"},
        lambda z, y, T: (softmax(z / T) + one_hot(y, 5)) / T,
    ),
    (
        "the label counts from 1",
        {"label off by one"},
        lambda z, y, T: (softmax(z / T) - one_hot(y - 1, 5)) / T,
    ),
)

# A network with tanh and a mean squared error -----------------------------------------------------------


def tanh_network(W, b, v, X, t):
    return ((np.tanh(X @ W.T + b) @ v - t) ** 2).mean()


def tanh_gradient(W, b, v, X, t, slope=lambda H: 1 - H**2, mean=True, bias=1.0):
    H = np.tanh(X @ W.T + bias * b)
    r = 2 * (H @ v - t) / (len(t) if mean else 1)
    D = r[:, None] * v * slope(H)
    return D.T @ X, D.sum(axis=0), H.T @ r


function(
    "tanh network",
    "gradient",
    tanh_network,
    tanh_gradient,
    normal((4, 3), 4, 4, (5, 3), 5),
    (0, 1, 2),
    Context(
        alternatives={
            "tanh' ignored": lambda *a: tanh_gradient(*a, slope=lambda H: 1.0),
            "tanh' is 1 - h": lambda *a: tanh_gradient(*a, slope=lambda H: 1 - H),
            "bias dropped": lambda *a: tanh_gradient(*a, bias=0.0),
        }
    ),
    (
        "the slope of tanh is ignored",
        {"tanh' ignored"},
        lambda *a: tanh_gradient(*a, slope=lambda H: 1 + 0 * H),
    ),
    (
        "the slope of tanh without the square",
        {"tanh' is 1 - h"},
        lambda *a: tanh_gradient(*a, slope=lambda H: 1 - H),
    ),
    ("1/N is missing", {"sum instead of mean"}, lambda *a: tanh_gradient(*a, mean=False)),
    (
        "the factor 2 of the square is missing",
        {"factor"},
        lambda *a: tuple(g / 2 for g in tanh_gradient(*a)),
    ),
    (
        "the bias is not added",
        {"bias dropped", "argument left out"},
        lambda W, b, v, X, t: tanh_gradient(W, 0 * b, v, X, t),
    ),
    (
        "the residual has the wrong sign",
        {"sign"},
        lambda *a: tuple(-g for g in tanh_gradient(*a)),
    ),
    (
        "the last two results are in the wrong order",
        {"results swapped"},
        lambda *a: tuple(tanh_gradient(*a)[i] for i in (0, 2, 1)),
    ),
    (
        "the gradient of b is not summed over the batch",
        {"forgot to sum"},
        lambda W, b, v, X, t: (
            tanh_gradient(W, b, v, X, t)[0],
            (2 * (np.tanh(X @ W.T + b) @ v - t) / 5)[:, None] * v * (1 - np.tanh(X @ W.T + b) ** 2),
            tanh_gradient(W, b, v, X, t)[2],
        ),
    ),
    (
        "the gradient of b has the wrong sign",
        {"sign"},
        lambda *a: (tanh_gradient(*a)[0], -tanh_gradient(*a)[1], tanh_gradient(*a)[2]),
    ),
    (
        "only the first example",
        {"only the first example"},
        lambda W, b, v, X, t: tanh_gradient(W, b, v, X[:1], t[:1]),
    ),
)

# A sigmoid layer ----------------------------------------------------------------------------------------


def sigmoid_layer_vjp(W, b, x, u):
    s = sigmoid(W @ x + b)
    d = u * s * (1 - s)
    return np.outer(d, x), d, W.T @ d


function(
    "sigmoid layer",
    "vjp",
    lambda W, b, x: sigmoid(W @ x + b),
    sigmoid_layer_vjp,
    normal((4, 4), 4, 4),
    (0, 1, 2),
    Context(
        alternatives={
            "sigmoid' ignored": lambda W, b, x, u: (np.outer(u, x), u, W.T @ u),
            "W for W^T": lambda W, b, x, u: (
                None,
                None,
                W @ (u * sigmoid(W @ x + b) * (1 - sigmoid(W @ x + b))),
            ),
        }
    ),
    ("the slope is ignored", {"sigmoid' ignored"}, lambda W, b, x, u: (np.outer(u, x), 1 * u, u @ W)),
    (
        "W in place of its transpose for x",
        {"W for W^T"},
        lambda W, b, x, u: (*sigmoid_layer_vjp(W, b, x, u)[:2], W @ sigmoid_layer_vjp(W, b, x, u)[1]),
    ),
    (
        "the gradient of W is transposed",
        {"transpose"},
        lambda W, b, x, u: (sigmoid_layer_vjp(W, b, x, u)[0].T, *sigmoid_layer_vjp(W, b, x, u)[1:]),
    ),
    (
        "the gradient of b is a column",
        {"wrong shape"},
        lambda W, b, x, u: (
            sigmoid_layer_vjp(W, b, x, u)[0],
            sigmoid_layer_vjp(W, b, x, u)[1][:, None],
            sigmoid_layer_vjp(W, b, x, u)[2],
        ),
    ),
    (
        "s in place of s (1 - s)",
        {"sigmoid' is s"},
        lambda W, b, x, u: (
            np.outer(u * sigmoid(W @ x + b), x),
            u * sigmoid(W @ x + b),
            W.T @ (u * sigmoid(W @ x + b)),
        ),
    ),
)

# Attention scores ---------------------------------------------------------------------------------------

function(
    "attention scores",
    "vjp",
    lambda Q, K: Q @ K.T / np.sqrt(Q.shape[1]),
    lambda Q, K, u: (u @ K / np.sqrt(3), u.T @ Q / np.sqrt(3)),
    normal((4, 3), (4, 3)),
    (0, 1),
    Context(
        alternatives={
            "u not transposed": lambda Q, K, u: (u.T @ K / np.sqrt(3), u @ Q / np.sqrt(3)),
        }
    ),
    ("swapped results", {"results swapped"}, lambda Q, K, u: (u.T @ Q / np.sqrt(3), u @ K / np.sqrt(3))),
    ("the scale is missing", {"factor"}, lambda Q, K, u: (u @ K, u.T @ Q)),
    (
        "u is not transposed for K",
        {"u not transposed"},
        lambda Q, K, u: (u @ K / np.sqrt(3), u @ Q / np.sqrt(3)),
    ),
    ("the same result twice", {"another result"}, lambda Q, K, u: (u @ K / np.sqrt(3), u @ K / np.sqrt(3))),
    ("the scale is squared for Q", {"factor"}, lambda Q, K, u: (u @ K / 3, u.T @ Q / np.sqrt(3))),
)

# Normalization ------------------------------------------------------------------------------------------


def standardized(X):
    return (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)


def standardized_terms(X, u):
    s, Y = X.std(axis=1, keepdims=True), standardized(X)
    return (
        u / s,
        -np.ones_like(X) * u.mean(axis=1, keepdims=True) / s,
        -Y * (u * Y).mean(axis=1, keepdims=True) / s,
    )


function(
    "standardized rows",
    "vjp",
    standardized,
    lambda X, u: sum(standardized_terms(X, u)),
    normal((3, 5)),
    (0,),
    Context(
        terms={
            "the direct path": lambda X, u: standardized_terms(X, u)[0],
            "the path through the mean": lambda X, u: standardized_terms(X, u)[1],
            "the path through the deviation": lambda X, u: standardized_terms(X, u)[2],
        }
    ),
    ("the mean is a constant", {"missing term"}, lambda X, u: sum(standardized_terms(X, u)[::2])),
    ("the deviation is a constant", {"missing term"}, lambda X, u: sum(standardized_terms(X, u)[:2])),
    (
        "the division by the deviation is missing",
        {"factor"},
        lambda X, u: X.std(axis=1, keepdims=True) * sum(standardized_terms(X, u)),
    ),
    (
        "the sum in place of the mean in the last term",
        {"sum instead of mean"},
        lambda X, u: (
            sum(standardized_terms(X, u)[:2])
            - standardized(X)
            * (u * standardized(X)).sum(axis=1, keepdims=True)
            / X.std(axis=1, keepdims=True)
        ),
    ),
    (
        "the last term is added",
        {"sign of a term"},
        lambda X, u: sum(standardized_terms(X, u)[:2]) - standardized_terms(X, u)[2],
    ),
)

function(
    "x over its norm",
    "vjp",
    lambda x: x / np.sqrt(x @ x),
    lambda x, u: u / np.sqrt(x @ x) - x * (x @ u) / np.sqrt(x @ x) ** 3,
    normal(6),
    (0,),
    Context(
        terms={
            "u over the norm": lambda x, u: u / np.sqrt(x @ x),
            "the projection on x": lambda x, u: -x * (x @ u) / np.sqrt(x @ x) ** 3,
        }
    ),
    ("the norm is a constant", {"missing term"}, lambda x, u: u / np.sqrt(x @ x)),
    (
        "1/norm is missing",
        {"factor"},
        lambda x, u: u - x * (x @ u) / (x @ x),
    ),
    (
        "the projection is doubled",
        {"doubled term"},
        lambda x, u: u / np.sqrt(x @ x) - 2 * x * (x @ u) / (x @ x) ** 1.5,
    ),
    (
        "the argument is returned",
        {"equals an argument", "not linear", "ignores upstream"},
        lambda x, u: 1 * x,
    ),
)

# Convolution in one dimension ---------------------------------------------------------------------------

function(
    "convolution",
    "vjp",
    lambda x, w: np.correlate(x, w, "valid"),
    lambda x, w, u: (np.convolve(u, w), np.correlate(x, u, "valid")),
    normal(8, 3),
    (0, 1),
    Context(alternatives={"kernel not flipped": lambda x, w, u: (np.convolve(u, w[::-1]), None)}),
    (
        "the gradient of w is reversed",
        {"flip"},
        lambda x, w, u: (np.convolve(u, w), np.correlate(x, u, "valid")[::-1]),
    ),
    (
        "the kernel is not flipped for x",
        {"kernel not flipped"},
        lambda x, w, u: (np.correlate(u, w, "full"), np.correlate(x, u, "valid")),
    ),
    (
        "the gradient of x is shifted by one",
        {"roll"},
        lambda x, w, u: (np.roll(np.convolve(u, w), 1), np.correlate(x, u, "valid")),
    ),
    (
        "the first entry of x has no gradient",
        {"one entry"},
        lambda x, w, u: (np.r_[0, np.convolve(u, w)[1:]], np.correlate(x, u, "valid")),
    ),
)

# Embedding lookup ---------------------------------------------------------------------------------------


def embedding_vjp(E, words, u):
    g = np.zeros_like(E)
    np.add.at(g, words, u)
    return g


def overwriting(E, words, u):
    g = np.zeros_like(E)
    g[words] = u
    return g


def shifted_words(E, words, u):
    return embedding_vjp(E, words + 1, u)


function(
    "embedding",
    "vjp",
    lambda E, words: E[words],
    embedding_vjp,
    lambda rng: (rng.normal(size=(6, 3)), np.array([4, 1, 2, 1])),
    (0,),
    Context(alternatives={"only the first occurrence": lambda E, w, u: embedding_vjp(E, *_first(w, u))}),
    ("the words are off by one", {"label off by one", "roll"}, shifted_words),
    ("a word that comes twice counts once", {"one row"}, overwriting),
    ("averaged over the words", {"mean instead of sum"}, lambda E, w, u: embedding_vjp(E, w, u) / 4),
    ("one row only", {"only the first example"}, lambda E, w, u: embedding_vjp(E, w[:1], u[:1])),
)


def _first(words, u):
    _, index = np.unique(words, return_index=True)
    return words[index], u[index]


# Losses -------------------------------------------------------------------------------------------------


def huber(w, X, t):
    r = X @ w - t
    return np.where(np.abs(r) < 1, r**2 / 2, np.abs(r) - 0.5).mean()


function(
    "Huber",
    "gradient",
    huber,
    lambda w, X, t: np.clip(X @ w - t, -1, 1) @ X / len(t),
    normal(3, (8, 3), 8),
    (0,),
    Context(
        alternatives={
            "not clipped": lambda w, X, t: (X @ w - t) @ X / len(t),
            "only the sign": lambda w, X, t: np.sign(X @ w - t) @ X / len(t),
        }
    ),
    ("1/N is missing", {"sum instead of mean"}, lambda w, X, t: np.clip(X @ w - t, -1, 1) @ X),
    ("the residual is not clipped", {"not clipped"}, lambda w, X, t: X.T @ (X @ w - t) / len(t)),
    ("t minus the prediction", {"sign"}, lambda w, X, t: np.clip(t - X @ w, -1, 1) @ X / len(t)),
    (
        "the last example is skipped",
        {"last example skipped"},
        lambda w, X, t: np.clip(X[:-1] @ w - t[:-1], -1, 1) @ X[:-1] / len(t),
    ),
    ("divided by the number of inputs", {"factor"}, lambda w, X, t: np.clip(X @ w - t, -1, 1) @ X / 3),
)

function(
    "log-sum-exp",
    "gradient",
    lambda Z: np.log(np.exp(Z).sum(axis=1)).sum(),
    softmax,
    normal((4, 3)),
    (0,),
    Context(
        alternatives={
            "sum over the wrong axis": lambda Z: softmax(Z, axis=0),
            "not normalized": lambda Z: np.exp(Z),
        }
    ),
    (
        "the wrong axis",
        {"sum over the wrong axis", "transposed inside"},
        lambda Z: np.exp(Z) / np.exp(Z).sum(axis=0),
    ),
    ("one sum for all", {"factor"}, lambda Z: np.exp(Z) / np.exp(Z).sum()),
    ("averaged over the rows", {"mean instead of sum"}, lambda Z: softmax(Z) / 4),
    ("exp without the sum", {"not normalized", "factor"}, np.exp),
    ("zeros up to rounding", {"zero"}, lambda Z: 1e-17 * np.cos(Z)),
)

function(
    "binary cross-entropy with logits",
    "gradient",
    lambda w, b, X, t: (np.log1p(np.exp(X @ w + b)) - t * (X @ w + b)).mean(),
    lambda w, b, X, t: ((sigmoid(X @ w + b) - t) @ X / 7, (sigmoid(X @ w + b) - t).mean()),
    lambda rng: (rng.normal(size=3), 0.4, rng.normal(size=(7, 3)), rng.integers(2, size=7).astype(float)),
    (0, 1),
    Context(
        terms={
            "the probabilities": lambda w, b, X, t: (sigmoid(X @ w + b) @ X / 7, sigmoid(X @ w + b).mean()),
            "the labels": lambda w, b, X, t: (-t @ X / 7, -t.mean()),
        }
    ),
    (
        "1/N is missing",
        {"sum instead of mean"},
        lambda w, b, X, t: ((sigmoid(X @ w + b) - t) @ X, (sigmoid(X @ w + b) - t).sum()),
    ),
    (
        "the labels are not subtracted",
        {"missing term", "argument left out"},
        lambda w, b, X, t: (sigmoid(X @ w + b) @ X / 7, sigmoid(X @ w + b).mean()),
    ),
    (
        "the labels are added",
        {"sign of a term", "argument negated"},
        lambda w, b, X, t: ((sigmoid(X @ w + b) + t) @ X / 7, (sigmoid(X @ w + b) + t).mean()),
    ),
    (
        "1/N is missing for b",
        {"sum instead of mean"},
        lambda w, b, X, t: ((sigmoid(X @ w + b) - t) @ X / 7, (sigmoid(X @ w + b) - t).sum()),
    ),
    (
        "the slope of the sigmoid is applied twice",
        {"sigmoid' applied"},
        lambda w, b, X, t: (
            ((sigmoid(X @ w + b) - t) * sigmoid(X @ w + b) * (1 - sigmoid(X @ w + b))) @ X / 7,
            ((sigmoid(X @ w + b) - t) * sigmoid(X @ w + b) * (1 - sigmoid(X @ w + b))).mean(),
        ),
    ),
)

function(
    "Kullback-Leibler divergence",
    "gradient",
    lambda z, p: (p * (np.log(p) - log_softmax(z))).sum(),
    lambda z, p: softmax(z) - p,
    lambda rng: (rng.normal(size=5), softmax(rng.normal(size=5))),
    (0,),
    Context(terms={"softmax": lambda z, p: softmax(z), "the target": lambda z, p: -p}),
    ("p - q", {"sign"}, lambda z, p: p - softmax(z)),
    ("p is not subtracted", {"missing term", "argument left out"}, lambda z, p: softmax(z)),
    ("the absolute value", {"absolute value"}, lambda z, p: np.abs(softmax(z) - p)),
    ("the target alone", {"missing term"}, lambda z, p: -p),
    ("squared", {"square"}, lambda z, p: (softmax(z) - p) ** 2),
)

# Products -----------------------------------------------------------------------------------------------

function(
    "bilinear form",
    "gradient",
    lambda x, A, y: x @ A @ y,
    lambda x, A, y: (A @ y, np.outer(x, y), A.T @ x),
    normal(4, (4, 4), 4),
    (0, 1, 2),
    Context(alternatives={"W for W^T": lambda x, A, y: (A.T @ y, None, A @ x)}),
    ("the transpose for x", {"W for W^T"}, lambda x, A, y: (A.T @ y, np.outer(x, y), A.T @ x)),
    (
        "the gradients of x and y swapped",
        {"results swapped"},
        lambda x, A, y: (A.T @ x, np.outer(x, y), A @ y),
    ),
    ("the outer product transposed", {"transpose"}, lambda x, A, y: (A @ y, np.outer(y, x), A.T @ x)),
    ("x for the gradient of y", {"equals an argument"}, lambda x, A, y: (A @ y, np.outer(x, y), 1 * x)),
)


def cosine_terms(x, y):
    n, m = np.sqrt(x @ x), np.sqrt(y @ y)
    return y / (n * m), -(x @ y) * x / (n**3 * m)


function(
    "cosine similarity",
    "gradient",
    lambda x, y: x @ y / np.sqrt(x @ x) / np.sqrt(y @ y),
    lambda x, y: (sum(cosine_terms(x, y)), sum(cosine_terms(y, x))),
    normal(5, 5),
    (0, 1),
    Context(
        terms={
            "the product": lambda x, y: (cosine_terms(x, y)[0], cosine_terms(y, x)[0]),
            "the norm": lambda x, y: (cosine_terms(x, y)[1], cosine_terms(y, x)[1]),
        }
    ),
    (
        "the norm is a constant",
        {"missing term"},
        lambda x, y: (cosine_terms(x, y)[0], cosine_terms(y, x)[0]),
    ),
    (
        "the norm's term is added for y",
        {"sign of a term"},
        lambda x, y: (sum(cosine_terms(x, y)), cosine_terms(y, x)[0] - cosine_terms(y, x)[1]),
    ),
    (
        "swapped",
        {"results swapped", "arguments swapped"},
        lambda x, y: (sum(cosine_terms(y, x)), sum(cosine_terms(x, y))),
    ),
    (
        "the norm of the other is missing",
        {"factor"},
        lambda x, y: (np.sqrt(y @ y) * sum(cosine_terms(x, y)), np.sqrt(x @ x) * sum(cosine_terms(y, x))),
    ),
)

function(
    "matrix factorization",
    "gradient",
    lambda U, V, R, lam: ((R - U @ V.T) ** 2).sum() / 2 + lam / 2 * ((U**2).sum() + (V**2).sum()),
    lambda U, V, R, lam: ((U @ V.T - R) @ V + lam * U, (U @ V.T - R).T @ U + lam * V),
    lambda rng: (*normal((4, 2), (5, 2), (4, 5))(rng), 0.1),
    (0, 1),
    Context(
        terms={
            "the fit": lambda U, V, R, lam: ((U @ V.T - R) @ V, (U @ V.T - R).T @ U),
            "the penalty": lambda U, V, R, lam: (lam * U, lam * V),
        }
    ),
    (
        "the residual has the wrong sign",
        {"sign of a term"},
        lambda U, V, R, lam: ((R - U @ V.T) @ V + lam * U, (R - U @ V.T).T @ U + lam * V),
    ),
    (
        "the penalty of V is missing",
        {"missing term", "argument left out"},
        lambda U, V, R, lam: ((U @ V.T - R) @ V + lam * U, (U @ V.T - R).T @ U),
    ),
    (
        "the gradient of V is transposed",
        {"transpose"},
        lambda U, V, R, lam: ((U @ V.T - R) @ V + lam * U, U.T @ (U @ V.T - R) + lam * V.T),
    ),
    (
        "everything is doubled",
        {"factor"},
        lambda U, V, R, lam: (2 * (U @ V.T - R) @ V + 2 * lam * U, 2 * (U @ V.T - R).T @ U + 2 * lam * V),
    ),
)


def weighted(w, X, t, s):
    return (s * (X @ w - t) ** 2).sum() / 2


function(
    "weighted least squares",
    "gradient",
    weighted,
    lambda w, X, t, s: (s * (X @ w - t)) @ X,
    lambda rng: (*normal(3, (6, 3), 6)(rng), rng.uniform(0.5, 2, 6)),
    (0,),
    Context(
        alternatives={"weights squared": lambda w, X, t, s: (s**2 * (X @ w - t)) @ X},
        functions={"the loss without weights": lambda w, at: weighted(w, at[1], at[2], 1.0)},
    ),
    ("the weights are ignored", {"argument left out", "other function"}, lambda w, X, t, s: (X @ w - t) @ X),
    (
        "the weights are squared",
        {"weights squared", "argument squared"},
        lambda w, X, t, s: (s * s * (X @ w - t)) @ X,
    ),
    ("divided by N", {"mean instead of sum"}, lambda w, X, t, s: (s * (X @ w - t)) @ X / 6),
    ("not summed over the examples", {"forgot to sum"}, lambda w, X, t, s: (s * (X @ w - t))[:, None] * X),
    ("the target is not subtracted", {"argument left out"}, lambda w, X, t, s: (s * (X @ w)) @ X),
)

# Gates and masks ----------------------------------------------------------------------------------------

function(
    "gate",
    "vjp",
    lambda a, b: a * sigmoid(b),
    lambda a, b, u: (u * sigmoid(b), u * a * sigmoid(b) * (1 - sigmoid(b))),
    normal((3, 4), (3, 4)),
    (0, 1),
    Context(
        alternatives={
            "sigmoid' ignored": lambda a, b, u: (None, u * a),
            "u alone": lambda a, b, u: (u, u),
        }
    ),
    (
        "swapped",
        {"results swapped"},
        lambda a, b, u: (u * a * sigmoid(b) * (1 - sigmoid(b)), u * sigmoid(b)),
    ),
    ("the slope of the gate is ignored", {"sigmoid' ignored"}, lambda a, b, u: (u * sigmoid(b), a * u)),
    (
        "the factor a is missing",
        {"factor"},
        lambda a, b, u: (u * sigmoid(b), u * sigmoid(b) * (1 - sigmoid(b))),
    ),
    (
        "u is returned for a",
        {"u alone", "equals an argument"},
        lambda a, b, u: (1 * u, u * a * sigmoid(b) * sigmoid(-b)),
    ),
    (
        "zeros for b",
        {"zero"},
        lambda a, b, u: (u * sigmoid(b), 0 * b),
    ),
)

function(
    "dropout with a fixed mask",
    "vjp",
    lambda x, mask: x * mask / 0.8,
    lambda x, mask, u: u * mask / 0.8,
    lambda rng: (rng.normal(size=(4, 5)), rng.permuted(np.repeat([0.0, 1.0], [6, 14])).reshape(4, 5)),
    (0,),
    Context(alternatives={"mask all ones": lambda x, mask, u: u / 0.8}),
    ("no mask", {"mask all ones", "argument left out"}, lambda x, mask, u: 1.25 * u),
    ("the mask is inverted", {"mask inverted"}, lambda x, mask, u: u * (1 - mask) / 0.8),
    ("no scale", {"factor"}, lambda x, mask, u: u * mask),
    ("the mask is the sign of x", {"mask from x"}, lambda x, mask, u: u * (x > 0) / 0.8),
)


def relu_network_vjp(V, W, x, u):
    h = np.maximum(W @ x, 0)
    d = (W @ x > 0) * (V.T @ u)
    return np.outer(u, h), np.outer(d, x), W.T @ d + u


def with_delta(V, W, x, u, d):
    return np.outer(u, np.maximum(W @ x, 0)), np.outer(d, x), W.T @ d + u


function(
    "residual block",
    "vjp",
    lambda V, W, x: V @ np.maximum(W @ x, 0) + x,
    relu_network_vjp,
    normal((4, 4), (4, 4), 4),
    (0, 1, 2),
    Context(
        alternatives={
            "mask all ones": lambda V, W, x, u: with_delta(V, W, x, u, V.T @ u),
            "mask inverted": lambda V, W, x, u: with_delta(V, W, x, u, (W @ x <= 0) * (V.T @ u)),
            "mask before V^T": lambda V, W, x, u: with_delta(V, W, x, u, V.T @ ((W @ x > 0) * u)),
            "W for W^T": lambda V, W, x, u: (None, None, W @ ((W @ x > 0) * (V.T @ u)) + u),
        },
        terms={
            "the skip path": lambda V, W, x, u: (None, None, u),
            "the network's path": lambda V, W, x, u: (None, None, relu_network_vjp(V, W, x, u)[2] - u),
        },
    ),
    (
        "the skip path is missing",
        {"missing term"},
        lambda V, W, x, u: (*relu_network_vjp(V, W, x, u)[:2], W.T @ ((W @ x > 0) * (V.T @ u))),
    ),
    (
        "the skip path is subtracted",
        {"sign of a term"},
        lambda V, W, x, u: (*relu_network_vjp(V, W, x, u)[:2], W.T @ ((W @ x > 0) * (V.T @ u)) - u),
    ),
    ("no mask", {"mask all ones"}, lambda V, W, x, u: with_delta(V, W, x, u, u @ V)),
    (
        "the mask is inverted",
        {"mask inverted"},
        lambda V, W, x, u: with_delta(V, W, x, u, (W @ x < 0) * (u @ V)),
    ),
    (
        "the mask comes before the product",
        {"mask before V^T"},
        lambda V, W, x, u: with_delta(V, W, x, u, (u * (W @ x > 0)) @ V),
    ),
    (
        "all three in the wrong order",
        {"results swapped"},
        lambda V, W, x, u: tuple(relu_network_vjp(V, W, x, u)[i] for i in (1, 0, 2)),
    ),
)


def rnn_vjp(W, U, b, x, h, u):
    d = u * (1 - np.tanh(W @ x + U @ h + b) ** 2)
    return np.outer(d, x), np.outer(d, h), d, W.T @ d, U.T @ d


function(
    "recurrent step",
    "vjp",
    lambda W, U, b, x, h: np.tanh(W @ x + U @ h + b),
    rnn_vjp,
    normal((4, 4), (4, 4), 4, 4, 4),
    (0, 1, 2, 3, 4),
    Context(alternatives={"tanh' ignored": lambda W, U, b, x, h, u: _straight(W, U, x, h, u)}),
    (
        "the slope of tanh is ignored",
        {"tanh' ignored"},
        lambda W, U, b, x, h, u: _straight(W, U, x, h, 1 * u),
    ),
    (
        "x for h in the gradient of U",
        {"another result"},
        lambda W, U, b, x, h, u: _replaced(rnn_vjp(W, U, b, x, h, u), 1, rnn_vjp(W, U, b, x, h, u)[0]),
    ),
    (
        "the last three in the wrong order",
        {"results swapped"},
        lambda *a: tuple(rnn_vjp(*a)[i] for i in (0, 1, 4, 2, 3)),
    ),
    (
        "U for its transpose",
        {"W for W^T"},
        lambda W, U, b, x, h, u: _replaced(rnn_vjp(W, U, b, x, h, u), 4, U @ rnn_vjp(W, U, b, x, h, u)[2]),
    ),
    (
        "one entry of the gradient of b is wrong",
        {"one entry"},
        lambda *a: _replaced(rnn_vjp(*a), 2, rnn_vjp(*a)[2] * np.array([1, 1, 1.4, 1])),
    ),
)


def _straight(W, U, x, h, d):
    return np.outer(d, x), np.outer(d, h), d, W.T @ d, U.T @ d


def _replaced(results, index, value):
    return tuple(value if i == index else result for i, result in enumerate(results))


# Numbers ------------------------------------------------------------------------------------------------


def _changed(index, factor):
    def program(X):
        g = X * np.cos(X) + np.sin(X)
        g[index] *= factor
        return g

    return program


function(
    "x sin x",
    "gradient",
    lambda X: (X * np.sin(X)).sum(),
    lambda X: X * np.cos(X) + np.sin(X),
    normal((4, 5)),
    (0,),
    Context(terms={"x cos x": lambda X: X * np.cos(X), "sin x": lambda X: np.sin(X)}),
    ("a millionth too large", {"factor"}, _changed(slice(None), 1.000001)),
    ("one entry is wrong by 1e-5", {"one entry"}, _changed((1, 2), 1.00001)),
    ("one row is wrong by 1e-5", {"one row"}, _changed(2, 1 + 1e-5 * np.array([1, -2, 3, 2, -1]))),
    ("one column is wrong", {"one column"}, _changed((slice(None), 3), np.array([1.1, 0.7, -2, 3]))),
    ("rounded to float32", {"float32"}, lambda X: np.float32(X * np.cos(X) + np.sin(X)).astype(float)),
    (
        "forward differences",
        {"approximate"},
        lambda X: ((X + 1e-6) * np.sin(X + 1e-6) - X * np.sin(X)) / 1e-6,
    ),
    ("zeros", {"zero"}, lambda X: np.zeros_like(X)),
    ("zeros up to rounding", {"zero"}, lambda X: (X + 1 / 3) - X - 1 / 3),
    ("everything has the wrong sign", {"sign"}, lambda X: -X * np.cos(X) - np.sin(X)),
    ("halved", {"factor"}, _changed(slice(None), 0.5)),
    ("summed over the rows", {"summed too far"}, lambda X: (X * np.cos(X) + np.sin(X)).sum(axis=0)),
    ("flat", {"wrong shape"}, lambda X: (X * np.cos(X) + np.sin(X)).ravel()),
    ("the first term has the wrong sign", {"sign of a term"}, lambda X: -X * np.cos(X) + np.sin(X)),
    (
        "a mean over each row",
        {"averaged along an axis"},
        lambda X: 0 * X + _changed((), 1)(X).mean(1, keepdims=True),
    ),
)


def every() -> Iterator[tuple[Function, str, set[str], Program]]:
    """All mistakes, each with its function."""
    for function in FUNCTIONS:
        for what, names, program in function.mistakes:
            yield function, what, names, program


def first_name(function: Function, program: Program, context: Context | None, seed: int = 0) -> str:
    """The first name in the report on a program."""
    rng = np.random.default_rng(seed)
    args = function.arguments(rng)
    report = CHECKS[function.kind](
        function.forward, program, *args, wrt=function.wrt, rng=rng, context=context
    )
    return report.names[0].name if report.names else report.verdict


def figures(with_context: bool, seed: int = 0) -> dict[str, tuple[bool, str]]:
    """For each mistake, whether its first name is right, and that name."""
    found = {}
    for function, what, names, program in every():
        name = first_name(function, program, function.context if with_context else None, seed)
        found[f"{function.name}: {what}"] = (name in names, name)
    return found


def random_programs(function: Function, rng: np.random.Generator) -> Iterator[Program]:
    """Three wrong programs without a simple explanation: they mix the right entries in a random way."""

    def mixed(change: Callable[[np.ndarray, int], np.ndarray]) -> Program:
        def program(*args):
            results = function.right(*args)
            parts = results if isinstance(results, tuple) else (results,)
            wrong = tuple(change(np.asarray(g, dtype=float), i) for i, g in enumerate(parts))
            return wrong if isinstance(results, tuple) else wrong[0]

        return program

    draws = [rng.normal(size=(30, 30)) for _ in range(5)]

    def matrix(g, i):
        return (draws[i][: g.size, : g.size] @ g.ravel()).reshape(g.shape)

    yield mixed(matrix)
    yield mixed(lambda g, i: g * draws[i].ravel()[: g.size].reshape(g.shape))
    yield mixed(lambda g, i: g + 1e-3 * matrix(g, i))


def false_names(rounds: int, with_context: bool = True) -> tuple[int, list[tuple[str, str]]]:
    """How many random programs were diagnosed, and the names that any of them got.

    Results that are one number are left out: a random one is the right one times a factor.
    """
    count, found = 0, []
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        for function in FUNCTIONS:
            for program in random_programs(function, rng):
                count += 1
                name = first_name(function, program, function.context if with_context else None, seed)
                if name not in ("wrong", "inconclusive"):
                    found.append((function.name, name))
    return count, found


def main() -> None:
    for with_context in (True, False):
        found = figures(with_context)
        for mistake, (right, name) in found.items():
            if not right:
                print(f"{mistake}: {name}")
        print(f"with context {with_context}: {sum(r for r, _ in found.values())} of {len(found)}")


if __name__ == "__main__":
    main()
