import numpy as np
import pytest

from gradcheck import tolerance, wrong_entries

G = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 0.5]])


def test_nan_is_wrong_and_equal_infinities_are_not():
    actual = np.array([np.nan, np.inf, np.inf, 1.0])
    expected = np.array([1.0, np.inf, 1.0, np.nan])
    assert wrong_entries(actual, expected, np.full(4, 1e-9)).tolist() == [True, False, True, True]


def test_the_tolerance_grows_with_the_rounding_and_the_precision():
    small = tolerance(G, 1.0, np.dtype(np.float64))
    assert small.max() == pytest.approx(5e-9, rel=1e-3)
    assert tolerance(G * 1e-20, 1.0, np.dtype(np.float64)).max() == pytest.approx(64 * 2.22e-16, rel=1e-2)
    assert tolerance(G, 1.0, np.dtype(np.float32)).min() > 1e-4
