"""What checks of neural networks share: the functions that they differentiate, and the logits to try.

The functions are the formulas as they stand, which overflow for large logits. They take complex numbers too,
for gradcheck's complex steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from checking.expectations import Answer
from gradcheck import numerical_jacobian

LOGITS = (np.array([0.5, -1.0, 2.0, 0.0]), np.array([3.0, 1.0]), np.linspace(-2.0, 2.0, 5))
LARGE, LESS = np.array([3000.0, 2999.0, -3000.0]), np.array([1.0, 0.0, -5999.0])  # LESS is 2999 less


def relu(z: Any) -> Any:
    """The positive entries of z, and 0 in place of the others."""
    return np.where(z.real > 0, z, 0)


def probabilities(z: Any) -> Any:
    """The softmax of the logits."""
    powers = np.exp(z)
    return powers / powers.sum()


def log_loss(z: Any, y: int) -> Any:
    """The negative logarithm of the probability of the label."""
    return np.log(np.exp(z).sum()) - z[y]


def layer_loss(W: Any, b: Any, x: Any, y: int) -> Any:
    """The loss of a linear layer followed by the softmax."""
    return log_loss(W @ x + b, y)


# What somebody may have differentiated instead of the loss.
OTHER_LOSSES = {
    "log sum_j exp(z_j) alone, without the logit of the label": lambda z, y: log_loss(z, y) + z[y],
    "half the squared error |p - e_y|^2": lambda z, y: (
        ((probabilities(z) - (np.arange(len(z)) == y)) ** 2).sum() / 2
    ),
    "-p_y, without the logarithm": lambda z, y: -probabilities(z)[y],
}
OTHER_LAYER_LOSSES = {
    words: lambda W, b, x, y, loss=loss: loss(W @ x + b, y) for words, loss in OTHER_LOSSES.items()
}


def draw_layer(rng: np.random.Generator, k: int, d: int) -> dict[str, Any]:
    """W, b and x."""
    return {"W": rng.normal(size=(k, d)), "b": rng.normal(size=k), "x": rng.normal(size=d)}


def slope_of(forward: Callable[..., Any], *arguments: Any, wrt: int) -> Any:
    """The numerical derivative of `forward(*arguments)` with respect to one argument, an array."""
    before, after = arguments[:wrt], arguments[wrt + 1 :]
    return numerical_jacobian(lambda x: forward(*before, x, *after), arguments[wrt]).value


def expect_unmoved(large: Answer, less: Answer, *shape: int) -> None:
    """Expect the same array for the logits LARGE as for LESS."""
    expect_no_overflow(large, *shape)
    if not np.allclose(large.array(*shape), less.array(*shape), rtol=1e-9, atol=1e-9):
        raise large.wrong(
            f"with 2999 less in every logit all probabilities are the same, so {large.name} should "
            "be the same; yours is not. Are large logits cut off?"
        )


def expect_no_division_by_p(answer: Answer, *shape: int) -> None:
    """Say so if NaN or infinity come from a division by a probability that is 0 as a float."""
    if answer.is_array(*shape) and not np.isfinite(answer.value).all():
        raise answer.wrong(
            f"{answer.name} is nan or infinite for a label whose probability is 0 as a float. Is something "
            "divided by it? Simplify on paper first."
        )
    answer.array(*shape)


def expect_in_order(parts: list[Answer], *shapes: tuple[int, ...]) -> None:
    """Say so if the parts of an answer have the right shapes in another order."""
    found = [np.shape(part.value) for part in parts]
    if found != [*shapes] and sorted(found) == sorted(shapes):
        order = ", ".join(part.name for part in parts)
        raise parts[0].wrong(f"these are the right shapes in another order. Return {order}, in this order.")


def expect_no_overflow(answer: Answer, *shape: int) -> None:
    """Say so if NaN or infinity in the answer come from a logit that is too large for exp."""
    if answer.is_array(*shape) or isinstance(answer.value, (float, np.floating)):
        bad = np.ravel(answer.value)[~np.isfinite(np.ravel(answer.value))]
        if bad.size:
            raise answer.wrong(
                f"{answer.name} is {bad[0]}: exp overflows. Take exp of numbers that are not large."
            )
