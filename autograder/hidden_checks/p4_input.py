"""Problem 4, the hidden checks. They hold an answer against the reference on many inputs."""

from itertools import cycle

import numpy as np

import solutions.p4_input as reference
from autograder.hidden_checks import check
from autograder.hidden_checks.cost import expect_no_longer
from autograder.hidden_checks.inputs import (
    FLOAT64,
    example,
    extreme_logits,
    in_float64,
    labels,
    logit_size,
    logits_of_all_sizes,
    unusual,
)
from checking import expect, expect_derivative, most_lines
from checking.networks import layer_loss, probabilities, relu
from public_checks.p4_input import (
    expect_layer_vjp,
    expect_little_memory,
    expect_network_gradients,
    gradients_by_layer,
    network,
    network_loss,
)
from solutions.p3_linear_layer import softmax

CLASSIFIERS = ((2, 5), (3, 3), (5, 2), (4, 1), (7, 11), (2, 2))
LAYERS = (*CLASSIFIERS, (1, 3), (1, 1))
NETWORKS = (
    (3, 2),
    (2, 3, 4),
    (5, 4, 3, 2),
    (3, 3, 3, 3),
    (1, 2, 1, 3),
    (4, 7, 6, 5, 3),
    (2, 5, 3, 6, 4, 2),
    (3, 5, 4, 6, 2, 5, 4),
)


def upstream(rng, k):
    """An upstream gradient: entries of random sign, none of them small, never all equal."""
    return rng.uniform(1.0, 2.0, size=k) * np.where((np.arange(k) + rng.integers(2)) % 2, -1, 1)


# 4(a)


def input_rounding(W, b, x):
    """How large the terms are that the entries of the gradient are sums of, times those of the logits."""
    return logit_size(W, b, x) * np.abs(W).sum(axis=0)


@check("q4a", "matches the reference for every shape and label", points=1)
def input_gradient_matches_reference(nll_input_gradient, rng):
    for (k, d), size in zip(CLASSIFIERS, cycle((1.0, 10.0)), strict=False):
        W, b, x = example(rng, k, d, size)
        for y in labels(k):
            expect(nll_input_gradient, W=W, b=b, x=x, y=y).close(
                reference.nll_input_gradient(W, b, x, y), rounding=input_rounding(W, b, x)
            )


@check("q4a", "is the numerical derivative of the loss", points=0.25)
def input_gradient_differentiates_the_loss(nll_input_gradient, rng):
    for k, d, y in ((2, 3, 0), (4, 2, 2)):
        given = dict(zip("Wbx", example(rng, k, d), strict=True), y=y)
        expect_derivative("gradient", layer_loss, nll_input_gradient, wrt=2, **given)


@check("q4a", "is right for logits up to 1e4", points=0.75)
def input_gradient_extremes(nll_input_gradient, rng):
    for z in extreme_logits(rng):
        W, x = rng.normal(size=(len(z), 3)), np.array([1.0, -0.5, 2.0])
        b = z - W @ x
        for y in labels(len(z)):
            expect(nll_input_gradient, W=W, b=b, x=x, y=y).close(
                reference.nll_input_gradient(W, b, x, y), rounding=input_rounding(W, b, x)
            )


@check("q4a", "is right for float32, integers and views", points=0.25)
def input_gradient_unusual_arrays(nll_input_gradient, rng):
    for dtype, (W, b, x) in unusual(*example(rng, 3, 5)):
        expected = in_float64(reference.nll_input_gradient, W, b, x, y=1)
        expect(nll_input_gradient, W=W, b=b, x=x, y=1).close(
            expected, rounding=input_rounding(W, b, x), dtype=dtype
        )


@check("q4a", "takes no evaluation of the loss for each of 20000 inputs", points=0.5)
def input_gradient_of_many_inputs(nll_input_gradient, rng):
    W, b, x = example(rng, 10, 20000)

    def loss(W, b, x, y):
        return reference.mlp_loss([W], [b], x, y)

    answer = expect_no_longer(1500, loss, "the loss", nll_input_gradient, W=W, b=b, x=x, y=3)
    answer.close(reference.nll_input_gradient(W, b, x, 3), rounding=input_rounding(W, b, x))


# 4(b)


def product_rounding(z, u):
    """p is off by eps |z| of itself, and meets entries of u."""
    return (1 + np.abs(z).max()) * np.abs(u).max()


@check("q4b", "matches the reference for every number of classes and every u", points=1)
def product_matches_reference(softmax_vjp, rng):
    for z in logits_of_all_sizes(rng):
        k = len(z)
        for u in (1e-3 * upstream(rng, k), rng.normal(size=k)):
            expect(softmax_vjp, z=z, u=u).close(reference.softmax_vjp(z, u), rounding=product_rounding(z, u))


@check("q4b", "is u^T J for the numerical Jacobian J of softmax", points=0.25)
def product_differentiates_softmax(softmax_vjp, rng):
    for k in (2, 5):
        expect_derivative("vjp", probabilities, softmax_vjp, z=rng.normal(size=k), u=upstream(rng, k))


@check("q4b", "is right for logits up to 1e4", points=0.75)
def product_extremes(softmax_vjp, rng):
    for z in extreme_logits(rng):
        u = upstream(rng, len(z))
        expect(softmax_vjp, z=z, u=u).close(reference.softmax_vjp(z, u), rounding=product_rounding(z, u))


@check("q4b", "is right for float32, integers and views", points=0.25)
def product_unusual_arrays(softmax_vjp, rng):
    for dtype, (z, u) in unusual(rng.normal(size=5), upstream(rng, 5)):
        expect(softmax_vjp, z=z, u=u).close(
            in_float64(reference.softmax_vjp, z, u), rounding=product_rounding(z, u), dtype=dtype
        )


@check("q4b", "takes time and memory in proportion to k", points=1)
def product_is_linear(softmax_vjp, program, rng):
    # Small enough that a matrix does no harm: 32 MB.
    expect_little_memory(program, rng.normal(size=2000), upstream(rng, 2000))
    z, u = rng.normal(size=200000), upstream(rng, 200000)
    # A loop over all k entries takes as long as 100 calls of the reference, k columns of the Jacobian 20000.
    answer = expect_no_longer(1000, reference.softmax_vjp, "the whole product", softmax_vjp, z=z, u=u)
    answer.close(reference.softmax_vjp(z, u), within=np.full(z.shape, 1e-9 / len(z)))


# 4(c)


def expect_layer(answer, W, x, u, dtype=FLOAT64):
    """Expect the parts dW, db and dx of the reference's values, each judged by its own size."""
    sizes = (np.abs(np.outer(u, x)), np.abs(u), np.abs(W).T @ np.abs(u))
    expected = in_float64(reference.linear_vjp, W, x, u)
    for part, gradient, size in zip(answer.parts("dW", "db", "dx"), expected, sizes, strict=True):
        part.close(gradient, rounding=size, dtype=dtype)


@check("q4c", "matches the reference for every shape", points=1.5)
def layer_vjp_matches_reference(linear_vjp, rng):
    for (k, d), scale in zip(LAYERS, cycle((1.0, 1e-3, 1e3)), strict=False):
        W, _, x = example(rng, k, d)
        u = scale * upstream(rng, k)
        expect_layer(expect(linear_vjp, W=W, x=x, u=u), W, x, u)


@check("q4c", "is u times the numerical Jacobians of W x + b", points=0.5)
def layer_vjp_differentiates_the_layer(linear_vjp, program, rng):
    for k, d in ((2, 3), (3, 2)):
        W, b, x = example(rng, k, d)
        expect_layer_vjp(program, W=W, b=b, x=x, u=upstream(rng, k))


@check("q4c", "is right for float32, integers and views", points=0.5)
def layer_vjp_unusual_arrays(linear_vjp, rng):
    W, _, x = example(rng, 3, 5)
    for dtype, (W_, x_, u) in unusual(W, x, upstream(rng, 3)):
        expect_layer(expect(linear_vjp, W=W_, x=x_, u=u), W_, x_, u, dtype)


@check("q4c", "takes no evaluation of the layer for each of 200000 weights", points=0.5)
def layer_vjp_of_many_weights(linear_vjp, rng):
    W, _, x = example(rng, 200, 1000)
    u = upstream(rng, 200)
    answer = expect_no_longer(10_000, lambda W, x, u: W @ x, "W x", linear_vjp, W=W, x=x, u=u)
    expect_layer(answer, W, x, u)


# 4(d)


@check("q4d", "matches the reference for every length, mixed, all live and all dead", points=1.25)
def relu_product_matches_reference(relu_vjp, rng):
    for n in (1, 2, 101, 5):
        z = rng.uniform(0.01, 3.0, size=n)
        for sign in (1, -1, np.where((np.arange(n) + rng.integers(2)) % 2, -1, 1)):
            u = rng.normal(size=n)
            expect(relu_vjp, z=sign * z, u=u).close(reference.relu_vjp(sign * z, u))
    expect_derivative("vjp", relu, relu_vjp, z=sign * z, u=u)


@check("q4d", "is right at zero of either sign, next to it and far from it", points=0.5)
def relu_extremes(relu_vjp, rng):
    z = np.array([0.0, -0.0, 5e-324, -5e-324, 1e-300, -1e-300, 1e-9, -1e-9, 1e300, -1e300, 1.0, -1.0])
    for order in (np.arange(12), rng.permutation(12)):
        u = upstream(rng, 12)
        expect(relu_vjp, z=z[order], u=u).close(reference.relu_vjp(z[order], u))


@check("q4d", "is right for float32, integers and views", points=0.5)
def relu_unusual_arrays(relu_vjp, rng):
    z = rng.uniform(0.5, 3.0, size=6) * rng.permutation([1, 1, 1, -1, -1, -1])
    for dtype, (z_, u) in unusual(z, upstream(rng, 6)):
        expected = in_float64(reference.relu_vjp, z_, u)
        expect(relu_vjp, z=z_, u=u).close(expected, dtype=dtype)


# 4(e)


def network_rounding(weights, biases, x, y):
    """For each dW, then each db, the sizes of the terms that rounding acts on: no term cancels another."""
    sizes = [np.abs(x)]
    for W, b in zip(weights, biases, strict=True):
        sizes.append(np.abs(W) @ sizes[-1] + np.abs(b))
    logits = reference_logits(weights, biases, x)
    u = (1 + sizes[-1].max()) * (softmax(logits) + (np.arange(len(logits)) == y))
    dWs, dbs = [], []
    for W, size in zip(weights[::-1], sizes[-2::-1], strict=True):
        dWs.append(np.outer(u, size))
        dbs.append(u)
        u = np.abs(W).T @ u
    return dWs[::-1] + dbs[::-1]


def reference_logits(weights, biases, x):
    return network_loss(weights, biases, x, 0, last=lambda z, y: z)


def least_likely(weights, biases, x):
    """The label for which the gradients are largest."""
    return int(reference_logits(weights, biases, x).argmin())


def expect_network(answer, weights, biases, x, y, dtype=FLOAT64, within=None):
    """Expect the reference's gradients, each judged by its own size.

    within : how far they may be off in relation to their largest entry, in place of what rounding can do.
    """
    weights, biases = ([a.astype(np.float64) for a in arrays] for arrays in (weights, biases))
    x = x.astype(np.float64)
    dWs, dbs = reference.mlp_gradients(weights, biases, x, y)
    parts, sizes = gradients_by_layer(answer), network_rounding(weights, biases, x, y)
    for part, gradient, size in zip(parts, dWs + dbs, sizes, strict=True):
        if within is None:
            part.close(gradient, rounding=size, dtype=dtype)
        else:
            part.close(gradient, within=np.full(gradient.shape, within * np.abs(gradient).max()))


@check("q4e", "match the reference for one to six layers of any widths", points=2)
def network_gradients_match_reference(mlp_gradients, rng):
    for widths in NETWORKS:
        weights, biases, x = network(rng, widths).values()
        y = int(rng.integers(widths[-1]))
        answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=y)
        expect_network(answer, weights, biases, x, y)


@check("q4e", "are the numerical derivatives of the loss", points=0.5)
def network_gradients_differentiate_the_loss(mlp_gradients, program, rng):
    for widths, y in (((2, 3, 3), 2), ((3, 4, 2, 2), 1)):
        expect_network_gradients(network_loss, mlp_gradients, program, **network(rng, widths), y=y)


@check("q4e", "are right where a layer, a part of a layer or the input is zero", points=0.75)
def network_dead_layers(mlp_gradients, rng):
    for dead in (0, 1, 2):
        weights, biases, x = network(rng, (3, 5, 4, 6, 3)).values()
        biases[dead] -= 50
        answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=1)
        expect_network(answer, weights, biases, x, 1)
    weights, biases, x = network(rng, (3, 5, 4, 6, 3)).values()
    biases[1][:3] -= 50
    answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=2)
    expect_network(answer, weights, biases, x, 2)
    nothing = np.zeros(3)
    answer = expect(mlp_gradients, weights=weights, biases=biases, x=nothing, y=0)
    expect_network(answer, weights, biases, nothing, 0)


@check("q4e", "are right for logits up to 1e4", points=0.5)
def network_extremes(mlp_gradients, rng):
    for z in extreme_logits(rng):
        weights, biases, x = network(rng, (4, 3, 5, len(z))).values()
        biases[-1] += z - reference_logits(weights, biases, x)
        y = int(rng.integers(len(z)))
        answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=y)
        expect_network(answer, weights, biases, x, y)


@check("q4e", "are right for 60 layers, in time that does not double with every layer", points=0.5)
def deep_network(mlp_gradients, rng):
    widths = [10 + i % 7 for i in range(60)] + [4]
    # Layers that turn little and shrink nothing: what comes through 60 of them is neither 0 nor huge.
    weights = [
        np.eye(k, d) + 0.1 * rng.normal(size=(k, d)) for k, d in zip(widths[1:], widths[:-1], strict=True)
    ]
    biases = [rng.uniform(0.0, 0.2, size=k) for k in widths[1:]]
    x = rng.uniform(0.5, 1.0, size=widths[0])
    y = least_likely(weights, biases, x)
    answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=y, limits=most_lines(120_000))
    expect_network(answer, weights, biases, x, y, within=1e-7)


@check("q4e", "are right for float32, integers and views", points=0.25)
def network_unusual_arrays(mlp_gradients, rng):
    weights, biases, x = network(rng, (4, 3, 5, 2)).values()
    for dtype, arrays in unusual(*weights, *biases, x):
        Ws, bs, x_ = list(arrays[:3]), list(arrays[3:6]), arrays[6]
        if x_.dtype.kind == "i":  # even weights and odd biases, so that no unit gets 0
            Ws, bs = [2 * W for W in Ws], [2 * b + 1 for b in bs]
        y = least_likely(Ws, bs, x_)
        answer = expect(mlp_gradients, weights=Ws, biases=bs, x=x_, y=y)
        expect_network(answer, Ws, bs, x_, y, dtype)


@check("q4e", "take no evaluation of the loss for each of 132000 weights", points=0.5)
def network_of_many_weights(mlp_gradients, rng):
    weights, biases, x = network(rng, (300, 240, 200, 50, 10)).values()
    y = least_likely(weights, biases, x)
    given = {"weights": weights, "biases": biases, "x": x, "y": y}
    answer = expect_no_longer(10_000, reference.mlp_loss, "the loss", mlp_gradients, **given)
    expect_network(answer, weights, biases, x, y, within=1e-7)
