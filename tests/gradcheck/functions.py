"""Functions with right gradients. A gradient checker must accept all of them."""

from __future__ import annotations

import numpy as np
from scipy import special

from tests.gradcheck.function import (
    Function,
    Points,
    elementwise,
    fixed,
    positive,
    scaled,
    shifted,
    signed,
    stretched,
    uneven,
)
from tests.gradcheck.matrix_functions import MATRIX_FUNCTIONS
from tests.gradcheck.network_functions import NETWORK_FUNCTIONS, softmax

__all__ = ["FUNCTIONS", "Function"]

ANY = ((), (1,), (5,), (2, 3), (2, 1, 4))
SEVERAL = ((3,), (7,), (2, 3), (3, 1, 2))
VECTORS = ((2,), (3,), (5,), (8,))
COEFFICIENTS = np.array([0.5, -1.0, 0.3, 0.2, -0.1])


def ordinary(*shapes: tuple[int, ...]) -> Points:
    """Points with entries of size 0.2 to 2. A step in a smaller entry would be too small."""
    return signed(0.2, 2.0, *shapes)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), of real or complex x."""
    return 1 / (1 + np.exp(-x))


def huber_points(rng: np.random.Generator) -> list[np.ndarray]:
    """Points with entries on both sides of the kinks at -1 and 1, at least 0.2 away."""
    shapes = (1,), (6,), (3, 2), (2, 2, 2)
    inside, outside = signed(0.2, 0.8, *shapes)(rng), signed(1.2, 3.0, *shapes)(rng)
    return [np.where(rng.random(a.shape) < 0.5, a, b) for a, b in zip(inside, outside, strict=True)]


def saturated_points(rng: np.random.Generator) -> list[np.ndarray]:
    """Points with entries of size 1e6, at least 2e5 apart."""
    shapes = (2,), (5,), (2, 3), (2, 2, 2)
    spaced = [1e6 * (rng.permutation(np.prod(s)) - 1.5) for s in shapes]
    return [(x + rng.uniform(-4e5, 4e5, x.shape)).reshape(s) for x, s in zip(spaced, shapes, strict=True)]


ELEMENTWISE = [
    elementwise("sum of tanh", np.tanh, lambda x: 1 / np.cosh(x) ** 2, ordinary(*ANY)),
    elementwise("sum of sigmoids", sigmoid, lambda x: sigmoid(x) * sigmoid(-x), ordinary(*ANY)),
    elementwise("sum of exponentials", np.exp, np.exp, ordinary(*ANY)),
    elementwise("softplus", lambda x: np.log1p(np.exp(x)), sigmoid, ordinary(*ANY)),
    elementwise(
        "GELU",
        lambda x: x * (1 + special.erf(x / np.sqrt(2))) / 2,
        lambda x: (1 + special.erf(x / np.sqrt(2))) / 2 + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
        signed(0.2, 1.5, *SEVERAL),
    ),
    elementwise("log-gamma", special.loggamma, special.digamma, positive(0.5, 4.0, *ANY)),
    elementwise("log-gamma near 1e6", special.loggamma, special.digamma, positive(3e5, 2e6, *ANY)),
    elementwise("Bessel J0", special.j0, lambda x: -special.j1(x), signed(0.3, 9.0, *SEVERAL)),
    elementwise(
        "Bessel J1", special.j1, lambda x: special.j0(x) - special.j1(x) / x, signed(0.3, 9.0, *SEVERAL)
    ),
    elementwise("sine of a large argument", np.sin, np.cos, signed(200.0, 1000.0, *SEVERAL)),
    elementwise("sine of a small argument", np.sin, np.cos, signed(2e-7, 2e-6, *ANY)),
    elementwise(
        "cosine of 30 x", lambda x: np.cos(30 * x), lambda x: -30 * np.sin(30 * x), ordinary(*SEVERAL)
    ),
    elementwise(
        "x exp(-x^2)",
        lambda x: x * np.exp(-x * x),
        lambda x: (1 - 2 * x * x) * np.exp(-x * x),
        ordinary(*SEVERAL),
    ),
    elementwise(
        "polynomial",
        np.polynomial.Polynomial(COEFFICIENTS),
        np.polynomial.Polynomial(COEFFICIENTS[1:] * np.arange(1, 5)),
        ordinary(*ANY),
    ),
    elementwise(
        "Rastrigin",
        lambda x: x * x + 10 - 10 * np.cos(2 * np.pi * x),
        lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x),
        signed(0.2, 3.0, *SEVERAL),
    ),
    elementwise(
        "Huber",
        lambda x: np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5),
        lambda x: np.clip(x, -1, 1),
        huber_points,
    ),
    elementwise("x log x", lambda x: x * np.log(x), lambda x: 1 + np.log(x), positive(0.5, 3.0, *SEVERAL)),
    elementwise("square root near 1e6", np.sqrt, lambda x: 0.5 / np.sqrt(x), positive(3e5, 2e6, *ANY)),
    elementwise("log1p near 1e-6", np.log1p, lambda x: 1 / (1 + x), signed(2e-7, 2e-6, *ANY)),
    # Unlike log1p this is not small where x is: a step of 1e-2 x leaves 8 digits of the slope.
    elementwise("softplus near 1e-6", lambda x: np.log1p(np.exp(x)), sigmoid, signed(5e-7, 2e-6, *SEVERAL)),
]


def logsumexp(x: np.ndarray) -> float:
    """log(sum(exp(x))), of real or complex x."""
    top = x.real.max()
    return top + np.log(np.sum(np.exp(x - top)))


def softmax_of_all(x: np.ndarray) -> np.ndarray:
    """Softmax over all entries of x."""
    return softmax(x.ravel()).reshape(x.shape)


def norm_gradient(x: np.ndarray, p: float) -> np.ndarray:
    """The gradient of sum(|x|^p)^(1/p), which is sign(x) (|x| / norm)^(p - 1)."""
    return np.sign(x) * (np.abs(x) / np.sum(np.abs(x) ** p) ** (1 / p)) ** (p - 1)


def product_gradient(x: np.ndarray) -> np.ndarray:
    """For each entry, the product of all others."""
    others = [np.prod(np.delete(x, i)) for i in range(x.size)]
    return np.array(others).reshape(x.shape)


def quadratic(x: np.ndarray) -> float:
    """x^T A x / 2 + b^T x, where A is not symmetric."""
    n = x.size
    return x @ fixed(n, n) @ x / 2 + fixed(n, start=100) @ x


def quadratic_gradient(x: np.ndarray) -> np.ndarray:
    """(A + A^T) x / 2 + b"""
    A = fixed(x.size, x.size)
    return (A + A.T) @ x / 2 + fixed(x.size, start=100)


def cosine(x: np.ndarray) -> float:
    """a^T x / (|a| |x|)"""
    a = fixed(*x.shape)
    return np.sum(a * x) / np.sqrt(np.sum(a * a) * np.sum(x * x))


def cosine_gradient(x: np.ndarray) -> np.ndarray:
    """a / (|a| |x|) - cosine x / |x|^2"""
    a = fixed(*x.shape)
    return a / np.sqrt(np.sum(a * a) * np.sum(x * x)) - cosine(x) * x / np.sum(x * x)


def precision(n: int) -> np.ndarray:
    """P = I + B B^T / n"""
    B = fixed(n, n)
    return np.eye(n) + B @ B.T / n


def gaussian(x: np.ndarray) -> float:
    """(log det P - n log 2 pi - (x - m)^T P (x - m)) / 2"""
    P, z = precision(x.size), x - fixed(x.size, start=70)
    return (np.linalg.slogdet(P)[1] - x.size * np.log(2 * np.pi) - z @ P @ z) / 2


def entropy(x: np.ndarray) -> float:
    """-sum p log p, for p = softmax(x)"""
    p = softmax_of_all(x)
    return -np.sum(p * np.log(p))


def entropy_gradient(x: np.ndarray) -> np.ndarray:
    """-p (log p + entropy)"""
    p = softmax_of_all(x)
    return -p * (np.log(p) + entropy(x))


def divergence(x: np.ndarray) -> float:
    """KL(p || q), for p and q the softmax of the two rows of x."""
    p, q = softmax(x)
    return np.sum(p * np.log(p / q))


def divergence_gradient(x: np.ndarray) -> np.ndarray:
    """p (log(p / q) - KL) in the first row, q - p in the second."""
    p, q = softmax(x)
    return np.stack([p * (np.log(p / q) - divergence(x)), q - p])


def smooth_max(x: np.ndarray) -> float:
    """sum x softmax(3 x)"""
    return np.sum(x * softmax_of_all(3 * x))


def rosenbrock(x: np.ndarray) -> float:
    """sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2"""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_gradient(x: np.ndarray) -> np.ndarray:
    """The gradient of `rosenbrock`: x_i occurs in its own term and in the one before."""
    gap, gradient = x[1:] - x[:-1] ** 2, np.zeros_like(x)
    gradient[1:] += 200 * gap
    gradient[:-1] -= 400 * gap * x[:-1] + 2 * (1 - x[:-1])
    return gradient


def ratio(x: np.ndarray) -> float:
    """a^T x / (1 + x^T x)"""
    return np.sum(fixed(*x.shape) * x) / (1 + np.sum(x * x))


def targets(shape: tuple[int, ...]) -> np.ndarray:
    """Labels 0 and 1."""
    return (fixed(*shape) > 0).astype(float)


VECTOR = [
    Function("logsumexp", logsumexp, softmax_of_all, ordinary(*ANY[1:])),
    Function("saturated logsumexp", logsumexp, softmax_of_all, saturated_points),
    Function(
        "Euclidean norm", np.linalg.norm, lambda x: norm_gradient(x, 2), ordinary((1,), (3,), (6,), (2, 3))
    ),
    Function(
        "Euclidean norm of uneven inputs",
        np.linalg.norm,
        lambda x: norm_gradient(x, 2),
        lambda rng: [x * np.geomspace(1e-4, 1e4, x.size) for x in ordinary(*VECTORS)(rng)],
    ),
    Function(
        "3-norm",
        lambda x: np.sum(np.abs(x) ** 3) ** (1 / 3),
        lambda x: norm_gradient(x, 3),
        ordinary(*ANY[1:]),
    ),
    Function("product of entries", np.prod, product_gradient, ordinary(*ANY[1:])),
    Function("quadratic form", quadratic, quadratic_gradient, ordinary(*VECTORS)),
    Function("cosine similarity", cosine, cosine_gradient, ordinary(*SEVERAL)),
    Function(
        "Gaussian log-density",
        gaussian,
        lambda x: -precision(x.size) @ (x - fixed(x.size, start=70)),
        ordinary(*VECTORS),
    ),
    Function("entropy of softmax", entropy, entropy_gradient, ordinary(*SEVERAL)),
    Function("KL of softmaxes", divergence, divergence_gradient, ordinary((2, 2), (2, 3), (2, 5), (2, 7))),
    Function(
        "smooth max",
        smooth_max,
        lambda x: softmax_of_all(3 * x) * (1 + 3 * (x - smooth_max(x))),
        ordinary(*ANY[1:]),
    ),
    Function("Rosenbrock", rosenbrock, rosenbrock_gradient, ordinary(*VECTORS)),
    Function(
        "ratio",
        ratio,
        lambda x: (fixed(*x.shape) - 2 * ratio(x) * x) / (1 + np.sum(x * x)),
        ordinary(*SEVERAL),
    ),
    Function(
        "sigmoid cross-entropy",
        lambda x: np.sum(np.log1p(np.exp(x)) - targets(x.shape) * x),
        lambda x: sigmoid(x) - targets(x.shape),
        ordinary(*ANY[1:]),
    ),
]

_BY_NAME = {g.name: g for g in ELEMENTWISE + VECTOR + MATRIX_FUNCTIONS + NETWORK_FUNCTIONS}

VARIANTS = [
    *(scaled(_BY_NAME[n], 1e-8) for n in ("sum of tanh", "entropy of softmax", "MLP of its input", "solve")),
    *(scaled(_BY_NAME[n], 1e8) for n in ("quadratic form", "logsumexp", "layer norm", "Bessel J0")),
    *(shifted(_BY_NAME[n], 1e3) for n in ("sum of tanh", "cosine similarity", "RNN over 5 steps")),
    shifted(_BY_NAME["product of entries"], -1e4),
    *(stretched(_BY_NAME[n], 1e-6) for n in ("sum of tanh", "Rosenbrock", "single-head attention")),
    *(stretched(_BY_NAME[n], 1e6) for n in ("polynomial", "batch norm", "KL of softmaxes")),
    *(uneven(_BY_NAME[n], 1e-3, 1e3) for n in ("sum of tanh", "quadratic form", "ratio")),
    uneven(_BY_NAME["logsumexp"], 1e-2, 1e4),
]

FUNCTIONS: list[Function] = [*_BY_NAME.values(), *VARIANTS]
