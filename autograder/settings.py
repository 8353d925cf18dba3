"""Reads `homework.toml`: the contents of each assignment, and how it is graded."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autograder.errors import HomeworkError
from autograder.files import ROOT, read_text
from autograder.times import parse_time

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_SECRET = "default"
# What the messages of pydantic are called here.
SAID = {
    "must": "Input should",
    "true or false": "a valid boolean",
    "a table": "a valid dictionary",
    "must have an entry": "List should have at least 1 item after validation, not 0",
    "must not be empty": "String should have at least 1 character",
    "": " or instance of Gradescope",
    "a string": "a valid string",
    "a list": "a valid list",
    "a number": "a valid number",
    "a whole number": "a valid integer",
    "may have letters, digits, - and _ only": "String should match pattern '^[A-Za-z0-9_-]+$'",
}
SECRET_FILE = "secret.txt"


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement:
        raise ValueError("must be a requirement such as 'numpy>=1.26'") from None
    return text


def _time(value: Any) -> Any:
    return value if isinstance(value, datetime) else parse_time(str(value))


class _Table(BaseModel):
    """A table of `homework.toml`: it has no other entries, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Points = Annotated[float, Field(gt=0, lt=1e6)]
Requirements = list[Annotated[str, AfterValidator(_requirement)]]
Time = Annotated[datetime, BeforeValidator(_time)]


class Gradescope(_Table):
    """Entries of Otter's otter_config.json about what students see; `docs/settings.md` explains them."""

    show_hidden: bool = False
    show_stdout: bool = False
    force_public_test_summary: bool = True
    points_possible: Points | None = None
    score_threshold: Annotated[float, Field(gt=0, le=1)] | None = None


class Late(_Table):
    """What a submission loses after the deadline.

    percent_per_day : how much of its points each day costs; a day counts as soon as it begins.
    days : how many days late a submission may be and still earn points; None for any number.
    """

    percent_per_day: Annotated[float, Field(ge=0, le=100)]
    days: Annotated[int, Field(ge=1)] | None = None


class Shared(_Table):
    """Entries for one assignment, or for all of them in the table `defaults`.

    requirements : what students and grading need; each of the two needs more.
    gradescope : of its entries, Otter gets those that the file has.
    """

    requirements: Requirements = []
    student_requirements: Requirements = []
    grading_requirements: Requirements = []
    gradescope: Gradescope = Gradescope()
    late: Late | None = None


class Assignment(Shared):
    """The table of an assignment.

    points : the points of questions that are not to be worth the sum of their checks.
    deadline : when it is due; without a time zone, in that of the machine that grades.
    extensions : the table of students with a later deadline, a path below the project's top folder.
    """

    title: Annotated[str, Field(min_length=1)]
    introduction: str
    problems: Annotated[list[str], Field(min_length=1)]
    points: dict[str, Points] = {}
    deadline: Time | None = None
    extensions: str | None = None


class Settings(Assignment):
    """The settings of one assignment, completed by the defaults.

    secret : the source of the inputs of hidden checks.
    """

    name: str
    secret: str


class _File(_Table):
    secret_file: str | None = None
    defaults: Shared = Shared()
    assignments: Annotated[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")], Any], Field(min_length=1)]


def assignment_names() -> list[str]:
    """The names of all assignments in `homework.toml`."""
    return list(_toml()["assignments"])


def read_settings(name: str) -> Settings:
    """Read an assignment's settings from `homework.toml`: its own table, completed by the defaults.

    Raises
    ------
    HomeworkError
        If the settings are missing, or anything in the file is not as it must be.
    """
    for settings in read_all_settings():
        if settings.name == name:
            return settings
    raise HomeworkError(f"There is no assignment named {name}; {nearest(name, assignment_names())}")


def read_all_settings() -> list[Settings]:
    """Read the settings of all assignments; raises a HomeworkError as `read_settings` does."""
    toml = _toml()
    secret, shared = _secret(toml), toml.get("defaults", {})
    found = []
    for name, own in toml["assignments"].items():
        where = f"assignments.{name}"
        if not isinstance(own, dict):
            raise HomeworkError(f"[{where}] in homework.toml must be a table.")
        table = _validated(Assignment, _merged(shared, own), where)
        _expect_files(table, f"[{where}] in homework.toml")
        entries = {key: getattr(table, key) for key in table.model_fields_set}
        found.append(Settings(name=name, secret=secret, **entries))
    return found


def problem_names() -> list[str]:
    """The names of all problems that have a notebook, whether they are part of an assignment or not."""
    return [path.stem for path in sorted((ROOT / "assignments" / "problems").glob("p[0-9]*_*.md"))]


def read_secret() -> str:
    """The source of the inputs of hidden checks; raises a HomeworkError if its file cannot be used."""
    return _secret(_toml())


def _secret(toml: dict[str, Any]) -> str:
    named = toml.get("secret_file")
    path = ROOT / (named or SECRET_FILE)
    if not path.exists() and not path.is_symlink():
        if named is None:
            return DEFAULT_SECRET
        raise HomeworkError(f"homework.toml has secret_file = {named!r}, but there is no such file.")
    secret = read_text(path).strip()
    if len(secret) < 8:
        raise HomeworkError(
            f"{path.name} must contain a secret of at least 8 characters; write one, or delete the file."
        )
    return secret


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, or else all of them."""
    known = sorted(known)
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."


def _toml() -> dict[str, Any]:
    try:
        toml = tomllib.loads(read_text(ROOT / "assignments" / "homework.toml"))
    except tomllib.TOMLDecodeError as error:
        raise HomeworkError(f"homework.toml is not valid TOML: {error}.") from None
    if not toml.get("assignments"):
        raise HomeworkError("homework.toml has no assignment; add a table [assignments.NAME].")
    _validated(_File, toml, "")
    return toml


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """All entries of both; `own` wins, and nested tables are merged in the same way."""
    tables = [key for key in own if isinstance(own[key], dict) and isinstance(shared.get(key), dict)]
    return shared | own | {key: _merged(shared[key], own[key]) for key in tables}


def _validated(model: type[_Table], table: dict[str, Any], where: str) -> Any:
    """The table as a model; raises a HomeworkError about the first entry that is not as it must be."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        # An unknown entry first: if a name is misspelled, another entry is missing because of it.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    *parents, entry = (part for part in first["loc"] if isinstance(part, str) and part != "[key]")
    inside = ".".join([where] * bool(where) + parents)
    place = f"[{inside}] in homework.toml" if inside else "homework.toml"
    if first["type"] == "extra_forbidden":
        known = _known(model, parents)
        raise HomeworkError(f"{place} has the unknown entry {entry!r}; {nearest(entry, known)}")
    if first["type"] == "missing":
        raise HomeworkError(f"{place} has no {entry!r}; add it.")
    must = str(first["msg"]).removeprefix("Value error, ")
    for ours, theirs in SAID.items():
        must = must.replace(theirs, ours)
    raise HomeworkError(f"{place}: {entry} {must}, and is {first['input']!r}.")


def _known(model: type[_Table], parents: list[str]) -> Iterable[str]:
    """The names of the entries of a table inside a model."""
    tables: dict[str, type[_Table]] = {"gradescope": Gradescope, "late": Late, "defaults": Shared}
    return tables.get(parents[-1], model).model_fields if parents else model.model_fields


def _expect_files(table: Assignment, where: str) -> None:
    """Raise a HomeworkError if a name in the table belongs to no file."""
    problems = problem_names()
    for problem in table.problems:
        if problem not in problems:
            raise HomeworkError(
                f"{where} has the problem {problem!r}, but there is no assignments/problems/{problem}.md; "
                f"{nearest(problem, problems)}"
            )
        if table.problems.count(problem) > 1:
            raise HomeworkError(f"{where} has the problem {problem!r} twice; remove one.")
    texts = [path.stem for path in (ROOT / "assignments" / "problems").glob("*.md")]
    if table.introduction not in texts:
        raise HomeworkError(
            f"{where}: there is no introduction assignments/problems/{table.introduction}.md; "
            f"{nearest(table.introduction, set(texts) - set(problems))}"
        )
    if table.extensions is not None and not (ROOT / table.extensions).is_file():
        raise HomeworkError(f"{where}: there is no file {table.extensions} of extensions; write it.")
