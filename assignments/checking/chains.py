"""Chains of layers that note how they are called, and what is wrong with the calls.

A layer computes sin(W x + b); students' functions get it as a tuple of three functions, f, jvp and vjp.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from checking.boundary import Proxy
from checking.callbacks import Noted
from checking.expectations import Answer, expect
from checking.hints import is_same
from checking.outcomes import CheckFailure, NotAttempted, OutOfTime
from checking.wording import kind_as_text, times_as_text
from gradcheck import numerical_jacobian

TAKES = {"f": ("x",), "jvp": ("x", "v"), "vjp": ("x", "u")}
ORIGINS = {
    "x": "The input of a layer is the output of the previous layer.",
    "v": "The jvp of a layer takes the tangent of the layer's input.",
    "u": "The vjp of a layer takes what comes back from the layer after it.",
}


class Chain:
    """A chain of layers.

    weights : pairs of an (outputs, inputs) array W and an (outputs,) array b.
    sizes : of the input, of each value between, and of the output.
    layers : the list of tuples that students' functions get.
    calls : the calls of all their functions so far, in order: kind, number of the layer from 0, arguments.
    """

    def __init__(self, weights: Sequence[tuple[np.ndarray, np.ndarray]]):
        self.weights = weights
        self.sizes = [weights[0][0].shape[1], *(len(b) for _, b in weights)]
        self.layers = [tuple(self._function(kind, k) for kind in TAKES) for k in range(len(weights))]
        self.calls: list[tuple[str, int, tuple[Any, ...]]] = []

    @classmethod
    def random(cls, rng: np.random.Generator, sizes: Sequence[int], dtype: type = np.float64) -> Chain:
        """Make a chain of random layers whose values have these sizes."""

        def normal(*shape: int) -> np.ndarray:
            return (rng.normal(size=shape) / np.sqrt(shape[-1])).astype(dtype)

        return cls([(normal(outputs, inputs), normal(outputs)) for inputs, outputs in pairwise(sizes)])

    def values(self, x: np.ndarray) -> list[np.ndarray]:
        """Compute the input of each layer, and the output."""
        values = [x]
        for W, b in self.weights:
            values.append(np.sin(W @ values[-1] + b))
        return values

    def value(self, _: Any, x: np.ndarray) -> np.ndarray:
        """Compute the output. The first argument is where students' functions have the layers."""
        return self.values(x)[-1]

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Compute the numerical Jacobian."""
        return numerical_jacobian(partial(self.value, None), x).value

    def complaint(self, kind: str, x: np.ndarray) -> str | None:
        """Say what is wrong with the first call so far that makes no sense in sweeps of `kind` at x."""
        points = self.values(x)
        for called, number, (at, *_) in self.calls:
            who = f"the {called} of layer {number}"
            if called not in ("f", kind):
                return f"{who} is called; this mode needs the {kind} of a layer only."
            if not is_same(at, points[number]):
                where = _place(at, number, points)
                return f"{who} is called at {where}. Its x should be the input of that layer."
        return None

    def starts(self) -> list[np.ndarray]:
        """The vectors that sweeps began with so far."""
        ends = {("jvp", 0), ("vjp", len(self.layers) - 1)}
        return [arguments[1] for kind, number, arguments in self.calls if (kind, number) in ends]

    def counts(self, kind: str) -> list[int]:
        """How often each layer's function of this kind was called so far."""
        return [len(layer[list(TAKES).index(kind)].calls) for layer in self.layers]

    def _function(self, kind: str, number: int) -> Noted:
        inputs, outputs = self.sizes[number : number + 2]
        text = f"f from {inputs} to {outputs} numbers" if kind == "f" else kind
        return Noted(text, partial(self._call, kind, number))

    def _call(self, kind: str, number: int, *arguments: Any) -> np.ndarray:
        who, names = f"the {kind} of layer {number}", TAKES[kind]
        if len(arguments) != len(names):
            raise TypeError(f"{who} takes {' and '.join(names)}; it got {len(arguments)} arguments")
        for name, argument in zip(names, arguments, strict=True):
            size = self.sizes[number + (name == "u")]
            right = isinstance(argument, np.ndarray) and argument.shape == (size,)
            if not right or argument.dtype.kind not in "fiu":
                got = kind_as_text(argument)
                raise TypeError(
                    f"{who} takes an array of shape {(size,)} as {name}; it got {got}. {ORIGINS[name]}"
                )
        self.calls.append((kind, number, arguments))
        (W, b), (x, *vector) = self.weights[number], arguments
        z = W @ x + b
        if kind == "f":
            return np.sin(z)
        return np.cos(z) * (W @ vector[0]) if kind == "jvp" else W.T @ (np.cos(z) * vector[0])


def _place(x: np.ndarray, number: int, points: list[np.ndarray]) -> str:
    """Where in the chain this value belongs, if it does not belong to the layer of that number."""
    places = [(points[number + 1], "the layer's output"), (points[0], "the input of the whole chain")]
    places += [(point, f"the input of layer {k}") for k, point in enumerate(points[:-1])]
    for point, place in [*places, (points[-1], "the output of the whole chain")]:
        if is_same(x, point):
            return place
    if np.abs(x - points[number]).max() < 0.01:
        return "a nearby point, as in a finite difference"
    return "a point that is not a value of this chain, perhaps left over from an earlier call"


def expect_on(function: Proxy, chain: Chain, kind: str, **arguments: Any) -> Answer:
    """Call a student's function on a chain, and expect it to call only f and `kind`, each as it should."""
    answer = Answer(function.name, {"layers": chain.layers, **arguments}, None)
    failure = None
    try:
        answer = expect(function, **answer.arguments)
    except (NotAttempted, OutOfTime):
        raise
    except CheckFailure as raised:
        failure = raised
    complaint = chain.complaint(kind, arguments["x"])
    if complaint is not None:
        raise answer.wrong(complaint)
    if failure is not None:
        raise failure
    return answer


def expect_sweeps(answer: Answer, chain: Chain, kind: str, count: int) -> None:
    """Expect that the jvp or the vjp of every layer was called so often."""
    for number, seen in enumerate(chain.counts(kind)):
        if seen == 0:
            raise answer.wrong(f"the {kind} of layer {number} is never called. Is the layer left out?")
        if seen != count:
            right = "one sweep is enough" if count == 1 else f"{count} sweeps need {count} calls"
            raise answer.wrong(f"the {kind} of layer {number} is called {times_as_text(seen)}; {right}.")


def expect_passes(answer: Answer, chain: Chain, most: int, last: int = 0) -> None:
    """Expect that every f was called once to `most` times; that of the last layer `last` to `most` times."""
    counts = chain.counts("f")
    for number, seen in enumerate(counts):
        if seen > most:
            raise answer.wrong(
                f"the f of layer {number} is called {times_as_text(seen)}; {times_as_text(most)} is "
                "enough. Keep the values that are needed again."
            )
        if seen < (last if number == len(counts) - 1 else 1):
            raise answer.wrong(f"the f of layer {number} is never called.")
