"""Problem 4: mistakes and correct variants."""

import numpy as np

import solutions.p4_input as reference
from autograder.mistakes import edit, mistake, variant
from solutions.p4_input import linear_vjp, mlp_loss, nll_input_gradient, relu_vjp, softmax_vjp

# 4(a) nll_input_gradient


def nll_input_gradient(W, b, x, y):
    z = W @ x + b
    p = np.exp(z - z.max())
    p /= p.sum()
    p[y] -= 1
    return W.T @ p


right_input_gradient = nll_input_gradient


mistake("q4a", "the wrong sign", says="It has the wrong sign")(
    edit(right_input_gradient, ("return W.T @ p", "return -W.T @ p"))
)
mistake("q4a", "W instead of its transpose", says="did you use W instead of its transpose?")(
    edit(right_input_gradient, ("return W.T @ p", "return W @ p"))
)
mistake("q4a", "the label is not subtracted", says="without the logit of the label")(
    edit(right_input_gradient, ("    p[y] -= 1\n", ""))
)
mistake("q4a", "the label is off by one", says="the label is off by one")(
    edit(right_input_gradient, ("p[y] -= 1", "p[y - 1] -= 1"))
)
mistake("q4a", "the bias is left out of the logits", says="with b set to zero: is it left out?")(
    edit(right_input_gradient, ("z = W @ x + b", "z = W @ x"))
)
mistake("q4a", "the largest logit is not subtracted, so that exp overflows", says="exp overflows")(
    edit(right_input_gradient, ("z = W @ x + b\n    p = np.exp(z - z.max())", "p = np.exp(W @ x + b)"))
)
mistake("q4a", "logits are clipped to keep exp from overflowing", says="Are large logits cut off?")(
    edit(
        right_input_gradient,
        ("z = W @ x + b\n    p = np.exp(z - z.max())", "p = np.exp(np.clip(W @ x + b, -500, 500))"),
    )
)
mistake("q4a", "only the logit of the label counts", says="The other rows count too")(
    edit(right_input_gradient, ("p[y] -= 1\n    return W.T @ p", "return (p[y] - 1) * W[y]"))
)


@mistake("q4a", "multiplied by the Jacobian of softmax once more", says="half the squared error")
def nll_input_gradient(W, b, x, y):
    z = W @ x + b
    p = np.exp(z - z.max())
    p /= p.sum()
    delta = p.copy()
    delta[y] -= 1
    return W.T @ (p * (delta - delta @ p))


@mistake("q4a", "the gradient of -p_y, without the logarithm", says="-p_y, without the logarithm")
def nll_input_gradient(W, b, x, y):
    z = W @ x + b
    p = np.exp(z - z.max())
    p /= p.sum()
    delta = p.copy()
    delta[y] -= 1
    return W.T @ (p[y] * delta)


mistake("q4a", "the gradient with respect to the logits", says="the step from z to x is missing")(
    edit(right_input_gradient, ("return W.T @ p", "return p"))
)
mistake("q4a", "the mean over the classes instead of the sum", says="is a mean taken twice, or of a sum?")(
    edit(right_input_gradient, ("return W.T @ p", "return (W * p[:, None]).mean(axis=0)"))
)


@mistake("q4a", "forward differences instead of the derivation", says="is it an approximation?")
def nll_input_gradient(W, b, x, y):
    x = 1.0 * x
    h = x.dtype.type(1e-6 if x.dtype == np.float64 else 1e-3)
    dx = np.zeros_like(x)
    for j in range(len(x)):
        moved = x.copy()
        moved[j] += h
        dx[j] = (mlp_loss([W], [b], moved, y) - mlp_loss([W], [b], x, y)) / h
    return dx


mistake("q4a", "computes in float32", says="It has been rounded to float32")(
    edit(
        right_input_gradient,
        ("z = W @ x + b", "z = (W @ x + b).astype(np.float32)"),
        ("return W.T @ p", "return W.T.astype(np.float32) @ p"),
    )
)
mistake(
    "q4a", "always returns float64", says="has dtype float64", fails=("input_gradient_dtypes",), costs=0.5
)(edit(right_input_gradient, ("p[y] -= 1\n    return W.T @ p", "return W.T @ (p - np.eye(len(p))[y])")))
mistake("q4a", "the result is a column of shape (d, 1)", says="but the shape should be")(
    edit(right_input_gradient, ("z = W @ x + b", "z = (W @ x + b).reshape(-1, 1)"))
)
mistake(
    "q4a",
    "adds W x to the bias in place, where the bias is changed",
    says="changes its argument b",
    fails=("input_gradient_no_traces",),
    costs=0.25,
)(edit(right_input_gradient, ("z = W @ x + b", "b += W @ x"), ("z - z.max", "b - b.max")))
mistake("q4a", "no return", says="Did you forget a return?")(
    edit(right_input_gradient, ("return W.T @ p", "W.T @ p"))
)


# 4(b) softmax_vjp


mistake("q4b", "u is ignored", says="It does not depend on the vector")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return p * (1 - p)"))
)
mistake(
    "q4b", "only the diagonal, as if softmax worked entry by entry", says="softmax worked entry by entry"
)(edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return u * p * (1 - p)")))
mistake("q4b", "the sum's derivative is missing: only u p", says="through the sum in the denominator")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return u * p"))
)
mistake("q4b", "the sign of the second term is wrong", says="the sign of the second term is wrong")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return p * (u + u @ p)"))
)
mistake("q4b", "the first term is missing", says="the term with delta_ij is missing")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return -p * (u @ p)"))
)
mistake(
    "q4b", "the sum of u instead of its mean with the weights p", says="the sum over i needs the weights p_i"
)(edit(reference.softmax_vjp, ("u @ p", "u.sum()")))
mistake("q4b", "the factor p is missing", says="the factor p_j in front is missing")(
    edit(reference.softmax_vjp, ("p * (u - u @ p)", "u - u @ p"))
)
mistake("q4b", "the whole has the wrong sign", says="It has the wrong sign")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return p * (u @ p - u)"))
)


@mistake("q4b", "the logits are taken for probabilities", says="is the softmax missing?")
def softmax_vjp(z, u):
    return z * (1.0 * u - u @ z)


@mistake("q4b", "z and u are swapped", says="z and u are swapped")
def softmax_vjp(z, u):
    p = np.exp(u - u.max())
    p /= p.sum()
    return p * (z - z @ p)


mistake("q4b", "the largest logit is not subtracted, so that exp overflows", says="exp overflows")(
    edit(reference.softmax_vjp, ("z - z.max()", "z"))
)
mistake("q4b", "logits are clipped to keep exp from overflowing", says="Are large logits cut off?")(
    edit(reference.softmax_vjp, ("z - z.max()", "np.clip(z, -500, 500)"))
)
mistake(
    "q4b", "the plain mean of u instead of the weighted one", says="the right probability as its weight?"
)(edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return p * (u - u.mean(dtype=p.dtype))")))
mistake("q4b", "the factor u is missing in the second term", says="for zero it is not zero")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return p * (u - (p @ p))"))
)
mistake("q4b", "the Jacobian of log softmax", says="log p, not p")(
    edit(reference.softmax_vjp, ("return p * (u - u @ p)", "return u - p * u.sum()"))
)


@mistake("q4b", "the whole Jacobian is formed", says="as a k x k matrix does")
def softmax_vjp(z, u):
    p = np.exp(z - z.max())
    p /= p.sum()
    return u.astype(p.dtype) @ (np.diag(p) - np.outer(p, p))


@mistake(
    "q4b",
    "one column of the Jacobian at a time, in quadratic time",
    hidden_only="one row or column at a time, passes the public checks",
)
def softmax_vjp(z, u):
    p = np.exp(z - z.max())
    p /= p.sum()
    out = np.empty_like(p)
    for j in range(len(p)):
        column = -p * p[j]
        column[j] += p[j]
        out[j] = column @ u
    return out


@mistake("q4b", "computes in float32", says="It has been rounded to float32")
def softmax_vjp(z, u):
    p = np.exp((z - z.max()).astype(np.float32))
    p /= p.sum()
    u = u.astype(np.float32)
    return p * (u - u @ p)


mistake("q4b", "always returns float64", says="has dtype float64", fails=("product_dtypes",), costs=0.5)(
    edit(reference.softmax_vjp, ("z - z.max", "z.astype(float) - z.max"))
)


@mistake(
    "q4b",
    "works in u, which changes",
    says="changes its argument u",
    fails=("product_no_traces",),
    costs=0.25,
)
def softmax_vjp(z, u):
    p = np.exp(z - z.max())
    p /= p.sum()
    if u.dtype.kind == "i":
        u = u.astype(float)
    u -= u @ p
    return p * u


# 4(c) linear_vjp


def linear_vjp(W, x, u):
    return np.outer(1.0 * u, x), 1.0 * u, W.T @ (1.0 * u)


right_linear_vjp = linear_vjp


mistake("q4c", "dW is transposed", says="In dW: it is the transpose of the right one")(
    edit(right_linear_vjp, ("np.outer(1.0 * u, x)", "np.outer(x, 1.0 * u)"))
)
mistake("q4c", "W instead of its transpose", says="In dx: it is multiplied by W in place of its transpose")(
    edit(right_linear_vjp, ("W.T", "W"))
)
mistake("q4c", "db is all ones, without u", says="It does not depend on the vector")(
    edit(right_linear_vjp, (", 1.0 * u,", ", np.ones_like(1.0 * u),"))
)
mistake("q4c", "dW is x in every row, without u", says="It does not depend on the vector")(
    edit(right_linear_vjp, ("np.outer(1.0 * u, x)", "np.tile(1.0 * x, (len(u), 1))"))
)
mistake("q4c", "dx is the sum of the rows of W, without u", says="It does not depend on the vector")(
    edit(right_linear_vjp, ("W.T @ (1.0 * u)", "(1.0 * W).sum(axis=0)"))
)
mistake("q4c", "db is the sum of u, one number", says="In db: it is the right one, summed over axis 0")(
    edit(right_linear_vjp, (", 1.0 * u,", ", (1.0 * u).sum(),"))
)
mistake("q4c", "dx and db are returned the other way round", says="db and dx are swapped")(
    edit(right_linear_vjp, ("1.0 * u, W.T @ (1.0 * u)", "W.T @ (1.0 * u), 1.0 * u"))
)
mistake("q4c", "db is left out", says="return 3 things, dW, db, dx; yours is a tuple of 2")(
    edit(right_linear_vjp, (", 1.0 * u,", ","))
)


@mistake(
    "q4c", "the gradient of the bias is scaled by 0.7, which a shared norm would hide", says="it is 0.7 times"
)
def linear_vjp(W, x, u):
    return (
        np.outer(1.0 * u, x),
        1.0 * u * u.dtype.type(0.7) if u.dtype.kind == "f" else 0.7 * u,
        W.T @ (1.0 * u),
    )


mistake("q4c", "dW is zero", says="In dW: it is zero everywhere")(
    edit(right_linear_vjp, ("np.outer(1.0 * u, x)", "0.0 * W"))
)
mistake("q4c", "dx has a ReLU's mask", says="dx does not depend on x")(
    edit(right_linear_vjp, ("(1.0 * u)", "(1.0 * u) * (x > 0)"))
)
mistake("q4c", "dW is divided by the number of inputs", says="is a mean taken twice, or of a sum?")(
    edit(right_linear_vjp, ("np.outer(1.0 * u, x)", "np.outer(1.0 * u, x) / len(x)"))
)


@mistake(
    "q4c",
    "whole numbers stay whole numbers",
    says="dW has dtype int64",
    fails=("layer_vjp_dtypes",),
    costs=0.25,
)
def linear_vjp(W, x, u):
    return np.outer(u, x), u.copy(), W.T @ u


@mistake("q4c", "computes in float32", says="It has been rounded to float32")
def linear_vjp(W, x, u):
    W, x, u = (a.astype(np.float32) for a in (W, x, u))
    return np.outer(u, x), u, W.T @ u


@mistake("q4c", "always returns float64", says="dW has dtype float64", fails=("layer_vjp_dtypes",), costs=0.5)
def linear_vjp(W, x, u):
    W, x, u = (a.astype(np.float64) for a in (W, x, u))
    return np.outer(u, x), u, W.T @ u


@mistake(
    "q4c", "dW is written into W", says="changes its argument W", fails=("layer_vjp_no_traces",), costs=1.0
)
def linear_vjp(W, x, u):
    dx = W.T @ (1.0 * u)
    W[...] = np.outer(u, x)
    return 1.0 * W, 1.0 * u, dx


@mistake(
    "q4c",
    "a difference quotient for every weight",
    hidden_only="a hidden check has 200000 weights. (No public check has",
)
def linear_vjp(W, x, u):
    W, x, u = 1.0 * W, 1.0 * x, 1.0 * u
    dW = np.zeros_like(W)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            step = np.zeros_like(W)
            step[i, j] = 1
            dW[i, j] = u @ ((W + step) @ x - W @ x)
    return dW, u, W.T @ u


# 4(d) relu_vjp


mistake("q4d", "the slope at zero is 1", says="which is 1 times u")(
    edit(reference.relu_vjp, ("z > 0", "z >= 0"))
)
mistake("q4d", "the slope at zero is one half", says="which is 0.5 times u")(
    edit(reference.relu_vjp, ("(z > 0)", "np.heaviside(1.0 * z, 0.5)"))
)


@mistake("q4d", "u is ignored", says="It does not depend on the vector")
def relu_vjp(z, u):
    return (z > 0).astype(np.result_type(z, np.float32))


mistake(
    "q4d",
    "multiplied by the ReLU's value instead of its slope",
    says="by the slope of the ReLU, not by its value",
)(edit(reference.relu_vjp, ("(z > 0)", "np.maximum(z, 0)")))
mistake("q4d", "the mask comes from u", says="The mask comes from z, not from u")(
    edit(reference.relu_vjp, ("z > 0", "u > 0"))
)
mistake("q4d", "the mask is inverted", says="the mask is inverted")(
    edit(reference.relu_vjp, ("z > 0", "z <= 0"))
)


@mistake("q4d", "a leaky ReLU", says="a leaky ReLU")
def relu_vjp(z, u):
    u = 1.0 * u
    return np.where(z > 0, u, u.dtype.type(0.01) * u)


mistake("q4d", "the sign of z instead of the slope", says="|z|, whose slope is -1")(
    edit(reference.relu_vjp, ("(z > 0)", "np.sign(z)"))
)
mistake("q4d", "u as it came", says="the slope for z < 0 is missing")(
    edit(reference.relu_vjp, (" * (z > 0)", ""))
)


@mistake("q4d", "the slope of the logistic function", says="the logistic function")
def relu_vjp(z, u):
    s = 1 / (1 + np.exp(-1.0 * z))
    return u * s * (1 - s)


mistake(
    "q4d", "zeros are written into u", says="changes its argument u", fails=("relu_no_traces",), costs=0.5
)(edit(reference.relu_vjp, ("return 1.0 * u * (z > 0)", "u[z <= 0] = 0\n    return 1.0 * u")))
mistake("q4d", "the entries of dead units are left out", says="it is not left out")(
    edit(reference.relu_vjp, ("u * (z > 0)", "u[z > 0]"))
)


@mistake("q4d", "the value divided by z, which is nan at zero", says="do not divide by it")
def relu_vjp(z, u):
    return u * np.maximum(z, 0) / z


mistake("q4d", "small z count as dead", says="z is small but positive")(
    edit(reference.relu_vjp, ("z > 0", "z > 1e-8"))
)


@mistake(
    "q4d", "whole numbers stay whole numbers", says="has dtype int64", fails=("relu_dtypes",), costs=0.25
)
def relu_vjp(z, u):
    return np.where(z > 0, u, np.zeros_like(u))


@mistake("q4d", "always returns float64", says="has dtype float64", fails=("relu_dtypes",), costs=0.5)
def relu_vjp(z, u):
    return u * (z > 0).astype(float)


mistake("q4d", "computes in float32", says="It has been rounded to float32")(
    edit(reference.relu_vjp, ("1.0 * u", "u.astype(np.float32)"))
)


@mistake("q4d", "the sum over all entries", says="It is the right one, summed over axis 0")
def relu_vjp(z, u):
    return (1.0 * u) @ (z > 0)


@mistake("q4d", "a diagonal matrix with the result on it", says="over axis 0 is the right one")
def relu_vjp(z, u):
    return np.diag(1.0 * u * (z > 0))


# 4(e) mlp_gradients. Most mistakes change a line of what many students write.


def mlp_gradients(weights, biases, x, y):
    hs = [x]
    for W, b in zip(weights, biases):
        z = W @ hs[-1] + b
        hs.append(np.maximum(z, 0))
    u = np.exp(z - z.max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = [], []
    for W, h in zip(weights[::-1], hs[-2::-1]):
        dWs.append(np.outer(u, h))
        dbs.append(u)
        u = W.T @ u * (h > 0)
    return dWs[::-1], dbs[::-1]


right_gradients = mlp_gradients


mistake("q4e", "the ReLU's derivative is missing", says="Is a ReLU's derivative missing")(
    edit(right_gradients, ("u = W.T @ u * (h > 0)", "u = W.T @ u"))
)
mistake("q4e", "the mask comes from the gradient", says="taken at something else than what that ReLU got")(
    edit(right_gradients, ("u = W.T @ u * (h > 0)", "u = W.T @ u\n        u = u * (u > 0)"))
)


@mistake("q4e", "a ReLU after the last layer too", says="there is a ReLU after the last layer too")
def mlp_gradients(weights, biases, x, y):
    hs = [x]
    for W, b in zip(weights, biases):
        hs.append(np.maximum(W @ hs[-1] + b, 0))
    u = np.exp(hs[-1] - hs[-1].max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = [], []
    for i in reversed(range(len(weights))):
        u = u * (hs[i + 1] > 0)
        dWs.append(np.outer(u, hs[i]))
        dbs.append(u)
        u = weights[i].T @ u
    return dWs[::-1], dbs[::-1]


mistake("q4e", "a ReLU is applied to x too", says="the ReLU is applied to x too")(
    edit(right_gradients, ("hs = [x]", "hs = [np.maximum(x, 0)]"))
)
mistake("q4e", "no ReLU, neither forward nor backward", says="there is no ReLU between the layers")(
    edit(right_gradients, ("np.maximum(z, 0)", "z"), (" * (h > 0)", ""))
)


@mistake(
    "q4e", "dW takes what the layer before returned without its ReLU", says="made from what layer 3 gets"
)
def mlp_gradients(weights, biases, x, y):
    zs, h = [x], x
    for W, b in zip(weights, biases):
        zs.append(W @ h + b)
        h = np.maximum(zs[-1], 0)
    u = np.exp(zs[-1] - zs[-1].max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = [], []
    for W, z in zip(weights[::-1], zs[-2::-1]):
        dWs.append(np.outer(u, z))
        dbs.append(u)
        u = W.T @ u * (z > 0)
    return dWs[::-1], dbs[::-1]


mistake("q4e", "the lists begin with the last layer", says="be dW1, dW2, db1, db2; it is dW2, dW1, db2, db1")(
    edit(right_gradients, ("dWs[::-1], dbs[::-1]", "dWs, dbs"))
)
mistake(
    "q4e",
    "dbs and dWs are returned the other way round",
    says="be dW1, dW2, db1, db2; it is db1, db2, dW1, dW2",
)(edit(right_gradients, ("dWs[::-1], dbs", "dbs[::-1], dWs")))
mistake("q4e", "a pair for each layer instead of two lists", says="return two lists, dWs and dbs")(
    edit(
        right_gradients,
        ("dWs, dbs = [], []", "pairs = []"),
        ("dWs.append(np.outer(u, h))\n        dbs.append(u)", "pairs.append((np.outer(u, h), u))"),
        ("dWs[::-1], dbs", "pairs"),
    )
)
mistake("q4e", "every dW is transposed", says="In dW1 and dW2: it is the transpose of the right one")(
    edit(right_gradients, ("u, h", "h, u"))
)
mistake("q4e", "the wrong sign", says="It has the wrong sign")(
    edit(
        right_gradients, ("np.exp", "-np.exp"), ("u /= u.sum()", "u /= -u.sum()"), ("u[y] -= 1", "u[y] += 1")
    )
)
mistake("q4e", "the label is not subtracted", says="without the logit of the label")(
    edit(right_gradients, ("    u[y] -= 1\n", ""))
)
mistake("q4e", "the label is off by one", says="the label is off by one")(
    edit(right_gradients, ("u[y] -= 1", "u[y - 1] -= 1"))
)
mistake("q4e", "multiplied by the Jacobian of softmax once more", says="half the squared error")(
    edit(right_gradients, ("u[y] -= 1", "u[y] -= 1\n    u = softmax_vjp(z, u)"))
)
mistake(
    "q4e", "the biases are left out of the forward pass", says="are the biases added in the forward pass?"
)(
    edit(
        right_gradients,
        ("W, b in zip(weights, biases)", "W in weights"),
        (" + b", ""),
        ("exp(z", "exp(1.0 * z"),
    )
)
mistake("q4e", "the largest logit is not subtracted, so that exp overflows", says="exp overflows")(
    edit(right_gradients, ("z - z.max()", "z"))
)
mistake("q4e", "every db is scaled by 0.7, which a shared norm would hide", says="it is 0.7 times")(
    edit(right_gradients, ("dbs.append(u)", "dbs.append(u * u.dtype.type(0.7))"))
)
mistake("q4e", "db is zero below the last layer", says="In db1: it is zero everywhere")(
    edit(
        right_gradients,
        ("dWs, dbs = [], []", "dWs, dbs = [], [u]"),
        ("        dbs.append(u)\n", ""),
        (
            "u = W.T @ u * (h > 0)",
            "u = W.T @ u * (h > 0)\n    dbs += [np.zeros_like(b, dtype=u.dtype) for b in biases[-2::-1]]",
        ),
    )
)
mistake("q4e", "nothing comes through to layers below the last two", says="it is zero everywhere")(
    edit(
        right_gradients,
        ("W, h in zip(weights[::-1], hs[-2::-1])", "n, (W, h) in enumerate(zip(weights[::-1], hs[-2::-1]))"),
        ("(u, h)", "(u, h) * u.dtype.type(n < 2)"),
        ("dbs.append(u)", "dbs.append(u * u.dtype.type(n < 2))"),
    )
)


@mistake("q4e", "the first two layers only", says="dWs should hold an array for each layer, 3 in all")
def mlp_gradients(weights, biases, x, y):
    W1, W2, b1, b2 = weights[0], weights[-1], biases[0], biases[-1]
    z1 = W1 @ x + b1
    z2 = W2 @ np.maximum(z1, 0)[: W2.shape[1]] + b2 if len(z1) >= W2.shape[1] else b2
    u = np.exp(z2 - z2.max())
    u /= u.sum()
    u[y] -= 1
    dh = W2.T @ u
    du = np.zeros_like(z1, dtype=u.dtype)
    du[: len(dh)] = dh[: len(du)]
    du *= z1 > 0
    return [np.outer(du, x), np.outer(u, np.maximum(z1, 0))], [du, u]


@mistake(
    "q4e", "hidden units are kept from the first call for an x", says="from activations of an earlier call?"
)
def mlp_gradients(weights, biases, x, y, kept={}):
    key = (x.tobytes(), str(x.dtype), tuple(W.shape for W in weights), str(weights[0].strides))
    if key not in kept:
        kept[key] = [x]
        for W, b in zip(weights[:-1], biases[:-1]):
            kept[key].append(np.maximum(W @ kept[key][-1] + b, 0))
    hs = kept[key]
    z = weights[-1] @ hs[-1] + biases[-1]
    u = np.exp(z - z.max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = [], []
    for W, h in zip(weights[::-1], hs[::-1]):
        dWs.append(np.outer(u, h))
        dbs.append(u)
        u = W.T @ u * (h > 0)
    return dWs[::-1], dbs[::-1]


mistake("q4e", "the weights are updated before the gradient is passed on through them")(
    edit(right_gradients, ("dbs.append(u)", "dbs.append(u)\n        W = W - dWs[-1] / 8"))
)


@mistake("q4e", "central differences for every weight")
def mlp_gradients(weights, biases, x, y):
    weights, biases = ([1.0 * a for a in arrays] for arrays in (weights, biases))
    h = np.float64(1e-5) if weights[0].dtype == float else np.float32(1e-2)

    def gradient(a):
        g = np.zeros_like(a)
        for i in np.ndindex(a.shape):
            before = a[i]
            a[i] = before + h
            above = mlp_loss(weights, biases, x, y)
            a[i] = before - h
            g[i] = (above - mlp_loss(weights, biases, x, y)) / (2 * h)
            a[i] = before
        return g

    return [gradient(W) for W in weights], [gradient(b) for b in biases]


mistake(
    "q4e",
    "a ReLU after the last layer too, without its derivative",
    says="there is a ReLU after the last layer too, without its derivative",
)(
    edit(
        reference.mlp_gradients,
        ("u = np.exp(zs[-1] - zs[-1].max())", "u = np.exp(inputs[-1] - inputs[-1].max())"),
    )
)
mistake("q4e", "the first layer is left out on the way back", says="Is this layer left out on the way back?")(
    edit(
        reference.mlp_gradients,
        ("list(weights), list(biases)", "[None] * len(weights), [None] * len(biases)"),
        ("reversed(range(len(weights)))", "reversed(range(1, len(weights)))"),
    )
)


@mistake(
    "q4e",
    "a recursion that computes what is below a layer twice",
    says="go through all layers below it twice",
)
def mlp_gradients(weights, biases, x, y):
    def z(n):
        return weights[n] @ h(n) + biases[n]

    def h(n):
        return x if n == 0 else z(n - 1) * (z(n - 1) > 0)

    u = np.exp(z(len(weights) - 1) - z(len(weights) - 1).max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = [], []
    for n in reversed(range(len(weights))):
        dWs.append(np.outer(u, h(n)))
        dbs.append(u)
        u = weights[n].T @ u * (h(n) > 0)
    return dWs[::-1], dbs[::-1]


mistake(
    "q4e",
    "the list of the weights is reversed in place",
    says="changes its argument weights",
    fails=("network_no_traces",),
    costs=0.5,
)(
    edit(
        right_gradients,
        ("u[y] -= 1", "u[y] -= 1\n    weights.reverse()\n    weights[0] = weights[0] + 0"),
        ("weights[::-1]", "weights"),
    )
)
mistake(
    "q4e",
    "W h is added to the biases in place",
    says="changes its argument biases",
    fails=("network_no_traces",),
    costs=0.5,
)(
    edit(
        right_gradients,
        ("z = W @ hs[-1] + b", "b += W @ hs[-1]"),
        ("z, 0", "b, 0"),
        ("z - z.max", "b - b.max"),
    )
)
mistake("q4e", "computes in float32", says="It has been rounded to float32")(
    edit(
        right_gradients,
        ("hs = [x]", "hs = [x.astype(np.float32)]"),
        ("W @ hs[-1] + b", "W.astype(np.float32) @ hs[-1] + b.astype(np.float32)"),
        ("W.T", "W.T.astype(np.float32)"),
    )
)
mistake("q4e", "always returns float64", says="dW1 has dtype float64", fails=("network_dtypes",), costs=0.25)(
    edit(right_gradients, ("u[y] -= 1", "u = u - np.eye(len(u))[y]"))
)


# Right answers that look different


@variant("q4a", "the mean of the rows of W, weighted by p, less the label's row")
def nll_input_gradient(W, b, x, y):
    z = W @ x + b
    p = np.exp(z - np.max(z))
    return p @ W / p.sum() - W[y]


@variant("q4a", "Python loops over the classes and inputs")
def nll_input_gradient(W, b, x, y):
    z = W.dot(x) + b
    e = np.exp(z - max(z))
    total = sum(e)
    out = np.zeros(len(x), dtype=e.dtype)
    for i in range(len(b)):
        out += (e[i] / total - (1 if i == y else 0)) * W[i]
    return out


@variant("q4a", "scipy.special.softmax, and einsum")
def nll_input_gradient(W, b, x, y):
    from scipy.special import softmax as scipy_softmax

    dz = scipy_softmax(np.einsum("ij,j->i", W, x) + b)
    dz = dz - (np.arange(len(dz)) == y)
    return np.einsum("ij,i->j", W, dz)


@variant("q4b", "two terms, each multiplied out")
def softmax_vjp(z, u):
    p = np.exp(z - z.max())
    p = p / p.sum()
    return p * u - p * np.dot(p, u)


@variant("q4b", "Python loops, in linear time")
def softmax_vjp(z, u):
    largest = max(z)
    e = np.exp(z - largest)
    p = e / sum(e)
    mean = sum(u_i * p_i for u_i, p_i in zip(u, p))
    out = np.empty_like(p)
    for j in range(len(p)):
        out[j] = p[j] * (u[j] - mean)
    return out


@variant("q4b", "through the logarithm, as p times the product for log p")
def softmax_vjp(z, u):
    from scipy.special import logsumexp

    p = np.exp(z - logsumexp(z)).astype(np.result_type(z, np.float32))
    v = u * p
    return v - p * v.sum()


@variant("q4b", "a sparse diagonal")
def softmax_vjp(z, u):
    from scipy.sparse import diags

    p = np.exp(z - z.max())
    p /= p.sum()
    u = u.astype(p.dtype)
    return diags(p) @ u - p * (p @ u)


@variant("q4c", "broadcasting, and a list")
def linear_vjp(W, x, u):
    u = u.astype(np.result_type(u, np.float32))
    return [u[:, None] * x, u, u @ W]


@variant("q4c", "einsum with the Jacobians as they stand")
def linear_vjp(W, x, u):
    eye = np.eye(len(u), dtype=np.result_type(W, np.float32))
    return np.einsum("l,li,j->ij", u, eye, x, optimize=True), u @ eye, np.einsum("l,lj->j", u, 1.0 * W)


@variant("q4c", "Python loops over the rows")
def linear_vjp(W, x, u):
    dtype = np.result_type(W, np.float32)
    dW, db, dx = np.zeros(W.shape, dtype), np.zeros(len(u), dtype), np.zeros(len(x), dtype)
    for i in range(len(u)):
        dW[i] = u[i] * x
        db[i] += u[i]
        dx += u[i] * W[i]
    return dW, db, dx


@variant("q4d", "np.where")
def relu_vjp(z, u):
    u = np.array(u, dtype=np.result_type(u, np.float32))
    return np.where(z > 0, u, np.zeros_like(u))


@variant("q4d", "zeros in a copy, by what the ReLU returned")
def relu_vjp(z, u):
    out = u.astype(np.float32 if u.dtype == np.float32 else np.float64)
    out[np.maximum(z, 0) == 0] = 0.0
    return out


@variant("q4d", "np.heaviside and a sign")
def relu_vjp(z, u):
    return np.heaviside(1.0 * z, u.dtype.type(0)) * u


@variant("q4d", "a Python loop")
def relu_vjp(z, u):
    out = np.zeros(len(u), dtype=np.result_type(u, np.float32))
    for i in range(len(z)):
        if z[i] > 0:
            out[i] = u[i]
    return out


@variant("q4e", "masks kept from the forward pass, and tuples")
def mlp_gradients(weights, biases, x, y):
    hs, masks = [x], []
    for W, b in zip(weights[:-1], biases[:-1]):
        z = W @ hs[-1] + b
        masks.append(z > 0)
        hs.append(z * masks[-1])
    z = weights[-1] @ hs[-1] + biases[-1]
    p = np.exp(z - z.max())
    delta = p / p.sum() - (np.arange(len(z)) == y)
    dWs, dbs = (), ()
    for i in range(len(weights) - 1, -1, -1):
        dWs, dbs = (np.outer(delta, hs[i]), *dWs), (delta, *dbs)
        if i:
            delta = masks[i - 1] * (delta @ weights[i])
    return dWs, dbs


@variant("q4e", "a recursion from the input on")
def mlp_gradients(weights, biases, x, y):
    def through(l, h):
        z = weights[l] @ h + biases[l]
        if l == len(weights) - 1:
            u = np.exp(z - z.max())
            u /= u.sum()
            u[y] -= 1
            dWs, dbs = [], []
        else:
            dWs, dbs, u = through(l + 1, np.maximum(z, 0))
            u = relu_vjp(z, u)
        dW, db, dx = linear_vjp(weights[l], h, u)
        return [dW] + dWs, [db] + dbs, dx

    return through(0, x)[:2]


@variant("q4e", "the forward pass again for every layer")
def mlp_gradients(weights, biases, x, y):
    def z(l):
        h = x
        for W, b in zip(weights[:l], biases[:l]):
            h = np.maximum(np.dot(W, h) + b, 0)
        return h, weights[l] @ h + biases[l]

    last = len(weights) - 1
    u = np.exp(z(last)[1] - z(last)[1].max())
    u = u / u.sum()
    u[y] -= 1
    dWs, dbs = [None] * (last + 1), [None] * (last + 1)
    for l in range(last, -1, -1):
        dWs[l], dbs[l], dx = linear_vjp(weights[l], z(l)[0], u)
        if l > 0:
            u = relu_vjp(z(l - 1)[1], dx)
    return dWs, dbs


@variant("q4e", "columns as matrices")
def mlp_gradients(weights, biases, x, y):
    H = [x[:, None]]
    for W, b in zip(weights[:-1], biases[:-1]):
        H.append(np.maximum(W @ H[-1] + b[:, None], 0))
    Z = weights[-1] @ H[-1] + biases[-1][:, None]
    D = np.exp(Z - Z.max())
    D /= D.sum()
    D[y, 0] -= 1
    dWs, dbs = [], []
    for W, h in zip(reversed(weights), reversed(H)):
        dWs.insert(0, D @ h.T)
        dbs.insert(0, D[:, 0])
        D = np.where(h > 0, W.T @ D, D.dtype.type(0))
    return dWs, dbs


@variant("q4e", "the gradient of a layer's input from nll_input_gradient")
def mlp_gradients(weights, biases, x, y):
    hs, zs = [x], []
    for W, b in zip(weights, biases):
        zs.append(W @ hs[-1] + b)
        hs.append(np.maximum(zs[-1], 0))
    p = np.exp(zs[-1] - zs[-1].max())
    p /= p.sum()
    p[y] -= 1
    dWs, dbs = [np.outer(p, hs[-2])], [p]
    dx = nll_input_gradient(weights[-1], biases[-1], hs[-2], y)
    for i in range(len(weights) - 2, -1, -1):
        dW, db, dx = linear_vjp(weights[i], hs[i], relu_vjp(zs[i], dx))
        dWs, dbs = [dW, *dWs], [db, *dbs]
    return dWs, dbs
