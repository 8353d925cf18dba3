import numpy as np
import pytest

from tests.gradcheck.mistakes import CHECKS, FUNCTIONS, every, false_names, figures


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_the_right_gradient_is_right_and_every_mistake_is_wrong(function):
    args = function.arguments(np.random.default_rng(0))
    for program in [function.right, *(program for _, _, program in function.mistakes)]:
        report = CHECKS[function.kind](function.forward, program, *args, wrt=function.wrt)
        assert report.verdict == ("right" if program is function.right else "wrong")


@pytest.mark.parametrize(("with_context", "share"), [(True, 0.9), (False, 0.7)])
def test_the_first_name_is_right(with_context, share):
    found = figures(with_context)
    assert len(found) == len(list(every())) >= 60
    assert sum(right for right, _ in found.values()) >= share * len(found), {
        mistake: name for mistake, (right, name) in found.items() if not right
    }


def test_no_random_program_gets_a_name():
    count, found = false_names(1)
    assert count >= 60
    assert found == []
