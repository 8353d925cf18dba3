import matplotlib
import numpy as np
import pytest

from gradcheck import check_gradient, show

matplotlib.use("Agg")
RNG = np.random.default_rng(0)


def report(wrong, shape):
    return check_gradient(lambda W: np.sin(W).sum(), lambda W: wrong(np.cos(W)), RNG.normal(size=shape))


def off(g):
    g.flat[1] += 0.1
    g.flat[-1] -= 0.001
    return g


@pytest.mark.parametrize("shape", [(3, 4), (6,), (2, 3, 4), (90, 4)])
def test_wrong_entries_are_white_or_black_squares_and_right_ones_are_dots(shape):
    figure = show(report(off, shape))
    (axis,) = figure.axes
    colors = sorted(patch.get_facecolor()[0] for patch in axis.patches)
    assert colors == [0.0, 1.0]
    sides = {patch.get_facecolor()[0]: patch.get_width() for patch in axis.patches}
    assert sides[1.0] > sides[0.0]
    assert "2 wrong" in axis.get_title()


def test_a_wrong_shape_is_drawn_as_outlines():
    (axis,) = show(report(lambda g: g.T, (3, 4))).axes
    assert [(p.get_width(), p.get_height()) for p in axis.patches] == [(4, 3), (3, 4)]
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["expected (3, 4)", "yours (4, 3)"]


def test_a_report_without_numbers_can_be_drawn():
    figure = show(report(lambda g: None, (3, 4)))
    assert "nothing was compared" in figure.axes[0].texts[0].get_text()
