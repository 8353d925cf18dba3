"""What a container installs: the part of `requirements.lock` that grading needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.errors import HomeworkError

# What Otter, IPython and nbconvert require for commands, containers, documents, browsers, debugging and
# completion: grading works without it.
LEFT_OUT = {"click", "debugpy", "jedi", "jupytext", "playwright", "python-on-whales", "sphinx"}


def cut(lock: str, requirements: Iterable[str]) -> str:
    """The entries of a lock that some requirements need, and what those need in turn, but for `LEFT_OUT`.

    lock : as `uv pip compile` writes it: a comment below each package says "via" which others it is there.
    requirements : such as "numpy>=1.26".

    Errors: HomeworkError where a requirement is not in the lock.
    """
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.strip()) if not entry.startswith("#")]
    names = [_name(entry) for entry in entries]
    needed = {_name(requirement) for requirement in requirements}
    if missing := needed - set(names):
        raise HomeworkError(
            f"{', '.join(sorted(missing))} is not in requirements.lock, from which containers install; "
            "add it to the dependencies in pyproject.toml and run make lock."
        )
    parents = [set(re.findall(r"# +(?:via )?([a-z0-9-]+)$", entry, flags=re.MULTILINE)) for entry in entries]
    more = needed
    while more:
        found = {name for name, above in zip(names, parents, strict=True) if above & more}
        more = found - LEFT_OUT - needed
        needed = needed | more
    kept = [entry for entry, name in zip(entries, names, strict=True) if name in needed]
    return "".join(re.sub(r"\n +#.*", "", entry) + "\n" for entry in kept)


def _name(requirement: str) -> str:
    """The name of a package, as package indexes write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]).lower()
