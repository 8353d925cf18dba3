"""Damaged notebooks: real ones, mutated in one or several places."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Notebook = dict[str, Any]

ANYTHING = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    st.sampled_from([[], {}, "", [[]], [None], [1, "a"], {"a": {}}, 10**300]).map(copy.deepcopy),
    st.recursive(
        st.none() | st.text(max_size=5) | st.floats(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
)
KEYS = st.sampled_from(
    ["cells", "worksheets", "metadata", "nbformat", "cell_type", "source", "input", "tags", "id", "\ud800"]
)
# Lines that do not belong in a cell, or change its effect.
LINES = [
    *("\0", "\x1b[31m\x07\x08", "\ud800\udc00\udfff", "\ufeff", "\u202e\u2066", "\r", "\f\v\x1c\x85\u2028"),
    *(f"x = '{'a' * 200_000}'", f"x = {'(' * 300}{')' * 300}", f"x = {'[' * 90_000}", f"x = {'-' * 50_000}1"),
    *(f"x = {'1+' * 20_000}1", f"x = {'9' * 10_000}", "é" * 50, "'''"),
    *r"""
%matplotlib inline
%%time
%%bash
%load_ext autoreload
%run other.ipynb
%reset -f
%timeit 1
!ls
!
%
%%
??
softmax?
get_ipython().run_cell('1 / 0')
await f()
if True:
return
yield
  x = 1
𝒙 = 1
1 / 0
raise Exception('\ud800')
raise BaseException
raise SystemExit
exit()
import os; os._exit(1)
import os; os.kill(os.getpid(), 9)
print('x' * 10_000_000)
x = bytearray(10**10)
import sys; sys.setrecursionlimit(10**9)
f = lambda: f()
open('x', 'w').write('x' * 10**6)
def softmax(z): return z
def softmax(z): raise ValueError('\0' * 10**6)
def softmax(*a): pass
class softmax: pass
def nll_loss(*a): return float('nan')
def nll_loss(*a): return 'x' * 10**7
del softmax
softmax = 3
np = None
grader = None
grader.check('q3a')
grader.check(
check('q99z')
# grader.check('q3d')
import otter; otter.Notebook('x.ipynb')
__builtins__ = None
import builtins; builtins.str = None
from __future__ import annotations
from __future__ import nothing
""".strip().splitlines(),
]
VERSIONS = st.sampled_from([3, 4, 5, 2, 1, 0, -1, 4.5, 10**30, "4", None, [], True, float("nan")])
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7"]
# Bytes that do not belong in JSON, or too many that do.
BYTES = st.sampled_from(
    [
        *(b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b" " * 100_000, b"NaN", b"-Infinity", b"//"),
        *(b'"', b",", b"\\u", b"\\ud800", b"}", b"<<<<<<< HEAD\n", b"=======\n", b"\r\n", b"\x1f\x8b\x08"),
    ]
)


@st.composite
def notebooks(draw: Draw, originals: list[Notebook]) -> bytes:
    """The bytes of one of these notebooks, mutated up to four times."""
    notebook = copy.deepcopy(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        notebook = draw(st.sampled_from(MUTATIONS))(draw, notebook)
    return encoded(draw, notebook)


def replaced(draw: Draw, notebook: Notebook) -> Notebook:
    """Replace something in the notebook by anything."""
    place = somewhere(draw, notebook)
    if place is None:
        return draw(ANYTHING)
    inside, key = place
    inside[key] = draw(ANYTHING)
    return notebook


def removed(draw: Draw, notebook: Notebook) -> Notebook:
    """Remove something."""
    place = somewhere(draw, notebook)
    if place is not None:
        del place[0][place[1]]
    return notebook


def wrapped(draw: Draw, notebook: Notebook) -> Notebook:
    """Nest something deep in lists, or repeat it thousands of times."""
    place = somewhere(draw, notebook)
    if place is None:
        return notebook
    inside, key = place
    if draw(st.booleans()):
        often = draw(st.sampled_from([2, 50, 6_000]))
        inside[key] = [inside[key]] * (often if len(str(inside[key])) < 2_000 else 2)
    else:
        for _ in range(draw(st.sampled_from([1, 2, 100]))):
            inside[key] = [inside[key]]
    return notebook


def added(draw: Draw, notebook: Notebook) -> Notebook:
    """Add an unknown key, or a known key in the wrong place."""
    place = somewhere(draw, notebook)
    inside = place[0] if place is not None else notebook
    if isinstance(inside, dict):
        inside[draw(KEYS)] = draw(ANYTHING)
    return notebook


def other_metadata(draw: Draw, notebook: Notebook) -> Notebook:
    """Change the metadata of the notebook or of a cell."""
    of = draw(st.sampled_from([notebook, *cells(notebook)]))
    if isinstance(of, dict):
        key = draw(st.sampled_from(["tags", "homework", "otter", "kernelspec", "deletable"]))
        value = draw(ANYTHING | st.sampled_from(["autodiff", [], ["otter_ignore"]]).map(copy.deepcopy))
        if key == "homework" and draw(st.booleans()):
            value = {"assignment": value}
        of["metadata"] = {key: value} if draw(st.booleans()) else value
    return notebook


def other_cells(draw: Draw, notebook: Notebook) -> Notebook:
    """Move, double or remove cells."""
    found = cells(notebook)
    if found:
        at, to = (draw(st.integers(0, len(found) - 1)) for _ in range(2))
        change = draw(
            st.sampled_from(["swap", "double", "move", "remove", "cut", "reverse", "kind", "all in one"])
        )
        if change == "swap":
            found[at], found[to] = found[to], found[at]
        elif change == "double":
            found.insert(to, copy.deepcopy(found[at]))
        elif change == "move":
            found.insert(to, found.pop(at))
        elif change == "remove":
            del found[at]
        elif change == "cut":
            del found[at:]
        elif change == "reverse":
            found.reverse()
        elif change == "kind" and isinstance(found[at], dict):
            found[at]["cell_type"] = draw(
                st.sampled_from(["code", "markdown", "raw", "heading", "Code", None])
            )
        elif change == "all in one":
            found[:] = [{"cell_type": "code", "source": "\n\n".join(text(cell) for cell in found)}]
    return notebook


def other_text(draw: Draw, notebook: Notebook) -> Notebook:
    """Change the text of a cell: swap, remove or add lines, or replace characters."""
    found = [cell for cell in cells(notebook) if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    if not found:
        return notebook
    cell = draw(st.sampled_from(found))
    lines = text(cell).split("\n")
    at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    change = draw(st.sampled_from(["swap", "remove", "add", "add", "add", "replace", "indent"]))
    if change == "swap":
        lines[at], lines[to] = lines[to], lines[at]
    elif change == "remove":
        del lines[at]
    elif change == "add":
        lines.insert(at, draw(st.sampled_from(LINES)))
    elif change == "indent":
        lines[at] = " " * draw(st.integers(1, 9)) + lines[at]
    elif lines[at]:
        column = draw(st.integers(0, len(lines[at]) - 1))
        lines[at] = lines[at][:column] + draw(st.text(max_size=3)) + lines[at][column + 1 :]
    as_it_was = "\n".join(lines)
    forms = [as_it_was, as_it_was.splitlines(keepends=True), list(as_it_was[:2000]), [as_it_was, None, 3]]
    cell["source"] = draw(st.sampled_from(forms))
    return notebook


def other_version(draw: Draw, notebook: Notebook) -> Notebook:
    """Change the version of the format, with or without its structure."""
    if isinstance(notebook, dict):
        notebook["nbformat"] = draw(VERSIONS)
        if draw(st.booleans()):
            found = notebook.pop("cells", [])
            for cell in found if isinstance(found, list) else []:
                if isinstance(cell, dict):
                    cell["input"] = cell.pop("source", "")
            notebook["worksheets"] = draw(
                st.sampled_from([[{"cells": found}], {"cells": found}, [found], [[]]])
            )
    return notebook


MUTATIONS: list[Callable[[Draw, Notebook], Notebook]] = [
    *(replaced, removed, wrapped, added, other_metadata, other_version),
    *(other_cells, other_cells, other_text, other_text, other_text),
]


def encoded(draw: Draw, notebook: Any) -> bytes:
    """The notebook as a file, in most cases undamaged."""
    how = draw(st.sampled_from(["plain"] * 5 + ["encoding", "encoding", "cut", "bytes", "bytes"]))
    escaped = json.dumps(notebook, ensure_ascii=how == "plain" or draw(st.booleans()))
    if how == "encoding":
        return escaped.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
    data = escaped.encode("utf-8", errors="surrogatepass")
    at = draw(st.integers(0, len(data)))
    if how == "cut":
        return data[:at]
    if how == "bytes":
        return data[:at] + draw(BYTES | st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]
    return data


def somewhere(draw: Draw, notebook: Notebook) -> tuple[Any, Any] | None:
    """A place in the notebook: a container, and a key or index in it. None if the notebook is empty."""
    inside, place = notebook, None
    while isinstance(inside, (dict, list)) and inside:
        key = draw(
            st.sampled_from(sorted(inside, key=str)) if isinstance(inside, dict) else positions(inside)
        )
        place = inside, key
        if draw(st.booleans()):
            break
        inside = inside[key]
    return place


def positions(items: list[Any]) -> st.SearchStrategy[int]:
    return st.integers(0, len(items) - 1)


def cells(notebook: Any) -> list[Any]:
    found = notebook.get("cells") if isinstance(notebook, dict) else None
    return found if isinstance(found, list) else []


def text(cell: Any) -> str:
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
