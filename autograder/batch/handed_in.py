"""Finds the submissions of a class in files, folders, and downloads of learning management systems."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from autograder.batch.records import Student
from autograder.errors import HomeworkError
from autograder.grading.upload import files_of, is_of_the_system, is_upload

METADATA = "submission_metadata.yml"
# doejane_12345_67890_backprop.ipynb, doejane_LATE_12345_67890_backprop-1.ipynb
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<number>\d+)_.+")
# a folder Jane Doe_12345_assignsubmission_file_ (some versions without the last line), or a file
MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_(file|onlinetext).*")
LONGEST_NAME = 80


@dataclass(frozen=True)
class HandedIn:
    """What one student or group handed in.

    name : the name of its results, unique in the class.
    paths : its files and folders.
    source : where it was found, for people.
    students : who handed it in, if that is known.
    submitted : when, if that is known.
    late : whether the learning management system calls it late; None if it does not say.
    """

    name: str
    paths: tuple[Path, ...]
    source: str
    students: tuple[Student, ...] = ()
    submitted: datetime | None = None
    late: bool | None = None


def find_all(paths: Sequence[Path], out: Path | None = None) -> tuple[list[HandedIn], list[Path]]:
    """Find the submissions in files and folders.

    A file is a submission. So is a folder with at most one notebook or zip. Every other folder is a class:
    each notebook, zip or folder in it is a submission, or what one student handed in, if the names are
    Gradescope's, Canvas's or Moodle's.

    Parameters
    ----------
    paths : the files and folders.
    out : a folder that is left out, because it is for the grades.

    Returns
    -------
    list of HandedIn
        The submissions, with different names.
    list of Path
        Files in the folders of a class that nobody handed in and that are ignored.

    Raises
    ------
    HomeworkError
        If there is no submission in one of the paths.
    """
    found: list[HandedIn] = []
    ignored: list[Path] = []
    for path in paths:
        submissions, others = _found_in(path, out)
        if not submissions:
            raise HomeworkError(f"There are no submissions in {path}: no notebook and no zip.")
        found += submissions
        ignored += others
    return _with_different_names(found), ignored


def _found_in(path: Path, out: Path | None) -> tuple[list[HandedIn], list[Path]]:
    if not path.exists():
        raise HomeworkError(f"{path} cannot be read: No such file or directory.")
    if not path.is_dir():
        _expect_one_submission(path)
        return [_one(path)], []
    if os.path.isfile(path / METADATA):
        return _of_gradescope(path, out), []
    entries = [entry for entry in sorted(path.iterdir()) if _counts(entry, out)]
    by_students = _by_students(entries)
    if not by_students:
        if all(os.path.isfile(entry / METADATA) for entry in entries):
            return [submission for export in entries for submission in _of_gradescope(export, out)], []
        files = [name for entry in entries for name, _ in files_of(entry)]
        if len([name for name in files if is_upload(name)]) <= 1:
            return ([_one(path)] if files else []), []
    return _of_a_class(path, entries, by_students)


def _counts(entry: Path, out: Path | None) -> bool:
    """Whether an entry of a folder may be something that was handed in."""
    ours = out is not None and os.path.realpath(entry) == os.path.realpath(out)
    return not ours and not is_of_the_system(f"{entry.name}/" if entry.is_dir() else entry.name)


def _expect_one_submission(path: Path) -> None:
    """Raise a HomeworkError for the zip of a whole class."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name) for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return
    tops = {name.parts[0] for name in names if name.parts and is_upload(name.name)}
    owners = {who.name for top in tops if (who := _owner(Path(top)))}
    folders = [name for name in names if any(part.startswith("submission_") for part in name.parts[:-1])]
    if len(owners) > 1 or (folders and any(name.name == METADATA for name in names)):
        raise HomeworkError(f"{path} has the submissions of a class; unzip it and grade the folder.")


def _one(path: Path) -> HandedIn:
    who = _owner(path)
    if who is None:
        return HandedIn(_stem(path.resolve()), (path,), path.name or str(path))
    return HandedIn(who.name, (path,), path.name, (who.student,), late=who.late)


@dataclass(frozen=True)
class _Owner:
    """The student whose file or folder this is, by its name."""

    name: str
    student: Student
    late: bool | None


def _owner(path: Path) -> _Owner | None:
    """Whose this is if the name is of Canvas or Moodle."""
    if found := MOODLE.fullmatch(path.name):
        return _Owner(f"{found['name']}_{found['id']}", Student(found["name"], id=found["id"]), None)
    if found := CANVAS.fullmatch(path.name):
        return _Owner(
            f"{found['name']}_{found['id']}",
            Student(found["name"], id=found["id"]),
            found["late"] is not None,
        )
    return None


def _by_students(entries: Sequence[Path]) -> bool:
    """Whether the names say whose each notebook, zip or folder is: they are all of Canvas, or of Moodle."""
    named = [entry.name for entry in entries if entry.is_dir() or is_upload(entry.name)]
    if not named:
        named = [entry.name for entry in entries]
    numbers = [found["number"] for name in named if (found := CANVAS.fullmatch(name))]
    canvas = len(numbers) == len(named) == len(set(numbers))  # Canvas numbers every file
    return bool(named) and (canvas or all(MOODLE.fullmatch(name) for name in named))


def _of_a_class(
    folder: Path, entries: Sequence[Path], by_students: bool
) -> tuple[list[HandedIn], list[Path]]:
    """One submission for each student, or, if names do not say whose it is, for each file or folder."""
    found: dict[str, HandedIn] = {}
    ignored = []
    for entry in entries:
        who = _owner(entry) if by_students else None
        if who is not None:
            mine = found.get(who.name, HandedIn(who.name, (), f"{folder.name}/{entry.name}", (who.student,)))
            late = None if who.late is None else bool(mine.late) or who.late
            found[who.name] = replace(mine, paths=(*mine.paths, entry), late=late)
        elif entry.is_dir() or is_upload(entry.name):
            # A stem may occur twice, as in alice.ipynb and alice.zip.
            found[entry.name] = HandedIn(_stem(entry), (entry,), f"{folder.name}/{entry.name}")
        else:
            ignored.append(entry)
    return list(found.values()), ignored


# LibYAML, where it is installed, is much faster.
_FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_FastLoader):
    """Reads YAML, and the tags of Ruby as plain data."""


def _plain(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("", _plain)


def _of_gradescope(folder: Path, out: Path | None) -> list[HandedIn]:
    """The submissions of a download from Gradescope, with the students from its metadata."""
    path = folder / METADATA
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (ValueError, yaml.YAMLError):
        data = None
    if not isinstance(data, dict):
        raise HomeworkError(f"{path} is not Gradescope's metadata; download the submissions again.")
    # Only names of entries of this folder: the file may be one that a student wrote.
    names = {name for name in map(str, data) if re.fullmatch(r"[\w-]+", name)}
    names |= {entry.name for entry in folder.iterdir() if entry.is_dir() and _counts(entry, out)}
    found = []
    for name in sorted(names, key=_by_number):
        about = data.get(name)
        about = about if isinstance(about, dict) else {}
        submitters = _get(about, "submitters")
        submitters = submitters if isinstance(submitters, list) else []
        students = [_student(submitter) for submitter in submitters if isinstance(submitter, dict)]
        time = _time(_get(about, "created_at"))
        found.append(HandedIn(name, (folder / name,), f"{folder.name}/{name}", tuple(students), time))
    return found


def _student(submitter: dict[str, Any]) -> Student:
    name, email, number = (str(_get(submitter, key) or "") for key in ("name", "email", "sid"))
    return Student(name, email, number)


def _get(mapping: dict[str, Any], key: str) -> Any:
    """The value of a key; Ruby's symbols begin with a colon."""
    return mapping.get(f":{key}", mapping.get(key))


def _time(value: Any) -> datetime | None:
    if isinstance(value, dict):
        value = value.get("utc")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _by_number(name: str) -> tuple[str, int, str]:
    """Sorts submission_9 before submission_10."""
    text, number = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return text, int(number or 0), name


def _with_different_names(found: Sequence[HandedIn]) -> list[HandedIn]:
    """The same submissions with names that differ, even where case does not count."""
    taken: set[str] = set()
    result = []
    for submission in found:
        safe = re.sub(r"[^\w.-]+", "_", submission.name).strip("._")[:LONGEST_NAME] or "submission"
        name, number = safe, 1
        while name.casefold() in taken:
            number += 1
            name = f"{safe}-{number}"
        taken.add(name.casefold())
        result.append(replace(submission, name=name))
    return result


def _stem(path: Path) -> str:
    name = path.name
    return name if path.is_dir() else name.partition(".ipynb")[0] if ".ipynb" in name else path.stem
