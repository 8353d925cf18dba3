"""Inputs that the hidden checks of several problems share."""

from itertools import cycle

import numpy as np

CLASSES = (2, 3, 4, 7, 40, 200)
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def logits_of_all_sizes(rng):
    """Logits for every number of classes, of sizes from 1e-3 to 30, and with ties."""
    for k, size in zip(CLASSES, cycle((30.0, 1.0, 1e-3)), strict=False):
        yield size * rng.normal(size=k)
        yield rng.integers(-2, 3, size=k).astype(float)
    for z in ([0, -40], [2, 2, 1], [1, 1, 1], [0, 720], [-3, 7, -3, 7]):
        yield np.array(z, dtype=float)


def extreme_logits(rng):
    """Logits of size up to 1e4: one much larger, one much smaller, all very small, two largest."""
    yield from (np.array([1e4, 0.0, -1e4]), np.array([-1e4, -1e4]), np.array([1e4, 1e4, 1e4, 1e4]))
    yield from (
        np.array([0.0, -1e4, 1.0]),
        np.array([800.0, 799.0, -800.0]),
        np.array([-40.0, 0.0]),
    )
    yield from (np.array([0.0, 9e3, -9e3, 1.0]), np.array([720.0, 0.0, -1.0]), np.array([-760.0, -761.0]))
    yield rng.uniform(-1e4, 1e4, size=6)


def example(rng, k, d, size=1.0):
    """W : (k, d), b : (k,) and x : (d,) arrays, with logits of about `size`."""
    return (
        size * rng.normal(size=(k, d)) / np.sqrt(d),
        size * rng.normal(size=k),
        rng.normal(size=d),
    )


def labels(k):
    """The first, a middle and the last label."""
    return sorted({0, k // 2, k - 1})


def batch(rng, k, d, N):
    """W, b, X : (N, d) and y : (N,) arrays. If N allows, the first and the last label are among y."""
    W, b, _ = example(rng, k, d)
    y = np.concatenate([[0, k - 1], rng.integers(0, k, size=N)])[:N]
    return W, b, rng.normal(size=(N, d)), rng.permutation(y)


def whole_numbers(array):
    """Twice the array, rounded to integers that are not all 0."""
    rounded = np.rint(2 * array).astype(np.int64)
    return rounded if rounded.any() else rounded + 1


def unusual(*arrays):
    """The numbers of the arrays in unusual arrays, each with the dtype of the right result.

    float32, integers, every second entry of a longer array, and Fortran's order of entries.
    """
    yield FLOAT32, tuple(a.astype(np.float32) for a in arrays)
    yield FLOAT64, tuple(whole_numbers(a) for a in arrays)
    yield FLOAT64, tuple(np.repeat(a, 2, axis=-1)[..., ::2] for a in arrays)
    yield FLOAT64, tuple(np.asfortranarray(a) for a in arrays)


def in_float64(function, *arrays, **labels):
    """The reference's result for these numbers in float64, whatever the student's dtype is."""
    return function(*(np.asarray(a, dtype=np.float64) for a in arrays), **labels)


def logit_size(W, b, x):
    """The size of the terms of the logits, which rounding depends on."""
    return 1 + (np.abs(W) @ np.abs(x) + np.abs(b)).max()
