"""The system call filter: compiles the policy to a program for the kernel's packet filter."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from autograder.sandbox.policy import CONDITIONAL, NOT_THERE, SYSCALLS

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}
X32 = 0x40000000

LOAD, JUMP_EQUAL, JUMP_GREATER_OR_EQUAL, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
PR_SET_SECCOMP, MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38

Instruction = tuple[int, int, int, int]


class UnsupportedError(Exception):
    """The policy has no system call numbers for this machine."""


def program(machine: str, own_pid: int) -> list[Instruction]:
    """Compile the policy.

    Parameters
    ----------
    machine : the architecture, as named by `platform.machine`
    own_pid : the process id of the worker

    Raises
    ------
    UnsupportedError
        If the policy has no system call numbers for this architecture.
    """
    if machine not in ARCHITECTURES:
        raise UnsupportedError(f"no system call filter for {machine}")
    index, architecture = ARCHITECTURES[machine]
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        # System calls of the x32 interface have other numbers, which are not in the list.
        (JUMP_GREATER_OR_EQUAL, 0, 1, X32),
        (RETURN, 0, 0, ERROR | errno.EPERM),
    ]
    for numbers in NOT_THERE.values():
        code += [(JUMP_EQUAL, 0, 1, numbers[index]), (RETURN, 0, 0, ERROR | errno.ENOSYS)]
    for call in SYSCALLS.values():
        number = call[index]
        if number is not None:
            code += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    for rule in CONDITIONAL.values():
        block: list[Instruction] = [(LOAD, 0, 0, ARGUMENTS + 8 * rule.argument)]
        if rule.mask is not None:
            block.append((AND, 0, 0, rule.mask))
        for value in rule.values:
            wanted = own_pid if value == "own pid" else value
            block += [(JUMP_EQUAL, 0, 1, int(wanted)), (RETURN, 0, 0, ALLOW)]
        block.append((RETURN, 0, 0, ERROR | errno.EPERM))
        code += [(JUMP_EQUAL, 0, len(block), rule.numbers[index]), *block]
    return [*code, (RETURN, 0, 0, ERROR | errno.EPERM)]


def apply() -> None:
    """Filter the system calls of this process and its threads, permanently."""
    install(program(platform.machine(), os.getpid()))


def install(code: list[Instruction]) -> None:
    """Let the kernel run a filter program on every system call from now on; raise OSError on failure."""
    raw = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    header = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.create_string_buffer(header, len(header)))


def prctl(option: int, value: int, pointer: ctypes.Array[ctypes.c_char] | None = None) -> None:
    """Call prctl(2); raise OSError on failure."""
    libc = ctypes.CDLL(None, use_errno=True)
    address = ctypes.c_void_p(ctypes.addressof(pointer) if pointer is not None else 0)
    if libc.prctl(option, ctypes.c_ulong(value), address, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")
