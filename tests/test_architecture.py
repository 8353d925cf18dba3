"""The rules of the house: which package may import which, and what every module has."""

import ast
import re
import sys
from pathlib import Path

import pytest

from autograder.build.files import ROOT

PACKAGES = {
    "gradcheck": "assignments/gradcheck",
    "public_checks": "assignments/public_checks",
    "solutions": "solutions",
    "hidden_checks": "autograder/hidden_checks",
    "mistakes": "autograder/mistakes",
    "build": "autograder/build",
    "sandbox": "autograder/sandbox",
    "grading": "autograder/grading",
}
ALLOWED = {
    "gradcheck": {"numpy", "gradcheck", "matplotlib"},
    "public_checks": {"numpy", "IPython", "gradcheck", "public_checks"},
    "solutions": {"numpy"},
    "hidden_checks": {"numpy", "gradcheck", "public_checks", "solutions", "hidden_checks", "mistakes"},
    "mistakes": {"numpy", "scipy", "gradcheck", "solutions", "mistakes"},
    # No secret is ever in what workers are forked from.
    "sandbox": {"numpy", "IPython", "traitlets", "matplotlib", "public_checks", "autograder"},
    "grading": {"otter", "public_checks", "autograder"},
}
MODULES = [
    path
    for folder in ("assignments", "autograder", "solutions")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names |= imported_by(node)
    return names


def imported_by(node: ast.AST) -> set[str]:
    names: set[str] = set()
    if isinstance(node, ast.Import):
        names = {alias.name.partition(".")[0] for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        names = {(node.module or "").partition(".")[0]}
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package):
    for path in (ROOT / PACKAGES[package]).glob("*.py"):
        assert imported(path) <= ALLOWED[package], path


def test_gradcheck_loads_matplotlib_only_to_draw():
    for path in (ROOT / PACKAGES["gradcheck"]).glob("*.py"):
        top = {n for node in ast.parse(path.read_text()).body for n in imported_by(node)}
        assert top <= {"numpy", "gradcheck"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_what_is_public_in_it_is_described(path):
    text = path.read_text()
    if path.parent.name != "mistakes" and not re.search(r"(_checks|solutions)/p\d", path.as_posix()):
        assert len(text.splitlines()) <= 300
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    if re.match(r"p\d+_", path.name) and path.parent.name != "solutions":
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_the_lock_has_a_hash_for_everything_and_names_no_package_index():
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"index-url|find-links|https?://", lock)
    for requirement in re.split(r"\n(?=\S)", lock.strip()):
        if not requirement.startswith("#"):
            assert "--hash=sha256:" in requirement, requirement.splitlines()[0]
