"""Writes the master notebook for `otter assign`."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from autograder.builder.checks import Checks
from autograder.builder.heading import heading
from autograder.builder.sources import BEGIN, END, Given, Problem, Question, read_notebook
from autograder.builder.withheld import move_hidden_checks
from autograder.files import ROOT
from autograder.grading.process import PLUGIN
from autograder.settings import Settings
from checking import Check
from checking.outcomes import html_safe
from checking.registry import spoken

# What JupyterLab writes. If a notebook has anything else, also another version, it opens as unsaved. The
# version of the student is not known; this one is that of Ubuntu 24.04.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.12.3",
}

TEXTS = ("first_cell", "handing_in")  # the notebooks in assignments/problems/ that every assignment has
STUDENT_PACKAGES = ("checking", "gradcheck", "public_checks")  # of assignments/
INSTRUCTOR_PACKAGES = (
    "autograder",
    "autograder/grading",
    "autograder/hidden_checks",
    "autograder/mistakes",
    "autograder/sandbox",
    "solutions",
)
PACKAGES = {name: ROOT / "assignments" / name for name in STUDENT_PACKAGES} | {
    name: ROOT / name for name in INSTRUCTOR_PACKAGES
}


def write_master(settings: Settings, problems: list[Problem], checks: Checks, folder: Path) -> Path:
    """Write the master notebook and its packages into `folder`; return the notebook's path."""
    folder.mkdir(parents=True)
    for name, source in PACKAGES.items():
        (folder / name).mkdir()
        for path in modules(source, problems):
            shutil.copyfile(path, folder / name / path.name)
    for problem in problems:
        public, hidden = folder / "public_checks", folder / "autograder" / "hidden_checks"
        move_hidden_checks(problem.name, checks, public, hidden)
    (folder / "autograder" / "hidden_checks" / "secret.txt").write_text(
        settings.secret + "\n", encoding="utf-8"
    )
    requirements = [*settings.requirements, *settings.grading_requirements]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")

    first, last = TEXTS
    identity = identity_of(problems)
    cells = [_config_cell(settings, identity)]
    cells.append(new_markdown_cell(heading(settings, problems, checks)))
    cells += read_notebook(settings.introduction).cells + read_notebook(first).cells
    for problem in problems:
        for cell in problem.cells:
            if isinstance(cell, Question):
                cells += _question(cell, checks)
            else:
                cells.append(new_code_cell(cell.code) if isinstance(cell, Given) else cell)
    cells += read_notebook(last).cells

    notebook = new_notebook(cells=cells)
    written = [spoken(q.name).removeprefix("Question ") for p in problems for q in p.questions if q.manual]
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": LANGUAGE,
        "homework": {"assignment": settings.name, "build": identity, "written": written},
    }
    number_cells(notebook)
    path = folder / f"{settings.name}.ipynb"
    nbformat.write(notebook, path)
    return path


def identity_of(problems: list[Problem]) -> str:
    """An identifier of the students' questions: builds with different questions have different ones."""
    digest = hashlib.sha256()
    for question in (question for problem in problems for question in problem.questions):
        stubs = [stub(question.name, function) for function in question.functions.values()]
        digest.update("\0".join([question.name, question.text.source, *stubs, ""]).encode())
    return digest.hexdigest()[:12]


def number_cells(notebook: NotebookNode) -> None:
    """Give the cells the same ids in every build; nbformat draws random ones."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"


def stub(question: str, function: str) -> str:
    """The function in the student's notebook: its signature, its docstring, and an exception."""
    return re.sub(rf"{BEGIN}.*{END}", lambda _: _stub_body(question), function, flags=re.DOTALL)


def _stub_body(question: str) -> str:
    """The lines that students replace, the first one without its indentation."""
    return f'# YOUR CODE HERE (replace the next line)\n    raise NotImplementedError("{spoken(question)}")'


def modules(package: Path, problems: list[Problem]) -> list[Path]:
    """The modules of a package; of p1_..., p2_..., only those of the given problems."""
    names = {problem.name for problem in problems}
    every = sorted(package.glob("*.py"))
    return [path for path in every if path.stem in names or not re.match(r"p\d+_", path.name)]


def _config_cell(settings: Settings, identity: str) -> NotebookNode:
    config: dict[str, Any] = {
        "init_cell": False,
        "export_cell": False,
        "show_question_points": True,
        "requirements": "requirements.txt",
        "files": list(STUDENT_PACKAGES),
        "autograder_files": [name for name in INSTRUCTOR_PACKAGES if "/" not in name],
        "tests": {"files": True, "ok_format": False},
        "generate": {"plugins": [{PLUGIN: {"assignment": settings.name, "build": identity}}]}
        | settings.gradescope.model_dump(exclude_unset=True),
    }
    return _raw("ASSIGNMENT CONFIG", config)


def _question(question: Question, checks: Checks) -> list[NotebookNode]:
    config: dict[str, Any] = {"name": question.name}
    if question.answer is not None:
        config |= {"manual": True, "points": question.points}
        inside = [_raw("BEGIN SOLUTION"), new_markdown_cell(question.answer), _raw("END SOLUTION")]
    else:
        code = "\n\n\n".join(_with_prompt(question.name, f) for f in question.functions.values())
        inside = [_raw("BEGIN SOLUTION"), new_code_cell(code), _raw("END SOLUTION")]
        tests = [_test_cell(check) for check in checks[question.name]]
        inside += [_raw("BEGIN TESTS"), *tests, _raw("END TESTS")]
    return [_raw("BEGIN QUESTION", config), question.text, *inside, _raw("END QUESTION")]


def _raw(boundary: str, config: dict[str, Any] | None = None) -> NotebookNode:
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True) if config else ""
    return new_raw_cell(f"# {boundary}\n{text}".rstrip())


def _with_prompt(question: str, function: str) -> str:
    """The function with Otter's markup for the code to remove and the code to leave instead."""
    prompt = f'""" # BEGIN PROMPT\n    {_stub_body(question)}\n    """; # END PROMPT'
    return function.replace(BEGIN, f"{BEGIN} NO PROMPT").replace(END, f"{END}\n    {prompt}")


def without_prompt(code: str) -> str:
    """The code of a solution without Otter's markup."""
    code = re.sub(r'\n    """ # BEGIN PROMPT\n.*?""";? # END PROMPT', "", code, flags=re.DOTALL)
    return re.sub(rf"\n *({BEGIN}( NO PROMPT)?|{END})(?=\n|$)", "", code)


def _test_cell(check: Check) -> NotebookNode:
    """The check in Otter's form: no decorator, no defaults, imports inside, a unique name."""
    title = python_text(check.title)
    config = {
        "points": check.points,
        "hidden": check.hidden,
        "success_message": title,
        "failure_message": title,
    }
    package = "autograder.hidden_checks" if check.hidden else "public_checks"
    lines = [
        '""" # BEGIN TEST CONFIG',
        *yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=1000).splitlines(),
        '""" # END TEST CONFIG',
        f"def {check.question}_{check.name}(env):",
        f"    from {package} import run",
        f"    run({json.dumps(check.question)}, {json.dumps(check.name)}, env)",
    ]
    return new_code_cell("\n".join(lines))


def python_text(title: str) -> str:
    """A title, escaped for the double quotes in Otter's test file."""
    return json.dumps(html_safe(title), ensure_ascii=False)[1:-1]
