"""Problem 5: mistakes and correct variants."""

import numpy as np

import solutions.p5_skip_connection as reference
from autograder.mistakes import edit, mistake, variant
from solutions.p5_skip_connection import skip_forward, skip_vjp

# 5(a) skip_forward. The cache is the reference's, a pair of x and z = W1 x.


mistake("q5a", "the skip path is missing", says="where is the term x?")(
    edit(reference.skip_forward, (" + x,", ","))
)
mistake("q5a", "the skip path is subtracted", says="the skip path is subtracted")(
    edit(reference.skip_forward, ("+ x", "- x"))
)
mistake("q5a", "the skip path is counted twice", says="the skip path counts twice")(
    edit(reference.skip_forward, ("+ x", "+ x + x"))
)
mistake("q5a", "ReLU is forgotten", says="there is no ReLU")(
    edit(reference.skip_forward, ("np.maximum(z, 0)", "z"))
)
mistake("q5a", "ReLU comes after W2, not before", says="ReLU comes after W2")(
    edit(reference.skip_forward, ("W2 @ np.maximum(z, 0)", "np.maximum(W2 @ z, 0)"))
)
mistake("q5a", "a ReLU after the sum as well", says="ReLU is taken of the whole")(
    edit(reference.skip_forward, ("W2 @ np.maximum(z, 0) + x", "np.maximum(W2 @ np.maximum(z, 0) + x, 0)"))
)
mistake("q5a", "ReLU is applied to x", says="ReLU is taken of x, before W1")(
    edit(reference.skip_forward, ("np.maximum(z, 0)", "(W1 @ np.maximum(x, 0))"))
)
mistake("q5a", "minimum in place of maximum", says="keeps the negative entries")(
    edit(reference.skip_forward, ("np.maximum", "np.minimum"))
)
mistake("q5a", "a leaky ReLU", says="ReLU is leaky")(
    edit(reference.skip_forward, ("z, 0", "z, z.dtype.type(0.01) * z"))
)
mistake("q5a", "returns y alone, without a cache", says="return 2 things, y, cache")(
    edit(reference.skip_forward, (", (x, z)", ""))
)
mistake("q5a", "returns the cache before y", says="y should be an array")(
    edit(reference.skip_forward, ("W2 @ np.maximum(z, 0) + x, (x, z)", "(x, z), W2 @ np.maximum(z, 0) + x"))
)
mistake("q5a", "no return", says="Did you forget a return?")(edit(reference.skip_forward, ("return ", "")))


@mistake(
    "q5a",
    "adds to x in place, which changes the argument",
    says="changes its argument x",
    fails=("no_traces",),
    costs=0.5,
)
def skip_forward(W1, W2, x):
    if x.dtype.kind == "i":
        x = x.astype(float)
    z = W1 @ x
    cache = (x.copy(), z)
    x += W2 @ np.maximum(z, 0)
    return x, cache


@mistake(
    "q5a",
    "returns x itself where no unit is active",
    says="y and x are the same memory",
    fails=("no_traces",),
    costs=0.5,
)
def skip_forward(W1, W2, x):
    if x.dtype.kind == "i":
        x = x.astype(float)
    z = W1 @ x
    a = np.maximum(z, 0)
    y = W2 @ a + x if a.any() else x
    return y, (x, z)


@mistake(
    "q5a",
    "stays in whole numbers",
    says="has dtype int64; for arguments of int64 it should be float64",
    fails=("dtypes",),
    costs=0.25,
)
def skip_forward(W1, W2, x):
    z = W1 @ x
    return W2 @ np.maximum(z, 0) + x, (
        x.astype(np.result_type(x, np.float32)),
        z.astype(np.result_type(z, np.float32)),
    )


@mistake("q5a", "computes in float32", says="has dtype float32; for arguments of int64 it should be float64")
def skip_forward(W1, W2, x):
    x = x.astype(np.float32)
    W1, W2 = W1.astype(np.float32), W2.astype(np.float32)
    z = W1 @ x
    return W2 @ np.maximum(z, 0) + x, (x, z)


@mistake("q5a", "always returns float64", says="y has dtype float64", fails=("dtypes",), costs=0.25)
def skip_forward(W1, W2, x):
    z = W1 @ x
    y = np.zeros(len(x))
    y += W2 @ np.maximum(z, 0) + x
    x = x.astype(np.result_type(x, np.float32))
    return y, (x, W1 @ x)


mistake("q5a", "x is a column, so that the sum is a matrix", says="should be an array of shape")(
    edit(reference.skip_forward, ("+ x", "+ x.reshape(-1, 1)"))
)


# 5(b) skip_vjp


mistake("q5b", "dx lacks the skip path", says="the skip path is missing")(
    edit(reference.skip_vjp, ("dz + delta", "dz"))
)
mistake("q5b", "dx is the skip path alone", says="the path through the weights is missing")(
    edit(reference.skip_vjp, ("W1.T @ dz + delta", "delta.copy()"))
)
mistake("q5b", "the skip path is counted twice in dx", says="the skip path counts twice")(
    edit(reference.skip_vjp, ("+ delta", "+ 2 * delta"))
)
mistake("q5b", "the skip path is subtracted in dx", says="the skip path is subtracted")(
    edit(reference.skip_vjp, ("+ delta", "- delta"))
)
mistake("q5b", "the skip path adds 1 in the place of delta", says="for zero it is not zero")(
    edit(reference.skip_vjp, ("+ delta", "+ 1"))
)
mistake("q5b", "dx is the mean of the two paths", says="0.5 times the right one")(
    edit(reference.skip_vjp, ("W1.T @ dz + delta", "(W1.T @ dz + delta) / 2"))
)
mistake("q5b", "the two paths are multiplied, not added", says="not linear in the vector")(
    edit(reference.skip_vjp, ("W1.T @ dz + delta", "(W1.T @ dz) * delta"))
)
mistake("q5b", "the skip path is masked where x is negative", says="the skip path has a ReLU too")(
    edit(reference.skip_vjp, ("+ delta", "+ delta * (x > 0)"))
)
mistake("q5b", "ReLU is forgotten on the way back", says="there is no ReLU")(
    edit(reference.skip_vjp, ("(W2.T @ delta) * (z > 0)", "W2.T @ delta"))
)


@mistake("q5b", "dx lacks both the mask of ReLU and the skip path", says="there is no ReLU, and no skip path")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = delta.astype(np.result_type(delta, np.float32))
    dz = W2.T @ delta
    return np.outer(dz * (z > 0), x), np.outer(delta, np.maximum(z, 0)), W1.T @ dz


mistake("q5b", "dW2 takes z in the place of relu(z)", says="there is no ReLU")(
    edit(reference.skip_vjp, ("np.maximum(z, 0)", "z"))
)
mistake("q5b", "the mask is the wrong way round", says="keeps the negative entries")(
    edit(reference.skip_vjp, ("> 0", "< 0"))
)
mistake("q5b", "the mask is where x is positive", says="ReLU is taken of x, before W1")(
    edit(reference.skip_vjp, ("W1.T @ dz", "(W1.T @ (W2.T @ delta)) * (x > 0)"))
)
mistake("q5b", "ReLU is applied to the gradient", says="depends on z, and not on delta")(
    edit(reference.skip_vjp, ("(W2.T @ delta) * (z > 0)", "np.maximum(W2.T @ delta, 0)"))
)
mistake("q5b", "the gradient is masked where it is negative too", says="depends on z, and not on delta")(
    edit(
        reference.skip_vjp,
        ("dz = (W2.T @ delta) * (z > 0)", "dz = W2.T @ delta\n    dz = dz * (z > 0) * (dz > 0)"),
    )
)
mistake("q5b", "delta is masked where W2 relu(z) is negative", says="a second ReLU comes after W2")(
    edit(reference.skip_vjp, ("(W2.T @ delta)", "(W2.T @ (delta * (W2 @ np.maximum(z, 0) > 0)))"))
)
mistake("q5b", "J delta in the place of J^T delta", says="dx is J delta")(
    edit(reference.skip_vjp, ("W1.T @ dz", "W2 @ ((z > 0) * (W1 @ delta))"))
)
mistake("q5b", "W2 in the place of its transpose", says="the transpose of W2")(
    edit(reference.skip_vjp, ("W2.T", "W2"))
)
mistake("q5b", "W1 in the place of its transpose", says="W1 is used instead of its transpose")(
    edit(reference.skip_vjp, ("W1.T", "W1"))
)
mistake("q5b", "dW1 and dW2 are returned the other way round", says="dW1 and dW2 are swapped")(
    edit(
        reference.skip_vjp,
        ("(dz, x), np.outer(delta, np.maximum(z, 0))", "(delta, np.maximum(z, 0)), np.outer(dz, x)"),
    )
)
mistake("q5b", "dx comes first", says="dW1 should be an array of shape")(
    edit(reference.skip_vjp, (", W1.T @ dz + delta", ""), ("return", "return W1.T @ dz + delta,"))
)
mistake("q5b", "dW1 is transposed", says="the transpose of the right one")(
    edit(reference.skip_vjp, ("dz, x", "x, dz"))
)
mistake("q5b", "dW2 is transposed", says="the transpose of the right one")(
    edit(reference.skip_vjp, ("delta, np.maximum(z, 0)", "np.maximum(z, 0), delta"))
)
mistake("q5b", "dW1 is zero", says="In dW1: it is zero everywhere")(
    edit(reference.skip_vjp, ("np.outer(dz, x)", "np.zeros_like(np.outer(dz, x))"))
)
mistake("q5b", "dW2 for a delta of ones", says="It does not depend on the vector")(
    edit(reference.skip_vjp, ("outer(delta", "outer(np.ones_like(delta)"))
)
mistake("q5b", "dW2 is scaled by 0.7, which a shared norm would hide", says="0.7 times the right one")(
    edit(reference.skip_vjp, (", np.outer(", ", z.dtype.type(0.7) * np.outer("))
)
mistake("q5b", "off by a factor 1.000001", says="is 1.000001 times the right one")(
    edit(reference.skip_vjp, ("np.float32))", "np.float32)) * z.dtype.type(1.000001)"))
)
mistake("q5b", "the slope of a leaky ReLU", says="ReLU is leaky")(
    edit(reference.skip_vjp, ("(z > 0)", "np.where(z > 0, 1, 0.01).astype(z.dtype)"))
)


@mistake("q5b", "a loop over the hidden units that leaves out the first", says="Only row 0 of dW1 is wrong")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = delta.astype(np.result_type(delta, np.float32))
    dW1, dW2, dx = np.zeros(W1.shape, z.dtype), np.outer(delta, np.maximum(z, 0)), delta.copy()
    for i in range(1, len(z)):
        if z[i] > 0:
            dz_i = W2[:, i] @ delta
            dW1[i] = dz_i * x
            dx += dz_i * W1[i]
    return dW1, dW2, dx


@mistake("q5b", "all forward passes share one cache", says="the first cache gives something else")
def skip_forward(W1, W2, x, cache=[None, None]):
    x = x.astype(np.result_type(x, np.float32))
    cache[:] = x, W1 @ x
    return W2 @ np.maximum(cache[1], 0) + x, cache


mistake(
    "q5b",
    "the cache is a generator, which is empty after its first use",
    says="after skip_vjp(W1, W2, cache, upstream)",
)(edit(reference.skip_forward, ("x, z", "part for part in (x, z)")))


@mistake("q5b", "the mask is written into the cache", says="a later use of a cache gives something else")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = delta.astype(np.result_type(delta, np.float32))
    dW2 = np.outer(delta, np.maximum(z, 0))
    z[z > 0] = 1
    z[z < 0] = 0
    dz = (W2.T @ delta) * z
    return np.outer(dz, x), dW2, W1.T @ dz + delta


@mistake(
    "q5b",
    "adds to delta in place, which changes the argument",
    says="changes its argument delta",
    fails=("gradients_no_traces",),
    costs=0.5,
)
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    if delta.dtype.kind == "i":
        delta = delta.astype(float)
    dz = (W2.T @ delta) * (z > 0)
    dW2 = np.outer(delta, np.maximum(z, 0))
    delta += W1.T @ dz
    return np.outer(dz, x), dW2, delta


@mistake(
    "q5b",
    "dx is delta itself where no unit is active",
    says="dx and delta are the same memory",
    fails=("gradients_no_traces",),
    costs=0.5,
)
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    if delta.dtype.kind == "i":
        delta = delta.astype(float)
    dz = (W2.T @ delta) * (z > 0)
    dx = delta
    for i in np.flatnonzero(z > 0):
        dx = dx + dz[i] * W1[i]
    return np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), dx


@mistake("q5b", "the mask and the gradient are written into the cached z", says="a later use of a cache")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = delta.astype(np.result_type(delta, np.float32))
    a = np.maximum(z, 0)
    z[z > 0], z[z < 0] = 1, 0
    dz = (W2.T @ delta) * z
    z *= dz
    return np.outer(dz, x), np.outer(delta, a), W1.T @ dz + delta


mistake("q5b", "the three gradients in another order", says="the right shapes in another order")(
    edit(
        reference.skip_vjp,
        (
            "np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), W1.T @ dz + delta",
            "W1.T @ dz + delta, np.outer(delta, np.maximum(z, 0)), np.outer(dz, x)",
        ),
    )
)
mistake("q5b", "the derivative of ReLU at 0 is 1", says="where the derivative of ReLU counts as 0")(
    edit(reference.skip_vjp, ("> 0", ">= 0"))
)
mistake("q5b", "the mask relu(z) / z, which is NaN at 0", says="where the derivative of ReLU counts as 0")(
    edit(reference.skip_vjp, ("z > 0", "np.maximum(z, 0) / z"))
)
mistake("q5b", "units with z below 1e-8 count as inactive", says="compare z with 0")(
    edit(reference.skip_vjp, ("> 0", "> 1e-8"))
)


@mistake("q5b", "computes in float32", says="rounded to float32")
def skip_vjp(W1, W2, cache, delta):
    x, z = (part.astype(np.float32) for part in cache)
    W1, W2, delta = (part.astype(np.float32) for part in (W1, W2, delta))
    dz = (W2.T @ delta) * (z > 0)
    return np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), W1.T @ dz + delta


@mistake(
    "q5b",
    "always returns float64, by a mask of floats",
    says="has dtype float64",
    fails=("gradients_dtypes",),
    costs=0.25,
)
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    mask = np.where(z > 0, 1.0, 0.0)
    dz = (W2.T @ delta) * mask
    return np.outer(dz, x), np.outer(delta, np.maximum(z, 0) * mask), W1.T @ dz + delta


mistake(
    "q5b", "dx stays in whole numbers", says="dx has dtype int64", fails=("gradients_dtypes",), costs=0.25
)(edit(reference.skip_vjp, ("delta = delta.astype(np.result_type(delta, np.float32))", "")))


@mistake("q5b", "central differences in place of the chain rule", says="is it a difference quotient")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    h = 1e-6

    def loss(W1, W2, x):
        return delta @ (W2 @ np.maximum(W1 @ x, 0) + x)

    gradients = []
    for i, a in enumerate((W1, W2, x)):
        gradient = np.zeros(a.shape, np.result_type(a, np.float32))
        for index in np.ndindex(a.shape):
            values = []
            for sign in (1, -1):
                arguments = [W1, W2, x]
                arguments[i] = a.astype(gradient.dtype)
                arguments[i][index] += sign * h
                values.append(loss(*arguments))
            gradient[index] = (values[0] - values[1]) / (2 * h)
        gradients.append(gradient)
    return tuple(gradients)


mistake("q5b", "no return", says="Did you forget a return?")(edit(reference.skip_vjp, ("return ", "")))
mistake("q5b", "dx alone is returned", says="return 3 things, dW1, dW2, dx")(
    edit(reference.skip_vjp, ("np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), ", ""))
)


# 5(c) skip_jacobian


@mistake("q5c", "the identity is missing", says="the skip path is missing")
def skip_jacobian(W1, W2, x):
    active = W1 @ x > 0
    return (W2 * active) @ W1 * np.ones(1, np.result_type(W1, W2, x, np.float32))


mistake("q5c", "1 is added in the place of the identity", says="adding 1 to a matrix adds it to every entry")(
    edit(reference.skip_jacobian, ("np.eye(len(x), ", "np.ones(1, "))
)


@mistake("q5c", "x is added in the place of the identity", says="You added x where the identity should be")
def skip_jacobian(W1, W2, x):
    active = W1 @ x > 0
    return (W2 * active) @ W1 + x.astype(np.result_type(W1, W2, x, np.float32))


@mistake("q5c", "the identity is subtracted", says="the skip path is subtracted")
def skip_jacobian(W1, W2, x):
    active = W1 @ x > 0
    return (W2 * active) @ W1 - np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32))


mistake("q5c", "the transpose: a row for each input", says="the transpose of the right one")(
    edit(reference.skip_jacobian, ("(W2 * active) @ W1", "((W2 * active) @ W1).T"))
)
mistake("q5c", "the mask is forgotten", says="there is no ReLU")(
    edit(reference.skip_jacobian, ("(W2 * active)", "W2"))
)
mistake("q5c", "the mask is the wrong way round", says="keeps the negative entries")(
    edit(reference.skip_jacobian, ("> 0", "< 0"))
)
mistake("q5c", "the columns are masked where x is positive", says="ReLU is taken of x, before W1")(
    edit(reference.skip_jacobian, ("(W2 * active) @ W1", "(W2 @ W1) * (x > 0)"))
)


@mistake("q5c", "the mask covers the identity as well", says="ReLU is taken of the whole")
def skip_jacobian(W1, W2, x):
    J = np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32)) + (W2 * (W1 @ x > 0)) @ W1
    return (W2 @ np.maximum(W1 @ x, 0) + x > 0)[:, None] * J


@mistake("q5c", "only the diagonal", says="Only the diagonal is there")
def skip_jacobian(W1, W2, x):
    J = np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32)) + (W2 * (W1 @ x > 0)) @ W1
    return np.diag(np.diag(J))


@mistake("q5c", "the diagonal as a vector", says="only the diagonal of the right one")
def skip_jacobian(W1, W2, x):
    J = np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32)) + (W2 * (W1 @ x > 0)) @ W1
    return np.diag(J).copy()


@mistake("q5c", "the VJP with a vector of ones", says="It is the right one, summed over axis 0")
def skip_jacobian(W1, W2, x):
    u = np.ones(len(x), dtype=np.result_type(x, np.float32))
    return skip_vjp(W1, W2, skip_forward(W1, W2, x)[1], u)[2]


@mistake("q5c", "always returns float64", says="has dtype float64", fails=("jacobian_dtypes",), costs=0.25)
def skip_jacobian(W1, W2, x):
    return np.eye(len(x)) + (W2 * (W1 @ x > 0)) @ W1


mistake("q5c", "the derivative of ReLU at 0 is 1", says="where the derivative of ReLU counts as 0")(
    edit(reference.skip_jacobian, ("> 0", ">= 0"))
)
mistake("q5c", "z itself in place of the derivative of ReLU", says="R(z) holds z itself")(
    edit(reference.skip_jacobian, ("W1 @ x > 0", "W1 @ x"))
)
mistake("q5c", "the mask on the inputs instead of the hidden units", says="the mask is on the wrong axis")(
    edit(reference.skip_jacobian, ("(W2 * active) @ W1", "W2 @ (W1 * active)"))
)


@mistake("q5c", "central differences in place of the chain rule", says="is it a difference quotient")
def skip_jacobian(W1, W2, x):
    h = 1e-6
    x = x.astype(np.result_type(x, np.float32))
    columns = []
    for e in np.eye(len(x), dtype=x.dtype):
        ahead, behind = skip_forward(W1, W2, x + h * e)[0], skip_forward(W1, W2, x - h * e)[0]
        columns.append((ahead - behind) / (2 * h))
    return np.stack(columns, axis=1)


mistake(
    "q5c",
    "the weights are masked in place",
    says="changes its argument W2",
    fails=("jacobian_no_traces",),
    costs=0.5,
)(edit(reference.skip_jacobian, ("active = W1 @ x > 0", "W2[:, W1 @ x <= 0] = 0"), ("(W2 * active)", "W2")))


# 5(d) stack_gradient_norms


def stack_gradient_norms(W1s, W2s, x, delta, skip):
    caches, gradient = [], delta.astype(np.result_type(delta, np.float32))
    for W1, W2 in zip(W1s, W2s):
        y, cache = skip_forward(W1, W2, x)
        caches.append(cache)
        x = y if skip else y - x
    gradients = [gradient]
    for W1, W2, cache in zip(W1s[::-1], W2s[::-1], caches[::-1]):
        dx = skip_vjp(W1, W2, cache, gradient)[2]
        gradient = dx if skip else dx - gradient
        gradients.append(gradient)
    sizes = [np.abs(g).max() for g in gradients]
    return np.array([s * np.linalg.norm(g / s) if s > 0 else s for g, s in zip(gradients, sizes)])[::-1]


right_norms = stack_gradient_norms


mistake(
    "q5d", "the norms stand in the opposite order", says="in the opposite order, from the output to the input"
)(edit(right_norms, ("zip(gradients, sizes)])[::-1]", "zip(gradients, sizes)])")))
mistake("q5d", "the norm of delta itself is left out", says="There are L + 1 gradients")(
    edit(right_norms, ("gradients = [gradient]", "gradients = []"))
)
mistake(
    "q5d",
    "np.linalg.norm by itself, whose squares vanish or overflow",
    says="The square of such a number is 0 or infinite",
)(edit(right_norms, ("s * np.linalg.norm(g / s) if s > 0 else s", "np.linalg.norm(g)")))
mistake("q5d", "a norm of zero comes out as NaN, by dividing by the largest entry", says="is nan at")(
    edit(right_norms, (" if s > 0 else s", ""))
)
mistake(
    "q5d",
    "skip is ignored: always with skip connections",
    says="but the blocks are taken with skip connections",
)(edit(right_norms, ("y if skip else y - x", "y"), ("dx if skip else dx - gradient", "dx")))
mistake("q5d", "skip is turned round", says="but the blocks are taken without skip connections")(
    edit(
        right_norms,
        ("y if skip else y - x", "y - x if skip else y"),
        ("dx if skip else dx - gradient", "dx - gradient if skip else dx"),
    )
)
mistake(
    "q5d",
    "without skips, the skip path stays on the way back",
    says="The x_l are right, without skip connections, but the way back is with them",
)(edit(right_norms, ("dx if skip else dx - gradient", "dx")))
mistake(
    "q5d",
    "without skips, the skip path stays on the way forward",
    says="The way back is right, without skip connections, but the x_l are with them",
)(edit(right_norms, ("y if skip else y - x", "y")))
mistake(
    "q5d",
    "the way back takes the blocks from the first to the last",
    says="the blocks come in the order 0, 1, 2",
)(edit(right_norms, ("W1s[::-1], W2s[::-1], caches[::-1]", "W1s, W2s, caches")))
mistake("q5d", "every block is taken at x_0", says="Every block gets x_0 as its input")(
    edit(right_norms, ("x = y if skip else y - x", ""))
)


@mistake(
    "q5d",
    "every gradient is delta through one block alone",
    says="Every gradient is delta through one block alone",
)
def stack_gradient_norms(W1s, W2s, x, delta, skip):
    delta = delta.astype(np.result_type(delta, np.float32))
    gradients = []
    for W1, W2 in zip(W1s, W2s):
        y, cache = skip_forward(W1, W2, x)
        dx = skip_vjp(W1, W2, cache, delta)[2]
        gradients.append(dx if skip else dx - delta)
        x = y if skip else y - x
    gradients.append(delta)
    sizes = [np.abs(g).max() for g in gradients]
    return np.array([s * np.linalg.norm(g / s) if s > 0 else s for g, s in zip(gradients, sizes)])


mistake("q5d", "the squares of the norms", says="the squares of the norms")(
    edit(right_norms, ("s * np.linalg.norm(g / s) if s > 0 else s", "g @ g"))
)
mistake("q5d", "sums of absolute values", says="sums of absolute values, not Euclidean norms")(
    edit(right_norms, ("s * np.linalg.norm(g / s) if s > 0 else s", "np.abs(g).sum()"))
)
mistake("q5d", "root mean squares", says="root mean squares, not Euclidean norms")(
    edit(right_norms, ("s * np.linalg.norm(g / s) if s > 0 else s", "np.sqrt(np.mean(g**2))"))
)


@mistake("q5d", "the norms of the x_l", says="the norms of the x_l, not of the gradients")
def stack_gradient_norms(W1s, W2s, x, delta, skip):
    x = x.astype(np.result_type(x, np.float32))
    norms = [np.linalg.norm(x)]
    for W1, W2 in zip(W1s, W2s):
        y = skip_forward(W1, W2, x)[0]
        x = y if skip else y - x
        norms.append(np.linalg.norm(x))
    return np.array(norms)


mistake("q5d", "the norms relative to that of delta", says="the norms relative to that of delta")(
    edit(
        right_norms,
        ("return np", "norms = np"),
        ("sizes)])[::-1]", "sizes)])\n    return norms[::-1] / norms[0] if norms[0] > 0 else norms"),
    )
)
mistake("q5d", "always returns float64", says="has dtype float64", fails=("norms_dtypes",), costs=0.25)(
    edit(right_norms, ("sizes)])", "sizes)], dtype=float)"))
)
mistake(
    "q5d",
    "the lists are turned round in place",
    says="changes its argument W1s",
    fails=("norms_no_traces",),
    costs=0.25,
)(
    edit(
        right_norms,
        ("x = y if skip else y - x", "x = y if skip else y - x\n    W1s.reverse()\n    W2s.reverse()"),
        ("W1s[::-1], W2s[::-1]", "W1s, W2s"),
    )
)


@mistake("q5d", "starts at the input again for every block", says="start again for every block")
def stack_gradient_norms(W1s, W2s, x0, delta, skip):
    gradient = delta.astype(np.result_type(delta, np.float32))
    gradients = [gradient]
    for l in range(len(W1s) - 1, -1, -1):
        x = x0.astype(np.result_type(x0, np.float32))
        for W1, W2 in zip(W1s[:l], W2s[:l]):
            a = W2 @ np.maximum(W1 @ x, 0)
            x = a + x if skip else a
        dx = skip_vjp(W1s[l], W2s[l], skip_forward(W1s[l], W2s[l], x)[1], gradient)[2]
        gradient = dx if skip else dx - gradient
        gradients.append(gradient)
    sizes = [np.abs(g).max() for g in gradients]
    return np.array([s * np.linalg.norm(g / s) if s > 0 else s for g, s in zip(gradients, sizes)])[::-1]


# Right answers that look different


@variant("q5a", "where in the place of maximum, x first, a list as the cache")
def skip_forward(W1, W2, x):
    x = np.asarray(x, dtype=np.result_type(x.dtype, np.float32)).copy()
    z = W1.dot(x)
    return x + W2.dot(np.where(z > 0, z, np.zeros_like(z))), [x, z]


@variant("q5a", "einsum, a mask times z")
def skip_forward(W1, W2, x):
    dtype = np.result_type(W1, W2, x, np.float32)
    z = np.einsum("hn,n->h", W1, x).astype(dtype)
    y = np.einsum("nh,h,h->n", W2, z, z > 0).astype(dtype)
    y += x
    return y, (x.copy(), z)


@variant("q5a", "a loop over the units")
def skip_forward(W1, W2, x):
    y = x.astype(np.result_type(x, np.float32), copy=True)
    z = np.array([row @ x for row in W1])
    for i, z_i in enumerate(z):
        if z_i > 0:
            y += W2[:, i] * z_i
    return y, (x.astype(y.dtype), z.astype(y.dtype))


@variant("q5a", "an object of a class as the cache")
def skip_forward(W1, W2, x):
    class Cache:
        def __init__(self, *parts):
            self.parts = parts

        def __iter__(self):
            return iter(self.parts)

    x = x * np.ones(1, dtype=np.result_type(x, np.float32))
    z = W1 @ x
    return W2 @ (np.abs(z) + z) * z.dtype.type(0.5) + x, Cache(x, z)


@variant("q5b", "the diagonal matrix R as it stands")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    R = np.diag((z > 0).astype(z.dtype))
    delta = delta.astype(np.result_type(delta, np.float32))
    dz = R @ W2.T @ delta
    return dz[:, None] @ x[None, :], np.outer(delta, R @ z), W1.T @ R @ W2.T @ delta + delta


@variant("q5b", "row vectors, and np.where")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    dz = np.where(z > 0, delta @ W2, 0).astype(z.dtype)
    return dz[:, None] * x, delta[:, None] * np.where(z > 0, z, 0).astype(z.dtype), dz @ W1 + delta


@variant("q5b", "Python loops over the entries")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    dx = np.array(delta, dtype=np.result_type(delta, np.float32))
    dW1, dW2 = np.zeros(W1.shape, z.dtype), np.zeros(W2.shape, z.dtype)
    for i in range(len(z)):
        if z[i] > 0:
            dz_i = np.sum(W2[:, i] * delta)
            dx += dz_i * W1[i]
            dW1[i, :] = dz_i * x
            dW2[:, i] = z[i] * delta
    return dW1, dW2, dx


@variant("q5b", "einsum, and a list is returned")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = delta * np.ones(1, dtype=np.result_type(delta, np.float32))
    mask = np.heaviside(z, np.zeros_like(z))
    dz = np.einsum("n,nh,h->h", delta, W2, mask)
    return [
        np.einsum("h,n->hn", dz, x),
        np.einsum("n,h->nh", delta, z * mask),
        np.einsum("h,hn->n", dz, W1) + delta,
    ]


@variant("q5b", "zeros written into a copy")
def skip_vjp(W1, W2, cache, delta):
    x, z = cache
    delta = np.array(delta, dtype=np.result_type(delta, np.float32))
    a, dz = z.copy(), W2.T @ delta
    a[z <= 0] = 0
    dz[z <= 0] = 0
    return np.outer(dz, x), np.outer(delta, a), np.add(delta, dz @ W1)


@variant("q5c", "a row for each VJP with a unit vector")
def skip_jacobian(W1, W2, x):
    cache = skip_forward(W1, W2, x)[1]
    units = np.eye(len(x), dtype=np.result_type(x, np.float32))
    return np.stack([skip_vjp(W1, W2, cache, e)[2] for e in units])


@variant("q5c", "R as a diagonal matrix")
def skip_jacobian(W1, W2, x):
    dtype = np.result_type(W1, W2, x, np.float32)
    return (np.identity(len(x)) + W2 @ np.diag((W1 @ x > 0) * 1.0) @ W1).astype(dtype)


@variant("q5c", "a sum over the active units")
def skip_jacobian(W1, W2, x):
    J = np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32))
    for i in np.flatnonzero(W1 @ x > 0):
        J += np.outer(W2[:, i], W1[i])
    return J


@variant("q5d", "skip_forward and skip_vjp, with x and the gradient subtracted where there are no skips")
def stack_gradient_norms(W1s, W2s, x, delta, skip):
    from scipy.linalg import norm

    caches, gradients = [], [delta.astype(np.result_type(delta, np.float32))]
    for W1, W2 in zip(W1s, W2s):
        y, cache = skip_forward(W1, W2, x)
        caches.append(cache)
        x = y if skip else y - x
    for W1, W2, cache in zip(reversed(W1s), reversed(W2s), reversed(caches)):
        dx = skip_vjp(W1, W2, cache, gradients[0])[2]
        gradients.insert(0, dx if skip else dx - gradients[0])
    return np.array([norm(g) for g in gradients], dtype=gradients[0].dtype)


@variant("q5d", "Jacobians, and hypot for the norm")
def stack_gradient_norms(W1s, W2s, x, delta, skip):
    from math import hypot

    dtype = np.result_type(delta, np.float32)
    x, gradient = x.astype(dtype), delta.astype(dtype)
    jacobians = []
    for W1, W2 in zip(W1s, W2s):
        z = W1 @ x
        J = (W2 * (z > 0)) @ W1
        jacobians.append(J + np.eye(len(x), dtype=dtype) if skip else J)
        x = W2 @ np.maximum(z, 0) + (x if skip else 0)
    norms = np.zeros(len(W1s) + 1, dtype=dtype)
    norms[-1] = hypot(*gradient)
    for l in reversed(range(len(W1s))):
        gradient = gradient @ jacobians[l]
        norms[l] = hypot(*gradient)
    return norms


@variant("q5d", "the norms from logarithms of the squares")
def stack_gradient_norms(W1s, W2s, x, delta, skip):
    dtype = np.result_type(delta, np.float32)
    x, inputs = x.astype(dtype), []
    for W1, W2 in zip(W1s, W2s):
        inputs.append(x)
        x = W2 @ np.where(W1 @ x > 0, W1 @ x, 0).astype(dtype) + int(skip) * x
    gradients = [delta.astype(dtype)]
    for l in range(len(W1s))[::-1]:
        g = gradients[-1]
        gradients.append(W1s[l].T @ ((W1s[l] @ inputs[l] > 0) * (g @ W2s[l])) + int(skip) * g)
    with np.errstate(divide="ignore"):
        logs = [2 * np.log(np.abs(g.astype(float))) for g in gradients]
    return np.exp([np.logaddexp.reduce(log) / 2 for log in logs])[::-1].astype(dtype)
