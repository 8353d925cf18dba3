"""Makes HTML pages from templates. A page is one file, which needs no network."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.batch.records import Record

TEMPLATES = Path(__file__).with_name("templates")


def page(folder: Path, template: str, **values: Any) -> str:
    """Fill a template. Every value is escaped, except for those that are Markup.

    Parameters
    ----------
    folder : Path
        The folder of the template; what it includes may also be in `TEMPLATES`.
    template : str
        The name of the template.
    values
        What the template shows.
    """
    return _environment(folder).get_template(template).render(**values)


@functools.cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["spoken"] = spoken
    environment.filters["digest"] = script_digest
    return environment


def number(value: float) -> str:
    """A number of points in words, with at most two decimals and no needless zeros."""
    return f"{round(value, 2) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"


def spoken(question: str) -> str:
    """A question as the notebook calls it: "3(a)" for "q3a"."""
    found = re.fullmatch(r"q(\d+)([a-z])", question)
    return f"{found[1]}({found[2]})" if found else question


def script_digest(script: str) -> str:
    """The digest of an inline script, with which a page allows this script alone."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def names_of(record: Record) -> str:
    """The names of the students of a submission, or the name of its record if they are unknown."""
    return ", ".join(name for s in record.students if (name := s.name or s.email or s.id)) or record.name


def feedback_link(name: str) -> str:
    """The address of a feedback page from the folder of grades."""
    return f"feedback/{quote(name)}.html"
