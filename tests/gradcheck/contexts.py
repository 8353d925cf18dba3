"""The terms and likely mistakes that the authors of the corpus's functions would give to `diagnose`.

They were written separately from the programs of the corpus and call none of them.
"""

from __future__ import annotations

import numpy as np

from gradcheck import Context
from tests.gradcheck.corpus.functions import softmax


def _deltas(logits, y):
    """The two terms of the gradient of the logits, p and minus the label, averaged over the rows."""
    p = softmax(logits)
    label = np.zeros_like(p)
    label[np.arange(len(y)), y] = 1
    return p / len(y), -label / len(y)


def _nll(which, part):
    """One term of the gradients of one example's loss, for W, b and x (`part` selects some)."""

    def term(W, b, x, y):
        delta = _deltas((W @ x + b)[None], np.array([y]))[which][0]
        whole = (np.outer(delta, x), delta, W.T @ delta)
        return whole if part is None else whole[part]

    return term


def _nll_context(part):
    return Context(terms={"the probabilities": _nll(0, part), "the label": _nll(1, part)})


def _batch(which):
    def term(W, b, X, y):
        delta = _deltas(X @ W.T + b, y)[which]
        return delta.T @ X, delta.sum(axis=0)

    return term


def _batch_over_examples(W, b, X, y):
    p = softmax((X @ W.T + b).T).T
    p[np.arange(len(y)), y] -= 1
    return p.T @ X / len(y), p.mean(axis=0)


def _skip(mask):
    """The gradients of the skip connection with another mask; `mask` gets W1, W2, x and u."""

    def program(W1, W2, x, u):
        z = W1 @ x
        d = mask(W1, W2, x, u)
        return np.outer(d, x), np.outer(u, np.maximum(z, 0)), W1.T @ d + u

    return program


def _mask_from_x(W1, W2, x, u):
    dx = W1.T @ (W2.T @ u)
    return (x > 0) * dx + u


def _network(mask, terms=(0, 1)):
    """The gradients of the two-layer network with some terms of delta and another mask."""

    def program(W1, b1, W2, b2, X, y):
        Z = X @ W1.T + b1
        H = np.maximum(Z, 0)
        both = _deltas(H @ W2.T + b2, y)
        delta = sum(both[t] for t in terms)
        d = (delta @ W2) * mask(Z)
        return d.T @ X, d.sum(axis=0), delta.T @ H, delta.sum(axis=0)

    return program


def _bias_dropped(W1, b1, W2, b2, X, y):
    Z = X @ W1.T + b1
    delta = sum(_deltas(np.maximum(Z, 0) @ W2.T + b2, y))
    H = np.maximum(X @ W1.T, 0)
    d = (delta @ W2) * (X @ W1.T > 0)
    return d.T @ X, d.sum(axis=0), delta.T @ H, delta.sum(axis=0)


def _norm(piece):
    """One of the three terms of the gradient of layer norm with respect to its input."""

    def term(*args):
        X, gamma, u = args[0], args[1], args[-1]
        std = np.sqrt(X.var(axis=-1, keepdims=True) + 1e-5)
        rows = (X - X.mean(axis=-1, keepdims=True)) / std
        g = u * gamma
        through_variance = rows * (g * rows).mean(axis=-1, keepdims=True)
        return (g, -g.mean(axis=-1, keepdims=True) + 0 * g, -through_variance)[piece] / std

    return term


def _of_rows(rows):
    def program(W, b, X, u):
        return u[rows].T @ X[rows], u[rows].sum(axis=0), u @ W

    return program


CONTEXTS = {
    "softmax Jacobian": Context(
        terms={
            "the diagonal of p": lambda z: np.diag(softmax(z)),
            "the outer product of p": lambda z: -np.outer(softmax(z), softmax(z)),
        }
    ),
    "softmax vjp": Context(
        alternatives={
            "only the diagonal": lambda z, u: u * softmax(z) * (1 - softmax(z)),
            "sum instead of mean": lambda z, u: softmax(z) * (u - u.sum()),
            "plain mean": lambda z, u: softmax(z) * (u - u.mean()),
        },
        terms={
            "p times u": lambda z, u: softmax(z) * u,
            "p times the mean of u": lambda z, u: -softmax(z) * (softmax(z) @ u),
        },
    ),
    "log-softmax vjp": Context(
        alternatives={
            "only the diagonal": lambda z, u: u * (1 - softmax(z)),
            "mean instead of sum": lambda z, u: u - softmax(z) * u.mean(axis=-1, keepdims=True),
            "softmax along the wrong axis": lambda z, u: u - softmax(z.T).T * u.sum(axis=-1, keepdims=True),
            "one sum for the whole batch": lambda z, u: u - softmax(z) * u.sum(),
        },
        terms={
            "u": lambda z, u: u,
            "p times the sum of u": lambda z, u: -softmax(z) * u.sum(axis=-1, keepdims=True),
        },
    ),
    "NLL gradient of W": _nll_context(0),
    "NLL gradient of b": _nll_context(1),
    "NLL gradient of x": _nll_context(2),
    "NLL gradient of W, b and x": _nll_context(None),
    "batch NLL": Context(
        alternatives={"softmax along the wrong axis": _batch_over_examples},
        terms={"the probabilities": _batch(0), "the label": _batch(1)},
    ),
    "ReLU vjp": Context(
        alternatives={
            "mask all ones": lambda z, u: 1.0 * u,
            "mask inverted": lambda z, u: u * (z <= 0),
            "multiplied by the output": lambda z, u: u * np.maximum(z, 0),
            "absolute value": lambda z, u: u * np.sign(z),
        }
    ),
    "ELU vjp": Context(
        alternatives={
            "mask all ones": lambda z, u: 1.0 * u,
            "the slope of a ReLU": lambda z, u: np.where(z > 0, u, 0.0),
            "no distinction of cases": lambda z, u: np.exp(z) * u,
            "multiplied by the output": lambda z, u: np.where(z > 0, u, u * np.expm1(z)),
        }
    ),
    "row maximum vjp": Context(
        alternatives={
            "the smallest entry": lambda X, u: np.where(X.min(axis=1, keepdims=True) == X, u[:, None], 0.0),
            "multiplied by the output": lambda X, u: np.where(
                X.max(axis=1, keepdims=True) == X, X * u[:, None], 0.0
            ),
        }
    ),
    "linear layer vjp": Context(
        alternatives={
            "only the first example": _of_rows(slice(0, 1)),
            "last example skipped": _of_rows(slice(0, -1)),
        }
    ),
    "skip connection vjp": Context(
        alternatives={
            "mask all ones": _skip(lambda W1, W2, x, u: W2.T @ u),
            "mask inverted": _skip(lambda W1, W2, x, u: (W1 @ x <= 0) * (W2.T @ u)),
            "mask before W2^T": _skip(lambda W1, W2, x, u: W2.T @ (u * (W2 @ np.maximum(W1 @ x, 0) > 0))),
            "mask from x": lambda W1, W2, x, u: (None, None, _mask_from_x(W1, W2, x, u)),
        },
        terms={
            "the skip path": lambda W1, W2, x, u: (None, None, u),
            "the network's path": lambda W1, W2, x, u: (None, None, W1.T @ ((W1 @ x > 0) * (W2.T @ u))),
        },
    ),
    "two-layer network": Context(
        alternatives={
            "mask all ones": _network(lambda Z: 1.0),
            "mask inverted": _network(lambda Z: Z <= 0),
            "bias dropped": _bias_dropped,
        },
        terms={
            "the probabilities": _network(lambda Z: Z > 0, (0,)),
            "the label": _network(lambda Z: Z > 0, (1,)),
        },
    ),
    "layer norm vjp": Context(
        terms={
            "the direct path": lambda *a: (_norm(0)(*a), None, None),
            "the path through the mean": lambda *a: (_norm(1)(*a), None, None),
            "the path through the variance": lambda *a: (_norm(2)(*a), None, None),
        }
    ),
}

# Names that also fit a kind of mistake. Other kinds have only their own name.
ALSO_RIGHT = {
    "sign": {"sign of a term"},
    "missing term": {"argument left out"},
    "label not subtracted": {"missing term"},
    "bias dropped": {"argument left out", "zero"},
    "W for W^T": {"raises"},
    "mask before W2^T": {"raises"},
    "keeps state": {"raises"},
    "W1 and W2 swapped": {"arguments swapped", "results swapped"},
    "small relative error": {"approximate", "factor"},
    "finite differences": {"approximate"},
    "float32": {"approximate", "wrong dtype"},
    "upstream squared": {"not linear"},
    "ignores upstream": {"not linear"},
    "wrong shape": {"forgot to sum", "summed too far", "wrong type", "transpose"},
    "forgot to sum": {"wrong shape"},
    "no return": {"wrong type"},
    "sum instead of mean": {"factor"},
    "mean instead of sum": {"factor"},
    "factor": {"sum instead of mean", "mean instead of sum", "doubled term", "halved term"},
    "doubled term": {"factor"},
    "one entry": {"diagonal"},
    "random": {"keeps state"},
    "edge only": {
        "not together",
        "W for W^T",
        "raises",
        "not finite",
        "wrong dtype",
        "wrong shape",
        "wrong type",
    },
    "other": {
        "not linear",
        "wrong type",
        "plain mean",
        "one sum for the whole batch",
        "absolute value",
        "multiplied by the output",
        "the slope of a ReLU",
        "no distinction of cases",
        "the smallest entry",
    },
}
