"""Which level of isolation a machine grades at."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from autograder.errors import HomeworkError
from autograder.sandbox import NONE, in_reach, reachable_level

SECRET_PACKAGES = ("autograder.hidden_checks", "autograder.mistakes", "solutions")
WITHOUT_ISOLATION = (
    "This was graded without isolation: the submission's code could read the hidden checks and change "
    "everything, its score included."
)


def isolation_level(wanted: str | None, *secrets: Path) -> str:
    """The level to grade at.

    wanted : "root", "user" or "none"; None for what $HOMEWORK_ISOLATION says, or else for the best that the
        machine reaches.
    secrets : files and folders that no submission may read, besides the packages of this project.
    Errors: HomeworkError where the machine does not reach what is wanted, or where a submission could read a
    secret all the same.
    """
    wanted = wanted or os.environ.get("HOMEWORK_ISOLATION")
    if not hasattr(os, "fork"):
        raise HomeworkError("Nothing can be graded on this system; grade in WSL, on Linux or in a container.")
    if wanted == NONE:
        return NONE
    level, why = reachable_level()
    if level == NONE:
        raise HomeworkError(
            f"Submissions cannot be isolated here: {why}. "
            "To grade without isolation people whom you trust, say --isolation none."
        )
    if wanted is not None and wanted != level:
        raise HomeworkError(f"The isolation level here is {level}, not {wanted}: {why}.")
    specs = [importlib.util.find_spec(name) for name in SECRET_PACKAGES]
    folders = [Path(f) for spec in specs if spec for f in spec.submodule_search_locations or ()]
    if exposed := in_reach([*folders, *secrets]):
        raise HomeworkError(
            f"Submissions could read {exposed[0]}, which every user of this machine may read or which lies "
            "among Python's packages. Take the rights of others away (chmod go-rwx) from it or from a folder "
            "above it; on a kernel with Landlock (Linux 5.13) it is enough to have it elsewhere "
            "than Python's packages (pip install --editable)."
        )
    return level
