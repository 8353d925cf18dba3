"""Problem 2, the hidden checks. They hold an answer against the reference on many chains and graphs."""

import numpy as np

import solutions.p2_modes as reference
from autograder.hidden_checks import check
from autograder.hidden_checks.inputs import FLOAT32, FLOAT64, in_float64, unusual
from checking import expect
from checking.chains import Chain, expect_on, expect_passes, expect_sweeps
from checking.graphs import Graph, deep_graph, diamonds, make_nodes
from public_checks.p2_modes import (
    expect_each_use_once,
    expect_gradients,
    expect_identity,
    expect_order,
)

# Chains. The simple ones come first: an answer that is wrong there gets the right name.

SIZES = ((1, 1), (3, 1), (1, 3), (4, 2), (2, 4, 3, 3), (3, 3, 3), (4, 1, 2))
LONG = (3, 6, 2, 5, 5, 1, 4, 4, 2, 3)


def chains(rng, end, every=(*SIZES, LONG)):
    """A chain of each of these sizes, an x, and a vector of the size at that end of the chain."""
    for sizes in every:
        yield Chain.random(rng, sizes), rng.normal(size=sizes[0]), rng.normal(size=sizes[end])


def expect_unusual(function, rng, find, name=None, end=0):
    """Expect the reference's result for float32 and views, and products for ints too.

    find, name, end : the reference's function, and what its vector is called and which end has its size.
    """
    sizes = (3, 4, 2)
    x, vector = rng.normal(size=sizes[0]), rng.normal(size=sizes[end])
    for dtype, arrays in unusual(x, *([vector] if name else [])):
        if name is None and arrays[0].dtype.kind == "i":
            continue  # a public check is about these
        chain = Chain.random(rng, sizes, dtype)
        arguments = dict(zip(("x", name), arrays, strict=False))
        expected = in_float64(lambda *a, layers=chain.layers: find(layers, *a), *arrays)
        answer = expect(function, layers=chain.layers, **arguments)
        answer.close(expected, rounding=len(sizes), dtype=dtype)


# 2(a)


@check("q2a", "matches the reference for every chain, one without layers too", points=1)
def jvp_matches_reference(jvp, rng):
    for chain, x, v in chains(rng, 0):
        answer = expect(jvp, layers=chain.layers, x=x, v=v)
        answer.close(reference.jvp(chain.layers, x, v), rounding=np.abs(v).max())
    expect_identity(jvp, "v")


@check("q2a", "calls the layers in one sweep, each at its own input", points=1)
def jvp_sweeps_once(jvp, rng):
    for chain, x, v in chains(rng, 0):
        answer = expect_on(jvp, chain, "jvp", x=x, v=v)
        expect_sweeps(answer, chain, "jvp", 1)
        expect_passes(answer, chain, 1)


@check("q2a", "is right for float32, integers and views", points=0.25)
def jvp_unusual_arrays(jvp, rng):
    expect_unusual(jvp, rng, reference.jvp, "v")


# 2(b)


@check("q2b", "matches the reference for every chain, one without layers too", points=1)
def vjp_matches_reference(vjp, rng):
    for chain, x, u in chains(rng, -1):
        answer = expect(vjp, layers=chain.layers, x=x, u=u)
        answer.close(reference.vjp(chain.layers, x, u), rounding=np.abs(u).max())
    expect_identity(vjp, "u")


@check("q2b", "takes one forward pass, then calls every layer once at its own input", points=1)
def vjp_sweeps_once(vjp, rng):
    for chain, x, u in chains(rng, -1):
        answer = expect_on(vjp, chain, "vjp", x=x, u=u)
        expect_sweeps(answer, chain, "vjp", 1)
        expect_passes(answer, chain, 1)


@check("q2b", "belongs to the product from the right: u^T (J v) is (J^T u)^T v", points=0.5)
def vjp_is_the_adjoint(vjp, rng):
    for sizes in ((300, 200, 100), (80, 300, 150, 2)):
        chain = Chain.random(rng, sizes)
        x, v, u = rng.normal(size=sizes[0]), rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])
        answer = expect(vjp, layers=chain.layers, x=x, u=u)
        right, left = u @ reference.jvp(chain.layers, x, v), answer.array(sizes[0]) @ v
        if not abs(left - right) <= 1e-9 * np.linalg.norm(answer.value) * np.linalg.norm(v):
            raise answer.wrong("u^T (J v) and (J^T u)^T v differ.")


@check("q2b", "is right for float32, integers and views", points=0.25)
def vjp_unusual_arrays(vjp, rng):
    expect_unusual(vjp, rng, reference.vjp, "u", -1)


# 2(c)


@check("q2c", "matches the reference for every chain, one without layers too", points=1)
def forward_jacobian_matches_reference(jacobian_forward, rng):
    for chain, x, _ in chains(rng, 0):
        answer = expect(jacobian_forward, layers=chain.layers, x=x)
        answer.close(reference.jacobian_forward(chain.layers, x))
    expect(jacobian_forward, layers=[], x=rng.normal(size=4)).close(np.eye(4))


@check("q2c", "calls the jvp of each layer n times, at its own input", points=1)
def forward_jacobian_sweeps(jacobian_forward, rng):
    for chain, x, _ in chains(rng, 0, SIZES):
        answer = expect_on(jacobian_forward, chain, "jvp", x=x)
        expect_sweeps(answer, chain, "jvp", len(x))
        expect_passes(answer, chain, len(x) + 1)


@check("q2c", "is right for float32 and views", points=0.25)
def forward_jacobian_unusual_arrays(jacobian_forward, rng):
    expect_unusual(jacobian_forward, rng, reference.jacobian_forward)


# 2(d)


@check("q2d", "matches the reference for every chain, one without layers too", points=1)
def backward_jacobian_matches_reference(jacobian_backward, rng):
    for chain, x, _ in chains(rng, -1):
        answer = expect(jacobian_backward, layers=chain.layers, x=x)
        answer.close(reference.jacobian_backward(chain.layers, x))
    expect(jacobian_backward, layers=[], x=rng.normal(size=4)).close(np.eye(4))


@check("q2d", "calls the vjp of each layer m times, at its own input", points=0.75)
def backward_jacobian_sweeps(jacobian_backward, rng):
    for chain, x, _ in chains(rng, -1, SIZES):
        answer = expect_on(jacobian_backward, chain, "vjp", x=x)
        expect_sweeps(answer, chain, "vjp", chain.sizes[-1])


@check("q2d", "takes a single forward pass", points=0.75)
def backward_jacobian_passes_once(jacobian_backward, rng):
    for chain, x, _ in chains(rng, -1, SIZES):
        answer = expect_on(jacobian_backward, chain, "vjp", x=x)
        expect_passes(answer, chain, 1, last=1)


@check("q2d", "is right for float32 and views", points=0.25)
def backward_jacobian_unusual_arrays(jacobian_backward, rng):
    expect_unusual(jacobian_backward, rng, reference.jacobian_backward)


# 2(e)


def random_sizes(rng, largest):
    """Sizes of one to nine layers, with the largest value at the beginning, in the middle and at the end."""
    yield from ((1, 1), (1, 7), (7, 1), (5, 5), (9, 2, 3), (2, 9, 3), (2, 3, 9), (4, 1, 1, 4))
    for layers in (1, 2, 4, 8):
        sizes = tuple(int(size) for size in rng.integers(1, largest, size=layers + 1))
        yield from (sizes, (largest, *sizes), (*sizes, largest), (*sizes, largest, *sizes))


@check("q2e", "the costs match the reference for every chain", points=1.25)
def costs_match_reference(forward_cost, backward_cost, rng):
    for sizes in random_sizes(rng, 50):
        expect(forward_cost, sizes=sizes).equals(reference.forward_cost(sizes))
        expect(backward_cost, sizes=sizes).equals(reference.backward_cost(sizes))


@check("q2e", "the cheaper mode matches the reference", points=0.75)
def mode_matches_reference(cheaper_mode, rng):
    for sizes in (*random_sizes(rng, 6), *random_sizes(rng, 10**9)):
        expect(cheaper_mode, sizes=sizes).equals(reference.cheaper_mode(sizes))


@check("q2e", "the memory matches the reference for every chain", points=1.25)
def storage_matches_reference(forward_storage, backward_storage, rng):
    for sizes in random_sizes(rng, 50):
        expect(forward_storage, sizes=sizes).equals(reference.forward_storage(sizes))
        expect(backward_storage, sizes=sizes).equals(reference.backward_storage(sizes))


@check("q2e", "all counts are exact for huge sizes", points=0.75)
def huge_counts(forward_cost, backward_cost, forward_storage, backward_storage, rng):
    for sizes in random_sizes(rng, 3 * 10**18):
        expect(forward_cost, sizes=sizes).equals(reference.forward_cost(sizes))
        expect(backward_cost, sizes=sizes).equals(reference.backward_cost(sizes))
        expect(forward_storage, sizes=sizes).equals(reference.forward_storage(sizes))
        expect(backward_storage, sizes=sizes).equals(reference.backward_storage(sizes))


# Graphs


def random_graph(rng, count, value):
    """A graph of three inputs and so many steps more, which use some values again and leave some unused.

    value : gives the value of an input.
    """
    graph = Graph(x0=value(), x1=value(), x2=value())
    for i in range(count):
        # Mostly of the last few nodes, so that the graph is deep.
        names = list(graph.steps)
        a, b = (names[-1 - min(int(rng.exponential(2)), len(names) - 1)] for _ in range(2))
        kind = str(rng.choice(["+", "*", "sin"]))
        step = ("sin", a) if kind == "sin" else (kind, a, b)
        longer = Graph(**graph.steps, **{f"n{i}": step})
        # Where values are positive they stay below 1.5, and so all slopes are positive: nothing cancels.
        if np.abs(longer.values()[f"n{i}"]).max() > 1.5:
            longer = Graph(**graph.steps, **{f"n{i}": ("sin", a)})
        graph = longer
    return graph


def positive(rng):
    """Gives positive numbers."""
    return lambda: float(rng.uniform(0.3, 1.4))


def expect_reference_gradients(backward, program, graph, *calls, dtype=FLOAT64):
    """Expect the reference's gradients of all nodes, in each of some calls on one graph."""
    nodes = make_nodes(graph.steps, Node=reference.Node)
    for parts, (result, upstream) in zip(
        expect_gradients(backward, program, graph, *calls), calls, strict=True
    ):
        expected = reference.backward(nodes[result], upstream)
        for name, part in parts.items():
            gradient = expected[nodes[name]]
            part.close(gradient, rounding=1 + float(np.abs(gradient).max()), dtype=dtype)


# 2(f)


@check("q2f", "a right order of random graphs", points=1.25)
def order_of_random_graphs(topological_order, program, rng):
    for count in (1, 2, 4, 8, 16):
        expect_order(topological_order, program, random_graph(rng, count, positive(rng)))


@check("q2f", "of a single node, of equal values, and of a node in the middle, for more graphs", points=0.25)
def order_of_special_graphs(topological_order, program):
    expect_order(topological_order, program, Graph(x=2.0, z=("sin", "x")).at("x"))
    sums = {"p": ("+", "a", "b"), "q": ("+", "c", "p"), "r": ("*", "q", "q"), "s": ("sin", "r")}
    graph = Graph(a=0.0, b=0.0, c=0.0, **sums)
    for result in "rspqa":
        expect_order(topological_order, program, graph.at(result))
    expect_order(topological_order, program, Graph(x=np.ones(3), y=np.ones(3), z=("+", "x", "y")))


@check("q2f", "the same in a second call, and of another node of the graph", points=0.5)
def order_again(topological_order, program, rng):
    for count in (2, 5, 15):
        expect_order(topological_order, program, random_graph(rng, count, positive(rng)), calls=3)


@check("q2f", "of graphs that are 1200 nodes deep", points=0.5)
def order_of_a_deep_graph(topological_order, program):
    graph = deep_graph(1200)
    expect_order(topological_order, program, graph)


@check("q2f", "of graphs of exponentially many paths", points=0.5)
def order_of_many_paths(topological_order, program):
    for graph in map(diamonds, (10, 16, 30, 100)):
        expect_order(topological_order, program, graph)


# 2(g)


@check("q2g", "match the reference on random graphs of numbers", points=1.5)
def gradients_of_random_graphs(backward, program, rng):
    for count in (1, 2, 4, 8, 16):
        graph = random_graph(rng, count, positive(rng))
        expect_reference_gradients(backward, program, graph, (graph.result, float(rng.uniform(0.5, 2))))


@check("q2g", "match the reference for arrays whose shapes change on the way", points=1)
def gradients_of_arrays(backward, program, rng):
    for count in (2, 6, 12):
        graph = random_graph(rng, count, lambda: rng.normal(size=(2, 3)))
        upstream = rng.uniform(0.5, 2, size=(2, 3))
        expect_reference_gradients(backward, program, graph, (graph.result, upstream))
    A, B, C = rng.normal(size=(4, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 3))
    graph = Graph(
        x=rng.normal(size=3),
        a=("@", A, "x"),
        b=("sin", "a"),
        c=("@", B, "b"),
        d=("+", "c", "x"),
        e=("*", "d", "x"),
        z=("@", C, "e"),
    )
    expect_reference_gradients(backward, program, graph, ("z", rng.normal(size=2)))
    expect_reference_gradients(backward, program, graph, ("d", rng.normal(size=3)))


@check("q2g", "come from calls of each local vjp, once and with the whole gradient of its node", points=1)
def uses_of_random_graphs(backward, program, rng):
    for count in (1, 2, 4, 8, 12):
        graph = random_graph(rng, count, positive(rng))
        expect_each_use_once(backward, program, graph, float(rng.uniform(0.5, 2)))


@check("q2g", "take time for the nodes of a graph, not for its paths", points=0.75)
def gradients_of_many_paths(backward, program):
    for count in (4, 8):
        expect_each_use_once(backward, program, diamonds(count), 0.7)
    for count in (30, 100):
        graph = diamonds(count)
        (parts,) = expect_gradients(backward, program, graph, (graph.result, 0.7))
        parts["n0"].close(0.7 * 2.0**count)


@check("q2g", "reach through graphs that are 1200 nodes deep", points=0.75)
def gradients_of_a_deep_graph(backward, program, rng):
    graph, upstream = deep_graph(1200), float(rng.uniform(0.5, 2))
    (parts,) = expect_gradients(backward, program, graph, (graph.result, upstream))
    for name, uses in (("n0", len(graph.steps)), ("n1", 1), ("n600", 1), (graph.result, 1)):
        parts[name].close(uses * upstream, rounding=len(graph.steps))


@check("q2g", "do not depend on earlier calls, and leave arrays alone that are in use", points=1)
def gradients_again(backward, program, rng):
    for count in (1, 3, 10):
        graph = random_graph(rng, count, lambda: rng.normal(size=3))
        results = (graph.result, list(graph.steps)[3 + count // 2], graph.result)
        upstreams = rng.uniform(0.5, 2, size=(3, 3))
        expect_reference_gradients(backward, program, graph, *zip(results, upstreams, strict=True))
    sums = Graph(
        x=rng.normal(size=3),
        y=rng.normal(size=3),
        a=("+", "x", "y"),
        b=("+", "a", "x"),
        c=("+", "b", "b"),
        z=("+", "c", "a"),
    )
    calls = [("z", upstream) for upstream in rng.uniform(0.5, 2, size=(2, 3))]
    expect_reference_gradients(backward, program, sums, *calls)


@check("q2g", "are right for float32", points=0.25)
def gradients_of_unusual_arrays(backward, program, rng):
    graph = random_graph(rng, 6, lambda: rng.normal(size=4).astype(np.float32))
    call = graph.result, rng.uniform(0.5, 2, size=4).astype(np.float32)
    expect_reference_gradients(backward, program, graph, call, dtype=FLOAT32)


@check("q2g", "are there for a single node and where they are zero, and nowhere else", points=0.25)
def gradients_of_special_graphs(backward, program):
    expect_reference_gradients(backward, program, Graph(x=2.0, y=("sin", "x")), ("x", 0.7))
    products = {"s": ("sin", "y"), "p": ("*", "x", "s"), "z": ("*", "p", "y")}
    expect_reference_gradients(backward, program, Graph(x=0.0, y=0.0, **products), ("z", 0.7))
