"""Shows a picture drawn from a student's answers, with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from typing import Any

from IPython.display import HTML, display


def show_picture(draw: Callable[..., Any], *arguments: Any, alt: str) -> None:
    """Show the figure that a function draws, or say in a sentence what it still needs.

    Jupyter gives its own pictures no alternative text, so the picture is an element of HTML.

    Parameters
    ----------
    draw : function that returns a matplotlib Figure; it may call the student's functions.
    *arguments : its arguments.
    alt : what the picture shows, for those who cannot see it.
    """
    import matplotlib.pyplot as plt

    try:
        figure = draw(*arguments)
    except NotImplementedError as question:
        print(f"This picture needs your answer to {question} first.")
    except NameError as missing:
        print(f"This picture needs {missing.name}: run the cells above first.")
    except Exception as error:  # whatever an answer raises, or whatever its result cannot be used for
        print(
            f"This picture cannot be drawn yet ({type(error).__name__}: {error}). Run the checks above; they "
            "say which answer to fix first."
        )
    else:
        display(HTML(as_html(figure, alt)))
    finally:
        plt.close("all")  # so that Jupyter does not show it again, or half of it


def as_html(figure: Any, alt: str) -> str:
    """A matplotlib Figure as an element of HTML that contains the picture and its alternative text."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100)
    source = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'
