"""The cells of one submission, run in order in a sandboxed worker."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from autograder.grading.budget import Budget
from autograder.grading.notebook import Cell
from autograder.sandbox import ForkServer, SandboxError, WorkerHandle, WorkerLost
from autograder.sandbox.wire import WireError
from checking.boundary import clean


class Cells:
    """A worker in which the cells up to some place have run.

    Where a worker is lost, a new one runs the same cells again, as soon as it is needed.

    cells : the code cells of the submission.
    server : where workers come from.
    budget : what the submission may use.
    notes : for an instructor: which cells raised, and where workers were lost.
    looked_up : the functions that checks have asked for, and whether they were there.
    fault : an error of the sandbox that a check met, if there was one. Checks cannot be trusted after it.
    """

    def __init__(self, cells: Sequence[Cell], server: ForkServer, budget: Budget):
        self.budget = budget
        self.notes: list[str] = []
        self.looked_up: dict[str, bool] = {}
        self.fault: SandboxError | None = None
        self._cells = cells
        self._server = server
        self._worker: WorkerHandle | None = None
        self._position = 0
        self._left_out: set[int] = set()
        self._stopped = {
            number: "has the tag otter_ignore, so that only its imports, functions and classes are there"
            for number, cell in enumerate(cells)
            if cell.ignored
        }

    def place(self, question: str) -> int:
        """How many cells run before a question is checked: up to its last check cell, or all of them."""
        found = [i + 1 for i, cell in enumerate(self._cells) if question in cell.questions]
        return found[-1] if found else len(self._cells)

    def run_to(self, position: int) -> None:
        """Run the cells up to a position; a cell that raises or ends its worker stops none of the others."""
        while self._position < position and not self.exhausted:
            number = self._position
            self._position += 1
            if self._cells[number].source.strip():
                self._run_next(number)

    def worker(self, name: str) -> WorkerHandle:
        """The worker, in which the cells up to the present position have run.

        name : of the function that it is wanted for. Errors: OutOfTime where there can be none any more.
        """
        if self._worker is None and not self._start(self._position):
            raise self.budget.used_up(name, "the notebook")
        assert self._worker is not None
        return self._worker

    @property
    def of_something_else(self) -> bool:
        """Whether the checks have asked for functions, and no cell so much as begins to define one."""
        names = set().union(*(cell.names for cell in self._cells))
        asked = self.looked_up
        return bool(asked) and not any(asked.values()) and names.isdisjoint(asked)

    def why_missing(self, name: str) -> str | None:
        """Why a name has no value at the present position, in words that follow "there is no ..."."""
        binding = [number for number, cell in enumerate(self._cells) if name in cell.names]
        stopped = [n for n in binding if n < self._position and n in self._stopped]
        if stopped:
            return f"the cell that defines {name} {self._stopped[stopped[-1]]}"
        if not binding:
            return "no cell of this notebook defines it"
        if binding[0] >= self._position:
            return f"the cell that defines {name} comes after the cell that checks this question"
        return None

    def lost(self, why: WorkerLost, where: str) -> None:
        """Note that the worker was lost."""
        self.notes.append(f"the submission's program was lost {where}: {why}")
        self.budget.crashes += 1
        self.close()

    @property
    def taken(self) -> float:
        """The seconds of processor time that the submission has taken."""
        return self.budget.taken + (self._worker.taken() if self._worker else 0.0)

    @property
    def exhausted(self) -> bool:
        """Whether the submission may use nothing more."""
        return self.budget.exhausted(self.taken)

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self.budget.taken += self._worker.taken()
            self._worker = None

    def __enter__(self) -> Cells:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _run_next(self, number: int) -> None:
        if self._worker is None and not self._start(number):
            return
        error = self._run(number)
        if error is not None:
            error = clean(error)
            self.notes.append(f"cell {number + 1} raised {error}")
            self._stopped.setdefault(number, f"stopped: {error}")

    def _start(self, position: int) -> bool:
        """Start a worker and run the cells up to a position in it; return whether there was time for that."""
        while not self.exhausted:
            self._worker = self._server.worker()
            for number in range(position):
                if self._worker is None or self.exhausted:
                    break
                if number not in self._left_out:
                    self._run(number)
            if self._worker is not None and not self.exhausted:
                return True
        self.close()
        return False

    def _run(self, number: int) -> str | None:
        """Run a cell and return what it raised. One that does not end is left out from now on."""
        assert self._worker is not None
        try:
            cell = self._cells[number]
            response = self._worker.run(cell.source, self.budget.limits.cell, cell.ignored)
        except WireError:
            self._leave_out(number, "is too large to be run")
            return None
        except WorkerLost as why:
            self._leave_out(number, f"was left out, because it ended the program: {why}")
            self.lost(why, f"in cell {number + 1}")
            return None
        if response.get("interrupted"):
            seconds = f"{self.budget.limits.cell:g} s"
            self._leave_out(number, f"did not finish within {seconds} and was stopped")
        error: str | None = response.get("error")
        return error

    def _leave_out(self, number: int, why: str) -> None:
        """Do not run a cell again."""
        self._left_out.add(number)
        self._stopped.setdefault(number, why)
