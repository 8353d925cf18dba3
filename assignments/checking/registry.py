"""The registry of checks: the checks of each question, their points, and how to run one."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from checking.boundary import Proxy, Submission
from checking.outcomes import CheckFailure, Incorrect, NotAttempted, NotCalled
from checking.programs import Program, names_taken

CheckFunction = Callable[..., None]


class RegistryError(Exception):
    """A check cannot be registered like this. The message says what to change."""


@dataclass(frozen=True)
class Check:
    """One check of one question.

    question : the question's name, as in "q3b".
    name : the name of the checking function, unique within the question.
    title : what is true if the check passes, for the student.
    points : its points.
    hidden : whether it is hidden from students.
    """

    question: str
    name: str
    title: str
    points: float
    hidden: bool
    function: CheckFunction
    registry: Registry

    def apply(self, submission: Submission, taken: set[str] | None = None) -> None:
        """Run the check. Its parameters are names of the student's functions, apart from two:

        rng : a NumPy generator, seeded from the registry's secret and the name of the check;
        program : sends a function of the check to the student's side, see `Submission.program`.

        taken : gets the names that the check takes from the notebook, those of its programs included.

        Raises CheckFailure if the submission is at fault.
        """
        taken = set() if taken is None else taken
        taken.update(self.parameters)

        def program(function: Program, name: str | None = None) -> Proxy:
            taken.update(names_taken(function))
            return submission.program(function, name)

        given: dict[str, Any] = {name: submission.function(name) for name in self.parameters}
        if "rng" in self._signature:
            given["rng"] = self._rng()
        if "program" in self._signature:
            given["program"] = program
        with np.errstate(all="ignore"):  # whatever the notebook has set
            self.function(**given)

    @property
    def _signature(self) -> list[str]:
        return list(inspect.signature(self.function).parameters)

    @property
    def parameters(self) -> list[str]:
        """The names of the student's functions that the check takes."""
        return [name for name in self._signature if name not in ("rng", "program")]

    def _rng(self) -> np.random.Generator:
        """The generator of the check's inputs, the same for every student and in every regrade."""
        seed = hashlib.sha256(f"{self.registry.secret}/{self.question}/{self.name}".encode()).digest()
        return np.random.default_rng(np.frombuffer(seed, dtype=np.uint32))


@dataclass
class _Sequence:
    """Checks of one question that run one after the other, as in `grader.check`, and share a submission.

    So an endless loop is waited for only once, and is forgotten when the question is checked again.
    """

    question: str
    env: Mapping[str, Any]
    submission: Submission
    ran: set[str] = field(default_factory=set)

    def goes_on(self, question: str, name: str, env: Mapping[str, Any]) -> bool:
        """Whether this check belongs to it."""
        return question == self.question and env is self.env and name not in self.ran


class Registry:
    """The checks that the modules of one package register.

    package : the name of the package; its modules named p1_..., p2_... are imported when needed.
    hidden : whether its checks are hidden.
    secret : the seed of random inputs; for hidden checks, known to instructors only.
    builds_on : for hidden checks, the registry of the public ones: its `uses` also hold here, and the checks
        that are hidden in it belong here.
    """

    def __init__(self, package: str, *, hidden: bool, secret: str, builds_on: Registry | None = None):
        self.package, self.hidden, self.secret = package, hidden, secret
        self._builds_on = builds_on
        self._checks: dict[tuple[str, str], Check] = {}
        self._uses: dict[str, tuple[str, ...]] = {}
        self._loaded: set[str] = set()
        self._latest: _Sequence | None = None
        self._fails: WeakKeyDictionary[Submission, dict[str, bool]] = WeakKeyDictionary()

    def check(
        self, question: str, title: str, *, points: float, hidden: bool | None = None
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Register the function below as a check of a question.

        Parameters
        ----------
        question : the question's name, such as "q3b".
        title : what is true if the check passes, for the student.
        points : its points.
        hidden : True hides a check in `public_checks`: students do not get it.

        Raises
        ------
        RegistryError : the question already has a check of this name, or a check in `hidden_checks`, which
            may compare with the solution, has hidden=False.
        """
        if self.hidden and hidden is False:
            raise RegistryError(
                f"{self.package} has a check of {question} with hidden=False; move it to public_checks."
            )

        def register(function: CheckFunction) -> CheckFunction:
            name = function.__name__
            if (question, name) in self._checks:
                raise RegistryError(f"{self.package} has two checks of {question} named {name}; rename one.")
            check = Check(question, name, title, points, self.hidden or bool(hidden), function, self)
            self._checks[question, name] = check
            return function

        return register

    def uses(self, question: str, *earlier: str) -> None:
        """Declare that an answer to `question` may call the functions of these earlier questions."""
        self._uses[question] = earlier

    def load(self, question: str = "") -> None:
        """Import the check modules of a question's problem, or of all problems."""
        number = str(order(question)[0]) if question else r"\d+"
        if number in self._loaded:
            return
        for module in iter_modules(import_module(self.package).__path__):
            if re.match(rf"p{number}_", module.name):
                import_module(f"{self.package}.{module.name}")
        if self._builds_on is not None:
            self._builds_on.load(question)
            for key, check in self._builds_on._checks.items():
                if check.hidden:
                    ours = self._checks.setdefault(key, replace(check, registry=self))
                    if ours.function is not check.function:
                        raise RegistryError(f"{key[0]} has two hidden checks named {key[1]}; rename one.")
        self._loaded.add(number)

    def checks(self, question: str) -> list[Check]:
        """The checks of one question."""
        self.load(question)
        return [check for check in self.registered() if check.question == question]

    def registered(self) -> list[Check]:
        """All checks of the modules that are loaded, in the order of their registration."""
        return [check for check in self._checks.values() if check.hidden == self.hidden]

    def uses_of(self, question: str) -> tuple[str, ...]:
        """The questions that the declaration of `uses` for a question names."""
        return self._uses.get(question, ())

    def used_by(self, question: str) -> list[str]:
        """The questions that `question` may call, directly or through others, in order of declaration."""
        self.load(question)
        found: list[str] = []
        for earlier in self.uses_of(question):
            if order(earlier) < order(question):
                found += [q for q in (*self.used_by(earlier), earlier) if q not in found]
        if self._builds_on is not None:
            found += [q for q in self._builds_on.used_by(question) if q not in found]
        return found

    def run(self, question: str, name: str, env: Mapping[str, Any] | Submission) -> None:
        """Run one check on the names that a notebook defines.

        Raises CheckFailure if the check does not pass. The message says what is wrong. If the answer uses an
        earlier question's function that fails its own checks, it says to fix that first.
        """
        self.load(question)
        submission = env if isinstance(env, Submission) else self._shared(question, name, env)
        if (question, name) not in self._checks:
            raise RegistryError(
                f"{self.package} has no check {name} of {question}: it is of another version than the folder "
                "tests. Download the assignment again."
            )
        check = self._checks[question, name]
        taken: set[str] = set()
        try:
            check.apply(submission, taken)
        except NotAttempted:
            raise
        except CheckFailure as unexplained:
            failure = unexplained
            with contextlib.suppress(Exception):  # the function may fail differently when it is called again
                failure = unexplained.explained()
            broken = self._first_broken(check, taken, submission)
            if broken is not None:
                failure = failure.with_note(
                    f"This may come from {spoken(broken)}, which fails its own checks: fix that first."
                )
            raise failure from None
        except Exception as error:
            raise Incorrect(
                f"The check cannot read this result ({type(error).__name__}). "
                "If you think that it is right, show it to your instructor."
            ) from None

    def _shared(self, question: str, name: str, env: Mapping[str, Any]) -> Submission:
        """The submission with the names of a notebook, shared by the checks of a sequence."""
        if self._latest is None or not self._latest.goes_on(question, name, env):
            self._latest = _Sequence(question, env, Submission(env, impatient=True))
        self._latest.ran.add(name)
        return self._latest.submission

    def _first_broken(self, check: Check, taken: set[str], submission: Submission) -> str | None:
        """The first question that the answer uses and whose own checks fail, or None.

        The checks of a question run once for each submission.
        """
        fails = self._fails.setdefault(submission, {})
        questions = self.used_by(check.question)
        used = _names_used(taken, submission) if questions else set[str]()
        for earlier in questions:
            if not used & self._functions(earlier):
                continue
            if earlier not in fails:
                fails[earlier] = any(not _passes(check, submission) for check in self.checks(earlier))
            if fails[earlier]:
                return earlier
        return None

    def _functions(self, question: str) -> set[str]:
        """The functions that a question asks for: what its checks take, but not earlier questions'."""
        taken = {name for check in self.checks(question) for name in check.parameters}
        before = [check for earlier in self.used_by(question) for check in self.checks(earlier)]
        return taken - {name for check in before for name in check.parameters}


def _names_used(taken: set[str], submission: Submission) -> set[str]:
    """The names that a check takes from a submission, and the names that these use."""
    used = set(taken)
    for name in taken:
        with contextlib.suppress(CheckFailure):  # not a function
            used |= submission.names_used_by(name)
    return used


def _passes(check: Check, submission: Submission) -> bool:
    try:
        check.apply(submission)
    except NotCalled:  # this says nothing about it
        return True
    except Exception:
        return False
    return True


def order(question: str) -> tuple[int, str]:
    """The number of its problem and its letter, for comparisons."""
    return int(question[1:-1]), question[-1]


def spoken(question: str) -> str:
    """A question's name as students read it: "q3b" is "Question 3(b)"."""
    return f"Question {question[1:-1]}({question[-1]})"
