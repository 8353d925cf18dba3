"""The packages that containers and students install: the parts of the locks that they need."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.errors import HomeworkError
from autograder.files import ROOT
from autograder.settings import Settings

# Requirements of Otter, IPython and nbconvert for commands, containers, documents, browsers, debugging and
# completion. Grading works without them.
LEFT_OUT = {"click", "debugpy", "jedi", "jupytext", "playwright", "python-on-whales", "sphinx"}
# JupyterLab needs setuptools only to build extensions.
LEFT_OUT_FOR_STUDENTS = LEFT_OUT | {"setuptools"}


def grading_lock(settings: Settings) -> str:
    """The packages that a container installs; raises a HomeworkError as `cut` does."""
    return cut(_read("requirements.lock"), [*settings.requirements, *settings.grading_requirements])


def student_lock(settings: Settings) -> str:
    """The packages that students install; raises a HomeworkError as `cut` does."""
    needed = [*settings.requirements, *settings.student_requirements]
    return cut(_read("students.lock"), needed, LEFT_OUT_FOR_STUDENTS)


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def cut(lock: str, requirements: Iterable[str], left_out: Container[str] = LEFT_OUT) -> str:
    """The entries of a lock for some requirements and their dependencies.

    Parameters
    ----------
    lock : str
        The lock as `uv pip compile` writes it. Comments ("via") below a package name the packages that
        require it.
    requirements : strings such as "numpy>=1.26"
    left_out : the names of dependencies that nobody needs here

    Raises
    ------
    HomeworkError
        If the lock does not satisfy a requirement.
    """
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.strip()) if not entry.startswith("#")]
    pins = [entry.split()[0].split("==") for entry in entries]
    names = [name for name, _ in pins]
    needed: set[str] = set()
    for text in requirements:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        versions = [version for pinned, version in pins if pinned == name]
        if not versions or not all(version in requirement.specifier for version in versions):
            raise HomeworkError(
                f"A lock of the project does not have {requirement}; add it to pyproject.toml (for grading "
                "to the dependencies, for students to their group) and run make lock."
            )
        needed.add(name)
    parents = [set(re.findall(r"# +(?:via )?([a-z0-9-]+)$", entry, flags=re.MULTILINE)) for entry in entries]
    new = set(needed)
    while new:
        found = {name for name, above in zip(names, parents, strict=True) if above & new}
        new = {name for name in found if name not in left_out} - needed
        needed |= new
    kept = [entry for entry, name in zip(entries, names, strict=True) if name in needed]
    return "".join(re.sub(r"\n +#.*", "", entry) + "\n" for entry in kept)
