"""What a process has in memory, as Linux says."""

from pathlib import Path


def resident(pid: int | str = "self") -> int:
    """The bytes that a process has in memory now."""
    return _status(pid, "VmRSS")


def begin_peak() -> int:
    """Forget the most that this process has had in memory; return what it has now."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident()


def peak() -> int:
    """The most bytes that this process has had in memory since `begin_peak`."""
    return _status("self", "VmHWM")


def _status(pid: int | str, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition(f"{name}:")[2].split()[0]) * 1024
