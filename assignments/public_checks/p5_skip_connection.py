"""Problem 5, the public checks. They hold an answer against identities and numerical derivatives."""

import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from checking import CheckFailure, NotAttempted
from checking.boundary import Proxy
from checking.expectations import Answer, expect, expect_derivative
from checking.limits import NO_LIMITS
from checking.traces import expect_no_traces
from gradcheck import numerical_jacobian
from public_checks import check, uses

uses("q5b", "q5a")
uses("q5c", "q5a", "q5b")
uses("q5d", "q5a", "q5b", "q5c")

# A cache may be any object, so it stays with the student: these programs are evaluated among the student's
# names. FORWARD gives [y, None], or what else the student returns in the place of a pair.
FORWARD = (
    "lambda W1, W2, x: (lambda r: [*r[:1], *(None for _ in r[1:])] "
    "if isinstance(r, (().__class__, [].__class__)) else r)(skip_forward(W1, W2, x))"
)
# skip_forward gets copies, so that what it does to its arguments does not count against skip_vjp.
VJP = (
    "lambda W1, W2, x, delta: skip_vjp(W1, W2, "
    "skip_forward(W1.copy(order='K'), W2.copy(order='K'), x.copy(order='K'))[1], delta)"
)
PARTS = ("dW1", "dW2", "dx")


def program(source, text, name):
    """A program over student functions, under a name for messages."""

    def send(arguments, limits):
        try:
            return source(text).call(*arguments, limits=limits)
        except CheckFailure as failure:
            said = str(failure)
            if isinstance(failure, NotAttempted):
                said = re.sub(r"^the program calls (\w+), which is", r"\1 is", said)
            raise type(failure)(said.replace("the program", name)) from None

    return Proxy(name, send)


def forward_of(source):
    """The student's skip_forward, with None in the place of the cache."""
    return program(source, FORWARD, "skip_forward")


def vjp_of(source):
    """The student's skip_vjp, on the cache that skip_forward gives for x."""
    return program(source, VJP, "skip_forward, then skip_vjp")


def draw(rng, h, n):
    """W1, W2, x and delta, of which no unit is near the kink of ReLU, also once rounded to whole numbers.

    At least one unit is active and, where there are several, at least one is not. If x has several entries,
    they are of both signs.
    """
    signed = lambda size: rng.uniform(1.0, 2.0, size) * rng.choice([-1.0, 1.0], size)  # noqa: E731
    while True:
        W1, W2, x, delta = rng.normal(size=(h, n)), rng.normal(size=(n, h)), signed(n), signed(n)
        units = (W1 @ x, np.rint(2 * W1) @ np.rint(2 * x))
        if n > 1 and abs(np.sign(x).sum()) == n:
            continue
        if all(np.abs(z).min() > 0.05 and z.max() > 0 and (h == 1 or z.min() < 0) for z in units):
            return W1, W2, x, delta


def relu(z):
    return np.maximum(z, 0)


def block(W1, W2, x):
    return W2 @ relu(W1 @ x) + x


def _with_transpose(W1, W2, x):
    return W2 @ ((W1 @ x > 0) * (W1.T @ x)) + x


# What somebody may have computed, or differentiated, in place of the block.
OTHERS = {
    "the skip path is missing": lambda W1, W2, x: W2 @ relu(W1 @ x),
    "the skip path counts twice": lambda W1, W2, x: W2 @ relu(W1 @ x) + 2 * x,
    "the skip path is subtracted": lambda W1, W2, x: W2 @ relu(W1 @ x) - x,
    "there is no ReLU": lambda W1, W2, x: W2 @ (W1 @ x) + x,
    "there is no ReLU, and no skip path": lambda W1, W2, x: W2 @ (W1 @ x),
    "ReLU keeps the negative entries in place of the positive ones": lambda W1, W2, x: (
        W2 @ (W1 @ x - relu(W1 @ x)) + x
    ),
    "ReLU is taken of x, before W1": lambda W1, W2, x: W2 @ (W1 @ relu(x)) + x,
    "ReLU comes after W2": lambda W1, W2, x: relu(W2 @ (W1 @ x)) + x,
    "a second ReLU comes after W2": lambda W1, W2, x: relu(W2 @ relu(W1 @ x)) + x,
    "ReLU is taken of the whole, the skip path too": lambda W1, W2, x: relu(W2 @ relu(W1 @ x) + x),
    "the skip path has a ReLU too": lambda W1, W2, x: W2 @ relu(W1 @ x) + relu(x),
    "the absolute value is in the place of ReLU": lambda W1, W2, x: W2 @ np.abs(W1 @ x) + x,
    "ReLU is leaky, with a slope of 0.01": lambda W1, W2, x: W2 @ (relu(W1 @ x) - 0.01 * relu(-W1 @ x)) + x,
    "the two paths are multiplied": lambda W1, W2, x: (W2 @ relu(W1 @ x)) * x,
}


def dead(W1, x):
    """The weights with the signs that make W1 x negative everywhere."""
    return -np.sign(W1 @ x)[:, None] * W1


# 5(a)


@check("q5a", "y is x where W2 is zero, and where no hidden unit is active", points=0.5)
def only_the_skip_path(skip_forward, source, rng):
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, _ = draw(rng, h, n)
        for A, B, why in (
            (W1, 0 * W2, "W2 is zero"),
            (dead(W1, x), W2, "W1 x is negative everywhere, so that ReLU gives zero"),
        ):
            y = expect(forward_of(source), W1=A, W2=B, x=x).parts("y", "cache")[0]
            if np.abs(y.array(n) - x).max() > 1e-12:
                hint = " Yours is zero: where is the term x?" if not y.value.any() else ""
                raise y.wrong(f"{why}; then y has to be x, and it is not.{hint}")


@check("q5a", "y has the value that the formula gives", points=0.5)
def value_of_the_block(skip_forward, source, rng):
    for h, n in ((3, 3), (4, 2), (2, 5)):
        W1, W2, x, _ = draw(rng, h, n)
        y = expect(forward_of(source), W1=W1, W2=W2, x=x).parts("y", "cache")[0]
        try:
            y.close(block(W1, W2, x), rounding=1 + np.abs(W2) @ np.abs(W1) @ np.abs(x), reveal=True)
        except CheckFailure as failure:
            raise _named(failure, _instead(y.value, OTHERS, W1, W2, x)) from None


@check("q5a", "float32 gives float32, and whole numbers give float64", points=0.25)
def dtypes(skip_forward, source):
    W1, W2, x = np.array([[1, -2], [0, 3], [-1, 1]]), np.array([[2, 1, 0], [0, -1, 4]]), np.array([3, 1])
    for given, dtype in ((np.int64, np.float64), (np.float32, np.float32)):
        arguments: dict[str, Any] = {"W1": W1.astype(given), "W2": W2.astype(given), "x": x.astype(given)}
        y = expect(forward_of(source), **arguments).parts("y", "cache")[0]
        y.of_dtype(dtype).close(block(W1, W2, x), reveal=True)


@check(
    "q5a", "skip_forward changes neither an argument nor an earlier result, and y is a new array", points=0.5
)
def no_traces(skip_forward, source, rng):
    function = forward_of(source)
    for h, n in ((4, 3), (2, 2)):
        first, other = (dict(zip(("W1", "W2", "x"), draw(rng, h, n)[:3], strict=True)) for _ in range(2))
        y = expect_no_traces(function, source, first, other, FORWARD).parts("y", "cache")[0]
        y.close(block(**first), rounding=10.0)
        # Where only the skip path is open y is x in value, but it has to be an array of its own.
        for changed in ({}, {"W2": 0 * first["W2"]}, {"W1": dead(first["W1"], first["x"])}):
            filled = program(
                source,
                "lambda W1, W2, x: (lambda y: (y.fill(7.5), x)[1])(skip_forward(W1, W2, x)[0])",
                "skip_forward",
            )
            _expect_own_memory(filled, "y", "x", {**first, **changed})


def _expect_own_memory(filled, result, argument, given):
    """Expect that an argument is what it was after a program has filled the result with other numbers."""
    came = filled(*given.values())
    if not isinstance(came, np.ndarray) or not np.array_equal(came, given[argument]):
        raise Answer(filled.name, given, came).wrong(
            f"{result} and {argument} are the same memory: a change to {result} changes {argument}. "
            "Return a new array."
        )


def _named(failure, sentence):
    """The failure with one more sentence, before the line that says what the arguments were."""
    said = str(failure)
    return type(failure)(said.replace("\nwhere ", f"\n{sentence}\nwhere ", 1) if sentence else said)


def _instead(value, others, *arguments):
    """A sentence on what has this value, where something in a table of functions does; otherwise nothing."""
    for name, function in others.items():
        other = function(*arguments)
        if np.shape(value) == other.shape and np.allclose(value, other, rtol=1e-6, atol=0):
            return f"It is the value of something else: {name}."
    return ""


# 5(b)


@check("q5b", "the gradients are the numerical derivatives of a block, times delta", points=1.5)
def gradients_are_the_derivatives(skip_forward, skip_vjp, source, rng):
    for h, n in ((3, 3), (4, 2), (2, 5)):
        given = dict(zip(("W1", "W2", "x", "delta"), draw(rng, h, n), strict=True))
        expect_derivative(
            "vjp", block, vjp_of(source), PARTS, wrt=(0, 1, 2), reveal=True, instead=OTHERS, **given
        )


@check(
    "q5b",
    "they are linear in delta; dx is delta where only the skip path is open, and J^T delta otherwise",
    points=0.75,
)
def paths_of_the_gradient(skip_forward, skip_vjp, source, rng):
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, delta = draw(rng, h, n)
        there, back = (
            expect(vjp_of(source), W1=W1, W2=W2, x=x, delta=d).parts(*PARTS) for d in (delta, -delta)
        )
        for one, other, shape in zip(there, back, ((h, n), (n, h), (n,)), strict=True):
            if np.abs(one.array(*shape) + other.array(*shape)).max() > 1e-9 * np.abs(one.value).max():
                raise other.wrong(
                    f"for -delta all gradients have to be minus those for delta, and {other.name} is not. "
                    "All of them are linear in delta; what ReLU lets through depends on z, and not on delta."
                )
        for A, B, why in (
            (W1, 0 * W2, "W2 is zero, so that y = x"),
            (dead(W1, x), W2, "W1 x is negative everywhere, so that y = x"),
        ):
            answer = expect(vjp_of(source), W1=A, W2=B, x=x, delta=delta)
            dW1, dW2, dx = answer.parts(*PARTS)
            if np.abs(dx.array(n) - delta).max() > 1e-12:
                raise dx.wrong(f"{why}; then dx has to be delta, and it is not.")
            if dW1.array(h, n).any():
                raise dW1.wrong(f"{why}, whatever W1 is nearby; then dW1 has to be zero, and it is not.")
            if A is not W1 and dW2.array(n, h).any():
                raise dW2.wrong(f"{why}, whatever W2 is; then dW2 has to be zero, and it is not.")
        dx, step = there[2], 1e-6
        if np.abs(dx.value - delta).max() < 1e-12:
            raise dx.wrong("dx is delta: the path through the weights is missing.")
        if h == n:
            J = numerical_jacobian(partial(_with_transpose, W1, W2), x).value
            if np.abs(dx.value - delta @ J).max() < 1e-6:
                raise dx.wrong(
                    "dx is what comes out where W1 stands in the place of its transpose, or the reverse."
                )
        along = (block(W1, W2, x + step * delta) - block(W1, W2, x - step * delta)) / (2 * step)
        if np.abs(dx.value - along).max() < 1e-6:
            raise dx.wrong(
                "dx is J delta, which says how y changes when x moves along delta. "
                "What is asked for is the product of delta with the other side of J, J^T delta."
            )


@check("q5b", "a cache stays good: after another forward pass, and after it was used", points=0.75)
def caches_last(skip_forward, skip_vjp, source, rng):
    W1, W2, x, delta = draw(rng, 4, 3)
    V1, V2, other, upstream = draw(rng, 4, 3)
    both = program(
        source,
        "lambda W1, W2, x, delta, V1, V2, other: (lambda cache, _: skip_vjp(W1, W2, cache, delta))"
        "(skip_forward(W1, W2, x)[1], skip_forward(V1, V2, other))",
        "skip_forward for two blocks, then skip_vjp for the first",
    )
    expected = expect(vjp_of(source), W1=W1, W2=W2, x=x, delta=delta).parts(*PARTS)
    came = expect(both, W1=W1, W2=W2, x=x, delta=delta, V1=V1, V2=V2, other=other).parts(*PARTS)
    _expect_same(
        expected,
        came,
        "after another forward pass, the first cache gives something else: keep all that "
        "skip_vjp needs in the cache, and make a new cache in every call, without global variables.",
    )
    twice = program(
        source,
        "lambda W1, W2, x, delta, upstream: (lambda cache: (skip_vjp(W1, W2, cache, upstream), "
        "skip_vjp(W1, W2, cache, delta))[1])(skip_forward(W1, W2, x)[1])",
        "skip_forward, then skip_vjp twice with the same cache",
    )
    came = expect(twice, W1=W1, W2=W2, x=x, delta=delta, upstream=upstream).parts(*PARTS)
    _expect_same(
        expected,
        came,
        "the second use of a cache gives something else than the first: skip_vjp must not "
        "change what is in the cache.",
    )


def _expect_same(expected, came, sentence):
    for right, part in zip(expected, came, strict=True):
        a = right.array(*np.shape(right.value))
        if np.abs(part.array(*a.shape) - a).max(initial=0.0) > 1e-9 * np.abs(a).max(initial=0.0):
            raise part.wrong(f"{part.name} is wrong: {sentence}")


@check("q5b", "skip_vjp changes neither an argument nor an earlier result, and dx is a new array", points=0.5)
def gradients_no_traces(skip_forward, skip_vjp, source, rng):
    function, names = vjp_of(source), ("W1", "W2", "x", "delta")
    for h, n in ((4, 3), (2, 2)):
        first, other = (dict(zip(names, draw(rng, h, n), strict=True)) for _ in range(2))
        expect_no_traces(function, source, first, other, VJP)
        expect_derivative("vjp", block, function, PARTS, wrt=(0, 1, 2), **first)
        # Where no unit is active dx is delta in value, but it has to be an array of its own.
        filled = program(
            source,
            f"lambda W1, W2, x, delta: (lambda r: (r[2].fill(7.5), delta)[1])(({VJP})(W1, W2, x, delta))",
            function.name,
        )
        _expect_own_memory(filled, "dx", "delta", {**first, "W1": dead(first["W1"], first["x"])})


# 5(c)


@check("q5c", "the Jacobian is the numerical derivative of a block", points=0.75)
def jacobian_is_the_derivative(skip_jacobian, rng):
    for h, n in ((3, 3), (4, 2), (2, 5)):
        W1, W2, x, _ = draw(rng, h, n)
        given = {"W1": W1, "W2": W2, "x": x}
        expect_derivative("jacobian", block, skip_jacobian, wrt=2, reveal=True, instead=OTHERS, **given)


@check("q5c", "the Jacobian is the identity where only the skip path is open", points=0.5)
def jacobian_of_the_skip_path(skip_jacobian, rng):
    for h, n in ((3, 3), (4, 2)):
        W1, W2, x, _ = draw(rng, h, n)
        for A, B in ((W1, 0 * W2), (dead(W1, x), W2)):
            answer = expect(skip_jacobian, W1=A, W2=B, x=x)
            J = answer.array(n, n)
            if np.abs(J - np.eye(n)).max() > 1e-12:
                ones = np.abs(J - 1).max() < 1e-12
                hint = (
                    " Yours has ones everywhere: adding 1 to a matrix adds it to every entry." if ones else ""
                )
                raise answer.wrong(
                    f"here y = x, so the Jacobian has to be the identity matrix; it is not.{hint}"
                )


@check("q5c", "delta^T times the Jacobian is the gradient of delta^T y", points=0.5)
def jacobian_times_delta(skip_jacobian, rng):
    for h, n in ((3, 3), (5, 4)):
        W1, W2, x, delta = draw(rng, h, n)
        answer = expect(skip_jacobian, W1=W1, W2=W2, x=x)
        J = answer.array(n, n)
        gradient = delta @ numerical_jacobian(partial(block, W1, W2), x).value
        size = 1e-7 * (1 + np.abs(gradient).max())
        if np.abs(delta @ J - gradient).max() > size:
            other_side = np.abs(J @ delta - gradient).max() <= size
            hint = " J delta is: is yours the transpose, with a row for each input?" if other_side else ""
            raise answer.wrong(
                f"delta^T J has to be the gradient of delta^T y with respect to x, and is not.{hint}"
            )


@check("q5c", "skip_jacobian changes neither an argument nor an earlier result", points=0.5)
def jacobian_no_traces(skip_jacobian, source, rng):
    for h, n in ((4, 3), (2, 2)):
        first, other = (dict(zip(("W1", "W2", "x"), draw(rng, h, n)[:3], strict=True)) for _ in range(2))
        expect_no_traces(skip_jacobian, source, first, other)
        expect_derivative("jacobian", block, skip_jacobian, wrt=2, **first)


# 5(d)


def draw_stack(rng, n, widths, scale=1.0, whole=False):
    """W1s, W2s, x and delta. With and without skips, no unit of the stack is near the kink of ReLU.

    No block gives zeros.

    widths : the number of hidden units of each block.
    scale : by about how much the weights of a block change the size of a vector.
    whole : whether all are whole numbers, of a size of their own.
    """
    x, delta = draw(rng, 2, n)[2:]
    if whole:
        x, delta = np.rint(2 * x).astype(int), np.rint(2 * delta).astype(int)
    W1s, W2s, inputs = [], [], [x, x]
    for h in widths:
        units, outputs = [np.zeros(h)], inputs
        while not (
            all(np.abs(z).min() > 1e-3 * np.abs(z).max() and z.min() < 0 < z.max() for z in units)
            and all(v.any() for v in outputs)
        ):
            W1, W2 = rng.normal(size=(h, n)) / np.sqrt(n), scale * rng.normal(size=(n, h)) / np.sqrt(h / 2)
            if whole:
                W1, W2 = rng.integers(-3, 4, size=(h, n)), rng.integers(-3, 4, size=(n, h))
            units = [W1 @ v for v in inputs]
            outputs = [_next(W1, W2, v, skip) for v, skip in zip(inputs, (True, False), strict=True)]
        W1s.append(W1)
        W2s.append(W2)
        inputs = [v / np.abs(v).max() for v in outputs]  # a multiple of v has the same units active
    return W1s, W2s, x, delta


def expect_stack(function, W1s, W2s, x, delta, skip, limits=NO_LIMITS):
    """Call stack_gradient_norms for an `Answer`, whose messages give only the shapes of the weights."""
    given = {"W1s": W1s, "W2s": W2s, "x": x, "delta": delta, "skip": skip}
    told = {name: _weights_in_words(Ws) for name, Ws in (("W1s", W1s), ("W2s", W2s))}
    return replace(expect(function, limits=limits, **given), arguments={**given, **told})


def _weights_in_words(weights):
    shapes = ", ".join(str(W.shape) for W in weights[:3])
    return f"{len(weights)} arrays of shapes {shapes}{', ...' if len(weights) > 3 else ''}"


def _next(W1, W2, x, skip):
    return block(W1, W2, x) if skip else OTHERS["the skip path is missing"](W1, W2, x)


def _gradients(delta, blocks):
    """The numerical gradients delta^T d(output) / d(input of block l), for l = 0..L.

    blocks : for every block its weights, its input, and whether it has a skip connection.

    The blocks need not fit together: each takes how far its input is from the one that is given here, and
    gives how far its output is from the one that this has.
    """

    def move(step, start):
        for W1, W2, x, skip in blocks[start:]:
            step = _next(W1, W2, x + step, skip) - _next(W1, W2, x, skip)
        return step

    zero = np.zeros(len(delta))
    starts = range(len(blocks) + 1)
    return [delta @ numerical_jacobian(partial(move, start=start), zero).value for start in starts]


def _stack(W1s, W2s, x, forward, backward):
    """The blocks as `_gradients` takes them, and all x_l.

    forward, backward : whether there are skip connections on the way to the output, and on the way back.
    """
    blocks, xs = [], [x]
    for W1, W2 in zip(W1s, W2s, strict=True):
        blocks.append((W1, W2, xs[-1], backward))
        xs.append(_next(W1, W2, xs[-1], forward))
    return blocks, xs


def _length(vectors):
    return np.linalg.norm(vectors, axis=1)


def _other_norms(W1s, W2s, x, delta, skip):
    """Under words for a mistake, what comes out with it."""
    blocks, xs = _stack(W1s, W2s, x, skip, skip)
    gradients = np.array(_gradients(delta, blocks))
    norms = _length(gradients)
    turned = _gradients(delta, _stack(W1s, W2s, x, not skip, not skip)[0])
    back = _gradients(delta, _stack(W1s, W2s, x, skip, not skip)[0])
    there = _gradients(delta, _stack(W1s, W2s, x, not skip, skip)[0])
    first = [(W1, W2, x, skip) for W1, W2 in zip(W1s, W2s, strict=True)]
    way = ("with", "without") if skip else ("without", "with")
    return {
        "the norms stand in the opposite order, from the output to the input": norms[::-1],
        f"skip is {skip}, but the blocks are taken {way[1]} skip connections": _length(turned),
        f"the x_l are those {way[0]} skip connections, but the way back is one {way[1]}": _length(back),
        f"the way back is one {way[0]} skip connections, but the x_l are those {way[1]}": _length(there),
        "on the way back the blocks come in the order 0, 1, 2, ...": _length(_gradients(delta, blocks[::-1])),
        "and their norms then stand in the opposite order": _length(_gradients(delta, blocks[::-1]))[::-1],
        "every block gets x_0 as its input": _length(_gradients(delta, first)),
        "the squares of the norms": norms**2,
        "sums of absolute values, not Euclidean norms": np.abs(gradients).sum(axis=1),
        "the largest entries, not Euclidean norms": np.abs(gradients).max(axis=1),
        "root mean squares, not Euclidean norms": norms / np.sqrt(len(x)),
        "the norms relative to that of delta": norms / norms[-1],
        "the norms of the x_l, not of the gradients": _length(np.array(xs)),
        "the norms for a delta of ones": _length(_gradients(np.ones(len(x)), blocks)),
        "all entries are the norm at the input": norms[0] + 0 * norms,
    }


@check("q5d", "the norms are those of numerical derivatives of a stack, with and without skips", points=1.25)
def norms_of_the_derivatives(stack_gradient_norms, rng):
    for n, widths in ((4, (6, 5, 7)), (3, (4,))):
        W1s, W2s, x, delta = draw_stack(rng, n, widths)
        for skip in (True, False):
            answer = expect_stack(stack_gradient_norms, W1s, W2s, x, delta, skip)
            norms = _length(_gradients(delta, _stack(W1s, W2s, x, skip, skip)[0]))
            try:
                answer.close(norms, within=1e-6 * norms, reveal=True)
            except CheckFailure as failure:
                raise _named(failure, _instead_of_norms(answer, W1s, W2s, x, delta, skip)) from None


def _instead_of_norms(answer: Answer, *stack):
    value, others = answer.value, _other_norms(*stack)
    lengths = {len(norms) for norms in others.values()}
    if isinstance(value, np.ndarray) and value.shape == (min(lengths) - 1,):
        return (
            "There are L + 1 gradients: at the input of every block, and at the output of the last, where "
            "it is delta itself."
        )
    return _instead(value, {name: lambda norms=norms: norms for name, norms in others.items()})


@check("q5d", "where every W2 is zero, only skip connections carry a gradient", points=0.5)
def norms_without_weights(stack_gradient_norms, rng):
    W1s, W2s, x, delta = draw_stack(rng, 3, (4, 2, 5))
    nothing = [0 * W2 for W2 in W2s]
    size = np.linalg.norm(delta)
    for skip, norms, why in (
        (True, [size] * 4, "with skip connections x_{l+1} = x_l, and every gradient has to be delta"),
        (False, [0, 0, 0, size], "without skip connections no gradient but the last can be other than zero"),
    ):
        answer = expect_stack(stack_gradient_norms, W1s, nothing, x, delta, skip)
        if np.abs(answer.array(4) - norms).max() > 1e-12:
            raise answer.wrong(f"all entries of the W2s are zero; {why}. Yours is {_listed(answer.value)}.")


@check("q5d", "the norms of very small and very large gradients are neither 0 nor infinite", points=0.75)
def norms_scale(stack_gradient_norms, rng):
    W1s, W2s, x, delta = draw_stack(rng, 3, (4, 2))
    for skip in (True, False):
        usual = expect_stack(stack_gradient_norms, W1s, W2s, x, delta, skip).array(3)
        for size in (1e-200, 1e200):
            answer = expect_stack(stack_gradient_norms, W1s, W2s, x, size * delta, skip)
            came = answer.value
            known = isinstance(came, np.ndarray) and came.shape == (3,)
            if known and not np.all((came > 0) & (came < np.inf)):
                raise answer.wrong(
                    f"all gradients are of a size of about {size:g}, but their norms come out as "
                    f"{_listed(came)}. The square of such a number is 0 or infinite in floating point; a "
                    "norm that is right avoids it."
                )
            if np.abs(answer.array(3) / size - usual).max() > 1e-9 * usual.max():
                raise answer.wrong(
                    f"for delta times {size:g} all norms have to be {size:g} times as large, and are not."
                )


@check("q5d", "stack_gradient_norms changes neither an argument nor an earlier result", points=0.25)
def norms_no_traces(stack_gradient_norms, source, rng):
    for skip in (True, False):
        stacks = [draw_stack(rng, 3, (4, 2)) for _ in range(2)]
        first, other = (
            dict(zip(("W1s", "W2s", "x", "delta", "skip"), (*stack, skip), strict=True)) for stack in stacks
        )
        norms = expect_no_traces(stack_gradient_norms, source, first, other)
        W1s, W2s, x, delta = stacks[0]
        right = _length(_gradients(delta, _stack(W1s, W2s, x, skip, skip)[0]))
        norms.close(right, within=1e-6 * right)


def _listed(array):
    return "[" + ", ".join(f"{v:.4g}" for v in np.ravel(array)) + "]"
