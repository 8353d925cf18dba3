import numpy as np
import pytest

from checking.graphs import SMALL, Graph, deep_graph, diamonds, make_nodes
from solutions.p2_modes import Node, backward, topological_order

PRODUCT = Graph(x=0.7, y=-1.2, p=("*", "x", "y"), z=("+", "p", "x"))
SQUARE = Graph(x=1.5, z=("*", "x", "x"))


@pytest.mark.parametrize("graph", SMALL, ids=str)
def test_the_derivatives_are_the_gradients_of_the_reference(graph):
    nodes = make_nodes(graph.steps, Node=Node)
    gradients = backward(nodes[graph.result], 0.8)
    assert graph.ancestors == {name for name, node in nodes.items() if node in gradients}
    for name in graph.ancestors:
        assert graph.derivative(0.8, name) == pytest.approx(gradients[nodes[name]], rel=1e-12)
        uses = graph.contributions(0.8, name)
        assert name == graph.result or sum(uses) == pytest.approx(gradients[nodes[name]], rel=1e-12)


def test_contributions_through_a_matrix_are_products_with_its_transpose():
    W, u = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]]), np.array([1.0, -1.0, 0.5])
    graph = Graph(x=np.array([0.5, -1.0]), s=("sin", "x"), z=("@", W, "s"))
    (contribution,) = graph.contributions(u, "s")
    assert contribution == pytest.approx(W.T @ u)
    assert graph.derivative(u, "s") == pytest.approx(W.T @ u)


def test_nodes_have_the_values_of_the_steps():
    W = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
    graph = Graph(x=np.array([0.5, -1.0]), y=("@", W, "x"), z=("sin", "y"))
    nodes = make_nodes(graph.steps, Node=Node)
    for name, value in graph.values().items():
        assert np.array_equal(nodes[name].value, value)


def test_a_graph_is_shown_as_students_write_it():
    assert str(PRODUCT) == "z of x = Node(0.7); y = Node(-1.2); p = x * y; z = p + x"
    assert str(Graph(x=np.ones(3), s=("sin", "x"))) == "s of x = Node(an array of shape (3,)); s = sin(x)"
    assert str(diamonds(30)) == "n30 in a graph of 31 nodes"


def test_graphs_of_other_results_and_inputs_leave_the_first_one_alone():
    assert PRODUCT.at("p").ancestors == {"x", "y", "p"}
    assert PRODUCT.with_inputs(lambda: 2.0).values()["z"] == 6.0
    assert PRODUCT.result == "z"
    assert PRODUCT.steps["x"] == 0.7


def test_diamonds_double_and_deep_graphs_add():
    assert diamonds(10).values()["n10"] == 0.5 * 2**10
    assert deep_graph(10).values()["n10"] == 0.5 * 11


def test_paths_are_counted():
    assert Graph(x=1.0).paths() == 1
    assert PRODUCT.paths() == 1 + 2 + 2  # z; p and x; x and y through p
    assert PRODUCT.at("p").paths() == 3
    assert diamonds(40).paths() == 2**41 - 1
    assert deep_graph(100).paths() == 201


@pytest.mark.parametrize("graph", [*SMALL, diamonds(40)], ids=str)
def test_the_order_of_the_reference_is_right(graph):
    nodes = make_nodes(graph.steps, Node=Node)
    names = {node: name for name, node in nodes.items()}
    assert graph.wrong_order([names[n] for n in topological_order(nodes[graph.result])]) is None


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        (["x", "y", None], "holds something that is not a node"),
        (["x", "y", "x", "p", "z"], "node x is in the result twice"),
        (["z", "p", "y", "x"], "z comes first and its parents follow"),
        (["x", "p", "y", "z"], "node p comes before its parent y"),
        (["x", "y", "p"], "the node z itself is missing"),
        (["x", "p", "z"], "node y is missing, which z was computed from"),
    ],
)
def test_a_wrong_order_is_described(order, wrong):
    assert wrong in PRODUCT.wrong_order(order)


def test_a_missing_node_of_equal_value_is_described():
    graph = Graph(x=0.5, y=0.5, z=("+", "x", "y"))
    assert graph.wrong_order(["x", "z"]).endswith("it has the same value as x, but is a different node")
    assert "which x does not depend on" in graph.at("x").wrong_order(["x", "y"])


def noted(calls):
    """SQUARE with local vjps that were called like this: a list for each of the two."""
    graph = SQUARE.noted()
    for vjp, arguments in zip(graph.steps["z"][2], calls, strict=True):
        for u in arguments:
            assert vjp(u) == 1.5 * u
    return graph


def test_one_call_of_each_local_vjp_is_right():
    assert SQUARE.wrong_call(noted([[0.8], [np.float64(0.8)]]), 0.8) is None


@pytest.mark.parametrize(
    ("calls", "wrong"),
    [
        ([[0.8, 0.8], []], "the local vjp of z for its parent x (local_vjps[1]) is never called."),
        ([[0.8, 0.8], [0.8]], "(local_vjps[0]) is called twice. Call it once"),
        ([[0.8], [0.5]], "is called with 0.5, which is not the gradient of z. Have all contributions"),
    ],
)
def test_wrong_calls_of_local_vjps_are_described(calls, wrong):
    assert wrong in SQUARE.wrong_call(noted(calls), 0.8)


def test_a_local_vjp_takes_a_number():
    with pytest.raises(TypeError, match=r"takes a number, and was called with an array of shape \(1,\)"):
        noted([[np.array([0.8])], []])


def test_a_graph_of_noted_vjps_is_shown_by_its_parents():
    assert (
        str(PRODUCT.noted()) == "z of x = Node(0.7); y = Node(-1.2); p = a node of x, y; z = a node of p, x"
    )
