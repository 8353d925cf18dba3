"""Layers with state as functions: one call runs forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

import numpy as np

NONE: Mapping[str, str] = {}


def layer_functions(
    layer: Any, parameters: Mapping[str, str] = NONE, forward: str = "forward", backward: str = "backward"
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A layer's function and its vector-Jacobian product, for `check_vjp`.

    A layer's `backward(u)` uses what the last `forward(x)` has stored. The product therefore calls `forward`
    first. Use a layer of its own: its parameters are set to those that are checked. ::

        f, vjp = layer_functions(layer, {"W": "dW", "b": "db"})
        check_vjp(f, vjp, x, layer.W, layer.b)

    Parameters
    ----------
    layer : object
        Its method `forward(x)` returns an array, and `backward(u)` returns the gradient of x.
    parameters : dict, optional
        The layer's attributes to differentiate as well, in order; for each, the attribute in which `backward`
        stores its gradient.
    forward, backward : str
        The names of the methods.

    Returns
    -------
    f : function
        Takes x and the parameters.
    vjp : function
        Takes x, the parameters and u. Returns a tuple of gradients if there are parameters.
    """

    if not isinstance(parameters, Mapping):
        raise ValueError('The parameters should be a dict such as {"W": "dW"}.')
    missing = [name for name in (forward, backward, *parameters) if not hasattr(layer, name)]
    if missing:
        raise ValueError(f"The layer has no attribute {missing[0]!r}.")

    def f(x: Any, *values: Any) -> Any:
        for name, value in zip(parameters, values, strict=True):
            setattr(layer, name, value)
        return getattr(layer, forward)(x)

    def vjp(x: Any, *values_and_u: Any) -> Any:
        *values, u = values_and_u
        f(x, *values)
        results = [getattr(layer, backward)(u), *(getattr(layer, name) for name in parameters.values())]
        copies = tuple(np.array(result) for result in results)  # the next call may overwrite what it keeps
        return copies if parameters else copies[0]

    named = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in ("x", *parameters, "u")]
    f.__signature__ = Signature(named[:-1])  # type: ignore[attr-defined]
    vjp.__signature__ = Signature(named)  # type: ignore[attr-defined]
    return f, vjp
