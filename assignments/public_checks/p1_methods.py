"""Problem 1, the public checks. They hold answers against identities and numerical derivatives."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

import gradcheck
from checking.boundary import Proxy
from checking.expectations import EMPTY, Answer, expect
from checking.limits import NO_LIMITS, CallLimits
from checking.outcomes import Incorrect, OutOfTime, Raised, TooSlow
from checking.traces import expect_no_change, expect_no_traces
from public_checks import check, uses

uses("q1c", "q1a", "q1b")
uses("q1d", "q1a", "q1b", "q1c")
uses("q1g", "q1f")
uses("q1h", "q1f", "q1g")
uses("q1i", "q1f", "q1g", "q1h")
uses("q1j", "q1a", "q1b", "q1c")

Source = Callable[[str], Proxy]


# What the checks of this problem share, the hidden ones too.


class Watched:
    """A function of the checks that takes arrays of one shape and notes where it is evaluated.

    text : how messages show it.
    shape : of its argument; () for a number.
    """

    def __init__(self, text: str, function: Callable[..., Any], shape: tuple[int, ...]):
        self.text, self.function, self.shape = text, function, shape
        self.points: list[np.ndarray] = []

    def __repr__(self) -> str:
        return self.text

    def __call__(self, *arguments: Any) -> Any:
        (x,) = arguments
        if np.shape(x) != self.shape or (self.shape and not isinstance(x, np.ndarray)):
            what = f"an array of shape {self.shape}" if self.shape else "a number"
            raise TypeError(f"f takes {what}, and was called with {_shown(x)}")
        self.points.append(np.array(x, dtype=float))
        return self.function(self.points[-1].copy())


def _shown(value: Any) -> str:
    return (
        f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    )


def expect_value(
    answer: Answer,
    expected: Any,
    instead: Mapping[str, Any] = EMPTY,
    rounding: float = 1.0,
    reveal: bool = True,
) -> None:
    """Expect these numbers. Where wrong ones of `instead` came back, add the words of these."""
    expected = np.asarray(expected, dtype=float)
    try:
        answer.close(expected, rounding=rounding, reveal=reveal)
    except Incorrect as failure:
        for words, value in instead.items():
            if _equal(answer.value, np.asarray(value, dtype=float)):
                raise Incorrect(f"{failure}\n{words}") from None
        raise


def _equal(value: Any, other: np.ndarray) -> bool:
    return np.shape(value) == other.shape and bool(np.allclose(value, other, rtol=1e-6, atol=1e-9))


@dataclass(frozen=True)
class ProgramAnswer(Answer):
    """What a program of the checks returned that runs among the student's names; `function` is its text."""

    def wrong(self, what: str, explain: Callable[[], str] | None = None) -> Incorrect:
        given = ", ".join(f"{name} = {value}" for name, value in self.arguments.items())
        return Incorrect(f"{self.function}: {what}" + (f"\nwhere {given}" if given else ""))


def run_program(
    source: Source, shown: str, program: str, limits: CallLimits = NO_LIMITS, /, **arguments: Any
) -> ProgramAnswer:
    """Run an expression, given as text, among the student's names.

    shown : how messages show it.
    arguments : numbers and arrays that it uses, by name.
    """
    function = source(f"lambda {', '.join(arguments)}: {program}")
    try:
        value = function.call(*arguments.values(), limits=limits).value
    except (Raised, OutOfTime, TooSlow, Incorrect) as failure:
        raise type(failure)(f"{failure}\nThe program is {shown}") from None
    return ProgramAnswer(shown, arguments, value)


def explanations(
    f: Callable[..., Any], values: tuple[float, ...], slopes: tuple[float, ...], names: Sequence[str]
) -> dict[str, float]:
    """Wrong slopes of f(*values), each with words for the mistake that gives it.

    f : a function of one or two numbers.
    slopes : how fast the values change.
    names : what to call the arguments, a letter each.
    """
    J = slopes_of(f, values)
    terms, right = J * slopes, slope_of(f, values, slopes)
    found: dict[str, float] = {}
    if len(values) == 2:
        a, b = names
        found |= {
            f"The slope of {b} does not count in it.": terms[0],
            f"The slope of {a} does not count in it.": terms[1],
            f"The term with the slope of {b} has the wrong sign.": terms[0] - terms[1],
            f"The term with the slope of {a} has the wrong sign.": terms[1] - terms[0],
            f"The slopes of {a} and {b} are in each other's place.": float(J @ slopes[::-1]),
            "It is the product of the two slopes.": slopes[0] * slopes[1],
            "A plain number is taken to have the slope 1; it does not change.": float(
                J @ [s or 1.0 for s in slopes]
            ),
        }
        if all(slopes):
            found["It is the quotient of the two slopes."] = slopes[0] / slopes[1]
        at_slopes = [slope or value for slope, value in zip(slopes, values, strict=True)]
        found["It is the function at the slopes instead of the values."] = float(f(*at_slopes))
    else:
        (a,) = names
        found |= {
            f"The slope of {a} is left out: this is the chain rule's outer factor alone.": float(J[0]),
            f"It is the slope of {a}, unchanged: the chain rule's outer factor is missing.": slopes[0],
            f"The outer factor is taken at the slope of {a}, not at its value.": float(
                slopes_of(f, slopes)[0]
            ),
            "The outer factor is the function itself; is that its derivative?": float(f(*values)) * slopes[0],
        }
    found |= {
        "It is zero.": 0.0,
        "It has the wrong sign.": -right,
        "It is the value instead of the slope.": float(f(*values)),
    }
    for name, value in zip(names, values, strict=True):
        found[f"It is {name} times the right one."] = value * right
        found[f"It is the right one divided by {name}."] = right / value
    return found


def slopes_of(f: Callable[..., Any], values: tuple[float, ...]) -> np.ndarray:
    """The numerical derivatives of f(*values) by each of the values; NaN where f is not defined."""
    try:
        return gradcheck.numerical_jacobian(lambda v: f(*v), np.array(values)).value
    except gradcheck.numerical.NotFiniteError:
        return np.full(len(values), np.nan)


def slope_of(f: Callable[..., Any], values: tuple[float, ...], slopes: tuple[float, ...]) -> float:
    """How fast f(*values) changes, numerically, where its arguments change at these rates."""
    moving = [i for i, slope in enumerate(slopes) if slope]

    def g(*moved: float) -> Any:
        return f(*(moved[moving.index(i)] if i in moving else value for i, value in enumerate(values)))

    return float(slopes_of(g, tuple(values[i] for i in moving)) @ [slopes[i] for i in moving])


# 1(a), 1(b), 1(c): differences


def sum_of_squares(n: int) -> Watched:
    return Watched("the sum of squares", lambda x: float((x**2).sum()), (n,))


def sum_of_cubes(n: int) -> Watched:
    return Watched("the sum of cubes", lambda x: float((x**3).sum()), (n,))


NO_ROOM = "An array of whole numbers has no room for x + h, which is cut off: make an array of floats of x."
POINTS = (np.array([1.0, -2.0, 0.5]), np.array([3.0]), np.array([2, 1, -1, 4]))


@check("q1a", "f is evaluated n + 1 times, at arrays of the shape of x", points=0.75)
def forward_evaluations(forward_difference):
    for x in POINTS:
        f = sum_of_squares(len(x))
        answer = expect(forward_difference, f=f, x=x, h=0.25)
        answer.array(*x.shape)
        expect_evaluations(answer, f, len(x) + 1)


def expect_evaluations(answer: Answer, f: Watched, right: int) -> None:
    """Expect as many evaluations of f, and say what the wrong number suggests."""
    count, n = len(f.points), int(np.prod(f.shape))
    if count == right:
        return
    why = ""
    again = count - len({point.tobytes() for point in f.points})
    if again:
        why = (
            f" It was evaluated {again} more times at a point where it had been evaluated before: keep f(x)."
        )
    elif right == 2 * n and count == n + 1:
        why = " That is enough for forward differences only."
    elif right == 2 * n and count == 2 * n + 1:
        why = " A central difference does not need f(x)."
    elif right == n + 1 and count == 2 * n:
        why = " That is what central differences need."
    raise answer.wrong(f"f was evaluated {count} times; for n = {n} it has to be {right} times.{why}")


@check("q1a", "for a sum of squares, the forward difference is the gradient plus h", points=0.75)
def forward_of_squares(forward_difference):
    for x in POINTS:
        for h in (0.25, 0.5):
            slopes = ((x + h) ** 2 - x**2) / h
            expect_value(
                expect(forward_difference, f=sum_of_squares(len(x)), x=x, h=h),
                2 * x + h,
                {
                    "It is the backward difference: step forward.": 2 * x - h,
                    "For this h it should not be the derivative itself: it is central, or not with this h.": 2
                    * x,
                    "It is not divided by h.": (2 * x + h) * h,
                    "It is divided by 2 h.": (2 * x + h) / 2,
                    "It has the wrong sign.": -2 * x - h,
                    "All entries of x were moved at once: move one at a time.": np.full(len(x), slopes.sum()),
                    "The steps add up: each entry has to go back before the next one moves.": np.cumsum(
                        slopes
                    ),
                    "The step is h x_i; it has to be h for every entry.": 2 * x + h * x,
                    NO_ROOM: (np.trunc(x + h) ** 2 - x**2) / h,
                },
            )


@check("q1a", "forward_difference changes neither x nor an earlier result", points=0.25)
def forward_no_traces(forward_difference, source, rng):
    expect_no_traces_of_difference(forward_difference, source, rng, lambda x, h: 2 * x + h)


def expect_no_traces_of_difference(
    difference: Proxy, source: Source, rng: np.random.Generator, right: Callable[..., Any]
) -> None:
    """Expect no traces of calls at random points, and the right result for a sum of squares.

    right : a function of x and h.
    """
    for n in (3, 3, 1, 7):
        f, (x, other) = sum_of_squares(n), rng.normal(size=(2, n))
        h = float(rng.uniform(0.2, 0.4))
        first, second = ({"f": f, "x": v, "h": h} for v in (x, other))
        answer = expect_no_traces(difference, source, first, second, dtypes=[np.float64])
        answer.close(right(x, h), rounding=100)


@check("q1b", "f is evaluated 2 n times, at arrays of the shape of x", points=0.75)
def central_evaluations(central_difference):
    for x in POINTS:
        f = sum_of_squares(len(x))
        answer = expect(central_difference, f=f, x=x, h=0.25)
        answer.array(*x.shape)
        expect_evaluations(answer, f, 2 * len(x))


@check("q1b", "for a sum of cubes, the central difference is the gradient plus h squared", points=0.75)
def central_of_cubes(central_difference):
    for x in POINTS:
        for h in (0.25, 0.5):
            right = 3 * x**2 + h**2
            slopes = ((x + h) ** 3 - (x - h) ** 3) / (2 * h)
            expect_value(
                expect(central_difference, f=sum_of_cubes(len(x)), x=x, h=h),
                right,
                {
                    "It is twice the right one: x + h and x - h are 2 h apart.": 2 * right,
                    "It is the forward difference.": ((x + h) ** 3 - x**3) / h,
                    "It is half of the forward difference: which points are 2 h apart?": ((x + h) ** 3 - x**3)
                    / (2 * h),
                    "It has the wrong sign.": -right,
                    "It is what steps of h / 2 give: step by h to each side.": 3 * x**2 + h**2 / 4,
                    "It is not divided by 2 h.": right * 2 * h,
                    "For this h it should not be the derivative itself: is it taken with this h?": 3 * x**2,
                    "All entries of x were moved at once: move one at a time.": np.full(len(x), slopes.sum()),
                    NO_ROOM: (np.trunc(x + h) ** 3 - np.trunc(x - h) ** 3) / (2 * h),
                },
            )


@check("q1b", "central_difference changes neither x nor an earlier result", points=0.25)
def central_no_traces(central_difference, source, rng):
    expect_no_traces_of_difference(central_difference, source, rng, lambda x, h: 2 * x)


def expect_shape_of_jacobian(answer: Answer, m: int, n: int) -> None:
    """Expect an (m, n) array, and say what another shape suggests."""
    shape = np.shape(answer.value) if isinstance(answer.value, np.ndarray) else None
    if shape == (m, n):
        return
    if m != n and shape == (n, m):
        raise answer.wrong(
            f"an array of shape ({n}, {m}) is the transpose of the right one: a row for each output, please."
        )
    if shape == (n,) and m > 1:
        raise answer.wrong(f"only a vector came back: f has {m} outputs, and each has a row of its own.")
    if m == 1 and shape == (n,):
        raise answer.wrong(
            f"the row is there, but as a vector: the shape has to be (1, {n}) for one output too."
        )
    answer.array(m, n)


@check("q1c", "it is an (m, n) array that takes 2 n evaluations", points=0.75)
def jacobian_evaluations(difference_jacobian):
    def products(x: np.ndarray) -> np.ndarray:
        return np.array([(x**2).sum(), x[0] * x[-1], x[0]])

    for text, function, m in (
        ("sum of x_i^2, x_1 x_n, and x_1", products, 3),
        ("x_1^2", lambda x: x[:1] ** 2, 1),
    ):
        for x in POINTS:
            f = Watched(text, function, x.shape)
            answer = expect(difference_jacobian, f=f, x=x, h=0.25)
            expect_shape_of_jacobian(answer, m, len(x))
            expect_evaluations(answer, f, 2 * len(x))


@check("q1c", "for a linear function it is the matrix, for squares it is exact", points=0.75)
def jacobian_of_linear_functions(difference_jacobian):
    A = np.array([[1.0, 2.0, -3.0], [0.5, -1.0, 4.0], [0.0, 3.0, 7.0]])
    for rows in (1, 2, 3):
        matrix = A[:rows]
        for x in (POINTS[0], np.array([1, 0, -2])):
            f = Watched(f"A x with A = {matrix.tolist()}", lambda v, M=matrix: M @ v, x.shape)
            answer = expect(difference_jacobian, f=f, x=x, h=0.5)
            expect_shape_of_jacobian(answer, rows, 3)
            expect_value(
                answer,
                matrix,
                {
                    "It is the transpose of the right one.": matrix.T,
                    "It is twice the right one: x + h and x - h are 2 h apart.": 2 * matrix,
                    "It has the wrong sign.": -matrix,
                    "It is not divided by 2 h.": matrix * 2 * 0.5,
                    NO_ROOM: matrix * (np.trunc(x + 0.5) - np.trunc(x - 0.5)),
                },
            )
    x, h = POINTS[0], 0.5
    answer = expect(difference_jacobian, f=Watched("the squares", lambda v: v**2, x.shape), x=x, h=h)
    expect_value(
        answer,
        np.diag(2 * x),
        {
            "It is the forward difference.": np.diag(2 * x + h),
            "It is the backward difference.": np.diag(2 * x - h),
        },
        rounding=100,
    )


@check("q1c", "difference_jacobian changes neither x nor an earlier result", points=0.25)
def jacobian_no_traces(difference_jacobian, source, rng):
    def squares(x: np.ndarray) -> np.ndarray:
        return np.array([(x**2).sum(), -(x**2).sum()])

    for n in (3, 3, 1, 7):
        f, (x, other) = Watched("the sum of squares, and minus that", squares, (n,)), rng.normal(size=(2, n))
        h = float(rng.uniform(0.2, 0.4))
        first, second = ({"f": f, "x": v, "h": h} for v in (x, other))
        answer = expect_no_traces(difference_jacobian, source, first, second, dtypes=[np.float64])
        answer.close(np.array([2 * x, -2 * x]), rounding=100)


# 1(d): the best step


def expect_step(answer: Answer, right: float, instead: Mapping[str, float], reveal: bool) -> None:
    """Expect this element of hs."""
    step = answer.array()
    hs = answer.arguments["hs"]
    for words, value in instead.items():
        if step == value and step != right:
            raise answer.wrong(f"{step:.6g} is not the best step. {words}")
    if step not in hs:
        raise answer.wrong(f"{step:.6g} is none of the steps hs: return the step itself.")
    if step != right:
        expected = f"; it has to be {right:.6g}" if reveal else ""
        raise answer.wrong(f"{step:.6g} is not the best step{expected}.")


@check("q1d", "it finds the step with the smallest error, in any order", points=0.5)
def step_of_a_cubic(best_step):
    # For a cube the error is h**2, so long as rounding is small beside it.
    f, df = number_function("t^3", lambda t: t**3), number_function("3 t^2", lambda t: 3 * t**2)
    for hs in ([0.5, 0.25, 0.125], [0.125, 0.5, 0.25], [0.25, 0.125, 0.5]):
        answer = expect(best_step, f=f, df=df, x=1.5, hs=np.array(hs))
        instead = {
            "It is the one with the largest error.": 0.5,
            "It is the smallest error; return its step.": 0.125**2,
            "It is an index into hs; return the step itself.": float(hs.index(0.125)),
        }
        expect_step(answer, 0.125, instead, reveal=True)
    # Here the error is h**4 - h**2 / 4.
    f = number_function("t^5 - 2.75 t^3", lambda t: t**5 - 2.75 * t**3)
    df = number_function("5 t^4 - 8.25 t^2", lambda t: 5 * t**4 - 8.25 * t**2)
    answer = expect(best_step, f=f, df=df, x=0.5, hs=np.array([0.5, 2.0, 0.25, 1.0, 0.375]))
    instead = {
        "It is the smallest step, which need not be the best.": 0.25,
        "It is the best one for forward differences.": 1.0,
        "Its error is the most negative one; the size of an error counts, not its sign.": 0.375,
        "It is the one with the largest error.": 2.0,
    }
    expect_step(answer, 0.5, instead, reveal=True)


def number_function(text: str, function: Callable[..., Any]) -> Watched:
    """A function of one number."""
    return Watched(text, lambda t: float(function(t)), ())


@check("q1d", "of equally good steps it takes the largest, and steps that give NaN do not count", points=0.5)
def steps_that_tie(best_step):
    f, df = number_function("3 t", lambda t: 3 * t), number_function("3", lambda t: 3.0)
    for hs in ([0.5, 0.25, 1.0], [0.5, 1.0, 0.25]):
        answer = expect(best_step, f=f, df=df, x=2.0, hs=np.array(hs))
        instead = {
            "All errors are zero: of equal ones take the largest step.": 0.25,
            "All errors are equal: of these take the largest step, not the first in hs.": hs[0],
        }
        expect_step(answer, 1.0, instead, reveal=True)
    f = number_function("sqrt(t) + t^3", lambda t: np.sqrt(t) + t**3)
    df = number_function("0.5 / sqrt(t) + 3 t^2", lambda t: 0.5 / np.sqrt(t) + 3 * t**2)
    answer = expect(best_step, f=f, df=df, x=1.0, hs=np.array([0.25, 2.0, 0.5]))
    expect_step(answer, 0.25, {"Its difference is NaN, which is no small error.": 2.0}, reveal=True)


@check("q1d", "best_step does not change hs", points=0.25)
def best_step_no_traces(best_step, rng):
    f, df = number_function("t^3", lambda t: t**3), number_function("3 t^2", lambda t: 3 * t**2)
    for size in (3, 5):
        # Of a cube the error is h**2, so that the smallest of these is the best.
        hs = rng.permutation(0.5 ** np.arange(1, size + 1))
        expect_step(expect_no_change(best_step, f=f, df=df, x=1.5, hs=hs), hs.min(), {}, reveal=False)


# 1(e): symbolic differentiation

U, V = "(x + x + x)", "(x + x + y)"
TWO_PARTS: tuple[tuple[str, Callable[..., Any]], ...] = (
    (f"{U} * {V}", operator.mul),
    (f"{U} / {V}", operator.truediv),
)
ONE_PART: tuple[tuple[str, Callable[..., Any]], ...] = (
    (f"{U} ** 3", lambda u: u**3),
    (f"{U} ** -2", lambda u: u**-2.0),
    (f"{U} ** 0.5", lambda u: u**0.5),
    (f"{U}.exp()", np.exp),
    (f"{U}.log()", np.log),
    (f"{U}.sin()", np.sin),
    (f"{U}.cos()", np.cos),
)
AT = {"x": 0.7, "y": 1.9}


def derivative_of(source: Source, text: str, name: str, values: Mapping[str, Any]) -> ProgramAnswer:
    """The value of differentiate(text, name) for these values of the variables x and y."""
    build = f"(lambda x, y: differentiate({text}, {name!r}))(variable('x'), variable('y'))"
    value = "d.evaluate(x=x, y=y) if isinstance(d, Expression) else [type(d).__name__]"
    shown = f"differentiate({text}, {name!r})"
    answer = run_program(source, shown, f"(lambda d: {value})({build})", **values)
    if isinstance(answer.value, list):
        raise not_an_expression(answer, answer.value[0])
    return answer


def not_an_expression(answer: Answer, kind: str) -> Incorrect:
    """The failure whose message says what came back in the place of an Expression."""
    why = "Did you forget a return, or an operation?" if kind == "NoneType" else ""
    if kind in ("int", "float", "float64"):
        why = "A plain number is no expression: constant(...) makes one of it."
    return answer.wrong(f"the result has to be an Expression; yours is a {kind}. {why}".rstrip())


@check("q1e", "the derivatives of constants, variables, sums and differences are right", points=0.75)
def derivatives_of_sums(differentiate, source):
    for text, name, right, instead in (
        ("x", "x", 1, {}),
        ("constant(5)", "x", 0, {"A constant does not change.": 5, "A constant has no slope of 1.": 1}),
        ("y", "x", 0, {"y does not depend on x: look at the variable's name.": 1}),
        ("x", "y", 0, {"x does not depend on y: look at the variable's name.": 1}),
        (U, "x", 3, {}),
        (U, "y", 0, {}),
        (f"{U} + {V}", "x", 5, {}),
        (f"{U} - {V}", "x", 1, {"The second term has the wrong sign.": 5}),
        (f"{U} - {V}", "y", -1, {"The second term has the wrong sign.": 1}),
    ):
        expect_value(derivative_of(source, text, name, AT), right, instead)


@check("q1e", "the derivatives of products and quotients are right", points=0.75)
def derivatives_of_products(differentiate, source):
    for text, f in TWO_PARTS:
        expect_formula_slope(source, text, f, (2.1, 3.3), (3.0, 2.0))


@check("q1e", "the derivatives of powers, exp, log, sin and cos are right", points=0.75)
def derivatives_of_functions(differentiate, source):
    for text, f in ONE_PART:
        expect_formula_slope(source, text, f, (2.1,), (3.0,))


def expect_formula_slope(
    source: Source, text: str, f: Callable[..., Any], values: tuple[float, ...], slopes: tuple[float, ...]
) -> None:
    """Expect the derivative of f(u, v), where u and v have these values and slopes."""
    names = "uv"[: len(values)]
    instead = partial(explanations, f, values, slopes, names)
    answer = derivative_of(source, text, "x", AT)
    expect_close_slope(answer, slope_of(f, values, slopes), instead, names)


def expect_close_slope(
    answer: Answer, right: float, instead: Callable[[], Mapping[str, float]] = dict, names: str = ""
) -> None:
    """Expect a slope that is known by numerical differentiation.

    instead : makes a table of wrong ones, under words for the mistakes that they come from.
    names : the names that these words use for U and V.
    """
    where = " ".join(f"Here {n} is {text}." for n, text in zip(names, (U, V), strict=False))
    number = float(answer.array())
    if not abs(number - right) <= 1e-7 * max(1.0, abs(right)):
        said = next((words for words, value in instead().items() if _equal(number, np.asarray(value))), "")
        raise answer.wrong(
            " ".join(f"{answer.name} is {number:.9g} and has to be {right:.9g}. {said} {where}".split())
        )


@check("q1e", "rules work together, and the result is a formula", points=0.75)
def derivatives_of_nested(differentiate, source):
    for text in (
        "(x * y.sin() + 3) / (x * x + 1)",
        "(x * x * y).exp() * (x ** 2 + 1).log()",
        "(2 / x) ** 1.5 - y.cos()",
    ):
        for name in "xy":

            def value(t: Any, name: str = name, text: str = text) -> Any:
                program = f"(lambda x, y: {text})(variable('x'), variable('y')).evaluate(x=x, y=y)"
                return run_program(source, text, program, **{**AT, name: float(t)}).value

            right = float(slopes_of(value, (AT[name],))[0])
            expect_close_slope(derivative_of(source, text, name, AT), right)


# 1(f), 1(g): the rules of dual numbers

PLAIN = (
    "(lambda plain, c: plain(plain, c))(lambda plain, c: "
    "(plain(plain, c.value), plain(plain, c.slope)) if isinstance(c, Dual) else c, {program})"
)
BINARY: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
UNARY: dict[str, Callable[..., Any]] = {"exp": np.exp, "log": np.log, "sin": np.sin, "tanh": np.tanh}


def dual_text(value: Any) -> str:
    """How a program writes a number, or a Dual, which is a pair here."""
    return f"Dual({dual_text(value[0])}, {dual_text(value[1])})" if isinstance(value, tuple) else repr(value)


def run_dual(source: Source, program: str) -> ProgramAnswer:
    """Run a program, with pairs in the place of the Duals that it returns."""
    return run_program(source, program, PLAIN.format(program=program))


def expect_dual(answer: Answer) -> tuple[Answer, Answer]:
    """Expect a Dual of two plain numbers; return its value and its slope."""
    answer._not_none()
    if not isinstance(answer.value, tuple) or len(answer.value) != 2:
        raise answer.wrong(f"the result has to be a Dual; {answer._came()}.")
    value, slope = (
        replace(answer, value=v, name=name)
        for v, name in zip(answer.value, ("its value", "its slope"), strict=True)
    )
    return value, slope


def expect_rule(source: Source, rule: str, f: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Expect a rule to give the value and the numerical slope of f. A pair among the arguments is a Dual."""
    values = tuple(float(a[0] if isinstance(a, tuple) else a) for a in arguments)
    slopes = tuple(float(a[1] if isinstance(a, tuple) else 0) for a in arguments)
    program = f"{rule}({', '.join(map(dual_text, arguments))})"
    value, slope = expect_dual(run_dual(source, program))
    swapped = {"a and b are in each other's place.": f(*values[::-1])} if len(values) == 2 else {}
    expect_value(value, f(*values), swapped)
    names = "ab"[: len(values)]
    expect_close_slope(slope, slope_of(f, values, slopes), partial(explanations, f, values, slopes, names))


def expect_rules(source: Source, *rules: str) -> None:
    """Expect these rules to be right for two Duals, and where either of the two is a plain number."""
    first, second = (3.0, 2.0), (-1.5, 0.75)
    for rule in rules:
        for pair in ((first, (5.0, 7.0)), (second, (0.5, -2.0)), (first, 5.0), (5.0, first), (2, second)):
            expect_rule(source, rule, BINARY[rule], pair)


@check("q1f", "add and subtract are right, for plain numbers too", points=0.75)
def sums_of_duals(add, subtract, source):
    expect_rules(source, "add", "subtract")


@check("q1f", "multiply is right, for plain numbers too", points=0.75)
def products_of_duals(multiply, source):
    expect_rules(source, "multiply")


@check("q1f", "divide is right, for plain numbers too", points=0.75)
def quotients_of_duals(divide, source):
    expect_rules(source, "divide")


@check("q1f", "the rules work on Duals of Duals", points=0.5)
def rules_of_nested_duals(add, subtract, multiply, divide, source):
    x = "Dual(Dual(3.0, 1.0), Dual(1.0, 0.0))"
    for program, right in (
        (f"add({x}, {x})", (6.0, 2.0, 2.0, 0.0)),
        (f"subtract({x}, 1.0)", (2.0, 1.0, 1.0, 0.0)),
        (f"multiply({x}, {x})", (9.0, 6.0, 6.0, 2.0)),
        (f"divide({x}, {x})", (1.0, 0.0, 0.0, 0.0)),
    ):
        answer = run_dual(source, program)
        values = flattened(answer, 2)
        if not np.allclose(values, right, rtol=0, atol=1e-12):
            raise answer.wrong(
                f"the numbers in it are {shown_numbers(values)}; they have to be {shown_numbers(right)}."
            )


@check("q1f", "the rules change no Dual, and the next call changes no result", points=0.75)
def rules_no_traces(add, subtract, multiply, divide, source):
    for rule, f in BINARY.items():
        shown = f"a = Dual(3.0, 2.0), b = Dual(5.0, 7.0), c = {rule}(a, b), {rule}(b, 4.0)"
        kept = "lambda *duals: [(d.value, d.slope) for d in duals]"
        program = (
            f"(lambda kept, a, b: (lambda c: [kept(a, b, c), {rule}(b, 4.0), kept(a, b, c)][::2])"
            f"({rule}(a, b)))({kept}, Dual(3.0, 2.0), Dual(5.0, 7.0))"
        )
        answer = run_program(source, shown, program)
        (*arguments, c), after = answer.value
        if arguments != [(3.0, 2.0), (5.0, 7.0)] or after[:2] != arguments:
            raise answer.wrong("a call changes a or b. Make a new Dual of the result.")
        if after[2] != c:
            raise answer.wrong("the second call changes c. Make a new Dual of each result.")
        expect_value(replace(answer, value=c[0], name="the value of c"), f(3.0, 5.0))


def flattened(answer: Answer, depth: int) -> np.ndarray:
    """The numbers of a Dual of Duals, 2**depth of them: the value's first, then the slope's.

    A number in the place of a Dual is one that does not change.
    """

    def numbers(value: Any, depth: int) -> list[float]:
        if depth == 0:
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float, np.number))
                or np.iscomplexobj(value)
            ):
                raise answer.wrong(f"there is a {type(value).__name__} in it where a number has to be.")
            return [float(value)]
        if isinstance(value, tuple) and len(value) == 2:
            return numbers(value[0], depth - 1) + numbers(value[1], depth - 1)
        return numbers(value, depth - 1) + [0.0] * 2 ** (depth - 1)

    answer._not_none()
    return np.array(numbers(answer.value, depth))


def shown_numbers(values: Any) -> str:
    return ", ".join(f"{v:.6g}" for v in values)


@check("q1g", "exp, log, sin and tanh are right for Duals", points=0.75)
def functions_of_duals(exp, log, sin, tanh, source):
    for rule, f in UNARY.items():
        for a in ((0.8, 3.0), (1.7, 0.5)):
            expect_rule(source, rule, f, (a,))


@check("q1g", "powers are right, whichever of the two is a Dual", points=0.5)
def powers_of_duals(power, source):
    for exponent in (3.0, 2, -1.5, 0.5):
        for base in ((1.7, -0.5), (0.8, 3.0)):
            expect_rule(source, "power", operator.pow, (base, exponent))
    for pair in ((2.0, (1.5, 3.0)), ((1.7, -0.5), (2.5, 3.0)), ((0.8, 3.0), (-1.5, 0.5))):
        expect_rule(source, "power", operator.pow, pair)


@check("q1g", "plain numbers stay plain, and the edges are right", points=0.75)
def edges_of_functions(exp, log, sin, tanh, power, source):
    for rule, f in UNARY.items():
        answer = run_dual(source, f"{rule}(0.8)")
        if isinstance(answer.value, tuple):
            raise answer.wrong("for a plain number the result has to be a plain number, not a Dual.")
        expect_value(answer, f(0.8))
    for large in (1000.0, -1000.0):
        value, slope = expect_dual(run_dual(source, f"tanh(Dual({large}, 2.0))"))
        expect_value(value, np.sign(large))
        expect_value(slope, 0.0)
    for exponent in (3, -2.0):
        expect_rule(source, "power", operator.pow, ((-1.5, 2.0), exponent))
    value, slope = expect_dual(run_dual(source, "power(Dual(0.0, 1.0), 2)"))
    expect_value(value, 0.0)
    expect_value(slope, 0.0)
    value, slope = expect_dual(run_dual(source, "power(Dual(0.0, 1.0), 0)"))
    expect_value(value, 1.0)
    expect_value(slope, 0.0)


@check("q1g", "the functions work on Duals of Duals", points=0.75)
def functions_of_nested_duals(exp, log, sin, tanh, power, source):
    for program, f in NESTED:
        answer = run_dual(source, program.format(x="Dual(Dual(0.7, 1.0), Dual(1.0, 0.0))"))
        values = flattened(answer, 2)
        slope = slopes_of(f, (0.7,))[0]
        if not np.allclose(values[:3], (f(0.7), slope, slope), rtol=1e-7, atol=0):
            raise answer.wrong("the values, or the first derivatives in it, are not right.")
        curvature = slopes_of(lambda t, f=f: slopes_of(f, (float(t),))[0], (0.7,))[0]
        if not abs(values[3] - curvature) <= 1e-4:
            raise answer.wrong(f"the slope of the slope is {values[3]:.6g}; {curvature:.5g} it has to be.")


NESTED: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("exp({x})", np.exp),
    ("log({x})", np.log),
    ("sin({x})", np.sin),
    ("tanh({x})", np.tanh),
    ("power({x}, 3)", lambda t: t**3),
    ("power(2.0, {x})", lambda t: 2.0**t),
    ("power({x}, {x})", lambda t: t**t),
)


# 1(h), 1(i): derivatives of programs

# Of the four operations only: what exp or power do wrong counts in 1(g), and not here again.
PROGRAMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("lambda t: t * t - 3 * t", lambda t: t * t - 3 * t),
    ("lambda t: 1 / (1 + t * t)", lambda t: 1 / (1 + t * t)),
    ("lambda t: t / (2 + t * t) - t * t * t", lambda t: t / (2 + t * t) - t * t * t),
)


@check("q1h", "it is the numerical derivative of a program, a plain number", points=0.5)
def derivatives_of_programs(derivative, source):
    for text, f in PROGRAMS:
        for x in (0.7, -1.3):
            answer = run_dual(source, f"derivative({text}, {x})")
            right = float(slopes_of(f, (x,))[0])
            if isinstance(answer.value, tuple):
                raise answer.wrong("a Dual, or a pair, came back: return the slope of the result alone.")
            instead = {
                "It is the value of the program, not its slope.": float(f(x)),
                "It is zero: which slope does the input have?": 0.0,
                "It is x times the right one: the slope of the input by itself is 1.": right * x,
            }
            expect_close_slope(answer, right, partial(dict, instead))


@check("q1h", "it takes one evaluation, and a program may return a plain number", points=0.5)
def derivatives_of_constants(derivative, source):
    for text in ("lambda t: 5.0", "lambda t: 3"):
        expect_value(run_dual(source, f"derivative({text}, 2.0)"), 0.0)
    answer = run_dual(
        source, "(lambda calls: (derivative(lambda t: (calls.append(t), t * t)[1], 3.0), len(calls)))([])"
    )
    answer = replace(answer, function="derivative(f, 3.0), where f counts its evaluations")
    slope, count = answer.parts("the slope", "the number of evaluations")
    if count.value != 1:
        raise answer.wrong(f"f was evaluated {count.value} times; once, on a Dual, is enough.")
    expect_value(slope, 6.0)


@check("q1i", "it is the slope of the slope of a program, a plain number", points=0.75)
def curvatures_of_programs(second_derivative, source):
    for text, f in PROGRAMS:
        for x in (0.7, -1.3):
            answer = run_dual(source, f"second_derivative({text}, {x})")
            if isinstance(answer.value, tuple):
                raise answer.wrong("a Dual, or a pair, came back: return a plain number.")
            first = float(slopes_of(f, (x,))[0])
            right = slopes_of(lambda t, f=f: slopes_of(f, (float(t),))[0], (x,))[0]
            number = float(answer.array())
            if not abs(number - right) <= 1e-4 * max(1.0, abs(right)):
                instead = {
                    "It is the first derivative.": first,
                    "It is the square of the first derivative.": first**2,
                    "It is the first derivative at the place of the first derivative.": float(
                        slopes_of(f, (first,))[0]
                    ),
                    "It is zero.": 0.0,
                }
                said = next((w for w, v in instead.items() if abs(number - v) <= 1e-6 * max(1.0, abs(v))), "")
                raise answer.wrong(f"it is {number:.6g} and has to be {right:.5g}. {said}".rstrip())
            if x == 0.7 and text == PROGRAMS[0][0] and abs(number - 2) > 1e-12:
                raise answer.wrong(
                    f"it is off by {abs(number - 2):.1g}: that is an approximation. Use Duals."
                )


# 1(j): a gradient checker


@dataclass(frozen=True)
class Planted:
    """A gradient that a checker has to judge.

    what : what is the matter with it, for messages.
    gradient : the array that it returns.
    right : the verdict.
    worst : the index that has to be named; None where any will do.
    error : the error that has to be returned; None where it is not looked at.
    """

    what: str
    gradient: Any
    right: bool
    worst: int | None = None
    error: float | None = None


def expect_verdicts(
    is_gradient_right: Proxy, text: str, function: Callable[..., Any], x: np.ndarray, cases: list[Planted]
) -> None:
    """Expect the right verdict, index and error on each gradient, within 2 n + 10 evaluations of f."""
    for case in cases:
        f = Watched(text, function, x.shape)
        gradient = Watched(case.what, lambda _, g=case.gradient: g, x.shape)
        answer = expect(is_gradient_right, f=f, gradient=gradient, x=x)
        right, worst, error = answer.parts("right", "worst", "error")
        if not isinstance(right.value, (bool, np.bool_)):
            raise right.wrong(f"the first thing that is returned has to be a bool; {right._came()}.")
        if bool(right.value) != case.right:
            verdict = "right" if right.value else "wrong"
            raise answer.wrong(f"it calls a gradient {verdict} that is not: {case.what}.")
        if case.worst is not None and (worst.array() != case.worst):
            raise worst.wrong(
                f"the worst index is {worst.value}, and that is not the one, in this case: {case.what}."
            )
        if case.error is not None:
            expect_error(error, case)
        count = len(f.points)
        if count > 2 * x.size + 10:
            raise answer.wrong(f"f was evaluated {count} times; 2 n + 10 = {2 * x.size + 10} is the limit.")
        if not gradient.points:
            raise answer.wrong("the gradient was never called.")


def expect_error(error: Answer, case: Planted) -> None:
    value = error.value
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise error.wrong(f"the error has to be a number; {error._came()}.")
    if np.isinf(case.error or 0) and value != case.error:
        raise error.wrong(f"the error has to be infinite in this case, not {value:.4g}: {case.what}.")
    if (
        not np.isinf(case.error or 0)
        and not abs(value - (case.error or 0)) <= 0.02 * (case.error or 0) + 2e-6
    ):
        raise error.wrong(
            f"the error is {value:.4g}, which does not fit the definition, in this case: {case.what}."
        )


def with_entry(gradient: np.ndarray, index: int, value: float) -> np.ndarray:
    """A copy with another number in one place."""
    changed = gradient.copy()
    changed[index] = value
    return changed


@check("q1j", "it tells wrong gradients from right ones", points=1)
def verdicts(is_gradient_right):
    x = np.array([1.1, -2.3, 0.6, 3.2])
    g = 3 * x**2
    size = abs((x**3).sum()) + (g * np.abs(x)).max()
    up_and_down = g + np.array([0.1, 0.0, -0.1, 0.0])
    whole = (g * np.abs(x)).max() / size
    cases = [
        Planted("the gradient is right", g, True),
        Planted("the gradient is right but for float32's rounding", g.astype(np.float32), True),
        Planted("only the last entry is wrong", with_entry(g, 3, g[3] + 1), False, 3, 3.2 / size),
        Planted(
            "only entry 2 is wrong, it is too large", with_entry(g, 2, g[2] + 0.05), False, 2, 0.03 / size
        ),
        Planted(
            "only entry 1 is wrong, it is too small", with_entry(g, 1, g[1] - 0.5), False, 1, 1.15 / size
        ),
        Planted("entries 0 and 2 are wrong, one up and one down", up_and_down, False, 0, 0.11 / size),
        Planted("every entry is off by 0.05 %", 1.0005 * g, False, 3),
        Planted("all entries are zero", 0 * g, False, 3, whole),
        Planted("all entries have the wrong sign", -g, False, 3, 2 * whole),
    ]
    expect_verdicts(is_gradient_right, "the sum of cubes", lambda v: float((v**3).sum()), x, cases)


@check("q1j", "it sees NaN and wrong shapes, and copes with variables of very different sizes", points=0.75)
def unusual_verdicts(is_gradient_right):
    x = np.array([1.0, -2.0, 0.5])
    g = 3 * x**2
    cases = [
        Planted("entry 1 is NaN", with_entry(g, 1, np.nan), False, 1, np.inf),
        Planted("entry 2 is infinite", with_entry(g, 2, np.inf), False, 2, np.inf),
        Planted("the gradient has the shape (3, 1)", g[:, None], False, -1, np.inf),
        Planted("the gradient is a single number", np.float64(3.0), False, -1, np.inf),
    ]
    expect_verdicts(is_gradient_right, "the sum of cubes", lambda v: float((v**3).sum()), x, cases)
    sizes = np.array([1e6, 1.0, 1e-6])
    x = np.array([2.0, 1.0, -3.0]) * sizes
    g = (2 * (x / sizes) + 3 * (x / sizes) ** 2) / sizes
    cases = [
        Planted("the gradient is right, its variables are of sizes from 1e-6 to 1e6", g, True),
        Planted("entry 0, by which f changes as much as by others, is zero", with_entry(g, 0, 0.0), False, 0),
        Planted(
            "entry 2, by which f changes as much as by others, is half", with_entry(g, 2, g[2] / 2), False, 2
        ),
    ]
    text = "the sum of squares and cubes of x_i / s_i"
    expect_verdicts(
        is_gradient_right, text, lambda v: float(((v / sizes) ** 2 + (v / sizes) ** 3).sum()), x, cases
    )


@check("q1j", "is_gradient_right does not change x", points=0.25)
def checker_no_traces(is_gradient_right, rng):
    for n in (3, 1, 6):
        x = rng.uniform(0.5, 2.0, size=n) * rng.choice([-1, 1], size=n)
        for g, verdict in ((2 * x, True), (-2 * x, False)):
            f, gradient = sum_of_squares(n), Watched("2 x" if verdict else "-2 x", lambda _, g=g: g, (n,))
            answer = expect_no_change(is_gradient_right, f=f, gradient=gradient, x=x)
            if answer.parts("right", "worst", "error")[0].value != verdict:
                raise answer.wrong("nothing is changed, but the verdict is wrong.")
