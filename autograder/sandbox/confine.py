"""Confines this process to the policy, permanently: the steps, in order, for each level."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox import landlock, seccomp
from autograder.sandbox.policy import GID, READABLE, UID, WRITABLE_DEVICES, Limits, below, python_folders

ROOT, USER, NONE = "root", "user", "none"
PR_SET_DUMPABLE, PR_SET_PDEATHSIG, SIGKILL = 4, 1, 9
# CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID
CAPABILITIES = (0, 1, 3, 5, 6, 7)
CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000


def reachable_level() -> tuple[str, str]:
    """The best isolation level of this machine.

    "root" : another user, a system call filter, limits, and Landlock if the kernel has it.
    "user" : Landlock, a system call filter, limits, and namespaces if the kernel allows them.
    "none" : neither is possible.

    Returns
    -------
    str
        The level.
    str
        The reason, for the instructor.
    """
    if not sys.platform.startswith("linux"):
        return NONE, f"on {sys.platform} there is no system call filter; grade on Linux or in a container"
    try:
        seccomp.program(os.uname().machine, 1)
    except seccomp.UnsupportedError as error:
        return NONE, f"there is {error}; grade on x86-64 or arm64"
    version = landlock.version()
    has = f"Landlock version {version}" if version else "no Landlock"
    if _is_root():
        return ROOT, f"root can change the user of a worker; this kernel has {has}"
    who = "root without its capabilities" if os.geteuid() == 0 else "an ordinary user"
    if version:
        return USER, f"{who}, and this kernel has {has}"
    return NONE, f"{who} needs Landlock (Linux 5.13); grade as root, for example in a container"


def _is_root() -> bool:
    """Whether this process may switch to another user, signal that user's processes and remove its files."""
    if os.geteuid() != 0:
        return False
    status = Path("/proc/self/status").read_text()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return all(effective >> capability & 1 for capability in CAPABILITIES)


def confine(limits: Limits, scratch: str, level: str, keep: Iterable[int]) -> None:
    """Take away from this process everything that a submission's code must not have.

    Parameters
    ----------
    limits : the limits of the process
    scratch : the folder that the process may write into
    level : as returned by `reachable_level`
    keep : the descriptors that stay open, in addition to 0, 1 and 2

    Raises
    ------
    OSError
        If any step fails.
    """
    with contextlib.suppress(OSError):  # as root: if memory runs out, the kernel ends this process first
        Path("/proc/self/oom_score_adj").write_text("1000")
    libraries = _reachable_folders()
    _close_all_but({0, 1, 2, *keep, *libraries})
    os.umask(0o077)
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update(HOME=scratch, TMPDIR=scratch, MPLCONFIGDIR=scratch, IPYTHONDIR=f"{scratch}/.ipython")
    os.environ.update(PATH="/nonexistent", USER="nobody", OPENBLAS_NUM_THREADS="1", LANG="C.UTF-8")
    if level == ROOT:
        os.chown(scratch, UID, GID)
        os.setgroups([])
        os.setresgid(GID, GID, GID)
        os.setresuid(UID, UID, UID)
    else:
        have_namespace()
    _limit(limits)
    seccomp.prctl(PR_SET_DUMPABLE, 0)
    end_with_parent()
    seccomp.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
    if landlock.version():
        readable = [*READABLE, *python_folders()]
        landlock.restrict(readable, [scratch, *WRITABLE_DEVICES], libraries)
    elif level != ROOT:
        raise OSError("an ordinary user needs Landlock")
    seccomp.apply()


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent ends (only on Linux)."""
    if sys.platform == "linux":
        seccomp.prctl(PR_SET_PDEATHSIG, SIGKILL)


def have_namespace() -> bool:
    """Enter namespaces without a network and without shared memory, if the kernel allows it."""
    return ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0


def in_reach(paths: Iterable[Path]) -> list[Path]:
    """The paths that a worker could read at the best level of this machine."""
    if not landlock.version():
        return [path for path in paths if _open_to_all(str(path))]
    folders = (*READABLE, *python_folders())
    return [path for path in paths if below(path, folders)]


def _reachable_folders() -> list[int]:
    """Let another user import from a private folder: replace its path by a descriptor.

    A path that begins with /proc/self/fd/N continues in that folder, whatever the permissions above it.
    """
    moved: dict[str, int] = {}
    for entry in sys.path:
        if os.path.isdir(entry) and not _open_to_all(entry):
            moved[entry] = os.open(entry, os.O_RDONLY | os.O_DIRECTORY)
    sys.path[:] = [_moved(entry, moved) for entry in sys.path]
    for module in list(sys.modules.values()):
        path = getattr(module, "__path__", None)
        if isinstance(path, list):
            path[:] = [_moved(folder, moved) for folder in path]
    sys.path_importer_cache.clear()
    return list(moved.values())


def _moved(path: str, moved: dict[str, int]) -> str:
    for folder, descriptor in moved.items():
        if path == folder or path.startswith(folder + "/"):
            return f"/proc/self/fd/{descriptor}{path[len(folder) :]}"
    return path


def _open_to_all(path: str) -> bool:
    path = os.path.realpath(path)
    if not os.path.isdir(path):
        if not os.stat(path).st_mode & 0o004:
            return False
        path = os.path.dirname(path)
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True


def _close_all_but(keep: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            try:
                os.close(int(name))
            except OSError:
                continue  # the descriptor of the listing itself


def _limit(limits: Limits) -> None:
    import resource  # missing on Windows

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    total = int(limits.total) + 5
    for what, most in (
        (resource.RLIMIT_AS, size + limits.memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, total),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_NOFILE, limits.descriptors),
        (resource.RLIMIT_NPROC, limits.threads),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_STACK, 64 << 20),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
