"""Problem 1: numerical, symbolic and automatic differentiation, and a check of a gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


class Counted:
    """A function that counts how often it is evaluated: `f = Counted(f)`, and later `f.evaluations`."""

    def __init__(self, function: Callable):
        self.function, self.evaluations = function, 0

    def __call__(self, *arguments):
        self.evaluations += 1
        return self.function(*arguments)


def forward_difference(f: Callable, x: np.ndarray, h: float) -> np.ndarray:
    """Approximate the gradient of f at x by forward differences.

    g_i = (f(x + h e_i) - f(x)) / h

    Parameters
    ----------
    f : a function of an (n,) array that returns a number. It is evaluated n + 1 times.
    x : (n,) array.
    h : the step, a positive number.

    Returns
    -------
    g : (n,) array, float64.
    """
    # BEGIN SOLUTION
    center = f(x)
    return np.array([(f(x + h * e) - center) / h for e in np.eye(len(x))])
    # END SOLUTION


def central_difference(f: Callable, x: np.ndarray, h: float) -> np.ndarray:
    """Approximate the gradient of f at x by central differences.

    g_i = (f(x + h e_i) - f(x - h e_i)) / (2 h)

    Parameters
    ----------
    f : a function of an (n,) array that returns a number. It is evaluated 2 n times.
    x : (n,) array.
    h : the step, a positive number.

    Returns
    -------
    g : (n,) array, float64.
    """
    # BEGIN SOLUTION
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])
    # END SOLUTION


def difference_jacobian(f: Callable, x: np.ndarray, h: float) -> np.ndarray:
    """Approximate the Jacobian of f at x by central differences.

    J_ij = (f_i(x + h e_j) - f_i(x - h e_j)) / (2 h)

    Parameters
    ----------
    f : a function of an (n,) array that returns an (m,) array. It is evaluated 2 n times.
    x : (n,) array.
    h : the step, a positive number.

    Returns
    -------
    J : (m, n) array, float64; row i belongs to the output f_i (numerator layout).
    """
    # BEGIN SOLUTION
    columns = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))]
    return np.stack(columns, axis=1)
    # END SOLUTION


def best_step(f: Callable, df: Callable, x: float, hs: np.ndarray) -> float:
    """Find the step for which the central difference of f at x is closest to the derivative df(x).

    Parameters
    ----------
    f, df : a function of one number, and its derivative.
    x : a number.
    hs : (s,) array of positive steps, in any order.

    Returns
    -------
    h : an element of hs. Steps whose difference is NaN or infinite do not count. Among steps with equal
        errors, it is the largest.
    """
    # BEGIN SOLUTION
    exact, best, least = df(x), np.nan, np.inf
    for h in sorted(hs, reverse=True):
        error = abs((f(x + h) - f(x - h)) / (2 * h) - exact)
        if error < least:
            best, least = h, error
    return best
    # END SOLUTION


@dataclass(frozen=True, eq=False)
class Expression:
    """A formula as a tree: an operation and a tuple of its parts.

    operation                     parts
    "constant"                    its number
    "variable"                    its name
    "+", "-", "*", "/"            two expressions
    "**"                          an expression and a number, the exponent
    "exp", "log", "sin", "cos"    one expression
    """

    operation: str
    parts: tuple

    __array_ufunc__ = None  # np.float64(2) * x is for the methods below, not for NumPy

    def __add__(self, other):
        return Expression("+", (self, as_expression(other)))

    def __radd__(self, other):
        return as_expression(other) + self

    def __sub__(self, other):
        return Expression("-", (self, as_expression(other)))

    def __rsub__(self, other):
        return as_expression(other) - self

    def __mul__(self, other):
        return Expression("*", (self, as_expression(other)))

    def __rmul__(self, other):
        return as_expression(other) * self

    def __truediv__(self, other):
        return Expression("/", (self, as_expression(other)))

    def __rtruediv__(self, other):
        return as_expression(other) / self

    def __pow__(self, exponent):
        return Expression("**", (self, float(exponent)))

    def __neg__(self):
        return -1 * self

    def exp(self):
        return Expression("exp", (self,))

    def log(self):
        return Expression("log", (self,))

    def sin(self):
        return Expression("sin", (self,))

    def cos(self):
        return Expression("cos", (self,))

    def fold(self, rule):
        """Work from the parts up: call rule(operation, parts), with the results for the parts as parts."""
        results: dict = {}
        waiting = [self]
        while waiting:
            inner = [part for part in waiting[-1].parts if isinstance(part, Expression)]
            missing = [part for part in inner if id(part) not in results]
            if missing:
                waiting += missing
                continue
            node = waiting.pop()
            results[id(node)] = rule(node.operation, [results.get(id(part), part) for part in node.parts])
        return results[id(self)]

    def evaluate(self, **values):
        """Compute the value of the formula. The values of its variables are numbers or arrays of numbers."""
        rules: dict = {"constant": float, "variable": values.__getitem__, "exp": np.exp, "log": np.log}
        rules |= {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}
        rules |= {"sin": np.sin, "cos": np.cos}
        return self.fold(lambda operation, parts: rules[operation](*parts))

    def size(self):
        """Count the constants, variables and operations of the formula, written out."""

        def rule(operation, parts):
            if operation in ("constant", "variable"):
                return 1
            return 1 + parts[0] + (1 if operation == "**" else sum(parts[1:]))

        return self.fold(rule)

    def __repr__(self):
        def rule(operation, parts):
            words = [f"{part:g}" if isinstance(part, float) else part for part in parts]
            if operation in ("constant", "variable"):
                return words[0]
            return f"({words[0]} {operation} {words[1]})" if len(words) == 2 else f"{operation}({words[0]})"

        return self.fold(rule) if self.size() < 300 else f"<an expression of size {self.size()}>"


def constant(number: float) -> Expression:
    """Make an expression from a number."""
    return Expression("constant", (float(number),))


def variable(name: str) -> Expression:
    """Make the variable with this name."""
    return Expression("variable", (name,))


def as_expression(value: Expression | float) -> Expression:
    """Return an expression unchanged, and a number as a constant."""
    return value if isinstance(value, Expression) else constant(value)


def differentiate(expression: Expression, name: str) -> Expression:
    """Differentiate a formula with respect to the variable with this name.

    Parameters
    ----------
    expression : an Expression.
    name : the name of a variable. It may be missing in the expression.

    Returns
    -------
    derivative : an Expression. Its value is the derivative, for all values of the variables.
    """
    # BEGIN SOLUTION
    operation, parts = expression.operation, expression.parts
    if operation == "constant":
        return constant(0)
    if operation == "variable":
        return constant(1 if parts[0] == name else 0)
    u, du = parts[0], differentiate(parts[0], name)
    if operation == "**":
        return parts[1] * u ** (parts[1] - 1) * du
    if operation == "exp":
        return expression * du
    if operation == "log":
        return du / u
    if operation == "sin":
        return u.cos() * du
    if operation == "cos":
        return -u.sin() * du
    v, dv = parts[1], differentiate(parts[1], name)
    if operation == "+":
        return du + dv
    if operation == "-":
        return du - dv
    if operation == "*":
        return du * v + u * dv
    return (du * v - u * dv) / v**2
    # END SOLUTION


class Dual:
    """A number and its slope: how fast it changes when the input of the program changes.

    value : a number, or a Dual.
    slope : a number, or a Dual.

    The operators call the rules add, subtract, multiply, divide and power. Comparisons and
    round use only values.
    """

    __array_ufunc__ = None  # np.float64(2) * x is for the methods below, not for NumPy

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __repr__(self):
        return f"Dual({self.value}, {self.slope})"

    def __add__(self, other):
        return add(self, other)

    def __radd__(self, other):
        return add(other, self)

    def __sub__(self, other):
        return subtract(self, other)

    def __rsub__(self, other):
        return subtract(other, self)

    def __mul__(self, other):
        return multiply(self, other)

    def __rmul__(self, other):
        return multiply(other, self)

    def __truediv__(self, other):
        return divide(self, other)

    def __rtruediv__(self, other):
        return divide(other, self)

    def __pow__(self, other):
        return power(self, other)

    def __rpow__(self, other):
        return power(other, self)

    def __neg__(self):
        return multiply(-1.0, self)

    def __lt__(self, other):
        return self.value < as_dual(other).value

    def __gt__(self, other):
        return self.value > as_dual(other).value

    def __le__(self, other):
        return self.value <= as_dual(other).value

    def __ge__(self, other):
        return self.value >= as_dual(other).value

    def __round__(self):
        return round(self.value)


def as_dual(a: Dual | float) -> Dual:
    """Return a Dual unchanged, and a plain number as a Dual with slope 0."""
    return a if isinstance(a, Dual) else Dual(a, 0.0)


def add(a: Dual | float, b: Dual | float) -> Dual:
    """Add two numbers, at least one of which is a Dual.

    Returns
    -------
    c : Dual, the value and the slope of a + b.
    """
    # BEGIN SOLUTION
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value + b.value, a.slope + b.slope)
    # END SOLUTION


def subtract(a: Dual | float, b: Dual | float) -> Dual:
    """Subtract b from a, at least one of which is a Dual.

    Returns
    -------
    c : Dual, the value and the slope of a - b.
    """
    # BEGIN SOLUTION
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value - b.value, a.slope - b.slope)
    # END SOLUTION


def multiply(a: Dual | float, b: Dual | float) -> Dual:
    """Multiply two numbers, at least one of which is a Dual.

    Returns
    -------
    c : Dual, the value and the slope of a b.
    """
    # BEGIN SOLUTION
    a, b = as_dual(a), as_dual(b)
    return Dual(a.value * b.value, a.slope * b.value + a.value * b.slope)
    # END SOLUTION


def divide(a: Dual | float, b: Dual | float) -> Dual:
    """Divide a by b, at least one of which is a Dual.

    Returns
    -------
    c : Dual, the value and the slope of a / b.
    """
    # BEGIN SOLUTION
    a, b = as_dual(a), as_dual(b)
    quotient = a.value / b.value
    return Dual(quotient, (a.slope - quotient * b.slope) / b.value)
    # END SOLUTION


def exp(a: Dual | float) -> Dual | float:
    """Compute e to the power a.

    Returns
    -------
    c : if a is a Dual, the Dual with the value and the slope of exp(a); otherwise a plain number.
    """
    # BEGIN SOLUTION
    if not isinstance(a, Dual):
        return np.exp(a)
    value = exp(a.value)
    return Dual(value, value * a.slope)
    # END SOLUTION


def log(a: Dual | float) -> Dual | float:
    """Compute the natural logarithm of a, which is positive.

    Returns
    -------
    c : if a is a Dual, the Dual with the value and the slope of log(a); otherwise a plain number.
    """
    # BEGIN SOLUTION
    if not isinstance(a, Dual):
        return np.log(a)
    return Dual(log(a.value), a.slope / a.value)
    # END SOLUTION


def sin(a: Dual | float) -> Dual | float:
    """Compute the sine of a.

    Returns
    -------
    c : if a is a Dual, the Dual with the value and the slope of sin(a); otherwise a plain number.
    """
    # BEGIN SOLUTION
    if not isinstance(a, Dual):
        return np.sin(a)
    return Dual(sin(a.value), sin(a.value + np.pi / 2) * a.slope)
    # END SOLUTION


def tanh(a: Dual | float) -> Dual | float:
    """Compute the hyperbolic tangent of a, for |a| up to 1000.

    Returns
    -------
    c : if a is a Dual, the Dual with the value and the slope of tanh(a); otherwise a plain number.
    """
    # BEGIN SOLUTION
    if not isinstance(a, Dual):
        return np.tanh(a)
    value = tanh(a.value)
    return Dual(value, (1 - value * value) * a.slope)
    # END SOLUTION


def power(a: Dual | float, b: Dual | float) -> Dual:
    """Raise a to the power b, at least one of which is a Dual; if b is a Dual, a is positive.

    Returns
    -------
    c : Dual, the value and the slope of a ** b.
    """
    # BEGIN SOLUTION
    a = as_dual(a)
    if isinstance(b, Dual):
        return as_dual(exp(b * log(a)))
    if b == 0:  # where the rule below would divide by a
        return Dual(a.value**0, 0.0)
    return Dual(a.value**b, b * a.value ** (b - 1) * a.slope)
    # END SOLUTION


def derivative(f: Callable, x: Dual | float) -> Any:
    """Differentiate a function of one number at x, with one evaluation of f on a Dual.

    Parameters
    ----------
    f : a function of one number that uses the operations of Duals; it may return a plain number.
    x : a plain number, or a Dual.

    Returns
    -------
    slope : the derivative of f at x; a plain number if x is a plain number.
    """
    # BEGIN SOLUTION
    return as_dual(f(Dual(x, 1.0))).slope
    # END SOLUTION


def second_derivative(f: Callable, x: float) -> float:
    """Differentiate a function of one number twice at x, exactly.

    Parameters
    ----------
    f : a function of one number, as for `derivative`.
    x : a plain number.

    Returns
    -------
    curvature : a plain number, the second derivative of f at x.
    """
    # BEGIN SOLUTION
    return derivative(lambda t: derivative(f, t), x)
    # END SOLUTION


def is_gradient_right(f: Callable, gradient: Callable, x: np.ndarray) -> tuple[bool, int, float]:
    """Compare gradient(x) with numerical derivatives of f at x.

    error_i = |g_i - df/dx_i| s_i / (|f(x)| + max_j |df/dx_j| s_j),  s_i = |x_i|, or 1 if x_i = 0

    Parameters
    ----------
    f : a function of an (n,) array that returns a number. It is evaluated at most 2 n + 10 times.
    gradient : a function of an (n,) array that returns its gradient g, an (n,) array if it is right.
    x : (n,) array.

    Returns
    -------
    right : a bool, True if every error_i is at most 1e-5.
    worst : the index of the largest error, or of an entry of g that is NaN or infinite; -1 if g is not an
        (n,) array.
    error : the largest error; infinity if g is not an (n,) array or is not finite.
    """
    # BEGIN SOLUTION
    g = np.asarray(gradient(x.copy()))
    if g.shape != x.shape:
        return False, -1, np.inf
    if not np.all(np.isfinite(g)):
        return False, int(np.argmin(np.isfinite(g))), np.inf
    scale = np.where(x == 0, 1.0, np.abs(x))
    slopes = central_difference(lambda t: f(x + scale * t), np.zeros(len(x)), 1e-5)
    size = abs(f(x)) + np.abs(slopes).max()
    errors = np.abs(g * scale - slopes) / max(size, 1e-300)
    worst = int(np.argmax(errors))
    return bool(errors[worst] <= 1e-5), worst, float(errors[worst])
    # END SOLUTION
