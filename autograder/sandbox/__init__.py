"""Runs a submission's code where it can harm nothing, and lets the grader call its functions.

    with ForkServer(level) as server:
        worker = server.worker()
        worker.run("x = 1", seconds=30)

The policy is data, in `policy`; `seccomp`, `landlock` and `confine` apply it; `zygote` forks the `worker`s;
`wire` carries plain data between a worker and the `client`, which is all that a grader needs.
"""

from autograder.sandbox.client import OutOfPatience, SandboxError, WorkerHandle, WorkerLost, remove
from autograder.sandbox.confine import NONE, ROOT, USER, in_reach, reachable_level
from autograder.sandbox.fork_server import ForkServer
from autograder.sandbox.memory import limits_of_this_machine
from autograder.sandbox.policy import Limits
from autograder.sandbox.self_test import self_test

__all__ = [
    "NONE",
    "ROOT",
    "USER",
    "ForkServer",
    "Limits",
    "OutOfPatience",
    "SandboxError",
    "WorkerHandle",
    "WorkerLost",
    "in_reach",
    "limits_of_this_machine",
    "reachable_level",
    "remove",
    "self_test",
]
