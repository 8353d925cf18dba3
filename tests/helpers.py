"""What several tests do to notebooks, zips and commands."""

import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat

from autograder.build.settings import read_settings
from autograder.build.sources import read_problem


def unzip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def without_plugin(autograder: Path, target: Path) -> Path:
    """Write a copy of an autograder zip with which Otter grades by itself, without the sandbox."""
    with zipfile.ZipFile(autograder) as ours, zipfile.ZipFile(target, "w") as plain:
        for name in ours.namelist():
            data = ours.read(name)
            if name == "otter_config.json":
                data = json.dumps(json.loads(data) | {"plugins": []}).encode()
            plain.writestr(name, data)
    return target


def fill(template: Path, answers: dict[str, str], target: Path) -> Path:
    """Write a copy of a notebook in which the stubs of these functions are replaced by source text."""
    notebook = nbformat.read(template, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("def "):
            stubs = re.split(r"\n\n\n(?=def )", cell.source)
            names = [stub.partition("def ")[2].partition("(")[0] for stub in stubs]
            parts = [answers.get(name, stub) for name, stub in zip(names, stubs, strict=True)]
            cell.source = "\n\n\n".join(parts)
    nbformat.write(notebook, target)
    return target


def reference_answers(assignment: str = "backprop") -> dict[str, str]:
    """The reference solution: source text by function name."""
    problems = [read_problem(p) for p in read_settings(assignment).problems]
    return {n: s for p in problems for q in p.questions for n, s in q.functions.items()}


def write_assignments(project: Path, assignments: dict[str, list[str]]) -> None:
    """Let `homework.toml` of a copy of the project have assignments of these problems, and no others."""
    toml = project / "assignments" / "homework.toml"
    tables = [
        f'[assignments.{name}]\ntitle = "A test"\nintroduction = "backprop"\nproblems = {json.dumps(p)}\n'
        for name, p in assignments.items()
    ]
    toml.write_text("\n".join([toml.read_text().partition("[assignments.")[0], *tables]))


def run_homework(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the `homework` command of a copy of the project, in that copy's folder."""
    path = os.pathsep.join(str(project / folder) for folder in ("", "assignments", "autograder"))
    return subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments],
        cwd=project,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": tempfile.mkdtemp()},
        capture_output=True,
        text=True,
        timeout=300,
    )
