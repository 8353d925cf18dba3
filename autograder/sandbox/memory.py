"""How much memory a container has, what a worker gets of it, and whether there was too little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autograder.errors import HomeworkError
from autograder.sandbox.policy import MEBI, Limits

# What the grader and the process that workers are forked from take of a container; what right answers need.
GRADER, LEAST = 384 * MEBI, 128 * MEBI
# Where a container finds the control group that it is in, and files in it: of version 2, of version 1.
GROUPS = Path("/sys/fs/cgroup")
LIMIT = ("memory.max", "memory/memory.limit_in_bytes")
EVENTS = ("memory.events", "memory/memory.oom_control")


def container_memory(groups: Path = GROUPS) -> int | None:
    """The bytes of memory that this container may use; None where nothing limits it."""
    found = [int(text) for text in _contents(groups, LIMIT) if text.strip().isdigit()]
    return min(found, default=None)


def limits_of_this_machine(groups: Path = GROUPS) -> Limits:
    """The limits of `policy`, with less memory in a container that has less.

    Errors: HomeworkError where right answers would not find the memory that they need.
    """
    limits, most = Limits(), container_memory(groups)
    if most is None:
        return limits
    if most < GRADER + LEAST:
        raise HomeworkError(
            f"This container has {most // MEBI} MB of memory, and grading needs "
            f"{(GRADER + LEAST) // MEBI} MB; give it more."
        )
    return replace(limits, memory=min(limits.memory, most - GRADER))


def processes_killed(groups: Path = GROUPS) -> int:
    """How many processes of this container the kernel has killed because there was no memory left."""
    counts = [text.split("oom_kill ")[1] for text in _contents(groups, EVENTS) if "oom_kill " in text]
    return sum(int(count.split()[0]) for count in counts)


def _contents(groups: Path, names: tuple[str, ...]) -> list[str]:
    found = []
    for name in names:
        try:
            found.append((groups / name).read_text())
        except OSError:
            continue  # the other version of control groups, or none
    return found
