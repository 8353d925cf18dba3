"""A gradient checker, small enough to read. It needs only NumPy, and matplotlib to draw.

    check_gradient(f, gradient, x)      is gradient(x) the gradient of f at x? If not, what is wrong?
    check_vjp, check_jvp, check_jacobian   the same for products with a Jacobian, and for a Jacobian
    numerical_jacobian(f, x)            the derivative from values of f, with a bound on its error
    diagnose(actual, expected, context) the names of mistakes that explain a wrong result
    show(report)                        a picture of the wrong entries

Read the modules in this order: `numerical`, `complex_step`, `jacobian`, `protocol`, `compare`, `report`,
`task`, `check`, `large`, `diagnosis`, `variations`, `drawing`.
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
