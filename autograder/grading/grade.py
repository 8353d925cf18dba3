"""Grade one submission: Otter's own test files, run on proxies of what lives in the sandbox."""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from autograder.errors import HomeworkError
from autograder.grading.definitions import Definitions
from autograder.grading.memory import Memory, Outcome, key_of
from autograder.grading.notebook import Cell, read_cells
from autograder.sandbox import NONE, Source, in_reach, reachable_level

if TYPE_CHECKING:
    from otter.test_files import TestFile

    from autograder.grading.session import Session

CONFIG = "otter_config.json"
NAMES = "files/hidden_checks/names.json"
SESSION = "autograder.grading.session"
SECRET_PACKAGES = ("hidden_checks", "mistakes", "solutions")
WITHOUT_ISOLATION = (
    "This was graded without isolation: the submission's code could read the hidden checks and change "
    "everything, its score included."
)


@dataclass(frozen=True)
class Autograder:
    """An autograder zip, unpacked where only the grader can read it.

    config : what otter_config.json says.
    files : the folder with the packages of checks and solutions.
    tests : where Otter's test file of each question is.
    names : the functions that the checks of each question ask for.
    memory : what the checks said so far.
    """

    config: dict[str, Any]
    files: Path
    tests: dict[str, Path]
    names: dict[str, frozenset[str]]
    memory: Memory = field(default_factory=Memory)
    _read: dict[str, TestFile] = field(default_factory=dict)

    def test_file(self, question: str) -> TestFile:
        """Otter's test file of a question, not run yet."""
        from otter.nbmeta_config import NBMetadataConfig
        from otter.test_files import create_test_file

        if question not in self._read:
            test = create_test_file(str(self.tests[question]), NBMetadataConfig())
            test.path = f"tests/{question}.py"
            self._read[question] = test
        return copy.copy(self._read[question])


@dataclass(frozen=True)
class Grade:
    """What became of a submission.

    results : as Gradescope reads them, what Otter writes into results.json.
    points : earned, by question.
    possible : the most, by question.
    notes : for the instructor.
    """

    results: dict[str, Any]
    points: dict[str, float]
    possible: dict[str, float]
    notes: list[str]


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Autograder]:
    """Unpack an autograder zip into a private folder, and let its packages be imported.

    Errors: HomeworkError where it is none of this project.
    """
    with tempfile.TemporaryDirectory(prefix="homework-autograder-") as folder:
        root = Path(folder)
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(root)
                config = json.loads(archive.read(CONFIG))
                names = json.loads(archive.read(NAMES)) if (root / "files").exists() else {}
        except OSError as error:
            raise HomeworkError(f"{path} cannot be read: {error.strerror or error}.") from None
        except (zipfile.BadZipFile, KeyError, ValueError):
            raise HomeworkError(f"{path} is no autograder zip; take the one from dist.") from None
        files = root / "files"
        if not (files / "hidden_checks").is_dir():
            raise HomeworkError(f"{path} is an autograder zip of something else; take the one from dist.")
        tests = {test.stem: test for test in sorted((root / "tests").glob("q*.py"))}
        with importable(files):
            yield Autograder(config, files, tests, {q: frozenset(n) for q, n in names.items()})


@contextlib.contextmanager
def importable(files: Path) -> Iterator[None]:
    """Let the checks of an autograder zip be imported, in the place of those that are installed."""
    packages = {p.name for p in files.iterdir()} - {"autograder"}

    def taken_out() -> dict[str, ModuleType]:
        # A session is made of what public_checks has, so it goes with the checks.
        names = [n for n in sys.modules if n.partition(".")[0] in packages or n == SESSION]
        return {name: sys.modules.pop(name) for name in names}

    before = taken_out()
    sys.path.insert(0, str(files))
    try:
        yield
    finally:
        sys.path.remove(str(files))
        taken_out()
        sys.modules.update(before)


def isolation_level(wanted: str | None, *secrets: Path) -> str:
    """The level to grade at.

    wanted : "root", "user" or "none"; None for what $HOMEWORK_ISOLATION says, or else for the best that the
        machine reaches.
    secrets : files and folders that no submission may read, besides the packages of this project.
    Errors: HomeworkError where the machine does not reach what is wanted, or where a submission could read a
    secret all the same.
    """
    wanted = wanted or os.environ.get("HOMEWORK_ISOLATION")
    if not hasattr(os, "fork"):
        raise HomeworkError("Nothing can be graded on this system; grade in WSL, on Linux or in a container.")
    if wanted == NONE:
        return NONE
    level, why = reachable_level()
    if level == NONE:
        raise HomeworkError(
            f"Submissions cannot be isolated here: {why}. "
            "To grade without isolation people whom you trust, say --isolation none."
        )
    if wanted is not None and wanted != level:
        raise HomeworkError(f"The isolation level here is {level}, not {wanted}: {why}.")
    specs = [importlib.util.find_spec(name) for name in SECRET_PACKAGES]
    folders = [Path(f) for spec in specs if spec for f in spec.submodule_search_locations or ()]
    if exposed := in_reach([*folders, *secrets]):
        raise HomeworkError(
            f"Submissions could read {exposed[0]}, which every user of this machine may read or which lies "
            "among Python's packages. Take the rights of others away (chmod go-rwx) from it or from a folder "
            "above it; on a kernel with Landlock (Linux 5.13) it is enough to have it elsewhere "
            "than Python's packages (pip install --editable)."
        )
    return level


def run_tests(session: Session, tests: Collection[str], check: Callable[[str], None]) -> None:
    """Check every question at its place in the notebook.

    check : runs Otter's test file of a question on the session, once that has come there.
    """
    for question in in_order(session, tests):
        session.advance(question)
        check(question)


def in_order(session: Session, tests: Collection[str]) -> list[str]:
    """The questions in the order in which a notebook checks them."""
    return sorted(tests, key=lambda q: (session.place(q), q))


def grade(autograder: Autograder, submission: Path, source: Source) -> Grade:
    """Grade a notebook, or a zip that `grader.export` made. Errors: SubmissionError.

    source : where workers come from, of the level to grade at.
    """
    from otter.run.run_autograder.autograder_config import AutograderConfig
    from otter.test_files import GradingResults, TestCaseResult

    from autograder.grading.session import Session

    cells = read_cells(submission)
    definitions, session, files, notes = Definitions(cells), Session(source, cells), [], list[str]()
    whole = False  # whether anything depends on more than definitions, so that what the cells did matters

    def alone(question: str, part: tuple[str, ...]) -> Outcome | None:
        """What the checks say of a part of the notebook, if that is all that they ask for."""
        before = session.spent
        session_of_part = Session(source, [Cell(text, ()) for text in part], before)
        try:
            session_of_part.advance(question)
            outcome = _checked(autograder, session_of_part, question)
        finally:
            session_of_part.close()
        session.spend(session_of_part.spent - before)
        if not session_of_part.mentioned <= autograder.names[question]:
            return None
        if session_of_part.repeatable:
            autograder.memory.of_parts[key_of(question, part)] = outcome
        notes.extend(session_of_part.notes)
        return outcome

    try:
        for question in in_order(session, autograder.tests):
            part = definitions.part(session.place(question), autograder.names[question])
            outcome = None
            if part is not None:
                key = key_of(question, part)
                outcome = autograder.memory.of_parts.get(key)
                if outcome is None and autograder.memory.seen(key):
                    outcome = alone(question, part)
            if outcome is None:
                session.advance(question)
                if part is not None and not session.repeatable:  # for which this question is not to suffer
                    outcome = alone(question, part)
                outcome = outcome or _checked(autograder, session, question)
            whole = whole or part is None
            test = autograder.test_file(question)
            test.test_case_results = [
                TestCaseResult(test_case=case, passed=passed, message=message)
                for case, (passed, message) in zip(test.test_cases, outcome.cases, strict=True)
            ]
            files.append(test)
    finally:
        session.close()
    notes += [*session.notes, *(session.cell_notes if whole else [])]
    results = GradingResults(files)
    if source.level == NONE:
        results.set_output(WITHOUT_ISOLATION)
    points = {name: float(file.score) for name, file in results.results.items()}
    possible = {name: float(file.possible) for name, file in results.results.items()}
    config = AutograderConfig(autograder.config)
    return Grade(results.to_gradescope_dict(config), points, possible, notes)


def _checked(autograder: Autograder, session: Session, question: str) -> Outcome:
    """What the checks of a question say in a session that has come there."""
    outcome = session.recall(autograder.memory)
    if outcome is None:
        test = autograder.test_file(question)
        with contextlib.redirect_stdout(io.StringIO()):
            test.run(session)
        outcome = Outcome(tuple((case.passed, case.message) for case in test.test_case_results))
        session.learn(autograder.memory, outcome)
    return outcome
