"""The processes of this machine and their memory, on Linux."""

import contextlib
import os
from pathlib import Path


def resident(pid: int | str = "self") -> int:
    """The bytes of memory that a process uses now."""
    return _status(pid, "VmRSS")


def begin_peak() -> int:
    """Reset the peak memory of this process; return its current memory."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident()


def peak() -> int:
    """The peak memory of this process, in bytes, since `begin_peak`."""
    return _status("self", "VmHWM")


def _status(pid: int | str, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition(f"{name}:")[2].split()[0]) * 1024


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    return [other for other, (_, parent, _) in _table().items() if parent == pid]


def descendants(pid: int) -> set[tuple[int, str]]:
    """A process and its descendants, each with its start time."""
    table, found = _table(), [pid]
    for one in found:
        found += [other for other, (_, parent, _) in table.items() if parent == one]
    return {(one, table[one][2]) for one in found if one in table}


def alive(process: tuple[int, str]) -> bool:
    """Whether a process from `descendants` still runs."""
    with contextlib.suppress(OSError):
        state, _, began = _stat(process[0])
        return began == process[1] and state != "Z"
    return False


def with_environment(text: str) -> list[int]:
    """The processes with this text in their environment."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            if text in Path(f"/proc/{pid}/environ").read_text(errors="replace"):
                found.append(pid)
    return found


def _table() -> dict[int, tuple[str, int, str]]:
    table = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            table[pid] = _stat(pid)
    return table


def _stat(pid: int) -> tuple[str, int, str]:
    """The state, the parent and the start time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[1]), fields[19]
