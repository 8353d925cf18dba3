"""The checks that `grader.check` runs on a student's machine.

A check is a function whose parameters are names of the student's functions:

    @check("q3a", "the probabilities sum to one", points=1)
    def sums_to_one(softmax, rng): ...
"""

from checking import Registry

public = Registry("public_checks", hidden=False, secret="public")
check, uses, run = public.check, public.uses, public.run

__all__ = ["check", "public", "run", "uses"]
