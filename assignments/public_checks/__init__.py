"""The checks that `grader.check` runs on a student's machine, and what all checks are made of.

A check is a function whose parameters are names of the student's functions:

    @check("q3a", "the probabilities sum to one", points=1)
    def sums_to_one(softmax, rng): ...
"""

from public_checks.outcomes import CheckFailure, Incorrect, NotAttempted, OutOfTime, Raised, TooSlow
from public_checks.registry import Check, Registry

public = Registry("public_checks", hidden=False, secret="public")
check, uses, run = public.check, public.uses, public.run

__all__ = [
    "Check",
    "CheckFailure",
    "Incorrect",
    "NotAttempted",
    "OutOfTime",
    "Raised",
    "Registry",
    "TooSlow",
    "check",
    "public",
    "run",
    "uses",
]
