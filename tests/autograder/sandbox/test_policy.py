"""The compiled system call filter, run by a small interpreter, for both architectures."""

import ast
import errno
import struct
from pathlib import Path

import pytest

from autograder.sandbox import seccomp
from autograder.sandbox.policy import CONDITIONAL, NOT_THERE, SYSCALLS, python_folders

OWN_PID = 4711
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
# On x86-64 and on arm64; None if there is no such call.
FORBIDDEN = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "personality": (135, 92),
    "setuid": (105, 146),
    "setrlimit": (160, 164),
    "link": (86, None),
    "linkat": (265, 37),
    "mknod": (133, None),
    "chown": (92, None),
    "inotify_init1": (294, 26),
    "perf_event_open": (298, 241),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
}


def run(machine, number, *arguments, architecture=None, pid=OWN_PID):
    """The filter's decision on one system call: "allow", "kill", or an error number."""
    data = struct.pack("<iIQ6Q", number, architecture or MACHINES[machine][1], 0, *[*arguments, *[0] * 6][:6])
    accumulator, at, code = 0, 0, seccomp.program(machine, pid)
    while True:
        operation, true, false, constant = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif operation == 0x15:
            at += true if accumulator == constant else false
        elif operation == 0x35:
            at += true if accumulator >= constant else false
        elif operation == 0x54:
            accumulator &= constant
        elif operation == 0x06:
            if constant == 0x7FFF0000:
                return "allow"
            return "kill" if constant == 0x80000000 else constant & 0xFFFF
        else:
            raise AssertionError(operation)


@pytest.mark.parametrize("machine", MACHINES)
def test_only_calls_in_the_list_are_allowed(machine):
    column = MACHINES[machine][0]
    allowed = {call[column] for call in SYSCALLS.values()} - {None}
    special = {rule.numbers[column] for rule in CONDITIONAL.values()}
    missing = {numbers[column] for numbers in NOT_THERE.values()}
    for number in range(700):
        if number in special:
            continue
        wanted = "allow" if number in allowed else errno.ENOSYS if number in missing else errno.EPERM
        assert run(machine, number) == wanted, number


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("call", FORBIDDEN)
def test_calls_that_affect_other_processes_are_refused(machine, call):
    number = FORBIDDEN[call][MACHINES[machine][0]]
    if number is not None:
        assert run(machine, number) == errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_some_calls_are_allowed_only_with_some_arguments(machine):
    def said(name, *arguments):
        return run(machine, CONDITIONAL[name].numbers[MACHINES[machine][0]], *arguments)

    thread, process = 0x3D0F00, 0x01200011
    assert (said("clone", thread), said("clone", process)) == ("allow", errno.EPERM)
    assert (said("socketpair", 1), said("socketpair", 2)) == ("allow", errno.EPERM)
    assert (said("sendto", 5, 0, 1, 0, 0, 0), said("sendto", 5, 0, 1, 0, 99, 16)) == ("allow", errno.EPERM)
    assert (said("fcntl", 5, 1), said("fcntl", 5, 8), said("fcntl", 5, 10)) == ("allow", 1, 1)
    assert (said("tgkill", OWN_PID, OWN_PID, 6), said("tgkill", 1, 1, 9)) == ("allow", errno.EPERM)
    assert (said("prlimit64", 0, 7), said("prlimit64", 1, 7)) == ("allow", errno.EPERM)
    assert (said("prctl", 15), said("prctl", 4), said("prctl", 22)) == ("allow", errno.EPERM, errno.EPERM)
    assert (said("ioctl", 0, 0x5401), said("ioctl", 0, 0x5412)) == ("allow", errno.EPERM)


def test_another_architecture_ends_the_process_and_x32_calls_are_refused():
    assert run("x86_64", 11, architecture=0x40000003) == "kill"
    assert run("x86_64", 0x40000000 + 59) == errno.EPERM
    with pytest.raises(seccomp.UnsupportedError, match="riscv64"):
        seccomp.program("riscv64", 1)


def test_the_numbers_are_those_of_the_kernel_headers():
    """Compare the numbers of this machine with the C library's headers, if they are installed."""
    try:
        text = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text()
    except OSError:
        pytest.skip("the kernel's headers are not installed")
    known = {
        words[1].removeprefix("__NR_"): ast.literal_eval(words[2])
        for words in map(str.split, text.splitlines())
        if len(words) == 3 and words[0] == "#define" and words[1].startswith("__NR_")
    }
    table = {name: numbers[0] for name, numbers in (SYSCALLS | NOT_THERE).items()}
    table |= {name: rule.numbers[0] for name, rule in CONDITIONAL.items()}
    table |= {name: numbers[0] for name, numbers in FORBIDDEN.items()}
    assert {name: number for name, number in table.items() if known.get(name) != number} == {}


def test_the_numbers_of_arm64_are_those_of_the_generic_table():
    try:
        text = Path("/usr/include/asm-generic/unistd.h").read_text()
    except OSError:
        pytest.skip("the kernel's headers are not installed")
    known = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[2].isdigit():
            known[words[1].removeprefix("__NR3264_").removeprefix("__NR_")] = int(words[2])
    table = {name: numbers[1] for name, numbers in (SYSCALLS | NOT_THERE | FORBIDDEN).items()}
    table |= {name: rule.numbers[1] for name, rule in CONDITIONAL.items()}
    table = {name: number for name, number in table.items() if number is not None}
    renamed = {"newfstatat": "fstatat"}
    wrong = {n: v for n, v in table.items() if known.get(n, known.get(renamed.get(n, ""))) != v}
    assert wrong == {}


def test_the_folders_of_python_contain_the_packages_of_a_notebook():
    import numpy

    assert any(numpy.__file__.startswith(folder) for folder in python_folders())
