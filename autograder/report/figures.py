"""Draws the figures of the report as inline SVG, readable in grey, with a text in place of each."""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.batch.pages import spoken
from autograder.report.results import Credit

MOST_BINS = 20
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.8,
}
DARK, MIDDLE, LIGHT = "#1f3d66", "#c9d7ea", "#ffffff"


def histogram(totals: list[float], possible: float) -> Markup:
    """How many submissions have which total."""
    top = max(possible, *totals)
    width = max(1, math.ceil(top / MOST_BINS))
    bins = max(1, math.ceil(top / width))
    # The last bar includes the full score.
    places = Counter(min(int(max(total, 0.0) / width), bins - 1) for total in totals)
    with mpl.rc_context({**STYLE, "svg.hashsalt": "histogram"}):
        figure = Figure(figsize=(9, 3), layout="constrained")
        axes: Axes = figure.subplots()
        bars = axes.bar(
            [width * place for place in range(bins)],
            [places[place] for place in range(bins)],
            0.92 * width,
            align="edge",
            color=DARK,
        )
        axes.bar_label(bars, [str(places[place] or "") for place in range(bins)], fontsize=9)
        axes.set(xlabel="total points", ylabel="submissions", xlim=(0, bins * width))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        told = "; ".join(
            f"{width * place:.3g} to {width * (place + 1):.3g}: {places[place]}" for place in sorted(places)
        )
        return _svg(figure, f"Histogram of the totals. Submissions by points: {told}.")


def credit_bars(credits: list[Credit]) -> Markup:
    """The shares of full, partial and no credit in each question."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": "credit"}):
        figure = Figure(figsize=(9, 1.1 + 0.3 * len(credits)), layout="constrained")
        axes: Axes = figure.subplots()
        left = [0.0] * len(credits)
        for label, color, hatch in (("full", DARK, ""), ("partial", MIDDLE, "////"), ("none", LIGHT, "")):
            shares = [100 * getattr(credit, label) / credit.graded for credit in credits]
            names = [spoken(credit.question) for credit in credits]
            bars = axes.barh(names, shares, 0.72, left, color=color, hatch=hatch, edgecolor=DARK, label=label)
            box = {"facecolor": color, "edgecolor": "none", "pad": 1.0}
            texts = [f"{share:.0f}" if share >= 4 else "" for share in shares]
            ink = "white" if color == DARK else "black"
            axes.bar_label(bars, texts, label_type="center", color=ink, fontsize=9, bbox=box)
            left = [a + b for a, b in zip(left, shares, strict=True)]
        axes.set(xlim=(0, 100), xlabel="% of the graded submissions")
        axes.invert_yaxis()
        axes.tick_params(left=False)
        figure.legend(loc="outside upper left", ncols=3, frameon=False, title="Credit", alignment="left")
        return _svg(figure, "Shares of full, partial and no credit by question; the table has the numbers.")


def _svg(figure: Figure, told: str) -> Markup:
    """A figure as an SVG element with a text for those who do not see it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    label = f'<svg role="img" aria-label="{escape(told)}" '
    return Markup(label + svg.removeprefix("<svg "))
