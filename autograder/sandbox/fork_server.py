"""Where workers come from: the grader's side of the process that forks them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.sandbox.client import SandboxError, WorkerHandle, WorkerLost, remove
from autograder.sandbox.memory import limits_of_this_machine
from autograder.sandbox.policy import Limits

# The environment variable that names the folder with matplotlib's list of fonts, which is slow to make.
FONTS = "HOMEWORK_FONTS"
# Nothing else tells Python what to load. Sets of text have the same order in every grading.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
PACKAGES = [str(Path(__file__).resolve().parents[2])]


class ForkServer:
    """Where workers come from: one process that has everything loaded, and forks.

    It loads while its user goes on, until the first worker is wanted.

    level : see `confine.reachable_level`; "none" runs submissions without any protection.
    folder : where to make the folder of the workers; None for where temporary files are.
    """

    def __init__(self, level: str, limits: Limits | None = None, folder: Path | None = None):
        self.level, self.limits = level, limits or limits_of_this_machine()
        self._folder = tempfile.mkdtemp(prefix="homework-sandbox-", dir=folder)
        os.chmod(self._folder, 0o711)
        if FONTS in os.environ:
            shutil.copytree(os.environ[FONTS], self._folder, dirs_exist_ok=True)
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        import checking

        folders = [*PACKAGES, str(Path(checking.__file__).resolve().parents[1])]
        start = (
            f"import sys; sys.path[:1] = {folders!r}; "
            f"from autograder.sandbox.zygote import main; del sys.path[:{len(folders)}]; "
            f"main({theirs.fileno()})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-B", "-c", start],
            pass_fds=[theirs.fileno()],
            env=ENVIRONMENT | dict.fromkeys(("HOME", "IPYTHONDIR", "MPLCONFIGDIR"), self._folder),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # it ends with this process, not by Ctrl-C
        )
        theirs.close()
        self._responses = self._channel.makefile("rb")
        self._started = False

    def _wait(self) -> None:
        """Wait until everything is loaded. Errors: SandboxError."""
        self._started = True
        started = self._responses.readline()
        with self._process.stderr as said:  # type: ignore[union-attr]
            if not started:
                reason = said.read().decode(errors="replace").strip().splitlines()[-1:]
                raise SandboxError(f"no process to fork workers from: {''.join(reason) or 'it ended'}")

    def worker(self) -> WorkerHandle:
        """Start a worker. Errors: SandboxError where it cannot be started or confined."""
        if not self._started:
            self._wait()
        scratch = tempfile.mkdtemp(dir=self._folder)
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        request = {"do": "fork", "scratch": scratch, "level": self.level, "limits": asdict(self.limits)}
        try:
            pid = self._ask(request, [theirs_in, theirs_out])["pid"]
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        worker = WorkerHandle(pid, ours_in, ours_out, Path(scratch), self.limits, self.end)
        try:
            error = worker.ask(20.0, do="start")["error"]
        except WorkerLost as lost:
            raise SandboxError(f"a worker did not start: {lost}") from None
        if error is not None:
            worker.close()
            raise SandboxError(f"a worker could not be confined: {error}")
        return worker

    def end(self, pid: int) -> int:
        """Kill a worker; return how it ended, as waitpid says."""
        return int(self._ask({"do": "end", "pid": pid})["status"])

    def _ask(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """The response to a request. Errors: SandboxError where nobody answers."""
        try:
            socket.send_fds(self._channel, [json.dumps(request).encode()], descriptors)
            line = self._responses.readline()
        except OSError:
            line = b""
        if not line:
            raise SandboxError("the process that workers are forked from is gone")
        response: dict[str, Any] = json.loads(line)
        return response

    def close(self) -> None:
        """End all workers, and remove what they wrote."""
        self._channel.close()
        self._responses.close()
        if self._process.stderr is not None:
            self._process.stderr.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        remove(Path(self._folder))

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
