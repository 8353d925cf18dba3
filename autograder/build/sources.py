"""Reading the sources: `homework.toml`, the problems' notebooks, the solutions, the model answers."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from autograder.errors import HomeworkError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SECRET = "default"
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
SETTINGS: dict[str, tuple[type, Any]] = {
    "title": (str, None),
    "introduction": (str, None),
    "problems": (list, None),
    "requirements": (list, None),
    "student_requirements": (list, []),
    "gradescope": (dict, {}),
}


@dataclass(frozen=True)
class Settings:
    """What `homework.toml` says of one assignment.

    secret : what the inputs of hidden checks are derived from.
    gradescope : entries of Otter's otter_config.json, such as show_hidden.
    """

    name: str
    title: str
    introduction: str
    problems: list[str]
    requirements: list[str]
    student_requirements: list[str]
    gradescope: dict[str, Any]
    secret: str


@dataclass(frozen=True)
class Question:
    """One question: a cell of text, and either functions to write or a written answer.

    functions : name and source of each reference function, solution markers included.
    answer : the model answer and rubric in Markdown; None where the answer is code.
    """

    name: str
    points: float
    text: NotebookNode
    functions: dict[str, str] = field(default_factory=dict)
    answer: str | None = None

    @property
    def manual(self) -> bool:
        return self.answer is not None


@dataclass(frozen=True)
class Problem:
    """One problem: its cells in order, each either an ordinary one or a question."""

    name: str
    cells: list[NotebookNode | Question]

    @property
    def questions(self) -> list[Question]:
        return [cell for cell in self.cells if isinstance(cell, Question)]


def assignment_names() -> list[str]:
    """The names of all assignments in `homework.toml`."""
    return list(_toml()["assignments"])


def read_settings(name: str) -> Settings:
    """Read what `homework.toml` says of an assignment. Errors: HomeworkError."""
    toml = _toml()
    if name not in toml["assignments"]:
        known = ", ".join(toml["assignments"])
        raise HomeworkError(f"There is no assignment named {name}; homework.toml has {known}.")
    table, where = toml["assignments"][name], f"[assignments.{name}] in homework.toml"
    if not isinstance(table, dict):
        raise HomeworkError(f"{where} has to be a table.")
    for key in table:
        if key not in SETTINGS:
            raise HomeworkError(f"{where} has {key!r}; it may have {', '.join(SETTINGS)}.")
    values: dict[str, Any] = {}
    for key, (kind, default) in SETTINGS.items():
        value = table.get(key, default)
        if not isinstance(value, kind):
            what = "has no" if value is None else f"needs a {kind.__name__} as"
            raise HomeworkError(f"{where} {what} {key!r}.")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise HomeworkError(f"{where} needs strings in {key!r}.")
        values[key] = value
    if not values["problems"] or len(set(values["problems"])) < len(values["problems"]):
        raise HomeworkError(f"{where} needs problems, each once.")
    return Settings(name=name, secret=_secret(toml), **values)


def _toml() -> dict[str, Any]:
    path = ROOT / "assignments" / "homework.toml"
    try:
        toml = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise HomeworkError(f"homework.toml is not valid TOML: {error}.") from None
    if not isinstance(toml.get("assignments"), dict) or not toml["assignments"]:
        raise HomeworkError("homework.toml has no assignment; add a table [assignments.NAME].")
    return toml


def _secret(toml: dict[str, Any]) -> str:
    name = toml.get("secret_file")
    if name is None:
        return DEFAULT_SECRET
    path = ROOT / str(name)
    if not path.exists() and not path.is_symlink():
        return DEFAULT_SECRET
    secret = _read(path).strip()
    if len(secret) < 8:
        raise HomeworkError(f"{name} has to hold a secret of at least 8 characters; write one, or delete it.")
    return secret


def read_problem(name: str) -> Problem:
    """Read a problem's notebook, with the solutions of its questions. Errors: HomeworkError."""
    source = f"assignments/problems/{name}.md"
    notebook = read_notebook(name)
    solutions = _functions(name) if (ROOT / "solutions" / f"{name}.py").is_file() else {}
    answers = _answers(name)
    cells: list[NotebookNode | Question] = []
    remaining = list(notebook.cells)
    while remaining:
        cell = remaining.pop(0)
        question = cell.metadata.pop("question", None)
        if question is None:
            cells.append(cell)
            continue
        if not re.fullmatch(r"q\d+[a-z]", str(question)):
            raise HomeworkError(f"{source}: name the question {question!r} like q3b.")
        manual = cell.metadata.pop("manual", False)
        points = cell.metadata.pop("points", None)
        if cell.metadata:
            extra = ", ".join(cell.metadata)
            raise HomeworkError(f"{source}: {question} has {extra}; take that out of its +++ line.")
        if manual:
            cells.append(_written(source, cell, question, points, answers))
            continue
        if points is not None:
            raise HomeworkError(
                f"{source}: the points of {question} come from its checks; take 'points' out."
            )
        imported = remaining.pop(0) if remaining else None
        functions = _imported(source, question, name, imported, solutions)
        cells.append(Question(question, 0, cell, functions))
    problem = Problem(name, cells)
    _names_differ(source, [q.name for q in problem.questions])
    unanswered = set(answers) - {q.name for q in problem.questions if q.manual}
    if unanswered:
        raise HomeworkError(
            f"solutions/{name}.md answers {', '.join(sorted(unanswered))}, "
            f"which is no written question of {source}."
        )
    return problem


def read_notebook(name: str) -> NotebookNode:
    """Read a Markdown notebook of `assignments/problems/`. Errors: HomeworkError."""
    path = ROOT / "assignments" / "problems" / f"{name}.md"
    text = _read(path)
    if not text.startswith("---"):
        raise HomeworkError(f"{_relative(path)} has to start with jupytext's header; copy another's.")
    try:
        return jupytext.reads(text, fmt="md:myst")
    except Exception as error:
        said = " ".join(str(error).split())
        raise HomeworkError(f"{_relative(path)} cannot be read as a notebook: {said}") from None


def _written(
    source: str, cell: NotebookNode, question: str, points: Any, answers: dict[str, str]
) -> Question:
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 < points < 1e6:
        raise HomeworkError(f'{source}: give {question} points, as in {{"manual": true, "points": 4}}.')
    if question not in answers:
        file = Path(source).name
        raise HomeworkError(f"solutions/{file} has no section '## {question}'; write its model answer.")
    return Question(question, points, cell, answer=answers[question])


def _imported(
    source: str, question: str, problem: str, cell: NotebookNode | None, solutions: dict[str, str]
) -> dict[str, str]:
    """The functions that the cell after a question imports, and nothing else, from the solutions."""
    should = f"from solutions.{problem} import NAME"
    try:
        statements = ast.parse(cell.source).body if cell and cell.cell_type == "code" else []
    except SyntaxError:
        statements = []
    match statements:
        case [ast.ImportFrom(module=module, names=names)] if module == f"solutions.{problem}":
            pass
        case _:
            raise HomeworkError(f"{source}: the cell after {question} has to be '{should}' alone.")
    for alias in names:
        if alias.asname is not None:
            raise HomeworkError(f"{source}: {question} renames {alias.name}; import it by its own name.")
        if alias.name not in solutions:
            raise HomeworkError(
                f"{source}: {question} imports {alias.name}, which is no function of solutions/{problem}.py."
            )
    return {alias.name: solutions[alias.name] for alias in names}


def _functions(problem: str) -> dict[str, str]:
    """The source of each top-level function of a solutions module."""
    path = ROOT / "solutions" / f"{problem}.py"
    text = _read(path)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise HomeworkError(f"{_relative(path)} has a syntax error in line {error.lineno}.") from None
    functions = {}
    lines = text.splitlines()
    starts = [node.lineno - 1 for node in tree.body] + [len(lines)]
    for node, start, stop in zip(tree.body, starts, starts[1:], strict=False):
        if isinstance(node, ast.FunctionDef):
            # The closing mark is a comment, which no syntax tree has: take all up to the next statement.
            function = "\n".join(lines[start:stop]).rstrip()
            marks = [line.strip() for line in function.splitlines() if line.strip() in (BEGIN, END)]
            if marks != [BEGIN, END]:
                raise HomeworkError(
                    f"{_relative(path)}: put the body of {node.name} between one '{BEGIN}' and one '{END}'."
                )
            functions[node.name] = function
    return functions


def _answers(problem: str) -> dict[str, str]:
    """The sections '## qNx' of the model answers, by question."""
    path = ROOT / "solutions" / f"{problem}.md"
    if not path.is_file():
        return {}
    _, *parts = re.split(r"^## (q\d+[a-z])[^\S\n]*\n", _read(path), flags=re.MULTILINE)
    _names_differ(_relative(path), parts[::2])
    return dict(zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True))


def _names_differ(source: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise HomeworkError(f"{source} has {name} twice; rename one.")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HomeworkError(f"There is no file {_relative(path)}; write it first.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HomeworkError(f"{_relative(path)} cannot be read: {error}.") from None


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
