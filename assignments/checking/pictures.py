"""Shows a picture drawn from a student's answers, with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from IPython.display import HTML, display

from gradcheck import wrong_entries

RELATIVE = 1e-6  # how far a right entry may be off, in units of the largest right entry


class CannotDrawError(ValueError):
    """An answer of which no picture can be drawn. The message says why."""


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a NaN in an answer, say; the checks explain it
            picture = as_html(draw(*arguments), alt)
    except NotImplementedError as question:
        print(f"This picture needs your answer to {question} first.")
    except UnboundLocalError as error:  # a NameError too, but running other cells does not help
        _print_error(error)
    except NameError as missing:
        print(f"This picture needs {missing.name}: run the cells above first.")
    except CannotDrawError as reason:
        print(f"This picture cannot be drawn yet: {reason}. The checks above say what to fix first.")
    except Exception as error:  # whatever an answer raises, or whatever its result cannot be used for
        _print_error(error)
    else:
        display(HTML(picture))
    finally:
        plt.close("all")  # so that Jupyter does not show it again, or half of it


def _print_error(error: Exception) -> None:
    kind = type(error).__name__
    print(f"This picture cannot be drawn yet ({kind}: {error}). The checks above say what to fix first.")


def as_html(figure: Any, alt: str) -> str:
    """A matplotlib Figure as an element of HTML that contains the picture and its alternative text."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100)
    source = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def draw_beside(
    right: Any,
    yours: Any,
    *,
    title: str = "",
    rows: str = "row i (output)",
    columns: str = "column j (input)",
) -> Any:
    """Draw the right Jacobian or gradient as an image, and the student's own beside it on the same scale.

    Negative entries are blue, positive ones orange, and 0 is white. In the student's image a dot marks a
    right entry and a cross a wrong one. An array of another shape is drawn without marks.

    Parameters
    ----------
    right, yours : arrays with at most two axes; one with a single axis is drawn as one row.
    title : the title of the figure.
    rows, columns : what a row and a column are.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CannotDrawError
        If `yours` is not an array of real numbers, is empty, or has more than two axes.
    """
    import matplotlib.pyplot as plt

    right, yours = np.asarray(right, dtype=np.float64), _numbers(yours)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    figure.suptitle(title)
    largest = float(np.abs(right).max(initial=0.0)) or 1.0
    labels = (f"{rows}, counted from 0", f"{columns}, counted from 0")
    image = _draw_image(axes[0], right, largest, labels)
    axes[0].set_title(f"right, shape {right.shape}")
    _draw_image(axes[1], yours, largest, labels)
    if yours.shape == right.shape:
        wrong = wrong_entries(yours, right, np.full(right.shape, RELATIVE * largest))
        _draw_marks(axes[1], _matrix(wrong))
        axes[1].set_title(f"yours: {wrong.sum()} of {wrong.size} entries wrong\n(dot: right, cross: wrong)")
    else:
        axes[1].set_title(f"yours has the wrong shape: {yours.shape}")
    end = 1.01 * largest  # an entry that is off by less has no other color
    beyond = (np.nanmin(yours, initial=0.0) < -end, np.nanmax(yours, initial=0.0) > end)
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(beyond, "neither")
    figure.colorbar(image, ax=axes, extend=extend, label="value of the entry")
    return figure


def _numbers(yours: Any) -> np.ndarray:
    """The student's result as an array that can be drawn."""
    if yours is None:
        raise CannotDrawError("your function returned None, perhaps without reaching a return")
    try:
        numbers = np.asarray(yours)
        numbers = numbers.astype(np.float64, casting="safe" if numbers.dtype.kind == "c" else "unsafe")
    except (TypeError, ValueError):
        kind = type(yours).__name__
        raise CannotDrawError(f"your function returned a {kind}, not one array of real numbers") from None
    if numbers.ndim > 2 or not numbers.size:
        raise CannotDrawError(f"your array has the shape {numbers.shape}, which is not that of a matrix")
    return numbers


def _matrix(array: np.ndarray) -> np.ndarray:
    """An array with at most two axes as a matrix: a vector is one row."""
    return array if array.ndim == 2 else array.reshape(1, -1)


def _draw_image(axes: Any, array: np.ndarray, largest: float, labels: tuple[str, str]) -> Any:
    """Draw an array with the labels of its rows and columns."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("signed", ["#2a6fb0", "white", "#e08a1e"])
    image = axes.imshow(_matrix(array), cmap=colors.with_extremes(bad="0.6"), vmin=-largest, vmax=largest)
    rows, columns = _matrix(array).shape
    axes.set_xticks(range(0, columns, -(-columns // 10)))
    axes.set_yticks(range(0, rows, -(-rows // 10)) if array.ndim == 2 else [])
    axes.set_xlabel(labels[1])
    if array.ndim == 2:
        axes.set_ylabel(labels[0])
    return image


def _draw_marks(axes: Any, wrong: np.ndarray) -> None:
    """A dot on every right entry and a cross on every wrong one, smaller in a large matrix."""
    size = float(np.clip(60 / max(wrong.shape), 2.0, 9.0))
    for marked, marker, width in ((~wrong, ".", 0.0), (wrong, "x", 2.0)):
        rows, columns = np.nonzero(marked)
        axes.plot(columns, rows, marker, color="black", markersize=size, markeredgewidth=width)
