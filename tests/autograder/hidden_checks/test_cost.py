"""The time limit of an answer, relative to a yardstick."""

import numpy as np
import pytest

from autograder.hidden_checks.cost import expect_no_longer
from checking import TooSlow
from checking.boundary import Submission

X = np.linspace(0.0, 1.0, 10_000)


def total(x):
    return float(np.sum(x))


def call(body, times):
    names = {"np": np}
    exec(f"def f(x):\n    {body}", names)
    return expect_no_longer(times, total, "the sum", Submission(names).function("f"), x=X)


def test_an_answer_that_is_fast_enough_passes():
    assert call("return float(np.sum(x))", times=10_000).value == total(X)


def test_the_message_for_a_slow_answer_names_the_yardstick():
    said = r"f takes longer than 100 evaluations of the sum\. Does it evaluate the sum for each entry"
    with pytest.raises(TooSlow, match=said):
        call("while True: np.sum(x)", times=100)
