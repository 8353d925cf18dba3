"""Shared helpers of the tests, for notebooks, zips and commands."""

import copy
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.builder.otter_tools import Case
from autograder.builder.sources import read_problem
from autograder.mistakes import entries
from autograder.sandbox import NONE, reachable_level
from autograder.settings import read_settings
from checking.boundary import Submission

# Seconds after which a hanging program is stopped. No test depends on the speed of the machine.
BACKSTOP = 1800

LEVEL, _why = reachable_level()
isolated = pytest.mark.skipif(LEVEL == NONE, reason="no isolation here: " + _why)


def sampled(cases: Iterable[Any], one_in: int, always: Container[Any] = ()) -> list[Any]:
    """All cases, as parameters of a test. `make test` runs a sample, `make test-all` the rest.

    one_in : the sample has one of every `one_in` neighboring cases, drawn with a fixed seed, so each part of
        an ordered table is represented.
    always : cases that are always in the sample.
    """
    rng, cases = random.Random(0), list(cases)
    blocks = [range(start, min(start + one_in, len(cases))) for start in range(0, len(cases), one_in)]
    drawn = {rng.choice(block) for block in blocks}
    return [
        case if number in drawn or case in always else pytest.param(case, marks=pytest.mark.exhaustive)
        for number, case in enumerate(cases)
    ]


def unzip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def autograder_tree(autograder: Path, top: Path) -> Path:
    """A folder like Gradescope's /autograder: the zip is unpacked, and there is no submission yet."""
    for name in ("submission", "results"):
        (top / name).mkdir(parents=True)
    unzip(autograder, top / "source")
    return top


def rewritten(path: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write a copy of a zip in which `change(name, content)` replaces the content of every file.

    If it returns None, the file is left out.
    """
    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(target, "w") as other:
        for name in ours.namelist():
            changed = change(name, ours.read(name))
            if changed is not None:
                other.writestr(name, changed)
    return target


def with_questions(autograder: Path, target: Path, questions: Container[str]) -> Path:
    """Write a copy of an autograder zip that grades only these questions."""

    def kept(name: str, data: bytes) -> bytes | None:
        path = Path(name)
        return None if path.parent.name == "tests" and path.stem not in questions else data

    return rewritten(autograder, target, kept)


def without_plugin(autograder: Path, target: Path) -> Path:
    """Write a copy of an autograder zip with which Otter grades alone, without the sandbox."""

    def plain(name: str, data: bytes) -> bytes:
        if name != "otter_config.json":
            return data
        return json.dumps(json.loads(data) | {"plugins": []}).encode()

    return rewritten(autograder, target, plain)


def score(cases: Iterable[Case]) -> dict[str, float]:
    """The earned points, by question."""
    points: dict[str, float] = {}
    for case in cases:
        points[case.question] = points.get(case.question, 0) + case.points * case.passed
    return points


def fill(template: Path, answers: dict[str, str], target: Path) -> Path:
    """Write a copy of a notebook in which the stubs of these functions are replaced by source text."""
    nbformat.write(filled(nbformat.read(template, as_version=4), answers), target)
    return target


def filled(template: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """A copy of a notebook in which the stubs of these functions are replaced by source text."""
    notebook = copy.deepcopy(template)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("def "):
            stubs = re.split(r"\n\n\n(?=def )", cell.source)
            names = [stub.partition("def ")[2].partition("(")[0] for stub in stubs]
            parts = [answers.get(name, stub) for name, stub in zip(names, stubs, strict=True)]
            cell.source = "\n\n\n".join(parts)
    return notebook


def gradable_entries(assignment: str, right: bool) -> list[Any]:
    """The catalogue's right or wrong entries without those that use `gradcheck`, which no sandbox has."""
    return [
        entry
        for problem in read_settings(assignment).problems
        for entry in entries(problem)
        if entry.right == right and "gradcheck" not in entry.source
    ]


def carrying(answers: dict[str, str], entry: Any) -> dict[str, str]:
    """Answers in which an entry of the catalogue replaces its function."""
    return answers | {entry.function: f"{answers[entry.function]}\n\n\n{entry.source}"}


def submission_of(body: str) -> Submission:
    """A notebook that defines one function `f` of `z` with this body."""
    names: dict[str, Any] = {"np": np}
    exec(f"def f(z):\n    {body}", names)
    return Submission(names)


def execute(notebook: NotebookNode, folder: Path, allow_errors: bool = False) -> None:
    """Run all cells of a notebook in a kernel that is started in this folder."""
    NotebookClient(
        notebook,
        timeout=BACKSTOP,
        startup_timeout=BACKSTOP,
        iopub_timeout=BACKSTOP,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def share_packages(python: Path, folder: Path) -> Path:
    """Make a virtual environment with the packages of this one; return its folder of packages."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "ours.pth").write_text("\n".join(ours) + "\n")
    return packages


def reference_answers(assignment: str = "backprop") -> dict[str, str]:
    """The reference solution: source text by function name."""
    problems = [read_problem(p) for p in read_settings(assignment).problems]
    return {n: s for p in problems for q in p.questions for n, s in q.functions.items()}


def write_assignments(project: Path, assignments: dict[str, list[str]]) -> None:
    """Replace the assignments in `homework.toml` of a copy of the project by these."""
    toml = project / "assignments" / "homework.toml"
    tables = [
        f'[assignments.{name}]\ntitle = "A test"\nintroduction = "backprop"\nproblems = {json.dumps(p)}\n'
        for name, p in assignments.items()
    ]
    toml.write_text("\n".join([toml.read_text().partition("[assignments.")[0], *tables]))


def run_homework(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the `homework` command of a copy of the project in the folder of the copy."""
    path = os.pathsep.join(str(project / folder) for folder in ("", "assignments"))
    return subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments],
        cwd=project,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": tempfile.mkdtemp()},
        capture_output=True,
        text=True,
        timeout=BACKSTOP,
    )
