import base64

import matplotlib.pyplot as plt
import numpy as np
import pytest

from checking import pictures
from checking.pictures import CannotDrawError, draw_beside, show_picture


@pytest.fixture
def shown(monkeypatch):
    """The HTML that pictures display."""
    displayed: list[str] = []
    monkeypatch.setattr(pictures, "display", lambda html: displayed.append(html.data))
    return displayed


def line(height):
    figure, axes = plt.subplots()
    axes.plot([0, height])
    return figure


def test_a_picture_has_its_alternative_text_and_is_shown_once(shown, capsys):
    show_picture(line, 2.0, alt='A line from 0 to "2" & < 3')
    (html,) = shown
    assert html.startswith(
        '<img alt="A line from 0 to &quot;2&quot; &amp; &lt; 3" src="data:image/png;base64,'
    )
    assert base64.b64decode(html.split("base64,")[1].rstrip('">')).startswith(b"\x89PNG")
    assert plt.get_fignums() == []
    assert capsys.readouterr().out == ""


def stub(*_):
    raise NotImplementedError("Question 3(f)")


def not_run(*_):
    return answer_of_a_cell_above()  # noqa: F821


def wrong(height):
    line(height)
    return line(None * height)


def forgets_a_name(height):
    if height is None:
        total = 0.0
    return line(total)


def with_a_wrong_title(height):
    figure = line(height)
    figure.axes[0].set_title("$\\notacommand$")  # matplotlib notices when it makes the image
    return figure


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (forgets_a_name, "This picture cannot be drawn yet (UnboundLocalError: "),
        (with_a_wrong_title, "This picture cannot be drawn yet (ValueError: "),
        (stub, "This picture needs your answer to Question 3(f) first.\n"),
        (not_run, "This picture needs answer_of_a_cell_above: run the cells above first.\n"),
        (wrong, "This picture cannot be drawn yet (TypeError: unsupported operand type(s)"),
    ],
)
def test_a_picture_that_waits_for_an_answer_says_so_in_a_sentence(draw, said, shown, capsys):
    show_picture(draw, 2.0, alt="A line")
    assert capsys.readouterr().out.startswith(said)
    assert shown == []
    assert plt.get_fignums() == []


RIGHT = np.array([[0.5, -0.25, 0.0], [-1.0, 0.75, 0.25]])


@pytest.fixture
def beside():
    """Draws two panels, and closes the figure afterwards."""
    yield lambda yours: draw_beside(RIGHT, yours, title="dW").axes
    plt.close("all")


def positions(axes, marker):
    """The (row, column) of every entry that has a mark."""
    return {
        (int(y), int(x)) for line in axes.lines if line.get_marker() == marker for x, y in line.get_xydata()
    }


def test_right_entries_have_a_dot_and_wrong_ones_a_cross(beside):
    yours = RIGHT.copy()
    yours[0, 1], yours[1, 2] = 0.25, np.nan
    right, own, scale = beside(yours)
    assert positions(own, "x") == {(0, 1), (1, 2)}
    assert positions(own, ".") == {(0, 0), (0, 2), (1, 0), (1, 1)}
    assert len(right.lines) == 0
    assert own.get_title() == "yours: 2 of 6 entries wrong\n(dot: right, cross: wrong)"
    assert (own.get_xlabel(), own.get_ylabel()) == (
        "column j (input), counted from 0",
        "row i (output), counted from 0",
    )
    assert scale.get_ylim() == (-1.0, 1.0)


def test_both_images_have_one_scale_that_is_symmetric_around_zero(beside):
    right, own, _ = beside(1e6 * RIGHT)
    assert {image.get_clim() for axes in (right, own) for image in axes.images} == {(-1.0, 1.0)}
    assert positions(own, ".") == {(0, 2)}


def test_an_answer_that_is_right_up_to_rounding_has_no_cross(beside):
    assert positions(beside(RIGHT * (1 + 1e-9))[1], "x") == set()
    assert positions(beside(RIGHT.tolist())[1], "x") == set()


def test_an_array_of_another_shape_is_drawn_without_marks(beside):
    for yours in (RIGHT.T, RIGHT[0], 3.0):
        own = beside(yours)[1]
        assert own.get_title() == f"yours has the wrong shape: {np.shape(yours)}"
        assert len(own.lines) == 0


def test_the_rows_and_columns_have_the_names_that_are_given():
    own = draw_beside(RIGHT, RIGHT, rows="row i (hidden unit)", columns="column j (pixel)").axes[1]
    plt.close("all")
    assert own.get_xlabel() == "column j (pixel), counted from 0"
    assert own.get_ylabel() == "row i (hidden unit), counted from 0"


def colorbar_has_an_arrow(figure):
    figure.canvas.draw()
    axes = figure.axes[2]
    return len(axes.patches) > 0


@pytest.mark.parametrize(("factor", "arrow"), [(1 + 1e-5, False), (1.5, True)])
def test_only_an_entry_clearly_beyond_the_scale_has_an_arrow(factor, arrow):
    figure = draw_beside(RIGHT, RIGHT * factor)
    assert colorbar_has_an_arrow(figure) == arrow
    plt.close("all")


@pytest.mark.parametrize("shape", [(5, 6), (6, 5), (6, 4), (3, 12), (12, 3), (30, 30), (6,)])
def test_the_texts_of_a_picture_neither_overlap_nor_leave_it(shape):
    right = np.random.default_rng(0).normal(size=shape)
    figure = draw_beside(right, right + 1, title="The Jacobian of softmax at z = [2, 0, -1, 1, 1.5]")
    figure.canvas.draw()
    texts = [figure._suptitle]
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    plt.close("all")
    assert all(figure.bbox.x0 <= b.x0 and b.x1 <= figure.bbox.x1 for b in boxes)
    assert all(figure.bbox.y0 <= b.y0 and b.y1 <= figure.bbox.y1 for b in boxes)
    assert [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)] == []


def test_a_gradient_is_drawn_as_one_row():
    own = draw_beside(RIGHT[0], -RIGHT[0]).axes[1]
    plt.close("all")
    assert positions(own, "x") == {(0, 0), (0, 1)}
    assert own.get_ylabel() == ""


@pytest.mark.parametrize(
    ("yours", "why"),
    [
        (None, "your function returned None, perhaps without reaching a return"),
        ((RIGHT, RIGHT[0]), "your function returned a tuple, not one array of real numbers"),
        ("text", "your function returned a str, not one array of real numbers"),
        (1j * RIGHT, "your function returned a ndarray, not one array of real numbers"),
        (np.zeros((2, 3, 1)), "your array has the shape (2, 3, 1), which is not that of a matrix"),
        (np.zeros(0), "your array has the shape (0,), which is not that of a matrix"),
    ],
)
def test_what_is_not_a_matrix_is_not_drawn_and_the_picture_says_why(yours, why, shown, capsys):
    with pytest.raises(CannotDrawError) as raised:
        draw_beside(RIGHT, yours)
    assert str(raised.value) == why
    show_picture(draw_beside, RIGHT, yours, alt="The right gradient and yours")
    assert capsys.readouterr().out == (
        f"This picture cannot be drawn yet: {why}. The checks above say what to fix first.\n"
    )
    assert shown == []


def test_a_picture_of_an_answer_with_nan_shows_no_warning(shown, recwarn):
    show_picture(lambda: line(np.log(np.zeros(1))[0] * 0), alt="A line")
    assert len(shown) == 1
    assert [str(w.message) for w in recwarn] == []
