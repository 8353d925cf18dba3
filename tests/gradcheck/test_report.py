"""What a report says, and that it cannot be mistaken for another one."""

import numpy as np
import pytest

from gradcheck import Report, WrongGradientError, assert_gradient, check_gradient

X = np.array([0.3, -1.2, 2.0, 0.7])


def total(x):
    return np.sin(x).sum()


def changes_its_input(x):
    x *= 2
    return np.cos(x / 2)


PROGRAMS = {
    "right": (total, np.cos),
    "wrong": (total, np.sin),
    "unsafe": (total, changes_its_input),
    "inconclusive": (lambda x: None, np.cos),
}


@pytest.mark.parametrize("verdict", PROGRAMS)
def test_a_report_is_true_and_asserts_nothing_only_if_the_gradient_is_right(verdict):
    report = check_gradient(*PROGRAMS[verdict], X.copy())
    assert report.verdict == verdict
    assert bool(report) == (verdict == "right")
    if report:
        report.raise_unless_right()
        assert_gradient(*PROGRAMS[verdict], X.copy())
        return
    for assertion in (report.raise_unless_right, lambda: assert_gradient(*PROGRAMS[verdict], X.copy())):
        with pytest.raises(WrongGradientError) as error:
            assertion()
        assert str(error.value) == str(report)


def test_a_report_shows_the_worst_entries_side_by_side():
    report = check_gradient(total, lambda x: np.cos(x) + np.array([0, 0.5, 0, 1e-3]), X)
    lines = str(report).splitlines()
    assert lines[:2] == ["verdict: wrong", "why: 2 of 4 entries of x are wrong."]
    start = lines.index(next(line for line in lines if line.startswith("worst entries")))
    assert lines[start].split() == ["worst", "entries", "yours", "numerical", "may", "differ", "by"]
    rows = [line.split() for line in lines[start + 1 : -1]]
    assert [row[0] for row in rows] == ["x[1]", "x[3]"]
    assert [float(row[1]) for row in rows] == pytest.approx([np.cos(-1.2) + 0.5, np.cos(0.7) + 1e-3])
    assert [float(row[2]) for row in rows] == pytest.approx([np.cos(-1.2), np.cos(0.7)])
    assert all(0 < float(row[3]) < 1e-8 for row in rows)
    assert lines[-1] == f"evaluations: {report.evaluations}"
    assert report.error > report.tolerance >= report.bound
    assert report.worst == (1,)


def test_a_report_shows_as_tables_in_jupyter():
    html = check_gradient(total, np.sin, X)._repr_html_()
    assert html.count("<table>") == 2
    assert "may differ by" in html
    assert "<b>" not in Report("wrong", "a <b> & c")._repr_html_()


def test_tolerances_can_be_given():
    off = lambda x: 1.0001 * np.cos(x)  # noqa: E731
    assert check_gradient(total, off, X).verdict == "wrong"
    assert check_gradient(total, off, X, rtol=1e-3)
    assert check_gradient(total, off, X, atol=1e-3)
    assert check_gradient(total, off, X, rtol=1e-5, atol=0).verdict == "wrong"
    large = np.linspace(0.1, 1.4, 500)
    assert check_gradient(total, off, large).verdict == "wrong"
    assert check_gradient(total, off, large, rtol=1e-3)
    assert check_gradient(total, off, large, atol=1e-3)
    assert check_gradient(total, lambda x: np.cos(x) + 1e-7, X, rtol=0, atol=1e-8).verdict == "wrong"
