"""The reference solution against complex steps in extended precision, and counts against what is called."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.p2_modes import (
    Node,
    backward,
    backward_cost,
    backward_storage,
    cheaper_mode,
    forward_cost,
    forward_storage,
    jacobian_backward,
    jacobian_forward,
    jvp,
    topological_order,
    vjp,
)

LONG, STEP = np.longdouble, np.longdouble(1e-30)
chain_sizes = st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 10**6)


def layer(W, events=None):
    """tanh(W x), which notes its calls."""

    def note(*event):
        if events is not None:
            events.append(event)

    def f(x):
        note("f", W.shape)
        return np.tanh(W @ x)

    def layer_jvp(x, v):
        note("jvp", W.shape)
        return (1 - np.tanh(W @ x) ** 2) * (W @ v)

    def layer_vjp(x, u):
        note("vjp", W.shape)
        return W.T @ ((1 - np.tanh(W @ x) ** 2) * u)

    return f, layer_jvp, layer_vjp


def weights(rng, sizes):
    return [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]


def exact_jacobian(matrices, x):
    columns = []
    for e in np.eye(len(x)):
        y = x.astype(LONG) + 1j * STEP * e
        for W in matrices:
            y = np.tanh(W.astype(LONG) @ y)
        columns.append((y.imag / STEP).astype(float))
    return np.stack(columns, axis=1)


@given(chain_sizes, seeds)
@settings(max_examples=80, deadline=None)
def test_products_and_jacobians_are_complex_steps_in_extended_precision(sizes, seed):
    rng = np.random.default_rng(seed)
    matrices = weights(rng, sizes)
    layers, x = [layer(W) for W in matrices], rng.normal(size=sizes[0])
    J, v, u = exact_jacobian(matrices, x), rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])
    # What is rounded is the product of the sizes of the layers' Jacobians.
    size = np.prod([np.linalg.norm(W) for W in matrices])
    for actual, expected in (
        (jvp(layers, x, v), J @ v),
        (vjp(layers, x, u), u @ J),
        (jacobian_forward(layers, x), J),
        (jacobian_backward(layers, x), J),
    ):
        assert actual.shape == expected.shape
        assert np.allclose(actual, expected, rtol=1e-12, atol=1e-14 * (1 + size) * 10)


def test_a_chain_without_layers_is_the_identity():
    x = np.array([1, 2, 3])
    assert np.array_equal(jvp([], x, 2.0 * x), 2.0 * x)
    assert np.array_equal(vjp([], x, 2.0 * x), 2.0 * x)
    for jacobian in (jacobian_forward, jacobian_backward):
        assert np.array_equal(jacobian([], x), np.eye(3))
        assert jacobian([], x).dtype == np.float64


@given(chain_sizes, seeds)
@settings(max_examples=40, deadline=None)
def test_the_costs_are_those_of_the_calls_that_the_jacobians_make(sizes, seed):
    rng = np.random.default_rng(seed)
    for jacobian, kind, cost, sweeps in (
        (jacobian_forward, "jvp", forward_cost, sizes[0]),
        (jacobian_backward, "vjp", backward_cost, sizes[-1]),
    ):
        events = []
        jacobian([layer(W, events) for W in weights(rng, sizes)], rng.normal(size=sizes[0]))
        products = [b * a for name, (b, a) in events if name == kind]
        assert sum(products) == cost(sizes)
        assert len(products) == sweeps * (len(sizes) - 1)
        passes = len([1 for name, _ in events if name == "f"]) / (len(sizes) - 1)
        assert passes == (1 if kind == "vjp" else sweeps)
    cheaper = "forward" if forward_cost(sizes) < backward_cost(sizes) else "backward"
    assert cheaper_mode(sizes) == cheaper


@given(chain_sizes)
def test_the_storage_is_that_of_a_sweep_that_is_played_through(sizes):
    held, peak = [sizes[0], sizes[0]], 0  # a value and its tangent
    for outputs in sizes[1:]:
        held += [outputs, outputs]
        peak = max(peak, sum(held))
        held = held[2:]
    assert forward_storage(sizes) == peak
    held, peak = [*sizes, sizes[-1]], 0  # all values, and the upstream
    for inputs in sizes[-2::-1]:
        held.append(inputs)
        peak = max(peak, sum(held))
        held.pop(-2)
    assert backward_storage(sizes) == peak


def test_counts_are_exact_ints():
    sizes = (10**18 + 1, 10**18 + 3, 10**18 + 9)
    for count in (forward_cost, backward_cost, forward_storage, backward_storage):
        assert type(count(sizes)) is int
    assert forward_cost(sizes) % (10**18 + 1) == 0


@st.composite
def programs(draw):
    """A program of sums, products and sines on two inputs."""
    steps = []
    for n in range(draw(st.integers(1, 12))):
        operands = draw(st.tuples(st.integers(0, n + 1), st.integers(0, n + 1)))
        steps.append((draw(st.sampled_from(["add", "multiply", "sin"])), *operands))
    return steps


def values(steps, inputs):
    found = list(inputs)
    for kind, a, b in steps:
        if kind == "sin":
            found.append(found[a].sin() if isinstance(found[a], Node) else np.sin(found[a]))
        else:
            found.append(found[a] + found[b] if kind == "add" else found[a] * found[b])
    return found


@given(programs(), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(max_examples=200, deadline=None)
def test_gradients_of_programs_are_complex_steps_in_extended_precision(steps, numbers):
    nodes = values(steps, [Node(number) for number in numbers])
    gradients = backward(nodes[-1], 0.7)
    assert gradients[nodes[-1]] == 0.7 or nodes[-1] in nodes[:-1]
    for i in range(2):
        inputs = np.array(numbers, dtype=np.clongdouble)
        inputs[i] += 1j * STEP
        exact = float(0.7 * values(steps, inputs)[-1].imag / STEP)
        if nodes[i] in gradients:
            assert gradients[nodes[i]] == pytest.approx(exact, rel=1e-11, abs=1e-12)
        else:
            assert exact == 0


@given(programs())
@settings(max_examples=200, deadline=None)
def test_the_order_has_every_ancestor_once_and_after_its_parents(steps):
    node = values(steps, [Node(0.5), Node(0.5)])[-1]
    order = topological_order(node)

    def ancestors(node):
        return {node}.union(*(ancestors(parent) for parent in node.parents)) if node.parents else {node}

    assert order[-1] is node
    assert len(order) == len(set(order))
    assert set(order) == ancestors(node)
    place = {n: i for i, n in enumerate(order)}
    assert all(place[parent] < place[n] for n in order for parent in n.parents)


def test_deep_graphs_and_graphs_of_many_paths():
    x = node = Node(1.0)
    for _ in range(100_000):
        node = node + x
    assert backward(node, 0.5)[x] == 0.5 * 100_001
    x = node = Node(np.array([1.0, 2.0]))
    for _ in range(60):
        node = node + node
    upstream = np.array([1.0, 3.0])
    assert np.array_equal(backward(node, upstream)[x], 2.0**60 * upstream)
    assert np.array_equal(upstream, [1.0, 3.0])
