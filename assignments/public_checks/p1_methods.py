"""Problem 1, the public checks. They hold answers against identities and numerical derivatives."""

import operator
import re
from functools import partial
from typing import Any

import numpy as np

from checking import (
    NO_LIMITS,
    Answer,
    Noted,
    OutOfTime,
    Raised,
    TooSlow,
    expect,
    expect_no_change,
    expect_no_traces,
    most_lines,
)
from checking.hints import NO_HINTS, is_same
from checking.outcomes import NotCalled
from checking.slopes import curvature_of, slope_of, slopes_of, wrong_slopes
from checking.wording import times_as_text, value_as_text
from public_checks import check, uses

uses("q1c", "q1a", "q1b")
uses("q1d", "q1a", "q1b", "q1c")
uses("q1g", "q1f")
uses("q1h", "q1f", "q1g")
uses("q1i", "q1f", "q1g", "q1h")
uses("q1j", "q1a", "q1b", "q1c")


# 1(a), 1(b), 1(c): differences

POINTS = (
    np.array([1.0, -2.0, 0.5]),
    np.array([3.0]),
    np.array([2, 1, -1, 4]),
    np.array([0.5, 9.0, -1.5, 9.0])[::2],  # a view
)
NO_ROOM = "x is an array of integers, so x + h is cut off. Convert x to floats."
FLOATS_ONLY = (
    "It is right for floats. Here x is an array of integers, which cuts x + h off: convert x to floats."
)
AT_ONCE = "All entries of x were moved at once: move one at a time."
TIMES_H = "It is multiplied by h, not divided: write / (2 * h), because / 2 * h multiplies by h."
TWICE = "It is twice the right one: x + h and x - h are 2 h apart."


def floats_only(x):
    """What to say of a wrong result at x, if a check has tried floats before."""
    return FLOATS_ONLY if x.dtype.kind == "i" else ""


def sum_of_squares(n):
    return Noted("the sum of squares", lambda x: float((x**2).sum()), (n,))


def sum_of_cubes(n):
    return Noted("the sum of cubes", lambda x: float((x**3).sum()), (n,))


def expect_evaluations(answer, right):
    """Expect this many evaluations of f, and say what another number suggests."""
    calls, n = answer.arguments["f"].calls, len(answer.arguments["x"])
    count, again = len(calls), len(calls) - len({x.tobytes() for (x,) in calls})
    if count == right:
        return
    hints = {
        (2 * n, n + 1): "That is enough for forward differences only.",
        (2 * n, 2 * n + 1): "A central difference does not need f(x).",
        (n + 1, 2 * n): "That is what central differences need.",
    }
    hint = hints.get((right, count), "")
    if again:
        hint = f"It was evaluated {again} more times at a point where it had been before: keep f(x)."
    said = f"f was evaluated {count} times; for n = {n} it should be {right} times. {hint}"
    raise answer.wrong(said.rstrip())


def expect_no_traces_of(difference, program, rng, function, right):
    """Expect no traces of calls at random points; function(n) has the difference right(x, h)."""
    for n in (3, 1, 5):
        points, h, f = rng.normal(size=(2, n)), float(rng.uniform(0.2, 0.4)), function(n)
        first, second = ({"f": f, "x": x, "h": h} for x in points)
        answer = expect_no_traces(difference, program, first, second, dtypes=[np.float64])
        answer.close(right(points[0], h), rounding=100)


@check("q1a", "f is evaluated n + 1 times, at arrays of the shape of x", points=0.75)
def forward_evaluations(forward_difference):
    for x in POINTS:
        answer = expect(forward_difference, f=sum_of_squares(len(x)), x=x, h=0.25)
        answer.array(len(x))
        expect_evaluations(answer, len(x) + 1)


@check("q1a", "for a sum of squares, the forward difference is the gradient plus h", points=0.75)
def forward_of_squares(forward_difference):
    for x in POINTS:
        for h in (0.25, 0.5):
            right, slopes = 2 * x + h, ((x + h) ** 2 - x**2) / h
            instead = {
                "It is the backward difference: step forward.": 2 * x - h,
                "It is the exact derivative. Did you take a central difference, or another h?": 2.0 * x,
                "It is not divided by h.": right * h,
                "It is divided by 2 h.": right / 2,
                "It has the wrong sign.": -right,
                AT_ONCE: np.full(len(x), slopes.sum()),
                "The steps add up: each entry must go back before the next one moves.": np.cumsum(slopes),
                "The step is h x_i; it should be h for every entry.": 2 * x + h * x,
                NO_ROOM: (np.trunc(x + h) ** 2 - x**2) / h,
            }
            answer = expect(forward_difference, f=sum_of_squares(len(x)), x=x, h=h)
            answer.close(right, reveal=True, instead=instead, otherwise=floats_only(x))


@check("q1a", "forward_difference changes neither x nor an earlier result", points=0.25)
def forward_no_traces(forward_difference, program, rng):
    expect_no_traces_of(forward_difference, program, rng, sum_of_squares, lambda x, h: 2 * x + h)


@check("q1b", "f is evaluated 2 n times, at arrays of the shape of x", points=0.75)
def central_evaluations(central_difference):
    for x in POINTS:
        answer = expect(central_difference, f=sum_of_squares(len(x)), x=x, h=0.25)
        answer.array(len(x))
        expect_evaluations(answer, 2 * len(x))


@check("q1b", "for a sum of cubes, the central difference is the gradient plus h squared", points=0.75)
def central_of_cubes(central_difference):
    for x in POINTS:
        for h in (0.25, 0.5):
            right, forward = 3 * x**2 + h**2, ((x + h) ** 3 - x**3) / h
            slopes = ((x + h) ** 3 - (x - h) ** 3) / (2 * h)
            instead = {
                TWICE: 2 * right,
                "It is the forward difference.": forward,
                "It is half of the forward difference: which points are 2 h apart?": forward / 2,
                "It has the wrong sign.": -right,
                "It is what steps of h / 2 give: step by h to each side.": 3 * x**2 + h**2 / 4,
                "It is not divided by 2 h.": right * 2 * h,
                TIMES_H: right * h**2,
                "It is the exact derivative. Did you use this h?": 3.0 * x**2,
                AT_ONCE: np.full(len(x), slopes.sum()),
                NO_ROOM: (np.trunc(x + h) ** 3 - np.trunc(x - h) ** 3) / (2 * h),
            }
            answer = expect(central_difference, f=sum_of_cubes(len(x)), x=x, h=h)
            answer.close(right, reveal=True, instead=instead, otherwise=floats_only(x))


@check("q1b", "central_difference changes neither x nor an earlier result", points=0.25)
def central_no_traces(central_difference, program, rng):
    expect_no_traces_of(central_difference, program, rng, sum_of_squares, lambda x, h: 2 * x)


def expect_shape_of_jacobian(answer, m, n):
    """Expect an (m, n) array, and say what another shape suggests."""
    shape = getattr(answer.value, "shape", ())
    if shape == (n, m) != (m, n):
        raise answer.wrong(f"the shape {shape} is the transpose of the right one: a row for each output.")
    if shape == (n,):
        also = ", for one output too" if m == 1 else ""
        raise answer.wrong(f"the result is a vector: the shape should be ({m}, {n}){also}.")
    answer.array(m, n)


@check("q1c", "it is an (m, n) array that takes 2 n evaluations", points=0.75)
def jacobian_evaluations(difference_jacobian):
    for text, function, m in (
        (
            "the array of three numbers: the sum of x_i^2, x_0 times the last entry, and x_0",
            lambda x: np.array([(x**2).sum(), x[0] * x[-1], x[0]]),
            3,
        ),
        ("the square of the first entry", lambda x: x[:1] ** 2, 1),
    ):
        for x in POINTS:
            answer = expect(difference_jacobian, f=Noted(text, function, x.shape), x=x, h=0.25)
            expect_shape_of_jacobian(answer, m, len(x))
            expect_evaluations(answer, 2 * len(x))


@check("q1c", "for a linear function it is the matrix, for squares it is exact", points=0.75)
def jacobian_of_linear_functions(difference_jacobian):
    A, h = np.array([[1.0, 2.0, -3.0], [0.5, -1.0, 4.0], [0.0, 3.0, 7.0]]), 0.25
    for matrix in (A[:1], A[:2], A):
        for x in (POINTS[0], np.array([1, 0, -2])):
            f = Noted(f"A x with A = {matrix.tolist()}", partial(operator.matmul, matrix), x.shape)
            answer = expect(difference_jacobian, f=f, x=x, h=h)
            expect_shape_of_jacobian(answer, len(matrix), 3)
            instead = {
                "It is the transpose of the right one.": matrix.T,
                TWICE: 2 * matrix,
                "It has the wrong sign.": -matrix,
                "It is not divided by 2 h.": matrix * 2 * h,
                TIMES_H: matrix * h**2,
                NO_ROOM: matrix * (np.trunc(x + h) - np.trunc(x - h)) / (2 * h),
            }
            answer.close(matrix, reveal=True, instead=instead, otherwise=floats_only(x))
    x = POINTS[0]
    answer = expect(difference_jacobian, f=Noted("the squares", lambda v: v**2, x.shape), x=x, h=h)
    forward = {"It is the forward difference.": np.diag(2 * x + h)}
    answer.close(np.diag(2 * x), rounding=100, reveal=True, instead=forward)


@check("q1c", "difference_jacobian changes neither x nor an earlier result", points=0.25)
def jacobian_no_traces(difference_jacobian, program, rng):
    def f(n):
        return Noted("the sum of squares, and minus that", lambda x: (x**2).sum() * np.array([1, -1]), (n,))

    expect_no_traces_of(difference_jacobian, program, rng, f, lambda x, h: np.array([2 * x, -2 * x]))


# 1(d): the best step


def functions(f, df):
    """A function of a number t and its derivative, from their texts, as arguments of best_step."""
    texts = {"f": f, "df": df}
    return {
        name: Noted(text, eval(f"lambda t: {text}", {"np": np}), (), name) for name, text in texts.items()
    }


def expect_step(answer, right, instead=NO_HINTS, reveal=False):
    """Expect this one of the steps hs."""
    step = answer.part("the step", float(answer.array()))
    one_of_them = step.value in answer.arguments["hs"]
    otherwise = "" if one_of_them else "It is not one of the steps hs: return the step itself."
    step.equals(float(right), instead=instead, otherwise=otherwise, reveal=reveal)


@check("q1d", "it finds the step with the smallest error, in any order", points=0.5)
def step_of_a_cubic(best_step):
    # For a cube the error is h**2, so long as rounding is small beside it.
    for hs in ([0.5, 0.25, 0.125], [0.125, 0.5, 0.25], [0.25, 0.125, 0.5]):
        instead = {
            "It is the one with the largest error.": 0.5,
            "It is the smallest error; return its step.": 0.125**2,
            "It is an index into hs; return the step itself.": float(hs.index(0.125)),
        }
        answer = expect(best_step, **functions("t**3", "3 * t**2"), x=1.5, hs=np.array(hs))
        expect_step(answer, 0.125, instead, reveal=True)
    # Here the error is h**4 - h**2 / 4.
    quintic = functions("t**5 - 2.75 * t**3", "5 * t**4 - 8.25 * t**2")
    instead = {
        "It is the smallest step, which need not be the best.": 0.25,
        "It is the best one for forward differences.": 1.0,
        "Its error is the most negative one; the size of an error counts, not its sign.": 0.375,
        "It is the one with the largest error.": 2.0,
    }
    answer = expect(best_step, **quintic, x=0.5, hs=np.array([0.5, 2.0, 0.25, 1.0, 0.375]))
    expect_step(answer, 0.5, instead, reveal=True)
    # Of an exponential 1e-13 is too small: rounding errors are large.
    answer = expect(best_step, **functions("np.exp(t)", "np.exp(t)"), x=1.0, hs=np.array([1e-13, 1e-1, 1e-5]))
    expect_step(answer, 1e-5, {"There the rounding errors are large.": 1e-13}, reveal=True)


@check(
    "q1d",
    "of equally good steps it takes the largest; steps that give NaN or infinity do not count",
    points=0.5,
)
def steps_that_tie(best_step):
    for hs in ([0.5, 0.25, 1.0], [0.5, 1.0, 0.25]):
        instead = {
            "All errors are zero: of equal ones take the largest step.": 0.25,
            "All errors are equal: of these take the largest step, not the first in hs.": hs[0],
        }
        answer = expect(best_step, **functions("3 * t", "3.0"), x=2.0, hs=np.array(hs))
        expect_step(answer, 1.0, instead, reveal=True)
    root = functions("np.sqrt(t) + t**3", "0.5 / np.sqrt(t) + 3 * t**2")
    answer = expect(best_step, **root, x=1.0, hs=np.array([0.25, 2.0, 0.5]))
    expect_step(answer, 0.25, {"Its difference is NaN, which is not a small error.": 2.0}, reveal=True)
    # The point x - h = 0 gives an infinite difference.
    answer = expect(best_step, **functions("np.log(t) + t", "1 / t + 1"), x=2.0, hs=np.array([2.0, 0.5, 3.0]))
    expect_step(
        answer, 0.5, {"Its difference is NaN or infinite, so it does not count.": [2.0, 3.0]}, reveal=True
    )


@check("q1d", "best_step does not change hs", points=0.25)
def best_step_no_traces(best_step, rng):
    for size in (3, 5):
        # Of a cube the error is h**2, so that the smallest of these is the best.
        hs = rng.permutation(0.5 ** np.arange(1, size + 1))
        answer = expect_no_change(best_step, **functions("t**3", "3 * t**2"), x=1.5, hs=hs)
        expect_step(answer, hs.min(), reveal=True)


# 1(e): symbolic differentiation

U, V = "(x + x + x)", "(x + x + y)"
AT = {"x": 0.7, "y": 1.9, "xx": 1.3}
OPERATIONS = {
    " ** 3": lambda u: u**3,
    " ** -2": lambda u: u**-2.0,
    " ** 0.5": lambda u: u**0.5,
    ".exp()": np.exp,
    ".log()": np.log,
    ".sin()": np.sin,
    ".cos()": np.cos,
}
FORMULAS = {
    "(x * y.sin() + 3) / (x * x + 1)": lambda x, y: (x * np.sin(y) + 3) / (x * x + 1),
    "(x * x * y).exp() * (x ** 2 + 1).log()": lambda x, y: np.exp(x * x * y) * np.log(x**2 + 1),
    "(2 / x) ** 1.5 - y.cos()": lambda x, y: (2 / x) ** 1.5 - np.cos(y),
    "(x - y) ** 3 + (x - y) ** -2": lambda x, y: (x - y) ** 3 + (x - y) ** -2,  # a negative base
}
# At x = 2, y = 0.5, where all numbers are exact.
EXACT = {"x ** 0 + x ** 1": 1.0, "x * x * x * y": 6.0, "x / (x + 2)": 0.125, "(x * y + 1) ** 3 / 4": 1.5}
TWICE_BY = {"x ** 3 * y": ("xx", 6.0), "y / (x + 2)": ("xx", 1 / 64), "x * x * y * y": ("xy", 4.0)}
LEVELS = 25
STEPS = {
    "(u * 0.5 + x).sin()": lambda u, x: np.sin(u * 0.5 + x),
    "(u / (x + 1) + x)": lambda u, x: u / (x + 1) + x,
}


def value_of_derivative(text, names, values, *, differentiate, variable, constant, Expression):
    """The value of a derivative by some names, one after the other, or the name of a wrong type."""
    derivative = eval(text, {"constant": constant, **{name: variable(name) for name in values}})
    for name in names:
        derivative = differentiate(derivative, name)
        if not isinstance(derivative, Expression):
            return [type(derivative).__name__]
    return derivative.evaluate(**values)


def derivative_of(program, text, *names, at=AT, shown=None, limits=NO_LIMITS, **parts):
    """The value of differentiate(text, name), and so on for further names.

    parts : what messages say about the parts u and v.
    """
    shown = shown or text
    for name in names:
        shown = f"differentiate({shown}, {name!r})"
    at = {name: value for name, value in at.items() if re.search(rf"\b{name}\b", text) or name in names}
    value = program(value_of_derivative, shown).call(text, list(names), at, limits=limits).value
    return expect_expression(Answer(shown, at | parts, value))


def expect_expression(answer):
    """Expect an Expression; a program gives [the name of another type] in its place."""
    if isinstance(answer.value, list):
        (kind,) = answer.value
        hint = "Did you forget a return, or an operation?" if kind == "NoneType" else ""
        if kind in ("int", "float", "float64"):
            hint = "A plain number is not an expression: constant(...) makes one of it."
        raise answer.wrong(f"the result should be an Expression; yours is a {kind}. {hint}".rstrip())
    return answer


def expect_near(answer, right, within=1e-7, instead=NO_HINTS):
    """Expect what a numerical derivative gives, up to its error."""
    return answer.close(right, within=within * max(1.0, abs(right)), reveal=True, instead=instead)


def expect_slope(answer, f, values, slopes, names="ab"):
    """Expect the slope of f(*values) if the values have these slopes, and say which rule is wrong."""
    instead = partial(wrong_slopes, f, values, slopes, names)
    expect_near(answer, slope_of(f, values, slopes), instead=instead)


@check("q1e", "the derivatives of constants, variables, sums and differences are right", points=0.75)
def derivatives_of_sums(differentiate, program):
    for text, name, right, instead in (
        ("x", "x", 1, {}),
        (
            "constant(5)",
            "x",
            0,
            {"A constant does not change.": 5, "The slope of a constant is 0, not 1.": 1},
        ),
        ("y", "x", 0, {"y does not depend on x: look at the variable's name.": 1}),
        ("x", "y", 0, {"x does not depend on y: look at the variable's name.": 1}),
        ("xx + xx + x", "x", 1, {"x and xx are two variables: compare the whole names.": [2, 3]}),
        ("xx + xx + x", "xx", 2, {"x and xx are two variables: compare the whole names.": [1, 3]}),
        (U, "x", 3, {}),
        (U, "y", 0, {}),
        (f"{U} + {V}", "x", 5, {}),
        (f"{U} - {V}", "x", 1, {"The second term has the wrong sign.": 5}),
        (f"{U} - {V}", "y", -1, {"The second term has the wrong sign.": 1}),
    ):
        derivative_of(program, text, name).close(right, reveal=True, instead=instead)


@check("q1e", "the derivatives of products and quotients are right", points=0.75)
def derivatives_of_products(differentiate, program):
    for sign, f in (("*", operator.mul), ("/", operator.truediv)):
        answer = derivative_of(program, f"{U} {sign} {V}", "x", u=U, v=V)
        expect_slope(answer, f, (2.1, 3.3), (3.0, 2.0), names="uv")


@check("q1e", "the derivatives of powers, exp, log, sin and cos are right", points=0.75)
def derivatives_of_functions(differentiate, program):
    for operation, f in OPERATIONS.items():
        expect_slope(derivative_of(program, U + operation, "x", u=U), f, (2.1,), (3.0,), names="u")


@check("q1e", "rules work together, and the result is a formula", points=0.75)
def derivatives_of_nested(differentiate, program):
    for text, f in FORMULAS.items():
        for name, right in zip("xy", slopes_of(f, (AT["x"], AT["y"])), strict=True):
            expect_near(derivative_of(program, text, name), right)
    for text, right in EXACT.items():
        derivative_of(program, text, "x", at={"x": 2.0, "y": 0.5}).close(right, within=1e-12, reveal=True)


@check("q1e", "a derivative can be differentiated again", points=0.25)
def derivatives_of_derivatives(differentiate, program):
    for text, (names, right) in TWICE_BY.items():
        derivative_of(program, text, *names, at={"x": 2.0, "y": 0.5}).close(right, within=1e-9, reveal=True)


@check("q1e", f"a formula of {LEVELS} levels takes no more than 100,000 lines of Python", points=0.25)
def derivatives_of_deep_formulas(differentiate, program):
    for step, f in STEPS.items():
        text, right = "x", slopes_of(partial(repeated, f), (AT["x"],))[0]
        for _ in range(LEVELS):
            text = step.replace("u", text)
        shown = f"(u starts as x, and {LEVELS} times u = {step})"
        try:
            answer = derivative_of(program, text, "x", shown=shown, limits=most_lines(100_000))
        except NotCalled:
            raise
        except (TooSlow, OutOfTime) as failure:
            raise failure.with_note("Differentiate each part of a formula only once.") from None
        expect_near(answer, right)


def repeated(f, x):
    """f(f(...f(x, x)..., x), x), LEVELS times."""
    u = x
    for _ in range(LEVELS):
        u = f(u, x)
    return u


# 1(f), 1(g): the rules of dual numbers

FUNCTIONS = ("exp", "log", "sin", "tanh")  # NumPy has functions of these names, and of those of the rules
POWERS = {
    "power({x}, 3)": lambda t: t**3,
    "power(2.0, {x})": lambda t: 2.0**t,
    "power({x}, {x})": lambda t: t**t,
}


def evaluate(text, names, *, Dual):
    """The value of a text, with ("Dual", value, slope) instead of a Dual."""
    import numpy as np

    def plain(value):
        return ("Dual", plain(value.value), plain(value.slope)) if isinstance(value, Dual) else value

    return plain(eval(text, {**names, "Dual": Dual, "np": np}))


def runner(program, *functions):
    """What evaluates texts, such as "add(Dual(3.0, 2.0), 5.0)", with these functions of the student's."""
    names = {function.name: function for function in functions}
    return lambda text: Answer(text, {}, program(evaluate, text)(text, names))


def is_dual(value):
    """Whether this is what `evaluate` has instead of a Dual."""
    return isinstance(value, tuple) and len(value) == 3 and isinstance(value[0], str) and value[0] == "Dual"


def expect_dual(answer):
    """Expect a Dual of two plain numbers; return its value and its slope."""
    answer.not_none()
    if not is_dual(answer.value):
        raise answer.wrong(f"the result should be a Dual; {answer.yours}.")
    _, value, slope = answer.value
    return answer.part("its value", value), answer.part("its slope", slope)


def expect_plain(answer, wanted="a plain number, not a Dual"):
    """Expect anything but a Dual."""
    if isinstance(answer.value, tuple):
        raise answer.wrong(f"the result is a Dual or a pair: return {wanted}.")
    return answer


def numbers_in(answer, depth):
    """The 2**depth numbers of a Dual of Duals: the value's first, then the slope's.

    A number instead of a Dual is one that does not change.
    """

    def numbers(value, depth):
        if depth == 0:
            return [float(answer.part("a number in it", value).of_type(float))]
        pair = value[1:] if is_dual(value) else (value, 0.0)
        return numbers(pair[0], depth - 1) + numbers(pair[1], depth - 1)

    answer.not_none()
    return answer.part("the list of its numbers", np.array(numbers(answer.value, depth)))


def number_as_text(number):
    """A plain number as source text, such as "np.int64(2)"."""
    return f"np.{type(number).__name__}({number})" if isinstance(number, np.generic) else str(number)


def expect_rule(run, rule, *arguments):
    """Expect a rule to give the value and the slope of its function. A pair among the arguments is a Dual."""
    f = getattr(np, rule)
    pairs = [a if isinstance(a, tuple) else (a, 0.0) for a in arguments]
    values, slopes = (tuple(map(float, numbers)) for numbers in zip(*pairs, strict=True))
    texts = [f"Dual{a}" if isinstance(a, tuple) else number_as_text(a) for a in arguments]
    value, slope = expect_dual(run(f"{rule}({', '.join(texts)})"))
    swapped = {"a and b are swapped.": f(*values[::-1])} if len(values) == 2 else {}
    if rule == "log":
        swapped = {"It is the logarithm to the base 10.": np.log10(values[0])}
    value.close(float(f(*values)), reveal=True, instead=swapped)
    if rule == "tanh":
        expect_slope_of_tanh(slope, values[0], slopes[0])
    expect_slope(slope, f, values, slopes)


def expect_slope_of_tanh(answer, value, slope):
    """Expect anything but the usual wrong slopes of tanh."""
    wrong = {
        "The square is missing: the text gives the derivative of tanh.": (1 - np.tanh(value)) * slope,
        "In the derivative, the square is that of tanh(a), not of a.": (1 - value**2) * slope,
    }
    for sentence, number in wrong.items():
        if is_same(answer.numbers(), number):
            raise answer.wrong(f"{answer.name} is {answer.value:.6g}. {sentence}")


def expect_rules(program, *rules):
    """Expect these rules to be right for two Duals, and if either of the two is a plain number."""
    first, second = (3.0, 2.0), (-1.5, 0.75)
    plain = ((first, 5.0), (5.0, first), (2, second), (np.int64(2), first), (second, np.float64(0.5)))
    for rule in rules:
        for pair in ((first, (5.0, 7.0)), (second, (0.5, -2.0)), *plain):
            expect_rule(runner(program, *rules), rule.name, *pair)


@check("q1f", "add and subtract are right, for plain numbers too", points=0.75)
def sums_of_duals(add, subtract, program):
    expect_rules(program, add, subtract)


@check("q1f", "multiply is right, for plain numbers too", points=0.75)
def products_of_duals(multiply, program):
    expect_rules(program, multiply)


@check("q1f", "divide is right, for plain numbers too", points=0.75)
def quotients_of_duals(divide, program):
    expect_rules(program, divide)
    _, slope = expect_dual(runner(program, divide)("divide(Dual(5.0, 7.0), Dual(8.0, -2.0))"))
    slope.close(1.03125, within=1e-14, reveal=True)


@check("q1f", "the rules work on Duals of Duals", points=0.5)
def rules_of_nested_duals(add, subtract, multiply, divide, program):
    run, x = runner(program, add, subtract, multiply, divide), "Dual(Dual(3.0, 1.0), Dual(1.0, 0.0))"
    two = x.replace("3.0", "2.0")
    for text, right in (
        (f"add({x}, {x})", (6.0, 2.0, 2.0, 0.0)),
        (f"subtract({x}, 1.0)", (2.0, 1.0, 1.0, 0.0)),
        (f"multiply({x}, {x})", (9.0, 6.0, 6.0, 2.0)),
        (f"divide({x}, {x})", (1.0, 0.0, 0.0, 0.0)),
        (f"divide(1.0, {two})", (0.5, -0.25, -0.25, 0.25)),
    ):
        try:
            answer = run(text)
        except Raised as failure:
            if "name 'power' is not defined" not in str(failure):
                raise
            raise failure.with_note(
                "** calls power, which comes in 1(g). Multiply or divide twice."
            ) from None
        numbers_in(answer, 2).close(np.array(right), within=1e-12, reveal=True)


def call_twice(rule, *, Dual):
    """The numbers of a, b and c = rule(a, b), before and after another call."""

    def numbers():
        return [(d.value, d.slope) if isinstance(d, Dual) else d for d in (a, b, c)]

    a, b = Dual(3.0, 2.0), Dual(5.0, 7.0)
    c = rule(a, b)
    before = numbers()
    rule(b, 4.0)
    return before, numbers()


@check("q1f", "the rules change no Dual, and the next call changes no result", points=0.75)
def rules_no_traces(add, subtract, multiply, divide, program):
    for rule in (add, subtract, multiply, divide):
        shown = f"a = Dual(3.0, 2.0), b = Dual(5.0, 7.0), c = {rule.name}(a, b), {rule.name}(b, 4.0)"
        before, after = program(call_twice, shown)(rule)
        answer, c = Answer(shown, {}, before), before[2]
        if repr(before[:2]) != repr([(3.0, 2.0), (5.0, 7.0)]) or repr(after[:2]) != repr(before[:2]):
            raise answer.wrong("a call changes a or b. Make a new Dual of the result.")
        if not isinstance(c, tuple):
            raise answer.wrong("c should be a Dual.")
        if repr(after[2]) != repr(c):
            raise answer.wrong("the second call changes c. Make a new Dual of each result.")
        answer.part("the value of c", c[0]).close(getattr(np, rule.name)(3.0, 5.0), reveal=True)


@check("q1g", "exp, log, sin and tanh are right for Duals", points=0.75)
def functions_of_duals(exp, log, sin, tanh, program):
    for rule in FUNCTIONS:
        for a in ((0.8, 3.0), (1.7, 0.5)):
            expect_rule(runner(program, exp, log, sin, tanh), rule, a)


@check("q1g", "powers are right, whichever of the two is a Dual", points=0.5)
def powers_of_duals(power, program):
    first, second = (1.7, -0.5), (0.8, 3.0)
    plain = [(base, exponent) for exponent in (3.0, 2, -1.5, 0.5) for base in (first, second)]
    for pair in (*plain, (2.0, (1.5, 3.0)), (first, (2.5, 3.0)), (second, (-1.5, 0.5))):
        expect_rule(runner(program, power), "power", *pair)


@check("q1g", "plain numbers stay plain, and the edges are right", points=0.75)
def edges_of_functions(exp, log, sin, tanh, power, program):
    run = runner(program, exp, log, sin, tanh, power)
    for rule in FUNCTIONS:
        for number in (0.8, 2, np.float64(1.5)):
            answer = run(f"{rule}({number_as_text(number)})")
            expect_plain(answer).close(getattr(np, rule)(number), reveal=True)
    for exponent in (3, -2.0):
        expect_rule(run, "power", (-1.5, 2.0), exponent)
    for text, right, rate in (
        ("tanh(Dual(1000.0, 2.0))", 1.0, 0.0),
        ("tanh(Dual(-1000.0, 2.0))", -1.0, 0.0),
        ("exp(Dual(-900.0, 2.0))", 0.0, 0.0),
        ("power(Dual(0.0, 1.0), 2)", 0.0, 0.0),
        ("power(Dual(0.0, 2.0), 1)", 0.0, 2.0),
        ("power(Dual(0.0, 1.0), 0)", 1.0, 0.0),
    ):
        value, slope = expect_dual(run(text))
        value.close(right, reveal=True)
        at_zero = {"It is zero. But the slope of a^1 is the slope of a, at 0 too.": 0.0}
        slope.close(rate, reveal=True, instead=at_zero)


@check("q1g", "the functions work on Duals of Duals", points=0.75)
def functions_of_nested_duals(exp, log, sin, tanh, power, program):
    run, x = runner(program, exp, log, sin, tanh, power), "Dual(Dual(0.7, 1.0), Dual(1.0, 0.0))"
    for text, f in ({f"{rule}({{x}})": getattr(np, rule) for rule in FUNCTIONS} | POWERS).items():
        answer = run(text.format(x=x))
        numbers, slope = numbers_in(answer, 2).value, slopes_of(f, (0.7,))[0]
        if not np.allclose(numbers[:3], (f(0.7), slope, slope), rtol=1e-7, atol=0):
            raise answer.wrong("its value or its first derivatives are wrong.")
        curvature = answer.part("the slope of its slope", numbers[3])
        curvature.close(curvature_of(f, 0.7), within=1e-4, reveal=True)


# 1(h), 1(i): derivatives of programs

# Of the four operations only: what exp or power do wrong counts in 1(g), and not here again.
SQUARE = "lambda t: t * t - 3 * t"
BRANCHES = "lambda t: t * t / (t + 3) if t > 0 else 2 * t - t * t * t"
QUOTIENTS = ("lambda t: 1 / (1 + t * t)", "lambda t: t / (2 + t * t) - t * t * t")
PROGRAMS = {t: eval(t) for t in (SQUARE, *QUOTIENTS, BRANCHES)}


@check("q1h", "it is the numerical derivative of a program, a plain number", points=0.5)
def derivatives_of_programs(derivative, program):
    for text, f in PROGRAMS.items():
        for x in (0.7, -1.3):
            answer = runner(program, derivative)(f"derivative({text}, {x})")
            right = slopes_of(f, (x,))[0]
            instead = {
                "It is the value of the program, not its slope.": f(x),
                "It is zero: which slope does the input have?": 0.0,
                "It is x times the right one: the slope of the input by itself is 1.": right * x,
            }
            expect_near(expect_plain(answer, "the slope of the result alone"), right, instead=instead)


def count_evaluations(text, x, *, derivative):
    """The derivative of a function at x, and how often the function was evaluated for that."""
    calls = []

    def counted(t):
        calls.append(t)
        return eval(text)(t)

    return derivative(counted, x), len(calls)


def slope_by_one_evaluation(program, text, x):
    """The slope of a program at x, for which the program should be evaluated once."""
    shown = f"derivative(f, {x!r}), where f counts its evaluations"
    answer = Answer(shown, {}, program(count_evaluations, shown)(text, x))
    slope, count = answer.parts("the slope", "the number of evaluations")
    if count.value != 1:
        raise count.wrong(f"f was evaluated {times_as_text(count.value)}; once, on a Dual, is enough.")
    return slope


@check("q1h", "it takes one evaluation, and a program may return a plain number", points=0.5)
def derivatives_of_constants(derivative, program):
    for text in ("lambda t: 5.0", "lambda t: 3"):
        runner(program, derivative)(f"derivative({text}, 2.0)").close(0.0, reveal=True)
    slope_by_one_evaluation(program, "lambda t: t * t", 3.0).close(6.0, reveal=True)


@check("q1h", "at a Dual it is a Dual, with the slope of the derivative", points=0.25)
def derivatives_at_duals(derivative, program):
    for text, x, right in (
        ("lambda t: t * t * t", "Dual(2.0, 1.0)", (12.0, 12.0)),
        ("lambda t: 1 / t", "Dual(2.0, -4.0)", (-0.25, -1.0)),
    ):
        answer = runner(program, derivative)(f"derivative({text}, {x})")
        if not is_dual(answer.value):
            raise answer.wrong(f"the result should be a Dual; {answer.yours}. Do not turn x into a float.")
        numbers_in(answer, 1).close(np.array(right), within=1e-12, reveal=True)
    for text, slope in (("lambda t: 5.0", 0.0), ("lambda t: t", 1.0)):
        answer = runner(program, derivative)(f"derivative({text}, Dual(2.0, 1.0))")
        numbers_in(answer, 1).close(np.array((slope, 0.0)), within=1e-12, reveal=True)


@check("q1i", "it is the slope of the slope of a program, a plain number", points=0.5)
def curvatures_of_programs(second_derivative, program):
    for text, f in PROGRAMS.items():
        for x in (0.7, -1.3):
            answer = runner(program, second_derivative)(f"second_derivative({text}, {x})")
            first = float(slopes_of(f, (x,))[0])
            instead = {
                "It is the first derivative.": first,
                "It is the square of the first derivative.": first**2,
                "It is f' at f'(x).": slopes_of(f, (first,))[0],
                "It is zero.": 0.0,
            }
            number = expect_near(expect_plain(answer), curvature_of(f, x), 1e-4, instead)
            off = abs(number - 2)
            if x == 0.7 and text == SQUARE and off > 1e-12:
                raise answer.wrong(f"it is off by {off:.1g}: that is an approximation. Use Duals.")


@check("q1i", "it is zero for programs that are constant or linear", points=0.25)
def curvatures_of_lines(second_derivative, program):
    for text in ("lambda t: 4", "lambda t: 2.5", "lambda t: t", "lambda t: 5 - 2 * t"):
        try:
            answer = runner(program, second_derivative)(f"second_derivative({text}, 0.7)")
        except Raised as failure:
            hint = "Such a program, or its derivative, may return a plain number, which has no slope."
            raise failure.with_note(hint) from None
        expect_plain(answer).close(0.0, within=1e-12, reveal=True)


# 1(j): a gradient checker


def expect_verdicts(is_gradient_right, f, x, right: dict[str, Any], wrong: dict[str, tuple[Any, ...]]):
    """Expect the right verdict, index and error on each gradient, within 2 n + 10 evaluations of f.

    right : right gradients, each under words that say which it is.
    wrong : wrong gradients in the same way, each with its worst index and its error, where these count.
    """
    for what, gradient in right.items():
        expect_verdict(is_gradient_right, f, x, what, gradient)
    for what, (gradient, *expected) in wrong.items():
        expect_verdict(is_gradient_right, f, x, what, gradient, False, *expected)


def expect_verdict(is_gradient_right, f, x, what, gradient, verdict=True, worst=None, error=None):
    f, noted = Noted(f.text, f.function, x.shape), Noted(what, lambda _: gradient, x.shape, "gradient")
    answer = expect(is_gradient_right, f=f, gradient=noted, x=x)
    your_verdict, your_worst, your_error = answer.parts("right", "worst", "error")
    if your_verdict.of_type(bool) != verdict:
        yours = (
            f"Your worst is {value_as_text(your_worst.value)}, your error {value_as_text(your_error.value)}."
        )
        raise answer.wrong(
            f"the verdict is wrong: this gradient is {'' if verdict else 'not '}right. {yours}"
        )
    if worst is not None and your_worst.array() != worst:
        raise answer.wrong(f"the worst index is not {your_worst.value}.")
    if error is not None and not np.isclose(your_error.of_type(float), error, rtol=0.02, atol=2e-6):
        why = "it should be infinite" if np.isinf(error) else "this does not fit the definition"
        raise answer.wrong(f"the error is {your_error.value:.4g}; {why}.")
    count, limit = len(f.calls), 2 * x.size + 10
    if count > limit:
        raise answer.wrong(f"f was evaluated {count} times; 2 n + 10 = {limit} is the limit.")
    if not noted.calls:
        raise answer.wrong("the gradient was never called.")


def with_entry(gradient, index, value):
    return np.where(np.arange(len(gradient)) == index, value, gradient)


@check("q1j", "it tells wrong gradients from right ones", points=1)
def verdicts(is_gradient_right):
    x = np.array([1.1, 0.0, -2.3, 0.0, 0.6, 0.0, 3.2, 0.0])[::2]  # a view
    g = 3 * x**2
    size = abs((x**3).sum()) + (g * np.abs(x)).max()
    whole = (g * np.abs(x)).max() / size
    two = g + np.array([0.1, 0.0, -0.1, 0.0])
    right = {"the gradient is right": g, "it is right but for float32's rounding": g.astype(np.float32)}
    wrong: dict = {
        "only the last entry is wrong": (with_entry(g, 3, g[3] + 1), 3, 3.2 / size),
        "only entry 2 is wrong, it is too large": (with_entry(g, 2, g[2] + 0.05), 2, 0.03 / size),
        "only entry 1 is wrong, it is too small": (with_entry(g, 1, g[1] - 0.5), 1, 1.15 / size),
        "entries 0 and 2 are wrong, one up and one down": (two, 0, 0.11 / size),
        "every entry is off by 0.05 %": (1.0005 * g, 3),
        "all entries are zero": (0 * g, 3, whole),
        "all entries have the wrong sign": (-g, 3, 2 * whole),
    }
    expect_verdicts(is_gradient_right, sum_of_cubes(4), x, right, wrong)
    x = np.linspace(-2.0, 2.4, 12)  # so many that 3 n evaluations are too many
    expect_verdicts(is_gradient_right, sum_of_cubes(12), x, {"the gradient is right": 3 * x**2}, {})


@check("q1j", "it sees NaN and wrong shapes, and copes with variables of very different sizes", points=0.75)
def unusual_verdicts(is_gradient_right):
    x = np.array([1.0, -2.0, 0.5])
    g = 3 * x**2
    wrong: dict = {
        "entry 1 is NaN": (with_entry(g, 1, np.nan), 1, np.inf),
        "entry 2 is infinite": (with_entry(g, 2, np.inf), 2, np.inf),
        "the gradient has the shape (3, 1)": (g[:, None], -1, np.inf),
        "the gradient is a single number": (np.float64(3.0), -1, np.inf),
        "the gradient has an entry too few": (g[:2], -1, np.inf),
    }
    expect_verdicts(is_gradient_right, sum_of_cubes(3), x, {}, wrong)
    s, z = np.array([1e6, 1.0, 1e-6]), np.array([2.0, 1.0, -3.0])
    g = (2 * z + 3 * z**2) / s
    f = Noted("the sum of (x_i / s_i)^2 (1 + x_i / s_i)", lambda x: float(((x / s) ** 2 * (1 + x / s)).sum()))
    right = {"the gradient is right, its variables are of sizes from 1e-6 to 1e6": g}
    wrong = {
        "entry 0 is zero, although f depends on x_0 as much as on the others": (with_entry(g, 0, 0.0), 0),
        "entry 2 is half, although f depends on x_2 as much as on the others": (
            with_entry(g, 2, g[2] / 2),
            2,
        ),
    }
    expect_verdicts(is_gradient_right, f, z * s, right, wrong)


@check("q1j", "it copes with f = 0, with entries of x that are 0, and with integers", points=0.25)
def verdicts_at_zeros(is_gradient_right):
    x, zero = np.array([0.5, -1.0, 2.0]), np.zeros(3)
    right: dict = {"f and the gradient are zero": zero}
    wrong: dict = {"f is zero, the gradient is not": (zero + 1,)}
    expect_verdicts(is_gradient_right, Noted("the constant 0", lambda x: 0.0), x, right, wrong)
    x, g = np.array([0.0, 1.5, 0.0]), np.array([1.0, 3.25, -2.0])
    f = Noted("x_0 + 0.25 x_1 + x_1^2 - 2 x_2", lambda x: float(x @ [1.0, 0.25, -2.0] + x[1] ** 2))
    right = {"the gradient is right, and x has zeros": g}
    wrong = {"entry 2 is wrong, where x is 0": (with_entry(g, 2, 0.0), 2, 2 / (2.625 + 4.875))}
    expect_verdicts(is_gradient_right, f, x, right, wrong)
    x = np.array([2, -1, 3])
    g = 3.0 * x**2
    right = {"the gradient is right, x holds ints": g}
    wrong = {"entry 1 is wrong": (with_entry(g, 1, 4.0), 1, 1 / (34 + 81))}
    expect_verdicts(is_gradient_right, sum_of_cubes(3), x, right, wrong)


@check("q1j", "is_gradient_right does not change x", points=0.25)
def checker_no_traces(is_gradient_right, rng):
    for n in (3, 1, 6):
        x = rng.uniform(0.5, 2.0, size=n) * rng.choice([-1, 1], size=n)
        for text, g, verdict in (("2 x", 2 * x, True), ("-2 x", -2 * x, False)):
            gradient = Noted(text, lambda _, g=g: g, (n,), "gradient")
            answer = expect_no_change(is_gradient_right, f=sum_of_squares(n), gradient=gradient, x=x)
            if answer.parts("right", "worst", "error")[0].value != verdict:
                raise answer.wrong("nothing is changed, but the verdict is wrong.")
