"""The process that workers are forked from: everything loaded, nothing secret in its memory.

It is started by exec, so that it inherits nothing, loads what submissions import, and then forks a
confined worker for each request that comes in by its control socket. It kills and reaps them too.
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

# All that is needed of this project, as long as its folders are on the path.
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
    """Serve one client until it is gone.

    control : the descriptor of a Unix socket. A request is a line of JSON; one that forks comes with two
        descriptors, the pipes that the worker reads and writes.
    """
    end_with_parent()
    channel = socket.socket(fileno=control)
    gc.disable()  # nothing that is loaded is ever garbage
    shell = _load()
    gc.freeze()
    gc.enable()
    children: set[int] = set()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # until now the client has read why this did not start
    os.close(nowhere)
    with contextlib.suppress(OSError):  # the client is gone
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
            continue  # an assignment without it; a submission that imports it gets the same error
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
    """Leave on the path only Python's own folders, not those of projects that are installed editable."""
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
    random.seed(0)  # the same in every grading, as far as that can be
    np.random.seed(0)
    Worker(shell, reading, writing).serve(unconfined)


def _end(pid: int) -> int:
    """Kill a worker and what it started; return how it ended, as waitpid says."""
    try:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return 0
    return status
