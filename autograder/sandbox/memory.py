"""How much memory a container has, and whether it ran out of it."""

from __future__ import annotations

from pathlib import Path

# Where a container finds the control group that it is in: version 2, version 1.
LIMIT = ("memory.max", "memory/memory.limit_in_bytes")
EVENTS = ("memory.events", "memory/memory.oom_control")


def container_memory(groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The bytes of memory that this container may use; None where nothing limits it."""
    found = [int(text) for text in _contents(groups, LIMIT) if text.strip().isdigit()]
    return min(found, default=None)


def processes_killed(groups: Path = Path("/sys/fs/cgroup")) -> int:
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
