"""The checks that students do not get. They compare an answer with the reference solution.

Their random inputs come from a secret, so a reader of a public repository does not know them. The build
copies the secret from the file named in `homework.toml` into the folder of this package.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checking import CheckFailure, NotAttempted, Registry
from checking.boundary import Submission
from checking.outcomes import SAME_RESULT
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

    Parameters
    ----------
    question, name : str
        The question and the name of the check.
    env : mapping or Submission
        The names that a notebook defines.

    Raises
    ------
    CheckFailure
        If the check does not pass. If a mistake in the catalogue behaves like the answer, the message ends
        with the name of the mistake.
    """
    try:
        hidden.run(question, name, env)
    except NotAttempted:
        raise
    except CheckFailure as failure:
        mistake = _name(question, env)
        if mistake is None:
            raise
        raise failure.with_note(f"{SAME_RESULT}{mistake}.") from None


def _name(question: str, env: Mapping[str, Any] | Submission) -> str | None:
    """The name of the mistake, or None, even if the catalogue is broken: `homework verify` reports that."""
    try:
        from autograder.mistakes.naming import remembered_mistake_in  # loads the catalogue

        return remembered_mistake_in(question, public.checks(question) + hidden.checks(question), env)
    except Exception:
        return None


__all__ = ["check", "hidden", "run"]
