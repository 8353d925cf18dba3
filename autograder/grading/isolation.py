"""The isolation level at which a machine grades."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from autograder.errors import HomeworkError
from autograder.sandbox import NONE, in_reach, reachable_level

SECRET_PACKAGES = ("autograder.hidden_checks", "autograder.mistakes", "solutions")
WITHOUT_ISOLATION = (
    "This submission was graded without isolation: its code could read the hidden checks and change "
    "anything, including its score."
)


def isolation_level(wanted: str | None, *secrets: Path) -> str:
    """The isolation level for grading.

    Parameters
    ----------
    wanted : "root", "user", "none" or None
        None means $HOMEWORK_ISOLATION, or else the best level of this machine.
    secrets : paths
        Files and folders that no submission may read. The packages of this project are added.

    Raises
    ------
    HomeworkError
        If this machine does not have the wanted level, or if a submission could still read a secret.
    """
    wanted = wanted or os.environ.get("HOMEWORK_ISOLATION")
    if not hasattr(os, "fork"):
        raise HomeworkError("Grading does not work on this system; use Linux, WSL or a container.")
    if wanted == NONE:
        return NONE
    level, why = reachable_level()
    if level == NONE:
        raise HomeworkError(
            f"Submissions cannot be isolated here: {why}. "
            "If you trust the authors of all submissions, set HOMEWORK_ISOLATION=none."
        )
    if wanted is not None and wanted != level:
        raise HomeworkError(f"The isolation level here is {level}, not {wanted}: {why}.")
    specs = [importlib.util.find_spec(name) for name in SECRET_PACKAGES]
    folders = [Path(f) for spec in specs if spec for f in spec.submodule_search_locations or ()]
    if exposed := in_reach([*folders, *secrets]):
        raise HomeworkError(
            f"Submissions could read {exposed[0]}: every user of this machine may read it, or it is among "
            "Python's packages. Remove the permissions of other users (chmod go-rwx) from it or from a "
            "folder above it. On a kernel with Landlock (Linux 5.13), it is enough to keep it outside "
            "Python's packages (pip install --editable)."
        )
    return level
