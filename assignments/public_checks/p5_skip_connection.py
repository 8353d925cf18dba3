"""Problem 5, the public checks. They hold an answer against identities and numerical derivatives."""

from functools import partial

import numpy as np

from checking import (
    expect,
    expect_about,
    expect_derivative,
    expect_dtypes,
    expect_few_lines,
    expect_no_traces,
)
from checking.hints import hint_for
from checking.networks import expect_in_order, relu, slope_of
from checking.wording import numbers_as_text
from gradcheck import numerical_jacobian
from public_checks import check, uses

uses("q5b", "q5a")
uses("q5c", "q5a", "q5b")
uses("q5d", "q5a", "q5b", "q5c")

BLOCK = ("W1", "W2", "x")
PARTS = ("dW1", "dW2", "dx")
WHOLE = (np.array([[1, -2], [0, 3], [-1, 1]]), np.array([[2, 1, 0], [0, -1, 4]]), np.array([3, 1]))


def block(W1, W2, x, skip=True):
    return W2 @ relu(W1 @ x) + skip * x


# What somebody may have computed, or differentiated, instead of the block.
OTHERS = {
    "the skip path is missing": lambda W1, W2, x: W2 @ relu(W1 @ x),
    "the skip path counts twice": lambda W1, W2, x: W2 @ relu(W1 @ x) + 2 * x,
    "the skip path is subtracted": lambda W1, W2, x: W2 @ relu(W1 @ x) - x,
    "there is no ReLU": lambda W1, W2, x: W2 @ (W1 @ x) + x,
    "there is no ReLU, and no skip path": lambda W1, W2, x: W2 @ (W1 @ x),
    "ReLU keeps the negative entries, not the positive ones": lambda W1, W2, x: x - W2 @ relu(-(W1 @ x)),
    "ReLU is taken of x, before W1": lambda W1, W2, x: W2 @ (W1 @ relu(x)) + x,
    "ReLU comes after W2": lambda W1, W2, x: relu(W2 @ (W1 @ x)) + x,
    "a second ReLU comes after W2": lambda W1, W2, x: relu(W2 @ relu(W1 @ x)) + x,
    "ReLU is taken of the whole, the skip path too": lambda W1, W2, x: relu(W2 @ relu(W1 @ x) + x),
    "the skip path has a ReLU too": lambda W1, W2, x: W2 @ relu(W1 @ x) + relu(x),
    "ReLU is leaky, with a slope of 0.01": lambda W1, W2, x: W2 @ (relu(W1 @ x) - 0.01 * relu(-W1 @ x)) + x,
}


def draw(rng, h, n):
    """W1, W2, x and delta. No unit is near the kink of ReLU, also if all is rounded to integers.

    Some units are active and some are not, and x has entries of both signs, if there are several.
    """
    while True:
        W1, W2 = rng.normal(size=(h, n)), rng.normal(size=(n, h))
        x, delta = (rng.uniform(1.0, 2.0, n) * rng.choice([-1.0, 1.0], n) for _ in range(2))
        units = W1 @ x, np.rint(2 * W1) @ np.rint(2 * x)
        far = all(np.abs(z).min() > 0.05 and z.max() > 0 and (h == 1 or z.min() < 0) for z in units)
        if far and (n == 1 or abs(np.sign(x).sum()) < n):
            return W1, W2, x, delta


def named(values, names=(*BLOCK, "delta")):
    return dict(zip(names, values, strict=False))


def closed(W1, W2, x):
    """Weights for which only the skip path is open, and the reason."""
    dead = -np.sign(W1 @ x)[:, None] * W1
    return (W1, 0 * W2, "if W2 is zero"), (dead, W2, "if W1 x is negative everywhere")


def forward(W1, W2, x, *, skip_forward):
    """The result of skip_forward without the cache, which may be anything and stays on the student's side."""
    result = skip_forward(W1, W2, x)
    return [*result[:1], *(None for _ in result[1:])] if isinstance(result, (tuple, list)) else result


def vjp(W1, W2, x, delta, *, skip_forward, skip_vjp):
    """The result of skip_vjp for the cache of a forward pass that cannot change its arguments."""
    copies = [a.copy(order="K") for a in (W1, W2, x)]
    return skip_vjp(W1, W2, skip_forward(*copies)[1], delta)


def vjp_after_another_pass(W1, W2, x, delta, V1, V2, other, *, skip_forward, skip_vjp):
    cache = skip_forward(W1, W2, x)[1]
    skip_forward(V1, V2, other)
    return skip_vjp(W1, W2, cache, delta)


def vjp_after_other_uses(W1, W2, x, delta, upstream, *, skip_forward, skip_vjp):
    cache = skip_forward(W1, W2, x)[1]
    for other in (upstream, -upstream):
        skip_vjp(W1, W2, cache, other)
    return skip_vjp(W1, W2, cache, delta)


def shares_memory(function, part, *arguments):
    """Whether a part of the function's result is the memory of the last argument."""
    import numpy as np

    return np.shares_memory(function(*arguments)[part], arguments[-1])


def vjp_of(program):
    return program(vjp, "skip_vjp(W1, W2, cache, delta)")


def expect_output(program, W1, W2, x):
    return output(expect(program(forward, "skip_forward"), W1=W1, W2=W2, x=x))[0]


def output(answer):
    """The part y of an answer of skip_forward."""
    return answer.parts("y", "cache")[:1]


# 5(a)


@check("q5a", "y is x where W2 is zero, and where no hidden unit is active", points=0.5)
def only_the_skip_path(skip_forward, program, rng):
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, _ = draw(rng, h, n)
        for A, B, why in closed(W1, W2, x):
            y = expect_output(program, A, B, x)
            hint = {"Yours is zero: where is the term x?": 0 * x}
            y.part(f"y, which is x {why},", y.value).close(x, within=1e-12, reveal=True, instead=hint)


@check("q5a", "y has the value that the formula gives", points=0.5)
def value_of_the_block(skip_forward, program, rng):
    for h, n in ((3, 3), (4, 2), (2, 5)):
        W1, W2, x, _ = draw(rng, h, n)
        others = {f"It is the value of something else: {words}.": f(W1, W2, x) for words, f in OTHERS.items()}
        size = 1 + np.abs(W2) @ np.abs(W1) @ np.abs(x)
        expect_output(program, W1, W2, x).close(block(W1, W2, x), rounding=size, reveal=True, instead=others)


@check("q5a", "float32 gives float32, and integers give float64", points=0.25)
def dtypes(skip_forward, program):
    W1, W2, x = WHOLE
    right = lambda W1, W2, x: {"y": block(W1, W2, x)}  # noqa: E731
    expect_dtypes(program(forward, "skip_forward"), right, output, W1=W1, W2=W2, x=x)


@check(
    "q5a", "skip_forward changes neither an argument nor an earlier result, and y is a new array", points=0.5
)
def no_traces(skip_forward, program, rng):
    function, shared = program(forward, "skip_forward"), program(shares_memory, "skip_forward")
    for h, n in ((4, 3), (2, 2)):
        first, other = (named(draw(rng, h, n), BLOCK) for _ in range(2))
        y = expect_no_traces(function, program, first, other).parts("y", "cache")[0]
        y.close(block(**first), rounding=10.0)
        for W1, W2, _ in closed(**first):
            if shared(function, 0, W1, W2, first["x"]):
                raise y.wrong("y and x are the same memory: a change to y changes x. Return a new array.")


# 5(b)


@check("q5b", "the gradients are the numerical derivatives of a block, times delta", points=1.5)
def gradients_are_the_derivatives(skip_forward, skip_vjp, program, rng):
    others = OTHERS | {
        "W1 is used instead of its transpose": lambda W1, W2, x: W2 @ ((W1 @ x > 0) * (W1.T @ x)) + x,
    }
    for h, n in ((3, 3), (3, 2), (2, 3)):
        given = named(draw(rng, h, n))
        expect_in_order(expect(vjp_of(program), **given).parts(*PARTS), (h, n), (n, h), (n,))
        expect_derivative(
            "vjp", block, vjp_of(program), PARTS, wrt=(0, 1, 2), reveal=True, instead=others, **given
        )


@check(
    "q5b",
    "they are linear in delta; dx is delta where only the skip path is open, and J^T delta otherwise",
    points=0.75,
)
def paths_of_the_gradient(skip_forward, skip_vjp, program, rng):
    function = vjp_of(program)
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, delta = draw(rng, h, n)
        there, back = (expect(function, W1=W1, W2=W2, x=x, delta=d).parts(*PARTS) for d in (delta, -delta))
        for one, other, shape in zip(there, back, ((h, n), (n, h), (n,)), strict=True):
            if np.abs(one.array(*shape) + other.array(*shape)).max() > 1e-9 * np.abs(one.value).max():
                raise other.wrong(
                    f"for -delta all gradients should be minus those for delta, and {other.name} is not. "
                    "All of them are linear in delta; what ReLU lets through depends on z, and not on delta."
                )
        for A, B, why in closed(W1, W2, x):
            dW1, dW2, dx = expect(function, W1=A, W2=B, x=x, delta=delta).parts(*PARTS)
            dx.part(f"dx, which is delta {why},", dx.value).close(delta, within=1e-12)
            for dW, W in ((dW1, A),) if A is W1 else ((dW1, A), (dW2, B)):
                dW.part(f"{dW.name}, which is zero {why},", dW.value).close(0 * W, within=0.0)
        dx, J = there[2], numerical_jacobian(partial(block, W1, W2), x).value
        hints = {
            "dx is delta: the path through the weights is missing.": delta,
            "dx is J delta, the change of y when x moves along delta. It should be J^T delta.": J @ delta,
        }
        if hint_for(dx.value, hints):
            raise dx.wrong(hint_for(dx.value, hints))


@check("q5b", "a cache stays good: after another forward pass, and after it was used", points=0.75)
def caches_last(skip_forward, skip_vjp, program, rng):
    given, (V1, V2, other, upstream) = named(draw(rng, 4, 3)), draw(rng, 4, 3)
    expected = expect(vjp_of(program), **given).parts(*PARTS)
    of_two = program(
        vjp_after_another_pass, "skip_vjp(W1, W2, cache, delta) after another skip_forward(V1, V2, other)"
    )
    twice = program(
        vjp_after_other_uses, "skip_vjp(W1, W2, cache, delta) after skip_vjp(W1, W2, cache, upstream)"
    )
    answers = {
        "after another forward pass, the first cache gives something else. Keep all that skip_vjp needs in "
        "it, and make a new one in every call, without global variables.": (
            expect(of_two, **given, V1=V1, V2=V2, other=other)
        ),
        "a later use of a cache gives something else. skip_vjp must not change what is in the cache.": (
            expect(twice, **given, upstream=upstream)
        ),
    }
    for said, answer in answers.items():
        for part, right in zip(answer.parts(*PARTS), expected, strict=True):
            a = right.array(*np.shape(right.value))
            if np.abs(part.array(*a.shape) - a).max(initial=0.0) > 1e-9 * np.abs(a).max(initial=0.0):
                raise part.wrong(f"{part.name} is wrong: {said}")


@check("q5b", "skip_vjp changes neither an argument nor an earlier result, and dx is a new array", points=0.5)
def gradients_no_traces(skip_forward, skip_vjp, program, rng):
    function, shared = vjp_of(program), program(shares_memory, "skip_vjp")
    for h, n in ((4, 3), (2, 2)):
        first, other = (named(draw(rng, h, n)) for _ in range(2))
        answer = expect_no_traces(function, program, first, other)
        x, delta = first["x"], first["delta"]
        for W1, W2, _ in closed(first["W1"], first["W2"], x):
            if shared(function, 2, W1, W2, x, delta):
                raise answer.wrong(
                    "dx and delta are the same memory: a change to dx changes delta. Return a new array."
                )
    expect_derivative("vjp", block, function, PARTS, wrt=(0, 1, 2), **first)


@check("q5b", "the derivative of ReLU at 0 counts as 0, and the size of x makes no difference", points=0.25)
def gradients_of_small_inputs(skip_forward, skip_vjp, program, rng):
    function = vjp_of(program)
    W1, W2, x, delta = draw(rng, 4, 3)
    answer = expect(function, W1=W1, W2=W2, x=0 * x, delta=delta)
    for part, right in zip(answer.parts(*PARTS), (0 * W1, 0 * W2, delta), strict=True):
        if part.is_array(*right.shape) and not np.allclose(part.value, right, rtol=1e-12, atol=0):
            raise part.wrong(
                "x is zero, so every hidden unit gets exactly 0, where the derivative of ReLU counts as 0. "
                f"Then {part.name} should be {'delta' if part.name == 'dx' else 'zero'}; yours is not."
            )
        part.array(*right.shape)
    usual = expect(function, W1=W1, W2=W2, x=x, delta=delta).parts(*PARTS)[2].array(3)
    small = expect(function, W1=W1, W2=W2, x=1e-11 * x, delta=delta).parts(*PARTS)[2]
    if not np.allclose(small.array(3), usual, rtol=1e-9):
        raise small.wrong(
            "x is a tiny multiple of another x, so the same units are active, and dx should be the same. "
            "Yours changes: compare z with 0."
        )


@check("q5b", "float32 gives float32, and integers give float64", points=0.25)
def gradients_dtypes(skip_forward, skip_vjp, program):
    W1, W2, x = WHOLE
    delta = np.array([-1, 2])

    def right(W1, W2, x, delta):
        loss = lambda W1, W2, x: delta @ block(W1, W2, x)  # noqa: E731
        return {part: slope_of(loss, W1, W2, x, wrt=n) for n, part in enumerate(PARTS)}

    parts = lambda answer: answer.parts(*PARTS)  # noqa: E731
    expect_dtypes(vjp_of(program), right, parts, W1=W1, W2=W2, x=x, delta=delta)


# 5(c)


def other_block_jacobians(W1, W2, x):
    """Wrong Jacobians, each under a sentence for the mistake."""
    z, skip = W1 @ x, np.eye(len(x))
    active = (z > 0).astype(float)
    wrong = {
        "R(z) holds z itself in place of the derivative of ReLU, which is 1 or 0.": [
            W2 @ np.diag(z) @ W1 + skip,
            W2 @ np.diag(relu(z)) @ W1 + skip,
        ],
    }
    if len(z) == len(x):  # otherwise the shapes do not fit
        wrong |= {
            "the factors come in the opposite order: W1 acts first, so it stands on the right.": [
                W1 @ np.diag(active) @ W2 + skip,
                (W1 * active) @ W2 + skip,
            ],
            "the mask is on the wrong axis. Hidden units are the columns of W2 and the rows of W1.": [
                W2 @ (W1 * active) + skip,
                (W2 * active[:, None]) @ W1 + skip,
            ],
        }
    return wrong


@check("q5c", "the Jacobian is the numerical derivative of a block", points=0.75)
def jacobian_is_the_derivative(skip_jacobian, rng):
    for h, n in ((3, 3), (3, 2), (2, 3)):
        given = named(draw(rng, h, n), BLOCK)
        hints = partial(other_block_jacobians, **given)
        expect_derivative(
            "jacobian", block, skip_jacobian, wrt=2, reveal=True, instead=OTHERS, hints=hints, **given
        )


@check("q5c", "the Jacobian is the identity where only the skip path is open", points=0.25)
def jacobian_of_the_skip_path(skip_jacobian, rng):
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, _ = draw(rng, h, n)
        for A, B, why in closed(W1, W2, x):
            answer = expect(skip_jacobian, W1=A, W2=B, x=x)
            J = answer.part(f"the Jacobian, which is the identity {why},", answer.value)
            hints = {
                "Yours is all ones: adding 1 to a matrix adds it to every entry.": np.ones((n, n)),
                "You added x where the identity should be.": np.tile(x, (n, 1)),
            }
            J.close(np.eye(n), within=1e-12, reveal=True, instead=hints)


@check("q5c", "delta^T times the Jacobian is the gradient of delta^T y", points=0.25)
def jacobian_times_delta(skip_jacobian, rng):
    for h, n in ((3, 3), (5, 4)):
        W1, W2, x, delta = draw(rng, h, n)
        J = numerical_jacobian(partial(block, W1, W2), x).value
        answer = expect(skip_jacobian, W1=W1, W2=W2, x=x)
        product = answer.part("delta^T J, the gradient of delta^T y,", delta @ answer.array(n, n))
        hint = {"J delta is right: is yours the transpose, with a row for each input?": J @ delta}
        product.close(delta @ J, within=1e-7 * (1 + np.abs(delta @ J).max()), instead=hint)


@check("q5c", "the derivative of ReLU at 0 counts as 0, and the size of x makes no difference", points=0.25)
def jacobian_of_small_inputs(skip_jacobian, rng):
    W1, W2, x, _ = draw(rng, 4, 3)
    J = expect(skip_jacobian, W1=W1, W2=W2, x=0 * x)
    if J.is_array(3, 3) and not np.allclose(J.value, np.eye(3), rtol=0, atol=1e-12):
        raise J.wrong(
            "x is zero, so every hidden unit gets exactly 0, where the derivative of ReLU counts as 0. Then "
            "the Jacobian should be the identity; yours is not."
        )
    J.array(3, 3)
    usual = expect(skip_jacobian, W1=W1, W2=W2, x=x).array(3, 3)
    small = expect(skip_jacobian, W1=W1, W2=W2, x=1e-11 * x)
    if not np.allclose(small.array(3, 3), usual, rtol=1e-9, atol=1e-12):
        raise small.wrong(
            "x is a tiny multiple of another x, so the same units are active and the Jacobian should be the "
            "same; yours changes. Is it made of differences?"
        )


@check("q5c", "float32 gives float32, and integers give float64", points=0.25)
def jacobian_dtypes(skip_jacobian):
    W1, W2, x = WHOLE
    expect_dtypes(skip_jacobian, partial(slope_of, block, wrt=2), W1=W1, W2=W2, x=x)


@check("q5c", "skip_jacobian changes neither an argument nor an earlier result", points=0.5)
def jacobian_no_traces(skip_jacobian, program, rng):
    for h, n in ((4, 3), (2, 2)):
        first, other = (named(draw(rng, h, n), BLOCK) for _ in range(2))
        expect_no_traces(skip_jacobian, program, first, other)
    expect_derivative("jacobian", block, skip_jacobian, wrt=2, **first)


# 5(d)


def draw_stack(rng, n, widths, scale=1.0, whole=False):
    """W1s, W2s, x and delta. With and without skips, no unit is near the kink of ReLU.

    No block gives zeros.

    widths : the number of hidden units of each block.
    scale : by about how much the weights of a block change the size of a vector.
    whole : whether all are integers, of a size of their own.
    """
    x, delta = draw(rng, 2, n)[2:]
    if whole:
        x, delta = np.rint(2 * x).astype(int), np.rint(2 * delta).astype(int)
    W1s, W2s, inputs = [], [], {True: x, False: x}
    for h in widths:
        far = False
        while not far:
            W1, W2 = rng.normal(size=(h, n)) / np.sqrt(n), scale * rng.normal(size=(n, h)) / np.sqrt(h / 2)
            if whole:
                W1, W2 = rng.integers(-3, 4, size=(h, n)), rng.integers(-3, 4, size=(n, h))
            units = [W1 @ v for v in inputs.values()]
            far = all(np.abs(z).min() > 1e-3 * np.abs(z).max() and z.min() < 0 < z.max() for z in units)
            outputs = {skip: block(W1, W2, v, skip) for skip, v in inputs.items()}
            far = far and all(v.any() for v in outputs.values())
        W1s.append(W1)
        W2s.append(W2)
        # A multiple of v has the same units active.
        inputs = {skip: v / np.abs(v).max() for skip, v in outputs.items()}
    return {"W1s": W1s, "W2s": W2s, "x": x, "delta": delta}


def blocks_of(W1s, W2s, x, skip):
    """W1, W2 and the input of every block."""
    blocks = []
    for W1, W2 in zip(W1s, W2s, strict=True):
        blocks.append((W1, W2, x))
        x = block(W1, W2, x, skip)
    return blocks


def gradients_of(blocks, delta, skip):
    """The numerical gradients of delta^T y at the input of every block, and delta.

    The blocks need not fit together: each takes the change of its input, and gives that of its output.
    """

    def change(step, start):
        for W1, W2, x in blocks[start:]:
            step = block(W1, W2, x + step, skip) - block(W1, W2, x, skip)
        return step

    zero, starts = np.zeros(len(delta)), range(len(blocks) + 1)
    return np.array([delta @ numerical_jacobian(partial(change, start=s), zero).value for s in starts])


def norms_of(W1s, W2s, x, delta, skip):
    return np.linalg.norm(gradients_of(blocks_of(W1s, W2s, x, skip), delta, skip), axis=1)


def other_norms(W1s, W2s, x, delta, skip):
    """Wrong norms, each under a sentence for the mistake."""
    blocks, others = (blocks_of(W1s, W2s, x, s) for s in (skip, not skip))
    gradients, norms = gradients_of(blocks, delta, skip), norms_of(W1s, W2s, x, delta, skip)
    alone = [*(gradients_of([b], delta, skip)[0] for b in blocks), delta]
    xs = [b[2] for b in blocks] + [block(W1s[-1], W2s[-1], blocks[-1][2], skip)]
    have, lack = ("with", "without") if skip else ("without", "with")
    ways = {
        f"Here skip is {skip}, but the blocks are taken {lack} skip connections.": (others, not skip),
        f"The x_l are right, {have} skip connections, but the way back is {lack} them.": (blocks, not skip),
        f"The way back is right, {have} skip connections, but the x_l are {lack} them.": (others, skip),
        "On the way back the blocks come in the order 0, 1, 2, ...": (blocks[::-1], skip),
        "Every block gets x_0 as its input.": ([(W1, W2, x) for W1, W2, _ in blocks], skip),
    }
    return {
        "The norms are in the opposite order, from the output to the input.": norms[::-1],
        "Every gradient is delta through one block alone.": np.linalg.norm(alone, axis=1),
        "These are the norms of the x_l, not of the gradients.": np.linalg.norm(xs, axis=1),
        "These are the squares of the norms.": norms**2,
        "These are sums of absolute values, not Euclidean norms.": np.abs(gradients).sum(axis=1),
        "These are root mean squares, not Euclidean norms.": norms / np.sqrt(len(x)),
        "These are the norms relative to that of delta.": norms / norms[-1],
        **{said: np.linalg.norm(gradients_of(way, delta, s), axis=1) for said, (way, s) in ways.items()},
    }


@check("q5d", "the norms are those of numerical derivatives of a stack, with and without skips", points=1.25)
def norms_of_the_derivatives(stack_gradient_norms, rng):
    for n, widths in ((3, (4, 5, 3)), (2, (4,))):
        stack = draw_stack(rng, n, widths)
        for skip in (True, False):
            answer = expect(stack_gradient_norms, **stack, skip=skip)
            if answer.is_array(len(widths)):
                raise answer.wrong("There are L + 1 gradients. The last is delta, at the output.")
            norms = norms_of(**stack, skip=skip)
            hints = partial(other_norms, **stack, skip=skip)
            answer.close(norms, within=1e-6 * norms, reveal=True, instead=hints)


@check("q5d", "where every W2 is zero, only skip connections carry a gradient", points=0.5)
def norms_without_weights(stack_gradient_norms, rng):
    stack = draw_stack(rng, 3, (4, 2, 5))
    stack["W2s"], size = [0 * W2 for W2 in stack["W2s"]], np.linalg.norm(stack["delta"])
    for skip, norms in ((True, size * np.ones(4)), (False, size * np.eye(4)[3])):
        answer = expect(stack_gradient_norms, **stack, skip=skip)
        answer.part("the result, if every W2 is zero,", answer.value).close(norms, within=1e-12, reveal=True)


@check("q5d", "the norms of very small and very large gradients are neither 0 nor infinite", points=0.75)
def norms_scale(stack_gradient_norms, rng):
    stack = draw_stack(rng, 3, (4, 2))
    for skip in (True, False):
        usual = expect(stack_gradient_norms, **stack, skip=skip).array(3)
        for size in (1e-200, 1e200):
            answer = expect(stack_gradient_norms, **stack | {"delta": size * stack["delta"]}, skip=skip)
            if answer.is_array(3) and not np.all((answer.value > 0) & (answer.value < np.inf)):
                raise answer.wrong(
                    f"all gradients are about {size:g}, but the norms are {numbers_as_text(answer.value)}. "
                    "The square of such a number is 0 or infinite in floating point."
                )
            scaled = answer.part(f"the result for delta times {size:g}", answer.value)
            scaled.close(size * usual, within=1e-9 * size * usual.max())


@check("q5d", "stack_gradient_norms changes neither an argument nor an earlier result", points=0.25)
def norms_no_traces(stack_gradient_norms, program, rng):
    for skip in (True, False):
        first, other = ({**draw_stack(rng, 3, (4, 2)), "skip": skip} for _ in range(2))
        norms = norms_of(**first)
        expect_no_traces(stack_gradient_norms, program, first, other).close(norms, within=1e-6 * norms)


@check("q5d", "twice as many blocks take about twice as many lines of Python", points=0.25)
def norms_in_few_lines(stack_gradient_norms, rng):
    W1s, W2s = (list(size * rng.normal(size=(100, 3, 3))) for size in (1, 0.02))
    stack = {"W1s": W1s, "W2s": W2s, "x": rng.normal(size=3), "delta": rng.normal(size=3)}
    asked = "There are 100 blocks. Does the way back start again for every block? Go through them once."
    answer = expect_few_lines(15_000, asked, stack_gradient_norms, **stack, skip=True)

    def along_delta(x):
        for W1, W2 in zip(W1s, W2s, strict=True):
            x = block(W1, W2, x)
        return stack["delta"] @ x

    first = np.linalg.norm(slope_of(along_delta, stack["x"], wrt=0))
    expect_about([answer.part("entry 0", answer.array(101)[0])], {"entry 0": first})


@check("q5d", "float32 gives float32, and integers give float64", points=0.25)
def norms_dtypes(stack_gradient_norms):
    W1, W2, x = WHOLE
    W1s, W2s, delta = [W1, 2 * W1], [W2, W2 - 1], np.array([-1, 2])
    expect_dtypes(stack_gradient_norms, norms_of, W1s=W1s, W2s=W2s, x=x, delta=delta, skip=True)
