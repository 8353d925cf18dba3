"""What checks are made of: how one is registered, calls a student's function, and says what is wrong.

expect, expect_derivative     call a function and expect something of what it returns
expect_dtypes, expect_few_lines   expect the right dtype, and a low cost
expect_no_change, expect_no_traces   expect that a call leaves arguments and earlier results alone
Registry, Check               which checks there are, and how to run one
Submission, Proxy             the student's functions, as a check sees them
CheckFailure and its kinds    what a check raises; the message is for the student
"""

from checking.boundary import Proxy, Reply, Submission
from checking.callbacks import Noted
from checking.expectations import Answer, expect, expect_derivative
from checking.limits import NO_LIMITS, CallLimits, most_lines
from checking.outcomes import (
    CheckFailure,
    Incorrect,
    NotAttempted,
    NotCalled,
    OutOfTime,
    Raised,
    TooSlow,
)
from checking.registry import Check, Registry
from checking.rules import expect_about, expect_dtypes, expect_few_lines
from checking.traces import expect_no_change, expect_no_traces

__all__ = [
    "NO_LIMITS",
    "Answer",
    "CallLimits",
    "Check",
    "CheckFailure",
    "Incorrect",
    "NotAttempted",
    "NotCalled",
    "Noted",
    "OutOfTime",
    "Proxy",
    "Raised",
    "Registry",
    "Reply",
    "Submission",
    "TooSlow",
    "expect",
    "expect_about",
    "expect_derivative",
    "expect_dtypes",
    "expect_few_lines",
    "expect_no_change",
    "expect_no_traces",
    "most_lines",
]
