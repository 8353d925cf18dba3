"""Functions of a matrix and their gradients.

The formulas are those of Petersen and Pedersen, The Matrix Cookbook (2012), section 2.
"""

from __future__ import annotations

import numpy as np

from tests.gradcheck.function import Function, Points, fixed, signed

WIDE_AND_TALL = signed(0.2, 1.5, (1, 3), (3, 1), (2, 3), (4, 2), (3, 3))


def square(multiple: float, spread: float, *sizes: int) -> Points:
    """One (n, n) point for each n: `multiple` of the identity, plus entries of size up to `spread`."""
    entries = signed(0.2 * spread, spread, *((n, n) for n in sizes))
    return lambda rng: [multiple * np.eye(len(x)) + x for x in entries(rng)]


def gram(X: np.ndarray) -> np.ndarray:
    """I + X X^T, positive definite for every X."""
    return np.eye(len(X)) + X @ X.T


def symmetric(X: np.ndarray) -> np.ndarray:
    """(X + X^T) / 2"""
    return (X + X.T) / 2


def log_determinant(X: np.ndarray) -> float:
    """log det (I + X X^T), through Cholesky."""
    return 2 * np.sum(np.log(np.diag(np.linalg.cholesky(gram(X)))))


def solve(X: np.ndarray) -> float:
    """c^T X^-1 b"""
    n = len(X)
    return fixed(n) @ np.linalg.solve(X, fixed(n, start=10))


def solve_gradient(X: np.ndarray) -> np.ndarray:
    """-X^-T c b^T X^-T"""
    n = len(X)
    return -np.outer(np.linalg.solve(X.T, fixed(n)), np.linalg.solve(X, fixed(n, start=10)))


def trace_of_exponential_gradient(X: np.ndarray) -> np.ndarray:
    """exp(S), for S = (X + X^T) / 2"""
    eigenvalues, V = np.linalg.eigh(symmetric(X))
    return V * np.exp(eigenvalues) @ V.T


def nuclear_norm_gradient(X: np.ndarray) -> np.ndarray:
    """U V^T, where X = U diag(s) V^T has full rank."""
    U, _, Vt = np.linalg.svd(X, full_matrices=False)
    return U @ Vt


def least_squares(X: np.ndarray) -> float:
    """|X B - C|^2 / 2"""
    return np.sum((X @ fixed(X.shape[1], 4) - fixed(len(X), 4, start=50)) ** 2) / 2


def least_squares_gradient(X: np.ndarray) -> np.ndarray:
    """(X B - C) B^T"""
    B = fixed(X.shape[1], 4)
    return (X @ B - fixed(len(X), 4, start=50)) @ B.T


MATRIX_FUNCTIONS = [
    Function(
        "log-determinant through Cholesky",
        log_determinant,
        lambda X: 2 * np.linalg.solve(gram(X), X),
        WIDE_AND_TALL,
    ),
    Function(
        "trace of an inverse",
        lambda X: np.trace(np.linalg.inv(gram(X))),
        lambda X: -2 * np.linalg.solve(gram(X), np.linalg.solve(gram(X), X)),
        WIDE_AND_TALL,
    ),
    Function("solve", solve, solve_gradient, square(6.0, 1.0, 1, 2, 3, 4)),
    Function(
        "determinant",
        np.linalg.det,
        lambda X: np.linalg.det(X) * np.linalg.inv(X).T,
        square(3.0, 0.7, 1, 2, 3, 4),
    ),
    Function(
        "trace of the fourth power",
        lambda X: np.trace(np.linalg.matrix_power(X, 4)),
        lambda X: 4 * np.linalg.matrix_power(X, 3).T,
        square(0.0, 1.5, 1, 2, 3, 4),
    ),
    Function(
        "sum of squared eigenvalues",
        lambda X: np.sum(np.linalg.eigvalsh(symmetric(X)) ** 2),
        lambda X: 2 * symmetric(X),
        square(0.5, 1.5, 1, 2, 3, 4),
    ),
    Function(
        "trace of a matrix exponential",
        lambda X: np.sum(np.exp(np.linalg.eigvalsh(symmetric(X)))),
        trace_of_exponential_gradient,
        square(0.5, 1.0, 1, 2, 3, 4),
    ),
    Function(
        "nuclear norm",
        lambda X: np.sum(np.linalg.svd(X, compute_uv=False)),
        nuclear_norm_gradient,
        square(3.0, 0.6, 1, 2, 3, 4),
    ),
    Function("least squares", least_squares, least_squares_gradient, WIDE_AND_TALL),
    Function(
        "a linear function",
        lambda X: np.sum(fixed(*X.shape) * X),
        lambda X: fixed(*X.shape).copy(),
        WIDE_AND_TALL,
    ),
]
