"""Packs the output of `otter assign` into zips. Their bytes depend only on the sources."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from autograder.builder.lock import grading_lock, student_lock
from autograder.builder.master import STUDENT_PACKAGES, number_cells, without_prompt
from autograder.builder.solution_page import to_html
from autograder.errors import FellShortError
from autograder.files import ROOT
from autograder.grading.process import ASSIGNMENT
from autograder.settings import Settings
from checking.export import PLACEHOLDER

DATE = (2026, 1, 1, 0, 0, 0)  # of all entries, so that the same sources give the same bytes
EXECUTABLE = {"setup.sh", "run_autograder"}
CONTAINER = [ROOT / "autograder" / "container" / name for name in (*sorted(EXECUTABLE), "run_otter.py")]


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip without compression or owners, all of one date, with its entries sorted by name."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system = 3
            info.external_attr = (0o100755 if name in EXECUTABLE else 0o100644) << 16
            archive.writestr(info, files[name])


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def normalise_notebook(path: Path) -> NotebookNode:
    """Rewrite a notebook of Otter's with cell ids that are the same in every build."""
    notebook = nbformat.read(path, as_version=4)
    number_cells(notebook)
    nbformat.write(notebook, path)
    return notebook


def student_files(folder: Path, settings: Settings) -> dict[str, bytes]:
    """The files for students from Otter's student directory, in one folder named after the assignment.

    The lock is for an environment of their own, the requirements for one that exists, as on a hub.
    """
    name = settings.name
    files = {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for part in (f"{name}.ipynb", "tests", *STUDENT_PACKAGES)
        for path in _files(folder / part)
    }
    lock = student_lock(settings)
    files[f"{name}/README.md"] = (ROOT / "assignments" / "student_readme.md").read_bytes()
    files[f"{name}/requirements.txt"] = ("\n".join(settings.requirements) + "\n").encode()
    files[f"{name}/requirements.lock"] = lock.encode()
    return files


def autograder_files(folder: Path, settings: Settings, described: dict[str, Any]) -> dict[str, bytes]:
    """The files of Otter's autograder zip, with our set-up and our runner instead of Otter's.

    described : what `homework grade` and `homework report` need to know about the assignment.
    """
    (path,) = folder.glob("*-autograder_*.zip")
    with zipfile.ZipFile(path) as archive:
        files = {
            name: archive.read(name)
            for name in archive.namelist()
            if not name.endswith("/") and "__pycache__" not in name
        }
    lock = grading_lock(settings)
    ours = {path.name: path.read_bytes() for path in CONTAINER}
    about = json.dumps(described, indent=2, ensure_ascii=False)
    return files | ours | {"requirements.lock": lock.encode(), ASSIGNMENT: about.encode()}


def solution_files(notebook: NotebookNode, folder: Path, name: str, title: str) -> dict[str, bytes]:
    """The solution notebook, executed in Otter's autograder directory, and its HTML page."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = without_prompt(cell.source)
    notebook.cells = [
        c for c in notebook.cells if "hand_in(" not in c.source and not c.source.startswith(PLACEHOLDER)
    ]
    # Sockets in the folder, because two kernels that start at the same moment can choose the same port.
    kernel = AsyncKernelManager(transport="ipc", ip=str(folder / "kernel"))
    place = {"metadata": {"path": str(folder)}}
    try:
        NotebookClient(notebook, km=kernel, timeout=300, resources=place).execute()
    except CellExecutionError as error:
        raise FellShortError(
            f"A cell of the solution notebook raised {error.ename}: {error.evalue}\n{_failed(notebook)}"
        ) from None
    _normalise_outputs(notebook)
    text = nbformat.writes(notebook)
    return {
        f"{name}-solutions.ipynb": text.encode(),
        f"{name}-solutions.html": to_html(notebook, f"{title}: solutions").encode(),
    }


def _failed(notebook: NotebookNode) -> str:
    """The source of the cell that raised."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return cell.source
    return ""


def _normalise_outputs(notebook: NotebookNode) -> None:
    """Remove what differs between runs from the outputs: times, warnings, and Otter's random symbol."""
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            data: dict[str, Any] = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = re.sub(r"(passed!) \S+(</p>)", r"\1\2", data["text/html"])


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write data as indented JSON."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def replace_folders(folders: Mapping[Path, Path]) -> None:
    """Replace older folders (the values) by finished ones (the keys).

    Everything is copied before anything is replaced, so a full disk leaves the older folders unchanged.
    """
    staged = {old: old.with_name(f".{old.name}.new") for old in folders.values()}
    try:
        for new, old in folders.items():
            shutil.rmtree(staged[old], ignore_errors=True)
            shutil.copytree(new, staged[old])
        for old, copy in staged.items():
            shutil.rmtree(old, ignore_errors=True)
            copy.rename(old)
    finally:
        for copy in staged.values():
            shutil.rmtree(copy, ignore_errors=True)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [p for p in sorted(path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
