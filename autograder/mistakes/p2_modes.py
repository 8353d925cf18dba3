"""Problem 2: mistakes and correct variants."""

import numpy as np

import solutions.p2_modes as reference
from autograder.mistakes import edit, mistake, variant
from solutions.p2_modes import backward_cost, forward_cost, jvp, topological_order, vjp

# 2(a) jvp


mistake("q2a", "each layer's jvp is taken at the layer's output", says="is called at the layer's output")(
    edit(reference.jvp, ("x, v = f(x), layer_jvp(x, v)", "x = f(x)\n        v = layer_jvp(x, v)"))
)
mistake(
    "q2a",
    "every layer's jvp is taken at the input of the chain",
    says="is called at the input of the whole chain",
)(edit(reference.jvp, ("for f", "for _"), ("x, v = f(x), layer_jvp", "v = layer_jvp")))
mistake("q2a", "the layers are taken last to first", says="the layers are in the opposite order")(
    edit(reference.jvp, ("in layers", "in reversed(layers)"))
)
mistake("q2a", "each layer's vjp in place of its jvp", says="this mode needs the jvp of a layer only")(
    edit(reference.jvp, ("layer_jvp, _", "_, layer_vjp"), ("(x), layer_jvp", "(x), layer_vjp"))
)


@mistake("q2a", "central differences of the chain", says="a nearby point, as in a finite difference")
def jvp(layers, x, v):
    def chain(x):
        for f, _, _ in layers:
            x = f(x)
        return x

    return (chain(x + 1e-6 * v) - chain(x - 1e-6 * v)) / 2e-6


@mistake("q2a", "v is not carried from layer to layer", says="takes the tangent of the layer's input")
def jvp(layers, x, v):
    product = v
    for f, layer_jvp, _ in layers:
        product = layer_jvp(x, v)
        x = f(x)
    return product


mistake("q2a", "the last layer is left out", says="Is the layer left out?")(
    edit(reference.jvp, ("in layers", "in layers[:-1]"))
)
mistake("q2a", "no return", says="Did you forget a return?")(edit(reference.jvp, ("return v", "")))
mistake("q2a", "the value is returned beside the product", says="yours is a tuple of 2")(
    edit(reference.jvp, ("return v", "return x, v"))
)


@mistake(
    "q2a", "the input of each layer is computed afresh from x", says="Keep the values that are needed again"
)
def jvp(layers, x, v):
    for k, (_, layer_jvp, _) in enumerate(layers):
        point = x
        for f, _, _ in layers[:k]:
            point = f(point)
        v = layer_jvp(point, v)
    return v


@mistake("q2a", "builds the Jacobian by n sweeps, then multiplies it by v", says="one sweep is enough")
def jvp(layers, x, v):
    columns = []
    for column in np.eye(len(x), dtype=v.dtype):
        point = x
        for f, layer_jvp, _ in layers:
            point, column = f(point), layer_jvp(point, column)
        columns.append(column)
    return np.stack(columns, axis=1) @ v


@mistake("q2a", "fails for a chain without layers", says="A chain without layers is the identity")
def jvp(layers, x, v):
    for f, layer_jvp, _ in layers[:-1]:
        x, v = f(x), layer_jvp(x, v)
    return layers[-1][1](x, v)


mistake(
    "q2a",
    "always computes in float64",
    says="for arguments of float32 it should be float32",
    fails=("jvp_dtypes",),
    costs=0.5,
)(edit(reference.jvp, ("for f", "x, v = x.astype(float), v.astype(float)\n    for f")))


@mistake(
    "q2a",
    "divides v by its length in place",
    says="changes its argument v",
    fails=("jvp_no_traces",),
    costs=0.25,
)
def jvp(layers, x, v):
    if v.dtype.kind == "i":
        v = v.astype(float)
    length = np.sqrt((v**2).sum()) or 1.0
    v /= length
    for f, layer_jvp, _ in layers:
        x, v = f(x), layer_jvp(x, v)
    return length * v


mistake(
    "q2a",
    "the product is converted to the dtype of v",
    says="for arguments of int64 it should be float64",
    fails=("jvp_dtypes", "jvp_unusual_arrays"),
    costs=0.5,
)(edit(reference.jvp, ("return v", "return v.astype(dtype)"), ("for f", "dtype = v.dtype\n    for f")))


@variant("q2a", "recursion over the layers")
def jvp(layers, x, v):
    if len(layers) == 0:
        return v
    (f, layer_jvp, _), *rest = layers
    return jvp(rest, f(x), layer_jvp(x, v))


@variant("q2a", "all values first, without the last, then the tangents")
def jvp(layers, x, v):
    points = [x]
    for layer in layers[:-1]:
        points.append(layer[0](points[-1]))
    for layer, point in zip(layers, points):
        v = layer[1](point, v)
    return v


@variant("q2a", "a while loop that counts")
def jvp(layers, x, v):
    k, product = 0, v.copy()
    while k < len(layers):
        product = layers[k][1](x, product)
        x = layers[k][0](x)
        k += 1
    return product


# 2(b) vjp


def vjp(layers, x, u):
    points = []
    for f, _, _ in layers:
        points.append(x)
        x = f(x)
    for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1]):
        u = layer_vjp(point, u)
    return u


right_vjp = vjp


mistake("q2b", "each layer's vjp is taken at the layer's output", says="is called at the layer's output")(
    edit(right_vjp, ("points.append(x)\n        x = f(x)", "x = f(x)\n        points.append(x)"))
)


@mistake(
    "q2b",
    "every layer's vjp is taken at the input of the chain",
    says="is called at the input of the whole chain",
)
def vjp(layers, x, u):
    for _, _, layer_vjp in reversed(layers):
        u = layer_vjp(x, u)
    return u


@mistake("q2b", "the vjps are called first to last", says="takes what comes back from the layer after it")
def vjp(layers, x, u):
    for f, _, layer_vjp in layers:
        u = layer_vjp(x, u)
        x = f(x)
    return u


mistake("q2b", "each layer's jvp in place of its vjp", says="this mode needs the vjp of a layer only")(
    edit(right_vjp, ("_, layer_vjp", "layer_jvp, _"), ("= layer_vjp", "= layer_jvp"))
)


@mistake(
    "q2b", "the forward pass is done afresh for every layer", says="Keep the values that are needed again"
)
def vjp(layers, x, u):
    for k in range(len(layers))[::-1]:
        point = x
        for f, _, _ in layers[:k]:
            point = f(point)
        u = layers[k][2](point, u)
    return u


mistake("q2b", "the backward pass stops before the first layer", says="Is the layer left out?")(
    edit(
        right_vjp,
        ("(_, _, layer_vjp), point in zip(layers[::-1], points[::-1])", "k in range(len(layers) - 1, 0, -1)"),
        ("layer_vjp(point, u)", "layers[k][2](points[k], u)"),
    )
)
mistake(
    "q2b",
    "turns the list of layers round, which stays so",
    says="change the list of layers",
    fails=("vjp_no_traces",),
    costs=0.25,
)(edit(right_vjp, ("x = f(x)", "x = f(x)\n    layers.reverse()"), ("layers[::-1]", "layers")))
mistake(
    "q2b",
    "takes the layers out of the list",
    says="changes its argument layers",
    fails=("vjp_no_traces",),
    costs=0.25,
)(
    edit(
        right_vjp,
        ("for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1])", "while layers"),
        ("layer_vjp(point, u)", "layers.pop()[2](points.pop(), u)"),
    )
)


# Its results depend on the calls before, those of other checks too.
@mistake(
    "q2b",
    "the stored values are those of the first call",
    says="perhaps left over from an earlier call",
    unnamed=True,
)
def vjp(layers, x, u, stored={}):
    points = stored.setdefault(len(layers), [])
    if len(points) != len(layers) or any(p.shape != x.shape for p in points[:1]):
        points.clear()
        for f, _, _ in layers:
            points.append(x)
            x = f(x)
    for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1]):
        u = layer_vjp(point, u)
    return u


mistake(
    "q2b",
    "always computes in float64",
    says="for arguments of float32 it should be float32",
    fails=("vjp_dtypes",),
    costs=0.25,
)(edit(right_vjp, ("points = []", "points, x, u = [], x.astype(float), u.astype(float)")))


@mistake("q2b", "fails for a chain without layers", says="A chain without layers is the identity")
def vjp(layers, x, u):
    points = [x]
    for f, _, _ in layers[:-1]:
        points.append(f(points[-1]))
    product = layers[-1][2](points[-1], u)
    for (_, _, layer_vjp), point in zip(layers[-2::-1], points[-2::-1]):
        product = layer_vjp(point, product)
    return product


mistake("q2b", "u is ignored: it starts from ones", says="does not depend on the vector")(
    edit(right_vjp, ("x = f(x)", "x = f(x)\n    u = np.ones_like(u)"))
)
mistake(
    "q2b", "a row of shape (1, n)", says="should be an array of shape (2,); yours is an array of shape (1, 2)"
)(edit(right_vjp, ("return u", "return u[np.newaxis]")))


mistake(
    "q2b",
    "the product is converted to the dtype of u",
    says="for arguments of int64 it should be float64",
    fails=("vjp_dtypes", "vjp_unusual_arrays"),
    costs=0.5,
)(edit(right_vjp, ("return u", "return u.astype(dtype)"), ("points = []", "points, dtype = [], u.dtype")))


@variant("q2b", "without the f of the last layer")
def vjp(layers, x, u):
    points = [x]
    for f, _, _ in layers[:-1]:
        points.append(f(points[-1]))
    for k in range(len(layers) - 1, -1, -1):
        u = layers[k][2](points[k], u)
    return u


@variant("q2b", "recursion: the call stack keeps the values")
def vjp(layers, x, u):
    if not layers:
        return u
    f, _, layer_vjp = layers[0]
    return layer_vjp(x, vjp(layers[1:], f(x), u))


@variant("q2b", "a list of functions that wait for u")
def vjp(layers, x, u):
    waiting = []
    for f, _, layer_vjp in layers:
        waiting.append(lambda u, point=x, layer_vjp=layer_vjp: layer_vjp(point, u))
        x = f(x)
    while waiting:
        u = waiting.pop()(u)
    return np.array(u)


# 2(c) jacobian_forward


mistake("q2c", "the products are the rows", says="Yours looks transposed")(
    edit(reference.jacobian_forward, (", axis=1", ""))
)


@mistake("q2c", "backward mode: m products from the left", says="this mode needs the jvp of a layer only")
def jacobian_forward(layers, x):
    y = x
    for f, _, _ in layers:
        y = f(y)
    return np.stack([vjp(layers, x, e) for e in np.eye(len(y), dtype=np.result_type(x, np.float32))])


@mistake("q2c", "the Jacobians of the layers are built and multiplied", says="sweeps need")
def jacobian_forward(layers, x):
    J = np.eye(len(x), dtype=np.result_type(x, np.float32))
    for f, layer_jvp, _ in layers:
        J = np.stack([layer_jvp(x, e) for e in np.eye(len(x), dtype=J.dtype)], axis=1) @ J
        x = f(x)
    return J


@mistake("q2c", "forward differences", says="a nearby point, as in a finite difference")
def jacobian_forward(layers, x):
    def chain(x):
        for f, _, _ in layers:
            x = f(x)
        return x

    h = 1e-6
    return np.stack([(chain(x + h * e) - chain(x)) / h for e in np.eye(len(x))], axis=1)


@mistake(
    "q2c",
    "the derivatives are put into an array of x's dtype",
    says="put into an array of ints?",
    fails=("forward_jacobian_of_whole_numbers",),
    costs=0.25,
)
def jacobian_forward(layers, x):
    columns = [jvp(layers, x, e) for e in np.eye(len(x), dtype=np.result_type(x, np.float32))]
    J = np.zeros((len(columns[0]), len(x)), dtype=x.dtype)
    for j, column in enumerate(columns):
        J[:, j] = column
    return J


@mistake("q2c", "the ones of earlier unit vectors stay", says="which is not a unit vector")
def jacobian_forward(layers, x):
    e, columns = np.zeros(len(x), dtype=np.result_type(x, np.float32)), []
    for j in range(len(x)):
        e[j] = 1
        columns.append(jvp(layers, x, e))
    return np.stack(columns, axis=1)


@mistake(
    "q2c", "as many unit vectors as outputs, of that size", says="takes the tangent of the layer's input"
)
def jacobian_forward(layers, x):
    y = x
    for f, _, _ in layers:
        y = f(y)
    return np.stack([jvp(layers, x, e) for e in np.eye(len(y), dtype=np.result_type(x, np.float32))], axis=1)


@mistake("q2c", "the product with a vector of ones, no matrix", says="the result should be an array of shape")
def jacobian_forward(layers, x):
    return jvp(layers, x, np.ones(len(x), dtype=np.result_type(x, np.float32)))


mistake(
    "q2c",
    "unit vectors of float64 for every x",
    says="for arguments of float32 it should be float32",
    fails=("forward_jacobian_dtypes",),
    costs=0.25,
)(edit(reference.jacobian_forward, (", dtype=np.result_type(x, np.float32)", "")))


@mistake("q2c", "fails for a chain without layers", says="A chain without layers is the identity")
def jacobian_forward(layers, x):
    columns = []
    for column in np.eye(len(x), dtype=np.result_type(x, np.float32)):
        point = x
        for f, layer_jvp, _ in layers[:-1]:
            point, column = f(point), layer_jvp(point, column)
        columns.append(layers[-1][1](point, column))
    return np.stack(columns, axis=1)


@mistake(
    "q2c",
    "the columns are put into an array that the next call fills too",
    says="the next call changes this result",
    fails=("forward_jacobian_no_traces",),
    costs=0.25,
)
def jacobian_forward(layers, x, kept={}):  # noqa: B006
    units = np.eye(len(x), dtype=np.result_type(x, np.float32))
    J = np.stack([jvp(layers, x, unit) for unit in units], axis=1)
    out = kept.setdefault((J.shape, str(J.dtype)), J)
    out[:] = J
    return out


variant("q2c", "unit vectors of the dtype of x, integers too")(
    edit(
        reference.jacobian_forward,
        ("dtype=np.result_type(x, np.float32))  # float64 for whole numbers too", "dtype=x.dtype)"),
    )
)


@variant("q2c", "columns that are filled one by one")
def jacobian_forward(layers, x):
    J = None
    for j in range(len(x)):
        column = np.zeros(len(x), dtype=np.float32 if x.dtype == np.float32 else np.float64)
        column[j] = 1
        point = x
        for f, layer_jvp, _ in layers:
            column, point = layer_jvp(point, column), f(point)
        if J is None:
            J = np.empty((len(column), len(x)), dtype=column.dtype)
        J[:, j] = column
    return J


@variant("q2c", "all columns layer by layer, so that every f is called once")
def jacobian_forward(layers, x):
    columns = list(np.eye(len(x), dtype=np.result_type(x, np.float32)))
    for f, layer_jvp, _ in layers:
        columns = [layer_jvp(x, column) for column in columns]
        x = f(x)
    return np.array(columns).T


# 2(d) jacobian_backward


@mistake("q2d", "a forward pass for each row", says="Keep the values that are needed again")
def jacobian_backward(layers, x):
    y = x
    for f, _, _ in layers:
        y = f(y)
    return np.stack([vjp(layers, x, e) for e in np.eye(len(y), dtype=np.result_type(x, np.float32))])


mistake("q2d", "the products are the columns", says="Yours looks transposed")(
    edit(reference.jacobian_backward, ("return rows", "return rows.T"))
)


@mistake("q2d", "forward mode: n products from the right", says="this mode needs the vjp of a layer only")
def jacobian_backward(layers, x):
    return np.stack([jvp(layers, x, e) for e in np.eye(len(x), dtype=np.result_type(x, np.float32))], axis=1)


mistake(
    "q2d", "as many unit vectors as inputs, of that size", says="what comes back from the layer after it"
)(
    edit(
        reference.jacobian_backward,
        ("points = []", "points, y = [], x"),
        ("points.append(x)\n        x = f(x)", "points.append(y)\n        y = f(y)"),
    )
)


@mistake(
    "q2d", "u is not set to the next unit vector between rows", says="what comes back from the layer after it"
)
def jacobian_backward(layers, x):
    points = []
    for f, _, _ in layers:
        points.append(x)
        x = f(x)
    rows, u = [], np.eye(len(x), dtype=np.result_type(x, np.float32))[0]
    for _ in range(len(x)):
        for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1]):
            u = layer_vjp(point, u)
        rows.append(u)
    return np.stack(rows)


@mistake("q2d", "the Jacobians of the layers are built and multiplied", says="sweeps need")
def jacobian_backward(layers, x):
    J = np.eye(len(x), dtype=np.result_type(x, np.float32))
    for f, _, layer_vjp in layers:
        y = f(x)
        J = np.stack([layer_vjp(x, e) for e in np.eye(len(y), dtype=J.dtype)]) @ J
        x = y
    return J


mistake("q2d", "each layer's vjp is taken at the layer's output", says="is called at the layer's output")(
    edit(
        reference.jacobian_backward,
        ("points.append(x)\n        x = f(x)", "x = f(x)\n        points.append(x)"),
    )
)


@mistake("q2d", "only the gradient of the sum of all outputs", says="the result should be an array of shape")
def jacobian_backward(layers, x):
    points = []
    for f, _, _ in layers:
        points.append(x)
        x = f(x)
    u = np.ones(len(x), dtype=np.result_type(x, np.float32))
    for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1]):
        u = layer_vjp(point, u)
    return u


mistake(
    "q2d",
    "unit vectors of float64 for every x",
    says="for arguments of float32 it should be float32",
    fails=("backward_jacobian_dtypes",),
    costs=0.25,
)(edit(reference.jacobian_backward, (", dtype=np.result_type(x, np.float32)", "")))


@mistake("q2d", "fails for a chain without layers", says="A chain without layers is the identity")
def jacobian_backward(layers, x):
    points = [x]
    for f, _, _ in layers:
        points.append(f(points[-1]))
    rows = []
    for u in np.eye(len(points[-1]), dtype=np.result_type(x, np.float32)):
        row = layers[-1][2](points[-2], u)
        for (_, _, layer_vjp), point in zip(layers[-2::-1], points[-3::-1]):
            row = layer_vjp(point, row)
        rows.append(row)
    return np.stack(rows)


mistake(
    "q2d",
    "the rows are put into an array that the next call fills too",
    says="the next call changes this result",
    fails=("backward_jacobian_no_traces",),
    costs=0.25,
)(
    edit(
        reference.jacobian_backward,
        ("layers, x", "layers, x, kept={}"),
        (
            "return rows",
            "out = kept.setdefault((rows.shape, str(rows.dtype)), rows)\n    out[:] = rows\n    return out",
        ),
    )
)


variant("q2d", "unit vectors of the dtype of the output")(
    edit(
        reference.jacobian_backward,
        ("dtype=np.result_type(x, np.float32))  # float64 for whole numbers too", "dtype=x.dtype)"),
    )
)
mistake(
    "q2d",
    "the rows are put into an array of the dtype of x",
    says="put into an array of ints?",
    fails=("backward_jacobian_of_whole_numbers",),
    costs=0.25,
)(
    edit(
        reference.jacobian_backward,
        ("return rows", "return np.array(rows).astype(dtype)"),
        ("points = []", "points, dtype = [], x.dtype"),
    )
)


@variant("q2d", "row by row")
def jacobian_backward(layers, x):
    points = [x]
    for f, _, _ in layers:
        points.append(f(points[-1]))
    m = len(points[-1])
    J = np.zeros((m, len(x)), dtype=np.float32 if x.dtype == np.float32 else float)
    for i in range(m):
        u = np.zeros(m, dtype=J.dtype)
        u[i] = 1.0
        for k in reversed(range(len(layers))):
            u = layers[k][2](points[k], u)
        J[i] = u
    return J


@variant("q2d", "calls vjp on layers that remember their values")
def jacobian_backward(layers, x):
    def remembering(f, layer_jvp, layer_vjp):
        kept: list = []

        def once(x):
            if not kept:
                kept.append(f(x))
            return kept[0]

        return once, layer_jvp, layer_vjp

    layers, y = [remembering(*layer) for layer in layers], x
    for f, _, _ in layers:
        y = f(y)
    return np.stack([vjp(layers, x, e) for e in np.eye(len(y), dtype=np.result_type(x, np.float32))])


# 2(e) costs


@mistake("q2e", "the cost of one sweep forward", says="This is a single sweep")
def forward_cost(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "the cost of one sweep backward", says="This is a single sweep")
def backward_cost(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "forward_cost counts a sweep for each output", says="the number of the other mode")
def forward_cost(sizes):
    return sizes[-1] * sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "the layers' costs are multiplied", says="Do not multiply them")
def forward_cost(sizes):
    cost = 1
    for size in sizes:
        cost *= size
    return sizes[0] * cost


mistake("q2e", "the last layer is left out of forward_cost", says="A layer is left out")(
    edit(reference.forward_cost, ("- 1", "- 2"))
)


@mistake("q2e", "additions are counted too", says="only multiplications count")
def backward_cost(sizes):
    return 2 * sizes[-1] * sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "only for four layers, as in the text", says="expected 5, got 4")
def forward_cost(sizes):
    n, m1, m2, m3, m = sizes
    return n * (m * m3 + m3 * m2 + m2 * m1 + m1 * n)


@mistake("q2e", "NumPy's 64-bit ints overflow", says="NumPy's 64-bit ints")
def backward_cost(sizes):
    sizes = np.array(sizes, dtype=object).astype(np.uint64).astype(np.int64)
    with np.errstate(all="ignore"):
        return int(sizes[-1] * (sizes[1:] * sizes[:-1]).sum())


@mistake("q2e", "a float", says="should be an int; yours is a float")
def backward_cost(sizes):
    return float(sizes[-1]) * sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "the modes are compared in NumPy's 64-bit ints", says="NumPy's 64-bit ints")
def cheaper_mode(sizes):
    sizes = np.array(sizes, dtype=np.int64)
    once = (sizes[1:] * sizes[:-1]).sum()
    return "forward" if sizes[0] * once < sizes[-1] * once else "backward"


mistake("q2e", "a tie goes to forward mode", says="Both modes take the same number here")(
    edit(reference.cheaper_mode, ("<= sizes", "< sizes"))
)
mistake("q2e", "the modes are the wrong way round", says="Which mode finds one column in each sweep?")(
    edit(reference.cheaper_mode, ("<= sizes", ">= sizes"))
)


@mistake("q2e", "a bool in place of the mode's name", says="yours is a bool")
def cheaper_mode(sizes):
    return sizes[-1] <= sizes[0]


@mistake("q2e", "the storage in floats", says="NumPy's 64-bit ints, or through floats")
def backward_storage(sizes):
    return int(float(sum(sizes)) + max(a + b for a, b in zip(sizes, sizes[1:])))


@mistake("q2e", "the tangents are left out", says="Count the tangent of each value")
def forward_storage(sizes):
    return max(a + b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "forward mode keeps all values", says="drops a value")
def forward_storage(sizes):
    return 2 * sum(sizes)


@mistake("q2e", "the storage at the last layer, not at the peak", says="at which the most numbers are held")
def forward_storage(sizes):
    return 2 * (sizes[-1] + sizes[-2])


@mistake(
    "q2e", "the vectors of the backward pass are left out", says="The vector that a layer's vjp is given"
)
def backward_storage(sizes):
    return sum(sizes)


@mistake("q2e", "only one vector of the backward pass", says="both of them")
def backward_storage(sizes):
    return sum(sizes) + max(sizes)


@mistake("q2e", "the output is not among the values", says="Backward mode holds the input and the output")
def backward_storage(sizes):
    return sum(sizes[:-1]) + max(a + b for a, b in zip(sizes, sizes[1:]))


@mistake("q2e", "a vector of the backward pass is kept for every value", says="Only one layer's vectors")
def backward_storage(sizes):
    return 2 * sum(sizes)


@variant("q2e", "a loop")
def forward_cost(sizes):
    cost = 0
    for k in range(1, len(sizes)):
        for _ in range(1):
            cost += sizes[k - 1] * sizes[k]
    return cost * sizes[0]


@variant("q2e", "from the cost of the chain turned round")
def backward_cost(sizes):
    return forward_cost(tuple(reversed(sizes)))


@variant("q2e", "exact numbers in an object array")
def backward_cost(sizes):
    sizes = np.array(sizes, dtype=object)
    return sizes[-1] * np.dot(sizes[1:], sizes[:-1])


@variant("q2e", "by comparing the two costs")
def cheaper_mode(sizes):
    return "forward" if forward_cost(sizes) < backward_cost(sizes) else "backward"


@variant("q2e", "a simulation of the sweep")
def backward_storage(sizes):
    peak = 0
    for given, gives in zip(reversed(sizes), list(reversed(sizes))[1:]):
        peak = max(peak, given + gives)
    return peak + sum(sizes)


# 2(f) topological_order


mistake("q2f", "children before parents", says="it should come last, after its parents")(
    edit(reference.topological_order, ("return order", "return order[::-1]"))
)


@mistake(
    "q2f", "breadth first: by the shortest way to the result", says="it should wait for all of its parents"
)
def topological_order(node):
    order, waiting, seen = [], [node], {node}
    while waiting:
        current = waiting.pop(0)
        order.append(current)
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return order[::-1]


breadth_first = topological_order


mistake("q2f", "depth first, but written down when found", says="it should wait for all of its parents")(
    edit(breadth_first, ("waiting.pop(0)", "waiting.pop()"))
)


@mistake("q2f", "a node is listed once for each way to it", says="once for each path to it")
def topological_order(node):
    order, waiting = [], [(node, False)]
    while waiting:
        current, done = waiting.pop()
        if done:
            order.append(current)
        else:
            waiting.append((current, True))
            waiting += [(p, False) for p in reversed(current.parents)]
    return order


@mistake("q2f", "visits every path, and drops what it has listed already", says="Does it follow every path")
def topological_order(node):
    order, waiting = [], [(node, False)]
    while waiting:
        current, done = waiting.pop()
        if not done:
            waiting.append((current, True))
            waiting += [(p, False) for p in reversed(current.parents)]
        elif current not in order:
            order.append(current)
    return order


@mistake("q2f", "recursion, which ends at 1000 nodes", says="Python's recursion is not deep enough")
def topological_order(node):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(node)
    return order


@mistake(
    "q2f", "a loop that never ends: it takes no node off its list", says="Is there a loop that never ends?"
)
def topological_order(node):
    order, waiting = [node], [node]
    while waiting:
        current = waiting[-1]
        if current not in order:
            order = [current, *order]
    return order


mistake("q2f", "the node itself is left out", says="itself is missing")(
    edit(reference.topological_order, ("return order", "return order[:-1]"))
)
mistake("q2f", "the values of the nodes, not the nodes", says="return the nodes themselves")(
    edit(reference.topological_order, ("order.append(current)", "order.append(current.value)"))
)
mistake("q2f", "nodes of equal value are taken for one", says="it has the same value as")(
    edit(
        reference.topological_order,
        ("{node}", "{str(node.value)}"),
        ("p not", "str(p.value) not"),
        ("seen.add(parent)", "seen.add(str(parent.value))"),
    )
)
mistake(
    "q2f", "what was visited is remembered for the next call", says="Is something kept from the first one?"
)(
    edit(
        reference.topological_order,
        ("(node):", "(node, seen=set()):"),
        ("order, seen, path = [], {node}, ", "seen.add(node)\n    order, path = [], "),
    )
)


mistake("q2f", "an empty list for a node without parents", says="itself is missing")(
    edit(
        reference.topological_order,
        ("order, seen, path = ", "if not node.parents:\n        return []\n    order, seen, path = "),
    )
)


@mistake("q2f", "only the inputs", says="itself is missing")
def topological_order(node):
    order, seen, waiting = [], {node}, [node]
    while waiting:
        current = waiting.pop()
        if not current.parents:
            order.append(current)
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return order


@mistake("q2f", "a set, which has no order", says="should be a list of nodes; yours is a set")
def topological_order(node):
    seen, waiting = {node}, [node]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return seen


@variant("q2f", "Kahn's algorithm: a node is taken when all its uses are")
def topological_order(node):
    uses, waiting, seen = {node: 0}, [node], {node}
    while waiting:
        for parent in waiting.pop().parents:
            uses[parent] = uses.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    order, ready = [], [node]
    while ready:
        current = ready.pop(0)
        order.append(current)
        for parent in current.parents:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order[::-1]


@variant("q2f", "depth first with a mark for when a node is done")
def topological_order(node):
    order, done, stack = [], set(), [(node, False)]
    while stack:
        current, expanded = stack.pop()
        if current in done:
            continue
        if expanded:
            done.add(current)
            order.append(current)
            continue
        stack.append((current, True))
        stack.extend((p, False) for p in current.parents if p not in done)
    return order


@variant("q2f", "by the longest way to the result")
def topological_order(node):
    found, seen = [node], {node}
    for current in found:
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                found.append(parent)
    missing = {n: len(set(n.parents)) for n in found}
    users: dict = {n: [] for n in found}
    for n in found:
        for parent in set(n.parents):
            users[parent].append(n)
    order = [n for n in found if missing[n] == 0]
    for n in order:
        for user in users[n]:
            missing[user] -= 1
            if missing[user] == 0:
                order.append(user)
    return order


# 2(g) backward


def backward(node, upstream):
    gradients = {node: upstream}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    return gradients


right_backward = backward


mistake("q2g", "the last contribution replaces the others", says="this is what one use contributes")(
    edit(right_backward, ("gradients[parent] + contribution if", "contribution if"))
)
mistake("q2g", "only the first contribution counts", says="this is what one use contributes")(
    edit(right_backward, ("gradients[parent] + contribution if", "gradients[parent] if"))
)


@mistake("q2g", "the mean of the contributions", says="contributions add up, without a mean")
def backward(node, upstream):
    gradients, count = {node: upstream}, {}
    for current in reversed(topological_order(node)):
        if current in count:
            gradients[current] = gradients[current] / count[current]
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
            count[parent] = count.get(parent, 0) + 1
    return gradients


@mistake("q2g", "follows every path by itself", says="Call it once, when the gradient")
def backward(node, upstream):
    gradients: dict = {}
    waiting = [(node, upstream)]
    while waiting:
        current, contribution = waiting.pop()
        gradients[current] = gradients[current] + contribution if current in gradients else contribution
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            waiting.append((parent, local_vjp(contribution)))
    return gradients


mistake("q2g", "a loop that never ends", says="Is there a loop that never ends?")(
    edit(
        right_backward,
        (
            "return gradients",
            "while node in gradients:\n        gradients[node] = upstream\n    return gradients",
        ),
    )
)


@mistake("q2g", "recursion, which ends at 1000 nodes", says="Python's recursion is not deep enough")
def backward(node, upstream):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(node)
    gradients = {node: upstream}
    for current in reversed(order):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    return gradients


@mistake(
    "q2g", "breadth first: gradients are passed on before they are complete", says="Have all contributions"
)
def backward(node, upstream):
    gradients, waiting, seen = {node: upstream}, [node], {node}
    while waiting:
        current = waiting.pop(0)
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return gradients


@mistake(
    "q2g", "gradients are added up in the nodes, call after call", says="kept in the nodes, or elsewhere?"
)
def backward(node, upstream):
    order = topological_order(node)
    for n in order:
        if not hasattr(n, "gradient"):
            n.gradient = 0.0
    node.gradient = node.gradient * 0 + upstream
    for current in reversed(order):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            parent.gradient = parent.gradient + local_vjp(current.gradient)
    return {n: n.gradient for n in order}


@mistake("q2g", "the first result is kept in the node", says="Is the first result kept?")
def backward(node, upstream):
    if hasattr(node, "gradients"):
        return node.gradients
    gradients = {node: upstream}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    node.gradients = gradients
    return gradients


@mistake("q2g", "contributions are added in place, into upstream too", says="Add to a new array, without +=")
def backward(node, upstream):
    gradients = {node: upstream}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            if parent in gradients:
                gradients[parent] += contribution
            else:
                gradients[parent] = contribution
    return gradients


in_place = backward


mistake(
    "q2g", "in place, with a copy of upstream only", says="Do you change an array that is used elsewhere?"
)(edit(in_place, (": upstream", ": upstream * 1")))
mistake("q2g", "upstream is ignored: it starts from ones", says="Is upstream ignored?")(
    edit(right_backward, (": upstream", ": np.ones_like(upstream)"))
)
mistake(
    "q2g",
    "upstream in place of the node's gradient goes into each local vjp",
    says="This is upstream itself.",
)(edit(right_backward, ("gradients[current]", "upstream")))


@mistake(
    "q2g",
    "parents before children, so that zeros are passed on",
    says="does the gradient of a later node get there?",
)
def backward(node, upstream):
    gradients = {n: 0.0 * upstream for n in topological_order(node)}
    gradients[node] = upstream
    for current in topological_order(node):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            gradients[parent] = gradients[parent] + local_vjp(gradients[current])
    return gradients


mistake(
    "q2g", "a parent that is used twice by one node counts once", says="this is what one use contributes"
)(edit(right_backward, ("in zip(", "in dict(zip("), ("local_vjps):", "local_vjps)).items():")))
mistake(
    "q2g",
    "both uses of one node are taken for the first: x * x doubles its first local vjp",
    says="is never called",
)(
    edit(
        right_backward,
        ("parent, local_vjp in zip(current.parents, current.local_vjps)", "parent in current.parents"),
        ("= local_vjp", "= current.local_vjps[current.parents.index(parent)]"),
    )
)
mistake(
    "q2g", "only the inputs are in the dict", says="the dict has no gradient for s, which z was computed from"
)(edit(right_backward, ("return gradients", "return {n: gradients[n] for n in gradients if not n.parents}")))
mistake("q2g", "a list of gradients", says="should be a dict from nodes to gradients; yours is a list")(
    edit(right_backward, ("return gradients", "return [gradients[n] for n in topological_order(node)]"))
)


@mistake("q2g", "the keys are the ids of the nodes", says="the keys should be the nodes themselves")
def backward(node, upstream):
    gradients = {id(node): upstream}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[id(current)])
            old = gradients.get(id(parent))
            gradients[id(parent)] = contribution if old is None else old + contribution
    return gradients


@mistake(
    "q2g",
    "gradients are added into zeros of the values' dtype",
    says="Cannot cast",
    fails=("gradients_of_whole_numbers",),
    costs=0.25,
)
def backward(node, upstream):
    order = topological_order(node)
    gradients = {n: np.zeros_like(n.value) for n in order}
    gradients[node] = upstream
    for current in reversed(order):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            np.add(gradients[parent], local_vjp(gradients[current]), out=gradients[parent])
    return gradients


mistake("q2g", "no return", says="Did you forget a return?")(edit(right_backward, ("return gradients", "")))


@mistake("q2g", "gradients that are zero are not passed on", says="a gradient of zero belongs in the dict")
def backward(node, upstream):
    gradients = {node: upstream}
    for current in reversed(topological_order(node)):
        if current not in gradients:
            continue
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            if np.any(contribution):
                gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    return gradients


mistake(
    "q2g",
    "the nodes are visited from the inputs to the result",
    says="In which order do you visit the nodes?",
)(edit(right_backward, ("reversed(topological_order(node))", "topological_order(node)")))


@mistake("q2g", "all gradients begin as zeros of the shape of upstream", says="could not be broadcast")
def backward(node, upstream):
    gradients = {n: np.zeros_like(upstream) for n in topological_order(node)}
    gradients[node] = upstream
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            gradients[parent] = gradients[parent] + local_vjp(gradients[current])
    return gradients


@mistake(
    "q2g", "a node without parents has no gradients", says="the dict has no gradient for x, the node itself"
)
def backward(node, upstream):
    gradients: dict = {}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            gradients.setdefault(node, upstream)
            contribution = local_vjp(gradients[current])
            gradients[parent] = gradients[parent] + contribution if parent in gradients else contribution
    return gradients


mistake(
    "q2g",
    "all gradients are turned into float64",
    says="for arguments of float32 it should be float32",
    fails=("gradients_dtypes",),
    costs=0.25,
)(
    edit(
        right_backward,
        (": upstream", ": np.asarray(upstream, dtype=float)"),
        ("local_vjp(gradients[current])", "np.asarray(local_vjp(gradients[current]), dtype=float)"),
    )
)


@variant("q2g", "starts from zeros")
def backward(node, upstream):
    order = topological_order(node)
    gradients = {n: 0 for n in order}
    gradients[node] = upstream
    for current in order[::-1]:
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            gradients[parent] = gradients[parent] + local_vjp(gradients[current])
    return gradients


@variant("q2g", "collects the contributions, and sums them when the node's turn comes")
def backward(node, upstream):
    collected = {node: [upstream]}
    gradients = {}
    for current in reversed(topological_order(node)):
        gradients[current] = sum(collected.pop(current)[::-1])
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            collected.setdefault(parent, []).append(local_vjp(gradients[current]))
    return gradients


@variant("q2g", "Kahn's algorithm, without topological_order")
def backward(node, upstream):
    uses, found = {node: 0}, [node]
    for current in found:
        for parent in current.parents:
            if parent not in uses:
                uses[parent] = 0
                found.append(parent)
            uses[parent] += 1
    gradients, ready = {node: upstream}, [node]
    while ready:
        current = ready.pop()
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current])
            gradients[parent] = contribution if parent not in gradients else contribution + gradients[parent]
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return gradients


@variant("q2g", "in place, into arrays of its own")
def backward(node, upstream):
    gradients = {node: np.array(upstream)}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            contribution = local_vjp(gradients[current].copy()[()])
            if parent in gradients:
                gradients[parent] += contribution
            else:
                gradients[parent] = np.array(contribution)
    return {n: g[()] for n, g in gradients.items()}


@variant("q2g", "numbers as arrays without dimensions")
def backward(node, upstream):
    gradients = {n: np.zeros(np.shape(n.value), np.asarray(upstream).dtype) for n in topological_order(node)}
    gradients[node] = np.array(upstream)
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps):
            np.add(gradients[parent], local_vjp(gradients[current].copy()), out=gradients[parent])
    return gradients
