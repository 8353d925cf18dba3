"""What can be wrong with the result of a wrong answer: what the catalogue states about it is not true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from autograder.hidden_checks import hidden
from autograder.mistakes import Entry

# The endings of the names of checks of changed arrays, or of the dtype of right values.
OF_ONE_FAULT = ("no_traces", "dtypes", "unusual_arrays", "whole_numbers")


@dataclass
class EntryResult:
    """The result of one submission.

    lost, failed, messages : by question, the lost points, the failed checks and their messages.
    public_messages : the messages of public checks.
    fault, named : what is wrong with the result, or ""; whether a public check names the mistake.
    remark : what a rule for fair checks asks for besides, or "".
    """

    name: str
    question: str
    lost: dict[str, float] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    public_messages: dict[str, list[str]] = field(default_factory=dict)
    fault: str = ""
    remark: str = ""
    named: bool = False


def fault_of_mistake(result: EntryResult, entry: Entry, text: str, graded: str | None) -> str:
    """What is wrong with the result of a mistake, or "".

    text : the text of its question.
    graded : what graded results name it; None if they do not name it.
    """
    return (
        _fault_of_points(result)
        or _fault_of_statement(result, entry)
        or _fault_of_warning(result, entry, text)
        or _fault_of_names(result, entry, graded)
    )


def remark_on_mistake(result: EntryResult, entry: Entry) -> str:
    """What the rules for fair checks ask for, or "": public checks test it; one fault costs one check."""
    if entry.question not in result.lost:
        return ""
    if entry.question not in result.public_messages and entry.hidden_only is None:
        return "passes all public checks; add one that it fails, or state why with hidden_only="
    failed = result.failed[entry.question]
    if entry.fails is None and all(name.endswith(OF_ONE_FAULT) for name in failed):
        return f"fails only {listed(failed)}; state this with fails=, and its cost with costs="
    return ""


def listed(questions: Iterable[str]) -> str:
    """Names in alphabetical order, with commas."""
    return ", ".join(sorted(questions))


def _fault_of_points(result: EntryResult) -> str:
    if result.question not in result.lost:
        return "loses no point"
    unexpected = [q for q in result.lost if q != result.question and result.question not in hidden.used_by(q)]
    if not unexpected:
        return ""
    declare = f"uses({unexpected[0]!r}, {result.question!r})"
    return f"also loses points in {listed(unexpected)}; if they may call its function, declare {declare}"


def _fault_of_statement(result: EntryResult, entry: Entry) -> str:
    """What is wrong with a mistake's `fails` and `costs`."""
    failed, lost = result.failed[entry.question], sum(result.lost.values())
    if entry.fails is not None and set(failed) != set(entry.fails):
        return f"fails {listed(failed)}, but its fails= states {listed(entry.fails)}"
    if entry.costs is not None and lost > entry.costs:
        return f"costs {lost:g} points, but its costs= states {entry.costs:g} at most"
    return ""


def _fault_of_warning(result: EntryResult, entry: Entry, text: str) -> str:
    """What is wrong with a mistake's `hidden_only`: words of the question's text that warn of it."""
    if entry.hidden_only is None:
        return ""
    if entry.question in result.public_messages:
        return "fails a public check, so remove its hidden_only="
    if " ".join(entry.hidden_only.split()) not in " ".join(text.split()):
        return f"the text of {entry.question} does not say '{entry.hidden_only}'"
    return ""


def _fault_of_names(result: EntryResult, entry: Entry, graded: str | None) -> str:
    """What is wrong with the names of a mistake in public checks and in graded results."""
    local = result.public_messages.get(entry.question, [])
    if entry.says is not None and not any(entry.says in message for message in local):
        return f"no public check says '{entry.says}'"
    if len(local) == len(result.messages[entry.question]):
        unnamed = "passes all hidden checks, so a public one must name it; state the words that do with says="
        return unnamed if entry.says is None else ""
    if graded != (None if entry.unnamed else entry.name):
        return f"graded results name it '{graded}'"
    return ""
