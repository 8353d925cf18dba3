"""What checks expect of an answer, and the sentences for a student whose answer is not like that.

A check calls a function by `expect`, with the arguments named as they are to be called in messages:

    expect(nll_gradients, W=W, b=b, x=x, y=y).parts("dW", "db")[0].close(reference, rounding=...)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

import gradcheck
from checking.boundary import Proxy
from checking.limits import NO_LIMITS, CallLimits
from checking.outcomes import Incorrect

FLOAT64 = np.dtype(np.float64)
SMALL = 6
EMPTY: Mapping[str, Callable[..., Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """A value that a student's function returned, or one part of it.

    function : the name of the function.
    arguments : what it was called with, by name.
    value : the value.
    name : what to call it; "the result", or "dW" for a part.
    call : how messages write the call, where that is not the function with the names of the arguments.
    """

    function: str
    arguments: dict[str, Any]
    value: Any
    name: str = "the result"
    call: str | None = None

    def wrong(self, what: str, explain: Callable[[], str] | None = None) -> Incorrect:
        """The failure whose message says `what` is wrong, and for which call.

        explain : says more than `what`, see `CheckFailure`.
        """
        given = ", ".join(_described(name, value) for name, value in self.arguments.items())
        call = self.call or f"{self.function}({', '.join(self.arguments)})"

        def message(what: str) -> str:
            return f"{call}: {what}\nwhere {given}"

        return Incorrect(message(what), None if explain is None else lambda: message(explain()))

    def parts(self, *names: str) -> list[Answer]:
        """Take the answer apart. Errors: Incorrect where it is not a tuple of as many."""
        self._not_none()
        if not isinstance(self.value, (tuple, list)) or len(self.value) != len(names):
            raise self.wrong(f"return {len(names)} things, {', '.join(names)}; {self._came()}.")
        return [replace(self, value=v, name=n) for v, n in zip(self.value, names, strict=True)]

    def of_dtype(self, dtype: type) -> Answer:
        """Expect an array, or a NumPy number, of exactly this dtype."""
        array = self._numbers()
        if array.dtype != dtype:
            raise self.wrong(
                f"{self.name} has dtype {array.dtype}; for these arguments it has to be {np.dtype(dtype)}."
            )
        return self

    def array(self, *shape: int) -> np.ndarray:
        """Expect an array of exactly this shape without NaN or infinity; () also takes a plain number."""
        array = self._numbers()
        if array.shape != shape:
            raise self.wrong(f"{self.name} has to be {_shaped(shape)}; {self._came()}.")
        self._finite(array)
        return array

    def close(
        self,
        expected: np.ndarray | float,
        *,
        rounding: float | np.ndarray = 1.0,
        within: np.ndarray | None = None,
        dtype: np.dtype = FLOAT64,
        reveal: bool = False,
    ) -> np.ndarray:
        """Expect an array of the shape and the values of `expected`.

        rounding, dtype : see `gradcheck.tolerance`.
        within : how far each entry may be off, instead of that tolerance.
        reveal : whether the message may show what was expected.
        """
        expected = np.asarray(expected)
        actual = self._numbers()
        if actual.shape != expected.shape:
            raise self.wrong(f"{self.name} has to be {_shaped(expected.shape)}; {self._came()}.")
        self._finite(actual)
        if within is None:
            within = gradcheck.tolerance(expected, rounding, dtype)
        wrong = gradcheck.wrong_entries(actual, expected, within)
        if wrong.any():
            raise self.wrong(self._differs(actual, expected, wrong, reveal))
        return actual

    def _differs(self, actual: np.ndarray, expected: np.ndarray, wrong: np.ndarray, reveal: bool) -> str:
        error = np.where(wrong, np.abs(actual - expected), -1.0)
        worst = np.unravel_index(int(np.argmax(error)), error.shape)
        size = float(np.abs(expected).max())
        relative = f" ({error[worst] / size:.2g} of the largest entry)" if size > 0 else ""
        compared = f", yours {_told(actual[worst], expected[worst])}" if reveal else ""
        if not worst:
            return f"{self.name} is off by {error[worst]:.2g}{compared}."
        at = [int(i) for i in worst]
        count = f"{int(wrong.sum())} of {wrong.size} entries wrong"
        return f"{self.name} is off by {error[worst]:.2g}{relative} at {at}{compared}; {count}."

    def _not_none(self) -> None:
        if self.value is None:
            raise self.wrong(f"{self.name} is None. Did you forget a return?")

    def _numbers(self) -> np.ndarray:
        self._not_none()
        number = isinstance(self.value, (int, float, np.generic)) and not isinstance(self.value, bool)
        if not number and not isinstance(self.value, np.ndarray):
            raise self.wrong(f"{self.name} has to be an array or a number; {self._came()}.")
        array = np.asarray(self.value)
        if array.dtype.kind not in "fiu":
            raise self.wrong(f"{self.name} has to hold real numbers; {self._came()}.")
        return array

    def _finite(self, array: np.ndarray) -> None:
        bad = ~np.isfinite(array)
        if bad.any():
            where = np.argwhere(bad)[0]
            at = f" at {[int(i) for i in where]}" if where.size else ""
            raise self.wrong(f"{self.name} is {array[tuple(where)]}{at}.")

    def _came(self) -> str:
        value = self.value
        if isinstance(value, (tuple, list)):
            return f"yours is a {type(value).__name__} of {len(value)}"
        if isinstance(value, np.ndarray):
            kind = "" if value.dtype.kind in "fiu" else f" of dtype {value.dtype}"
            return f"yours is {_shaped(value.shape)}{kind}"
        return f"yours is a {type(value).__name__}"


def expect(function: Proxy, /, *, limits: CallLimits = NO_LIMITS, **arguments: Any) -> Answer:
    """Call a student's function, with the arguments in the order given, for an `Answer`.

    A call may change its arguments: `traces.py` is about that.
    Errors: those of `Proxy.call`.

    limits : what the call may take.
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
    instead: Mapping[str, Callable[..., Any]] = EMPTY,
    call: str | None = None,
    **arguments: Any,
) -> None:
    """Expect what a function returns to be a numerical derivative of another one, by `gradcheck`.

    kind : "gradient", "jacobian", "vjp" or "jvp": which of gradcheck's checks. The last argument of a "vjp",
        and the last ones of a "jvp", are what the Jacobian is multiplied by; a random one is tried besides.
    forward : the function of the checks that is differentiated.
    parts : the names of what is returned, where that is a tuple.
    wrt : the positions of the arguments that the derivative is with respect to.
    reveal : whether the message may show the numerical derivative.
    instead : functions that a mistaken answer would be the derivative of, each under words for the mistake
        that end "It is the derivative of something else: ...".
    call : see `Answer`.
    """
    answer = replace(expect(function, **arguments), call=call)
    positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    count = len(arguments) - {"vjp": 1, "jvp": len(positions)}.get(kind, 0)
    values, vectors = list(arguments.values())[:count], tuple(arguments.values())[count:]
    names = [part.name for part in (answer.parts(*parts) if parts else [answer])]
    check = getattr(gradcheck, f"check_{kind}")
    options: dict[str, Any] = {"wrt": positions, "context": gradcheck.Context(functions=instead)}
    report = check(forward, function, *values, **options, **({"vectors": vectors} if vectors else {}))
    if report.verdict == "right":
        return
    said = report.reason
    wrong = [c for c in report.comparisons if c.wrong.any() and c.actual.shape == c.expected.shape]
    if wrong:
        number = wrong[0].name.removeprefix("argument ")
        part = replace(answer, name=names[positions.index(int(number) - 1) if number.isdigit() else 0])
        said = part._differs(wrong[0].actual, wrong[0].expected, wrong[0].wrong, reveal)

    def explain() -> str:
        sentences = [found.sentence for found in report.names[:1] if found.sentence != report.reason]
        return _with_names("\n".join([said, *sentences]), list(arguments), names)

    raise answer.wrong(_with_names(said, list(arguments), names), explain)


def _with_names(text: str, arguments: list[str], results: list[str]) -> str:
    """A report's text with names for numbers: students know arguments and results by their names."""
    for what, names in (("argument", arguments), ("result", results), ("array", results)):

        def named(match: re.Match[str], names: list[str] = names) -> str:
            return " and ".join(names[int(number) - 1] for number in match.groups() if number)

        text = re.sub(rf"\b{what}s? (\d+)(?: and (\d+))?", named, text, flags=re.IGNORECASE)
    return text


def _told(actual: float, expected: float) -> str:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 12, 17):
        mine, right = f"{actual:.{digits}g}", f"{expected:.{digits}g}"
        if mine != right:
            break
    return f"{mine}, expected {right}"


def _described(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        shapes = [str(np.shape(v)) for v in value]
        if len(shapes) > SMALL:
            shapes[3:-1] = ["..."]
        return f"{name} has the shapes {', '.join(shapes)}"
    if not isinstance(value, np.ndarray):
        return f"{name} = {value}"
    if value.ndim == 1 and value.size <= SMALL and value.dtype.kind in "fiu":
        return f"{name} = [{', '.join(f'{v:.6g}' for v in value)}]"
    dtype = "" if value.dtype == FLOAT64 else f"{value.dtype} "
    return f"{name} {dtype}{value.shape}"


def _shaped(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "a single number"
