"""Problem 1, the hidden checks. They hold answers against the reference on many inputs."""

from functools import cache

import numpy as np

import solutions.p1_methods as reference
from autograder.hidden_checks import check
from checking import NO_LIMITS, Answer, Noted, expect, most_lines
from public_checks.p1_methods import (
    FUNCTIONS,
    evaluate,
    expect_dual,
    expect_evaluations,
    expect_expression,
    expect_plain,
    expect_shape_of_jacobian,
    expect_step,
    expect_verdicts,
    numbers_in,
    runner,
    slope_by_one_evaluation,
    sum_of_squares,
    with_entry,
)

EPS = float(np.finfo(np.float64).eps)
SIZES = (1, 2, 3, 5, 9)
SHAPES = ((1, 1), (1, 4), (4, 1), (3, 3), (2, 5), (6, 2))
STEPS = (0.3, 0.01, 1e-5, 0.01, 0.3, 1e-5)


# 1(a), 1(b), 1(c): differences


def smooth(rng, m, n):
    """A smooth function from (n,) to (m,)."""
    A, B, c = rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=m)
    return Noted("a smooth function", lambda x: np.sin(A @ x + c) + (B @ x) ** 2 + (B @ x) ** 3, (n,))


def smooth_number(rng, n):
    """A smooth function from (n,) to a number."""
    f = smooth(rng, 1, n)
    return Noted("a smooth function", lambda x: float(f.function(x)[0]), (n,))


def expect_difference(difference, f, x, h):
    """Expect what the reference computes. The rounding is the size of the numbers subtracted, over h."""
    right = getattr(reference, difference.name)(f.function, x.astype(float), h)
    size = 1 + np.abs(f.function(x)).max() + np.abs(x).max()
    expect(difference, f=f, x=x, h=h).close(right, rounding=size * 16 / h)


def unusual_points(rng, n):
    """Whole numbers, every second entry of a longer array, and numbers of different sizes."""
    yield rng.integers(-3, 4, size=n)
    yield rng.normal(size=2 * n)[::2]
    yield rng.normal(size=n) * rng.permutation(np.logspace(-3, 0, n))


@check("q1a", "matches the formula for every n and h", points=1)
def forward_matches(forward_difference, rng):
    for n, h in zip(SIZES, STEPS, strict=False):
        expect_difference(forward_difference, smooth_number(rng, n), rng.normal(size=n), h)


@check("q1a", "takes exactly n + 1 evaluations", points=0.75)
def forward_counts(forward_difference, rng):
    for n in SIZES:
        f, x = smooth_number(rng, n), rng.normal(size=n)
        expect_evaluations(expect(forward_difference, f=f, x=x, h=1e-3), n + 1)


@check("q1a", "is right for integers and views", points=0.5)
def forward_unusual(forward_difference, rng):
    for x in unusual_points(rng, 5):
        expect_difference(forward_difference, smooth_number(rng, 5), x, 0.125)


@check("q1b", "matches the formula for every n and h", points=1)
def central_matches(central_difference, rng):
    for n, h in zip(SIZES, STEPS, strict=False):
        expect_difference(central_difference, smooth_number(rng, n), rng.normal(size=n), h)


@check("q1b", "takes exactly 2 n evaluations", points=0.75)
def central_counts(central_difference, rng):
    for n in SIZES:
        f, x = smooth_number(rng, n), rng.normal(size=n)
        expect_evaluations(expect(central_difference, f=f, x=x, h=1e-3), 2 * n)


@check("q1b", "is right for integers and views", points=0.5)
def central_unusual(central_difference, rng):
    for x in unusual_points(rng, 5):
        expect_difference(central_difference, smooth_number(rng, 5), x, 0.3)


@check("q1c", "matches the formula for every m, n and h", points=1)
def jacobian_matches(difference_jacobian, rng):
    for (m, n), h in zip(SHAPES, STEPS, strict=True):
        expect_difference(difference_jacobian, smooth(rng, m, n), rng.normal(size=n), h)


@check("q1c", "takes no more evaluations for more outputs", points=0.25)
def jacobian_counts_alike(difference_jacobian, rng):
    x, counts = rng.normal(size=3), []
    for m in (1, 4):
        f = smooth(rng, m, 3)
        answer = expect(difference_jacobian, f=f, x=x, h=1e-3)
        counts.append(len(f.calls))
    if counts[0] != counts[1]:
        raise answer.wrong(f"for one output f was evaluated {counts[0]} times, for four {counts[1]} times.")


@check("q1c", "takes exactly 2 n evaluations", points=0.5)
def jacobian_counts(difference_jacobian, rng):
    for m, n in SHAPES:
        answer = expect(difference_jacobian, f=smooth(rng, m, n), x=rng.normal(size=n), h=1e-3)
        expect_shape_of_jacobian(answer, m, n)
        expect_evaluations(answer, 2 * n)


@check("q1c", "is right for integers and views", points=0.5)
def jacobian_unusual(difference_jacobian, rng):
    for x in unusual_points(rng, 5):
        expect_difference(difference_jacobian, smooth(rng, 2, 5), x, 0.3)


# 1(d): the best step


@check("q1d", "finds the best of steps from 1e-1 to 1e-13, in any order", points=1)
def finds_best_step(best_step, rng):
    found = 0
    for _ in range(1000):
        a, b, x = rng.uniform(0.5, 2, size=3)
        f = Noted("a smooth function", lambda t, a=a, b=b: np.exp(a * t) + b * np.sin(t), ())
        df = Noted("its derivative", lambda t, a=a, b=b: a * np.exp(a * t) + b * np.cos(t), (), "df")
        hs = rng.permutation(10.0 ** -rng.choice(np.arange(1, 14), size=rng.integers(2, 8), replace=False))
        # The points x + h and x - h are not quite 2 h apart. Only where the same step is the best one, and
        # clearly, whichever of the two the difference is divided by.
        differences = np.array([f.function(x + h) - f.function(x - h) for h in hs])
        errors = np.abs(differences / [2 * hs, (x + hs) - (x - hs)] - df.function(x))
        best = np.argmin(errors[0])
        if np.delete(errors, best, axis=1).min() > 3 * errors[:, best].max() + 1e-13:
            expect_step(expect(best_step, f=f, df=df, x=x, hs=hs), hs[best])
            found += 1
        if found == 6:
            return


@check("q1d", "takes the largest of equally good steps", points=0.5)
def best_step_of_equals(best_step, rng):
    for place in (1, 2, 0, 3, 2, 1):  # of the largest step: it is not always the first one or the last
        c, x = float(rng.integers(1, 9)), float(rng.integers(-4, 5))
        f, df = Noted("c t", lambda t, c=c: c * t, ()), Noted("c", lambda t, c=c: c, (), "df")
        hs = 2.0 ** -rng.choice(np.arange(8), size=4, replace=False)
        hs = np.insert(hs[hs < hs.max()], place, hs.max())
        expect_step(expect(best_step, f=f, df=df, x=x, hs=hs), hs.max())


@check("q1d", "does not count steps whose difference is NaN or infinite", points=0.25)
def best_step_skips_nan(best_step, rng):
    f, df = Noted("log t", np.log, ()), Noted("1 / t", lambda t: 1 / t, (), "df")
    for x in (0.5, 1.0):
        # x - h < 0 gives NaN, x - h = 0 an infinity
        hs = rng.permutation([4.0, 3.0, x, x / 2, x / 4, x / 8])
        expect_step(expect(best_step, f=f, df=df, x=x, hs=hs), x / 8)


# 1(e): symbolic differentiation

POINTS = 12
OPERATIONS: dict = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
OPERATIONS |= {"constant": float, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos}


def evaluated(rows, values):
    """The value of an expression: a row [operation, parts] each, with [index] for a part that is a row."""
    results = []
    for operation, parts in rows:
        if operation == "variable":
            results.append(values[parts[0]])
        else:
            parts = [results[part[0]] if isinstance(part, list) else part for part in parts]
            results.append(OPERATIONS[operation](*parts))
    return np.asarray(results[-1], dtype=float), max(float(np.abs(r).max()) for r in results)


def formula_of_derivative(text, variables, names, note, *, differentiate, variable, constant, Expression):
    """A derivative by some names, one after the other, as rows: what `note` makes of them."""
    derivative = eval(text, {"constant": constant, **{name: variable(name) for name in variables}})
    for name in names:
        derivative = differentiate(derivative, name)
    if not isinstance(derivative, Expression):
        return [type(derivative).__name__]
    rows = []

    def rule(operation, parts):
        rows.append([operation, list(parts)])
        return [len(rows) - 1]

    derivative.fold(rule)
    return note(rows)


def derivative_of(program, text, shown, values, *names, limits=NO_LIMITS):
    """The values of the derivative of a text, worked out on this side, and the number of its parts."""
    sizes = []

    def note(rows):
        # A formula comes over as it is. What is differentiated only when it is evaluated has no formula.
        sizes.append(len(rows))
        try:
            return np.broadcast_to(evaluated(rows, values)[0], POINTS).copy()
        except Exception:
            return "cannot be evaluated"

    for name in names:
        shown = f"differentiate({shown}, {name!r})"
    formula = program(formula_of_derivative, shown)
    value = formula.call(text, list(values), list(names), note, limits=limits).value
    answer = expect_expression(Answer(shown, {}, value))
    if isinstance(value, str):
        raise answer.wrong("the result is an Expression that cannot be evaluated: look at its parts.")
    return answer, sizes[0]


def derivative_of_reference(text, values, *names):
    """The values of the reference's derivative, and the largest number that comes up in them."""
    given = ("differentiate", "variable", "constant", "Expression")
    parts = {name: getattr(reference, name) for name in given}
    return formula_of_derivative(text, values, names, lambda rows: evaluated(rows, values), **parts)


def random_values(rng, variables=("x", "y")):
    """Values of some variables, at POINTS points."""
    return {name: rng.uniform(0.3, 2.0, size=POINTS) for name in variables}


def expect_formula(program, rng, text, *names, variables=("x", "y")):
    """Expect the derivative of an expression, given as text, by these names, one after the other."""
    values = random_values(rng, variables)
    answer, _ = derivative_of(program, text, text if len(text) < 200 else "a long expression", values, *names)
    right, largest = derivative_of_reference(text, values, *names)
    within = 1e-12 * np.abs(right).max() + 512 * EPS * largest
    answer.close(np.broadcast_to(right, POINTS), within=within)


def expect_formulas(program, rng, *texts):
    """Expect the derivatives of these expressions by both variables."""
    for text in texts:
        for name in "xy":
            expect_formula(program, rng, text, name)


@cache
def random_formula(seed, depth):
    """A formula of x and y as text. Where these are from 0.3 to 2, no part of a derivative is large.

    Powers of powers can be: then rounding hides what is wrong, or makes a right answer wrong.
    """
    rng = np.random.default_rng(seed)
    while True:
        text = f"({random_text(rng, depth)}) * (x + 1) + y"
        values = random_values(rng)
        if all(derivative_of_reference(text, values, name)[1] < 1e4 for name in "xy"):
            return text


def random_text(rng, depth):
    """A part of a formula."""
    if depth == 0:
        return str(rng.choice(["x", "y", "x", "y", f"constant({rng.uniform(0.5, 2):.3f})"]))
    u, v = random_text(rng, depth - 1), random_text(rng, depth - 1)
    exponent = rng.choice(["-1.5", "0.5", "2", "-1", "1.3", "3"])
    texts = (
        f"({u} + {v})",
        f"({u} - {v})",
        f"({u} * {v}.cos())",
        f"({u} / ({v} * {v} + 1.5))",
        f"({u}.sin() * {v})",
        f"({u} * {u} + 1.2).log()",
        f"({u}.sin() * 0.8).exp()",
        f"(({u} * {u} + 0.7) ** {exponent})",
        f"((3 - {u}.cos()) / (2.5 + {v}.sin()))",
    )
    return texts[rng.integers(len(texts))]


@check("q1e", "constants, variables, sums and differences are right", points=0.5)
def formulas_of_sums(differentiate, program, rng):
    texts = ("constant(2.5)", "x", "x + y", "x - y", "3 - x", "x - 1.5", "(x - (y - x)) - (x + y + 2)")
    expect_formulas(program, rng, *texts)


@check("q1e", "products are right", points=0.5)
def formulas_of_products(differentiate, program, rng):
    expect_formulas(program, rng, "x * y", "2.5 * x", "x * 3", "x * x", "(x + y) * (x - 2 * y) * x")


@check("q1e", "quotients are right", points=0.5)
def formulas_of_quotients(differentiate, program, rng):
    expect_formulas(program, rng, "x / y", "2 / x", "x / 4", "(x + 1) / (x + y)", "1 / (x / (y + 2))")


@check("q1e", "powers are right", points=0.5)
def formulas_of_powers(differentiate, program, rng):
    texts = ("x ** 3", "x ** -2", "x ** 0.5", "x ** 1", "(x + y + y) ** 3", "(x + y) ** -1.5", "(x - y) ** 2")
    expect_formulas(program, rng, *texts)


@check("q1e", "exp, log, sin and cos are right", points=0.75)
def formulas_of_functions(differentiate, program, rng):
    for function in ("exp", "log", "sin", "cos"):
        expect_formulas(program, rng, f"x.{function}()", f"(x + y + y).{function}()")
    expect_formulas(program, rng, "(x.exp() + y).log()", "(x.cos() - y).sin()")


@check("q1e", "matches the reference on random formulas, to rounding", points=1.25)
def random_formulas(differentiate, program, rng):
    for depth in (1, 2, 3, 4):
        expect_formulas(program, rng, random_formula(int(rng.integers(2**32)), depth))


@check("q1e", "tells variables apart, whatever their names and their number", points=0.5)
def variables_of_formulas(differentiate, program, rng):
    text, variables = "alpha - (beta + x + x) - (xx + xx + xx)", ("alpha", "beta", "x", "xx", "gamma")
    for name in variables:
        expect_formula(program, rng, text, name, variables=variables)


@check("q1e", "second derivatives, by one variable or by both, match the reference", points=0.25)
def derivatives_of_formulas_again(differentiate, program, rng):
    texts = ("x ** 3 * y.sin()", "(x * y).exp() / (x + y)", "(x * x + y).log() - x / y", "(x + 2 * y) ** 1.5")
    for text in texts:
        for names in ("xx", "xy", "yx"):
            expect_formula(program, rng, text, *names)


@check("q1e", "the work and the size of the result stay in bounds for formulas of 60 levels", points=0.75)
def deep_formulas(differentiate, program, rng):
    values = {"x": rng.uniform(0.3, 1.2, size=POINTS)}
    for step, levels in (
        ("(u * 0.5 + 1).sin()", 60),
        ("u * x * 0.9 + 0.1", 20),
        ("(u / (x + 1)) + x", 20),
        ("(u * u * 0.3 + 0.4) ** 0.5", 5),  # written out, it doubles at each level
    ):
        build = f"__import__('functools').reduce(lambda u, _: {step}, range({levels}), x)"
        right, _ = derivative_of_reference(build, values, "x")
        shown = f"(u starts as x, and {levels} times u = {step})"
        answer, size = derivative_of(program, build, shown, values, "x", limits=most_lines(1_000_000))
        answer.close(right, within=1e-10 * np.abs(right) + 1e-12)
        if size > 20_000:
            raise answer.wrong(f"the result has {size} parts, after {levels} times.")


# 1(f), 1(g): dual numbers


def nested(rng, depth, low=0.5, high=2.0):
    """The text of a Dual of Duals, with as many levels."""
    if depth == 0:
        return f"{rng.uniform(low, high):.6f}"
    return f"Dual({nested(rng, depth - 1, low, high)}, {nested(rng, depth - 1, 0.2, 1.5)})"


def expect_like_reference(run, text, depth=1, size=1.0):
    """Expect the numbers that the reference gives for the same text."""
    right = numbers_in(Answer(text, {}, evaluate(text, vars(reference), Dual=reference.Dual)), depth).value
    answer = run(text)
    if depth == 1:
        expect_dual(answer)
    numbers_in(answer, depth).close(right, within=1e-13 * np.abs(right).max() + 64 * EPS * size)


RULES = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


def signed(rng):
    """The text of a number from 0.5 to 3, or from -3 to -0.5."""
    return f"{rng.choice([-1, 1]) * rng.uniform(0.5, 3):.6f}"


def expect_rules_like_reference(program, rng, *functions):
    """Expect these rules to be right for two Duals and with a plain number, called by operators too."""
    run = runner(program, *functions)
    for rule in (function.name for function in functions):
        for _ in range(2):
            a, b = (f"Dual({signed(rng)}, {signed(rng)})" for _ in range(2))
            expect_like_reference(run, f"{rule}({a}, {b})", size=40)
        for plain in ("3", "2.5", "np.float64(-1.5)", "np.int64(4)"):
            x = f"Dual({signed(rng)}, {signed(rng)})"
            for a, b in ((x, plain), (plain, x)):
                expect_like_reference(run, f"{rule}({a}, {b})", size=40)
                expect_like_reference(run, f"{a} {RULES[rule]} {b}", size=40)


@check("q1f", "add and subtract match the reference", points=1)
def sums_match(add, subtract, program, rng):
    expect_rules_like_reference(program, rng, add, subtract)


@check("q1f", "multiply matches the reference", points=1)
def products_match(multiply, program, rng):
    expect_rules_like_reference(program, rng, multiply)


@check("q1f", "divide matches the reference", points=1)
def quotients_match(divide, program, rng):
    expect_rules_like_reference(program, rng, divide)


@check("q1f", "the rules work on Duals of Duals, three levels deep too", points=1)
def nested_duals(add, subtract, multiply, divide, program, rng):
    run = runner(program, add, subtract, multiply, divide)
    for depth in (2, 3):
        for rule in RULES:
            a, b = nested(rng, depth), nested(rng, depth)
            for arguments in (f"{a}, {b}", f"{a}, 2.0", f"2.0, {b}"):
                expect_like_reference(run, f"{rule}({arguments})", depth, size=1e3)


@check("q1f", "whole programs of the four operations have the right slope", points=0.5)
def programs_of_rules(add, subtract, multiply, divide, program, rng):
    run = runner(program, add, subtract, multiply, divide)
    for text in ("3 - x * x", "(x + 1) / (2 - x / 5)", "1 / (x * x + 1) - x", "-x * (x - 4) * x / 3"):
        for _ in range(2):
            expect_like_reference(run, f"(lambda x: {text})(Dual({signed(rng)}, {signed(rng)}))", size=100)


def expect_functions_like_reference(program, rng, *functions):
    """Expect these functions to be right for Duals of positive value and, but for log, of negative."""
    run = runner(program, *functions)
    for rule in (function.name for function in functions):
        for sign in (1, 1) if rule == "log" else (1, 1, -1):
            text = f"{rule}(Dual({sign * rng.uniform(0.2, 3):.6f}, {signed(rng)}))"
            expect_like_reference(run, text, size=30)


@check("q1g", "exp and log match the reference", points=0.75)
def exp_and_log_match(exp, log, program, rng):
    expect_functions_like_reference(program, rng, exp, log)


@check("q1g", "sin and tanh match the reference", points=0.75)
def sin_and_tanh_match(sin, tanh, program, rng):
    expect_functions_like_reference(program, rng, sin, tanh)


@check("q1g", "the power matches the reference, with a plain base or exponent and with none", points=1.25)
def powers_match(power, program, rng):
    run = runner(program, power)
    for _ in range(2):
        x = f"Dual({rng.uniform(0.5, 2):.6f}, {signed(rng)})"
        y = f"Dual({signed(rng)}, {signed(rng)})"
        negative = f"Dual({-rng.uniform(0.5, 2):.6f}, {signed(rng)})"
        for program in (
            f"power({x}, {signed(rng)})",
            f"power({x}, 3)",
            f"power({negative}, 2)",
            f"power({negative}, -3.0)",
            f"power({rng.uniform(0.5, 2):.6f}, {y})",
            f"power(2, {y})",
            f"power({x}, {y})",
            f"{x} ** 1.5",
            f"2 ** {y}",
            f"{x} ** {y}",
        ):
            expect_like_reference(run, program, size=100)


@check("q1g", "plain numbers stay plain", points=0.5)
def plain_functions(exp, log, sin, tanh, program, rng):
    run = runner(program, exp, log, sin, tanh)
    for rule in FUNCTIONS:
        for plain in (f"{rng.uniform(0.2, 3):.6f}", "2", "np.float64(0.75)"):
            right = float(eval(f"{rule}({plain})", vars(reference)))
            expect_plain(run(f"{rule}({plain})")).close(right)


@check("q1g", "large arguments and a base of zero are right", points=0.75)
def extreme_functions(exp, log, sin, tanh, power, program):
    run = runner(program, exp, log, sin, tanh, power)
    for program in (
        *(f"tanh(Dual({x}, 2.0))" for x in (1000.0, -1000.0, 400.0, -25.0, 0.0)),
        *(f"exp(Dual({x}, 3.0))" for x in (-1000.0, -40.0, 0.0, 300.0)),
        *(f"log(Dual({x}, 3.0))" for x in (1e-6, 1e6)),
        *(f"power(Dual(0.0, 3.0), {n})" for n in (0, 1, 2, 3, 1.5, 0.0)),
        "power(Dual(-2.0, 3.0), 0)",
    ):
        expect_like_reference(run, program)


@check("q1g", "they work on Duals of Duals, three levels deep too", points=1.25)
def nested_functions(exp, log, sin, tanh, power, program, rng):
    run = runner(program, exp, log, sin, tanh, power)
    for depth in (2, 3):
        for rule in FUNCTIONS:
            expect_like_reference(run, f"{rule}({nested(rng, depth)})", depth, size=1e3)
        for program in ("power({x}, 3)", "power({x}, -1.5)", "power(2.0, {x})", "power({x}, {y})"):
            text = program.format(x=nested(rng, depth), y=nested(rng, depth))
            expect_like_reference(run, text, depth, size=1e3)


# 1(h), 1(i): derivatives of programs

# Of the four operations only, as the public ones.
PROGRAMS = (
    "lambda t: t / (1 + t * t) * (t - 3)",
    "lambda t: t * t * t - 2 * t + 5 / t",
    "lambda t: (3 * t - 1) / (2 + t) * (t + 1 / t)",
    "lambda t: 1 / (1 + t * t) if t > 1 else t * t * (1 - t)",
    "lambda t: __import__('functools').reduce(lambda u, _: 3.1 * u * (1 - u), range(6), t / 3)",
    "lambda t: (t * t + 1) / (t * t + 3) * t",
)


def expect_number_like_reference(run, text, size, relative=1e-11):
    """Expect the plain number that the reference gives for the same text."""
    right = eval(text, vars(reference))
    expect_plain(run(text)).close(right, within=relative * abs(right) + 1e3 * EPS * size)


def two_points(rng):
    """A number below 1 and one above 1."""
    return round(rng.uniform(0.2, 0.9), 6), round(rng.uniform(1.2, 2), 6)


@check("q1h", "matches the reference for programs with branches and loops", points=1)
def derivative_matches(derivative, program, rng):
    run = runner(program, derivative)
    for text in PROGRAMS:
        for x in two_points(rng):
            expect_number_like_reference(run, f"derivative({text}, {x!r})", 10)


@check("q1h", "takes one evaluation of a program, which may return a plain number", points=0.5)
def derivative_evaluates_once(derivative, program, rng):
    run = runner(program, derivative)
    for text in ("7", "2.5", "0 if t > 1 else t", "t"):
        x = round(rng.uniform(1.5, 2), 6)
        expect_number_like_reference(run, f"derivative(lambda t: {text}, {x!r})", 1)
    slope_by_one_evaluation(program, "lambda t: t * t * t", x)


@check("q1h", "takes a Dual instead of the number, and matches the reference", points=0.25)
def derivative_at_a_dual(derivative, program, rng):
    run = runner(program, derivative)
    for text in PROGRAMS[:4]:
        for x in two_points(rng):
            expect_like_reference(run, f"derivative({text}, Dual({x!r}, 1.5))", size=100)


@check("q1i", "matches the reference, to rounding", points=1)
def curvature_matches(second_derivative, program, rng):
    run = runner(program, second_derivative)
    for text in PROGRAMS:
        for x in two_points(rng):
            expect_number_like_reference(run, f"second_derivative({text}, {x!r})", 100, 1e-10)


@check("q1i", "is right for programs that are constant, linear or squares", points=0.25)
def curvature_of_simple_programs(second_derivative, program, rng):
    run = runner(program, second_derivative)
    for text in ("7", "3 * t - 1", "t", "t * t", "(t - 4) * (t - 4) * 3"):
        x = f"{rng.uniform(-2, 2):.6f}"
        expect_number_like_reference(run, f"second_derivative(lambda t: {text}, {x})", 1)


# 1(j): a gradient checker


def waves(rng, n):
    """A smooth f of n variables, its gradient at x, x, and the size that errors are relative to."""
    while True:
        A, c = rng.normal(size=(5, n)) / np.sqrt(n), rng.normal(size=5)
        x = rng.choice([-1, 1], size=n) * rng.uniform(0.5, 2.0, size=n)

        def f(v, A=A, c=c):
            return float(np.sin(A @ v + c).sum() + 0.5 * (v**2).sum() / n)

        g = A.T @ np.cos(A @ x + c) + x / n
        if np.abs(g * x).max() > 0.1 * abs(f(x)):
            return Noted("a smooth function", f), g, x, abs(f(x)) + np.abs(g * x).max()


@check("q1j", "it sees one wrong entry of many, and how wrong it is", points=1)
def one_wrong_entry(is_gradient_right, rng):
    for n in (1, 2, 5):
        f, g, x, size = waves(rng, n)
        for i, error in zip((0, n // 2, n - 1), (0.3, -0.01, 3e-4), strict=True):
            gradient = with_entry(g, i, g[i] + error * size / x[i])
            wrong: dict = {f"one of {n} entries is wrong": (gradient, i, abs(error))}
            expect_verdicts(is_gradient_right, f, x, {}, wrong)
        wrong = {
            "it is zero": (0 * g,),
            "all entries are off by a thousandth": (g + 1e-3 * size / x,),
            "it has the wrong sign": (-g,),
        }
        if n > 1:
            shifted, first, second = np.roll(g, 1), *np.eye(n)[:2]
            if np.abs((shifted - g) * x).max() > 0.01 * size:
                wrong["its entries are shifted by one"] = (shifted,)
            wrong["two errors of opposite sign"] = (g + 0.1 * size * (first - second) / x,)
        expect_verdicts(is_gradient_right, f, x, {"the gradient is right": g}, wrong)


@check(
    "q1j",
    "it accepts right gradients: of float32's precision, of zeros, of badly scaled variables",
    points=0.5,
)
def right_gradients(is_gradient_right, rng):
    for n in (1, 4):
        f, g, x, size = waves(rng, n)
        right = {
            "it is right but for float32's rounding": g.astype(np.float32),
            "it is right but for an error of 1e-7": g + 1e-7 * size / x,
        }
        expect_verdicts(is_gradient_right, f, x, right, {})
        hill = Noted("1 + sum of cos(x_i), at its maximum", lambda v: float(1 + np.cos(v).sum()))
        zero = np.zeros(n)
        wrong: dict = {"it is 0.1": (zero + 0.1,)}
        expect_verdicts(is_gradient_right, hill, zero, {"it is zero, and right": zero}, wrong)
        # Always very small ones, and very large ones with them: one step cannot serve them all.
        s = rng.permutation(np.logspace(-6, 6, n))
        scaled = Noted("f of x / s, badly scaled", lambda v, f=f, s=s: f.function(v / s))
        wrong = {"the last entry is wrong": (with_entry(g, n - 1, g[-1] + size) / s, n - 1)}
        expect_verdicts(is_gradient_right, scaled, x * s, {"it is right": g / s}, wrong)
    mixed, c = np.array([0.0, 2.0, 0.0, -1.0]), np.array([1.0, 2.0, -3.0, 0.5])
    f, g = Noted("an exponential", lambda v: float(np.exp(c @ v / 4))), c * np.exp(c @ mixed / 4) / 4
    wrong = {"entry 2 is wrong, where x is 0": (with_entry(g, 2, 0.0), 2)}
    expect_verdicts(is_gradient_right, f, mixed, {"it is right, some variables are 0": g}, wrong)
    right, wrong = {"it is zero, and right": 0 * c}, {"it is 1 where f is 0": (0 * c + 1,)}
    expect_verdicts(is_gradient_right, Noted("the constant 3", lambda v: 3.0), c, right, {})
    expect_verdicts(is_gradient_right, Noted("the constant 0", lambda v: 0.0), c, right, wrong)


@check("q1j", "it sees NaN, infinities and wrong shapes", points=0.5)
def unfit_gradients(is_gradient_right, rng):
    f, g, x, _ = waves(rng, 4)
    wrong: dict = {f"entry {i} is NaN": (with_entry(g, i, np.nan), i, np.inf) for i in (0, 3)}
    wrong["all entries are NaN"] = (g * np.nan, None, np.inf)
    wrong["entry 1 is -infinity"] = (with_entry(g, 1, -np.inf), 1, np.inf)
    for shape in ((4, 1), (1, 4), (2, 2)):
        wrong[f"its shape is {shape}"] = (g.reshape(shape), -1, np.inf)
    wrong["it has an entry too many"] = (np.append(g, 0.0), -1, np.inf)
    wrong["it is a single number"] = (float(g[0]), -1, np.inf)
    expect_verdicts(is_gradient_right, f, x, {}, wrong)
    same = np.full(4, 0.5)
    wrong = {
        "its shape is (1,), and its number is every entry": (2 * same[:1], -1, np.inf),
        "its shape is (4, 1), and its numbers are right": (2 * same[:, None], -1, np.inf),
    }
    expect_verdicts(is_gradient_right, sum_of_squares(4), same, {}, wrong)


@check("q1j", "for 40 variables it takes 90 evaluations at most and finds the wrong entry", points=0.5)
def many_variables(is_gradient_right, rng):
    f, g, x, size = waves(rng, 40)
    i = int(rng.integers(5, 35))
    gradient = with_entry(g, i, g[i] + 0.01 * size / x[i])
    wrong = {"one of 40 entries is wrong": (gradient, i, 0.01)}
    expect_verdicts(is_gradient_right, f, x, {"it is right": g}, wrong)


@check("q1j", "it is right for integers and views", points=0.25)
def unusual_points_of_checker(is_gradient_right, rng):
    for x in unusual_points(rng, 5):
        s, g = np.where(x == 0, 1, np.abs(x)), 2.0 * x + 1
        size = abs((x**2 + x).sum()) + np.abs(g * s).max()
        wrong = {"entry 3 is wrong": (with_entry(g, 3, g[3] + 0.5 * size / s[3]), 3, 0.5)}
        f = Noted("sum of x_i^2 + x_i", lambda v: float((v**2 + v).sum()))
        expect_verdicts(is_gradient_right, f, x, {"it is right": g}, wrong)
