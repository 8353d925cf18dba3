"""Writes Otter's test files. Those of `otter assign` cannot name a test case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.grading.case_names import case_name
from checking import Check


def write_test_files(folder: Path, checks: dict[str, list[Check]], hidden: bool) -> dict[str, bytes]:
    """Replace the test files in the folder `tests` of a folder of Otter's.

    hidden : whether they have the hidden checks too.

    Returns
    -------
    The contents of the files, by path.
    """
    files = {
        f"tests/{question}.py": test_file(question, [c for c in found if hidden or not c.hidden]).encode()
        for question, found in checks.items()
    }
    for path, content in files.items():
        (folder / path).write_bytes(content)
    return files


def test_file(question: str, checks: Iterable[Check]) -> str:
    """A question's test file. When a check fails, Otter shows the line that runs it."""
    cases = [_case(check, number) for number, check in enumerate(checks, 1)]
    head = (
        f"from otter.test_files import test_case\n\nOK_FORMAT = False\n\nname = {question!r}\npoints = None\n"
    )
    return "\n\n".join([head, *cases])


def _case(check: Check, number: int) -> str:
    """The code is ASCII only, because Otter reads it in the encoding of the machine."""
    package = "autograder.hidden_checks" if check.hidden else "public_checks"
    remark = "  # a hidden check" if check.hidden else ""
    return (
        f"@test_case(name={case_name(check, number)!a}, points={check.points}, hidden={check.hidden})\n"
        f"def {check.question}_{check.name}(env):\n"
        f"    from {package} import run\n\n"
        f"    run({check.question!r}, {check.name!r}, env){remark}\n"
    )
