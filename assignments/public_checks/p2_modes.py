"""Problem 2, the public checks, and what they share with the hidden ones."""

import re
from functools import partial
from itertools import pairwise

import numpy as np

from checking import (
    Answer,
    Incorrect,
    OutOfTime,
    Raised,
    TooSlow,
    expect,
    expect_derivative,
    expect_no_change,
)
from checking.chains import Chain, expect_on, expect_passes, expect_sweeps
from checking.graphs import SMALL, Graph, deep_graph, diamonds, make_nodes
from checking.limits import CallLimits, most_lines
from checking.outcomes import CheckFailure, NotCalled
from checking.wording import numbers_as_text, times_as_text
from public_checks import check, uses

uses("q2c", "q2a")
uses("q2d", "q2b")
uses("q2g", "q2f")

# Chains


FEW = ((2, 2, 2, 2), (2, 3))
SIZES = ((2, 2, 2, 2), *FEW, (4, 3, 2))  # two of one size: what a call keeps must not serve the next


def public_chains(rng, end=0, every=SIZES):
    """A chain of each of these sizes, an x, which is a view, and a vector of the size at that end."""
    for sizes in every:
        yield Chain.random(rng, sizes), rng.normal(size=2 * sizes[0])[::2], rng.uniform(1, 2, size=sizes[end])


def expect_chain_derivative(kind, function, chain, **arguments):
    """`expect_derivative` for a function of a chain."""
    mistaken = {}
    if len(set(chain.sizes)) == 1:  # the layers can change places
        mistaken = {
            "the layers are in the opposite order": Chain(chain.weights[::-1]).value,
            "the last layer is left out": Chain(chain.weights[:-1]).value,
            "the first layer is left out": Chain(chain.weights[1:]).value,
        }
    given = {"layers": chain.layers, **arguments}
    expect_derivative(kind, chain.value, function, wrt=1, reveal=True, instead=mistaken, **given)


def expect_no_traces_on(function, program, chain, rng, expected, **arguments):
    """Expect that a call on a chain changes neither an argument nor an earlier result nor a later one."""
    first = {"layers": chain.layers, **arguments}
    other = {"layers": chain.layers, **{name: rng.normal(size=v.shape) for name, v in arguments.items()}}
    answer = expect_no_change(function, **first)
    answer.close(expected, within=1e-6 * (1 + np.abs(expected)))
    calls = program(three_calls, function.name)
    kept, again = calls(function, tuple(first.values()), tuple(other.values()))
    if not np.allclose(kept, answer.value, rtol=1e-9, atol=0):
        raise answer.wrong("the next call changes this result. Return a new array each time.")
    if not np.array_equal(again, answer.value):
        raise answer.wrong(
            "a second call with the same arguments differs. Does a call change the list of layers?"
        )


def three_calls(function, one, other):
    """On the student's side: the result of a call after another call, and that of the first call again."""
    first = function(*one)
    function(*other)
    kept = first.copy()
    return kept, function(*one)


def expect_identity(function, name):
    """Expect that the product with the Jacobian of a chain without layers is the vector."""
    for vector in (np.array([2.0, -1.0, 0.5]), np.array([3.0])):
        arguments: dict = {"layers": [], "x": np.cos(vector), name: vector}
        try:
            answer = expect(function, **arguments)
        except Raised as failure:
            raise failure.with_note("A chain without layers is the identity.") from None
        answer.close(vector, reveal=True)


BOTH_DTYPES = ((np.float32, np.float32), (np.int64, np.float64))
FLOAT32_ONLY = ((np.float32, np.float32),)


def expect_sweep_dtypes(function, rng, name=None, end=0, dtypes=BOTH_DTYPES):
    """Expect results of the right dtype, for each pair of an input's dtype and the result's.

    name, end : what the vector is called and which end of the chain has its size; None if there is none.
    """
    sizes = (2, 3, 2)
    for given, wanted in dtypes:
        chain = Chain.random(rng, sizes, wanted)
        arguments: dict = {"x": np.arange(1, sizes[0] + 1).astype(given)}
        if name:
            arguments[name] = np.arange(2, sizes[end] + 2).astype(given)
        expect(function, layers=chain.layers, **arguments).of_dtype(wanted)


@check("q2a", "the layers are called in one sweep, each at its own input", points=0.5)
def one_sweep_forward(jvp, rng):
    for chain, x, v in public_chains(rng):
        answer = expect_on(jvp, chain, "jvp", x=x, v=v)
        expect_sweeps(answer, chain, "jvp", 1)
        expect_passes(answer, chain, 1)
        answer.array(chain.sizes[-1])


@check(
    "q2a",
    "the product is the derivative of the chain in the direction v, also for an empty chain",
    points=0.75,
)
def jvp_is_the_derivative(jvp, rng):
    for chain, x, v in public_chains(rng):
        expect_chain_derivative("jvp", jvp, chain, x=x, v=v)
    expect_identity(jvp, "v")


@check("q2a", "float32 gives float32, and integers give float64", points=0.25)
def jvp_dtypes(jvp, rng):
    expect_sweep_dtypes(jvp, rng, "v")


@check(
    "q2a", "jvp changes neither an argument nor an earlier result, nor what a second call does", points=0.25
)
def jvp_no_traces(jvp, program, rng):
    for chain, x, v in public_chains(rng, every=FEW):
        expect_no_traces_on(jvp, program, chain, rng, chain.jacobian(x) @ v, x=x, v=v)


@check("q2b", "one forward pass, then every layer once at its own input, last to first", points=1)
def one_sweep_backward(vjp, rng):
    for chain, x, u in public_chains(rng, end=-1):
        answer = expect_on(vjp, chain, "vjp", x=x, u=u)
        expect_sweeps(answer, chain, "vjp", 1)
        expect_passes(answer, chain, 1)
        answer.array(chain.sizes[0])


@check("q2b", "the product is u^T times the derivative of the chain, also for an empty chain", points=0.75)
def vjp_is_the_derivative(vjp, rng):
    for chain, x, u in public_chains(rng, end=-1):
        expect_chain_derivative("vjp", vjp, chain, x=x, u=u)
    expect_identity(vjp, "u")


@check("q2b", "float32 gives float32, and integers give float64", points=0.25)
def vjp_dtypes(vjp, rng):
    expect_sweep_dtypes(vjp, rng, "u", -1)


@check(
    "q2b", "vjp changes neither an argument nor an earlier result, nor what a second call does", points=0.25
)
def vjp_no_traces(vjp, program, rng):
    for chain, x, u in public_chains(rng, end=-1, every=FEW):
        expect_no_traces_on(vjp, program, chain, rng, u @ chain.jacobian(x), x=x, u=u)


def expect_chain_jacobian(function, chain, x):
    """Expect the numerical Jacobian; for another one, look whether the sweeps begin with unit vectors."""
    try:
        expect_chain_derivative("jacobian", function, chain, x=x)
    except Incorrect as failure:
        for v in chain.starts():
            if np.count_nonzero(v) != 1 or v.sum() != 1:
                begins = f"A sweep begins with [{numbers_as_text(v)}], which is not a unit vector."
                raise failure.with_note(begins) from None
        raise


def expect_identity_matrix(function):
    """Expect that the Jacobian of a chain without layers is the identity matrix."""
    for x in (np.array([2.0, -1.0, 0.5]), np.array([3.0])):
        try:
            answer = expect(function, layers=[], x=x)
        except Raised as failure:
            raise failure.with_note("A chain without layers is the identity.") from None
        answer.close(np.eye(len(x)), reveal=True)


def expect_jacobian_of_whole_numbers(function, chain):
    """Expect the numerical Jacobian at an x of ints."""
    x = np.arange(1, chain.sizes[0] + 1)
    J = chain.jacobian(x.astype(float))
    expect(function, layers=chain.layers, x=x).close(
        J, within=1e-6 * (1 + np.abs(J)), instead={"Are derivatives put into an array of ints?": np.trunc(J)}
    )


@check("q2c", "n sweeps of forward mode, each layer at its own input", points=0.5)
def n_sweeps(jacobian_forward, rng):
    for chain, x, _ in public_chains(rng):
        answer = expect_on(jacobian_forward, chain, "jvp", x=x)
        answer.array(chain.sizes[-1], chain.sizes[0])
        expect_sweeps(answer, chain, "jvp", chain.sizes[0])
        expect_passes(answer, chain, chain.sizes[0] + 1)


@check("q2c", "the Jacobian is the numerical one of the chain, also for an empty chain", points=0.5)
def forward_jacobian_is_the_derivative(jacobian_forward, rng):
    for chain, x, _ in public_chains(rng):
        expect_chain_jacobian(jacobian_forward, chain, x)
    expect_identity_matrix(jacobian_forward)


@check("q2c", "float32 gives float32", points=0.25)
def forward_jacobian_dtypes(jacobian_forward, rng):
    expect_sweep_dtypes(jacobian_forward, rng, dtypes=FLOAT32_ONLY)


@check("q2c", "the Jacobian is right where x holds integers", points=0.25)
def forward_jacobian_of_whole_numbers(jacobian_forward, rng):
    for chain, _, _ in public_chains(rng, every=FEW):
        expect_jacobian_of_whole_numbers(jacobian_forward, chain)


@check("q2c", "jacobian_forward changes neither its arguments nor an earlier result", points=0.25)
def forward_jacobian_no_traces(jacobian_forward, program, rng):
    for chain, x, _ in public_chains(rng, every=FEW):
        expect_no_traces_on(jacobian_forward, program, chain, rng, chain.jacobian(x), x=x)


@check("q2d", "one forward pass and m sweeps of backward mode, each layer at its own input", points=1)
def m_sweeps(jacobian_backward, rng):
    for chain, x, _ in public_chains(rng):
        answer = expect_on(jacobian_backward, chain, "vjp", x=x)
        answer.array(chain.sizes[-1], chain.sizes[0])
        expect_sweeps(answer, chain, "vjp", chain.sizes[-1])
        expect_passes(answer, chain, 1, last=1)


@check("q2d", "the Jacobian is the numerical one of the chain, also for an empty chain", points=0.5)
def backward_jacobian_is_the_derivative(jacobian_backward, rng):
    for chain, x, _ in public_chains(rng):
        expect_chain_jacobian(jacobian_backward, chain, x)
    expect_identity_matrix(jacobian_backward)


@check("q2d", "float32 gives float32", points=0.25)
def backward_jacobian_dtypes(jacobian_backward, rng):
    expect_sweep_dtypes(jacobian_backward, rng, dtypes=FLOAT32_ONLY)


@check("q2d", "the Jacobian is right where x holds integers", points=0.25)
def backward_jacobian_of_whole_numbers(jacobian_backward, rng):
    for chain, _, _ in public_chains(rng, every=FEW):
        expect_jacobian_of_whole_numbers(jacobian_backward, chain)


@check("q2d", "jacobian_backward changes neither its arguments nor an earlier result", points=0.25)
def backward_jacobian_no_traces(jacobian_backward, program, rng):
    for chain, x, _ in public_chains(rng, every=FEW):
        expect_no_traces_on(jacobian_backward, program, chain, rng, chain.jacobian(x), x=x)


@check("q2e", "the costs of small, reversed and huge chains", points=1)
def costs_of_some_chains(forward_cost, backward_cost):
    hints = {
        "This is a single sweep; how many does the Jacobian take?": 56,
        "Add the multiplications of the layers. Do not multiply them.": [210, 420, 1470],
        "A layer is left out. There is one layer fewer than there are sizes.": [42, 100, 147, 350],
    }
    for cost, right, other in ((forward_cost, 112, 392), (backward_cost, 392, 112)):
        more = {
            "This is the number of the other mode.": other,
            "It is twice the right one; only multiplications count.": 2 * right,
        }
        expect(cost, sizes=(2, 3, 5, 7)).equals(right, instead=hints | more, reveal=True)
    for sizes, right in (((4, 6), 96), ((3, 5, 1), 60), ((2, 9, 4, 8, 3), 220)):
        for cost, chain in ((forward_cost, sizes), (backward_cost, sizes[::-1])):
            expect(cost, sizes=chain).equals(right, reveal=True)
    for cost in (forward_cost, backward_cost):
        rounded = "Do the counts go through NumPy's 64-bit ints, or through floats?"
        expect(cost, sizes=(10**7,) * 4).equals(3 * 10**21, otherwise=rounded, reveal=True)


def expect_mode(cheaper_mode, costs, sizes, right, hint):
    """Expect this mode. If it is another, say whether it may come from a wrong cost."""
    answer = expect(cheaper_mode, sizes=sizes)
    if answer.value != right:
        products = sum(a * b for a, b in pairwise(sizes))
        for cost, sweeps in zip(costs, (sizes[0], sizes[-1]), strict=True):
            try:
                expect(cost, sizes=sizes).equals(sweeps * products)
            except CheckFailure:
                hint = f"For these sizes {cost.name} is wrong: fix it first."
                break
    answer.equals(right, otherwise=hint)


@check("q2e", "the cheaper mode and the memory of small and huge chains", points=1)
def mode_and_memory_of_some_chains(
    cheaper_mode, forward_storage, backward_storage, forward_cost, backward_cost
):
    for sizes, right in (((5, 9, 2), "backward"), ((2, 9, 5), "forward"), ((4, 9, 4), "backward")):
        n, m = sizes[0], sizes[-1]
        hint = (
            "Both modes take the same number here."
            if n == m
            else "Which mode finds one column in each sweep?"
        )
        sentence = f"The Jacobian has {m} rows and {n} columns. {hint}"
        expect_mode(cheaper_mode, (forward_cost, backward_cost), sizes, right, sentence)
    sizes = (2 * 10**9, 10**9, 10**9)
    hint = "Do the counts go through NumPy's 64-bit ints?"
    expect_mode(cheaper_mode, (forward_cost, backward_cost), sizes, "backward", hint)
    vectors = "The vector that a layer's vjp is given and the one that comes out count too, both of them."
    let_go = "Forward mode drops a value when the next layer is done."
    forward = {
        "Count the tangent of each value, too.": 15,
        "Is this the layer at which the most numbers are held?": [28, 12, 18],
        let_go: [26, 36, 42, 46, 52],
    }
    backward = {
        vectors: [26, 29, 31, 35],
        "Is this the layer at which the most numbers are held?": [40, 32],
        "Only one layer's vectors are held at a time.": 52,
        "Backward mode holds the input and the output of the chain, too.": [18, 21, 23, 33, 36, 38],
    }
    expect(forward_storage, sizes=(5, 9, 6, 3, 3)).equals(30, instead=forward, reveal=True)
    expect(backward_storage, sizes=(5, 9, 6, 3, 3)).equals(41, instead=backward, reveal=True)
    expect(forward_storage, sizes=(8,) * 101).equals(32, instead={let_go: 2 * 808}, reveal=True)
    expect(backward_storage, sizes=(8,) * 101).equals(824, reveal=True)
    for storage in (forward_storage, backward_storage):
        expect(storage, sizes=(3, 4)).equals(14, reveal=True)
        rounded = "Do the counts go through NumPy's 64-bit ints, or through floats?"
        expect(storage, sizes=(4 * 10**18, 10**18 + 1)).equals(10**19 + 2, otherwise=rounded, reveal=True)


# Graphs


SMALL_COUNT = 100  # nodes: so few take a tenth of a second, with their lines counted
LINES_PER_NODE = 1000  # right answers take up to 70


def call_on(graph, function, program, task, calls):
    """Run a program that makes the nodes of a graph and calls a student's function on some of them."""
    nodes, count = program(make_nodes, "Node"), len(graph.steps)
    limits = most_lines(LINES_PER_NODE * (10 + count * len(calls)))
    if count < SMALL_COUNT:  # an endless loop need not be waited for so long
        limits = CallLimits(limits.lines)
    try:
        return program(task, function.name).call(nodes, function, graph.steps, calls, limits=limits)
    except NotCalled:
        raise
    except (TooSlow, OutOfTime) as failure:
        raise failure.with_note(why_slow(graph, failure)) from None
    except Raised as failure:
        if "RecursionError" in str(failure):
            hint = "Python's recursion is not deep enough for it. Keep a list of nodes to visit instead."
            raise failure.with_note(f"The graph has {count} nodes. {hint}") from None
        if re.search(r"KeyError: 'node \w+'", str(failure)):
            wrong_order = "That node is looked up before a use of it has added anything to its gradient."
            shown = f"\nwhere node = {graph}" if count < 10 else f" The graph has {count} nodes."
            raise failure.with_note(f"{wrong_order} In which order do you visit the nodes?{shown}") from None
        raise


def why_slow(graph, failure):
    """What may be wrong with a function that takes too long on a graph."""
    count = len(graph.steps)
    if graph.paths() > 20 * count:
        return f"The graph has {count} nodes. Does it follow every path, instead of visiting every node once?"
    if count < 10:
        never = "" if isinstance(failure, OutOfTime) else "Is there a loop that never ends?\n"
        return f"{never}where node = {graph}"
    return f"The graph has {count} nodes. Does a loop never end, or does it visit nodes again and again?"


def names_in_order(make_nodes, topological_order, steps, calls):
    """On the student's side: the names of the nodes in each order; of one that is not a list, its type's."""
    nodes = make_nodes(steps)
    names = {id(node): name for name, node in nodes.items()}
    orders = (topological_order(nodes[result]) for (result,) in calls)
    return [[names.get(id(n)) for n in o] if isinstance(o, list) else type(o).__name__ for o in orders]


def gradients_of_nodes(make_nodes, backward, steps, calls):
    """On the student's side: the gradients of all nodes, and how many other keys there are."""

    def read(gradients):
        if not isinstance(gradients, dict):
            return type(gradients).__name__
        return [gradients.get(node) for node in nodes.values()], len(gradients.keys() - set(nodes.values()))

    nodes = make_nodes(steps)
    names = {id(node): f"node {name}" for name, node in nodes.items()}
    try:
        return [read(backward(nodes[result], upstream)) for result, upstream in calls]
    except KeyError as error:
        error.args = tuple(names.get(id(key), key) for key in error.args)  # instead of <Node object at ...>
        raise


def answers_on(graph, function, program, task, wanted, calls):
    """The answers to calls on a graph, from a program that gives the name of a type that is not `wanted`."""
    values = call_on(graph, function, program, task, calls).value
    for (result, *upstream), value in zip(calls, values, strict=True):
        arguments = dict(zip(("node", "upstream"), (graph.at(result), *upstream), strict=False))
        answer = Answer(function.name, arguments, value)
        if isinstance(value, str):
            forgotten = " Did you forget a return?" if value == "NoneType" else ""
            raise answer.wrong(f"the result should be {wanted}; yours is a {value}.{forgotten}")
        yield answer


def expect_order(topological_order, program, graph, calls=1):
    """Expect a topological order from each of some calls on the same nodes."""
    asked = [(graph.result,)] * calls
    answers = answers_on(graph, topological_order, program, names_in_order, "a list of nodes", asked)
    for number, answer in enumerate(answers):
        wrong = graph.wrong_order(answer.value)
        if wrong is not None:
            again = f"in a second call, {wrong}. Is something kept from the first one?"
            raise answer.wrong(again if number else f"{wrong}.")


@check("q2f", "every node that the result depends on, after all of its parents", points=1)
def order_of_small_graphs(topological_order, program):
    for graph in SMALL:
        expect_order(topological_order, program, graph)
    arrays = Graph(x=np.array([0.5, 2.0]), y=np.array([0.5, 2.0]), z=("*", "x", "y"))
    expect_order(topological_order, program, arrays)


@check("q2f", "of a single node, and of a node in the middle of a graph", points=0.25)
def order_of_parts_of_graphs(topological_order, program):
    for graph in (SMALL[0].at("x"), SMALL[3].at("b"), SMALL[5].at("other")):
        expect_order(topological_order, program, graph)


@check(
    "q2f",
    "each node appears once: in a second call, in a deep graph, in a graph with many paths",
    points=0.75,
)
def order_of_deep_graphs(topological_order, program):
    for graph in SMALL:
        expect_order(topological_order, program, graph, calls=2)
    for graph in (diamonds(10), diamonds(40)):
        expect_order(topological_order, program, graph)
    expect_order(topological_order, program, deep_graph())


ZERO = " It is zero here; a gradient of zero belongs in the dict, too."


def expect_gradients(backward, program, graph, *calls):
    """Expect dicts from nodes to gradients, and give each as a dict from names to answers.

    calls : for each call of backward on the same nodes, the name of the result and the upstream.
    """
    wanted, every = "a dict from nodes to gradients", []
    for answer in answers_on(graph, backward, program, gradients_of_nodes, wanted, calls):
        asked, (values, others) = answer.arguments["node"], answer.value
        if others:
            raise answer.wrong("not all keys of the dict are nodes; the keys should be the nodes themselves.")
        found = {name: value for name, value in zip(graph.steps, values, strict=True) if value is not None}
        result, needed = asked.result, asked.ancestors
        for name in graph.steps:
            if name in needed and name not in found:
                role = "the node itself" if name == result else f"which {result} was computed from"
                zero = "" if np.any(graph.at(result).derivative(answer.arguments["upstream"], name)) else ZERO
                raise answer.wrong(f"the dict has no gradient for {name}, {role}.{zero}")
            if name in found and name not in needed:
                raise answer.wrong(f"the dict has a gradient for {name}, which {result} does not depend on.")
        every.append({name: answer.part(f"the gradient of {name}", value) for name, value in found.items()})
    return every


def expect_derivatives(parts, graph, upstream):
    """Expect the derivatives with respect to every node that the result depends on."""
    for name, part in parts.items():
        right, uses = graph.derivative(upstream, name), graph.contributions(upstream, name)
        ones, count = graph.derivative(np.ones_like(upstream), name), len(uses)
        hints = {
            "It is zero: does the gradient of a later node get there?": 0 * right,
            "It is the gradient for an upstream of ones. Is upstream ignored?": ones,
            "It has the wrong sign.": -right,
        }
        if count > 1:
            hints[f"{name} is used {times_as_text(count)}, and this is what one use contributes."] = uses
            hints[f"It is 1/{count} of the right one: contributions add up, without a mean."] = right / count
        within, aliased = 1e-12 + 1e-9 * np.abs(right), ""
        if right.ndim:
            aliased = "It is right for numbers. Do you change an array that is used elsewhere?"
        part.close(right, within=within, reveal=True, instead=hints, otherwise=aliased)


@check("q2g", "the gradients of all nodes are right, for numbers and arrays", points=1.5)
def gradients_of_small_graphs(backward, program, rng):
    for graph in SMALL:
        for upstream in (1.0, -0.6):
            (parts,) = expect_gradients(backward, program, graph, (graph.result, upstream))
            expect_derivatives(parts, graph, upstream)
    for graph, upstream in graphs_of_arrays(rng):
        (parts,) = expect_gradients(backward, program, graph, (graph.result, upstream))
        expect_derivatives(parts, graph, upstream)
    W, u = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]]), np.array([1.5, -0.5])
    graph = Graph(x=np.array([0.5, -1.0, 2.0]), s=("sin", "x"), p=("*", "s", "x"), z=("@", W, "p"))
    (parts,) = expect_gradients(backward, program, graph, ("z", u))
    expect_derivatives(parts, graph, u)


@check("q2g", "the dict is right for a single node, and where gradients are zero", points=0.25)
def gradients_of_zero(backward, program):
    one, zero = Graph(x=1.5), Graph(x=0.0, y=1.3, p=("*", "x", "y"), q=("*", "p", "p"), z=("+", "q", "y"))
    for graph in (one, zero):
        (parts,) = expect_gradients(backward, program, graph, (graph.result, 0.4))
        expect_derivatives(parts, graph, 0.4)


@check("q2g", "float32 gives float32", points=0.25)
def gradients_dtypes(backward, program, rng):
    for graph in SMALL[:4]:
        graph = graph.with_inputs(lambda: rng.normal(size=3).astype(np.float32))
        upstream = rng.uniform(0.5, 2, size=3).astype(np.float32)
        (parts,) = expect_gradients(backward, program, graph, (graph.result, upstream))
        for part in parts.values():
            part.of_dtype(np.float32)


def graphs_of_arrays(rng):
    """The small graphs with arrays as inputs, each with an upstream."""
    for number, graph in enumerate(SMALL):
        shape = (2, 2) if number % 2 else (3,)
        yield graph.with_inputs(partial(rng.normal, size=shape)), rng.uniform(0.5, 2, size=shape)


def expect_each_use_once(backward, program, graph, upstream):
    """Expect that each local vjp is called once, with the whole gradient of its node."""
    noted = graph.noted()
    call_on(noted, backward, program, gradients_of_nodes, [(graph.result, upstream)])
    wrong = graph.wrong_call(noted, upstream)
    if wrong is not None:
        raise Answer("backward", {"node": graph, "upstream": upstream}, None).wrong(wrong)


@check("q2g", "each local vjp is called once, with the whole gradient of its node", points=1)
def each_use_once(backward, program):
    for graph in SMALL:
        expect_each_use_once(backward, program, graph, 0.8)


@check(
    "q2g",
    "calls are independent, do not change upstream, and work on graphs that are deep or have many paths",
    points=1.25,
)
def calls_by_themselves(backward, program, rng):
    for graph in SMALL:
        calls = [(graph.result, upstream) for upstream in (0.8, -1.5, 0.8)]
        first, other, last = expect_gradients(backward, program, graph, *calls)
        for name, part in first.items():
            one, two, three = (float(parts[name].array()) for parts in (first, other, last))
            if one == two:
                raise other[name].wrong(
                    f"in a second call, with another upstream, {part.name} is the same as before. Is the "
                    "first result kept?"
                )
            if not np.isclose(one, three, rtol=1e-9, atol=0):
                raise last[name].wrong(
                    f"a later call with the same arguments finds another gradient of {name}. Is something "
                    "kept in the nodes, or elsewhere?"
                )
    for graph in (deep_graph(), diamonds(40)):
        expect_gradients(backward, program, graph, (graph.result, 0.8))
    for graph in SMALL[3:5]:  # a call on another node, between two calls
        calls = [(result, 0.8) for result in (graph.result, "b", graph.result)]
        for (result, upstream), parts in zip(
            calls, expect_gradients(backward, program, graph, *calls), strict=True
        ):
            expect_derivatives(parts, graph.at(result), upstream)
    for graph, upstream in graphs_of_arrays(rng):
        reply = call_on(graph, backward, program, gradients_of_nodes, [(graph.result, upstream)])
        ((_, left),) = reply.arguments[-1]
        if not np.array_equal(left, upstream):
            answer = Answer("backward", {"node": graph, "upstream": upstream}, None)
            raise answer.wrong("the call changes upstream. Add to a new array, without +=.")


@check("q2g", "the gradients are right where values are integers", points=0.25)
def gradients_of_whole_numbers(backward, program):
    for x, y, upstream in ((2, 3, 0.25), (np.array([2, -1]), np.array([3, 4]), np.array([0.25, 1.5]))):
        graph = Graph(x=x, y=y, p=("*", "x", "y"), z=("+", "p", "x"))
        (parts,) = expect_gradients(backward, program, graph, ("z", upstream))
        expect_derivatives(parts, graph, upstream)
