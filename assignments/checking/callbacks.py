"""Functions that a check passes to a student's function, and that note their calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from checking.wording import kind_as_text


class Noted:
    """A function that notes the arguments of its calls.

    text : its text in messages.
    function : what it computes.
    shape : the shape of its only argument, () for a number; None for any arguments.
    name : the name of the parameter that it is passed for.
    calls : the arguments of each call so far.
    """

    def __init__(
        self,
        text: str,
        function: Callable[..., Any],
        shape: tuple[int, ...] | None = None,
        name: str = "f",
    ):
        self.text = text
        self.name = name
        self.function = function
        self.shape = shape
        self.calls: list[tuple[Any, ...]] = []

    def __repr__(self) -> str:
        return self.text

    def __call__(self, *arguments: Any) -> Any:
        if self.shape is not None:
            if len(arguments) != 1:
                raise TypeError(f"{self.name} takes one argument, and was called with {len(arguments)}")
            arguments = (self._argument(arguments[0]),)
        self.calls.append(arguments)
        return self.function(*arguments)

    def _argument(self, x: Any) -> np.ndarray:
        if np.shape(x) != self.shape or (self.shape and not isinstance(x, np.ndarray)):
            expected = f"an array of shape {self.shape}" if self.shape else "a number"
            raise TypeError(f"{self.name} takes {expected}, and was called with {kind_as_text(x)}")
        if np.iscomplexobj(x):
            raise TypeError(f"{self.name} takes real numbers, and was called with complex ones")
        return np.array(x, dtype=float)
