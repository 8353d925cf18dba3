"""The rules of the project: which package may import which, and the form of every module."""

import ast
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from autograder.builder.master import STUDENT_PACKAGES
from autograder.files import ROOT

PACKAGES = {
    "gradcheck": "assignments/gradcheck",
    "checking": "assignments/checking",
    "public_checks": "assignments/public_checks",
    "solutions": "solutions",
    "autograder.hidden_checks": "autograder/hidden_checks",
    "autograder.mistakes": "autograder/mistakes",
    "autograder.builder": "autograder/builder",
    "autograder.sandbox": "autograder/sandbox",
    "autograder.grading": "autograder/grading",
    "autograder.container": "autograder/container",
    "autograder.batch": "autograder/batch",
    "autograder.report": "autograder/report",
    "autograder.scaffold": "autograder/scaffold",
}
CHECKS = {"numpy", "gradcheck", "checking", "public_checks"}
ERRORS = {"autograder.errors", "autograder.files", "autograder.signals"}
SETTINGS = {"autograder.settings", "autograder.times"}
# The packages that each package may import, in addition to itself and the standard library.
ALLOWED = {
    "gradcheck": {"numpy", "matplotlib"},
    "checking": {"numpy", "IPython", "matplotlib", "otter", "gradcheck"},
    "public_checks": {"numpy", "gradcheck", "checking"},
    "solutions": {"numpy"},
    "autograder.hidden_checks": {*CHECKS, "solutions", "autograder.mistakes"},
    "autograder.mistakes": {"numpy", "scipy", "gradcheck", "checking", "solutions"},
    "autograder.builder": {
        *(
            "jupyter_client",
            "numpy",
            "nbclient",
            "nbconvert",
            "nbformat",
            "jupytext",
            "latex2mathml",
            "otter",
            "packaging",
        ),
        *("yaml", "checking", "public_checks"),
        *("autograder.hidden_checks", "autograder.grading", "autograder.sandbox"),
        *ERRORS,
        *SETTINGS,
    },
    # The process that forks workers must not contain a secret.
    "autograder.sandbox": {"numpy", "IPython", "traitlets", "matplotlib", "checking", *ERRORS},
    "autograder.grading": {"otter", "checking", "autograder.sandbox", *ERRORS},
    "autograder.container": {"otter", "autograder.sandbox", "autograder.grading", *ERRORS},
    "autograder.batch": {
        *("checking", "jinja2", "rich", "yaml", "distributed"),
        *("autograder.container", "autograder.grading", "autograder.sandbox"),
        *ERRORS,
        *SETTINGS,
    },
    "autograder.scaffold": {"jinja2", *ERRORS, *SETTINGS},
    "autograder.report": {
        *("jinja2", "markupsafe", "matplotlib", "numpy"),
        *("autograder.batch", "autograder.builder", "autograder.grading", "autograder.sandbox"),
        *ERRORS,
    },
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
    """The packages that a statement imports; for the autograder, with the subpackage."""
    modules: list[str] = []
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        modules = [f"autograder.{a.name}" for a in node.names] if module == "autograder" else [module]
    parts = [module.split(".") for module in modules if module != "__future__"]
    names = {".".join(p[:2]) if p[0] == "autograder" else p[0] for p in parts}
    return names - {*sys.stdlib_module_names, "tomllib"}  # tomllib since Python 3.11


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package):
    for path in (ROOT / PACKAGES[package]).glob("*.py"):
        assert imported(path) <= ALLOWED[package] | {package}, path


def test_the_folder_of_the_assignments_has_only_the_students_packages():
    folders = {path.parent.name for path in MODULES if path.is_relative_to(ROOT / "assignments")}
    assert folders == {"checking", "gradcheck", "public_checks"} == set(STUDENT_PACKAGES)


def test_gradcheck_loads_matplotlib_only_to_draw():
    for path in (ROOT / PACKAGES["gradcheck"]).glob("*.py"):
        top = {n for node in ast.parse(path.read_text()).body for n in imported_by(node)}
        assert top <= {"numpy", "gradcheck"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_is_short_and_its_public_parts_have_docstrings(path):
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


def attributes(node: ast.ClassDef) -> set[str]:
    """The names that a class declares, and those that its methods assign to self."""
    found = {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
    for inner in ast.walk(node):
        stored = isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
        if stored and isinstance(inner.value, ast.Name) and inner.value.id == "self":
            found.add(inner.attr)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_class_has_at_most_twelve_attributes(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert len(attributes(node)) <= 12, node.name


def test_two_classes_do_not_have_the_same_name():
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("problem", ["p1_methods", "p2_modes"])
def test_public_checks_have_more_lines_than_their_helpers(problem):
    checks = helpers = 0
    for node in ast.parse((ROOT / "assignments" / "public_checks" / f"{problem}.py").read_text()).body:
        decorators = getattr(node, "decorator_list", [])
        lines = node.end_lineno - min([node.lineno, *(d.lineno for d in decorators)]) + 1
        if any(isinstance(d, ast.Call) and getattr(d.func, "id", "") == "check" for d in decorators):
            checks += lines
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)):
            helpers += lines
    assert helpers < checks


def test_the_lock_has_a_hash_for_every_package_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"index-url|find-links|https?://", lock)
    for requirement in re.split(r"\n(?=\S)", lock.strip()):
        if not requirement.startswith("#"):
            assert "--hash=sha256:" in requirement, requirement.splitlines()[0]
