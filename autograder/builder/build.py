"""Builds the three zips of an assignment, and proves that Otter grades them as registered."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import tempfile
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.builder.checks import Checks, load_assignment
from autograder.builder.master import PACKAGES, TEXTS, modules, write_master
from autograder.builder.otter_tools import Case, expect_registered, otter_assign, otter_run
from autograder.builder.package import (
    CONTAINER,
    autograder_files,
    normalise_notebook,
    replace_folders,
    sha256,
    solution_files,
    student_files,
    write_json,
    write_zip,
)
from autograder.builder.sources import Problem
from autograder.builder.test_files import write_test_files
from autograder.errors import FellShortError, HomeworkError
from autograder.files import ROOT
from autograder.grading.isolation import isolation_level
from autograder.sandbox import NONE
from autograder.settings import DEFAULT_SECRET, Settings, read_settings

BUILDER = ROOT / "autograder" / "builder"
ZIPS = ("student.zip", "autograder.zip", "solutions.zip")
VERSIONS = ("jupytext", "matplotlib", "nbconvert", "nbformat", "numpy", "otter-grader")


def build(name: str, out: Path) -> tuple[dict[str, Any], bool]:
    """Build an assignment into `out/name`, unless it is up to date.

    Parameters
    ----------
    name : the name of the assignment
    out : the folder for all assignments

    Returns
    -------
    dict
        The manifest.
    bool
        Whether anything was built.

    Raises
    ------
    HomeworkError
        If the build fails. `out` is then unchanged.
    """
    settings = read_settings(name)
    problems, checks = load_assignment(settings)
    master_folder, zip_folder = out.parent / "build" / name, out / name
    for folder, ours in ((master_folder, "autograder"), (zip_folder, "manifest.json")):
        if folder.is_symlink() or (folder.exists() and not (folder / ours).exists()):
            raise HomeworkError(
                f"{folder} already exists and was not built by this project; "
                "move it, or choose another --out."
            )
    if master_folder == zip_folder:
        raise HomeworkError(f"The master notebook is written into {out}; choose another --out.")
    fingerprint = _fingerprint(settings, problems)
    current = _current(zip_folder, fingerprint)
    if current is not None:
        return current, False
    out.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory(prefix="homework-") as scratch:
        workshop = Path(scratch)
        master = write_master(settings, problems, checks, workshop / "master")
        otter_assign(master, workshop / "otter")
        finished = _package(settings, problems, checks, workshop)
        manifest = finished | {"sources": fingerprint}
        write_json(workshop / "dist" / "manifest.json", manifest)
        replace_folders({workshop / "master": master_folder, workshop / "dist": zip_folder})
    return manifest, True


def _package(settings: Settings, problems: list[Problem], checks: Checks, workshop: Path) -> dict[str, Any]:
    """Make the zips in `workshop/dist`, grade with them, and return the manifest."""
    name, otter, dist = settings.name, workshop / "otter", workshop / "dist"
    dist.mkdir()
    template = otter / "student" / f"{name}.ipynb"
    solution = otter / "autograder" / f"{name}.ipynb"
    write_test_files(otter / "student", checks, hidden=False)
    tests = write_test_files(otter / "autograder", checks, hidden=True)
    normalise_notebook(template)
    notebook = normalise_notebook(solution)
    write_zip(dist / "student.zip", student_files(otter / "student", settings))
    described = {"name": name, "title": settings.title, "questions": _questions(problems, checks)}
    grading = autograder_files(otter / "autograder", settings, described)
    write_zip(dist / "autograder.zip", grading | tests)
    with ProcessPoolExecutor(2, get_context("spawn"), _prepare_to_grade) as processes:
        runs = [
            processes.submit(otter_run, submission, dist / "autograder.zip")
            for submission in (solution, template)
        ]
        solutions = processes.submit(solution_files, notebook, otter / "autograder", name, settings.title)
        full, blank = (run.result() for run in runs)
        write_zip(dist / "solutions.zip", solutions.result())
    return {
        "assignment": name,
        "title": settings.title,
        "points": _points(problems, checks),
        "scores": {
            "reference solution": _score(full, checks, everything=True),
            "blank template": _score(blank, checks, everything=False),
        },
        "secret": "none" if settings.secret == DEFAULT_SECRET else "your own",
        "versions": {"python": platform.python_version()} | {v: version(v) for v in VERSIONS},
        "sha256": {zip_name: sha256(dist / zip_name) for zip_name in ZIPS},
    }


def _prepare_to_grade() -> None:
    """Discard the logs of the kernels that this process starts, and grade even without isolation.

    Our own solution and template need no sandbox, but are graded in it if possible.
    """
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        isolation_level(None)
    except HomeworkError:
        os.environ["HOMEWORK_ISOLATION"] = NONE


def _questions(problems: list[Problem], checks: Checks) -> list[dict[str, Any]]:
    """The questions in order: name, title and points; of a written one, text and rubric in Markdown too."""
    found = []
    for question in (q for problem in problems for q in problem.questions):
        title = re.search(r"^## \S+ (.+)$", question.text.source, flags=re.MULTILINE)
        described: dict[str, Any] = {"question": question.name, "title": title[1] if title else ""}
        if question.manual:
            described |= {"points": question.points, "written": True}
            described |= {"text": question.text.source, "rubric": question.answer}
        else:
            described |= {"points": sum(check.points for check in checks[question.name]), "written": False}
        found.append(described)
    return found


def _points(problems: list[Problem], checks: Checks) -> dict[str, dict[str, float]]:
    points = {}
    for question in (q for p in problems for q in p.questions):
        if question.manual:
            points[question.name] = {"manual": question.points}
        else:
            points[question.name] = {
                "public": sum(c.points for c in checks[question.name] if not c.hidden),
                "hidden": sum(c.points for c in checks[question.name] if c.hidden),
            }
    return points


def _score(cases: list[Case], checks: Checks, everything: bool) -> float:
    """The points that Otter scored. They must be as registered, and all checks must pass or all must fail."""
    expect_registered(cases, checks)
    for case in cases:
        if case.passed != everything:
            what = "reference solution fails" if everything else "blank template passes"
            raise FellShortError(f"The {what} a check of {case.question}, '{case.title}': {case.message}")
    return sum(case.points for case in cases if case.passed)


def _fingerprint(settings: Settings, problems: list[Problem]) -> str:
    """A hash of everything that the zips of an assignment are made of."""
    digest = hashlib.sha256()
    code = [path for package in (*PACKAGES.values(), BUILDER) for path in modules(package, problems)]
    texts = [settings.introduction, *TEXTS, *settings.problems]
    markdown = [ROOT / "assignments" / "problems" / f"{name}.md" for name in texts]
    answers = [ROOT / "solutions" / f"{problem.name}.md" for problem in problems]
    others = [ROOT / "assignments" / "student_readme.md", ROOT / "requirements.lock", ROOT / "students.lock"]
    for path in (*code, *markdown, *answers, *others, *CONTAINER):
        if path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    digest.update(settings.model_dump_json(exclude={"extensions"}).encode())
    digest.update(repr([version(v) for v in VERSIONS]).encode())
    return digest.hexdigest()


def left_over(out: Path, names: Collection[str]) -> list[Path]:
    """The folders that were built for assignments with other names, which have been removed or renamed."""
    found = [*out.glob("*/manifest.json"), *(out.parent / "build").glob("*/autograder")]
    return [path.parent for path in sorted(found) if path.parent.name not in names]


def _current(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """The manifest of an earlier build, if it is complete and has the same sources."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        whole = all(sha256(folder / z) == manifest["sha256"][z] for z in ZIPS)
        return manifest if whole and manifest["sources"] == fingerprint else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
