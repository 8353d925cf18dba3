"""Graphs of values, and what is known of them.

A graph is written down by its steps, in an order in which they can be computed. A step is a value, or an
operation and its operands, which are names of steps or a matrix:

    Graph(x=0.7, y=-1.2, p=("*", "x", "y"), z=("+", "p", "x"))

`make_nodes` makes the student's nodes of it. The result is the last step, or another one by `graph.at(name)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from checking.callbacks import Noted
from checking.wording import kind_as_text, shape_as_text, times_as_text

VALUES: dict[str, Callable[..., Any]] = {"+": np.add, "*": np.multiply, "sin": np.sin, "@": np.matmul}
# The derivatives with respect to the operands, for numbers and entry by entry; that of "@" is the matrix.
SLOPES: dict[str, Callable[..., tuple[Any, ...]]] = {
    "+": lambda a, b: (1.0, 1.0),
    "*": lambda a, b: (b, a),
    "sin": lambda a: (np.cos(a),),
}


class Graph:
    """A graph of numbers or arrays.

    steps : the steps by name.
    result : the name of the step that a student's function is called with.
    """

    def __init__(self, **steps: Any):
        self.steps = steps
        self.result = list(steps)[-1]

    def at(self, result: str) -> Graph:
        """The same graph with another result."""
        if result == self.result:
            return self
        graph = Graph(**self.steps)
        graph.result = result
        return graph

    def with_inputs(self, value: Callable[[], Any]) -> Graph:
        """Make the same graph with other inputs, each from a call of `value`."""
        return Graph(**{n: step if isinstance(step, tuple) else value() for n, step in self.steps.items()})

    def __str__(self) -> str:
        if len(self.steps) > 9:
            return f"{self.result} in a graph of {len(self.steps)} nodes"
        return f"{self.result} of " + "; ".join(f"{n} = {_text(step)}" for n, step in self.steps.items())

    def parents(self, name: str) -> list[str]:
        """The names of a step's parents, in their order."""
        step = self.steps[name]
        return [a for a in step[1:] if isinstance(a, str)] if isinstance(step, tuple) else []

    @cached_property
    def ancestors(self) -> set[str]:
        """The names of all steps that the result is computed from, itself included."""
        found, waiting = {self.result}, [self.result]
        while waiting:
            new = set(self.parents(waiting.pop())) - found
            found |= new
            waiting += new
        return found

    def paths(self) -> int:
        """Count the paths from the result to its ancestors, itself included."""
        counts = Counter({self.result: 1})
        for name in reversed(self.steps):
            for parent in self.parents(name):
                counts[parent] += counts[name]
        return sum(counts.values())

    def values(self, **added: Any) -> dict[str, Any]:
        """Compute the values of all steps. What is added to some changes those computed from them."""
        values: dict[str, Any] = {}
        for name, step in self.steps.items():
            value = step
            if isinstance(step, tuple):
                value = VALUES[step[0]](*(values[a] if isinstance(a, str) else a for a in step[1:]))
            values[name] = value + added.get(name, 0)
        return values

    def derivative(self, upstream: Any, name: str) -> np.ndarray:
        """Compute the derivative of upstream times the result with respect to a step, by complex steps."""
        gradient = np.empty(np.shape(self.values()[name]))
        for index in np.ndindex(*gradient.shape):
            change = np.zeros(gradient.shape, dtype=complex)
            change[index] = 1e-30j
            result = self.values(**{name: change})[self.result]
            gradient[index] = np.sum(upstream * np.imag(result)) / 1e-30
        return gradient

    def contributions(self, upstream: Any, name: str) -> list[np.ndarray]:
        """Compute what each use of a step contributes to its derivative."""
        found = []
        for user in (n for n in self.ancestors if name in self.parents(n)):
            gradient = self.derivative(upstream, user)
            if self.steps[user][0] == "@":
                found.append(self.steps[user][1].T @ gradient)
                continue
            uses = zip(self.parents(user), self._slopes(user), strict=True)
            found += [slope * gradient for parent, slope in uses if parent == name]
        return found

    def _slopes(self, name: str) -> tuple[Any, ...]:
        values = self.values()
        return SLOPES[self.steps[name][0]](*(values[parent] for parent in self.parents(name)))

    def noted(self) -> Graph:
        """Make a graph of the same numbers, whose local vjps note their calls."""
        steps, values = dict(self.steps), self.values()
        for name in filter(self.parents, self.steps):
            parents, slopes = self.parents(name), map(float, self._slopes(name))
            who = [f"the local vjp of {name} for its parent {parent}" for parent in parents]
            if len(set(who)) < len(who):
                who = [f"{text} (local_vjps[{use}])" for use, text in enumerate(who)]
            vjps = tuple(Noted(text, partial(_vjp, s)) for text, s in zip(who, slopes, strict=True))
            steps[name] = ("node", float(values[name]), vjps, *parents)
        return Graph(**steps)

    def wrong_call(self, noted: Graph, upstream: float) -> str | None:
        """Say what is wrong with the calls of the local vjps of `self.noted()`, if anything is."""
        needed = self.ancestors
        vjps = [(f, n) for n in self.steps if n in needed and self.parents(n) for f in noted.steps[n][2]]
        # One that is never called comes first: it tells more than another that is called instead.
        for vjp, name in sorted(vjps, key=lambda pair: bool(pair[0].calls)):
            if not vjp.calls:
                return f"{vjp.text} is never called."
            if len(vjp.calls) > 1:
                often = times_as_text(len(vjp.calls))
                return f"{vjp.text} is called {often}. Call it once, when the gradient of {name} is complete."
            (u,) = vjp.calls[0]
            if np.ndim(u) or np.asarray(u).dtype.kind not in "fiu":
                return f"{vjp.text} is called with {kind_as_text(u)}; the gradient of {name} is a number."
            if not np.isclose(u, self.derivative(upstream, name), rtol=1e-9, atol=1e-12):
                cause = f"Have all contributions to {name} been added?"
                if name != self.result and np.isclose(u, upstream):
                    cause = "This is upstream itself."
                return f"{vjp.text} is called with {u:.6g}, which is not the gradient of {name}. {cause}"
        return None

    def wrong_order(self, order: list[Any]) -> str | None:
        """Say what is wrong with this order, if anything is: names, and None for what is not a node."""
        if None in order:
            return "the result holds something that is not a node of the graph; return the nodes themselves"
        result, needed, place = self.result, self.ancestors, {name: i for i, name in enumerate(order)}
        for name, count in Counter(order).items():
            if count > 1:
                return f"node {name} is in the result {times_as_text(count)}, once for each path to it"
            if name not in needed:
                return f"node {name} is in the result, which {result} does not depend on"
        for name in order:
            late = [parent for parent in self.parents(name) if place.get(parent, -1) > place[name]]
            if late and order[0] == result:
                return f"{result} comes first and its parents follow; it should come last, after its parents"
            if late:
                return f"node {name} comes before its parent {late[0]}; it should wait for all of its parents"
        if result not in place:
            return f"the node {result} itself is missing"
        missing, values = sorted(needed - set(order)), self.values()
        if not missing:
            return None
        equal = [name for name in order if np.array_equal(values[name], values[missing[0]])]
        same = f"; it has the same value as {equal[0]}, but is a different node" if equal else ""
        return f"node {missing[0]} is missing, which {result} was computed from{same}"


def _text(step: Any) -> str:
    """A step as students would write it."""
    if not isinstance(step, tuple):
        return f"Node({shape_as_text(step.shape) if isinstance(step, np.ndarray) else f'{step:.6g}'})"
    operation, *operands = step
    if operation == "node":
        return f"a node of {', '.join(operands[2:])}"
    texts = [a if isinstance(a, str) else "W" for a in operands]
    return f"{operation}({texts[0]})" if len(texts) == 1 else f" {operation} ".join(texts)


def _vjp(slope: float, u: Any) -> Any:
    if np.ndim(u) or np.asarray(u).dtype.kind not in "fiu":
        raise TypeError(f"a local vjp of numbers takes a number, and was called with {kind_as_text(u)}")
    return slope * u


@cache
def deep_graph(depth: int = 3000) -> Graph:
    """A graph of `depth` steps y = y + x, which starts with y = x."""
    return Graph(n0=0.5, **{f"n{i + 1}": ("+", f"n{i}", "n0") for i in range(depth)})


def diamonds(count: int) -> Graph:
    """A graph of `count` steps x = x + x."""
    return Graph(n0=0.5, **{f"n{i + 1}": ("+", f"n{i}", f"n{i}") for i in range(count)})


SMALL = (
    Graph(x=0.7, s=("sin", "x"), z=("sin", "s")),
    Graph(x=0.7, y=-1.2, p=("*", "x", "y"), z=("+", "p", "x")),
    Graph(x=1.3, z=("*", "x", "x")),
    # ways of different lengths
    Graph(x=0.4, a=("sin", "x"), b=("*", "a", "x"), c=("sin", "b"), z=("*", "a", "c")),
    Graph(x=0.4, a=("sin", "x"), b=("sin", "a"), c=("+", "b", "a"), d=("*", "x", "c"), z=("+", "d", "x")),
    # two inputs of one value, and one that z does not depend on
    Graph(x=0.5, y=0.5, unused=2.0, other=("*", "unused", "x"), p=("*", "x", "y"), z=("+", "p", "y")),
)


def make_nodes(steps, *, Node):
    """On the student's side: make the nodes of a graph, by the names of its steps."""
    operations = {
        "input": Node,
        "+": lambda x, y: x + y,
        "*": lambda x, y: x * y,
        "sin": lambda x: x.sin(),
        "@": lambda W, x: Node(W @ x.value, (x,), (lambda u: W.T @ u,)),
        "node": lambda value, vjps, *parents: Node(value, parents, vjps),
    }
    nodes: dict = {}
    for name, step in steps.items():
        operation, *operands = step if isinstance(step, tuple) else ("input", step)
        nodes[name] = operations[operation](*(nodes[a] if isinstance(a, str) else a for a in operands))
    return nodes
