"""Grades notebooks in parallel, on this machine or on a cluster, through `concurrent.futures`.

Every task is `grade_one`, wherever it runs. It takes a warm grading process, or starts one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from autograder.batch.records import FAILED, GRADED, REFUSED
from autograder.errors import HomeworkError, fault
from autograder.grading.grade import Autograder, GradeNotebook, grader
from autograder.grading.isolation import isolation_level
from autograder.grading.process import Grade
from autograder.grading.upload import SubmissionError

TRIES = 2  # a fault of the grader, such as too little memory for a moment, is tried once more
WAIT = "20s"  # for a scheduler


@dataclass(frozen=True)
class Outcome:
    """The outcome for one notebook.

    status, reason, isolation : see `Record`.
    grade : None unless it was graded.
    """

    status: str
    reason: str = ""
    isolation: str = ""
    grade: Grade | None = None


@dataclass(frozen=True)
class Pool:
    """Where notebooks are graded.

    executor : runs the tasks.
    autograder : the autograder zip, or what stands for it on a cluster.
    level : the wanted isolation level.
    size : the number of tasks that run at a time.
    """

    executor: Executor
    autograder: Any
    level: str | None
    size: int


def grade_one(autograder: Autograder, level: str | None, name: str, data: bytes) -> Outcome:
    """Grade one notebook.

    Parameters
    ----------
    autograder : the autograder zip
    level : the isolation level; None means the best one of the machine
    name, data : the name and the bytes of the notebook

    Raises
    ------
    HomeworkError
        If nothing can be graded here.
    """
    level = isolation_level(level)
    reason = ""
    for left in reversed(range(TRIES)):
        try:
            one = _graders.take(autograder, level)
        except HomeworkError as error:
            if left == 0 and not _graders.worked:
                raise
            reason = str(error)
            continue
        try:
            outcome = Outcome(GRADED, isolation=level, grade=one.grade(name, data))
        except SubmissionError as error:
            outcome = Outcome(REFUSED, str(error), level)
        except Exception as error:
            reason = str(error) if isinstance(error, HomeworkError) else fault(error)
            _graders.end(one)
            continue
        _graders.put_back(one)
        return outcome
    return Outcome(FAILED, reason, level)


@dataclass(frozen=True, eq=False)
class _Grader:
    """A grading process.

    key : what it grades with: the digest of the autograder zip, and the isolation level.
    grade : see `grader`.
    ended : ends the process.
    """

    key: tuple[str, str]
    grade: GradeNotebook
    ended: ExitStack


class Graders:
    """The grading processes that were started here, which are kept for the next notebooks.

    worked : whether one has started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[_Grader] = []
        self._all: set[_Grader] = set()
        self._closed = False
        self.worked = False

    def take(self, autograder: Autograder, level: str) -> _Grader:
        """A free process for this autograder, or a new one; raise a HomeworkError if it does not start."""
        key = autograder.digest, level
        with self._lock:
            self._expect_open()
            for one in self._free:
                if one.key == key:
                    self._free.remove(one)
                    return one
        with ExitStack() as stack:
            graded = stack.enter_context(grader(autograder, level))
            with self._lock:
                self._expect_open()
                one = _Grader(key, graded, stack.pop_all())
                self._all.add(one)
                self.worked = True
        return one

    def _expect_open(self) -> None:
        if self._closed:
            raise HomeworkError("Grading was stopped.")

    def put_back(self, one: _Grader) -> None:
        """Keep a process for the next notebook."""
        with self._lock:
            self._free.append(one)

    def end(self, one: _Grader) -> None:
        """End a process."""
        with self._lock:
            if one not in self._all:  # another thread ends it
                return
            self._all.remove(one)
        one.ended.close()

    def close(self) -> None:
        """End all processes, even those that grade. None can be started before `open`."""
        with self._lock:
            self._closed = True
            every = list(self._all)
            self._free.clear()
        for one in every:
            self.end(one)

    def open(self) -> None:
        """Allow new processes after `close`."""
        self._closed = False


_graders = Graders()
atexit.register(_graders.close)


@contextlib.contextmanager
def local_pool(autograder: Autograder, level: str, jobs: int) -> Iterator[Pool]:
    """Grade on this machine, with `jobs` grading processes. A signal ends all of them."""
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="homework-grade")
    _graders.open()
    try:
        yield Pool(executor, autograder, level, jobs)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        _graders.close()
        executor.shutdown()


@contextlib.contextmanager
def cluster_pool(autograder: Autograder, level: str | None, address: str) -> Iterator[Pool]:
    """Grade on the workers of a Dask scheduler.

    Raises
    ------
    HomeworkError
        If Dask is not installed, or if there is no scheduler with workers at this address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise HomeworkError(
            "--dask needs the package distributed; install it here and on the cluster."
        ) from None
    try:
        client = Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise HomeworkError(f"There is no Dask scheduler at {address}: {error}.") from None
    with client:
        threads = sum(client.ncores().values())
        if not threads:
            raise HomeworkError(f"The Dask scheduler at {address} has no workers; start some.")
        shared = client.scatter(autograder, broadcast=True, hash=False)
        yield Pool(client.get_executor(pure=False), shared, level, threads)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
