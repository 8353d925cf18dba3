"""Reads a problem's sources: its notebook, its reference solution and its model answers."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode

from autograder.errors import HomeworkError
from autograder.files import ROOT, read_text, relative

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
GIVEN = "given"


@dataclass(frozen=True)
class Given:
    """Code from the solutions that students get unchanged, such as a class that questions use."""

    code: str


@dataclass(frozen=True)
class Question:
    """One question: a cell of text, and either functions to write or a written answer.

    functions : the name and source of each reference function, with its solution markers.
    answer : the model answer and rubric in Markdown; None if the answer is code.
    """

    name: str
    points: float
    text: NotebookNode
    functions: dict[str, str] = field(default_factory=dict)
    answer: str | None = None

    @property
    def manual(self) -> bool:
        return self.answer is not None


Cell = NotebookNode | Given | Question


@dataclass(frozen=True)
class Problem:
    """One problem: its cells in order. Each is an ordinary cell, given code, or a question."""

    name: str
    cells: list[Cell]

    @property
    def texts(self) -> list[str]:
        """The text of its Markdown cells."""
        cells = [c.text if isinstance(c, Question) else c for c in self.cells if not isinstance(c, Given)]
        return [cell.source for cell in cells if cell.cell_type == "markdown"]

    @property
    def questions(self) -> list[Question]:
        return [cell for cell in self.cells if isinstance(cell, Question)]


def read_problem(name: str) -> Problem:
    """Read a problem's notebook and the solutions of its questions.

    Raises
    ------
    HomeworkError
        If a source is missing or invalid.
    """
    source = f"assignments/problems/{name}.md"
    notebook = read_notebook(name)
    solutions = _functions(name) if (ROOT / "solutions" / f"{name}.py").is_file() else {}
    answers = _answers(name)
    cells: list[Cell] = []
    remaining = list(notebook.cells)
    while remaining:
        cell = remaining.pop(0)
        question = cell.metadata.pop("question", None)
        if question is None:
            cells.append(_given(source, name, cell, solutions) if _is_given(cell) else cell)
            continue
        if not re.fullmatch(r"q\d+[a-z]", str(question)):
            raise HomeworkError(f"{source}: rename the question {question!r}; names look like q3b.")
        manual = cell.metadata.pop("manual", False)
        points = cell.metadata.pop("points", None)
        if cell.metadata:
            extra = ", ".join(cell.metadata)
            raise HomeworkError(
                f"{source}: {question} has unknown keys ({extra}) in its +++ line; remove them."
            )
        if manual:
            cells.append(_written(source, cell, question, points, answers))
            continue
        if points is not None:
            raise HomeworkError(f"{source}: the points of {question} come from its checks; remove 'points'.")
        imported = remaining.pop(0) if remaining else None
        functions = _imported(source, question, name, imported, solutions)
        cells.append(Question(question, 0, cell, functions))
    problem = Problem(name, cells)
    _names_differ(source, [q.name for q in problem.questions])
    unanswered = set(answers) - {q.name for q in problem.questions if q.manual}
    if unanswered:
        raise HomeworkError(
            f"solutions/{name}.md answers {', '.join(sorted(unanswered))}, "
            f"which is not a written question of {source}."
        )
    return problem


def read_notebook(name: str) -> NotebookNode:
    """Read a Markdown notebook in `assignments/problems/`; raise a HomeworkError if that fails."""
    path = ROOT / "assignments" / "problems" / f"{name}.md"
    text = read_text(path)
    if not text.startswith("---"):
        raise HomeworkError(f"{relative(path)} must start with jupytext's header; copy it from another file.")
    try:
        return jupytext.reads(text, fmt="md:myst")
    except Exception as error:
        said = " ".join(str(error).split())
        raise HomeworkError(f"{relative(path)} cannot be read as a notebook: {said}") from None


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
    """The functions that the cell after a question imports from the solutions. It must do nothing else."""
    statements = _statements(cell)
    if len(statements) != 1 or not _is_import(statements[0], problem):
        raise HomeworkError(
            f"{source}: the cell after {question} must contain only 'from solutions.{problem} import NAME'."
        )
    return _named(f"{source}: {question}", problem, statements[0], solutions, marked=True)


def _is_given(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and GIVEN in cell.metadata.get("tags", [])


def _given(source: str, problem: str, cell: NotebookNode, solutions: dict[str, str]) -> Given:
    """The code of a cell with the tag `given`, with the imported code instead of the import."""
    statements = _statements(cell)
    if not statements or not _is_import(statements[-1], problem):
        raise HomeworkError(
            f"{source}: a cell with the tag '{GIVEN}' must end with 'from solutions.{problem} import NAME'."
        )
    named = _named(f"{source}: a given cell", problem, statements[-1], solutions, marked=False)
    others = [ast.unparse(statement) for statement in statements[:-1]]
    return Given("\n\n\n".join(["\n".join(others)] * bool(others) + list(named.values())))


def _statements(cell: NotebookNode | None) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body if cell and cell.cell_type == "code" else []
    except SyntaxError:
        return []


def _is_import(statement: ast.stmt, problem: str) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == f"solutions.{problem}"


def _named(
    where: str, problem: str, statement: ast.stmt, solutions: dict[str, str], marked: bool
) -> dict[str, str]:
    """The source of the names imported from the solutions: functions to write (marked), or given code."""
    assert isinstance(statement, ast.ImportFrom)
    for alias in statement.names:
        if alias.asname is not None:
            raise HomeworkError(f"{where} renames {alias.name}; import it under its own name.")
        if alias.name not in solutions:
            raise HomeworkError(
                f"{where} imports {alias.name}, which is not a function of solutions/{problem}.py."
            )
        if marked != (BEGIN in solutions[alias.name]):
            should = f"put its body between '{BEGIN}' and '{END}'" if marked else "students must write it"
            raise HomeworkError(f"{where} imports {alias.name} from solutions/{problem}.py; {should}.")
    return {alias.name: solutions[alias.name] for alias in statement.names}


def _functions(problem: str) -> dict[str, str]:
    """The source of each top-level function and class of a solutions module."""
    path = ROOT / "solutions" / f"{problem}.py"
    text = read_text(path)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise HomeworkError(f"{relative(path)} has a syntax error in line {error.lineno}.") from None
    functions = {}
    lines = text.splitlines()
    starts = [_first_line(node) for node in tree.body] + [len(lines)]
    for node, start, stop in zip(tree.body, starts, starts[1:], strict=False):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            # The closing mark is a comment and not in the syntax tree: take all up to the next statement.
            function = "\n".join(lines[start:stop]).rstrip()
            marks = [line.strip() for line in function.splitlines() if line.strip() in (BEGIN, END)]
            if marks not in ([BEGIN, END], []):
                raise HomeworkError(
                    f"{relative(path)}: put the body of {node.name} between one '{BEGIN}' and one '{END}'."
                )
            functions[node.name] = function
    return functions


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1


def _answers(problem: str) -> dict[str, str]:
    """The '## qNx' sections of the model answers, by question."""
    path = ROOT / "solutions" / f"{problem}.md"
    if not path.is_file():
        return {}
    _, *parts = re.split(r"^## (q\d+[a-z])[^\S\n]*\n", read_text(path), flags=re.MULTILINE)
    _names_differ(relative(path), parts[::2])
    return dict(zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True))


def _names_differ(source: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise HomeworkError(f"{source} has {name} twice; rename one.")
