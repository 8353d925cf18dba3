"""Every gradient of `functions.py` is accepted, and rejected if it is a millionth too large."""

import numpy as np
import pytest

from gradcheck import check_gradient
from tests.gradcheck.functions import FUNCTIONS
from tests.helpers import sampled


@pytest.mark.parametrize("function", sampled(FUNCTIONS, one_in=4), ids=lambda f: f.name)
def test_a_right_gradient_is_accepted_and_a_millionth_more_is_rejected(function):
    for seed in range(2):
        for x in function.points(np.random.default_rng(seed)):
            right = check_gradient(function.f, function.gradient, x)
            assert right.verdict not in ("wrong", "unsafe"), right
            wrong = check_gradient(function.f, lambda v: (1 + 1e-6) * function.gradient(v), x)
            assert wrong.verdict == "wrong", wrong
