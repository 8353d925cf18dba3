"""A gradient checker, small enough to read. It needs only NumPy, and matplotlib to draw.

    check_gradient(f, gradient, x)      is gradient(x) the gradient of f at x? If not, what is wrong?
    assert_gradient(f, gradient, x)     the same, raising an error unless it is
    check_vjp, check_jvp, check_jacobian   the same for products with a Jacobian, and for a Jacobian
    numerical_jacobian(f, x)            the derivative from values of f, with a bound on its error
    diagnose(actual, expected, context) the names of mistakes that explain a wrong result
    show(report)                        a picture of the wrong entries

    layer_functions(layer)              a layer that keeps state, for check_vjp

docs/gradcheck.md explains the algorithm. Read the modules in this order: `numerical`, `complex_step`,
`jacobian`; `protocol`, `compare`, `report`, `task`; `kinks`, `large`, `judgment`; `trees`, `arguments`,
`check`; `diagnosis`, `candidates`, `variations`, `places`; `layers`, `drawing`.
"""

from gradcheck.check import assert_gradient, check_gradient, check_jacobian, check_jvp, check_vjp
from gradcheck.compare import tolerance, wrong_entries
from gradcheck.diagnosis import Context, diagnose
from gradcheck.drawing import show
from gradcheck.jacobian import NumericalJacobian, numerical_jacobian
from gradcheck.layers import layer_functions
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
    "assert_gradient",
    "check_gradient",
    "check_jacobian",
    "check_jvp",
    "check_vjp",
    "diagnose",
    "layer_functions",
    "numerical_jacobian",
    "show",
    "tolerance",
    "wrong_entries",
]
