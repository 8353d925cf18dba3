"""The parts of the corpus: a family is a function to differentiate, an entry is a program for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Family:
    """A function, and the points at which its gradients are tried.

    kind : the result of an entry's `claimed`.
        "gradient": claimed(*args) is the gradient of the scalar forward(*args);
        "vjp": claimed(*args, u) is J^T u of forward(*args), u has the shape of forward(*args);
        "jacobian": claimed(x) is the (outputs, inputs) Jacobian of forward(x), x is 1-D.
        The first two are a single array if `wrt` has one index, else a tuple in the order of `wrt`.
    forward : the function, as a student writes it.
    exact : the same function for real and complex arrays of extended precision, used only to certify.
    wrt : the positions in `args` of the arrays to differentiate.
    natural, edges : make lists of `args` with a random generator. Natural points have distinct sizes,
        mixed masks and unsaturated probabilities. Programs break at edges.
    """

    name: str
    kind: str
    forward: Callable
    exact: Callable
    wrt: tuple[int, ...]
    natural: Callable[[np.random.Generator], list[tuple]]
    edges: Callable[[np.random.Generator], list[tuple]]


@dataclass(frozen=True)
class Entry:
    """A program that claims to be a derivative.

    name : describes the program; unique in its family.
    right : whether the values and the code are right at every point, including edges.
    mistake : the kind of mistake; "" if right.
    unsafe : whether the values are right (with state, those of the first call) but the code is unsafe.
    """

    family: Family
    name: str
    claimed: Callable
    right: bool
    mistake: str = ""
    unsafe: bool = False


class Programs:
    """Collects the programs of one family; `right` and `wrong` are decorators."""

    def __init__(self, family: Family):
        self.family = family
        self._makers: list[Callable[[], Entry]] = []

    def right(self, name: str) -> Callable:
        """Register a right program."""

        def register(claimed: Callable) -> Callable:
            self._makers.append(lambda: Entry(self.family, name, claimed, right=True))
            return claimed

        return register

    def wrong(self, mistake: str, name: str, unsafe: bool = False, stateful: bool = False) -> Callable:
        """Register a wrong program; if stateful, a function that makes one with new state."""

        def register(program: Callable) -> Callable:
            self._makers.append(
                lambda: Entry(self.family, name, program() if stateful else program, False, mistake, unsafe)
            )
            return program

        return register

    def entries(self) -> list[Entry]:
        """All entries, with new state."""
        return [make() for make in self._makers]
