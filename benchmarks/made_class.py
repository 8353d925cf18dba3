"""A made class: submissions that all differ in text, with right and wrong answers in realistic shares.

.venv/bin/python -m benchmarks.made_class ASSIGNMENT NUMBER FOLDER

writes NUMBER notebooks into FOLDER. The same numbers give the same files.
"""

from __future__ import annotations

import ast
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.files import ROOT
from tests.helpers import filled, gradable_entries, reference_answers, unzip

WORDS = ("check the shapes", "as in the lecture", "now the chain rule", "see my notes", "one row per example")
WRITTEN = ("The gradient is p minus e_y.", "Both paths count.", "The deeper the stack, the smaller it gets.")
# Of all answers, the shares that are a mistake of the catalogue, not written, and a right variant.
MISTAKEN, BLANK, VARIANT = 0.12, 0.04, 0.2


@dataclass(frozen=True)
class Made:
    """A made submission.

    notebook : its notebook.
    right : whether all of its answers are right.
    """

    notebook: nbformat.NotebookNode
    right: bool


def made_class(assignment: str, number: int, seed: int = 0) -> Iterator[Made]:
    """Make the submissions of a class, one after the other. A longer class begins with the shorter one."""
    with tempfile.TemporaryDirectory() as folder:
        unzip(ROOT / "dist" / assignment / "student.zip", Path(folder))
        template = nbformat.read(Path(folder) / assignment / f"{assignment}.ipynb", as_version=4)
    reference = reference_answers(assignment)
    wrong, right = (_by_function(gradable_entries(assignment, kind)) for kind in (False, True))
    for place in range(number):
        rng = random.Random(f"{seed}/{place}")
        able = rng.random() < 0.4  # makes no mistakes
        answers: dict[str, str] = {}
        for function, text in reference.items():
            draw = 1.0 if able else rng.random()
            if draw < BLANK:
                continue
            if draw < BLANK + MISTAKEN and wrong.get(function):
                text = rng.choice(wrong[function])
            elif rng.random() < VARIANT and right.get(function):
                text = rng.choice(right[function])
            answers[function] = in_other_words(text, rng)
        notebook = filled(template, answers)
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and cell.source.startswith("_Type your answer"):
                cell.source = f"{rng.choice(WRITTEN)} ({place})"
        yield Made(notebook, able)


def _by_function(entries: list[Any]) -> dict[str, list[str]]:
    """The sources of entries of the catalogue, by the function that they answer."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(entry.function, []).append(entry.source)
    return found


def in_other_words(source: str, rng: random.Random) -> str:
    """The same program with other names of variables, some sums turned around, and comments."""
    tree = ast.parse(source.replace("# BEGIN SOLUTION", "").replace("# END SOLUTION", ""))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if not _has_scopes(function):
            _Renamer(_new_names(function, rng)).visit(function)
    _Turner(rng).visit(tree)
    lines = ast.unparse(tree).split("\n")
    for _ in range(1 + rng.randrange(3)):  # after the first line, which is the function's
        place = rng.choice([i for i, line in enumerate(lines) if line.startswith("def ")]) + 1
        lines.insert(place, f"    # {rng.choice(WORDS)} {rng.randrange(10**6)}")
    return "\n".join(lines)


def _has_scopes(function: ast.FunctionDef) -> bool:
    """Whether names may mean different things in its parts."""
    inner = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal)
    return any(isinstance(node, inner) for node in ast.walk(function) if node is not function)


def _new_names(function: ast.FunctionDef, rng: random.Random) -> dict[str, str]:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    parameters = {argument.arg for argument in function.args.args}
    return {name: f"{name}_{rng.randrange(10**4)}" for name in sorted(stored - parameters)}


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]):
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node


class _Turner(ast.NodeTransformer):
    """Turns some sums around in which a product says that they are of numbers."""

    def __init__(self, rng: random.Random):
        self._rng = rng

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        text = (ast.List, ast.Tuple, ast.Constant, ast.JoinedStr, ast.ListComp)
        products = any(
            isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult | ast.MatMult)
            for part in (node.left, node.right)
        )
        plain = not any(isinstance(part, text) for part in ast.walk(node))
        if isinstance(node.op, ast.Add) and products and plain and self._rng.random() < 0.5:
            node.left, node.right = node.right, node.left
        return node


def write_class(assignment: str, number: int, folder: Path) -> list[bool]:
    """Write the notebooks of a made class; return which of them are right."""
    folder.mkdir(parents=True, exist_ok=True)
    right = []
    for place, made in enumerate(made_class(assignment, number)):
        nbformat.write(made.notebook, folder / f"student_{place:04d}.ipynb")
        right.append(made.right)
    return right


if __name__ == "__main__":
    write_class(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
