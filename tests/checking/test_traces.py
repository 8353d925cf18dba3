import numpy as np
import pytest

from checking import Incorrect
from checking.expectations import expect
from checking.traces import expect_no_change, expect_no_traces
from tests.helpers import submission_of

Z = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("z += 1; return z.copy()", "changes its argument z"),
        ("f.out = getattr(f, 'out', np.zeros(3)); f.out[:] = z; return f.out", "next call changes this"),
    ],
)
def test_a_call_that_changes_an_argument_or_an_earlier_result_fails(body, message):
    s = submission_of(body)
    with pytest.raises(Incorrect, match=message):
        expect_no_traces(s.function("f"), s.program, {"z": Z}, {"z": -Z})


@pytest.mark.parametrize("body", ["return {'a': z + 1}", "return 10**400", "return np.str_('a')"])
def test_a_result_of_another_type_leaves_no_traces(body):
    s = submission_of(body)
    expect_no_traces(s.function("f"), s.program, {"z": Z}, {"z": -Z})


def test_a_changed_argument_costs_only_the_check_that_is_about_it():
    f = submission_of("z[0] = 5; return 2 * z").function("f")
    expect(f, z=Z).close([10, 4, 6])
    with pytest.raises(Incorrect, match=r"the call changes its argument z\. Work on a copy"):
        expect_no_change(f, z=Z)


def test_a_change_that_only_float32_arrays_suffer_is_found():
    s = submission_of("w = z.astype(np.float32, copy=False); w += 1; return w")
    with pytest.raises(Incorrect, match="the call changes its argument z"):
        expect_no_traces(s.function("f"), s.program, {"z": Z}, {"z": -Z})


@pytest.mark.parametrize(
    "body", ["z[1] += 1", "z.reverse()", "z.append(z[0])", "z[0] = None", "z[0] = z[0][:2]"]
)
def test_a_change_in_a_list_of_arrays_is_noticed(body):
    f = submission_of(f"{body}; return 0").function("f")
    with pytest.raises(
        Incorrect, match=r"the call changes its argument z.*\nwhere z has the shapes \(3,\), \(3,\)"
    ):
        expect_no_change(f, z=[Z, -Z])
    expect_no_change(submission_of("z = z[::-1]; return 0").function("f"), z=[Z, -Z])


def test_a_clean_function_leaves_none():
    s = submission_of("return 2 * z")
    expect_no_traces(s.function("f"), s.program, {"z": Z}, {"z": -Z}).close(2 * Z)


def test_an_object_that_is_left_in_an_argument_is_a_changed_argument():
    for body in ("z[0] = object(); return 1.0", "z.append(z); return 1.0"):
        f = submission_of(body).function("f")
        assert expect(f, z=[Z, Z]).array() == 1.0
        with pytest.raises(Incorrect, match="changes its argument z"):
            expect_no_change(f, z=[Z, Z])


def test_a_loss_that_is_nan_is_no_trace():
    s = submission_of("return float('nan')")
    expect_no_traces(s.function("f"), s.program, {"z": Z}, {"z": -Z})
