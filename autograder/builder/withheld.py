"""Moves hidden checks in `public_checks` to the hidden checks, so that students do not get them."""

from __future__ import annotations

import ast
from pathlib import Path

from autograder.builder.checks import Checks
from autograder.errors import HomeworkError


def move_hidden_checks(problem: str, checks: Checks, public: Path, hidden: Path) -> None:
    """Move the hidden checks in a problem's module of `public_checks` to a module of the hidden checks.

    What only they use is removed too, unless the problem's other hidden checks import it.

    Parameters
    ----------
    problem, checks : the name of the problem, and the checks of its assignment.
    public, hidden : the copies of the two packages that are changed.

    Raises
    ------
    HomeworkError
        If a check of such a module cannot be told apart in its text.
    """
    name = f"public_checks.{problem}"
    every = [c for found in checks.values() for c in found if c.function.__module__ == name]
    moved = {check.name for check in every if check.hidden}
    stay = {check.name for check in every if not check.hidden}
    if moved & stay:
        raise HomeworkError(f"{name}.{min(moved & stay)} is a public check and a hidden one; write it twice.")
    if moved:
        module = public / f"{problem}.py"
        source = module.read_text(encoding="utf-8")
        used = _names_in((hidden / f"{problem}.py").read_text(encoding="utf-8"))
        (hidden / f"{problem}_withheld.py").write_text(_without(source, stay), encoding="utf-8")
        module.write_text(_without(source, moved, keep=used), encoding="utf-8")


def _without(source: str, names: set[str], keep: set[str] | None = None) -> str:
    """The source of a module without some of its functions.

    keep : if given, what only these functions use goes too, except these names.
    """
    body = ast.parse(source).body
    gone: list[ast.stmt] = [n for n in body if isinstance(n, ast.FunctionDef) and n.name in names]
    missing = names - {name for node in gone for name in _defines(node)}
    if missing:
        raise HomeworkError(
            f"The check {min(missing)} is in a module with hidden checks: write it as a function at the top "
            "level, so that the build can tell which part of the module students get."
        )
    new = gone if keep is not None else []
    while new:
        kept = [node for node in body if node not in gone]
        alone = {name for node in gone for name in _uses(node)}
        alone -= {name for node in kept for name in _uses(node)} | (keep or set())
        new = [node for node in kept if _defines(node) and _defines(node) <= alone]
        gone = gone + new
    lines = source.splitlines()
    for node in sorted(gone, key=lambda node: -node.lineno):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        while first and lines[first - 1].startswith("#"):
            first -= 1
        while first and not lines[first - 1].strip():
            first -= 1
        del lines[first : node.end_lineno]
    return "\n".join(lines) + "\n"


def _uses(node: ast.AST) -> set[str]:
    """The names that a statement uses, apart from those that it defines."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return names - _defines(node)


def _defines(node: ast.AST) -> set[str]:
    """The names that a statement at the top level defines or imports."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _names_in(source: str) -> set[str]:
    """All names, attributes and imported names in a module."""
    nodes = list(ast.walk(ast.parse(source)))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {node.name for node in nodes if isinstance(node, ast.alias)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} | attributes | imported
