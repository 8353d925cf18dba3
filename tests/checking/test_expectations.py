import numpy as np
import pytest

from checking import Answer, Incorrect
from checking.boundary import Submission
from checking.expectations import expect, expect_derivative
from tests.helpers import submission_of

Z = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pass", r"f\(z\): the result is None. Did you forget a return\?\nwhere z = \[1, 2, 3\]"),
        ("return 'a'", "should be an array or a number; yours is a str"),
        ("return True", "yours is a bool"),
        ("return list(z)", "yours is a list of 3"),
        ("return z * np.nan", r"is nan at \[0\]"),
        ("return np.array([0, np.inf, 0])", r"is inf at \[1\]"),
        ("return z[:, None]", r"shape \(3,\); yours is an array of shape \(3, 1\)"),
        ("return z[:2]", r"yours is an array of shape \(2,\)"),
        ("return z * 1j", "real numbers; yours is an array of shape .* of dtype complex128"),
        ("return -z", r"off by 6 \(2 times the largest entry\) at \[2\]"),
        (
            "return z + np.array([0, 0, 1e-6])",
            r"off by 1e-06 \(3.3e-07 times the largest entry\) at \[2\]; 1 of 3 entries wrong",
        ),
        ("return z.astype(np.float32) * np.float32(1.1)", "3 of 3 entries wrong"),
    ],
)
def test_a_wrong_result_is_described(body, message):
    with pytest.raises(Incorrect, match=message):
        expect(submission_of(body).function("f"), z=Z).close(Z)


def test_expected_values_show_only_where_that_is_allowed():
    f = submission_of("return z + 0.25").function("f")
    with pytest.raises(Incorrect) as shown:
        expect(f, z=Z).close(Z, reveal=True)
    with pytest.raises(Incorrect) as kept:
        expect(f, z=Z).close(Z)
    assert "expected 1" in str(shown.value)
    assert "expected" not in str(kept.value)


@pytest.mark.parametrize("body", ["return 3", "return 3.0", "return np.float32(3)", "return np.array(3.0)"])
def test_a_number_may_be_of_any_kind(body):
    expect(submission_of(body).function("f"), z=Z).close(3.0)


def test_a_number_must_not_be_an_array_of_one():
    with pytest.raises(Incorrect, match="a single number"):
        expect(submission_of("return np.array([3.0])").function("f"), z=Z).close(3.0)


def test_parts_are_named():
    answer = expect(submission_of("return z, -z").function("f"), z=Z)
    with pytest.raises(Incorrect, match="db is off by 6"):
        answer.parts("dW", "db")[1].close(Z)
    with pytest.raises(Incorrect, match="return 3 things, a, b, c; yours is a tuple of 2"):
        answer.parts("a", "b", "c")


def test_the_dtype_has_to_be_the_one_asked_for():
    answer = expect(submission_of("return z").function("f"), z=Z)
    answer.of_dtype(np.float64)
    with pytest.raises(Incorrect, match=r"dtype float64; for arguments of float64 it should be float32"):
        answer.of_dtype(np.float32)


def test_an_argument_that_is_not_float64_says_its_dtype():
    z, W = np.array([2, -1]), np.ones((2, 3), np.float32)
    answer = Answer("f", {"z": z, "W": W}, z)
    assert str(answer.wrong("wrong.")) == "f(z, W): wrong.\nwhere z = [2, -1] of int64, W (2, 3) of float32"


def derivative_of(kind, body, parts=(), wrt=0, **given):
    names = {"np": np}
    exec(f"def g({', '.join(given)}):\n    {body}", names)
    A = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    forward = {
        "vjp": lambda x: A @ x**2,
        "jvp": lambda x: A @ x**2,
        "jacobian": lambda x: A @ x**2,
        "gradient": lambda x, y: (x**2).sum() * y.sum(),
    }[kind]
    instead = {"of x, not of its square": lambda x, *_: A @ x}
    names["A"] = A
    function = Submission(names).function("g")
    try:
        expect_derivative(kind, forward, function, parts, wrt, reveal=True, instead=instead, **given)
    except Incorrect as failure:
        raise failure.explained() from None


U, V = np.array([0.5, -2.0]), np.array([1.0, -1.0, 3.0])


def test_products_with_a_jacobian_are_held_against_numerical_ones():
    derivative_of("vjp", "return 2 * x * (A.T @ u)", x=Z, u=U)
    derivative_of("jvp", "return A @ (2 * x * v)", x=Z, v=V)
    derivative_of("jacobian", "return 2 * A * x", x=Z)
    derivative_of(
        "gradient", "return 2 * x * y.sum(), np.full(3, (x**2).sum())", ("dx", "dy"), (0, 1), x=Z, y=V
    )


@pytest.mark.parametrize(
    ("kind", "body", "message", "given"),
    [
        (
            "vjp",
            "return A.T @ u",
            "derivative of something else: of x, not of its square",
            {"u": U},
        ),
        ("vjp", "return 2 * x * A.sum(axis=0)", "does not depend on the vector", {"u": U}),
        ("vjp", "return 2 * x * (A.T @ u) + 1", "the result is off by 1 .* yours", {"u": U}),
        ("jvp", "return -A @ (2 * x * v)", "It has the wrong sign", {"v": V}),
        ("jacobian", "return (2 * A * x).T", "It is the transpose of the right one", {}),
    ],
)
def test_a_wrong_product_is_named(kind, body, message, given):
    with pytest.raises(Incorrect, match=message):
        derivative_of(kind, body, x=Z, **given)


def test_messages_of_derivatives_have_names_for_numbers():
    swapped = "return np.full(3, (x**2).sum()), 2 * x * y.sum()"
    with pytest.raises(Incorrect, match="dx and dy are swapped"):
        derivative_of("gradient", swapped, ("dx", "dy"), (0, 1), x=Z, y=V)


def test_what_went_wrong_is_looked_for_only_when_it_is_asked_for():
    calls = []
    names = {"np": np, "calls": calls}
    exec("def f(z):\n    calls.append(z)\n    return -2 * z", names)
    with pytest.raises(Incorrect) as raised:
        expect_derivative("gradient", lambda z: (z**2).sum(), Submission(names).function("f"), z=Z)
    before = len(calls)
    assert "wrong sign" not in str(raised.value)
    assert "wrong sign" in str(raised.value.explained())
    assert len(calls) == before + 2  # at two other points


def test_a_hint_as_close_as_the_right_value_is_not_given():
    right = np.array([1.0, 2.0])
    answer = Answer("f", {}, right + 1e-7)
    with pytest.raises(Incorrect) as raised:
        answer.close(right, instead={"It is the right one.": right.copy(), "It is larger.": right + 1e-7})
    assert "It is close, but not exact" in str(raised.value.explained())


@pytest.mark.parametrize(("value", "said"), [(10**400, "too large for a float"), (2**70, "off by 1.2e\\+21")])
def test_a_huge_int_is_described(value, said):
    with pytest.raises(Incorrect, match=said):
        Answer("f", {}, value).close(1.0)


def test_an_int_is_an_int():
    with pytest.raises(Incorrect, match="yours is an int"):
        Answer("f", {}, 3).parts("a", "b")


def test_a_derivative_with_something_held_constant_is_named():
    half = submission_of("return np.exp(z) * np.sin(z)").function(
        "f"
    )  # of exp(z) sin(z), the slope of exp alone
    instead = {"sin(z) is held constant": lambda z, at: (np.exp(z) * np.sin(at[0])).sum()}
    with pytest.raises(Incorrect) as raised:
        expect_derivative("gradient", lambda z: (np.exp(z) * np.sin(z)).sum(), half, instead=instead, z=Z)
    assert "something else: sin(z) is held constant." in str(raised.value.explained())


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        ("np.outer(x, x).T[:, :2]", r"f\(x\): the result should be an array of shape \(3,\); yours is"),
        ("None", r"f\(x\): the result is None"),
        ("np.full(3, np.nan)", r"f\(x\): the result is nan at \[0\]"),
        ("x**3", r"g\(x, u\): the result is off by"),
    ],
)
def test_a_students_function_can_be_differentiated_and_is_to_blame_for_a_result_of_its_own(forward, message):

    def defining(result):
        names = {"np": np}
        exec(f"def f(x):\n    return {result}\ndef g(x, u):\n    return 2 * x * u", names)
        return Submission(names)

    given = {"x": np.array([1.0, 2.0, 3.0]), "u": np.array([1.0, -1.0, 0.5])}
    right = defining("x**2")
    expect_derivative("vjp", right.function("f"), right.function("g"), **given)
    wrong = defining(forward)
    with pytest.raises(Incorrect, match=message):
        expect_derivative("vjp", wrong.function("f"), wrong.function("g"), **given)
