"""Reads `homework.toml`: the contents of each assignment, and how it is graded."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from autograder.builder.files import ROOT, read_text
from autograder.errors import HomeworkError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_SECRET = "default"
SETTINGS: dict[str, tuple[type, Any]] = {
    "title": (str, None),
    "introduction": (str, None),
    "problems": (list, None),
    "requirements": (list, None),
    "student_requirements": (list, []),
    "grading_requirements": (list, []),
    "gradescope": (dict, {}),
}
SHARED = ("requirements", "student_requirements", "grading_requirements", "gradescope")


@dataclass(frozen=True)
class Settings:
    """The settings of one assignment in `homework.toml`.

    requirements : what students and grading need; each of the two needs more.
    secret : the source of the inputs of hidden checks.
    gradescope : entries of Otter's otter_config.json, such as show_hidden.
    """

    name: str
    title: str
    introduction: str
    problems: list[str]
    requirements: list[str]
    student_requirements: list[str]
    grading_requirements: list[str]
    gradescope: dict[str, Any]
    secret: str


def assignment_names() -> list[str]:
    """The names of all assignments in `homework.toml`."""
    return list(_toml()["assignments"])


def read_settings(name: str) -> Settings:
    """Read an assignment's settings from `homework.toml`: its own table, completed by the defaults.

    Raises
    ------
    HomeworkError
        If the settings are missing or invalid.
    """
    toml = _toml()
    if name not in toml["assignments"]:
        known = ", ".join(toml["assignments"])
        raise HomeworkError(f"There is no assignment named {name}; homework.toml has {known}.")
    where = f"[assignments.{name}] in homework.toml"
    shared = _table(toml.get("defaults", {}), "[defaults] in homework.toml", SHARED)
    table = _merged(shared, _table(toml["assignments"][name], where, SETTINGS))
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
        raise HomeworkError(f"{where} needs at least one problem, and each problem only once.")
    return Settings(name=name, secret=_secret(toml), **values)


def _table(table: Any, where: str, known: Collection[str]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise HomeworkError(f"{where} must be a table.")
    for key in table:
        if key not in known:
            raise HomeworkError(f"{where} has the unknown key {key!r}; the keys are {', '.join(known)}.")
    return table


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """All entries of both; `own` wins, and nested tables are merged in the same way."""
    tables = [key for key in own if isinstance(own[key], dict) and isinstance(shared.get(key), dict)]
    return shared | own | {key: _merged(shared[key], own[key]) for key in tables}


def _toml() -> dict[str, Any]:
    path = ROOT / "assignments" / "homework.toml"
    try:
        toml = tomllib.loads(read_text(path))
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
    secret = read_text(path).strip()
    if len(secret) < 8:
        raise HomeworkError(
            f"{name} must contain a secret of at least 8 characters; write one, or delete the file."
        )
    return secret
