"""Problem 5, the hidden checks. They hold an answer against the reference on many inputs."""

from itertools import cycle

import numpy as np

import solutions.p5_skip_connection as reference
from autograder.hidden_checks import check
from autograder.hidden_checks.cost import expect_no_longer
from autograder.hidden_checks.inputs import FLOAT64, in_float64, unusual
from checking import NO_LIMITS, Answer, expect, expect_derivative, most_lines
from public_checks.p5_skip_connection import (
    PARTS,
    block,
    draw,
    draw_stack,
    expect_output,
    named,
    vjp_of,
)

SHAPES = ((3, 4), (4, 4), (5, 2), (2, 5), (1, 1), (1, 3), (4, 1), (2, 2), (7, 11))
SIZES = (1e-3, 1.0, 1e3)


def output_rounding(W1, W2, x):
    """How large the terms are that y is the sum of."""
    return np.abs(W2) @ (np.abs(W1) @ np.abs(x)) + np.abs(x)


def gradients(W1, W2, x, delta):
    """The reference's dW1, dW2 and dx."""
    return reference.skip_vjp(W1, W2, reference.skip_forward(W1, W2, x)[1], delta)


def expect_gradients(answer, W1, W2, x, delta, dtype=FLOAT64):
    """Expect dW1, dW2 and dx, each by itself, to within the rounding of its own terms."""
    W1, W2, x, delta = (np.asarray(a, dtype=np.float64) for a in (W1, W2, x, delta))
    dz = np.abs(W2).T @ np.abs(delta)
    roundings = (
        np.outer(dz, np.abs(x)),
        np.outer(np.abs(delta), np.abs(W1) @ np.abs(x)),
        np.abs(W1).T @ dz + np.abs(delta),
    )
    expected = gradients(W1, W2, x, delta)
    for part, right, rounding in zip(answer.parts(*PARTS), expected, roundings, strict=True):
        part.close(right, rounding=rounding, dtype=dtype)


def blocks(rng):
    """Blocks of all shapes and sizes: W1, W2, x and delta."""
    for (h, n), size in zip(SHAPES, cycle(SIZES), strict=False):
        W1, W2, x, delta = draw(rng, h, n)
        yield size * W1, W2, x, delta
        yield W1, size * W2, size * x, delta


# 5(a)


@check("q5a", "matches the reference for every shape and size", points=1.75)
def matches_reference(skip_forward, program, rng):
    for W1, W2, x, _ in blocks(rng):
        y = expect_output(program, W1, W2, x)
        y.close(reference.skip_forward(W1, W2, x)[0], rounding=output_rounding(W1, W2, x))


@check("q5a", "is right for float32, integers and views", points=0.5)
def unusual_arrays(skip_forward, program, rng):
    for dtype, (W1, W2, x) in unusual(*draw(rng, 3, 5)[:3]):
        y = expect_output(program, W1, W2, x)
        right = in_float64(lambda *block: reference.skip_forward(*block)[0], W1, W2, x)
        y.close(right, rounding=output_rounding(W1, W2, x), dtype=dtype)


# 5(b)


@check("q5b", "match the reference for every shape and size", points=2)
def gradients_match_reference(skip_forward, skip_vjp, program, rng):
    for W1, W2, x, delta in blocks(rng):
        answer = expect(vjp_of(program), W1=W1, W2=W2, x=x, delta=delta)
        expect_gradients(answer, W1, W2, x, delta)


@check("q5b", "are the numerical derivatives of a block", points=0.5)
def gradients_differentiate_the_block(skip_forward, skip_vjp, program, rng):
    for h, n in ((3, 2), (2, 3)):
        given = named(draw(rng, h, n))
        expect_derivative("vjp", block, vjp_of(program), PARTS, wrt=(0, 1, 2), **given)


def at_the_kink(rng, W1, W2, x):
    """Blocks with units that get exactly 0: all of them, one, and one whose terms cancel."""
    row = W1.copy()
    row[1] = 0
    crossing = np.array([[1.0, -1.0], [2.0, 1.0], [-1.0, 0.5], [-3.0, 3.0]])
    return (W1, W2, 0 * x), (row, W2, x), (crossing, rng.normal(size=(2, 4)), np.array([0.5, 0.5]))


@check("q5b", "count the derivative of ReLU at 0 as 0, and are right close to it", points=0.75)
def gradients_at_the_kink(skip_forward, skip_vjp, program, rng):
    W1, W2, x, delta = draw(rng, 4, 3)
    for A, B, v in (*at_the_kink(rng, W1, W2, x), (0 * W1, W2, x), (W1, W2, 1e-12 * x)):
        d = delta[: len(v)]
        expect_gradients(expect(vjp_of(program), W1=A, W2=B, x=v, delta=d), A, B, v, d)


def vjps_of_several_blocks(blocks, order, *, skip_forward, skip_vjp):
    """The results of skip_vjp for the blocks in this order, after all forward passes."""
    caches = [skip_forward(W1, W2, x)[1] for W1, W2, x, _ in blocks]
    return [skip_vjp(*blocks[i][:2], caches[i], blocks[i][3].copy()) for i in order]


@check("q5b", "come from the cache of their own forward pass, which no use changes", points=1)
def caches_of_several_blocks(skip_forward, skip_vjp, program, rng):
    several_vjps = program(vjps_of_several_blocks, "skip_vjp(W1, W2, cache, delta)")
    for shapes in (((4, 3), (4, 3), (4, 3)), ((3, 2), (2, 5), (1, 4))):
        several, order = [draw(rng, *shape) for shape in shapes], [2, 1, 0, 1, 0, 2]
        results = several_vjps(several, order)
        for i, result in zip(order, results, strict=True):
            given = named(several[i])
            expect_gradients(Answer(several_vjps.name, given, result), *several[i])


@check("q5b", "are right for float32, integers and views", points=0.25)
def gradients_unusual_arrays(skip_forward, skip_vjp, program, rng):
    for dtype, (W1, W2, x, delta) in unusual(*draw(rng, 3, 5)):
        answer = expect(vjp_of(program), W1=W1, W2=W2, x=x, delta=delta)
        expect_gradients(answer, W1, W2, x, delta, dtype)


@check("q5b", "take no evaluation of the block for each of 262144 weights", points=0.5)
def gradients_of_many_weights(skip_forward, skip_vjp, program, rng):
    W1, W2 = rng.normal(size=(256, 512)) / 16, rng.normal(size=(512, 256)) / 16
    x, delta = rng.normal(size=(2, 512))
    given = {"W1": W1, "W2": W2, "x": x, "delta": delta}

    def forward(W1, W2, x, _):
        return reference.skip_forward(W1, W2, x)

    answer = expect_no_longer(10_000, forward, "the block", vjp_of(program), **given)
    expect_gradients(answer, W1, W2, x, delta)


# 5(c)


def jacobian_rounding(W1, W2):
    return np.abs(W2) @ np.abs(W1) + np.eye(len(W2))


@check("q5c", "matches the reference for every shape and size", points=1.75)
def jacobian_matches_reference(skip_jacobian, rng):
    for W1, W2, x, _ in blocks(rng):
        J = reference.skip_jacobian(W1, W2, x)
        expect(skip_jacobian, W1=W1, W2=W2, x=x).close(J, rounding=jacobian_rounding(W1, W2))


@check("q5c", "counts the derivative of ReLU at 0 as 0", points=0.25)
def jacobian_at_the_kink(skip_jacobian, rng):
    for A, B, v in at_the_kink(rng, *draw(rng, 4, 3)[:3]):
        J = reference.skip_jacobian(A, B, v)
        expect(skip_jacobian, W1=A, W2=B, x=v).close(J, rounding=jacobian_rounding(A, B))


@check("q5c", "is right for an x of 1e-12, where a step for differences crosses every kink", points=0.5)
def jacobian_close_to_zero(skip_jacobian, rng):
    for h, n in ((4, 3), (3, 5), (6, 6)):
        W1, W2, x, _ = draw(rng, h, n)
        J = reference.skip_jacobian(W1, W2, 1e-12 * x)
        expect(skip_jacobian, W1=W1, W2=W2, x=1e-12 * x).close(J, rounding=jacobian_rounding(W1, W2))


@check("q5c", "is right for float32, integers and views", points=0.25)
def jacobian_unusual_arrays(skip_jacobian, rng):
    for dtype, (W1, W2, x) in unusual(*draw(rng, 3, 5)[:3]):
        J = in_float64(reference.skip_jacobian, W1, W2, x)
        answer = expect(skip_jacobian, W1=W1, W2=W2, x=x)
        answer.close(J, rounding=jacobian_rounding(W1, W2), dtype=dtype)


# 5(d)


def expect_norms(function, stack, skip, dtype=FLOAT64, limits=NO_LIMITS):
    """Expect the norms of a stack, each to within a share of its own size."""
    W1s, W2s = ([W.astype(np.float64) for W in stack[name]] for name in ("W1s", "W2s"))
    x, delta = stack["x"].astype(np.float64), stack["delta"].astype(np.float64)
    norms = reference.stack_gradient_norms(W1s, W2s, x, delta, skip)
    answer = expect(function, **stack, skip=skip, limits=limits)
    answer.close(norms, within=(1e-9 if dtype == FLOAT64 else 1e-4) * norms)


@check("q5d", "match the reference for every depth and width, one block too", points=1.5)
def norms_match_reference(stack_gradient_norms, rng):
    shapes = (3, (4,)), (1, (3,)), (2, (2, 2)), (4, (3, 4, 5)), (5, (2, 7, 3, 6)), (3, (3,) * 6)
    for (n, widths), scale in zip(shapes, cycle((0.3, 2.0)), strict=False):
        stack = draw_stack(rng, n, widths, scale)
        for skip in (True, False):
            expect_norms(stack_gradient_norms, stack, skip)


@check("q5d", "are right for a hundred blocks", points=1)
def norms_of_a_deep_stack(stack_gradient_norms, rng):
    stack = draw_stack(rng, 3, (4,) * 100, 0.5)
    for skip in (True, False):
        expect_norms(stack_gradient_norms, stack, skip)


@check("q5d", "are right where they vanish like 1e-200 or grow to 1e200, and where they are 0", points=0.75)
def norms_vanish_and_grow(stack_gradient_norms, rng):
    for scale, skip in ((1e-4, False), (1e4, False), (1e4, True)):
        stack = draw_stack(rng, 3, (4,) * 50, scale)
        expect_norms(stack_gradient_norms, stack, skip)
    stack = draw_stack(rng, 4, (3, 3, 3))
    first, second, third = stack["W2s"]
    expect_norms(stack_gradient_norms, stack | {"delta": 0 * stack["delta"]}, True)
    expect_norms(stack_gradient_norms, stack | {"W2s": [first, 0 * second, third]}, False)


@check("q5d", "are right for float32, integers and views", points=0.25)
def norms_unusual_arrays(stack_gradient_norms, rng):
    usual = draw_stack(rng, 4, (5, 3))
    for dtype, arrays in unusual(*usual["W1s"], *usual["W2s"], usual["x"], usual["delta"]):
        stack = {"W1s": list(arrays[:2]), "W2s": list(arrays[2:4]), "x": arrays[4], "delta": arrays[5]}
        if arrays[-1].dtype.kind == "i":
            stack = draw_stack(rng, 4, (5, 3), whole=True)
        for skip in (True, False):
            expect_norms(stack_gradient_norms, stack, skip, dtype)


@check("q5d", "take one way forward and one way back, not one for each block", points=0.25)
def norms_are_fast(stack_gradient_norms, rng):
    # Right answers run up to 50 lines for each block, those that start again for each block 4000 and more.
    W1s, W2s = (list(size * rng.normal(size=(500, 3, 3))) for size in (1, 0.02))
    stack = {"W1s": W1s, "W2s": W2s, "x": rng.normal(size=3), "delta": rng.normal(size=3)}
    expect_norms(stack_gradient_norms, stack, True, limits=most_lines(500 * 500))
