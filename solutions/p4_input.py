"""Problem 4: the gradient with respect to the input, and backpropagation through a whole network."""

import numpy as np


def nll_input_gradient(W: np.ndarray, b: np.ndarray, x: np.ndarray, y: int) -> np.ndarray:
    """Differentiate the loss of a linear layer with respect to its input.

    dx_j = dL / dx_j,  L = -log p_y,  p = softmax(W x + b)

    Parameters
    ----------
    W : (k, d) array of weights.
    b : (k,) array of biases.
    x : (d,) array, the input.
    y : int in 0..k-1, the label.

    Logits up to 1e4 in absolute value must work.

    Returns
    -------
    dx : (d,) array, the gradient of L with respect to x.
    """
    # BEGIN SOLUTION
    z = W @ x + b
    dz = np.exp(z - z.max())
    dz /= dz.sum()
    dz[y] -= 1
    return W.T @ dz
    # END SOLUTION


def softmax_vjp(z: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Multiply a row vector by the Jacobian of softmax, without computing the Jacobian.

    (u^T J)_j = sum_i u_i dp_i / dz_j,  p = softmax(z)

    Parameters
    ----------
    z : (k,) array of logits. Logits up to 1e4 in absolute value must work.
    u : (k,) array, the gradient of a loss with respect to p.

    Returns
    -------
    product : (k,) array, the gradient of the loss with respect to z. Time and memory are proportional to k.
    """
    # BEGIN SOLUTION
    p = np.exp(z - z.max())
    p /= p.sum()
    # In the sum over i, delta_ij leaves u_j p_j, and the other terms have the factor p_j.
    return p * (u - u @ p)
    # END SOLUTION


def linear_vjp(W: np.ndarray, x: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the gradient of a loss backward through a linear layer z = W x + b.

    dW_ij = dL / dW_ij,  db_i = dL / db_i,  dx_j = dL / dx_j,  where u_i = dL / dz_i

    Parameters
    ----------
    W : (k, d) array of weights.
    x : (d,) array, the input.
    u : (k,) array, the gradient of the loss with respect to z.

    Returns
    -------
    dW : (k, d) array, the gradient with respect to W.
    db : (k,) array, the gradient with respect to b.
    dx : (d,) array, the gradient with respect to x.

    All three are float32 if the arguments are float32, otherwise float64.
    """
    # BEGIN SOLUTION
    u = 1.0 * u  # whole numbers become float64, float32 stays
    return np.outer(u, x), u, W.T @ u
    # END SOLUTION


def relu_vjp(z: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Take the gradient of a loss backward through h = max(z, 0), entry by entry.

    dL / dz_i, where u_i = dL / dh_i; at z_i = 0 the derivative of max(z_i, 0) counts as 0

    Parameters
    ----------
    z : (n,) array, the input of the ReLU.
    u : (n,) array, the gradient of the loss with respect to h.

    Returns
    -------
    product : (n,) array, the gradient with respect to z; float32 if z and u are float32, otherwise float64.
    """
    # BEGIN SOLUTION
    return 1.0 * u * (z > 0)
    # END SOLUTION


def mlp_loss(weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray, y: int) -> float:
    """Compute the loss of a fully connected network with ReLUs between its layers.

    h_0 = x,  h_l = max(W_l h_{l-1} + b_l, 0) for l < n,  z = W_n h_{n-1} + b_n,  loss = -log softmax(z)_y

    Parameters
    ----------
    weights : list of n arrays, W_l of shape (d_l, d_{l-1}).
    biases : list of n arrays, b_l of shape (d_l,).
    x : (d_0,) array, the input.
    y : int in 0..d_n - 1, the label.

    Returns
    -------
    loss : a number, at least 0.
    """
    h = x
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        h = np.maximum(W @ h + b, 0)
    z = weights[-1] @ h + biases[-1]
    z = z - z.max()
    return np.log(np.exp(z).sum()) - z[y]


def mlp_gradients(
    weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray, y: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Differentiate mlp_loss with respect to all weights and biases.

    dWs[l] = dL / dweights[l],  dbs[l] = dL / dbiases[l],  L = mlp_loss(weights, biases, x, y)

    Parameters
    ----------
    weights : list of n arrays, n at least 1, the weights of the layers, from the input to the output.
    biases : list of n arrays, the biases.
    x : (d_0,) array, the input.
    y : int, the label.

    Returns
    -------
    dWs : list of n arrays, the gradients with respect to the weights, in the same order and shapes.
    dbs : list of n arrays, the gradients with respect to the biases.
    """
    # BEGIN SOLUTION
    inputs, zs = [x], []  # of each layer: its input, and its output before the ReLU
    for W, b in zip(weights, biases, strict=True):
        zs.append(W @ inputs[-1] + b)
        inputs.append(np.maximum(zs[-1], 0))
    u = np.exp(zs[-1] - zs[-1].max())
    u /= u.sum()
    u[y] -= 1
    dWs, dbs = list(weights), list(biases)  # each entry is replaced by its gradient
    for i in reversed(range(len(weights))):
        dWs[i], dbs[i], dx = linear_vjp(weights[i], inputs[i], u)
        if i > 0:
            u = relu_vjp(zs[i - 1], dx)
    return dWs, dbs
    # END SOLUTION
