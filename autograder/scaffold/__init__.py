"""Starts a problem: writes its five files, with an example in each that works."""

from __future__ import annotations

import re
from pathlib import Path
from string import ascii_lowercase

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.errors import HomeworkError
from autograder.files import ROOT, relative
from autograder.settings import problem_names

NAME = re.compile(r"p([1-9]\d*)_([a-z][a-z0-9_]*)")
TEMPLATES = Path(__file__).with_name("templates")
# The template of each file.
FILES = {
    "solution.py.jinja": "solutions/{name}.py",
    "problem.md.jinja": "assignments/problems/{name}.md",
    "public_checks.py.jinja": "assignments/public_checks/{name}.py",
    "hidden_checks.py.jinja": "autograder/hidden_checks/{name}.py",
    "mistakes.py.jinja": "autograder/mistakes/{name}.py",
}


def new_problem(name: str, questions: int = 1) -> list[Path]:
    """Write the five files of a new problem; each question is an example to replace.

    Parameters
    ----------
    name : str
        The name of the problem, such as "p6_layer_norm".
    questions : int
        The number of questions, from 1 to 26.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    HomeworkError
        If the name or the number cannot be used, or one of the files exists. Nothing is written then.
    """
    match = NAME.fullmatch(name)
    if match is None:
        raise HomeworkError(
            f"{name!r} is not a name for a problem; it is p, a number, _ and words, such as p6_layer_norm."
        )
    if not 1 <= questions <= 26:
        raise HomeworkError(f"A problem has 1 to 26 questions, not {questions}.")
    number, word = match.groups()
    paths = {template: ROOT / path.format(name=name) for template, path in FILES.items()}
    taken = {found.partition("_")[0]: found for found in problem_names()}
    if f"p{number}" in taken and taken[f"p{number}"] != name:
        free = next(n for n in range(1, len(taken) + 2) if f"p{n}" not in taken)
        raise HomeworkError(f"Number {number} is that of {taken[f'p{number}']}; use p{free}_{word}.")
    for path in paths.values():
        if path.exists():
            raise HomeworkError(f"{relative(path)} exists already; use another name.")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    examples = [
        {
            "question": f"q{number}{letter}",
            "spoken": f"{number}({letter})",
            "function": f"gradient_{number}{letter}",
            "loss": f"sum_of_powers_{power}",
            "start": f"{letter}_" if questions > 1 else "",
            "power": power,
        }
        for power, letter in enumerate(ascii_lowercase[:questions], start=3)
    ]
    for template, path in paths.items():
        text = environment.get_template(template).render(
            name=name, number=number, title=word.replace("_", " "), questions=examples
        )
        path.write_text(text, encoding="utf-8")
    return list(paths.values())
