"""How much memory there is, and how much of it a worker may use."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from autograder.errors import HomeworkError
from autograder.sandbox.policy import MEBI, Limits

# What the grader and the process that workers are forked from use; what a right answer may need besides, with
# packages that it imports.
GRADER, LEAST = 384 * MEBI, 256 * MEBI
# Where a container finds its control group, and the file with its limit: in version 2, in version 1.
GROUPS = Path("/sys/fs/cgroup")
LIMIT = ("memory.max", "memory/memory.limit_in_bytes")


def available_memory(groups: Path = GROUPS) -> int:
    """The bytes of memory of this machine, or of this container if it may use less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in LIMIT:
        with contextlib.suppress(OSError, ValueError):  # the other version of control groups; "max"
            found.append(int((groups / name).read_text()))
    return min(found)


def limits_of_this_machine(groups: Path = GROUPS) -> Limits:
    """The limits of `policy`, with less memory where there is less.

    Errors: HomeworkError where right answers would not get the memory that they need.
    """
    memory = available_memory(groups)
    if memory < GRADER + LEAST:
        raise HomeworkError(
            f"There are {memory // MEBI} MB of memory here, and grading needs {(GRADER + LEAST) // MEBI} MB; "
            "give the container or the machine more."
        )
    return replace(Limits(), memory=min(Limits.memory, memory - GRADER))
