"""Problem 4, the public checks. They hold an answer against identities and numerical derivatives."""

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
from checking.hints import NO_HINTS
from checking.networks import (
    LARGE,
    LESS,
    LOGITS,
    OTHER_LAYER_LOSSES,
    OTHER_LOSSES,
    draw_layer,
    expect_in_order,
    expect_no_division_by_p,
    expect_unmoved,
    layer_loss,
    log_loss,
    probabilities,
    relu,
    slope_of,
)
from gradcheck import numerical_jacobian
from public_checks import check, uses

uses("q4a", "q3a", "q3b", "q3c", "q3e")
uses("q4b", "q3a", "q3b")
uses("q4e", "q3a", "q3e", "q4a", "q4b", "q4c", "q4d")

# 4(a)


@check("q4a", "the gradient is the numerical derivative of the loss", points=1)
def input_gradient_is_the_derivative(nll_input_gradient, rng):
    for k, d, y in ((3, 3, 1), (4, 2, 3), (2, 3, 0)):
        given, others = {**draw_layer(rng, k, d), "y": y}, OTHER_LAYER_LOSSES
        expect_derivative(
            "gradient", layer_loss, nll_input_gradient, wrt=2, reveal=True, instead=others, **given
        )


@check("q4a", "an input that changes no logit has derivative 0, and every logit counts", points=0.5)
def inputs_and_logits(nll_input_gradient):
    W = np.array([[0.0, 2.0, -1.0], [0.0, 0.0, 0.0], [0.0, -1.5, 0.5]])
    answer = expect(nll_input_gradient, W=W, b=np.array([0.5, 0.0, -1.0]), x=np.array([1.0, 0.3, -0.7]), y=1)
    g = answer.array(3)
    if not g.any():
        raise answer.wrong(
            "row 1 of W, the label's, is zero, and all of your gradient is. The other rows count too: the "
            "label's probability falls as the logits of the others rise."
        )
    if g[0] != 0:
        hint = ""
        if g[1] == 0:
            hint = "Entry 1 is 0, and row 1 of W is zero: did you use W instead of its transpose?"
        elif abs(g.sum()) < 1e-9:
            hint = "Your entries sum to 0, as those of dL/dz do: the step from z to x is missing."
        said = (
            f"column 0 of W is zero, so x[0] changes no logit, and entry 0 should be 0; yours is {g[0]:.4g}."
        )
        raise answer.wrong(f"{said} {hint}".rstrip())


@check("q4a", "equal steps in all biases, however large, change nothing", points=0.25)
def large_biases(nll_input_gradient):
    W, x = np.array([[2.0, -1.0], [0.5, 1.0], [-1.0, 3.0]]), np.array([0.2, 0.1])
    for y in (0, 1):
        large, less = (expect(nll_input_gradient, W=W, b=b, x=x, y=y) for b in (LARGE, LESS))
        expect_unmoved(large, less, 2)
    expect_no_division_by_p(expect(nll_input_gradient, W=W, b=LESS, x=x, y=2), 2)


@check("q4a", "nll_input_gradient changes neither an argument nor an earlier result", points=0.25)
def input_gradient_no_traces(nll_input_gradient, program, rng):
    for k, d in ((3, 4), (2, 2)):
        first, other = ({**draw_layer(rng, k, d), "y": 1} for _ in range(2))
        expect_no_traces(nll_input_gradient, program, first, other)
    expect_derivative("gradient", layer_loss, nll_input_gradient, wrt=2, **first)


@check("q4a", "float32 gives float32, and integers give float64", points=0.25)
def input_gradient_dtypes(nll_input_gradient):
    W, b, x = np.array([[1, 0], [-2, 1], [0, 3]]), np.array([2, 0, -1]), np.array([1, -1])
    expect_dtypes(nll_input_gradient, partial(slope_of, layer_loss, wrt=2), W=W, b=b, x=x, y=1)


# 4(b)


def other_products(z, u):
    """Wrong products, each under a sentence for the mistake."""
    p = probabilities(z)
    return {
        "this is z^T J for the Jacobian at u: z and u are swapped.": (
            z @ numerical_jacobian(probabilities, u).value
        ),
        "this is p_j (u_j - sum_i u_i): the sum over i needs the weights p_i.": p * (u - u.sum()),
        "this is u_j - sum_i u_i p_i: the factor p_j in front is missing.": u - u @ p,
        "this is -p_j sum_i u_i p_i: the term with delta_ij is missing.": -p * (u @ p),
        "this is p_j u_j: only the term with delta_ij is there.": p * u,
    }


@check("q4b", "the product is u^T J for the numerical Jacobian J of softmax", points=1)
def product_is_with_the_jacobian(softmax_vjp, rng):
    others = {
        "log p, not p": lambda z: np.log(probabilities(z)),
        "the powers exp(z_i) alone, without their sum": lambda z: np.exp(z),
    }
    for z in LOGITS:
        u = rng.uniform(-2.0, 2.0, size=len(z))
        hints = partial(other_products, z, u)
        expect_derivative(
            "vjp", probabilities, softmax_vjp, reveal=True, instead=others, hints=hints, z=z, u=u
        )


@check("q4b", "for a unit vector it is a row of J, and for equal entries of u it is zero", points=0.5)
def rows_and_constants(softmax_vjp):
    for z in LOGITS:
        k = len(z)
        row = expect(softmax_vjp, z=z, u=np.eye(k)[1])
        others = np.delete(row.array(k), 1)
        is_row_1 = "for the unit vector u = e_1 the result is row 1 of J, all derivatives of p_1."
        if not others.any():
            raise row.wrong(
                f"{is_row_1} Yours is 0 everywhere but at 1, as if softmax worked entry by entry: p_1 "
                "depends on every logit, through the sum in the denominator."
            )
        if row.value[1] <= 0 and np.all(others < 0):
            zero = "0: the sum over i needs the weights p_i."
            raise row.wrong(
                f"{is_row_1} The one by its own logit should be positive, since p_1 rises with it; yours is "
                f"{'negative: the term with delta_ij is missing.' if row.value[1] else zero}"
            )
        if row.value[1] > 0 and np.all(others > 0):
            raise row.wrong(
                f"{is_row_1} Those by the other logits should be negative, since p_1 falls as they rise; "
                "yours are positive: the sign of the second term is wrong."
            )
        equal = expect(softmax_vjp, z=z, u=np.full(k, 3.0))
        if np.abs(equal.array(k)).max() > 1e-12:
            raise equal.wrong(
                "if all entries of u are equal, u^T J should be 0, because the probabilities always sum to 1."
            )
        different = expect(softmax_vjp, z=z, u=np.arange(k) - 0.5)
        if abs(different.array(k).sum()) > 1e-12:
            raise different.wrong(
                "the entries should sum to 0, because equal steps in all logits change no probability. Does "
                "every entry of u have the right probability as its weight?"
            )


@check("q4b", "equal steps in all logits, however large, change nothing", points=0.5)
def large_logits(softmax_vjp):
    u, z = np.array([1.0, -2.0, 0.5]), np.array([0.5, -1.0, 2.0])
    moved = expect(softmax_vjp, z=z + 3, u=u)
    if not np.allclose(moved.array(3), expect(softmax_vjp, z=z, u=u).array(3), rtol=1e-9, atol=1e-12):
        raise moved.wrong(
            "with 3 less in every logit all probabilities are the same, so the result should be the same. z "
            "holds logits, not probabilities: is the softmax missing?"
        )
    expect_unmoved(expect(softmax_vjp, z=LARGE, u=u), expect(softmax_vjp, z=LESS, u=u), 3)


@check("q4b", "softmax_vjp changes neither an argument nor an earlier result", points=0.25)
def product_no_traces(softmax_vjp, program, rng):
    for k in (5, 2):
        first, other = ({"z": rng.normal(size=k), "u": rng.uniform(-2.0, 2.0, size=k)} for _ in range(2))
        expect_no_traces(softmax_vjp, program, first, other)
    expect_derivative("vjp", probabilities, softmax_vjp, **first)


def memory_of_softmax_vjp(z, u, *, softmax_vjp):
    """The result, and whether the call takes memory for more than 100 arrays of the size of z."""
    import tracemalloc

    softmax_vjp(z[:3], u[:3])  # what is imported in the first call does not count
    tracemalloc.start()
    try:
        result = softmax_vjp(z, u)
        return result, tracemalloc.get_traced_memory()[1] > 100 * z.nbytes
    finally:
        tracemalloc.stop()


def expect_little_memory(program, z, u):
    """Expect that softmax_vjp takes memory for 100 arrays of the size of z at most, not for a matrix."""
    measured = expect(program(memory_of_softmax_vjp, "softmax_vjp"), z=z, u=u)
    product, much = measured.value
    if much:
        raise measured.wrong(
            "the call takes memory for more than 100 arrays of length k, as a k x k matrix does. Find u^T J "
            "without J: for k = 200000 that would be 320 GB."
        )
    return measured.part("the result", product)


@check("q4b", "takes memory for some arrays of length k, and for no matrix", points=0.25)
def product_without_a_matrix(softmax_vjp, program, rng):
    z, u = rng.normal(size=1000), rng.uniform(-2.0, 2.0, size=1000)
    product = expect_little_memory(program, z, u)
    along_u = slope_of(lambda t: u @ probabilities(z + t * u), np.zeros(1), wrt=0)
    expect_about(
        [product.part("the product with u", product.array(1000) @ u)], {"the product with u": along_u[0]}
    )


@check("q4b", "float32 gives float32, and integers give float64", points=0.25)
def product_dtypes(softmax_vjp):
    right = lambda z, u: u @ slope_of(probabilities, z, wrt=0)  # noqa: E731
    expect_dtypes(softmax_vjp, right, z=np.array([1, 0, -2]), u=np.array([3, -1, 2]))


# 4(c)


def with_bias(W, b, x, u, *, linear_vjp):
    """The result of linear_vjp, as a function of b too, by which gradcheck differentiates."""
    return linear_vjp(W, x, u)


def expect_layer_vjp(program, reveal=False, **given):
    """Expect dW, db and dx to be products of u with the numerical Jacobians of W x + b."""
    function, parts = program(with_bias, "linear_vjp(W, x, u)"), ("dW", "db", "dx")
    layer = lambda W, b, x: W @ x + b  # noqa: E731
    expect_derivative("vjp", layer, function, parts, wrt=(0, 1, 2), reveal=reveal, **given)


@check("q4c", "dW, db and dx are u times the numerical Jacobians of W x + b", points=1)
def layer_vjp_is_the_derivative(linear_vjp, program, rng):
    for k, d in ((3, 3), (2, 4)):
        given = draw_layer(rng, k, d)
        u = rng.uniform(1.0, 2.0, size=k) * np.where(np.arange(k) % 2, -1, 1)
        parts = expect(linear_vjp, W=given["W"], x=given["x"], u=u).parts("dW", "db", "dx")
        expect_in_order(parts, (k, d), (k,), (d,))
        expect_layer_vjp(program, **given, u=u, reveal=True)


@check("q4c", "dW is linear in x, db and dx do not depend on it", points=0.5)
def layer_vjp_in_x(linear_vjp, rng):
    W, x, u = rng.normal(size=(3, 4)), np.array([0.5, -1.0, 0.25, 2.0]), np.array([1.5, -1.0, 2.0])
    dW, db, dx = expect(linear_vjp, W=W, x=x, u=u).parts("dW", "db", "dx")
    same = db.array(3), dx.array(4)
    _, *others = expect(linear_vjp, W=W, x=-2 * x, u=u).parts("dW", "db", "dx")
    for part, before in zip(others, same, strict=True):
        if not np.allclose(part.array(*before.shape), before, rtol=1e-12):
            raise part.wrong(
                f"{part.name} does not depend on x: a linear layer has the same Jacobian everywhere."
            )
    if abs((dW.array(3, 4) * W).sum() - (dx.value * x).sum()) > 1e-12:
        raise dW.wrong(
            "the sums of W_ij dW_ij and of x_j dx_j should both be u^T W x, since z is linear in W and in x."
        )


@check("q4c", "float32 gives float32, and integers give float64", points=0.25)
def layer_vjp_dtypes(linear_vjp):
    W, x, u = np.array([[1, 2], [0, -3], [4, 1]]), np.array([2, -1]), np.array([3, -2, 1])

    def right(W, x, u):
        loss = lambda W, x: u @ (W @ x)  # noqa: E731
        return {"dW": slope_of(loss, W, x, wrt=0), "dx": slope_of(loss, W, x, wrt=1)}

    expect_dtypes(linear_vjp, right, lambda answer: answer.parts("dW", "db", "dx"), W=W, x=x, u=u)


@check("q4c", "linear_vjp changes neither an argument nor an earlier result", points=0.25)
def layer_vjp_no_traces(linear_vjp, program, rng):
    for k, d in ((3, 4), (2, 2)):
        first, other = (
            {"W": rng.normal(size=(k, d)), "x": rng.normal(size=d), "u": rng.uniform(1.0, 2.0, size=k)}
            for _ in range(2)
        )
        expect_no_traces(linear_vjp, program, first, other)
    expect_layer_vjp(program, W=first["W"], b=rng.normal(size=k), x=first["x"], u=first["u"])


# 4(d)


@check("q4d", "the product is u times the numerical derivative of max(z, 0)", points=0.5)
def relu_product_is_the_derivative(relu_vjp, rng):
    others = {
        "max(z, 0)^2 / 2: multiply by the slope of the ReLU, not by its value": lambda z: relu(z) ** 2 / 2,
        "min(z, 0): the mask is inverted": lambda z: z - relu(z),
        "|z|, whose slope is -1 where z < 0": lambda z: np.abs(z),
        "z: the slope for z < 0 is missing": lambda z: 1.0 * z,
        "a leaky ReLU, whose slope for z < 0 is 0.01": lambda z: np.where(z.real > 0, z, 0.01 * z),
        "the logistic function": lambda z: 1 / (1 + np.exp(-z)),
    }
    for n in (4, 2):
        z = rng.uniform(0.2, 2.0, size=n) * np.where(np.arange(n) % 2, -1, 1)
        u = rng.normal(size=n)
        answer = expect(relu_vjp, z=z, u=u)
        if answer.is_array((z > 0).sum()):
            raise answer.wrong(
                "the result should have an entry for each of z. For z < 0 it is 0; it is not left out."
            )
        expect_derivative("vjp", relu, relu_vjp, reveal=True, instead=others, z=z, u=u)


@check("q4d", "where z > 0 it is u, and where z is 0 it is 0", points=0.5)
def slopes_of_relu(relu_vjp):
    u = np.array([1.5, -2.0, 0.25, -0.5])
    live = expect(relu_vjp, z=np.array([1.0, 2.0, 0.5, 3.0]), u=u)
    if np.array_equal(live.array(4), np.maximum(u, 0)):
        raise live.wrong(
            "all of z is positive, so all of u should come through. The mask comes from z, not from u."
        )
    live.close(u, reveal=True)
    kink = expect(relu_vjp, z=np.array([0.0, -1.0, 0.0, 2.0]), u=u)
    if kink.is_array(4) and np.isnan(kink.value[0]):
        raise kink.wrong("at z = 0 the result is nan. Compare z with 0; do not divide by it.")
    at_zero = kink.array(4)[0]
    small = expect(relu_vjp, z=np.array([1e-15, -1e-15, 2e-10, 1.0]), u=u)
    if not at_zero and not small.array(4)[0]:
        raise small.wrong("z is small but positive at 0, so u should come through there. Compare z with 0.")
    if at_zero != 0:
        raise kink.wrong(
            "at z = 0 the slope of the ReLU counts as 0 in this homework, so the result should be 0 there; "
            f"yours is {at_zero:.6g}, which is {at_zero / u[0]:.6g} times u."
        )


@check("q4d", "float32 gives float32, and integers give float64", points=0.25)
def relu_dtypes(relu_vjp):
    expect_dtypes(
        relu_vjp, lambda z, u: u @ slope_of(relu, z, wrt=0), z=np.array([2, -1, 3]), u=np.array([-1, 4, 5])
    )


@check("q4d", "relu_vjp changes neither an argument nor an earlier result", points=0.5)
def relu_no_traces(relu_vjp, program, rng):
    for n in (6, 2):
        z = rng.uniform(0.5, 3.0, size=n) * np.where(np.arange(n) % 2, -1, 1)
        first, other = ({"z": v, "u": rng.uniform(-2.0, 2.0, size=n)} for v in (z, z[::-1].copy()))
        expect_no_traces(relu_vjp, program, first, other)
    expect_derivative("vjp", relu, relu_vjp, **first)


# 4(e)


def network_loss(weights, biases, x, y, first=lambda x: x, between=relu, last=log_loss):
    """The loss of a network; `first` is done to its input, `between` between layers, `last` at the end."""
    h = first(x)
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        h = between(W @ h + b)
    return last(weights[-1] @ h + biases[-1], y)


def network(rng, widths):
    """Weights, biases and an input of both signs. No unit is near the kink of its ReLU, not all are dead."""
    while True:
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        weights = [rng.normal(size=shape) * np.sqrt(1.5 / shape[1]) for shape in shapes]
        biases = [0.3 + 0.5 * rng.normal(size=k) for k, _ in shapes]
        x = h = rng.normal(size=widths[0])
        units = []
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            units.append(W @ h + b)
            h = relu(units[-1])
        far = all(np.abs(z).min() > 0.1 / sum(widths) and (z > 0).sum() >= min(2, len(z)) for z in units)
        if far and (len(x) == 1 or 0 < (x > 0).sum() < len(x)):
            return {"weights": weights, "biases": biases, "x": x}


def gradients_by_layer(answer):
    """The parts dW1, dW2, ..., db1, db2, ... of the answer of mlp_gradients."""
    value, depth = answer.value, len(answer.arguments["weights"])
    if isinstance(value, (tuple, list)) and len(value) == depth and all(map(_is_pair, value)):
        raise answer.wrong("return two lists, dWs and dbs, not a pair for each layer.")
    found = []
    for part in answer.parts("dWs", "dbs"):
        if not isinstance(part.value, (tuple, list)) or len(part.value) != depth:
            raise part.wrong(
                f"{part.name} should hold an array for each layer, {depth} in all; {part.yours}."
            )
        for n, gradient in enumerate(part.value):
            if gradient is None:
                raise part.wrong(f"{part.name}[{n}] is None. Is this layer left out on the way back?")
        found += part.parts(*(f"{part.name[:2]}{n}" for n in range(1, depth + 1)))
    return found


def _is_pair(value):
    pair = isinstance(value, (tuple, list)) and len(value) == 2
    return pair and [v.ndim for v in value if isinstance(v, np.ndarray)] == [2, 1]


def by_layer(*arrays, mlp_gradients):
    """The result of mlp_gradients in one tuple, as a function of W1, W2, ..., b1, b2, ..., x and y."""
    depth = len(arrays) // 2 - 1
    dWs, dbs = mlp_gradients(list(arrays[:depth]), list(arrays[depth:-2]), *arrays[-2:])
    return (*dWs, *dbs)


def loss_by_layer(loss):
    """The loss as a function of W1, W2, ..., b1, b2, ..., x and y."""
    return lambda *a: loss(*in_lists(a))


def in_lists(arrays):
    """The weights, the biases, x and y."""
    depth = len(arrays) // 2 - 1
    return arrays[:depth], arrays[depth:-2], *arrays[-2:]


def relu_without_its_derivative(*arrays, at):
    """The loss of a network with a ReLU after the last layer too, whose derivative counts as 1."""
    logits = partial(network_loss, last=lambda z, y: z)
    p = probabilities(relu(logits(*in_lists(at))))
    return (p - (np.arange(len(p)) == arrays[-1])) @ logits(*in_lists(arrays))


def expect_network_gradients(loss, mlp_gradients, program, reveal=False, instead=NO_HINTS, **given):
    """Expect dWs and dbs to be the numerical derivatives of loss(weights, biases, x, y)."""
    weights, biases, *x_and_y = given.values()
    depth = len(weights)
    parts = [part.name for part in gradients_by_layer(expect(mlp_gradients, **given))]
    names = [part[1:] for part in parts] + ["x", "y"]
    expect_derivative(
        "gradient",
        loss_by_layer(loss),
        program(by_layer, "mlp_gradients(weights, biases, x, y)"),
        parts,
        wrt=range(2 * depth),
        reveal=reveal,
        instead=instead,
        **dict(zip(names, (*weights, *biases, *x_and_y), strict=True)),
    )


@check("q4e", "the gradients are the numerical derivatives of the loss, for one to three layers", points=1.25)
def network_gradients_are_the_derivatives(mlp_gradients, program, rng):
    losses = {words: partial(network_loss, last=loss) for words, loss in OTHER_LOSSES.items()} | {
        "there is a ReLU after the last layer too": partial(
            network_loss, last=lambda z, y: log_loss(relu(z), y)
        ),
        "the ReLU is applied to x too": partial(network_loss, first=relu),
        "there is no ReLU between the layers": partial(network_loss, between=lambda z: z),
    }
    others = {words: loss_by_layer(loss) for words, loss in losses.items()} | {
        "there is a ReLU after the last layer too, without its derivative": relu_without_its_derivative,
    }
    for widths, y in (((3, 4, 3), 1), ((2, 3, 4, 2), 0), ((2, 3), 2)):
        given = network(rng, widths) | {"y": y}
        expect_network_gradients(network_loss, mlp_gradients, program, reveal=True, instead=others, **given)


@check("q4e", "below a layer whose units are all dead all gradients are zero", points=0.75)
def dead_layer(mlp_gradients, rng):
    weights, biases, x = network(rng, (3, 4, 5, 2)).values()
    biases[1] -= 100
    answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=0)
    dW1, dW2, dW3, db1, db2, db3 = gradients_by_layer(answer)
    expected = numerical_jacobian(lambda b3: log_loss(b3, 0), biases[2]).value
    if not np.allclose(db3.array(2), expected, rtol=1e-6):
        raise db3.wrong(
            "all units of layer 2 are dead, so the logits are b3, and db3 should be the gradient for these "
            f"logits, {expected[0]:.6g} and {expected[1]:.6g}; yours is not."
        )
    if dW3.array(2, 5).any():
        raise dW3.wrong(
            "all units of layer 2 are dead, so layer 3 gets zeros, and dW3 should be 0; yours is not. Is it "
            "made from what layer 3 gets, which is after the ReLU?"
        )
    for part, W_or_b in ((db2, biases[1]), (dW2, weights[1]), (db1, biases[0]), (dW1, weights[0])):
        if part.array(*W_or_b.shape).any():
            raise part.wrong(
                f"all units of layer 2 are dead, so {part.name} should be 0. Is a ReLU's derivative missing, "
                "or taken at something else than what that ReLU got?"
            )


@check("q4e", "the biases count, and logits of 3000 do no harm", points=0.5)
def network_biases(mlp_gradients):
    def gradients(b2, y):
        weights, biases = [np.zeros((2, 4)), np.zeros((3, 2))], [np.array([1.0, 2.0]), b2]
        x = np.array([1.0, -2.0, 0.5, 3.0])
        return gradients_by_layer(expect(mlp_gradients, weights=weights, biases=biases, x=x, y=y))

    db2 = gradients(np.array([40.0, 0.0, 0.0]), 0)[3]
    if np.abs(db2.array(3)).max() > 1e-9:
        raise db2.wrong(
            "all weights are zero and b2 is (40, 0, 0), so the label 0 is certain and every gradient should "
            "be close to 0. Your db2 is not: are the biases added in the forward pass?"
        )
    shapes = ((2, 4), (3, 2), (2,), (3,))
    for large, less, shape in zip(gradients(LARGE, 1), gradients(LESS, 1), shapes, strict=True):
        expect_unmoved(large, less, *shape)


@check("q4e", "a first layer twice as large and a second half as large give the same loss", points=0.5)
def rescaled_layers(mlp_gradients, rng):
    weights, biases, x = network(rng, (4, 3, 5, 2)).values()
    rescaled = [2 * weights[0], weights[1] / 2, weights[2]], [2 * biases[0], biases[1], biases[2]]
    first = gradients_by_layer(expect(mlp_gradients, weights=weights, biases=biases, x=x, y=1))
    second = gradients_by_layer(expect(mlp_gradients, weights=rescaled[0], biases=rescaled[1], x=x, y=1))
    factors = (0.5, 2, 1, 0.5, 1, 1)
    for before, after, like, factor in zip(first, second, (*weights, *biases), factors, strict=True):
        g, G = before.array(*like.shape), after.array(*like.shape)
        if not np.allclose(G, factor * g, rtol=1e-9, atol=1e-12):
            stale = " It has not changed: is it made from activations of an earlier call?"
            raise after.wrong(
                "W1 and b1 are twice those of the call before, W2 is half, and the loss is the same, so "
                f"{after.name} should be {factor:g} times what it was.{stale if np.array_equal(G, g) else ''}"
            )


@check("q4e", "mlp_gradients changes neither an argument nor an earlier result", points=0.5)
def network_no_traces(mlp_gradients, program, rng):
    first, other = ({**network(rng, (3, 2, 4, 2)), "y": 1} for _ in range(2))
    other["x"] = first["x"]
    expect_no_traces(mlp_gradients, program, first, other)
    expect_no_traces(mlp_gradients, program, other, first)
    expect_network_gradients(network_loss, mlp_gradients, program, **first)


def first_and_last_slopes(weights, biases, x, y):
    """The numerical derivatives of the loss with respect to the first weights and the last biases."""

    def loss(W, b):
        return network_loss([W, *weights[1:]], [*biases[:-1], b], x, y)

    W, b = weights[0], biases[-1]
    return {"dW1": slope_of(loss, W, b, wrt=0), f"db{len(biases)}": slope_of(loss, W, b, wrt=1)}


@check("q4e", "twice as many layers take about twice as many lines of Python", points=0.25)
def network_in_few_lines(mlp_gradients, rng):
    weights, biases = [np.eye(3) + 0.1 * rng.normal(size=(3, 3)) for _ in range(16)], [np.ones(3)] * 16
    asked = "Is there a loop that never ends, or does each layer go through all layers below it twice?"
    given = {"weights": weights, "biases": biases, "x": np.ones(3), "y": 1}
    answer = expect_few_lines(20_000, asked, mlp_gradients, **given)
    expect_about(gradients_by_layer(answer), first_and_last_slopes(**given))


@check("q4e", "float32 gives float32, and integers give float64", points=0.25)
def network_dtypes(mlp_gradients):
    weights = [np.array([[1, 0], [-2, 1], [1, 3]]), np.array([[2, -1, 1], [0, 1, 1]])]
    biases, x = [np.array([1, 2, -1]), np.array([0, 1])], np.array([1, 2])
    function, right = mlp_gradients, first_and_last_slopes
    expect_dtypes(function, right, gradients_by_layer, weights=weights, biases=biases, x=x, y=1)
