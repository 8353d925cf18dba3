"""Runs a submission's code where it can harm nothing, and lets the grader call its functions.

    with Source(level) as source:
        worker = source.worker()
        worker.run("x = 1", seconds=30)

The policy is data, in `policy`; `seccomp`, `landlock` and `confine` apply it; `zygote` forks the `worker`s;
`wire` carries plain data between a worker and the `client`, which is all that a grader needs.
"""

from autograder.sandbox.client import OutOfPatience, SandboxError, Worker, WorkerLost, remove
from autograder.sandbox.confine import NONE, ROOT, USER, in_reach, reachable_level
from autograder.sandbox.memory import limits_of_this_machine
from autograder.sandbox.policy import Limits
from autograder.sandbox.source import Source
from autograder.sandbox.trial import try_level

__all__ = [
    "NONE",
    "ROOT",
    "USER",
    "Limits",
    "OutOfPatience",
    "SandboxError",
    "Source",
    "Worker",
    "WorkerLost",
    "in_reach",
    "limits_of_this_machine",
    "reachable_level",
    "remove",
    "try_level",
]
