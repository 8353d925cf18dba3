"""Problem 1: mistakes and correct variants."""

import numpy as np

import solutions.p1_methods as reference
from autograder.mistakes import edit, mistake, variant
from solutions.p1_methods import (
    Dual,
    Expression,
    add,
    as_dual,
    central_difference,
    constant,
    derivative,
    differentiate,
    exp,
    log,
    sin,
    tanh,
    variable,
)

# 1(a) forward_difference


@mistake("q1a", "backward differences", says="It is the backward difference")
def forward_difference(f, x, h):
    return np.array([(f(x) - f(x - h * e)) / h for e in np.eye(len(x))])


@mistake("q1a", "central differences", says="Did you take a central difference, or another h?")
def forward_difference(f, x, h):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


mistake("q1a", "not divided by h", says="It is not divided by h")(
    edit(reference.forward_difference, (" / h", ""))
)
mistake("q1a", "divided by 2 h", says="It is divided by 2 h")(
    edit(reference.forward_difference, ("/ h", "/ (2 * h)"))
)
mistake("q1a", "the wrong sign", says="It has the wrong sign")(
    edit(reference.forward_difference, ("f(x + h * e) - center", "center - f(x + h * e)"))
)


@mistake("q1a", "f(x) is evaluated anew for every entry", says="keep f(x)")
def forward_difference(f, x, h):
    return np.array([(f(x + h * e) - f(x)) / h for e in np.eye(len(x))])


mistake("q1a", "all entries are moved at once", says="move one at a time")(
    edit(reference.forward_difference, ("h * e", "h"), ("e in np.eye(len(x))", "_ in x"))
)


@mistake("q1a", "a moved entry does not go back", says="each entry must go back")
def forward_difference(f, x, h):
    center, moved, g = f(x), x.astype(float), np.zeros(len(x))
    for i in range(len(x)):
        moved[i] += h
        g[i] = (f(moved) - center) / h
    return g


@mistake("q1a", "moves the entries of x itself", says="changes its argument x")
def forward_difference(f, x, h):
    center, g = f(x), np.zeros(len(x))
    for i in range(len(x)):
        x[i] += 1 if x.dtype.kind == "i" else h
        g[i] = (f(x) - center) / h
    return g


@mistake("q1a", "the step is lost in a copy of whole numbers", says="so x + h is cut off")
def forward_difference(f, x, h):
    center, g = f(x), np.zeros(len(x))
    for i in range(len(x)):
        moved = x.copy()
        moved[i] = moved[i] + h
        g[i] = (f(moved) - center) / h
    return g


@mistake(
    "q1a", "each entry of a copy moves there and back, which integers cut off", says="It is right for floats"
)
def forward_difference(f, x, h):
    center, moved, g = f(x), x.copy(), np.zeros(len(x))
    for i in range(len(x)):
        moved[i] += h
        g[i] = (f(moved) - center) / h
        moved[i] -= h
    return g


@mistake("q1a", "the step is h x_i", says="it should be h for every entry")
def forward_difference(f, x, h):
    center = f(x)
    return np.array([(f(x + h * x_i * e) - center) / (h * x_i) for x_i, e in zip(x, np.eye(len(x)))])


mistake("q1a", "h is ignored", says="or another h?")(
    edit(reference.forward_difference, ("(f(x + h * e) - center) / h", "(f(x + 1e-6 * e) - center) / 1e-6"))
)


@mistake("q1a", "gradcheck's derivative in the place of a difference", says="or another h?")
def forward_difference(f, x, h):
    from gradcheck import numerical_jacobian

    return numerical_jacobian(f, x.astype(float)).value


mistake("q1a", "no return", says="Did you forget a return?")(
    edit(reference.forward_difference, ("return ", ""))
)
mistake("q1a", "a column of shape (n, 1)", says="yours is an array of shape (3, 1)")(
    edit(reference.forward_difference, ("(f(x + h * e) - center) / h", "[(f(x + h * e) - center) / h]"))
)


@mistake(
    "q1a", "f gets one entry instead of the array", says="f takes an array of shape (3,), and was called with"
)
def forward_difference(f, x, h):
    return np.array([(f(x_i + h) - f(x_i)) / h for x_i in x])


@mistake(
    "q1a",
    "moves x itself, and rounding keeps it from coming back",
    says="changes its argument x",
    fails=("forward_no_traces",),
    costs=0.25,
)
def forward_difference(f, x, h):
    x = np.asarray(x, dtype=float)
    start = f(x)
    g = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += h
        g[i] = (f(x) - start) / h
        x[i] -= h
    return g


@variant("q1a", "a copy for each step, in a loop")
def forward_difference(f, x, h):
    x = np.array(x, dtype=np.float64)
    g, center = np.empty(x.shape), f(x)
    for i in range(x.size):
        moved = x.copy()
        moved[i] += h
        g[i] = f(moved) / h - center / h
    return g


@variant("q1a", "all points first, f(x) last")
def forward_difference(f, x, h):
    values = np.array([f(row) for row in x + h * np.identity(x.size)])
    return np.divide(values - f(x), h)


# 1(b) central_difference


mistake("q1b", "divided by h", says="It is twice the right one")(
    edit(reference.central_difference, ("(2 * h)", "h"))
)


@mistake("q1b", "forward differences", says="It is the forward difference")
def central_difference(f, x, h):
    center = f(x)
    return np.array([(f(x + h * e) - center) / h for e in np.eye(len(x))])


mistake("q1b", "half of the forward difference", says="It is half of the forward difference")(
    edit(reference.central_difference, ("x - h * e", "x"))
)
mistake("q1b", "the wrong sign", says="It has the wrong sign")(
    edit(reference.central_difference, ("(x + h * e) - f(x - h * e)", "(x - h * e) - f(x + h * e)"))
)


@mistake("q1b", "steps of h / 2 to each side", says="step by h to each side")
def central_difference(f, x, h):
    return np.array([(f(x + h / 2 * e) - f(x - h / 2 * e)) / h for e in np.eye(len(x))])


mistake("q1b", "not divided by 2 h", says="It is not divided by 2 h")(
    edit(reference.central_difference, (" / (2 * h)", ""))
)
mistake("q1b", "multiplied by h: / 2 * h", says="because / 2 * h multiplies by h")(
    edit(reference.central_difference, ("(2 * h)", "2 * h"))
)


@mistake("q1b", "f(x) is evaluated as well", says="A central difference does not need f(x)")
def central_difference(f, x, h):
    center = f(x)
    g = np.zeros(len(x))
    for i, e in enumerate(np.eye(len(x))):
        g[i] = ((f(x + h * e) - center) + (center - f(x - h * e))) / (2 * h)
    return g


@mistake("q1b", "all entries are moved at once", says="move one at a time")
def central_difference(f, x, h):
    return np.array([(f(x + h) - f(x - h)) / (2 * h) for _ in x])


@mistake("q1b", "the step is lost in a copy of whole numbers", says="so x + h is cut off")
def central_difference(f, x, h):
    g = np.zeros(len(x))
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        g[i] = (f(up) - f(down)) / (2 * h)
    return g


@mistake(
    "q1b",
    "moves x itself, and rounding keeps it from coming back",
    says="changes its argument x",
    fails=("central_no_traces",),
    costs=0.25,
)
def central_difference(f, x, h):
    if x.dtype.kind == "i":
        x = x.astype(float)
    g = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        g[i] = (up - f(x)) / (2 * h)
        x[i] += h
    return g


@mistake("q1b", "gradcheck's derivative in the place of a difference", says="Did you use this h?")
def central_difference(f, x, h):
    from gradcheck import numerical_jacobian

    return numerical_jacobian(f, x.astype(float)).value


@mistake(
    "q1b", "each entry of a copy moves there and back, which integers cut off", says="It is right for floats"
)
def central_difference(f, x, h):
    moved, g = x.copy(), np.zeros(len(x))
    for i in range(len(x)):
        moved[i] += h
        up = f(moved)
        moved[i] -= 2 * h
        g[i] = (up - f(moved)) / (2 * h)
        moved[i] += h
    return g


mistake("q1b", "no return", says="Did you forget a return?")(
    edit(reference.central_difference, ("return ", ""))
)


@variant("q1b", "a loop that puts each entry back")
def central_difference(f, x, h):
    g, moved = np.zeros(x.size), np.array(x, dtype=float)
    for i in range(x.size):
        moved[i] = x[i] + h
        up = f(moved)
        moved[i] = x[i] - h
        down = f(moved)
        moved[i] = x[i]
        g[i] = 0.5 * (up - down) / h
    return g


@variant("q1b", "the steps as rows of a matrix")
def central_difference(f, x, h):
    steps = np.diag(np.full(x.size, float(h)))
    return (np.apply_along_axis(f, 1, x + steps) - np.apply_along_axis(f, 1, x - steps)) / (2 * h)


# 1(c) difference_jacobian


@mistake("q1c", "the transpose: an input a row", says="is the transpose of the right one")
def difference_jacobian(f, x, h):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@mistake("q1c", "forward differences", says="forward differences only")
def difference_jacobian(f, x, h):
    center = f(x)
    return np.stack([(f(x + h * e) - center) / h for e in np.eye(len(x))], axis=1)


@mistake("q1c", "summed over the outputs", says="the result is a vector")
def difference_jacobian(f, x, h):
    return np.array([(f(x + h * e) - f(x - h * e)).sum() / (2 * h) for e in np.eye(len(x))])


@mistake("q1c", "f is evaluated anew for every output", says="more times at a point where it had been")
def difference_jacobian(f, x, h):
    m = len(f(x))
    J = np.zeros((m, len(x)))
    for i in range(m):
        for j, e in enumerate(np.eye(len(x))):
            J[i, j] = (f(x + h * e)[i] - f(x - h * e)[i]) / (2 * h)
    return J


@mistake("q1c", "f is evaluated once more to find m", says="does not need f(x)")
def difference_jacobian(f, x, h):
    J = np.zeros((len(f(x)), len(x)))
    for j, e in enumerate(np.eye(len(x))):
        J[:, j] = (f(x + h * e) - f(x - h * e)) / (2 * h)
    return J


@mistake("q1c", "a vector where there is one output", says="for one output too")
def difference_jacobian(f, x, h):
    J = np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=1)
    return J[0] if len(J) == 1 else J


mistake("q1c", "divided by h", says="It is twice the right one")(
    edit(reference.difference_jacobian, ("(2 * h)", "h"))
)
mistake("q1c", "multiplied by h: / 2 * h", says="because / 2 * h multiplies by h")(
    edit(reference.difference_jacobian, ("(2 * h)", "2 * h"))
)
mistake("q1c", "the wrong sign", says="It has the wrong sign")(
    edit(reference.difference_jacobian, ("f(x + h * e) - f(x - h * e)", "f(x - h * e) - f(x + h * e)"))
)


@mistake("q1c", "as many outputs as inputs are assumed")
def difference_jacobian(f, x, h):
    J = np.zeros((len(x), len(x)))
    for j, e in enumerate(np.eye(len(x))):
        J[:, j] = (f(x + h * e) - f(x - h * e)) / (2 * h)
    return J


@mistake("q1c", "the step is lost in a copy of whole numbers", says="so x + h is cut off")
def difference_jacobian(f, x, h):
    columns = []
    for j in range(len(x)):
        up, down = x.copy(), x.copy()
        up[j] = up[j] + h
        down[j] = down[j] - h
        columns.append((f(up) - f(down)) / (2 * h))
    return np.stack(columns, axis=1)


@mistake(
    "q1c", "each entry of a copy moves there and back, which integers cut off", says="It is right for floats"
)
def difference_jacobian(f, x, h):
    moved, columns = x.copy(), []
    for j in range(len(x)):
        moved[j] += h
        up = f(moved)
        moved[j] -= 2 * h
        columns.append((up - f(moved)) / (2 * h))
        moved[j] += h
    return np.stack(columns, axis=1)


@mistake("q1c", "a list of columns", says="yours is a list")
def difference_jacobian(f, x, h):
    return [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]


@mistake(
    "q1c",
    "moves x itself, and rounding keeps it from coming back",
    says="changes its argument x",
    fails=("jacobian_no_traces",),
    costs=0.25,
)
def difference_jacobian(f, x, h):
    x = np.asarray(x, dtype=float)
    columns = []
    for i in range(len(x)):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        columns.append((up - f(x)) / (2 * h))
        x[i] += h
    return np.stack(columns, axis=1)


@variant("q1c", "columns filled in once the first is known")
def difference_jacobian(f, x, h):
    x, J = x.astype(float), None
    for j in range(x.size):
        step = np.where(np.arange(x.size) == j, h, 0.0)
        column = (f(x + step) - f(x - step)) / h / 2
        J = np.zeros((column.size, x.size)) if J is None else J
        J[:, j] = column
    return J


@variant("q1c", "the transpose of an array of columns")
def difference_jacobian(f, x, h):
    up = np.array([f(x + h * e) for e in np.eye(len(x))])
    down = np.array([f(x - h * e) for e in np.eye(len(x))])
    return (up - down).T / (2.0 * h)


# 1(d) best_step


def best_step(f, df, x, hs):
    hs = np.sort(hs)[::-1]
    errors = [abs((f(x + h) - f(x - h)) / (2 * h) - df(x)) for h in hs]
    return hs[np.nanargmin(errors)]


right_step = best_step


@mistake("q1d", "the index of the step", says="It is an index into hs")
def best_step(f, df, x, hs):
    errors = [abs((f(x + h) - f(x - h)) / (2 * h) - df(x)) for h in hs]
    return int(np.nanargmin(errors))


@mistake("q1d", "the smallest step", says="It is the smallest step, which need not be the best")
def best_step(f, df, x, hs):
    return hs.min()


@mistake("q1d", "the smallest error instead of its step", says="It is the smallest error")
def best_step(f, df, x, hs):
    return np.nanmin([abs((f(x + h) - f(x - h)) / (2 * h) - df(x)) for h in hs])


mistake("q1d", "the step with the largest error", says="the largest error")(
    edit(right_step, ("    hs = np.sort(hs)[::-1]\n", ""), ("np.nanargmin", "np.nanargmax"))
)
mistake("q1d", "the best step of forward differences", says="the best one for forward differences")(
    edit(right_step, ("(f(x + h) - f(x - h)) / (2 * h)", "(f(x + h) - f(x)) / h"))
)
mistake("q1d", "the sign of the error counts", says="the size of an error counts")(
    edit(right_step, ("[abs(", "[("))
)
mistake("q1d", "a step whose difference is NaN is taken", says="which is not a small error")(
    edit(right_step, ("np.nanargmin", "np.argmin"))
)


@mistake("q1d", "an infinite difference counts as exact", says="NaN or infinite, so it does not count")
def best_step(f, df, x, hs):
    hs = np.sort(hs)[::-1]
    errors = [abs((f(x + h) - f(x - h)) / (2 * h) - df(x)) for h in hs]
    return hs[np.nanargmin([0.0 if np.isinf(e) else e for e in errors])]


mistake("q1d", "the first of equally good steps", says="not the first in hs")(
    edit(right_step, ("    hs = np.sort(hs)[::-1]\n", ""))
)
mistake("q1d", "the smallest of equally good steps", says="of equal ones take the largest step")(
    edit(right_step, ("hs = np.sort(hs)[::-1]", "hs = np.sort(hs)"))
)
mistake(
    "q1d", "sorts hs in place", says="changes its argument hs", fails=("best_step_no_traces",), costs=0.25
)(edit(right_step, ("hs = np.sort(hs)[::-1]", "hs.sort()\n    hs = hs[::-1]")))


@variant("q1d", "by min and a key")
def best_step(f, df, x, hs):
    def error(h):
        e = abs((f(x + h) - f(x - h)) / (2 * h) - df(x))
        return np.inf if np.isnan(e) else e

    return min(hs, key=lambda h: (error(h), -h))


@variant("q1d", "by arrays, on central_difference")
def best_step(f, df, x, hs):
    hs = np.sort(hs)[::-1]
    slopes = [central_difference(lambda v: f(v[0]), np.array([x]), h)[0] for h in hs]
    return float(hs[np.nanargmin(np.abs(np.array(slopes) - df(x)))])


# 1(e) differentiate


mistake(
    "q1e",
    "the derivative of a product is the product of the derivatives",
    says="the product of the two slopes",
)(edit(reference.differentiate, ("du * v + u * dv", "du * dv")))
mistake("q1e", "the product rule has its first term only", says="The term with the slope of v is missing")(
    edit(reference.differentiate, ("du * v + u * dv", "du * v"))
)
mistake("q1e", "each derivative of a product meets its own factor", says="are swapped")(
    edit(reference.differentiate, ("du * v + u * dv", "du * u + v * dv"))
)
mistake("q1e", "the quotient of the derivatives", says="the quotient of the two slopes")(
    edit(reference.differentiate, ("(du * v - u * dv) / v**2", "du / dv"))
)
mistake("q1e", "the quotient rule has its terms the wrong way round", says="It has the wrong sign")(
    edit(reference.differentiate, ("(du * v - u * dv) / v**2", "(u * dv - du * v) / v**2"))
)
mistake("q1e", "the quotient rule divides by v instead of its square", says="It is v times the right one")(
    edit(reference.differentiate, ("(du * v - u * dv) / v**2", "(du * v - u * dv) / v"))
)
mistake("q1e", "the quotient rule adds its terms", says="The term with the slope of v has the wrong sign")(
    edit(reference.differentiate, ("(du * v - u * dv) / v**2", "(du * v + u * dv) / v**2"))
)
mistake("q1e", "the chain rule is missing in powers", says="this is the chain rule's outer factor alone")(
    edit(reference.differentiate, ("u ** (parts[1] - 1) * du", "u ** (parts[1] - 1)"))
)
mistake("q1e", "the exponent is not lowered by one", says="It is u times the right one")(
    edit(reference.differentiate, ("u ** (parts[1] - 1)", "u ** parts[1]"))
)
mistake("q1e", "the exponent is taken for a whole number")(
    edit(
        reference.differentiate,
        ("parts[1] * u ** (parts[1] - 1)", "int(parts[1]) * u ** (int(parts[1]) - 1)"),
    )
)
mistake("q1e", "the chain rule is missing in exp", says="this is the chain rule's outer factor alone")(
    edit(reference.differentiate, ("expression * du", "expression"))
)
mistake("q1e", "the chain rule is missing in log", says="this is the chain rule's outer factor alone")(
    edit(reference.differentiate, ("du / u", "1 / u"))
)
mistake("q1e", "the outer factor of sin is taken at the inner derivative", says="taken at the slope of u")(
    edit(reference.differentiate, ("u.cos() * du", "du.cos()"))
)
mistake("q1e", "the derivative of cos has the wrong sign", says="It has the wrong sign")(
    edit(reference.differentiate, ("-u.sin() * du", "u.sin() * du"))
)
mistake("q1e", "cos is forgotten", says="Did you forget a return, or an operation?")(
    edit(reference.differentiate, ("return -u.sin() * du", "return"))
)
mistake("q1e", "the derivative of a difference is the sum", says="The second term has the wrong sign")(
    edit(reference.differentiate, ("du - dv", "du + dv"))
)
mistake("q1e", "every variable has the derivative 1", says="look at the variable's name")(
    edit(reference.differentiate, ("constant(1 if parts[0] == name else 0)", "constant(1)"))
)
mistake("q1e", "a constant is its own derivative", says="A constant does not change")(
    edit(reference.differentiate, ("constant(0)", "expression"))
)
mistake("q1e", "plain numbers for the derivatives of leaves", says="A plain number is not an expression")(
    edit(
        reference.differentiate,
        ("constant(0)", "0.0"),
        ("constant(1 if parts[0] == name else 0)", "1.0 if parts[0] == name else 0.0"),
    )
)


mistake("q1e", "a name that contains the variable's name counts too", says="x and xx are two variables")(
    edit(reference.differentiate, ("parts[0] == name", "name in parts[0]"))
)
mistake("q1e", "powers by the logarithm of the base, which may be negative", says="is nan")(
    edit(
        reference.differentiate,
        ("parts[1] * u ** (parts[1] - 1) * du", "parts[1] * ((parts[1] - 1) * u.log()).exp() * du"),
    )
)
mistake("q1e", "an exponent that is an Expression, which cannot be differentiated again", says="float()")(
    edit(
        reference.differentiate,
        ("(du * v - u * dv) / v**2", '(du * v - u * dv) / Expression("**", (v, constant(2)))'),
    )
)


@mistake(
    "q1e",
    "a central difference of the formula, written as a formula",
    says="is it a difference quotient",
)
def differentiate(expression, name):
    def moved(step):
        def rule(operation, parts):
            if operation == "variable" and parts[0] == name:
                return variable(name) + step
            return Expression(operation, tuple(parts))

        return expression.fold(rule)

    return (moved(1e-5) - moved(-1e-5)) / 2e-5


# `right` is the reference's function, whose recursion comes back here.
@mistake("q1e", "each part is differentiated twice at each level", says="each part of a formula only once")
def differentiate(expression, name, right=differentiate):
    if expression.operation in ("constant", "variable", "+"):
        return right(expression, name)
    unused = [differentiate(part, name) for part in expression.parts if isinstance(part, Expression)]
    return right(expression, name)


@variant("q1e", "rules in a table, with simplification")
def differentiate(expression, name):
    def times(u, v):
        numbers = [w.parts[0] for w in (u, v) if w.operation == "constant"]
        if 0.0 in numbers:
            return constant(0.0)
        return v if u.operation == "constant" and u.parts[0] == 1.0 else u * v

    def d(u):
        return differentiate(u, name)

    rules = {
        "constant": lambda number: constant(0.0),
        "variable": lambda other: constant(float(other == name)),
        "+": lambda u, v: d(u) + d(v),
        "-": lambda u, v: d(u) - d(v),
        "*": lambda u, v: times(d(u), v) + times(d(v), u),
        "/": lambda u, v: d(u) / v - times(d(v), u) / (v * v),
        "**": lambda u, n: times(d(u), n * u ** (n - 1)),
        "exp": lambda u: times(d(u), u.exp()),
        "log": lambda u: times(d(u), 1 / u),
        "sin": lambda u: times(d(u), u.cos()),
        "cos": lambda u: constant(0.0) - times(d(u), u.sin()),
    }
    return rules[expression.operation](*expression.parts)


@variant("q1e", "from the leaves up, without recursion")
def differentiate(expression, name):
    def rule(operation, parts):
        if operation == "constant":
            return constant(parts[0]), constant(0)
        if operation == "variable":
            return variable(parts[0]), constant(int(parts[0] == name))
        (u, du), second = parts[0], parts[1] if len(parts) == 2 else None
        if operation == "**":
            return u**second, second * u**second / u * du
        if second is None:
            whole = Expression(operation, (u,))
            outer = {"exp": whole, "log": u**-1, "sin": u.cos(), "cos": -u.sin()}[operation]
            return whole, outer * du
        v, dv = second
        whole = Expression(operation, (u, v))
        if operation in "+-":
            return whole, Expression(operation, (du, dv))
        return whole, (du * v + u * dv if operation == "*" else (du - whole * dv) / v)

    return expression.fold(rule)[1]


# 1(f) add, subtract, multiply, divide


mistake("q1f", "multiplies the slopes", says="the product of the two slopes")(
    edit(reference.multiply, ("a.slope * b.value + a.value * b.slope", "a.slope * b.slope"))
)
mistake("q1f", "each slope is multiplied by its own value", says="are swapped")(
    edit(
        reference.multiply, ("a.slope * b.value + a.value * b.slope", "a.slope * a.value + b.value * b.slope")
    )
)
mistake("q1f", "the product rule lacks its second term", says="The term with the slope of b is missing")(
    edit(reference.multiply, ("a.slope * b.value + a.value * b.slope", "a.slope * b.value"))
)
mistake("q1f", "multiplies by a Dual only", says="'float' object has no attribute 'value'")(
    edit(reference.multiply, ("a, b = as_dual(a), as_dual(b)", ""))
)


@mistake("q1f", "of plain numbers only ints and floats count", says="object has no attribute 'value'")
def multiply(a, b):
    a, b = (Dual(c, 0.0) if isinstance(c, (int, float)) else c for c in (a, b))
    return Dual(a.value * b.value, a.slope * b.value + a.value * b.slope)


@mistake("q1f", "turns the slope into a float")
def multiply(a, b):
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value * b.value, float(a.slope * b.value + a.value * b.slope))


@mistake("q1f", "puts the product into a", says="changes a or b")
def multiply(a, b):
    a, b = (a, as_dual(b)) if isinstance(a, Dual) else (b, as_dual(a))
    a.value, a.slope = a.value * b.value, a.slope * b.value + a.value * b.slope
    return a


@mistake("q1f", "a pair instead of a Dual", says="should be a Dual; yours is a list")
def multiply(a, b):
    a, b = as_dual(a), as_dual(b)
    return [a.value * b.value, a.slope * b.value + a.value * b.slope]


@mistake("q1f", "a tuple instead of a Dual", says="should be a Dual; yours is a tuple")
def add(a, b):
    a, b = as_dual(a), as_dual(b)
    return a.value + b.value, a.slope + b.slope


@mistake("q1f", "the value alone, without a slope", says="should be a Dual; yours is a float")
def add(a, b):
    return as_dual(a).value + as_dual(b).value


@mistake("q1f", "a plain number has the slope 1", says="The slope of a plain number is 0")
def add(a, b):
    a, b = (c if isinstance(c, Dual) else Dual(c, 1.0) for c in (a, b))
    return Dual(a.value + b.value, a.slope + b.slope)


mistake("q1f", "the slope of b is left out of a sum", says="The term with the slope of b is missing")(
    edit(reference.add, ("a.slope + b.slope", "a.slope"))
)
mistake("q1f", "no return", says="Did you forget a return?")(edit(reference.add, ("return ", "")))
mistake(
    "q1f", "the slopes are added in a difference", says="The term with the slope of b has the wrong sign"
)(edit(reference.subtract, ("- b.slope", "+ b.slope")))


@mistake("q1f", "3 - x is taken for x - 3", says="a and b are swapped")
def subtract(a, b):
    if not isinstance(a, Dual):
        a, b = b, a
    b = as_dual(b)
    return Dual(a.value - b.value, a.slope - b.slope)


@mistake("q1f", "3 - x has the slope of x", says="The term with the slope of b has the wrong sign")
def subtract(a, b):
    if not isinstance(a, Dual):
        return Dual(a - b.value, b.slope)
    b = as_dual(b)
    return Dual(a.value - b.value, a.slope - b.slope)


@mistake("q1f", "the quotient of the slopes", says="the quotient of the two slopes")
def divide(a, b):
    if not (isinstance(a, Dual) and isinstance(b, Dual)):
        a, b = as_dual(a), as_dual(b)
        return Dual(a.value / b.value, a.slope / b.value - a.value * b.slope / (b.value * b.value))
    return Dual(a.value / b.value, a.slope / b.slope)


@mistake("q1f", "the terms of the quotient rule the wrong way round", says="It has the wrong sign")
def divide(a, b):
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value / b.value, (a.value * b.slope - a.slope * b.value) / (b.value * b.value))


@mistake("q1f", "the denominator of the quotient rule is not squared", says="It is b times the right one")
def divide(a, b):
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value / b.value, (a.slope * b.value - a.value * b.slope) / b.value)


@mistake("q1f", "2 / x has the slope 2 / x'", says="at the slopes instead of the values")
def divide(a, b):
    if not isinstance(a, Dual):
        return Dual(a / b.value, a / b.slope)
    b = as_dual(b)
    return Dual(a.value / b.value, (a.slope * b.value - a.value * b.slope) / (b.value * b.value))


@mistake("q1f", "central differences along the slopes", says="is it a difference quotient")
def divide(a, b, h=1e-6):
    a, b = as_dual(a), as_dual(b)
    up = (a.value + h * a.slope) / (b.value + h * b.slope)
    down = (a.value - h * a.slope) / (b.value - h * b.slope)
    return Dual(a.value / b.value, (up - down) * (1 / (2 * h)))


@variant("q1f", "as a product with the reciprocal")
def divide(a, b):
    if not isinstance(b, Dual):
        return Dual(a.value / b, a.slope / b)
    reciprocal = Dual(1 / b.value, -b.slope / (b.value * b.value))
    return a * reciprocal


@variant("q1f", "cases for plain numbers")
def multiply(a, b):
    if isinstance(a, Dual) and isinstance(b, Dual):
        return Dual(a.value * b.value, b.slope * a.value + b.value * a.slope)
    if isinstance(a, Dual):
        return Dual(a.value * b, a.slope * b)
    return Dual(a * b.value, a * b.slope)


@variant("q1f", "getattr with defaults")
def subtract(a, b):
    value = getattr(a, "value", a) - getattr(b, "value", b)
    return Dual(value, getattr(a, "slope", 0) - getattr(b, "slope", 0))


# 1(g) exp, log, sin, tanh, power


@mistake(
    "q1g", "the slope of exp lacks the argument's slope", says="this is the chain rule's outer factor alone"
)
def exp(a):
    return Dual(exp(a.value), exp(a.value)) if isinstance(a, Dual) else np.exp(a)


@mistake("q1g", "the slope of exp is exp of the slope", says="taken at the slope of a")
def exp(a):
    return Dual(exp(a.value), exp(a.slope)) if isinstance(a, Dual) else np.exp(a)


@mistake("q1g", "NumPy's exp at the value, which may be a Dual", says="does not support ufuncs")
def exp(a):
    return Dual(np.exp(a.value), np.exp(a.value) * a.slope) if isinstance(a, Dual) else np.exp(a)


@mistake("q1g", "a Dual for a plain number", says="a plain number, not a Dual")
def exp(a):
    a = as_dual(a)
    if isinstance(a.value, Dual):
        return Dual(exp(a.value), exp(a.value) * a.slope)
    return Dual(np.exp(a.value), np.exp(a.value) * a.slope)


@mistake("q1g", "the slope of log lacks 1 / a", says="the chain rule's outer factor is missing")
def log(a):
    return Dual(log(a.value), a.slope) if isinstance(a, Dual) else np.log(a)


@mistake(
    "q1g", "the slope of log lacks the argument's slope", says="this is the chain rule's outer factor alone"
)
def log(a):
    return Dual(log(a.value), 1 / a.value) if isinstance(a, Dual) else np.log(a)


@mistake("q1g", "the logarithm to the base 10", says="It is the logarithm to the base 10")
def log(a):
    return Dual(log(a.value), a.slope / a.value / np.log(10)) if isinstance(a, Dual) else np.log10(a)


mistake("q1g", "the slope of sin has the wrong sign", says="It has the wrong sign")(
    edit(reference.sin, ("a.value + np.pi / 2", "a.value - np.pi / 2"))
)


@mistake("q1g", "the slope of sin has sin as its factor", says="is that its derivative?")
def sin(a):
    return Dual(sin(a.value), sin(a.value) * a.slope) if isinstance(a, Dual) else np.sin(a)


@mistake("q1g", "the cosine is taken at the slope", says="taken at the slope of a")
def sin(a):
    return Dual(sin(a.value), sin(a.slope + np.pi / 2)) if isinstance(a, Dual) else np.sin(a)


mistake("q1g", "tanh from exp, which overflows", says="its value is nan")(
    edit(reference.tanh, ("return np.tanh(a)", "return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))"))
)


@mistake("q1g", "the slope of tanh from exp, which overflows", says="its slope is nan")
def tanh(a):
    if not isinstance(a, Dual):
        return np.tanh(a)
    both = exp(a.value) + exp(-a.value)
    return Dual(tanh(a.value), 4 * exp(a.value) / both * (exp(-a.value) / both) * a.slope)


mistake("q1g", "the slope of tanh lacks the square", says="The square is missing")(
    edit(reference.tanh, ("value * value", "value"))
)


@mistake(
    "q1g", "the slope of tanh is 1 - a^2 of the argument", says="the square is that of tanh(a), not of a"
)
def tanh(a):
    return Dual(tanh(a.value), (1 - a.value * a.value) * a.slope) if isinstance(a, Dual) else np.tanh(a)


@mistake("q1g", "the exponent is not lowered by one", says="It is a times the right one")
def power(a, b):
    if isinstance(b, Dual):
        return exp(b * log(a))
    return Dual(a.value**b, b * a.value**b * a.slope)


@mistake("q1g", "the slope of the exponent does not count", says="The term with the slope of b is missing")
def power(a, b):
    a, b = as_dual(a), as_dual(b).value
    if not isinstance(b, Dual) and b == 0:
        return Dual(a.value**0, 0.0)
    return Dual(a.value**b, b * a.value ** (b - 1) * a.slope)


@mistake("q1g", "2 ** x is treated like x ** 2", says="are swapped")
def power(a, b):
    if not isinstance(a, Dual):
        return Dual(a**b.value, b.value * a ** (b.value - 1) * b.slope)
    if isinstance(b, Dual):
        return exp(b * log(a))
    return Dual(a.value**b, b * a.value ** (b - 1) * a.slope if b else 0.0)


@mistake("q1g", "the logarithm of a negative base", says="its value is nan")
def power(a, b):
    return exp(as_dual(b) * log(a))


@mistake("q1g", "exp takes only floats for plain numbers", says="'int' object has no attribute 'value'")
def exp(a):
    if isinstance(a, float):
        return np.exp(a)
    return Dual(exp(a.value), exp(a.value) * a.slope)


@mistake("q1g", "exp is cut off where it is small", says="exp(Dual(-900.0, 2.0)): its value")
def exp(a):
    if not isinstance(a, Dual):
        return np.exp(max(a, -20.0))
    return Dual(exp(a.value), exp(a.value) * a.slope)


mistake("q1g", "at a base of 0 every power has the slope 0", says="But the slope of a^1 is the slope of a")(
    edit(reference.power, ("* a.slope)", "* a.slope if a.value != 0 else 0.0)"))
)


@mistake("q1g", "x ** 0 divides by zero at 0", says="ZeroDivisionError")
def power(a, b):
    if isinstance(b, Dual):
        return exp(b * log(a))
    return Dual(a.value**b, b * a.value ** (b - 1) * a.slope)


@mistake("q1g", "a power as repeated multiplication", says="cannot be interpreted as an integer")
def power(a, b):
    if isinstance(b, Dual):
        return exp(b * log(a))
    result = Dual(1.0, 0.0)
    for _ in range(b):
        result = result * a
    return result


@variant("q1g", "math for plain numbers, and its own cosine")
def sin(a):
    import math

    def cos(b):
        return Dual(cos(b.value), -sin(b.value) * b.slope) if isinstance(b, Dual) else math.cos(b)

    return Dual(sin(a.value), cos(a.value) * a.slope) if isinstance(a, Dual) else math.sin(a)


@variant("q1g", "tanh from exp of what is negative")
def tanh(a):
    if a < 0:
        return -1 * tanh(-a)
    small = exp(-2 * a)
    return (1 - small) / (1 + small)


@variant("q1g", "the general rule, with the cases apart")
def power(a, b):
    if not isinstance(b, Dual):
        return Dual(a.value**b, b * a.value ** (b - 1) * a.slope if b != 0 else a.slope * 0)
    a = as_dual(a)
    value = a.value**b.value
    return Dual(value, value * (b.slope * log(a.value) + b.value * a.slope / a.value))


# 1(h) derivative


@mistake("q1h", "the Dual instead of its slope", says="return the slope of the result alone")
def derivative(f, x):
    return f(Dual(x, 1.0))


mistake("q1h", "the value instead of the slope", says="the value of the program, not its slope")(
    edit(reference.derivative, (".slope", ".value"))
)
mistake("q1h", "the slope of the input is 0", says="which slope does the input have?")(
    edit(reference.derivative, ("Dual(x, 1.0)", "Dual(x, 0.0)"))
)
mistake("q1h", "the slope of the input is x", says="the slope of the input by itself is 1")(
    edit(reference.derivative, ("Dual(x, 1.0)", "Dual(x, x)"))
)
mistake(
    "q1h", "programs that return plain numbers are forgotten", says="'float' object has no attribute 'slope'"
)(edit(reference.derivative, ("as_dual(f(Dual(x, 1.0)))", "f(Dual(x, 1.0))")))


@mistake("q1h", "central differences", says="once, on a Dual, is enough")
def derivative(f, x):
    h = 1e-6
    return (f(x + h) - f(x - h)) * (1 / (2 * h))


@mistake("q1h", "f is evaluated twice", says="once, on a Dual, is enough")
def derivative(f, x):
    return f(Dual(x, 1.0)).slope if isinstance(f(Dual(x, 1.0)), Dual) else 0.0


@mistake(
    "q1h",
    "programs that return plain numbers are forgotten where x is a Dual",
    says="has no attribute 'slope'",
)
def derivative(f, x):
    y = f(Dual(x, 1.0))
    if isinstance(x, Dual):
        return y.slope
    return as_dual(y).slope


mistake("q1h", "the input is turned into a float", says="Do not turn x into a float")(
    edit(reference.derivative, ("x, 1.0", 'float(getattr(x, "value", x)), 1.0'))
)
mistake("q1h", "no return", says="Did you forget a return?")(edit(reference.derivative, ("return ", "")))


@variant("q1h", "by isinstance, with int slopes")
def derivative(f, x):
    y = f(Dual(x, 1))
    return y.slope if isinstance(y, Dual) else 0


# 1(i) second_derivative


@mistake("q1i", "the first derivative", says="It is the first derivative.")
def second_derivative(f, x):
    return derivative(f, x)


@mistake("q1i", "the square of the first derivative", says="the square of the first derivative")
def second_derivative(f, x):
    return derivative(f, x) ** 2


@mistake("q1i", "the derivative at the place of the derivative", says="It is f' at f'(x)")
def second_derivative(f, x):
    return derivative(f, derivative(f, x))


@mistake("q1i", "differences of the first derivative", says="that is an approximation")
def second_derivative(f, x):
    return (derivative(f, x + 1e-5) - derivative(f, x - 1e-5)) / 2e-5


@mistake("q1i", "the Dual that the outer derivative sees", says="return a plain number")
def second_derivative(f, x):
    return derivative(f, Dual(x, 1.0))


@mistake("q1i", "the derivative of a number", says="It is zero.")
def second_derivative(f, x):
    slope = derivative(f, x)
    return derivative(lambda t: slope, x)


@mistake(
    "q1i", "fails where a derivative is a plain number", says="may return a plain number, which has no slope"
)
def second_derivative(f, x):
    return f(Dual(Dual(x, 1.0), 1.0)).slope.slope


@variant("q1i", "a Dual of Duals by hand")
def second_derivative(f, x):
    y = f(Dual(Dual(x, 1.0), Dual(1.0, 0.0)))
    return as_dual(as_dual(y).slope).slope


# 1(j) is_gradient_right


def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    s = np.where(x == 0, 1.0, np.abs(x))
    D = central_difference(lambda t: f(x + s * t), np.zeros(len(x)), 1e-5)
    errors = np.abs(g * s - D) / max(abs(f(x)) + np.abs(D).max(), 1e-300)
    worst = int(np.argmax(errors))
    return bool(errors[worst] <= 1e-5), worst, float(errors[worst])


checker = is_gradient_right


mistake("q1j", "0 / 0 where f and its derivatives are zero", says="f and the gradient are zero")(
    edit(checker, ("max(abs(f(x)) + np.abs(D).max(), 1e-300)", "(abs(f(x)) + np.abs(D).max())"))
)
mistake("q1j", "no step for an entry of x that is 0", says="where x is 0")(
    edit(checker, ("np.where(x == 0, 1.0, np.abs(x))", "np.abs(x)"))
)


@mistake("q1j", "the steps are lost in a copy of whole numbers", says="x holds ints")
def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    s, D = np.where(x == 0, 1.0, np.abs(x)), np.zeros(len(x))
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i], down[i] = up[i] + 1e-5 * s[i], down[i] - 1e-5 * s[i]
        D[i] = (f(up) - f(down)) / 2e-5
    errors = np.abs(g * s - D) / max(abs(f(x)) + np.abs(D).max(), 1e-300)
    worst = int(np.argmax(errors))
    return bool(errors[worst] <= 1e-5), worst, float(errors[worst])


mistake("q1j", "the sign of the error counts", says="it is too small")(
    edit(checker, ("np.abs(g * s - D)", "(g * s - D)"))
)


@mistake("q1j", "says that every gradient is right")
def is_gradient_right(f, gradient, x):
    gradient(x)
    return True, 0, 0.0


@mistake("q1j", "one step along all variables at once", says="one up and one down")
def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    h = 1e-6
    slope, size = (f(x + h) - f(x - h)) / (2 * h), abs(f(x)) + np.abs(g * x).max()
    s = np.where(x == 0, 1.0, np.abs(x))
    D = central_difference(lambda t: f(x + s * t), np.zeros(len(x)), 1e-5)
    errors = np.abs(g * s - D) / max(abs(f(x)) + np.abs(D).max(), 1e-300)
    return bool(abs(g.sum() - slope) <= 1e-5 * size), int(np.argmax(errors)), float(errors.max())


mistake(
    "q1j", "the norm of all errors beside that of the gradient, at a thousandth", says="only entry 2 is wrong"
)(edit(checker, ("errors[worst] <= 1e-5", "np.linalg.norm(g * s - D) <= 1e-3 * np.linalg.norm(D) + 1e-9")))
mistake("q1j", "NaN passes", says="entry 1 is NaN")(
    edit(
        checker,
        (
            "    if not np.all(np.isfinite(g)):\n        return False, int(np.argmin(np.isfinite(g))), np.inf\n",
            "",
        ),
        ("bool(errors[worst] <= 1e-5)", "not np.any(errors > 1e-5)"),
    )
)
mistake("q1j", "a wrong shape is broadcast", says="the gradient has the shape (3, 1)")(
    edit(
        checker,
        ("    if g.shape != x.shape:\n        return False, -1, np.inf\n", ""),
        (
            "(errors[worst] <= 1e-5), worst, float(errors[worst])",
            "(errors.max() <= 1e-5), worst, float(errors.max())",
        ),
    )
)
mistake("q1j", "a wrong shape is reshaped", says="the gradient has the shape (3, 1)")(
    edit(checker, ("(gradient(x))", "(gradient(x)).ravel()"))
)
mistake("q1j", "one step for variables of all sizes", says="its variables are of sizes from 1e-6 to 1e6")(
    edit(checker, ("(lambda t: f(x + s * t), np.zeros(len(x)), 1e-5)", "(f, x, 1e-5) * s"))
)
mistake("q1j", "errors are not weighted by the size of the variables", says="is zero")(
    edit(checker, (", 1e-5)", ", 1e-5) / s"), ("g * s", "g"))
)
mistake("q1j", "an error of 1e-9 is too much", says="right but for float32's rounding")(
    edit(checker, ("<= 1e-5", "<= 1e-9"))
)
mistake("q1j", "each error is relative to its own entry")(
    edit(checker, ("max(abs(f(x)) + np.abs(D).max(), 1e-300)", "(np.abs(D) + 1e-12)"))
)
mistake("q1j", "each error is relative to the gradient that is checked", says="does not fit the definition")(
    edit(checker, ("max(abs(f(x)) + np.abs(D).max(), 1e-300)", "np.abs(g * s).max()"))
)
mistake("q1j", "only the first three entries are looked at", says="only the last entry is wrong")(
    edit(checker, ("np.argmax(errors)", "np.argmax(errors[:3])"))
)
mistake("q1j", "three steps for each entry", says="is the limit")(
    edit(
        checker,
        ("D = central_difference(", "D = np.median([central_difference("),
        (", 1e-5)", ", h) for h in (1e-4, 1e-5, 1e-6)], axis=0)"),
    )
)


mistake("q1j", "two steps for each entry", says="is the limit")(
    edit(
        checker,
        ("D = central_difference(", "D = np.mean([central_difference("),
        (", 1e-5)", ", h) for h in (1e-5, 2e-5)], axis=0)"),
    )
)


mistake("q1j", "three evaluations for each entry", says="is the limit")(
    edit(checker, ("D = central_difference(", "again = [f(x) for _ in x]\n    D = central_difference("))
)


@mistake("q1j", "gradcheck's verdict")
def is_gradient_right(f, gradient, x):
    from gradcheck import check_gradient

    report = check_gradient(f, gradient, x.astype(float))
    if report.verdict == "right":
        return True, 0, 0.0
    if not report.comparisons:
        return False, -1, np.inf
    errors = np.abs(report.comparisons[0].actual - report.comparisons[0].expected)
    return False, int(np.argmax(errors)), float(errors.max())


@mistake("q1j", "one random direction is tried in place of the entries", unnamed=True)
def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    v = np.random.default_rng().normal(size=len(x)) * np.where(x == 0, 1.0, np.abs(x))
    slope = (f(x + 1e-5 * v) - f(x - 1e-5 * v)) / 2e-5
    error = abs(g @ v - slope) / max(abs(f(x)) + abs(slope), 1e-300)
    return bool(error <= 1e-5), 0, float(error)


@mistake("q1j", "the verdict alone", says="return 3 things")
def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x))
    s = np.where(x == 0, 1.0, np.abs(x))
    D = central_difference(lambda t: f(x + s * t), np.zeros(len(x)), 1e-5)
    size = max(abs(f(x)) + np.abs(D).max(), 1e-300)
    return g.shape == x.shape and bool(np.all(np.abs(g * s - D) <= 1e-5 * size))


mistake("q1j", "the error is not divided by the size", says="does not fit the definition")(
    edit(
        checker,
        (" / max(abs(f(x)) + np.abs(D).max(), 1e-300)", ""),
        ("<= 1e-5", "<= 1e-5 * max(abs(f(x)) + np.abs(D).max(), 1e-300)"),
    )
)


@mistake(
    "q1j",
    "moves x itself, and rounding keeps it from coming back",
    says="changes its argument x",
    fails=("checker_no_traces",),
    costs=0.25,
)
def is_gradient_right(f, gradient, x):
    g = np.asarray(gradient(x.copy()))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    scale = np.where(x == 0, 1.0, np.abs(x))
    size = abs(f(x))
    x = np.asarray(x, dtype=float)
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        x[i] += 1e-5 * scale[i]
        up = f(x)
        x[i] -= 2e-5 * scale[i]
        slopes[i] = (up - f(x)) / 2e-5
        x[i] += 1e-5 * scale[i]
    size += np.abs(slopes).max()
    errors = np.abs(g * scale - slopes) / max(size, 1e-300)
    worst = int(np.argmax(errors))
    return bool(errors[worst] <= 1e-5), worst, float(errors[worst])


@variant("q1j", "forward differences, entry by entry")
def is_gradient_right(f, gradient, x):
    g = gradient(x.copy())
    if not isinstance(g, np.ndarray) or g.shape != x.shape:
        return False, -1, float("inf")
    for i, entry in enumerate(g):
        if not np.isfinite(entry):
            return False, i, float("inf")
    center, slopes, differences = f(x), [], []
    for i in range(len(x)):
        s = abs(float(x[i])) or 1.0
        moved = x.astype(float)
        moved[i] += 1e-7 * s
        slopes.append((f(moved) - center) / 1e-7)
        differences.append(abs(float(g[i]) * s - slopes[-1]))
    size = abs(center) + max(abs(slope) for slope in slopes)
    if size == 0:
        return max(differences) == 0, int(np.argmax(differences)), max(differences)
    worst = int(np.argmax(differences))
    return differences[worst] <= 1e-5 * size, worst, differences[worst] / size


@variant("q1j", "a larger step, and a limit in the middle")
def is_gradient_right(f, gradient, x):
    x = np.array(x, dtype=float)
    g, n, h = gradient(np.array(x)), len(x), 1e-4
    if np.shape(g) != (n,):
        return False, -1, np.inf
    if np.isnan(g).any() or np.isinf(g).any():
        return False, np.flatnonzero(~np.isfinite(g))[0], np.inf
    s = np.abs(x) + (x == 0)
    D = np.array([(f(x + h * s_i * e) - f(x - h * s_i * e)) / (2 * h) for s_i, e in zip(s, np.eye(n))])
    difference = np.abs(g * s - D)
    size = abs(f(x)) + np.max(np.abs(D))
    error = difference / size if size > 0 else np.where(difference > 0, np.inf, 0.0)
    return np.all(error < 1e-5), np.argmax(error), np.max(error)
