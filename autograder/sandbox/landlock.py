"""Landlock: limits the files that a process may open, and forbids connections and signals."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on all architectures
VERSION_FLAG = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# Each version of the interface added rights: 13 in the first, then refer, truncate, ioctl on devices.
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
READ = EXECUTE | READ_FILE | READ_DIR
ON_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
SPECIAL = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11  # making devices, sockets and named pipes
TCP = 3  # binding and connecting, from version 4 on
ABSTRACT_SOCKETS, SIGNALS = 1, 2  # from version 6 on


def version() -> int:
    """The version of the kernel's Landlock interface; 0 without Landlock."""
    return max(0, _syscall(CREATE_RULESET, None, 0, VERSION_FLAG, may_fail=True))


def restrict(readable: Iterable[str], writable: Iterable[str], folders: Iterable[int] = ()) -> None:
    """Restrict this process permanently: it can open only files below these paths.

    Parameters
    ----------
    readable, writable : paths; missing ones are skipped
    folders : descriptors of more readable folders

    Raises
    ------
    OSError
        If the kernel has no Landlock.
    """
    abi = version()
    rights = FILE_RIGHTS[min(abi, 5)] if abi else 0
    if not rights:
        raise OSError("this kernel has no Landlock")
    attributes = struct.pack(
        "QQQ", rights, TCP if abi >= 4 else 0, ABSTRACT_SOCKETS | SIGNALS if abi >= 6 else 0
    )
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = _syscall(CREATE_RULESET, ctypes.byref(buffer), size, 0)
    try:
        for descriptor in folders:
            _allow(ruleset, descriptor, READ & rights)
        for paths, allowed in ((readable, READ), (writable, rights & ~SPECIAL & ~EXECUTE)):
            for path in paths:
                try:
                    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
                except OSError:
                    continue
                try:
                    _allow(ruleset, descriptor, allowed & rights)
                finally:
                    os.close(descriptor)
        _syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, descriptor: int, rights: int) -> None:
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= ON_A_FILE
    rule = struct.pack("=Qi", rights, descriptor)
    buffer = ctypes.create_string_buffer(rule, len(rule))
    _syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(buffer), 0)


def _syscall(number: int, *arguments: object, may_fail: bool = False) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0 and not may_fail:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
