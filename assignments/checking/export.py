"""The last step: hand in the notebook in the file, which must be the notebook on the screen."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import re
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.core.inputtransformer2 import TransformerManager

NOT_YET = """Nothing is handed in yet. When you want to hand in:
1. Save the notebook (Ctrl+S, or Cmd+S on a Mac).
2. Run this cell once more, by itself."""
NO_GRADER = "Run the first cell of the notebook, then this cell twice."
ON_COLAB = "Otter cannot make the zip on Colab. Choose File, Download, Download .ipynb, and upload that file."
PLACEHOLDER = "_Type your answer here"
HEADING = re.compile(r"^## (\d+\([a-z]\))", flags=re.MULTILINE)
BEGIN, END = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"  # Otter's marks around a written question
SHOWN = 40  # characters of a written answer

Points = Mapping[str, tuple[float, float]]


class NotHandedInError(Exception):
    """Nothing was handed in. The message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows instead of a traceback."""
        return [f"Nothing is handed in. {self}"]


def hand_in(namespace: Mapping[str, Any]) -> None:
    """Make the zip that students upload, and say what is in it.

    This needs two runs of the cell in a row: "Run All" runs it once, so it hands in nothing.

    Parameters
    ----------
    namespace : the notebook's global names.

    Raises
    ------
    NotHandedInError : the notebook's file is missing, or is not what ran last.
    """
    grader = namespace.get("grader")
    if grader is None:
        raise NotHandedInError(NO_GRADER)
    if not _ran_before():
        print("\n".join([NOT_YET, *_old_zip(namespace)]))
        return
    if getattr(grader.interpreter, "name", "") == "COLAB":
        print(ON_COLAB)
        return
    path = find_notebook(namespace)
    target = path.with_suffix(".zip")
    target.unlink(missing_ok=True)
    expect_saved(path, namespace)
    written = written_answers(path)
    saved = path.stat().st_mtime
    at, texts = clock(saved), " or a text" if written else ""
    print(
        f"This hands in {path.name} as it was saved at {at}, {ago(time.time() - saved)}.\n"
        f"If you have changed code{texts} since then, save and run this cell again.\n\n"
        "Running the public checks ...",
        flush=True,
    )
    grader.export(path.name, export_path=target.name, pdf=False, ignore_log=True, display_link=False)
    print(f"\n{summary(_points(path, target), written)}\n")
    print(
        f"Upload {target.name}. It is in the folder of the notebook and holds what was saved at {at}.\n"
        f"Is something missing{' or older than what you see above' if written else ''}? "
        "Save and run this cell again."
    )


def clock(when: float) -> str:
    """A time of today as "14:05"; an earlier one with its date."""
    then, now = time.localtime(when), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%H:%M on %Y-%m-%d", then)


def ago(seconds: float) -> str:
    """How long ago: "12 minutes ago"."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def _old_zip(namespace: Mapping[str, Any]) -> list[str]:
    """A line about the zip of an earlier time, if there is one."""
    with contextlib.suppress(NotHandedInError, OSError):
        target = find_notebook(namespace).with_suffix(".zip")
        made = clock(target.stat().st_mtime)
        return [f"There is an old {target.name}, made at {made}. Do not upload it: a new one replaces it."]
    return []


def find_tests() -> None:
    """Expect the folder of the public checks beside the notebook.

    Raises
    ------
    ModuleNotFoundError : there is none, as for a package that is missing.
    """
    if not Path("tests").is_dir():
        raise ModuleNotFoundError("there is no folder tests", name="tests")


def _ran_before() -> bool:
    """Whether the cell that runs now also ran just before."""
    shell: Any = get_ipython()
    ran = shell.history_manager.input_hist_raw if shell is not None else []
    return len(ran) > 1 and ran[-1].strip() == ran[-2].strip()


def find_notebook(namespace: Mapping[str, Any]) -> Path:
    """The notebook's file: the one that JupyterLab or VS Code names, otherwise the only notebook here.

    Raises
    ------
    NotHandedInError : there is no such file.
    """
    for told in (os.environ.get("JPY_SESSION_NAME"), namespace.get("__vsc_ipynb_file__")):
        if told and told.endswith(".ipynb") and Path(Path(told).name).is_file():
            return Path(Path(told).name)
    found = sorted(Path().glob("*.ipynb"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotHandedInError(
            f"There is no notebook in {Path.cwd()}. Save it there, beside the folder tests, and run this "
            "cell again."
        )
    names = ", ".join(path.name for path in found)
    raise NotHandedInError(
        f"There are several notebooks here: {names}. Move the others to another folder, and run this cell "
        "again."
    )


def expect_saved(path: Path, namespace: Mapping[str, Any]) -> None:
    """Expect the file to hold the functions that are in memory.

    Only functions can be compared; text and other code cannot.

    Parameters
    ----------
    path : the notebook's file.
    namespace : the notebook's global names.

    Raises
    ------
    NotHandedInError : a function was changed and run but not saved.
    """
    saved = _saved_functions(path)
    for name, value in namespace.items():
        if isinstance(value, FunctionType) and value.__globals__ is namespace and name in saved:
            try:
                ran = _functions(inspect.getsource(value))
            except (OSError, TypeError, SyntaxError):
                continue
            if name in ran and ran[name] != saved[name]:
                raise NotHandedInError(
                    f"{name} in the file {path.name} is not the {name} that you ran last. Save the "
                    "notebook (Ctrl+S, or Cmd+S on a Mac) and run this cell again. If it is saved, run "
                    f"the cell with {name} first."
                )


def _points(path: Path, target: Path) -> Points:
    """The points and the possible points of the public checks by question, empty if they cannot run.

    Otter runs the notebook in the zip from the top, in a process of its own.
    """
    from otter.check.utils import grade_zip_file

    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.suppress(Exception),  # the zip is complete without it
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # ipykernel warns about the connection to that process
        results = grade_zip_file(target.name, path.name, "./tests").results
        return {name: (float(file.score), float(file.possible)) for name, file in results.items()}
    return {}


def written_answers(path: Path) -> dict[str, str | None]:
    """The written questions, and the text of each: empty without an answer, None without a cell for it.

    An answer is what stands between the question and Otter's mark, as in grading. The notebook's metadata
    names the questions too, so that one whose cells are deleted is not forgotten.
    """
    found: dict[str, str | None] = dict.fromkeys(_written_questions(path))
    question = None
    for cell in _cells(path):
        heading = HEADING.search(cell["source"]) if cell["cell_type"] == "markdown" else None
        if heading:
            question = heading[1] if BEGIN in cell["source"] else None
            if question:
                found.setdefault(question)
        elif END in cell["source"]:
            question = None
        elif question:
            text = re.sub(f"{PLACEHOLDER}[^_]*_", "", cell["source"])
            found[question] = f"{found[question] or ''}\n\n{text}".strip()
    return found


def summary(points: Points, written: Mapping[str, str | None]) -> str:
    """The table of questions, and what happens with those that miss something.

    points : the points and the possible points of the public checks, by question.
    written : the written questions and their answers, see `written_answers`.
    """
    ordered = sorted(points, key=lambda name: (len(name), name))
    spoken = {f"{name[1:-1]}({name[-1]})": points[name] for name in ordered}
    failing = [name for name, (score, most) in spoken.items() if score < most]
    rows = {name: _beginning(answer) for name, answer in written.items()}
    for name, (score, most) in spoken.items():
        rows[name] = f"{score:5g} of {most:g}{', A CHECK FAILS' if name in failing else ''}"
    lines = ["question   points of the public checks"]
    lines += [f"{name:<9}{rows[name]}" for name in sorted(rows, key=lambda name: (len(name), name))]
    if not points:
        return "\n".join([*lines, "The public checks cannot run here. The zip is complete all the same."])
    score, most = (sum(part) for part in zip(*points.values(), strict=True))
    lines.append(f"{'all':<9}{score:5g} of {most:g}")
    if failing:
        lines.append(
            f"\nA check fails in {', '.join(failing)}.\nYou can hand in like this. But you lose the points "
            "of the checks that fail, and perhaps more in the hidden checks."
        )
    return "\n".join(lines)


def _beginning(answer: str | None) -> str:
    """What the summary says about a written answer."""
    if answer is None:
        return "written, NO ANSWER CELL FOUND"
    if not answer:
        return "written, NOT ANSWERED YET"
    text = " ".join(answer.split())
    return f"written: {text if len(text) <= SHOWN else text[:SHOWN].rstrip() + ' ...'}"


def _written_questions(path: Path) -> list[str]:
    """The written questions that the notebook's metadata names."""
    metadata = _notebook(path).get("metadata")
    ours = metadata.get("homework") if isinstance(metadata, dict) else None
    names = ours.get("written") if isinstance(ours, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _cells(path: Path) -> list[dict[str, Any]]:
    """The cells in the notebook's file, the source of each as one string."""
    try:
        cells = _notebook(path)["cells"]
        return [{**cell, "source": "".join(cell["source"])} for cell in cells if cell["cell_type"]]
    except (KeyError, TypeError):
        raise _unreadable(path) from None


def _notebook(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> NotHandedInError:
    return NotHandedInError(f"{path.name} cannot be read as a notebook. Save it again.")


def _saved_functions(path: Path) -> dict[str, str]:
    """The functions that the file's code cells define; of several with one name, the last."""
    found: dict[str, str] = {}
    for code in (cell["source"] for cell in _cells(path) if cell["cell_type"] == "code"):
        with contextlib.suppress(SyntaxError):
            found |= _functions(TransformerManager().transform_cell(code))
    return found


def _functions(code: str) -> dict[str, str]:
    """The top-level functions of a piece of code, by name, as syntax trees without comments."""
    return {node.name: ast.dump(node) for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)}
