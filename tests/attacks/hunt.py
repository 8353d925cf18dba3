"""Plant a secret in every hidden place of a grader, let a worker search for them, and print the hits.

    python hunt.py AUTOGRADER.zip LEVEL [--without-landlock] [--container FOLDER]

It is a separate program, so it can run as another user, on a kernel that claims to have no Landlock, and in a
container, where it also searches the folder of the grader.
"""

import argparse
import contextlib
import ctypes
import errno
import json
import mmap
import os
import runpy
import secrets
import socket
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

from autograder.grading.grade import read_autograder
from autograder.sandbox import ForkServer, Limits
from autograder.sandbox.landlock import CREATE_RULESET
from autograder.sandbox.seccomp import ALLOW, ERROR, JUMP_EQUAL, LOAD, NUMBER, RETURN, install
from autograder.sandbox.wire import Reference

LIMITS = Limits(cell=150, call=60, question=400, total=600, patience=2)
IPC_CREAT, PLACES = 0o1000, ("autograder/hidden_checks", "solutions", "autograder/mistakes")


def without_landlock() -> None:
    """Make the kernel claim to have no Landlock, for this process and its children."""
    denied = (RETURN, 0, 0, ERROR | errno.ENOSYS)
    install([(LOAD, 0, 0, NUMBER), (JUMP_EQUAL, 0, 1, CREATE_RULESET), denied, (RETURN, 0, 0, ALLOW)])


class Planted:
    """A different secret in every hidden place. `places` maps each secret to its place."""

    def __init__(self, folder: Path):
        self.places: dict[str, str] = {}
        self.paths: list[str] = []
        self.keep: list[object] = []
        self.addresses: list[object] = []
        self.keys: list[int] = []
        self._folder = folder

    def new(self, place: str) -> str:
        """A secret for a place."""
        secret = f"planted-{secrets.token_hex(16)}"
        self.places[secret] = place
        return secret

    def in_zip(self, path: Path) -> Path:
        """An autograder zip with a secret in each module of the hidden packages and in secret.txt."""
        planted = self._folder / "autograder.zip"
        with zipfile.ZipFile(path) as ours, zipfile.ZipFile(planted, "w") as zipped:
            for name in ours.namelist():
                data = ours.read(name)
                if name.startswith(tuple(f"files/{place}/p" for place in PLACES)):
                    data += f"\nPLANTED = {self.new(name)!r}\n".encode()
                if name == "files/autograder/hidden_checks/secret.txt":
                    data = self.new("the secret of the hidden checks").encode()
                zipped.writestr(name, data)
            zipped.writestr("files/solutions/p3_linear_layer.md", self.new("a model answer"))
        self.paths.append(str(planted))
        return planted

    def in_container(self, folder: Path) -> None:
        """Plant secrets next to the unpacked zip, in the other files of a container that grades."""
        for name in ("submission_metadata.json", "submission/another.ipynb", "results/results.json"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(self.new(name))
            path.chmod(0o644)
        self.paths.append(str(folder))

    def everywhere_else(self) -> None:
        """Plant secrets in the grader's environment, memory, open files, shared memory, sockets and keys."""
        os.environ["PLANTED"] = self.new("environment")
        self.keep.append([self.new("memory"), self.new("memory, bytes").encode()])
        removed = tempfile.TemporaryFile()  # noqa: SIM115 - it stays open
        removed.write(self.new("a file without a name").encode())
        removed.flush()
        anonymous = os.memfd_create("planted", 0)
        os.write(anonymous, self.new("a file in memory").encode())
        os.set_inheritable(anonymous, True)
        reading, writing = os.pipe()
        os.write(writing, self.new("a pipe").encode())
        shared = mmap.mmap(-1, 4096)
        shared.write(self.new("shared memory of a process tree").encode())
        named = Path("/dev/shm") / f"planted-{os.getpid()}"
        if named.parent.is_dir():
            named.write_text(self.new("shared memory with a name"))
            named.chmod(0o600)
            self.paths.append(str(named))
        self.keep += [removed, anonymous, reading, writing, shared, named]
        self._segment()
        self._listeners()

    def _segment(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        key = secrets.randbelow(1 << 30) + 1
        segment = libc.shmget(key, 4096, IPC_CREAT | 0o600)
        if segment >= 0:
            ctypes.memmove(libc.shmat(segment, None, 0), self.new("a shared segment").encode(), 40)
            self.keys += [key, segment]

    def _listeners(self) -> None:
        secret = self.new("a socket").encode()
        by_name = f"\0planted-{os.getpid()}"
        by_path = str(self._folder / "door")
        for family, address in ((1, by_name), (1, by_path), (2, ("127.0.0.1", 0))):
            listener = socket.socket(family)
            listener.bind(address)
            listener.listen()
            self.addresses.append(listener.getsockname() if family == 2 else address)
            threading.Thread(target=self._serve, args=(listener, secret), daemon=True).start()

    @staticmethod
    def _serve(listener: socket.socket, secret: bytes) -> None:
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.sendall(secret)

    def removed(self) -> None:
        """Remove everything that would outlive this process."""
        for key in self.keys[1::2]:
            ctypes.CDLL(None).shmctl(key, 0, None)
        for kept in self.keep:
            if isinstance(kept, Path):
                kept.unlink()


def hunt(path: Path, level: str, container: Path | None) -> dict[str, object]:
    """The secrets that a worker finds at a level, and the number of things that it could read.

    container : the folder in which a container grades; None outside a container.
    """
    with tempfile.TemporaryDirectory(prefix="hunt-") as folder:
        planted = Planted(Path(folder))
        zipped = planted.in_zip(path)
        planted.everywhere_else()
        try:
            with (
                tempfile.TemporaryDirectory(prefix="homework-autograder-") as unpacked,
                ForkServer(level, LIMITS) as server,
            ):
                if container is not None:
                    unpacked = str(container / "source")
                    planted.in_container(container)
                    runpy.run_path(f"{unpacked}/run_otter.py")["make_private"](container)
                read_autograder(zipped).unpack(Path(unpacked))
                sys.path.insert(0, f"{unpacked}/files")
                __import__("autograder.hidden_checks.p3_linear_layer")
                __import__("solutions.p3_linear_layer")
                planted.paths.append(f"{unpacked}/files")
                worker = server.worker()
                hints = {
                    "paths": planted.paths,
                    "addresses": planted.addresses,
                    "keys": planted.keys,
                    "process": os.getpid(),
                }
                worker.run(f"HINTS = {hints!r}", LIMITS.cell)
                search = Path(__file__).with_name("search.py").read_text()
                failed = worker.run(search, LIMITS.cell)["error"]
                answer = worker.ask(60, do="call", function=Reference("function", "report"), arguments=())
                worker.close()
        finally:
            planted.removed()
    found, searched = answer["value"]
    hits = sorted({(how, planted.places.get(secret, "?")) for how, secret in found})
    missed = sorted(set(planted.places.values()) - {place for _, place in hits})
    return {"failed": failed, "hits": hits, "missed": missed, "searched": dict(searched)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("autograder", type=Path)
    parser.add_argument("level")
    parser.add_argument("--without-landlock", action="store_true")
    parser.add_argument("--container", type=Path)
    options = parser.parse_args()
    if options.without_landlock:
        without_landlock()
    json.dump(hunt(options.autograder, options.level, options.container), sys.stdout)
