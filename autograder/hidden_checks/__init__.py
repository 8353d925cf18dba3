"""The checks that students do not get. They hold an answer against the reference solution.

Their random inputs come from a secret, so that a reader of a public repository does not know them: the
build writes it beside this file, from the file that `homework.toml` names.
"""

from pathlib import Path

from public_checks import Registry, public

_secret = Path(__file__).with_name("secret.txt")

hidden = Registry(
    "hidden_checks",
    hidden=True,
    secret=_secret.read_text().strip() if _secret.is_file() else "default",
    builds_on=public,
)
check, run = hidden.check, hidden.run

__all__ = ["check", "hidden", "run"]
