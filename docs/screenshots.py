"""Make the pictures of the docs again, from a real build, a real grading and a real notebook.

    .venv/bin/python -m docs.screenshots [--jupyter JUPYTER]

JUPYTER is the command `jupyter` of an environment that was made as the student's zip says. Without it, the
picture of the notebook stays as it is. Everything needs Chromium, and `dist/` as `make` builds it.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Page

from autograder.files import ROOT
from autograder.mistakes import entries
from benchmarks.made_class import made_class
from tests.autograder.report.made import FIRST, LAST
from tests.chromium import chromium
from tests.helpers import fill, reference_answers, unzip

DOCS = Path(__file__).parent
ASSIGNMENT = "backprop"
DIST = ROOT / "dist" / ASSIGNMENT
CLASS = 30
# The student whose notebook and page are shown makes this mistake of the catalogue.
STUDENT, MISTAKE = "Ada_Bianchi", "the largest logit is subtracted in the sum only"
HEADING = "3(c) The logarithm of softmax"
SETTINGS = {  # of JupyterLab: no window that asks about news, and all cells are in the page
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',
}


def student_notebook(folder: Path, target: Path) -> Path:
    """Write the notebook of an unzipped student's zip, with the reference solution and one mistake."""
    (mistake,) = (e for e in entries("p3_linear_layer") if e.name == MISTAKE and e.question == "q3c")
    answers = reference_answers(ASSIGNMENT) | {mistake.function: mistake.source}
    return fill(folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", answers, target)


def grade_a_class(folder: Path) -> Path:
    """Grade a class of made submissions, make its report, and return the folder of grades."""
    (folder / "class").mkdir()
    rng = random.Random(0)
    names = [f"{first}_{last}" for first in FIRST.split() for last in LAST.split()]
    names.remove(STUDENT)
    for name, made in zip(rng.sample(names, CLASS), made_class(ASSIGNMENT, CLASS), strict=True):
        nbformat.write(made.notebook, folder / "class" / f"{name}.ipynb")
    student_notebook(folder, folder / "class" / f"{STUDENT}.ipynb")
    homework("grade", DIST / "autograder.zip", folder / "class", "--out", folder / "grades")
    homework("report", folder / "grades")
    return folder / "grades"


def homework(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "autograder.cli", *arguments], check=True)


def take(page: Page, address: str, target: str, height: int) -> None:
    """Save a picture of the window, whose top is at the place that the address ends with."""
    page.set_viewport_size({"width": 1000, "height": height})
    page.goto(address)
    page.screenshot(path=DOCS / target)


@contextmanager
def jupyter_lab(jupyter: Path, folder: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves a folder."""
    for name, text in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command: list[str | Path] = [jupyter, "lab", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    command += ["--ip=127.0.0.1", f"--port={port}", f"--ServerApp.root_dir={folder / ASSIGNMENT}"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    with (
        open(folder / "jupyter.log", "w") as log,
        subprocess.Popen(
            command,
            env=kept | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "HOME": str(folder)},
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            while server.poll() is None and socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/doc/tree/{ASSIGNMENT}.ipynb"
        finally:
            server.terminate()


def take_notebook(page: Page, jupyter: Path, folder: Path) -> None:
    """Run all cells in JupyterLab, and save a picture of a question whose check fails."""
    student_notebook(folder, folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    page.set_default_timeout(120_000)
    page.set_viewport_size({"width": 1012, "height": 725})
    with jupyter_lab(jupyter, folder) as address:
        page.goto(address)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.locator("pre", has_text="Nothing is handed in yet.").wait_for()
        page.get_by_role("heading", name=HEADING).evaluate("heading => heading.scrollIntoView()")
        page.mouse.move(0, 0)
        page.screenshot(path=DOCS / "feedback.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jupyter", type=Path)
    jupyter = parser.parse_args().jupyter
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        folder = Path(temporary)
        unzip(DIST / "student.zip", folder)
        unzip(DIST / "solutions.zip", folder / "solutions")
        page = browser.new_page()
        if jupyter is not None:
            take_notebook(page, jupyter, folder)
        (solutions,) = (folder / "solutions").rglob("*.html")
        take(page, f"{solutions.as_uri()}#3(g)-In-words", "solutions.png", 700)
        grades = grade_a_class(folder)
        report = (grades / "report.html").as_uri()
        take(page, report, "report.png", 765)
        take(page, f"{report}#mistakes", "mistakes.png", 542)
        take(page, (grades / "feedback" / f"{STUDENT}.html").as_uri(), "student.png", 350)


if __name__ == "__main__":
    main()
