"""The checks that students do not get. They hold an answer against the reference solution.

Their random inputs come from a secret, so that a reader of a public repository does not know them: the
build writes it beside this file, from the file that `homework.toml` names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checking import CheckFailure, NotAttempted, Registry
from checking.boundary import Submission
from public_checks import public

_secret = Path(__file__).with_name("secret.txt")

hidden = Registry(
    "autograder.hidden_checks",
    hidden=True,
    secret=_secret.read_text().strip() if _secret.is_file() else "default",
    builds_on=public,
)
check = hidden.check


def run(question: str, name: str, env: Mapping[str, Any] | Submission) -> None:
    """Run one check on the names that a notebook defines.

    Errors: CheckFailure where the check does not pass. Its message ends with the name of the mistake, where
    the catalogue has one that does the same as the answer.
    """
    try:
        hidden.run(question, name, env)
    except NotAttempted:
        raise
    except CheckFailure as failure:
        mistake = _name(question, env)
        if mistake is None:
            raise
        raise type(failure)(f"{failure}\nThis is what comes out with the mistake: {mistake}.") from None


def _name(question: str, env: Mapping[str, Any] | Submission) -> str | None:
    """The name of the mistake, or None; `homework verify` finds faults in the catalogue, not students."""
    try:
        from autograder.mistakes.naming import remembered_mistake_in  # loads the catalogue

        return remembered_mistake_in(question, public.checks(question) + hidden.checks(question), env)
    except Exception:
        return None


__all__ = ["check", "hidden", "run"]
