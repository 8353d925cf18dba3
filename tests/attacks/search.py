"""Runs in a worker and looks for planted secrets everywhere, in every way that Python and the kernel offer.

HINTS, set by an earlier cell, says where they are: paths, addresses of sockets, keys of shared memory, and
the process that has them. `hits` holds the places of found secrets; `searched` counts what could be read.
"""

import contextlib
import ctypes
import gc
import glob
import mmap
import os
import re
import socket
import sys

PATTERN = re.compile(rb"planted-[0-9a-f]{32}")
LARGEST = 8 << 20
PAGE = mmap.PAGESIZE
hits, searched = set(), {}
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def look(how, data):
    """Record secrets in this data."""
    searched[how] = searched.get(how, 0) + 1
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    for found in PATTERN.findall(bytes(data)):
        hits.add((how, found.decode()))


def attempt(how, *functions):
    """Call functions that return data or fail."""
    for function in functions:
        with contextlib.suppress(BaseException):
            look(how, function())


def read(path, dir_fd=None):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK, dir_fd=dir_fd)
    try:
        return os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)


def walk(how, top, depth=12, every_kind=False):
    """Read all files below a folder, including links; at most some thousands.

    every_kind : whether to read pipes and the like. Reading from another program's pipe would steal its data.
    """
    waiting, count = [(top, depth)], 0
    while waiting and count < 4000:
        folder, left = waiting.pop()
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                look(how + ", names", entry.path)
                count += 1
                with contextlib.suppress(OSError):
                    look(how + ", links", os.readlink(entry.path))
                if entry.is_dir(follow_symlinks=False) and left and not PYTHON.search(entry.path):
                    waiting.append((entry.path, left - 1))
                elif entry.is_file() or every_kind:
                    attempt(how, lambda entry=entry: read(entry.path))


PYTHON = re.compile(r"site-packages|dist-packages|/python3|/lib/x86|/locale|/sys/|/perl|/gcc|/modules")


def files():
    for top in HINTS["paths"]:
        attempt("files", lambda top=top: read(top))
        walk("files", top)
    for top in (
        "/tmp",
        "/var",
        "/home",
        "/root",
        "/work",
        "/etc",
        "/run",
        "/srv",
        "/opt",
        "/mnt",
        "/autograder",
    ):
        walk("files", top)
    for top in ("/dev/shm", "/dev/mqueue", ".", "..", "../..", "/proc/self/cwd/..", "/proc/self/root"):
        walk("files", top, 3)
    for path in (*sys.path, *(getattr(m, "__file__", None) or "" for m in list(sys.modules.values()))):
        folder = os.path.dirname(path)
        for other in (
            "hidden_checks",
            "mistakes",
            "autograder/hidden_checks",
            "solutions",
            "../solutions",
            "..",
        ):
            walk("beside modules", os.path.join(folder, other), 1)
    with contextlib.suppress(OSError):
        os.symlink("/", "everything")
        walk("files by a link", "everything/tmp", 3)
    attempt("folders that were", lambda: repr(glob.glob("/*/*/*")))


def processes():
    numbers = {os.getpid(), os.getppid(), 1, *range(2, 300)}
    for near in (os.getppid(), HINTS["process"]):
        numbers |= set(range(max(2, near - 50), near + 50))
    with contextlib.suppress(OSError):
        numbers |= {int(name) for name in os.listdir("/proc") if name.isdigit()}
    for number in [*sorted(numbers), "self", "thread-self"]:
        for name in ("environ", "cmdline", "maps", "status", "syscall", "stack", "comm"):
            attempt("processes", lambda n=number, a=name: read(f"/proc/{n}/{a}"))
        if number in (HINTS["process"], os.getppid(), "self", "thread-self"):
            walk("processes, fd", f"/proc/{number}/fd", every_kind=True)
            for name in ("cwd", "root", "task", "map_files"):
                walk(f"processes, {name}", f"/proc/{number}/{name}", 1)
            memory_of(number)


def memory_of(number):
    """Another process's memory, through its file and through the calls that copy memory."""
    with contextlib.suppress(OSError, ValueError):
        for line in read(f"/proc/{number}/maps").decode().splitlines():
            span, mode = line.split()[:2]
            start, stop = (int(part, 16) for part in span.split("-"))
            if "r" not in mode or "w" not in mode or stop - start > 64 * LARGEST:
                continue
            with open(f"/proc/{number}/mem", "rb", buffering=0) as memory:
                memory.seek(start)
                look("processes, memory", memory.read(stop - start))
    if isinstance(number, int):
        local = ctypes.create_string_buffer(PAGE)
        for address in (id(gc) & -PAGE, id(sys) & -PAGE, id(os) & -PAGE):
            vectors = [
                (ctypes.c_size_t * 2)(ctypes.addressof(local), PAGE),
                (ctypes.c_size_t * 2)(address, PAGE),
            ]
            copied = libc.process_vm_readv(number, vectors[0], 1, vectors[1], 1, 0)
            if copied > 0:
                look("processes, copied memory", local.raw)


def own_memory():
    """Every page near Python's objects, which may contain data of the parent process."""
    seen = set()
    starts = {id(o) for o in gc.get_objects()[::50]}
    starts |= {ctypes.addressof(ctypes.c_char.in_dll(libc, name)) for name in ("environ", "stdout")}
    starts.add(ctypes.addressof(ctypes.create_string_buffer(8)))
    for start in starts:
        for step in (PAGE, -PAGE):
            page = start & -PAGE
            while page not in seen and len(seen) < 60_000 and mapped(page):
                seen.add(page)
                look("own memory", ctypes.string_at(page, PAGE))
                page += step
    for found in gc.get_objects():
        if isinstance(found, dict):
            for value in list(found.values()):
                if isinstance(value, str | bytes):
                    look("own objects", value)


def mapped(page):
    """Whether an address can be read: if not, writing from it to a pipe fails."""
    reading, writing = PIPE
    if libc.write(writing, ctypes.c_void_p(page), 1) != 1:
        return False
    os.read(reading, 1)
    return libc.write(writing, ctypes.c_void_p(page + PAGE - 1), 1) == 1 and bool(os.read(reading, 1))


PIPE = os.pipe()


def descriptors():
    for number in range(64):
        attempt(
            "descriptors",
            lambda n=number: os.readlink(f"/proc/self/fd/{n}"),
            lambda n=number: os.pread(n, LARGEST, 0),
            lambda n=number: mmap.mmap(n, 0, prot=mmap.PROT_READ)[:],
            lambda n=number: repr(os.listdir(n)),
            lambda n=number: received(n),
        )
        for up in ("..", "../..", "../../.."):
            for name in ("", "autograder/hidden_checks", "solutions", "tmp", "root", "proc/1/environ"):
                attempt("up from a descriptor", lambda n=number, p=f"{up}/{name}": listed(p, n))
        with contextlib.suppress(OSError):
            os.fchdir(number)
            walk("a folder that was left open", "..", 2)


def received(descriptor):
    """The waiting data of a descriptor that may be a socket."""
    copy = os.dup(descriptor)
    try:
        connection = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with connection:
        return connection.recvmsg(100, 100, socket.MSG_DONTWAIT)[0]


def listed(path, dir_fd):
    """The names in a folder, given relative to an open folder."""
    descriptor = os.open(path, os.O_RDONLY, dir_fd=dir_fd)
    try:
        return repr(os.listdir(descriptor))
    finally:
        os.close(descriptor)


def frames():
    frame = sys._getframe()
    while frame:
        look("frames", repr(frame.f_locals) + repr(frame.f_globals))
        frame = frame.f_back
    for thread in sys._current_frames().values():
        look("frames", repr(thread.f_locals))
    look("environment", repr(os.environ) + repr(sys.argv) + repr(getattr(sys, "orig_argv", "")))
    for name in (
        "autograder.hidden_checks",
        "solutions",
        "autograder.mistakes",
        "solutions.p3_linear_layer",
        "autograder.hidden_checks.p3_linear_layer",
    ):
        attempt("imports", lambda n=name: repr(vars(__import__(n, fromlist=["x"]))))


def sockets():
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
        for address in HINTS["addresses"]:
            attempt("sockets", lambda f=family, a=address: ask(f, a))
    attempt("sockets", lambda: socket.getaddrinfo("localhost", 80)[0][4][0])


def ask(family, address):
    with socket.socket(family) as connection:
        connection.settimeout(1)
        connection.connect(address)
        return connection.recv(1000)


def shared():
    """System V and POSIX shared memory, message queues and semaphores, and the kernel's keys."""
    libc.shmat.restype = ctypes.c_void_p
    for number in (*range(64), *HINTS["keys"]):
        segment = libc.shmget(number, 0, 0)
        for identifier in (number, segment):
            address = libc.shmat(identifier, None, 0o10000)
            if address not in (None, ctypes.c_void_p(-1).value):
                look("shared memory", ctypes.string_at(address, 100))
    buffer = ctypes.create_string_buffer(1000)
    for ring in (-1, -2, -3, -4, -5):
        key = libc.syscall(250, 10, ring, b"user", b"planted", 0)
        if key > 0 and libc.syscall(250, 11, key, buffer, 1000) > 0:
            look("keys", buffer.raw)
    for name in (b"/planted", b"planted"):
        queue = libc.mq_open(name, 0)
        if queue >= 0 and libc.mq_receive(queue, buffer, 1000, None) > 0:
            look("queues", buffer.raw)


for part in (frames, descriptors, files, processes, sockets, shared, own_memory):
    try:
        part()
    except BaseException as error:
        searched[f"{part.__name__} ended with {type(error).__name__}"] = 1


def report():
    """The hits and the counts, as plain data."""
    return sorted(hits), sorted(searched.items())
