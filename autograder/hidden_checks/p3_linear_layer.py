"""Problem 3, the hidden checks. They hold an answer against the reference on many inputs."""

from itertools import cycle

import numpy as np

import solutions.p3_linear_layer as reference
from autograder.hidden_checks import check
from autograder.hidden_checks.cost import expect_no_longer
from autograder.hidden_checks.inputs import (
    FLOAT64,
    batch,
    example,
    extreme_logits,
    in_float64,
    labels,
    logit_size,
    logits_of_all_sizes,
    unusual,
)
from checking import expect, expect_derivative, expect_few_lines

SHAPES = ((2, 5), (3, 3), (5, 2), (4, 1), (7, 11), (2, 2))
BATCHES = ((2, 5, 3), (3, 3, 3), (5, 2, 8), (4, 6, 1), (2, 2, 2), (6, 1, 4), (3, 4, 17))


# By how much two right answers can differ: the sizes of the terms that rounding acts on.


def softmax_tolerance(z, p):
    """Entry by entry: exp(z - max) is off by eps |z - max| of itself, and all of it by eps."""
    eps = np.finfo(np.float64).eps
    return (1e-9 + 64 * eps * (1 + np.abs(z).max())) * p + 4 * eps


def log_tolerance(z, log_p):
    """Entry by entry: the logarithm of p is a difference of numbers of the size of the logits."""
    return 1e-9 * np.abs(log_p) + 64 * np.finfo(np.float64).eps * (1 + np.abs(z).max())


# 3(a)


@check("q3a", "matches the reference for every number of classes", points=1.5)
def matches_reference(softmax, rng):
    for z in logits_of_all_sizes(rng):
        p = reference.softmax(z)
        expect(softmax, z=z).close(p, within=softmax_tolerance(z, p))


@check("q3a", "is right for logits up to 1e4", points=1.5)
def extremes(softmax, rng):
    for z in extreme_logits(rng):
        p = reference.softmax(z)
        expect(softmax, z=z).close(p, within=softmax_tolerance(z, p))


@check("q3a", "is right for float32, integers and views", points=0.25)
def unusual_arrays(softmax, rng):
    for dtype, (z,) in (*unusual(rng.normal(size=5)), *unusual(np.array([1e4, 300.0, -300.0]))):
        p = in_float64(reference.softmax, z)
        expect(softmax, z=z).close(p, dtype=dtype)


# 3(b)


@check("q3b", "matches the reference for every number of classes", points=1.75)
def jacobian_matches_reference(softmax_jacobian, rng):
    for z in logits_of_all_sizes(rng):
        expect(softmax_jacobian, z=z).close(reference.softmax_jacobian(z), rounding=1 + np.abs(z).max() / 4)


@check("q3b", "is the numerical derivative of softmax", points=1)
def jacobian_differentiates_softmax(softmax_jacobian, rng):
    for k in (2, 5):
        expect_derivative("jacobian", reference.softmax, softmax_jacobian, z=rng.normal(size=k))


@check("q3b", "is right for logits up to 1e4", points=0.25)
def jacobian_extremes(softmax_jacobian, rng):
    for z in extreme_logits(rng):
        expect(softmax_jacobian, z=z).close(reference.softmax_jacobian(z), rounding=1 + np.abs(z).max() / 4)


@check("q3b", "is right for float32, integers and views", points=0.25)
def jacobian_unusual_arrays(softmax_jacobian, rng):
    for dtype, (z,) in unusual(rng.normal(size=5)):
        J = in_float64(reference.softmax_jacobian, z)
        expect(softmax_jacobian, z=z).close(J, dtype=dtype)


# 3(c)


@check("q3c", "matches the reference for every number of classes", points=1)
def log_matches_reference(log_softmax, rng):
    for z in logits_of_all_sizes(rng):
        log_p = reference.log_softmax(z)
        expect(log_softmax, z=z).close(log_p, within=log_tolerance(z, log_p))


@check("q3c", "is finite and right for logits up to 1e4", points=1.5)
def log_extremes(log_softmax, rng):
    for z in extreme_logits(rng):
        log_p = reference.log_softmax(z)
        expect(log_softmax, z=z).close(log_p, within=log_tolerance(z, log_p))


@check("q3c", "is right for float32, integers and views", points=0.25)
def log_unusual_arrays(log_softmax, rng):
    for dtype, (z,) in (*unusual(rng.normal(size=5)), *unusual(np.array([1e4, 300.0, -300.0]))):
        log_p = in_float64(reference.log_softmax, z)
        expect(log_softmax, z=z).close(log_p, dtype=dtype)


# 3(d)


@check("q3d", "matches the reference for every shape and label", points=1.5)
def loss_matches_reference(nll_loss, rng):
    for (k, d), size in zip(SHAPES, cycle((1.0, 10.0)), strict=False):
        W, b, x = example(rng, k, d, size)
        for y in labels(k):
            expect(nll_loss, W=W, b=b, x=x, y=y).close(
                reference.nll_loss(W, b, x, y), rounding=logit_size(W, b, x)
            )


@check("q3d", "is finite and right for logits up to 1e4", points=1)
def loss_extremes(nll_loss, rng):
    for z in extreme_logits(rng):
        W, x = np.zeros((len(z), 2)), np.array([1.0, -1.0])
        for y in labels(len(z)):
            loss = reference.nll_loss(W, z, x, y)
            expect(nll_loss, W=W, b=z, x=x, y=y).close(loss, rounding=1 + np.abs(z).max())


@check("q3d", "is right for float32, integers and views", points=0.5)
def loss_unusual_arrays(nll_loss, rng):
    for dtype, (W, b, x) in unusual(*example(rng, 3, 5)):
        loss = in_float64(reference.nll_loss, W, b, x, y=1)
        expect(nll_loss, W=W, b=b, x=x, y=1).close(loss, rounding=logit_size(W, b, x), dtype=dtype)


# 3(e)


def expect_gradients(answer, expected, rounding, dtype=FLOAT64):
    """Expect the parts dW and db, where the terms of db are of size `rounding`, and x is of size 1."""
    for part, gradient in zip(answer.parts("dW", "db")[::-1], expected[::-1], strict=True):
        part.close(gradient, rounding=rounding, dtype=dtype)


@check("q3e", "match the reference for every shape and label", points=2)
def gradients_match_reference(nll_gradients, rng):
    for (k, d), size in zip(SHAPES, cycle((1.0, 10.0)), strict=False):
        W, b, x = example(rng, k, d, size)
        for y in labels(k):
            expect_gradients(
                expect(nll_gradients, W=W, b=b, x=x, y=y),
                reference.nll_gradients(W, b, x, y),
                logit_size(W, b, x) * max(1, np.abs(x).max()),
            )


@check("q3e", "are the numerical derivatives of the loss", points=0.5)
def gradients_differentiate_the_loss(nll_gradients, rng):
    for k, d, y in ((2, 3, 0), (4, 2, 2)):
        given = dict(zip("Wbx", example(rng, k, d), strict=True), y=y)
        expect_derivative("gradient", reference.nll_loss, nll_gradients, ("dW", "db"), wrt=(0, 1), **given)


@check("q3e", "are right for logits up to 1e4, where dW is db times x^T too", points=0.75)
def gradients_extremes(nll_gradients, rng):
    for z in extreme_logits(rng):
        W, x = np.zeros((len(z), 2)), np.array([1.0, -0.5])
        for y in labels(len(z)):
            answer = expect(nll_gradients, W=W, b=z, x=x, y=y)
            expect_gradients(answer, reference.nll_gradients(W, z, x, y), 1 + np.abs(z).max() / 4)
            dW, db = answer.parts("dW", "db")
            if not np.allclose(dW.value, np.outer(db.value, x), rtol=1e-9, atol=1e-12):
                raise dW.wrong("dW should be the outer product of db and x.")
            if abs(db.value.sum()) > 1e-9:
                raise db.wrong("the entries of db should sum to 0.")


@check("q3e", "are right for float32, integers and views", points=0.25)
def gradients_unusual_arrays(nll_gradients, rng):
    for dtype, (W, b, x) in unusual(*example(rng, 3, 5)):
        answer = expect(nll_gradients, W=W, b=b, x=x, y=1)
        expected = in_float64(reference.nll_gradients, W, b, x, y=1)
        expect_gradients(answer, expected, logit_size(W, b, x) * max(1, np.abs(x).max()), dtype)


@check("q3e", "take no evaluation of the loss for each of 131072 weights", points=1)
def gradients_of_many_weights(nll_gradients, rng):
    W, b, x = example(rng, 128, 1024)
    answer = expect_no_longer(10_000, reference.nll_loss, "the loss", nll_gradients, W=W, b=b, x=x, y=77)
    expect_gradients(answer, reference.nll_gradients(W, b, x, 77), logit_size(W, b, x) * 4)


# 3(f)


def batch_rounding(W, b, X):
    return max(logit_size(W, b, x) for x in X) * max(1, np.abs(X).max())


@check("q3f", "match the reference for every shape, a batch of one too", points=2)
def batch_matches_reference(batch_nll_gradients, rng):
    for k, d, N in BATCHES:
        W, b, X, y = batch(rng, k, d, N)
        expect_gradients(
            expect(batch_nll_gradients, W=W, b=b, X=X, y=y),
            reference.batch_nll_gradients(W, b, X, y),
            batch_rounding(W, b, X),
        )


@check("q3f", "are the numerical derivatives of the mean loss", points=0.5)
def batch_gradients_differentiate_the_mean(batch_nll_gradients, rng):
    def mean_loss(W, b, X, y):
        return np.mean([reference.nll_loss(W, b, x, i) for x, i in zip(X, y, strict=True)])

    for k, d, N in ((3, 2, 4), (2, 3, 1)):
        given = dict(zip("WbXy", batch(rng, k, d, N), strict=True))
        expect_derivative("gradient", mean_loss, batch_nll_gradients, ("dW", "db"), wrt=(0, 1), **given)


@check("q3f", "are right for logits up to 1e4, which differ from row to row", points=0.25)
def batch_extremes(batch_nll_gradients, rng):
    W = np.array([[1e4, 0.0], [0.0, 1e4], [-1e4, 3.0]])
    b, X = (
        np.array([1.0, 0.0, -1.0]),
        np.array([[1.0, 0.5], [-1.0, -0.25], [1e-4, 1e-4], [0.0, 1.0]]),
    )
    for y in (np.array([0, 1, 2, 0]), np.array([2, 2, 0, 1])):
        expect_gradients(
            expect(batch_nll_gradients, W=W, b=b, X=X, y=y),
            reference.batch_nll_gradients(W, b, X, y),
            batch_rounding(W, b, X),
        )


@check("q3f", "are right for float32, integers and views", points=0.25)
def batch_unusual_arrays(batch_nll_gradients, rng):
    *arrays, y = batch(rng, 3, 5, 4)
    for kind, (dtype, (W, b, X)) in zip("bhiB", unusual(*arrays), strict=True):
        answer = expect(batch_nll_gradients, W=W, b=b, X=X, y=y.astype(kind))
        expected = in_float64(reference.batch_nll_gradients, W, b, X, y=y)
        expect_gradients(answer, expected, batch_rounding(W, b, X), dtype)


@check("q3f", "take no loop over the batch, and no evaluation of the loss for each weight", points=0.25)
def batch_is_fast(batch_nll_gradients, rng):
    # A small batch first: what is wrong there may need no end of memory for the large ones.
    small, long, wide = (batch(rng, k, d, N) for k, d, N in ((3, 4, 9), (3, 2, 20000), (100, 600, 4)))
    # Right answers run some 10 lines, whatever the size of the batch.
    for given in (small, long):
        arguments = dict(zip("WbXy", given, strict=True))
        asked = f"Is there a loop over the {len(given[2])} examples? Compute with whole arrays."
        answer = expect_few_lines(10_000, asked, batch_nll_gradients, **arguments)
        expect_gradients(answer, reference.batch_nll_gradients(*given), 64.0)
    arguments = dict(zip("WbXy", wide, strict=True))
    yardstick = reference.batch_nll_gradients
    answer = expect_no_longer(5_000, yardstick, "the loss", batch_nll_gradients, **arguments)
    expect_gradients(answer, reference.batch_nll_gradients(*wide), 64.0)
