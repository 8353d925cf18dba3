"""The time and the workers that a submission may use.

These rules are the same wherever a submission is graded:

- A call that does not return in time, or that ends its worker, fails its check.
- A function that did not return, or that ended its worker twice, is not called again. The programs of the
  checks of one question, which call the student's functions, count as one function.
- After `Limits.question` seconds, a question makes no more calls. After `Limits.total` seconds, or more than
  `Limits.crashes` lost workers, a submission makes no more calls.
- A cell that does not return, or that ends its worker, is skipped when the cells run again.

Functions are identified by name, even if a later cell defines them again. All limits are on processor time,
far above the time of any right answer. A submission that waits is stopped after a longer time by the clock.
"""

from __future__ import annotations

from autograder.sandbox import Limits, OutOfPatience, WorkerLost
from checking.outcomes import CheckFailure, NotCalled, OutOfTime, Raised

MOST_CRASHES = 2  # of one function


class Budget:
    """The time and the workers used by one submission, and the functions that are not called again.

    limits : the limits of the submission.
    taken : the seconds of processor time of ended workers.
    crashes : the number of lost workers.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.taken = 0.0
        self.crashes = 0
        self._question_began = 0.0
        self._failures: dict[str, list[CheckFailure]] = {}

    def begin_question(self, taken: float) -> None:
        """Start the time of a question.

        taken : the seconds that the submission has taken so far, including its current worker.
        """
        self._question_began = taken

    def exhausted(self, taken: float) -> bool:
        """Whether the submission has no time left, or has lost too many workers."""
        return taken > self.limits.total or self.crashes > self.limits.crashes

    def expect_call(self, key: str, name: str, taken: float) -> None:
        """Raise the failure of a call that is no longer allowed.

        key : identifies the function.
        name : the function's name in messages.
        """
        failures = self._failures.get(key, [])
        if len(failures) >= MOST_CRASHES or any(isinstance(f, OutOfTime) for f in failures):
            raise type(failures[-1])(str(failures[-1]))
        if self.exhausted(taken):
            raise self.used_up(name, "the notebook")
        if taken - self._question_began > self.limits.question:
            raise self.used_up(name, "this question")

    def used_up(self, name: str, whose: str) -> CheckFailure:
        """The failure of a call when no time is left."""
        return NotCalled(f"{name} was not called: {whose} has used up all of its time.")

    def lost(self, key: str, name: str, why: WorkerLost, seconds: float | None) -> CheckFailure:
        """Record that a call lost its worker, and return its failure.

        seconds : as for `out_of_time`.
        """
        if isinstance(why, OutOfPatience):
            return self.out_of_time(key, name, seconds)
        failures = self._failures.setdefault(key, [])
        again = " It is not called again." if len(failures) + 1 == MOST_CRASHES else ""
        failures.append(Raised(f"{name} ended the program that runs it: {why}.{again}"))
        return failures[-1]

    def out_of_time(self, key: str, name: str, seconds: float | None) -> CheckFailure:
        """Record that a call did not return in time, and return its failure.

        seconds : the time limit of the check, after which the function may be called again. None means the
            general limit, after which it may not.
        """
        if seconds is not None:
            return OutOfTime(f"{name} did not return within {seconds:.2g} s and was stopped.")
        failure = OutOfTime(
            f"{name} did not return within {self.limits.call:g} s and was stopped; it is not called again. "
            "Is there a loop that never ends?"
        )
        self._failures.setdefault(key, []).append(failure)
        return failure
