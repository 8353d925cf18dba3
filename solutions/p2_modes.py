"""Problem 2: forward and backward mode, on chains of layers and on graphs."""

import numpy as np


def jvp(layers: list, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Multiply the Jacobian of a chain of layers by a vector from the right, in one forward sweep.

    J_f(x) v,  f = f_{K-1} o ... o f_1 o f_0

    Parameters
    ----------
    layers : list of layers, each a tuple of three functions (f, jvp, vjp), applied first to last.
    x : (n,) array, the input of the chain; integers too, unless the chain is empty.
    v : (n,) array.

    Returns
    -------
    product : (m,) array; float32 if x and v are float32, otherwise float64. For an empty chain, v itself or
        a copy.
    """
    # BEGIN SOLUTION
    for f, layer_jvp, _ in layers:
        x, v = f(x), layer_jvp(x, v)
    return v
    # END SOLUTION


def vjp(layers: list, x: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Multiply the Jacobian of a chain of layers by a vector from the left, in one backward sweep.

    J_f(x)^T u,  f = f_{K-1} o ... o f_1 o f_0

    Parameters
    ----------
    layers : list of layers, each a tuple of three functions (f, jvp, vjp), applied first to last.
    x : (n,) array, the input of the chain; integers too, unless the chain is empty.
    u : (m,) array.

    Returns
    -------
    product : (n,) array; float32 if x and u are float32, otherwise float64. For an empty chain, u itself or
        a copy.
    """
    # BEGIN SOLUTION
    points = []
    for f, _, _ in layers:
        points.append(x)
        x = f(x)
    for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1], strict=True):
        u = layer_vjp(point, u)
    return u
    # END SOLUTION


def jacobian_forward(layers: list, x: np.ndarray) -> np.ndarray:
    """Find the Jacobian of a chain of layers column by column, in n forward sweeps.

    Parameters
    ----------
    layers : list of layers, each a tuple of three functions (f, jvp, vjp), applied first to last.
    x : (n,) array, the input of the chain; integers too, unless the chain is empty.

    Returns
    -------
    J : (m, n) array, J_ij = df_i / dx_j; float32 if x is float32, otherwise float64.
    """
    # BEGIN SOLUTION
    units = np.eye(len(x), dtype=np.result_type(x, np.float32))  # float64 for whole numbers too
    return np.stack([jvp(layers, x, unit) for unit in units], axis=1)
    # END SOLUTION


def jacobian_backward(layers: list, x: np.ndarray) -> np.ndarray:
    """Find the Jacobian of a chain of layers row by row, in one forward pass and m backward sweeps.

    Parameters
    ----------
    layers : list of layers, each a tuple of three functions (f, jvp, vjp), applied first to last.
    x : (n,) array, the input of the chain; integers too, unless the chain is empty.

    Returns
    -------
    J : (m, n) array, J_ij = df_i / dx_j; float32 if x is float32, otherwise float64.
    """
    # BEGIN SOLUTION
    points = []
    for f, _, _ in layers:
        points.append(x)
        x = f(x)
    rows = np.eye(len(x), dtype=np.result_type(x, np.float32))  # float64 for whole numbers too
    for (_, _, layer_vjp), point in zip(layers[::-1], points[::-1], strict=True):
        rows = np.stack([layer_vjp(point, row) for row in rows])
    return rows
    # END SOLUTION


def forward_cost(sizes: tuple) -> int:
    """Count the multiplications that forward mode needs to find the Jacobian of a chain.

    Parameters
    ----------
    sizes : tuple of two or more ints, (n, m_1, m_2, ..., m): of the input, the values between, the output.

    Returns
    -------
    multiplications : int, exact however large it is.
    """
    # BEGIN SOLUTION
    return sizes[0] * sum(sizes[k] * sizes[k + 1] for k in range(len(sizes) - 1))
    # END SOLUTION


def backward_cost(sizes: tuple) -> int:
    """Count the multiplications that backward mode needs to find the Jacobian of a chain.

    Parameters
    ----------
    sizes : tuple of two or more ints, (n, m_1, m_2, ..., m): of the input, the values between, the output.

    Returns
    -------
    multiplications : int, exact however large it is.
    """
    # BEGIN SOLUTION
    return sizes[-1] * sum(sizes[k] * sizes[k + 1] for k in range(len(sizes) - 1))
    # END SOLUTION


def cheaper_mode(sizes: tuple) -> str:
    """Say which mode finds the Jacobian of a chain with fewer multiplications.

    Parameters
    ----------
    sizes : tuple of two or more ints, (n, m_1, m_2, ..., m): of the input, the values between, the output.

    Returns
    -------
    mode : "forward" or "backward"; "backward" if both take the same number.
    """
    # BEGIN SOLUTION
    return "backward" if sizes[-1] <= sizes[0] else "forward"
    # END SOLUTION


def forward_storage(sizes: tuple) -> int:
    """Count the numbers that one sweep of forward mode holds when it holds the most.

    Parameters
    ----------
    sizes : tuple of two or more ints, (n, m_1, m_2, ..., m): of the input, the values between, the output.

    Returns
    -------
    numbers : int, exact however large it is.
    """
    # BEGIN SOLUTION
    return 2 * max(sizes[k] + sizes[k + 1] for k in range(len(sizes) - 1))
    # END SOLUTION


def backward_storage(sizes: tuple) -> int:
    """Count the numbers that one sweep of backward mode holds when it holds the most.

    Parameters
    ----------
    sizes : tuple of two or more ints, (n, m_1, m_2, ..., m): of the input, the values between, the output.

    Returns
    -------
    numbers : int, exact however large it is.
    """
    # BEGIN SOLUTION
    return sum(sizes) + max(sizes[k] + sizes[k + 1] for k in range(len(sizes) - 1))
    # END SOLUTION


class Node:
    """A value in a computation, and how it was computed.

    value : a number or an array.
    parents : tuple of the nodes that it was computed from; a node that was used twice occurs twice.
    local_vjps : tuple of functions, one for each entry of `parents`. Each takes the gradient with respect to
        this node, and returns the contribution of this use of the parent to the parent's gradient.
    """

    def __init__(self, value, parents=(), local_vjps=()):
        self.value = value
        self.parents = tuple(parents)
        self.local_vjps = tuple(local_vjps)

    def __add__(self, other):
        """Add two nodes of the same shape."""
        return Node(self.value + other.value, (self, other), (lambda u: u, lambda u: u))

    def __mul__(self, other):
        """Multiply two nodes of the same shape, entry by entry."""
        a, b = self.value, other.value
        return Node(a * b, (self, other), (lambda u: u * b, lambda u: u * a))

    def sin(self):
        """Take the sine of every entry."""
        return Node(np.sin(self.value), (self,), (lambda u: u * np.cos(self.value),))


def topological_order(node: Node) -> list:
    """List a node and all nodes that it was computed from, each after all of its parents.

    Parameters
    ----------
    node : Node, the result of a computation.

    Returns
    -------
    order : list of nodes, each once; `node` is the last one.
    """
    # BEGIN SOLUTION
    order, seen, path = [], {node}, [(node, iter(node.parents))]
    while path:
        current, parents = path[-1]
        parent = next((p for p in parents if p not in seen), None)
        if parent is None:
            order.append(current)
            path.pop()
        else:
            seen.add(parent)
            path.append((parent, iter(parent.parents)))
    return order
    # END SOLUTION


def backward(node: Node, upstream: float | np.ndarray) -> dict:
    """Find the gradients with respect to a node and to all nodes that it was computed from.

    The gradient with respect to `node` itself is `upstream`.

    Parameters
    ----------
    node : Node, the result of a computation.
    upstream : float, or array of floats with the shape of node.value.

    Returns
    -------
    gradients : dict from each of these nodes to its gradient, which has the shape of the node's value.
    """
    # BEGIN SOLUTION
    gradients = {node: upstream}
    for current in reversed(topological_order(node)):
        for parent, local_vjp in zip(current.parents, current.local_vjps, strict=True):
            contribution = local_vjp(gradients[current])
            if parent in gradients:
                contribution = gradients[parent] + contribution  # a new array: the old one may be in use
            gradients[parent] = contribution
    return gradients
    # END SOLUTION
