import numpy as np
import pytest

from checking.wording import argument_as_text, numbers_as_text


@pytest.mark.parametrize(
    ("values", "text"), [([1, -0.0, -2.5], "1, 0, -2.5"), (np.zeros(1), "0"), ([np.nan, np.inf], "nan, inf")]
)
def test_numbers_are_written_in_a_row_and_zero_has_no_sign(values, text):
    assert numbers_as_text(values) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("weights", "weights have the shapes (2, 3), (2,)"), ("z", "z has the shapes (2, 3), (2,)")],
)
def test_several_arrays_are_described_by_their_shapes(name, text):
    assert argument_as_text(name, [np.ones((2, 3)), np.ones(2)]) == text
