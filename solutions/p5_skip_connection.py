"""Problem 5: the gradient through a skip connection, y = W2 relu(W1 x) + x, and through a stack of them."""

import numpy as np


def skip_forward(W1: np.ndarray, W2: np.ndarray, x: np.ndarray) -> tuple:
    """Compute the output of a block with a skip connection, and keep what the backward pass needs.

    y = W2 relu(W1 x) + x

    Parameters
    ----------
    W1 : (h, n) array, the weights into the hidden units.
    W2 : (n, h) array, the weights out of them.
    x : (n,) array, the input.

    Returns
    -------
    y : a new (n,) array; float32 if the arguments are float32, otherwise float64.
    cache : whatever your skip_vjp needs from this call, in any form.
    """
    # BEGIN SOLUTION
    x = x.astype(np.result_type(x, np.float32))  # float64 for whole numbers
    z = W1 @ x
    return W2 @ np.maximum(z, 0) + x, (x, z)
    # END SOLUTION


def skip_vjp(
    W1: np.ndarray, W2: np.ndarray, cache, delta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of a loss from the output of a block to its weights and to its input.

    dW1_ij = dL / dW1_ij,  dW2_ij = dL / dW2_ij,  dx_j = dL / dx_j,  where y = W2 relu(W1 x) + x

    Parameters
    ----------
    W1 : (h, n) array, the same weights as in the forward pass.
    W2 : (n, h) array, the same weights as in the forward pass.
    cache : the cache that skip_forward(W1, W2, x) returned.
    delta : (n,) array, the gradient of the loss with respect to y, delta_i = dL / dy_i.

    Returns
    -------
    dW1 : (h, n) array, the gradient with respect to W1.
    dW2 : (n, h) array, the gradient with respect to W2.
    dx : a new (n,) array, the gradient with respect to x. The derivative of ReLU at 0 counts as 0.
    """
    # BEGIN SOLUTION
    x, z = cache
    delta = delta.astype(np.result_type(delta, np.float32))
    dz = (W2.T @ delta) * (z > 0)
    return np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), W1.T @ dz + delta
    # END SOLUTION


def skip_jacobian(W1: np.ndarray, W2: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Differentiate every output of a block with a skip connection with respect to every input.

    J_ij = dy_i / dx_j,  y = W2 relu(W1 x) + x

    Parameters
    ----------
    W1 : (h, n) array, the weights into the hidden units.
    W2 : (n, h) array, the weights out of them.
    x : (n,) array, the input.

    Returns
    -------
    J : (n, n) array, row i belongs to the output y_i (numerator layout).
    """
    # BEGIN SOLUTION
    active = W1 @ x > 0
    return np.eye(len(x), dtype=np.result_type(W1, W2, x, np.float32)) + (W2 * active) @ W1
    # END SOLUTION


def safe_norm(g: np.ndarray) -> float:
    """Compute the Euclidean norm of a vector whose entries may be as small as 1e-250 or as large as 1e250.

    || g || = c || g / c || for every c > 0. With the largest entry as c, no square overflows or becomes 0.

    Parameters
    ----------
    g : (n,) array.

    Returns
    -------
    norm : a number, at least 0; float32 if g is float32, otherwise float64.
    """
    largest = 1.0 * np.abs(g).max()
    return largest * np.linalg.norm(g / largest) if largest > 0 else largest


def stack_gradient_norms(
    W1s: list[np.ndarray], W2s: list[np.ndarray], x: np.ndarray, delta: np.ndarray, skip: bool
) -> np.ndarray:
    """Compute the norm of the gradient of a loss before and after every block of a stack.

    x_0 = x,  x_{l+1} = W2s[l] relu(W1s[l] x_l) + x_l with skip, W2s[l] relu(W1s[l] x_l) without
    norms_l = || dL / dx_l ||, the Euclidean norm

    Parameters
    ----------
    W1s : list of L arrays, W1s[l] of shape (h_l, n). There is at least one block.
    W2s : list of L arrays, W2s[l] of shape (n, h_l).
    x : (n,) array, the input x_0 of the stack.
    delta : (n,) array, the gradient of the loss with respect to the output, dL / dx_L.
    skip : whether the blocks have skip connections, True or False.

    Returns
    -------
    norms : (L + 1,) array, norms[0] at the input and norms[L] at the output. Any norm from 1e-250 to 1e250
        must be right, and so must 0.
    """
    # BEGIN SOLUTION
    x = x.astype(np.result_type(x, np.float32))
    inputs = []
    for W1, W2 in zip(W1s, W2s, strict=True):
        inputs.append(x)
        a = W2 @ np.maximum(W1 @ x, 0)
        x = a + x if skip else a

    gradient = delta.astype(np.result_type(delta, np.float32))
    norms = [safe_norm(gradient)]
    for W1, W2, x in zip(W1s[::-1], W2s[::-1], inputs[::-1], strict=True):
        through_weights = W1.T @ ((W2.T @ gradient) * (W1 @ x > 0))
        gradient = through_weights + gradient if skip else through_weights
        norms.append(safe_norm(gradient))
    return np.array(norms[::-1])
    # END SOLUTION
