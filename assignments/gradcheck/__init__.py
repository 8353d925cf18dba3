"""A gradient checker, small enough to read. It needs NumPy and nothing else (matplotlib to draw).

    check_gradient(f, gradient, x)      is gradient(x) the gradient of f at x, and if not, what is wrong?
    check_vjp, check_jvp, check_jacobian   the same for products with a Jacobian, and for a Jacobian
    numerical_jacobian(f, x)            the derivative by evaluating f, with a bound on its error
    diagnose(actual, expected, context) the names of mistakes that explain an answer
    show(report)                        which entries are wrong, as a picture

The modules, in the order in which they are best read: `numerical`, `complex_step`, `jacobian`, `protocol`,
`compare`, `report`, `task`, `check`, `large`, `diagnosis`, `variations`, `drawing`.
"""

from gradcheck.check import check_gradient, check_jacobian, check_jvp, check_vjp
from gradcheck.compare import tolerance, wrong_entries
from gradcheck.diagnosis import Context, diagnose
from gradcheck.drawing import show
from gradcheck.jacobian import NumericalJacobian, numerical_jacobian
from gradcheck.protocol import Finding, Names
from gradcheck.report import Comparison, Report, WrongGradientError

__all__ = [
    "Comparison",
    "Context",
    "Finding",
    "Names",
    "NumericalJacobian",
    "Report",
    "WrongGradientError",
    "check_gradient",
    "check_jacobian",
    "check_jvp",
    "check_vjp",
    "diagnose",
    "numerical_jacobian",
    "show",
    "tolerance",
    "wrong_entries",
]
