import base64

import matplotlib.pyplot as plt
import pytest

from checking import pictures
from checking.pictures import show_picture


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


@pytest.mark.parametrize(
    ("draw", "said"),
    [
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
