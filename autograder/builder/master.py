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

from autograder.builder.sources import BEGIN, END, Given, Problem, Question, read_notebook
from autograder.errors import HomeworkError
from autograder.files import ROOT
from autograder.grading.process import PLUGIN
from autograder.hidden_checks import hidden
from autograder.settings import Settings
from checking import Check
from checking.outcomes import html_safe
from checking.registry import RegistryError, spoken
from public_checks import public

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


def load_checks(problems: list[Problem]) -> dict[str, list[Check]]:
    """The checks of each question, public ones first.

    Raises
    ------
    HomeworkError
        If the checks do not fit the questions.
    """
    try:
        every = public.checks() + hidden.checks()
    except RegistryError as error:
        raise HomeworkError(str(error)) from None
    except Exception as error:
        raise HomeworkError(f"The checks cannot be imported: {error!r}.") from None
    modules = {problem.name for problem in problems}
    found: dict[str, list[Check]] = {q.name: [] for p in problems for q in p.questions if not q.manual}
    functions = {f for p in problems for q in p.questions for f in q.functions}
    for check in every:
        module = check.function.__module__
        if module.rpartition(".")[2] not in modules:
            continue
        if check.question not in found:
            raise HomeworkError(
                f"{module} checks {check.question}, which is not a question with code of this problem; "
                "correct the name or write the question."
            )
        if check.name in {other.name for other in found[check.question]}:
            raise HomeworkError(
                f"{check.question} has two checks named {check.name}, a public and a hidden one; rename one."
            )
        for parameter in check.parameters:
            if parameter not in functions:
                raise HomeworkError(
                    f"{module}.{check.name} has the parameter {parameter}, which is not a function of this "
                    "assignment; correct it."
                )
        number = isinstance(check.points, (int, float)) and not isinstance(check.points, bool)
        if not number or not 0 < check.points < 1e6:
            raise HomeworkError(f"{module}.{check.name} needs points, a positive number.")
        found[check.question].append(check)
    problem = public.problem_with_uses(found)
    if problem is not None:
        raise HomeworkError(problem)
    for question, checks in found.items():
        for kind in {True, False} - {check.hidden for check in checks}:
            raise HomeworkError(
                f"{question} has no {'hidden' if kind else 'public'} check; "
                f"write one in {'autograder/hidden' if kind else 'assignments/public'}_checks."
            )
    return found


def write_master(
    settings: Settings, problems: list[Problem], checks: dict[str, list[Check]], folder: Path
) -> Path:
    """Write the master notebook and its packages into `folder`; return the notebook's path."""
    folder.mkdir(parents=True)
    for name, source in PACKAGES.items():
        _copy_package(source, folder / name, {p.name for p in problems})
    (folder / "autograder" / "hidden_checks" / "secret.txt").write_text(
        settings.secret + "\n", encoding="utf-8"
    )
    requirements = [*settings.requirements, *settings.grading_requirements]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")

    identity = identity_of(problems)
    cells = [_config_cell(settings, identity)]
    cells += read_notebook(settings.introduction).cells + read_notebook("first_cell").cells
    for problem in problems:
        for cell in problem.cells:
            if isinstance(cell, Question):
                cells += _question(cell, checks)
            else:
                cells.append(new_code_cell(cell.code) if isinstance(cell, Given) else cell)
    cells += read_notebook("handing_in").cells

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


def _copy_package(source: Path, target: Path, problems: set[str]) -> None:
    """Copy a package's modules; of p1_..., p2_..., only those of the given problems."""
    target.mkdir()
    for path in sorted(source.glob("*.py")):
        if not re.match(r"p\d+_", path.name) or path.stem in problems:
            shutil.copyfile(path, target / path.name)


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
        | settings.gradescope,
    }
    return _raw("ASSIGNMENT CONFIG", config)


def _question(question: Question, checks: dict[str, list[Check]]) -> list[NotebookNode]:
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
