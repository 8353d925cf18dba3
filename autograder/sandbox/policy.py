"""What a submission's code may do, as data. `seccomp`, `landlock` and `confine` apply it.

Everything else is refused: a system call that is not in the list fails with EPERM, a path outside the
readable folders cannot be opened, and exceeding a limit raises an exception or ends the process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

MEBI = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one worker and its submission.

    memory : bytes of address space that a worker may add at runtime.
    file, scratch, files : bytes of one written file, bytes of all written files, and their number.
    descriptors : open files.
    threads : threads of all workers at a time.
    cell, call, question, total : seconds of processor time of one cell, of one call (a check may allow less),
        of all checks of a question, and of a whole submission.
    patience : by the clock, everything may take this many times as long.
    crashes : the number of workers that a submission may lose.
    """

    memory: int = 2048 * MEBI
    file: int = 16 * MEBI
    scratch: int = 64 * MEBI
    files: int = 500
    descriptors: int = 64
    threads: int = 2048
    cell: float = 20.0
    call: float = 5.0
    question: float = 60.0
    total: float = 120.0
    patience: float = 3.0
    crashes: int = 40


# The user and group of a worker if the grader is root: nobody.
UID = GID = 65534

# Readable paths, in addition to the folders of Python and its packages.
READABLE = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
)
WRITABLE_DEVICES = ("/dev/null",)


def python_folders() -> list[str]:
    """The folders of Python and its packages."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    lib = [os.path.join(os.path.realpath(prefix), "lib") for prefix in prefixes]
    packages = [os.path.realpath(p) for p in sys.path if "site-packages" in p or "dist-packages" in p]
    return sorted({folder for folder in (*lib, *packages) if os.path.isdir(folder)})


def below(path: str | os.PathLike[str], folders: Iterable[str]) -> bool:
    """Whether a path is one of these folders or inside one, following links."""
    tops = tuple(os.path.realpath(folder) + "/" for folder in folders)
    return (os.path.realpath(path) + "/").startswith(tops)


# System calls that are allowed with any arguments, with their numbers on x86-64 and on arm64 (None: the
# architecture has no such call).
SYSCALLS: dict[str, tuple[int | None, int | None]] = {
    # memory
    "brk": (12, 214),
    "madvise": (28, 233),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "mincore": (27, 232),
    "msync": (26, 227),
    # files, as far as Landlock and permissions allow
    "access": (21, None),
    "chdir": (80, 49),
    "chmod": (90, None),
    "close": (3, 57),
    "close_range": (436, 436),
    "copy_file_range": (326, 285),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fadvise64": (221, 223),
    "fallocate": (285, 47),
    "fchdir": (81, 50),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fdatasync": (75, 83),
    "fstat": (5, 80),
    "fstatfs": (138, 44),
    "fsync": (74, 82),
    "ftruncate": (77, 46),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "lseek": (8, 62),
    "lstat": (6, None),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "pwrite64": (18, 68),
    "pwritev": (296, 70),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "readv": (19, 65),
    "recvfrom": (45, 207),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "rmdir": (84, None),
    "sendfile": (40, 71),
    "stat": (4, None),
    "statfs": (137, 43),
    "statx": (332, 291),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "umask": (95, 166),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "utimensat": (280, 88),
    "write": (1, 64),
    "writev": (20, 66),
    # waiting, time and threads
    "alarm": (37, None),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "epoll_create": (213, None),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_wait": (232, None),
    "eventfd2": (290, 19),
    "futex": (202, 98),
    "get_robust_list": (274, 100),
    "getitimer": (36, 102),
    "gettimeofday": (96, 169),
    "membarrier": (324, 283),
    "nanosleep": (35, 101),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pselect6": (270, 72),
    "rseq": (334, 293),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "select": (23, None),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "setitimer": (38, 103),
    "time": (201, None),
    "timerfd_create": (283, 85),
    "timerfd_gettime": (287, 87),
    "timerfd_settime": (286, 86),
    # signals to itself, and its exit
    "exit": (60, 93),
    "exit_group": (231, 94),
    "pause": (34, None),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132),
    "wait4": (61, 260),
    # information about itself
    "arch_prctl": (158, None),
    "getcpu": (309, 168),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getgroups": (115, 158),
    "getpgid": (121, 155),
    "getpgrp": (111, None),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getresgid": (120, 150),
    "getresuid": (118, 148),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getsid": (124, 156),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "uname": (63, 160),
}


@dataclass(frozen=True)
class Conditional:
    """A system call that is allowed only for some values of one argument, and otherwise fails with EPERM.

    numbers : its numbers on x86-64 and arm64.
    argument : the index of the argument, from 0.
    values : the allowed values of the lower 32 bits; "own pid" is the worker's process id.
    mask : if given, the argument is combined with it by a bitwise "and" first.
    """

    numbers: tuple[int, int]
    argument: int
    values: tuple[int | str, ...]
    mask: int | None = None


CLONE_THREAD = 0x10000
AF_UNIX = 1
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW = range(8)
F_DUPFD_CLOEXEC, F_GETPIPE_SZ = 1030, 1032
TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX, FIONCLEX, FIONBIO = 0x5401, 0x5413, 0x541B, 0x5451, 0x5450, 0x5421
PR_SET_NAME, PR_GET_NAME = 15, 16

CONDITIONAL: dict[str, Conditional] = {
    # threads, but no processes
    "clone": Conditional((56, 220), 0, (CLONE_THREAD,), mask=CLONE_THREAD),
    # asyncio wakes its loop with a pair of connected sockets; nothing can be sent to an address
    "socketpair": Conditional((53, 199), 0, (AF_UNIX,)),
    "sendto": Conditional((44, 206), 5, (0,)),
    # not F_SETOWN and the like, which let a file signal another process
    "fcntl": Conditional(
        (72, 25),
        1,
        (
            F_DUPFD,
            F_GETFD,
            F_SETFD,
            F_GETFL,
            F_SETFL,
            F_GETLK,
            F_SETLK,
            F_SETLKW,
            F_DUPFD_CLOEXEC,
            F_GETPIPE_SZ,
        ),
    ),
    "ioctl": Conditional((16, 29), 1, (TCGETS, TIOCGWINSZ, FIONREAD, FIOCLEX, FIONCLEX, FIONBIO)),
    "prctl": Conditional((157, 167), 0, (PR_SET_NAME, PR_GET_NAME)),
    # abort() and raise() signal the process itself
    "tgkill": Conditional((234, 131), 0, ("own pid",)),
    # getrlimit() of glibc asks about its own process, which is 0
    "prlimit64": Conditional((302, 261), 0, (0,)),
}

# Refused with ENOSYS. The C library then falls back to an older call, to which the list applies.
NOT_THERE = {"clone3": (435, 435), "openat2": (437, 437)}
