"""Problem 3: the softmax loss of a linear layer, and its gradient with respect to W and b."""

import numpy as np


def softmax(z: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities.

    p_i = exp(z_i) / sum_j exp(z_j)

    Parameters
    ----------
    z : (k,) array of logits. Logits up to 1e4 in absolute value must work.

    Returns
    -------
    p : (k,) array of probabilities; float32 if z is float32, otherwise float64.
    """
    # BEGIN SOLUTION
    # Subtracting the largest logit from every logit does not change p, and then exp is at most 1.
    powers = np.exp(z - z.max())
    return powers / powers.sum()
    # END SOLUTION


def softmax_jacobian(z: np.ndarray) -> np.ndarray:
    """Differentiate every probability with respect to every logit.

    J_ij = dp_i / dz_j = p_i (delta_ij - p_j)

    Parameters
    ----------
    z : (k,) array of logits.

    Returns
    -------
    J : (k, k) array, row i belongs to the output p_i (numerator layout).
    """
    # BEGIN SOLUTION
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)
    # END SOLUTION


def log_softmax(z: np.ndarray) -> np.ndarray:
    """Take the logarithm of the probabilities, without computing the probabilities first.

    log p_i = z_i - log(sum_j exp(z_j))

    Parameters
    ----------
    z : (k,) array of logits. Logits up to 1e4 in absolute value must give finite results.

    Returns
    -------
    log_p : (k,) array; float32 if z is float32, otherwise float64.
    """
    # BEGIN SOLUTION
    shifted = z - z.max()
    return shifted - np.log(np.exp(shifted).sum())
    # END SOLUTION


def nll_loss(W: np.ndarray, b: np.ndarray, x: np.ndarray, y: int) -> float:
    """Compute the negative log-likelihood of the label y.

    L = -log p_y,  p = softmax(W x + b)

    Parameters
    ----------
    W : (k, d) array of weights.
    b : (k,) array of biases.
    x : (d,) array, the input.
    y : int in 0..k-1, the label.

    Returns
    -------
    L : a number, at least 0.
    """
    # BEGIN SOLUTION
    return -log_softmax(W @ x + b)[y]
    # END SOLUTION


def nll_gradients(W: np.ndarray, b: np.ndarray, x: np.ndarray, y: int) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate nll_loss with respect to the weights and the biases.

    dW_ij = dL / dW_ij,  db_i = dL / db_i,  L = nll_loss(W, b, x, y)

    Parameters
    ----------
    W : (k, d) array of weights.
    b : (k,) array of biases.
    x : (d,) array, the input.
    y : int in 0..k-1, the label.

    Returns
    -------
    dW : (k, d) array, the gradient with respect to W.
    db : (k,) array, the gradient with respect to b.
    """
    # BEGIN SOLUTION
    db = softmax(W @ x + b)
    db[y] -= 1
    return np.outer(db, x), db
    # END SOLUTION


def batch_nll_gradients(
    W: np.ndarray, b: np.ndarray, X: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate the mean of nll_loss over a batch, without a Python loop over the batch.

    dW_ij = dL / dW_ij,  db_i = dL / db_i,  L = (1/N) sum_n nll_loss(W, b, X[n], y[n])

    Parameters
    ----------
    W : (k, d) array of weights.
    b : (k,) array of biases.
    X : (N, d) array, one input per row.
    y : (N,) array of ints in 0..k-1, the labels.

    Returns
    -------
    dW : (k, d) array, the gradient of L with respect to W.
    db : (k,) array, the gradient of L with respect to b.
    """
    # BEGIN SOLUTION
    Z = X @ W.T + b
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return P.T @ X / len(y), P.mean(axis=0)
    # END SOLUTION
