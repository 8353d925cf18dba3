import numpy as np
import pytest

from checking import Noted


def test_a_noted_function_keeps_the_arguments_of_its_calls():
    f = Noted("the sum", lambda x: float(x.sum()), (2,))
    x = np.array([1, 2])
    assert f(x) == 3.0
    x[0] = 5
    np.testing.assert_equal(f.calls, [(np.array([1.0, 2.0]),)])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0, 2.0],), r"df takes an array of shape \(2,\), and was called with a list of 2"),
        ((np.ones(3),), r"df takes an array of shape \(2,\), and was called with an array of shape \(3,\)"),
        ((np.ones(2), 0.1), "df takes one argument, and was called with 2"),
        ((1e-20j * np.ones(2),), "df takes real numbers, and was called with complex ones"),
    ],
)
def test_a_wrong_call_of_a_noted_function_is_described(arguments, said):
    with pytest.raises(TypeError, match=said):
        Noted("the slope", lambda x: x, (2,), name="df")(*arguments)
