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
    """A worker in which the cells up to a position have run.

    If a worker is lost, a new one runs the same cells again when it is needed.

    cells : the code cells of the submission.
    server : starts the workers.
    budget : the time and the workers that the submission may use.
    notes : sentences for the instructor about cells that raised and workers that ended.
    looked_up : the functions that checks have looked up, and whether they exist.
    fault : the error if the sandbox failed during a check, after which checks cannot be trusted.
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
            number: "has the tag otter_ignore, so only its imports, functions and classes are run"
            for number, cell in enumerate(cells)
            if cell.ignored
        }

    def place(self, question: str) -> int:
        """The number of cells that run before a question is checked: up to its last check cell, or all."""
        found = [i + 1 for i, cell in enumerate(self._cells) if question in cell.questions]
        return found[-1] if found else len(self._cells)

    def run_to(self, position: int) -> None:
        """Run the cells up to a position. A cell that raises or ends its worker does not stop the others."""
        while self._position < position and not self.exhausted:
            number = self._position
            self._position += 1
            if self._cells[number].source.strip():
                self._run_next(number)

    def worker(self, name: str) -> WorkerHandle:
        """The worker, in which the cells up to the current position have run.

        name : the name of the function to call, for the OutOfTime failure when no time is left.
        """
        if self._worker is None and not self._start(self._position):
            raise self.budget.used_up(name, "the notebook")
        assert self._worker is not None
        return self._worker

    @property
    def of_something_else(self) -> bool:
        """Whether the checks have looked up functions, and no cell seems to define any of them."""
        names = set().union(*(cell.names for cell in self._cells))
        asked = self.looked_up
        return bool(asked) and not any(asked.values()) and names.isdisjoint(asked)

    def why_missing(self, name: str) -> str | None:
        """Why a name has no value at the current position, in words that follow "there is no ..."."""
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
        """Record that the worker was lost."""
        self.notes.append(f"the submission's process ended {where}: {why}")
        self.budget.crashes += 1
        self.close()

    @property
    def taken(self) -> float:
        """The seconds of processor time that the submission has taken."""
        return self.budget.taken + (self._worker.taken() if self._worker else 0.0)

    @property
    def exhausted(self) -> bool:
        """Whether the submission has used up its budget."""
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
        """Start a worker and run the cells up to a position; return whether there was enough time."""
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
        """Run a cell and return its error. A cell that does not end is skipped from now on."""
        assert self._worker is not None
        try:
            cell = self._cells[number]
            response = self._worker.run(cell.source, self.budget.limits.cell, cell.ignored)
        except WireError:
            self._leave_out(number, "is too large to run")
            return None
        except WorkerLost as why:
            self._leave_out(number, f"was skipped because it ended the program: {why}")
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
