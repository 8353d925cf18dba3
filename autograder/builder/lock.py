"""The packages that a container installs: the part of `requirements.lock` that grading needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from autograder.errors import HomeworkError

# Requirements of Otter, IPython and nbconvert for commands, containers, documents, browsers, debugging and
# completion. Grading works without them.
LEFT_OUT = {"click", "debugpy", "jedi", "jupytext", "playwright", "python-on-whales", "sphinx"}


def cut(lock: str, requirements: Iterable[str]) -> str:
    """The entries of a lock for some requirements and their dependencies, except `LEFT_OUT`.

    Parameters
    ----------
    lock : str
        The lock as `uv pip compile` writes it. Comments ("via") below a package name the packages that
        require it.
    requirements : strings such as "numpy>=1.26"

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
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise HomeworkError(f"{text!r} is not a requirement; write one such as 'numpy>=1.26'.") from None
        name = canonicalize_name(requirement.name)
        versions = [version for pinned, version in pins if pinned == name]
        if not versions or not all(version in requirement.specifier for version in versions):
            raise HomeworkError(
                f"requirements.lock, which containers install, does not have {requirement}; "
                "add it to the dependencies in pyproject.toml and run make lock."
            )
        needed.add(name)
    parents = [set(re.findall(r"# +(?:via )?([a-z0-9-]+)$", entry, flags=re.MULTILINE)) for entry in entries]
    new = set(needed)
    while new:
        found = {name for name, above in zip(names, parents, strict=True) if above & new}
        new = found - LEFT_OUT - needed
        needed |= new
    kept = [entry for entry, name in zip(entries, names, strict=True) if name in needed]
    return "".join(re.sub(r"\n +#.*", "", entry) + "\n" for entry in kept)
