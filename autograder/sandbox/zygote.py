"""The process that forks workers: everything is loaded, and nothing secret is in its memory.

It is started by exec, so it inherits nothing. It loads the packages that submissions import, and then forks a
confined worker for each request on its control socket. It also kills and reaps the workers.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import warnings
from typing import Any

import numpy as np

# Everything that is needed of this project must be imported while its folders are on the path.
from autograder.sandbox.confine import NONE, confine, end_with_parent
from autograder.sandbox.policy import Limits, below, python_folders
from autograder.sandbox.shell import Shell, move_in, new_shell, without_commands
from autograder.sandbox.worker import Worker, make_inert

LOADED = (
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "matplotlib",
    "matplotlib.pyplot",
    "asyncio",
    "dataclasses",
    "IPython.display",
)


def main(control: int) -> None:
    """Serve one client until it ends.

    control : the descriptor of a Unix socket. A request is a line of JSON. A request to fork comes with two
        descriptors, the pipes that the worker reads and writes.
    """
    end_with_parent()
    channel = socket.socket(fileno=control)
    gc.disable()  # loaded modules are never garbage
    shell = _load()
    gc.freeze()
    gc.enable()
    children: set[int] = set()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # until now, the client could read errors
    os.close(nowhere)
    with contextlib.suppress(OSError):  # the client has ended
        channel.send(b'{"is": "ready"}\n')
        while True:
            data, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 2)
            if not data:
                break
            request: dict[str, Any] = json.loads(data)
            if request["do"] == "fork":
                pid = _fork(shell, request, descriptors, channel)
                children.add(pid)
                response: dict[str, Any] = {"pid": pid}
            else:
                response = {"status": _end(request["pid"])} if request["pid"] in children else {"status": 0}
                children.discard(request["pid"])
            channel.send(json.dumps(response).encode() + b"\n")
    for pid in children:
        _end(pid)


def _load() -> Shell:
    warnings.simplefilter("ignore")
    for name in LOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # not installed; a submission that imports it gets the same error
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import font_manager, pyplot

    font_manager.fontManager.findfont("DejaVu Sans")
    pyplot.close(pyplot.figure())
    shell = new_shell()
    shell.run_cell("None", store_history=False)
    without_commands()
    make_inert()
    _forget_projects()
    return shell


def _forget_projects() -> None:
    """Remove from the path everything except Python's own folders, such as editable projects."""
    folders = python_folders()
    sys.path[:] = [path for path in sys.path if below(path, folders)]
    sys.meta_path[:] = [f for f in sys.meta_path if not f.__module__.startswith("__editable__")]
    sys.path_importer_cache.clear()


def _fork(shell: Shell, request: dict[str, Any], descriptors: list[int], channel: socket.socket) -> int:
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    try:
        channel.close()
        _work(shell, request, *descriptors)
    finally:
        os._exit(1)


def _work(shell: Shell, request: dict[str, Any], reading: int, writing: int) -> None:
    os.setsid()
    try:
        if request["level"] == NONE:
            end_with_parent()
            os.chdir(request["scratch"])
        else:
            confine(Limits(**request["limits"]), request["scratch"], request["level"], (reading, writing))
        move_in(shell, request["scratch"])
        unconfined = None
    except BaseException as error:
        unconfined = f"{type(error).__name__}: {error}"
    random.seed(0)  # gradings should be repeatable
    np.random.seed(0)
    Worker(shell, reading, writing).serve(unconfined)


def _end(pid: int) -> int:
    """Kill a worker and its processes; return its status, as waitpid does."""
    try:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return 0
    return status
