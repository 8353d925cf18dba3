"""Try the sandbox on this machine: start a worker, and let it do what it must not be able to do."""

from __future__ import annotations

import os
import tempfile

from autograder.sandbox.client import WorkerHandle
from autograder.sandbox.fork_server import ForkServer

# What is tried, and the code that would do it.
FORBIDDEN = {
    "reading a private file": "open({secret!r}).read()",
    "starting a process": "import os; os.fork()",
    "running a program": "import os; os.execv('/bin/true', ['true'])",
    "opening a connection": "import socket; socket.socket()",
    "signalling its parent": "import os; os.kill(os.getppid(), 0)",
    "writing outside of its folder": "open('/tmp/homework-trial', 'w')",
}
ALLOWED = {
    "computing": "import numpy as np; np.linalg.solve(np.eye(3), np.ones(3))",
    "drawing": "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.savefig('figure.png')",
    "importing a module": "import statistics, fractions",
    "waiting for a coroutine": "import asyncio; await asyncio.sleep(0)",
}


def self_test(level: str) -> list[str]:
    """Try every thing that is forbidden or allowed at a level; return a line for each.

    Errors: SandboxError where no worker can be started.
    """
    lines = []
    with (
        tempfile.NamedTemporaryFile("w", prefix="homework-", suffix=".txt") as file,
        ForkServer(level) as server,
    ):
        file.write("secret")
        file.flush()
        os.chmod(file.name, 0o600)
        worker = server.worker()
        for what, code in FORBIDDEN.items():
            error = _error(worker, code.format(secret=file.name))
            lines.append(f"{what}: {f'refused ({error})' if error else 'POSSIBLE, do not grade here'}")
        for what, code in ALLOWED.items():
            error = _error(worker, code)
            lines.append(f"{what}: {f'FAILS ({error})' if error else 'works'}")
    return lines


def _error(worker: WorkerHandle, code: str) -> str | None:
    response = worker.run(code, 20.0)
    return None if response.get("error") is None else str(response["error"]).split(":")[0]
