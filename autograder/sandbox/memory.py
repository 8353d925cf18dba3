"""The available memory, and a worker's share of it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from autograder.errors import HomeworkError
from autograder.sandbox.policy import MEBI, Limits

# The memory of the grader and of the process that forks workers; the memory that a right answer needs in
# addition, with the packages that it imports.
GRADER, LEAST = 384 * MEBI, 256 * MEBI
# The folder of a container's control group, and the file with its limit in version 2 and in version 1.
GROUPS = Path("/sys/fs/cgroup")
LIMIT = ("memory.max", "memory/memory.limit_in_bytes")


def available_memory(groups: Path = GROUPS) -> int:
    """The bytes of memory of this machine, or of this container if that is less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in LIMIT:
        with contextlib.suppress(OSError, ValueError):  # another version of control groups; "max"
            found.append(int((groups / name).read_text()))
    return min(found)


def limits_of_this_machine(groups: Path = GROUPS) -> Limits:
    """The limits of `policy`, with less memory if this machine has less.

    Raises
    ------
    HomeworkError
        If there is too little memory for right answers.
    """
    memory = available_memory(groups)
    if memory < GRADER + LEAST:
        raise HomeworkError(
            f"There are {memory // MEBI} MB of memory here, but grading needs {(GRADER + LEAST) // MEBI} MB; "
            "give the container or the machine more memory."
        )
    return replace(Limits(), memory=min(Limits.memory, memory - GRADER))
