"""Graphs of values, and what is known of them.

A graph is written down by its steps. A step is a value, or a kind and its operands, which are names of earlier
steps or else arrays:

    Graph(x=0.7, y=-1.2, p=("multiply", "x", "y"), z=("add", "p", "x"))

`make_nodes` makes the student's nodes of it. The result is the last step, or another one by `graph.at(name)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from checking.callbacks import Noted
from checking.wording import kind_as_text, shape_as_text, times_as_text

DEPTH = 10_000


class Kind(NamedTuple):
    """A kind of step: how students write it, its value, and the derivatives by operands of one shape."""

    text: str
    value: Callable[..., Any]
    slopes: Callable[..., tuple[Any, ...]] = lambda *_: ()


KINDS = {
    "add": Kind("{} + {}", np.add, lambda a, b: (1.0, 1.0)),
    "multiply": Kind("{} * {}", np.multiply, lambda a, b: (b, a)),
    "sin": Kind("sin({})", np.sin, lambda a: (np.cos(a),)),
    "linear": Kind("W @ {}", np.matmul),
}


class Graph:
    """A graph of numbers or arrays.

    steps : by name, in an order in which they can be computed.
    result : the name of the step that a student's function is called with.
    """

    def __init__(self, **steps: Any):
        self.steps = steps
        self.result = list(steps)[-1]

    def at(self, result: str) -> Graph:
        """Make the same graph with another result."""
        graph = Graph(**self.steps)
        graph.result = result
        return graph

    def with_inputs(self, value: Callable[[], Any]) -> Graph:
        """Make the same graph with other inputs, each from a call of `value`."""
        return Graph(**{n: step if isinstance(step, tuple) else value() for n, step in self.steps.items()})

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        """The result and its graph, as students would write them down."""
        if len(self) > 9:
            return f"{self.result} in a graph of {len(self)} nodes"
        return f"{self.result} of " + "; ".join(f"{name} = {self._text(name)}" for name in self.steps)

    def _text(self, name: str) -> str:
        step = self.steps[name]
        if isinstance(step, tuple):
            return KINDS[step[0]].text.format(*self.parents(name))
        return f"Node({shape_as_text(step.shape) if isinstance(step, np.ndarray) else f'{step:.6g}'})"

    def parents(self, name: str) -> list[str]:
        """The names of a step's parents, in their order."""
        step = self.steps[name]
        return [a for a in step[1:] if isinstance(a, str)] if isinstance(step, tuple) else []

    def ancestors(self) -> set[str]:
        """The names of all steps that the result is computed from, itself included."""
        found, waiting = {self.result}, [self.result]
        while waiting:
            new = set(self.parents(waiting.pop())) - found
            found |= new
            waiting += new
        return found

    def values(self, added: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Compute the values of all steps.

        added : what is added to the values of some steps.
        """
        values: dict[str, Any] = {}
        for name, step in self.steps.items():
            value = step
            if isinstance(step, tuple):
                kind, *operands = step
                value = KINDS[kind].value(*(values[a] if isinstance(a, str) else a for a in operands))
            values[name] = value + added[name] if added and name in added else value
        return values

    def derivative(self, upstream: Any, name: str) -> np.ndarray:
        """The derivative of upstream times the result with respect to a step, by complex steps."""
        shape = np.shape(self.values()[name])
        gradient = np.empty(shape)
        for index in np.ndindex(*shape):
            change = np.zeros(shape, dtype=complex)
            change[index] = 1e-30j
            result = self.values({name: change})[self.result]
            gradient[index] = np.sum(upstream * np.imag(result)) / 1e-30
        return gradient

    def contributions(self, upstream: Any, name: str) -> list[np.ndarray]:
        """What each use of a step contributes to its derivative."""
        needed = self.ancestors()
        return [
            slope * self.derivative(upstream, user)
            for user in self.steps
            if user in needed and name in self.parents(user)
            for parent, slope in zip(self.parents(user), self._slopes(user), strict=True)
            if parent == name
        ]

    def _slopes(self, name: str) -> tuple[Any, ...]:
        values, (kind, *operands) = self.values(), self.steps[name]
        return KINDS[kind].slopes(*(values[a] for a in operands))

    def noted(self) -> Graph:
        """Make a graph of the same numbers, whose local vjps note their calls."""
        steps, values = dict(self.steps), self.values()
        for name, step in self.steps.items():
            if isinstance(step, tuple):
                who = [f"the local vjp of {name} for its parent {parent}" for parent in step[1:]]
                if len(set(who)) < len(who):
                    who = [f"{text}, of use {use}," for use, text in enumerate(who, 1)]
                slopes = map(float, self._slopes(name))
                vjps = tuple(Noted(text, partial(_vjp, s)) for text, s in zip(who, slopes, strict=True))
                steps[name] = ("node", float(values[name]), vjps, *step[1:])
        return Graph(**steps)

    def wrong_call(self, noted: Graph, upstream: float) -> str | None:
        """Say what is wrong with the calls of the local vjps of a `noted` graph, each of which should be one."""
        needed = self.ancestors()
        vjps = [(f, n) for n in self.steps if n in needed and self.parents(n) for f in noted.steps[n][2]]
        # One that is never called comes first: it tells more than another that is called instead.
        for vjp, name in sorted(vjps, key=lambda pair: bool(pair[0].calls)):
            if not vjp.calls:
                return f"{vjp.text} is never called."
            if len(vjp.calls) > 1:
                often = times_as_text(len(vjp.calls))
                return f"{vjp.text} is called {often}. Call it once, when the gradient of {name} is complete."
            u = float(vjp.calls[0][0])
            if not np.isclose(u, self.derivative(upstream, name), rtol=1e-9, atol=1e-12):
                cause = f"Have all contributions to {name} come in by then?"
                if name != self.result and np.isclose(u, upstream):
                    cause = "It is upstream."
                return f"{vjp.text} is called with {u:.6g}, which is not the gradient of {name}. {cause}"
        return None

    def wrong_order(self, order: list[str | None]) -> str | None:
        """Say what is wrong with an order of the nodes, without a full stop, if it is not topological.

        order : the names of the nodes, with None for what is not a node.
        """
        if None in order:
            return "the result holds something that is not a node of the graph; return the nodes themselves"
        result, needed, place = self.result, self.ancestors(), {name: i for i, name in enumerate(order)}
        for name, count in Counter(order).items():
            if count > 1:
                return f"node {name} is in the result {times_as_text(count)}, once for each way to it"
            if name not in needed:
                return f"node {name} is in the result, which {result} does not depend on"
        for name in filter(None, order):
            for parent in self.parents(name):
                if place.get(parent, -1) > place[name]:
                    if order[0] == result:
                        return (
                            f"{result} comes first and its parents follow; it should be the other way round"
                        )
                    return (
                        f"node {name} comes before its parent {parent}; it should wait for all of its parents"
                    )
        missing = needed - set(place)
        if result in missing:
            return f"the node {result} itself is missing"
        if missing:
            name, values = min(missing), self.values()
            equal = [n for n in filter(None, order) if np.array_equal(values[n], values[name])]
            same = f"; it has the value of {equal[0]}, and is another node" if equal else ""
            return f"node {name} is missing, which {result} was computed from{same}"
        return None


def _vjp(slope: float, u: Any) -> Any:
    if np.ndim(u) or np.asarray(u).dtype.kind not in "fiu":
        raise TypeError(f"a local vjp of numbers takes a number, and was called with {kind_as_text(u)}")
    return slope * u


def deep_graph(depth: int = DEPTH) -> Graph:
    """A graph of so many times y = y + x, where y is x at first."""
    return Graph(n0=0.5, **{f"n{i + 1}": ("add", f"n{i}", "n0") for i in range(depth)})


def diamonds(count: int) -> Graph:
    """A graph of so many times x = x + x."""
    return Graph(n0=0.5, **{f"n{i + 1}": ("add", f"n{i}", f"n{i}") for i in range(count)})


SMALL = (
    Graph(x=0.7, s=("sin", "x"), z=("sin", "s")),
    Graph(x=0.7, y=-1.2, p=("multiply", "x", "y"), z=("add", "p", "x")),
    Graph(x=1.3, z=("multiply", "x", "x")),
    # ways of different lengths
    Graph(x=0.4, a=("sin", "x"), b=("multiply", "a", "x"), c=("sin", "b"), z=("multiply", "a", "c")),
    Graph(
        x=0.4,
        a=("sin", "x"),
        b=("sin", "a"),
        c=("add", "b", "a"),
        d=("multiply", "x", "c"),
        z=("add", "d", "x"),
    ),
    # two inputs of one value, and one that z does not depend on
    Graph(
        x=0.5,
        y=0.5,
        unused=2.0,
        other=("multiply", "unused", "x"),
        p=("multiply", "x", "y"),
        z=("add", "p", "y"),
    ),
)


def make_nodes(steps, *, Node):
    """On the student's side: make the nodes of a graph, by the names of its steps."""
    kinds = {
        "add": lambda x, y: x + y,
        "multiply": lambda x, y: x * y,
        "sin": lambda x: x.sin(),
        "linear": lambda W, x: Node(W @ x.value, (x,), (lambda u: W.T @ u,)),
        "node": lambda value, vjps, *parents: Node(value, parents, vjps),
    }
    nodes = {}
    for name, step in steps.items():
        if isinstance(step, tuple):
            kind, *operands = step
            nodes[name] = kinds[kind](*(nodes[a] if isinstance(a, str) else a for a in operands))
        else:
            nodes[name] = Node(step)
    return nodes
