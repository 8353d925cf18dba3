"""Problem 4, the public checks. They hold an answer against identities and numerical derivatives."""

from functools import partial

import numpy as np

import gradcheck
from checking.boundary import Proxy, Reply
from checking.expectations import EMPTY, expect, expect_derivative
from checking.traces import expect_no_traces
from public_checks import check, uses

uses("q4a", "q3a", "q3b", "q3c", "q3e")
uses("q4b", "q3a", "q3b")
uses("q4e", "q3a", "q3e", "q4a", "q4b", "q4c", "q4d")

LOGITS = (np.array([0.5, -1.0, 2.0, 0.0]), np.array([3.0, 1.0]), np.linspace(-2.0, 2.0, 9))
LARGE, LESS = np.array([3000.0, 2999.0, -3000.0]), np.array([1.0, 0.0, -5999.0])


# What is differentiated. All of it takes complex numbers too, for gradcheck's complex steps.


def softmax(z):
    powers = np.exp(z - z.real.max())
    return powers / powers.sum()


def log_loss(z, y):
    shifted = z - z.real.max()
    return np.log(np.exp(shifted).sum()) - shifted[y]


def layer_loss(W, b, x, y):
    return log_loss(W @ x + b, y)


def relu(z):
    return np.where(z.real > 0, z, 0)


def network_loss(weights, biases, x, y, first=lambda x: x, between=relu, last=log_loss):
    """The loss of a network; `first` is done to its input, `between` between layers, `last` at the end."""
    h = first(x)
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        h = between(W @ h + b)
    return last(weights[-1] @ h + biases[-1], y)


def squared_error(z, y):
    e_y = np.arange(len(z)) == y
    return ((softmax(z) - e_y) ** 2).sum() / 2


def without_label(z, y):
    return log_loss(z, y) + z[y]


def probability(z, y):
    return -softmax(z)[y]


LOSSES = {
    "of log sum_j exp(z_j) alone, without the logit of the label": without_label,
    "of half the squared error |p - e_y|^2": squared_error,
    "of -p_y, without the logarithm": probability,
}


def is_array(answer, *shape):
    """Whether an answer is an array of real numbers of this shape, finite or not."""
    value = answer.value
    return isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind in "fiu"


def overflowed(answer, *shape):
    """The failure of an answer that is not finite because a logit was too large for exp, or None."""
    if not is_array(answer, *shape) or np.isfinite(answer.value).all():
        return None
    found = answer.value[~np.isfinite(answer.value)][0]
    return answer.wrong(
        f"{answer.name} is {found}: exp overflows. The softmax is the same when the largest logit is "
        "subtracted from all of them first."
    )


# 4(a)


@check("q4a", "the gradient is the numerical derivative of the loss", points=1)
def input_gradient_is_the_derivative(nll_input_gradient, rng):
    for k, d, y in ((3, 3, 1), (5, 2, 3), (2, 4, 0)):
        W, b, x = rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=d)
        expect_derivative(
            "gradient",
            layer_loss,
            nll_input_gradient,
            wrt=2,
            reveal=True,
            instead={name: lambda W, b, x, y, loss=loss: loss(W @ x + b, y) for name, loss in LOSSES.items()},
            W=W,
            b=b,
            x=x,
            y=y,
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
    if g[0] == 0:
        return
    said = (
        "column 0 of W is zero, so x[0] changes no logit, and the derivative by it has to be 0; "
        f"yours is {g[0]:.4g}."
    )
    if g[1] == 0:
        said += " Entry 1 is 0, and row 1 of W is zero: is it W where its transpose has to be?"
    elif abs(g.sum()) < 1e-9:
        said += (
            " Your entries sum to 0, as those of the gradient with respect to the logits z do: the step from "
            "z to x is missing."
        )
    raise answer.wrong(said)


@check("q4a", "equal steps in all biases, however large, change nothing", points=0.25)
def large_biases(nll_input_gradient):
    given = {"W": np.array([[2.0, -1.0], [0.5, 1.0], [-1.0, 3.0]]), "x": np.array([0.2, 0.1])}
    W, x = given.values()
    for y in (0, 1):
        less = expect(nll_input_gradient, W=W, b=LESS, x=x, y=y).array(2)
        answer = expect(nll_input_gradient, W=W, b=LARGE, x=x, y=y)
        failure = overflowed(answer, 2)
        if failure is not None:
            raise failure
        if not np.allclose(answer.array(2), less, rtol=1e-9, atol=1e-9):
            raise answer.wrong(
                "with 2999 less in every bias all probabilities are the same, so the gradient has to be; "
                "yours is another one. Are large logits cut off?"
            )


@check("q4a", "nll_input_gradient changes neither an argument nor an earlier result", points=0.25)
def input_gradient_no_traces(nll_input_gradient, program, rng):
    for k, d in ((3, 4), (2, 2)):
        first, other = (
            {"W": rng.normal(size=(k, d)), "b": rng.normal(size=k), "x": rng.normal(size=d), "y": 1}
            for _ in range(2)
        )
        expect_no_traces(nll_input_gradient, program, first, other)
        expect_derivative("gradient", layer_loss, nll_input_gradient, wrt=2, **first)


# 4(b)


@check("q4b", "the product is u^T J for the numerical Jacobian J of softmax", points=1)
def product_is_with_the_jacobian(softmax_vjp, rng):
    instead = {
        "of log p, not of p": lambda z: z - z.real.max() - np.log(np.exp(z - z.real.max()).sum()),
        "of the powers exp(z_i) by themselves, without their sum": lambda z: np.exp(z - z.real.max()),
    }
    for z in LOGITS:
        u = rng.uniform(-2.0, 2.0, size=len(z))
        answer = expect(softmax_vjp, z=z, u=u)
        swapped = z @ gradcheck.numerical_jacobian(softmax, u).value
        if is_array(answer, len(z)) and np.allclose(answer.value, swapped, rtol=1e-6):
            raise answer.wrong("this is z^T J for the Jacobian at u: z and u are in each other's place.")
        expect_derivative("vjp", softmax, softmax_vjp, reveal=True, instead=instead, z=z, u=u)


@check("q4b", "for a unit vector it is a row of J, and for equal entries of u it is zero", points=0.5)
def rows_and_constants(softmax_vjp):
    for z in LOGITS:
        k = len(z)
        row = expect(softmax_vjp, z=z, u=np.eye(k)[1])
        others = np.delete(row.array(k), 1)
        is_row_1 = (
            "for the unit vector u = e_1 the result is row 1 of J, the derivatives of p_1 by every logit."
        )
        if not others.any():
            raise row.wrong(
                f"{is_row_1} Yours is 0 everywhere but at 1, as if softmax worked entry by entry: p_1 "
                "depends on every logit, through the sum in the denominator."
            )
        if row.value[1] <= 0 and np.all(others < 0):
            raise row.wrong(
                f"{is_row_1} That by its own logit has to be positive, since p_1 rises with it; yours is "
                "not: the term with delta_ij is missing."
            )
        if row.value[1] > 0 and np.all(others > 0):
            raise row.wrong(
                f"{is_row_1} Those by the other logits have to be negative, since p_1 falls as they rise; "
                "yours are positive: the sign of the second term is wrong."
            )
        equal = expect(softmax_vjp, z=z, u=np.full(k, 3.0))
        if np.abs(equal.array(k)).max() > 1e-12:
            raise equal.wrong(
                "if all entries of u are equal, u^T J has to be 0, because the probabilities always sum to "
                "1; yours is not."
            )
        different = expect(softmax_vjp, z=z, u=np.arange(k) - 0.5)
        if abs(different.array(k).sum()) > 1e-12:
            raise different.wrong(
                "the entries have to sum to 0, because equal steps in all logits change no probability; "
                f"yours sum to {different.value.sum():.4g}. Has every entry of u the right probability as "
                "its weight?"
            )


@check("q4b", "equal steps in all logits, however large, change nothing", points=0.5)
def large_logits(softmax_vjp):
    u = np.array([1.0, -2.0, 0.5])
    z = np.array([0.5, -1.0, 2.0])
    moved = expect(softmax_vjp, z=z + 3, u=u)
    if not np.allclose(moved.array(3), expect(softmax_vjp, z=z, u=u).array(3), rtol=1e-9, atol=1e-12):
        raise moved.wrong(
            "with 3 less in every logit all probabilities are the same, so the result has to be; yours is "
            "another one. z holds logits, not probabilities: is the softmax missing?"
        )
    answer = expect(softmax_vjp, z=LARGE, u=u)
    failure = overflowed(answer, 3)
    if failure is not None:
        raise failure
    if not np.allclose(answer.array(3), expect(softmax_vjp, z=LESS, u=u).array(3), rtol=1e-9, atol=1e-9):
        raise answer.wrong(
            "with 2999 less in every logit all probabilities are the same, so the result has to be; yours is "
            "another one. Are large logits cut off?"
        )


@check("q4b", "softmax_vjp changes neither an argument nor an earlier result", points=0.25)
def product_no_traces(softmax_vjp, program, rng):
    for k in (5, 2):
        first, other = ({"z": rng.normal(size=k), "u": rng.uniform(-2.0, 2.0, size=k)} for _ in range(2))
        expect_no_traces(softmax_vjp, program, first, other)
        expect_derivative("vjp", softmax, softmax_vjp, **first)


# 4(c)


def with_bias(linear_vjp):
    """The student's function as one of W, b, x and u: gradcheck differentiates by b as well."""

    def send(arguments, limits):
        W, _, x, u = arguments
        return Reply(expect(linear_vjp, limits=limits, W=W, x=x, u=u).value, arguments)

    return Proxy(linear_vjp.name, send)


def expect_layer_vjp(linear_vjp, W, b, x, u, reveal=False):
    """Expect dW, db and dx to be products of u with the numerical Jacobians of W x + b."""
    expect_derivative(
        "vjp",
        lambda W, b, x: W @ x + b,
        with_bias(linear_vjp),
        ("dW", "db", "dx"),
        wrt=(0, 1, 2),
        reveal=reveal,
        call="linear_vjp(W, x, u)",
        W=W,
        b=b,
        x=x,
        u=u,
    )


@check("q4c", "dW, db and dx are u times the numerical Jacobians of W x + b", points=1)
def layer_vjp_is_the_derivative(linear_vjp, rng):
    for k, d in ((3, 3), (2, 4), (5, 3)):
        W, b, x = rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=d)
        u = rng.uniform(1.0, 2.0, size=k) * np.where(np.arange(k) % 2, -1, 1)
        expect_layer_vjp(linear_vjp, W, b, x, u, reveal=True)


@check("q4c", "dW is linear in x, db and dx do not depend on it", points=0.5)
def layer_vjp_in_x(linear_vjp, rng):
    W, x, u = rng.normal(size=(3, 4)), np.array([0.5, -1.0, 0.25, 2.0]), np.array([1.5, -1.0, 2.0])
    dW, db, dx = expect(linear_vjp, W=W, x=x, u=u).parts("dW", "db", "dx")
    same = db.array(3), dx.array(4)
    _, *others = expect(linear_vjp, W=W, x=-2 * x, u=u).parts("dW", "db", "dx")
    for part, before in zip(others, same, strict=True):
        if not np.allclose(part.array(*before.shape), before, rtol=1e-12):
            raise part.wrong(
                f"{part.name} does not depend on x, since a linear layer has the same Jacobian everywhere; "
                "yours changes with x."
            )
    if abs((dW.array(3, 4) * W).sum() - (dx.value * x).sum()) > 1e-12:
        raise dW.wrong(
            "z is linear in W, and in x, so the sum of W_ij dW_ij and that of x_j dx_j are both u^T W x; "
            "yours differ."
        )


@check("q4c", "float32 gives float32, and whole numbers give float64", points=0.25)
def layer_vjp_dtypes(linear_vjp):
    W, x, u = np.array([[1, 2], [0, -3], [4, 1]]), np.array([2, -1]), np.array([3, -2, 1])
    for given, dtype in ((np.float32, np.float32), (np.int64, np.float64)):
        answer = expect(linear_vjp, W=W.astype(given), x=x.astype(given), u=u.astype(given))
        for part in answer.parts("dW", "db", "dx"):
            part.of_dtype(dtype)


@check("q4c", "linear_vjp changes neither an argument nor an earlier result", points=0.25)
def layer_vjp_no_traces(linear_vjp, program, rng):
    for k, d in ((3, 4), (2, 2)):
        first, other = (
            {"W": rng.normal(size=(k, d)), "x": rng.normal(size=d), "u": rng.uniform(1.0, 2.0, size=k)}
            for _ in range(2)
        )
        expect_no_traces(linear_vjp, program, first, other)
        expect_layer_vjp(linear_vjp, b=rng.normal(size=k), **first)


# 4(d)


@check("q4d", "the product is u times the numerical derivative of max(z, 0)", points=0.5)
def relu_product_is_the_derivative(relu_vjp, rng):
    instead = {
        "of max(z, 0)^2 / 2: multiply by the slope of the ReLU, not by its value": lambda z: relu(z) ** 2 / 2,
        "of min(z, 0): the mask is inverted": lambda z: z - relu(z),
        "of |z|, whose slope is -1 where z < 0": lambda z: np.abs(z),
        "of z: the slope for z < 0 is missing": lambda z: 1.0 * z,
        "of a leaky ReLU, whose slope for z < 0 is 0.01": lambda z: np.where(z.real > 0, z, 0.01 * z),
        "of the logistic function": lambda z: 1 / (1 + np.exp(-z)),
    }
    for n in (4, 2, 7):
        z = rng.uniform(0.2, 2.0, size=n) * np.where(np.arange(n) % 2, -1, 1)
        u = rng.normal(size=n)
        answer = expect(relu_vjp, z=z, u=u)
        if is_array(answer, (z > 0).sum()):
            raise answer.wrong(
                f"the result has to have an entry for each of z, {n} of them; yours has {len(answer.value)}. "
                "Where z < 0 the entry is 0; it is not left out."
            )
        expect_derivative("vjp", relu, relu_vjp, reveal=True, instead=instead, z=z, u=u)


@check("q4d", "where z > 0 it is u, and where z is 0 it is 0", points=0.5)
def slopes_of_relu(relu_vjp):
    u = np.array([1.5, -2.0, 0.25, -0.5])
    live = expect(relu_vjp, z=np.array([1.0, 2.0, 0.5, 3.0]), u=u)
    if np.array_equal(live.array(4), np.maximum(u, 0)):
        raise live.wrong(
            "all of z is positive, so all of u has to come through; yours is 0 where u is negative. The mask "
            "comes from z, not from u."
        )
    live.close(u, reveal=True)
    kink = expect(relu_vjp, z=np.array([0.0, -1.0, 0.0, 2.0]), u=u)
    if is_array(kink, 4) and np.isnan(kink.value[0]):
        raise kink.wrong("at z = 0 the result is nan. Compare z with 0; do not divide by it.")
    at_zero = kink.array(4)[0]
    if at_zero != 0:
        raise kink.wrong(
            "at z = 0 the slope of the ReLU counts as 0 in this homework, so the result has to be 0 there; "
            f"yours is {at_zero:.6g}, which is {at_zero / u[0]:.6g} times u."
        )


@check("q4d", "float32 gives float32, and whole numbers give float64", points=0.25)
def relu_dtypes(relu_vjp):
    z, u = np.array([2, -1, 3]), np.array([-1, 4, 5])
    for given, dtype in ((np.float32, np.float32), (np.int64, np.float64)):
        expect(relu_vjp, z=z.astype(given), u=u.astype(given)).of_dtype(dtype)


@check("q4d", "relu_vjp changes neither an argument nor an earlier result", points=0.5)
def relu_no_traces(relu_vjp, program, rng):
    for n in (6, 2):
        z = rng.uniform(0.5, 3.0, size=n) * np.where(np.arange(n) % 2, -1, 1)
        first, other = ({"z": v, "u": rng.uniform(-2.0, 2.0, size=n)} for v in (z, z[::-1].copy()))
        expect_no_traces(relu_vjp, program, first, other)
        expect_derivative("vjp", relu, relu_vjp, **first)


# 4(e)


def network(rng, widths):
    """Weights, biases and an input of both signs. No unit is near the kink of its ReLU, not all are dead."""
    while True:
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        weights = [rng.normal(size=shape) * np.sqrt(1.5 / shape[1]) for shape in shapes]
        biases = [0.3 + 0.5 * rng.normal(size=k) for k, _ in shapes]
        x = h = rng.normal(size=widths[0])
        far, live = True, len(x) == 1 or 0 < (x > 0).sum() < len(x)
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            z = W @ h + b
            far = far and np.abs(z).min() > 0.1 / sum(widths)
            live = live and (z > 0).sum() >= min(2, len(z))
            h = np.maximum(z, 0)
        if far and live:
            return weights, biases, x


def by_layer(depth):
    """The names of the gradients: those of the weights, and those of the biases."""
    return [f"dW{n}" for n in range(1, depth + 1)], [f"db{n}" for n in range(1, depth + 1)]


def gradients_by_layer(answer, depth):
    """The parts dW1, dW2, ..., db1, db2, ... of what mlp_gradients returned."""
    value = answer.value
    if isinstance(value, (tuple, list)) and len(value) == depth and all(map(_is_pair, value)):
        raise answer.wrong(
            "yours is a pair for each layer; return two lists, dWs and dbs, with an array for each layer."
        )
    found = []
    for part, names in zip(answer.parts("dWs", "dbs"), by_layer(depth), strict=True):
        if not isinstance(part.value, (tuple, list)):
            raise part.wrong(f"{part.name} has to be a list with an array for each layer; yours is no list.")
        if len(part.value) != depth:
            raise part.wrong(
                f"{part.name} has to hold an array for each layer, so {depth} in all; yours holds "
                f"{len(part.value)}."
            )
        found += part.parts(*names)
    return found


def _is_pair(value):
    pair = isinstance(value, (tuple, list)) and len(value) == 2
    return pair and [v.ndim for v in value if isinstance(v, np.ndarray)] == [2, 1]


def _flat(function, depth):
    """A function of a network as one of W1, W2, ..., b1, b2, ..., x and y."""
    return lambda *a: function(list(a[:depth]), list(a[depth : 2 * depth]), *a[2 * depth :])


def _flat_proxy(mlp_gradients, depth):
    """The student's function in the same way; it returns dW1, dW2, ..., db1, db2, ..."""

    def send(arguments, limits):
        def call(weights, biases, x, y):
            answer = expect(mlp_gradients, limits=limits, weights=weights, biases=biases, x=x, y=y)
            return tuple(part.value for part in gradients_by_layer(answer, depth))

        return Reply(_flat(call, depth)(*arguments), arguments)

    return Proxy(mlp_gradients.name, send)


def expect_network_gradients(loss, mlp_gradients, weights, biases, x, y, reveal=False, instead=EMPTY):
    """Expect dWs and dbs to be the numerical derivatives of loss(weights, biases, x, y)."""
    depth = len(weights)
    arguments = {f"W{n}": W for n, W in enumerate(weights, 1)}
    arguments |= {f"b{n}": b for n, b in enumerate(biases, 1)}
    arguments |= {"x": x, "y": y}
    expect_derivative(
        "gradient",
        _flat(loss, depth),
        _flat_proxy(mlp_gradients, depth),
        [name for names in by_layer(depth) for name in names],
        wrt=range(2 * depth),
        reveal=reveal,
        instead={name: _flat(function, depth) for name, function in instead.items()},
        call="mlp_gradients(weights, biases, x, y)",
        **arguments,
    )


@check("q4e", "the gradients are the numerical derivatives of the loss, for one to three layers", points=1.25)
def network_gradients_are_the_derivatives(mlp_gradients, rng):
    instead = {
        "there is a ReLU after the last layer too": partial(
            network_loss, last=lambda z, y: log_loss(relu(z), y)
        ),
        "the ReLU is applied to x too": partial(network_loss, first=relu),
        "there is no ReLU between the layers": partial(network_loss, between=lambda z: z),
    }
    instead |= {name: partial(network_loss, last=last) for name, last in LOSSES.items()}
    for widths, y in (((3, 5, 4), 1), ((2, 5, 4, 3), 0), ((4, 3), 2)):
        weights, biases, x = network(rng, widths)
        expect_network_gradients(
            network_loss, mlp_gradients, weights, biases, x, y, reveal=True, instead=instead
        )


@check("q4e", "below a layer whose units are all dead all gradients are zero", points=0.75)
def dead_layer(mlp_gradients, rng):
    weights, biases, x = network(rng, (3, 4, 5, 2))
    biases[1] -= 100
    answer = expect(mlp_gradients, weights=weights, biases=biases, x=x, y=0)
    dW1, dW2, dW3, db1, db2, db3 = gradients_by_layer(answer, 3)
    expected = gradcheck.numerical_jacobian(lambda b3: log_loss(b3, 0), biases[2]).value
    if not np.allclose(db3.array(2), expected, rtol=1e-6):
        raise db3.wrong(
            "all units of layer 2 are dead, so the logits are b3, and db3 has to be the gradient for these "
            f"logits, {expected[0]:.6g} and {expected[1]:.6g}; yours is not."
        )
    if dW3.array(2, 5).any():
        raise dW3.wrong(
            "all units of layer 2 are dead, so layer 3 gets zeros, and dW3 has to be 0; yours is not. Is it "
            "made from what layer 3 gets, which is after the ReLU?"
        )
    for part, W_or_b in ((db2, biases[1]), (dW2, weights[1]), (db1, biases[0]), (dW1, weights[0])):
        if part.array(*W_or_b.shape).any():
            raise part.wrong(
                f"all units of layer 2 are dead, so a step in {part.name[1:]} changes nothing, and "
                f"{part.name} has to be 0; yours is not. Is a ReLU's derivative missing, or taken at "
                "something else than what that ReLU got?"
            )


@check("q4e", "the biases count, and logits of 3000 do no harm", points=0.5)
def network_biases(mlp_gradients):
    weights = [np.zeros((2, 4)), np.zeros((3, 2))]
    given = {"weights": weights, "x": np.array([1.0, -2.0, 0.5, 3.0])}
    W, x = given.values()
    hidden = np.array([1.0, 2.0])
    certain = expect(mlp_gradients, weights=W, biases=[hidden, np.array([40.0, 0.0, 0.0])], x=x, y=0)
    db2 = gradients_by_layer(certain, 2)[3]
    if np.abs(db2.array(3)).max() > 1e-9:
        raise db2.wrong(
            "all weights are zero and b2 is (40, 0, 0), so the label 0 is certain and nothing is left to "
            "gain: every gradient has to be close to 0. Your db2 is not: are the biases added in the "
            "forward pass?"
        )
    expected = gradients_by_layer(expect(mlp_gradients, weights=W, biases=[hidden, LESS], x=x, y=1), 2)
    parts = gradients_by_layer(expect(mlp_gradients, weights=W, biases=[hidden, LARGE], x=x, y=1), 2)
    for part, less, shape in zip(parts, expected, ((2, 4), (3, 2), (2,), (3,)), strict=True):
        failure = overflowed(part, *shape)
        if failure is not None:
            raise failure
        if not np.allclose(part.array(*shape), less.array(*shape), rtol=1e-9, atol=1e-9):
            raise part.wrong(
                "with 2999 less in every entry of b2 all probabilities are the same, so all gradients have "
                f"to be; your {part.name} is another one. Are large logits cut off?"
            )


@check("q4e", "a first layer twice as large and a second half as large give the same loss", points=0.5)
def rescaled_layers(mlp_gradients, rng):
    weights, biases, x = network(rng, (4, 3, 5, 2))
    first = gradients_by_layer(expect(mlp_gradients, weights=weights, biases=biases, x=x, y=1), 3)
    rescaled = [2 * weights[0], weights[1] / 2, weights[2]], [2 * biases[0], biases[1], biases[2]]
    second = gradients_by_layer(expect(mlp_gradients, weights=rescaled[0], biases=rescaled[1], x=x, y=1), 3)
    factors = (0.5, 2, 1, 0.5, 1, 1)
    for before, after, like, factor in zip(first, second, (*weights, *biases), factors, strict=True):
        g, G = before.array(*like.shape), after.array(*like.shape)
        if np.allclose(G, factor * g, rtol=1e-9, atol=1e-12):
            continue
        said = (
            "W1 and b1 are twice those of the call before, W2 is half, and the loss is the same, so "
            f"{after.name} has to be {factor:g} times what it was; yours is not."
        )
        if np.array_equal(G, g):
            said += " It has not changed: is it made from activations of an earlier call?"
        raise after.wrong(said)


@check("q4e", "mlp_gradients changes neither an argument nor an earlier result", points=0.5)
def network_no_traces(mlp_gradients, program, rng):
    first, other = (
        dict(zip(("weights", "biases", "x"), network(rng, (4, 3, 5, 2)), strict=True)) for _ in "ab"
    )
    other["x"] = first["x"]
    for given, following in ((first, other), (other, first)):
        expect_no_traces(mlp_gradients, program, {**given, "y": 1}, {**following, "y": 1})
    expect_network_gradients(network_loss, mlp_gradients, **first, y=1)
