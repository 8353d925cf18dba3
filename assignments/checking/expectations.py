"""What checks expect of an answer, and the sentences for a student whose answer is different.

A check calls a function by `expect`, with the arguments under the names that messages should use:

    expect(nll_gradients, W=W, b=b, x=x, y=y).parts("dW", "db")[0].close(reference, rounding=...)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradcheck
from checking.boundary import Proxy
from checking.hints import NO_HINTS, Hints, hint_for
from checking.limits import NO_LIMITS, CallLimits
from checking.outcomes import Incorrect
from checking.wording import (
    argument_as_text,
    dtypes_as_text,
    kind_as_text,
    shape_as_text,
    two_as_text,
    value_as_text,
)

FLOAT64 = np.dtype(np.float64)
A_TYPE = {int: "an int", float: "a number", str: "a string", bool: "True or False"}
OF_TYPE: dict[type, tuple[type, ...]] = {
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
    str: (str,),
    bool: (bool, np.bool_),
}


@dataclass(frozen=True)
class Answer:
    """A value that a student's function returned, or a part of one.

    function : the name of the function, or a whole call such as "add(1, 2)".
    arguments : the arguments of the call, by name.
    value : the value.
    name : what messages call it: "the result", or "dW" for a part.
    """

    function: str
    arguments: Mapping[str, Any]
    value: Any
    name: str = "the result"

    def wrong(self, what: str, explain: Callable[[], str] | None = None) -> Incorrect:
        """The failure with a message that says what is wrong, and with which call.

        explain : makes a longer text than `what`, see `CheckFailure`.
        """
        call = self.function if "(" in self.function else f"{self.function}({', '.join(self.arguments)})"
        given = ", ".join(argument_as_text(name, value) for name, value in self.arguments.items())
        where = f"\nwhere {given}" if given else ""

        def message(what: str) -> str:
            return f"{call}: {what}{where}"

        return Incorrect(message(what), None if explain is None else lambda: message(explain()))

    def part(self, name: str, value: Any) -> Answer:
        """A part of this answer, under its own name."""
        return Answer(self.function, self.arguments, value, name)

    def parts(self, *names: str) -> list[Answer]:
        """Take a tuple apart. Raises Incorrect if it does not have this length."""
        self.not_none()
        if not isinstance(self.value, (tuple, list)) or len(self.value) != len(names):
            raise self.wrong(f"return {len(names)} things, {', '.join(names)}; {self.yours}.")
        return [self.part(name, value) for name, value in zip(names, self.value, strict=True)]

    def of_dtype(self, dtype: type) -> Answer:
        """Expect an array, or a NumPy number, of exactly this dtype."""
        array = self.numbers()
        if array.dtype != dtype:
            given = dtypes_as_text(self.arguments.values())
            raise self.wrong(
                f"{self.name} has dtype {array.dtype}; for {given} it should be {np.dtype(dtype)}."
            )
        return self

    def array(self, *shape: int) -> np.ndarray:
        """Expect an array of exactly this shape without NaN or infinity; () also takes a plain number."""
        array = self.numbers()
        if array.shape != shape:
            turned = " Yours looks transposed." if array.ndim == 2 and array.T.shape == shape else ""
            raise self.wrong(f"{self.name} should be {shape_as_text(shape)}; {self.yours}.{turned}")
        bad = ~np.isfinite(array)
        if bad.any():
            where = np.argwhere(bad)[0]
            at = f" at {[int(i) for i in where]}" if where.size else ""
            raise self.wrong(f"{self.name} is {array[tuple(where)]}{at}.")
        return array

    def close(
        self,
        expected: np.ndarray | float,
        *,
        rounding: float | np.ndarray = 1.0,
        within: np.ndarray | float | None = None,
        dtype: np.dtype = FLOAT64,
        reveal: bool = False,
        instead: Hints = NO_HINTS,
        otherwise: str = "",
    ) -> np.ndarray:
        """Expect an array of the shape and the values of `expected`.

        rounding, dtype : see `gradcheck.tolerance`.
        within : how far each entry may be off, instead of that tolerance.
        reveal : whether the message may show what was expected.
        instead : sentences for wrong values, see `hints.py`.
        otherwise : the sentence for any other wrong value.
        """
        expected = np.asarray(expected)
        actual = self.array(*expected.shape)
        if within is None:
            within = gradcheck.tolerance(expected, rounding, dtype)
        wrong = gradcheck.wrong_entries(actual, expected, np.broadcast_to(within, expected.shape))
        if wrong.any():
            said = _difference(self.name, actual, expected, wrong, reveal)
            raise self.wrong(
                said, lambda: f"{said}\n{hint_for(actual, instead, expected) or otherwise}".rstrip()
            )
        return actual

    def equals(
        self,
        expected: int | float | str | bool,
        *,
        instead: Hints = NO_HINTS,
        otherwise: str = "",
        reveal: bool = False,
    ) -> None:
        """Expect exactly this int, number, string or bool.

        instead : sentences for wrong values, see `hints.py`.
        otherwise : the sentence for any other wrong value.
        reveal : whether the message may show what was expected.
        """
        if self.of_type(type(expected)) != expected:
            said = f"{self.name} is {value_as_text(self.value)}"
            said += f"; it should be {value_as_text(expected)}." if reveal else ", which is wrong."
            raise self.wrong(
                said, lambda: f"{said} {hint_for(self.value, instead, expected) or otherwise}".rstrip()
            )

    def of_type(self, kind: type) -> Any:
        """Expect an int, a number (float), a string or a bool, and return it."""
        self.not_none()
        if not isinstance(self.value, OF_TYPE[kind]) or (kind is not bool and isinstance(self.value, bool)):
            raise self.wrong(f"{self.name} should be {A_TYPE[kind]}; {self.yours}.")
        return self.value

    def not_none(self) -> None:
        """Expect anything but None."""
        if self.value is None:
            raise self.wrong(f"{self.name} is None. Did you forget a return?")

    def numbers(self) -> np.ndarray:
        """Expect real numbers: an array, or one number."""
        self.not_none()
        number = isinstance(self.value, (int, float, np.generic)) and not isinstance(self.value, bool)
        if not number and not isinstance(self.value, np.ndarray):
            raise self.wrong(f"{self.name} should be an array or a number; {self.yours}.")
        value = self.value
        if isinstance(value, int) and abs(value) >= 2**63:
            if abs(value) > 10**308:
                raise self.wrong(f"{self.name} is too large for a float.")
            value = float(value)
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise self.wrong(f"{self.name} should hold real numbers; {self.yours}.")
        return array

    def is_array(self, *shape: int) -> bool:
        """Whether it is an array of real numbers of this shape, finite or not."""
        array = self.value
        return isinstance(array, np.ndarray) and array.shape == shape and array.dtype.kind in "fiu"

    @property
    def yours(self) -> str:
        """What kind of value came back, as a clause for messages."""
        return f"yours is {kind_as_text(self.value)}"


def expect(function: Proxy, /, *, limits: CallLimits = NO_LIMITS, **arguments: Any) -> Answer:
    """Call a student's function.

    The call may change its arguments; see `traces.py`.

    Parameters
    ----------
    function : the student's function, or a program.
    limits : the limits of the call.
    arguments : the arguments in their order, under the names that messages use.

    Returns
    -------
    The result, as an `Answer`.

    Raises
    ------
    CheckFailure : the function does not return; see `Proxy.call`.
    """
    return Answer(function.name, arguments, function.call(*arguments.values(), limits=limits).value)


def expect_derivative(
    kind: str,
    forward: Callable[..., Any],
    function: Proxy,
    /,
    parts: Sequence[str] = (),
    wrt: int | Sequence[int] = 0,
    reveal: bool = False,
    instead: Mapping[str, Callable[..., Any]] = NO_HINTS,
    hints: Hints = NO_HINTS,
    **arguments: Any,
) -> None:
    """Expect a student's function to return the numerical derivative of `forward`, by `gradcheck`.

    Parameters
    ----------
    kind : "gradient", "jacobian", "vjp" or "jvp". The last argument of a "vjp", and the last ones of a "jvp",
        are multiplied by the Jacobian; the check also tries a random vector.
    forward : the function that is differentiated: of the check, or a student's.
    parts : the names of the results, for a tuple.
    wrt : the positions of the arguments that are differentiated.
    reveal : whether the message may show the numerical derivative.
    instead : functions that a wrong answer is the derivative of, each under words that complete "It is the
        derivative of something else: ...". A function with a parameter `at` also gets the tuple of the
        arguments as numbers that do not vary; what it computes from them is held constant.
    hints : sentences for wrong results, see `hints.py`.

    Raises
    ------
    Incorrect : the result is not the derivative, or a student's `forward` does not return one array.
    """
    answer = expect(function, **arguments)
    known = hint_for(answer.value, hints)
    if known:
        raise answer.wrong(known)
    positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    count = len(arguments) - {"vjp": 1, "jvp": len(positions)}.get(kind, 0)
    values, vectors = list(arguments.values())[:count], tuple(arguments.values())[count:]
    names = [part.name for part in (answer.parts(*parts) if parts else [answer])]
    if isinstance(forward, Proxy):
        shape = np.shape(vectors[-1]) if kind == "vjp" else None
        forward = _of_shape(forward, dict(zip(arguments, values, strict=False)), shape)
    context = gradcheck.Context(functions=instead, names=gradcheck.Names(tuple(arguments), tuple(names)))
    options = {"vectors": vectors} if vectors else {}
    check = getattr(gradcheck, f"check_{kind}")
    report = check(forward, function, *values, wrt=positions, context=context, **options)
    if report.verdict == "right":
        return
    said = report.reason
    wrong = [c for c in report.comparisons if c.wrong.any() and c.actual.shape == c.expected.shape]
    if wrong:
        said = _difference(wrong[0].name, wrong[0].actual, wrong[0].expected, wrong[0].wrong, reveal)
    raise answer.wrong(said, lambda: _explained(said, report))


def _of_shape(function: Proxy, inputs: Mapping[str, Any], shape: Any) -> Callable[..., np.ndarray]:
    """A student's function that raises Incorrect if its result has not this shape, or that of the first."""
    shape = expect(function, **inputs).numbers().shape if shape is None else shape

    def checked(*values: Any) -> np.ndarray:
        return expect(function, **dict(zip(inputs, values, strict=True))).array(*shape)

    checked(*inputs.values())
    return checked


def _explained(said: str, report: gradcheck.Report) -> str:
    """The sentence, and the name of the mistake if the report finds one."""
    return "\n".join(
        [said, *(found.sentence for found in report.names[:1] if found.sentence != report.reason)]
    )


def _difference(name: str, actual: np.ndarray, expected: np.ndarray, wrong: np.ndarray, reveal: bool) -> str:
    """How far an array is off, and where."""
    error = np.where(wrong, np.abs(actual - expected), -1.0)
    worst = np.unravel_index(int(np.argmax(error)), error.shape)
    size = float(np.abs(expected).max())
    relative = f" ({error[worst] / size:.2g} times the largest entry)" if size > 0 else ""
    compared = f", yours {two_as_text(actual[worst], expected[worst])}" if reveal else ""
    if not worst:
        return f"{name} is off by {error[worst]:.2g}{compared}."
    at = [int(i) for i in worst]
    count = f"{int(wrong.sum())} of {wrong.size} entries wrong"
    return f"{name} is off by {error[worst]:.2g}{relative} at {at}{compared}; {count}."
