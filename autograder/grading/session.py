"""One submission in the sandbox: its cells run in order, and its functions are called through proxies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from autograder.grading.memory import Memory, Node, Outcome, Said, digest
from autograder.grading.notebook import Cell
from autograder.grading.reading import names_in
from autograder.sandbox import OutOfPatience, Source, Worker, WorkerLost
from autograder.sandbox.client import ANSWERS
from autograder.sandbox.deadline import LOOK
from autograder.sandbox.wire import Reference, WireError, pack
from public_checks.boundary import Proxy, Reply, Submission, clean, crossing
from public_checks.explaining import need_not_call_again
from public_checks.outcomes import CheckFailure, Incorrect, NotAttempted, OutOfTime, Raised

FAILURES: dict[str, type[CheckFailure]] = {
    c.__name__: c for c in (Incorrect, NotAttempted, OutOfTime, Raised)
}
# A function that has taken its worker down this often, or all the time that there is for a call, is not
# called any more.
MOST_FATAL = 2
LARGEST_KEPT = 100_000  # bytes of a call and its answer, for one that may be asked again


class Session(Submission):
    """A submission whose functions live in a worker.

    A question is graded with the names as they stand at its check cell: `advance` runs the cells up to
    there. A call that takes its worker down fails; a new worker then replays the cells up to the same place.

    source : where workers come from.
    cells : the submission's code cells.
    before : the seconds that the submission has taken already.
    notes, cell_notes : what an instructor may want to know: where functions ended a worker; and which cells
        raised, or ended one.
    mentioned : the names that the checks of the question have asked for.
    repeatable : whether what they say depends on nothing but the submission's text, not on the clock or on a
        worker that was lost.
    """

    def __init__(self, source: Source, cells: list[Cell], before: float = 0.0):
        self.notes: list[str] = []
        self.cell_notes: list[str] = []
        self.mentioned: set[str] = set()
        self.repeatable = True
        self._source, self._cells = source, cells
        self._worker: Worker | None = None
        self._position, self._skipped, self._crashes = 0, set[int](), 0
        self._spent, self._spent_before, self._known_time, self._looked = before, 0.0, before, 0.0
        self._question, self._programs, self._found = "", 0, set[str]()
        self._exchanges: list[Said] = []
        self._replies: dict[bytes, bytes] = {}
        self._ahead: deque[tuple[bytes, bytes]] = deque()
        self._fatal: dict[str, list[CheckFailure]] = {}

    def place(self, question: str) -> int:
        """How many cells stand up to and with the last one that checks a question; all where none does."""
        found = [i + 1 for i, cell in enumerate(self._cells) if question in cell.questions]
        return found[-1] if found else len(self._cells)

    def advance(self, question: str) -> None:
        """Run the cells up to the check cell of a question, and begin its budget of time."""
        target = max(self.place(question), self._position)
        while self._position < target:
            self._position += 1
            self._run_cell(self._position - 1)
        self._question, self._programs, self._found = question, 0, set()
        self._replies.clear()
        self._exchanges, self.repeatable = [], not self._crashes and not any(self._fatal.values())
        self._spent_before = self._time()

    def recall(self, memory: Memory) -> Outcome | None:
        """Put the question that `advance` went to as it was put to others, as long as the answers are known.

        Returns the outcome, or None where an answer is new: then the checks have to run, and get the
        answers that were given already.
        """
        found = memory.start(self._question) if self.repeatable else None
        try:
            while isinstance(found, Node) and self._has_time():
                worker = self._worker or self._restart(self._position)
                nodes = found.with_callbacks()
                worker.send(found.seconds, [node.frame for node in nodes], found.goes_on)
                for number, node in enumerate(nodes):
                    received = worker.receive()
                    self._ahead.append((node.frame, received))
                    found = node.next.get(digest(received))
                    if number + 1 < len(nodes) and found is not nodes[number + 1]:
                        self._drop_worker()  # it has answers to calls that it does not make
                        return None
        except WorkerLost:
            self._drop_worker()  # the checks will find out how, with a new one
            self.repeatable = False
            return None
        if isinstance(found, Outcome):
            self._ahead.clear()
            return found
        return None

    def learn(self, memory: Memory, outcome: Outcome) -> None:
        """Note what the checks of this question said, unless it depended on the clock or on a loss."""
        if self.repeatable and not self._ahead:
            memory.learn(self._question, self._exchanges, outcome)

    def function(self, name: str) -> Proxy:
        self.mentioned.add(name)
        if name not in self._found:
            self._ask(name, {"do": "find", "name": name})
            self._found.add(name)
        return self._remote(name, Reference("function", name))

    def source(self, text: str) -> Proxy:
        # A worker evaluates a program where it is first called, also one that comes after a crash.
        self.mentioned |= names_in(text)
        self._programs += 1
        return self._remote("the program", Reference("program", f"{self._question}/{self._programs}:{text}"))

    def _remote(self, name: str, reference: Reference) -> Proxy:
        def send(arguments: tuple[Any, ...], seconds: float) -> Reply:
            functions: dict[str, Callable[..., Any]] = {}

            def sent(value: Any) -> Reference:
                if isinstance(value, Proxy):
                    target: Reference = value.target
                    return target
                functions[str(len(functions))] = value
                return Reference("callback", str(len(functions) - 1))

            request = {"do": "call", "function": reference, "arguments": arguments}
            answer = self._ask(name, request, seconds, functions, sent)
            changed = answer["changed"]
            left = (changed[i] if i in changed else crossing(a, _nothing) for i, a in enumerate(arguments))
            return Reply(answer["value"], tuple(left))

        return Proxy(name, send, target=reference)

    def _ask(
        self,
        name: str,
        request: dict[str, Any],
        seconds: float | None = None,
        functions: dict[str, Callable[..., Any]] | None = None,
        wrap: Callable[[Any], Reference] | None = None,
    ) -> dict[str, Any]:
        limits = self._source.limits
        self._expect_time_left(name)
        fatal = self._fatal.setdefault(name, [])
        if len(fatal) >= MOST_FATAL:
            raise fatal[0]
        seconds = min(seconds or limits.call, limits.call)
        try:
            frame = pack(request, wrap)
            worker = self._worker or self._restart(self._position)
            if need_not_call_again() and frame in self._replies and not functions:
                answer = worker.message(self._replies[frame])
            else:
                kind = ANSWERS[request["do"]]
                answer = worker.answer(seconds, frame, kind, _caller(functions or {}), self._exchange)
        except WorkerLost as lost:
            self._note_lost(lost, f"in {name}", self.notes)
            if isinstance(lost, OutOfPatience):
                fatal.append(OutOfTime(f"{name} did not finish within {seconds:g} s."))
            else:
                fatal.append(Raised(f"{name} ended the program that runs it: {lost}."))
            raise fatal[-1] from None
        except WireError as error:
            raise Incorrect(f"{name} cannot be given its arguments: {error}.") from None
        if answer["is"] == "failure":
            failure = FAILURES.get(answer["class"], Raised)(clean(answer["text"], 2000))
            self.repeatable &= not isinstance(failure, OutOfTime)
            if isinstance(failure, OutOfTime) and seconds == limits.call:
                fatal.append(failure)
            raise failure
        return answer

    def _exchange(self, seconds: float, frame: bytes, goes_on: bool) -> bytes:
        """One exchange with the worker, or what it answered when the question was recalled."""
        if self._ahead and self._ahead[0][0] == frame:
            _, received = self._ahead.popleft()
        else:
            self._ahead.clear()
            assert self._worker is not None
            received = self._worker.exchange(seconds, frame, goes_on)
        self._exchanges.append(Said(frame, seconds, goes_on, digest(received)))
        if not goes_on and len(frame) + len(received) < LARGEST_KEPT:
            self._replies[frame] = received
        return received

    def _expect_time_left(self, name: str) -> None:
        if not self._has_time():
            self.repeatable = False
            whose = "the notebook" if self._exhausted() else "this question"
            raise OutOfTime(f"{name} was not called: {whose} has used up all of its time.")

    def _has_time(self) -> bool:
        return not self._exhausted() and self._time() - self._spent_before <= self._source.limits.question

    def _exhausted(self) -> bool:
        """Whether the submission has no time left, or was lost too often."""
        limits = self._source.limits
        return self._time() > limits.total or self._crashes > limits.crashes

    @property
    def spent(self) -> float:
        """The seconds that the submission has taken."""
        self._looked = 0.0
        return self._time()

    def spend(self, seconds: float) -> None:
        """Count time that the submission has taken elsewhere."""
        self._spent += seconds

    def _time(self) -> float:
        """The time taken, as it was at most LOOK ago."""
        now = time.monotonic()
        if now > self._looked + LOOK:
            self._looked = now
            self._known_time = self._spent + (self._worker.taken() if self._worker else 0.0)
        return self._known_time

    def _run_cell(self, number: int) -> None:
        if number in self._skipped or not self._cells[number].source.strip():
            return
        if self._exhausted():
            return
        try:
            worker = self._worker or self._restart(number)
            answer = worker.ask(self._source.limits.cell, do="cell", source=self._cells[number].source)
        except WorkerLost as lost:
            self._skipped.add(number)
            self._note_lost(lost, f"in cell {number + 1}", self.cell_notes)
            return
        if answer.get("error"):
            self.cell_notes.append(f"cell {number + 1} raised {clean(str(answer['error']))}")

    def _restart(self, position: int) -> Worker:
        """A new worker, in which the cells before a position have run. Errors: WorkerLost."""
        while not self._exhausted():
            self._worker = self._source.worker()
            number = 0
            try:
                for number in range(position):
                    if number not in self._skipped and not self._exhausted():
                        source = self._cells[number].source
                        self._worker.ask(self._source.limits.cell, do="cell", source=source)
                return self._worker
            except WorkerLost as lost:
                self._skipped.add(number)
                self._note_lost(lost, f"in cell {number + 1}, once more", self.cell_notes)
        raise WorkerLost("it was lost too often, or took too long")

    def _note_lost(self, lost: WorkerLost, where: str, notes: list[str]) -> None:
        notes.append(f"the submission's program was lost {where}: {lost}")
        self._crashes += 1
        self.repeatable = False
        self._drop_worker()

    def _drop_worker(self) -> None:
        self._ahead.clear()
        self._looked = 0.0
        if self._worker is not None:
            self._worker.close()
            self._spent += self._worker.taken()
            self._worker = None

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _nothing(_: Any) -> None:
    """What comes back of a function that was an argument."""


def _caller(functions: dict[str, Callable[..., Any]]) -> Callable[[str, tuple[Any, ...]], dict[str, Any]]:
    """Calls the functions of a check that were given as arguments, and answers with plain data."""

    def call(name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        function = functions.get(name)
        if function is None:
            return {"class": "NameError", "error": "there is no such function"}
        try:
            return {"value": function(*arguments)}
        except Exception as error:
            return {"class": type(error).__name__, "error": clean(str(error))}

    return call
