"""The boundary between the checks and a student's functions.

A check never holds a student's function, only a `Proxy`. Plain data may cross: None, bool, int, float,
complex, str, NumPy numbers and arrays of these, and lists, tuples and dicts of them. Each side gets a copy.
Two more things may cross to the student's side: a function of the check, which is called back, and a `Proxy`,
which arrives as the student's own object. So a check runs the same way whether the functions live in the
same process, as here, or in another one.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

import numpy as np

from checking.limits import NO_LIMITS, SECONDS, CallLimits, line_limit, time_limit
from checking.names import names_used
from checking.outcomes import CheckFailure, Incorrect, NotAttempted, NotCalled, OutOfTime, Raised
from checking.programs import Program, function_from, name_of, source_of

PLAIN = (type(None), bool, int, float, complex, str)
NUMBER_KINDS = {"?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "F", "D"}
DEEPEST = 20
PROGRAMS = "programs of the checks"
IMPORTED = {"np", "plt", "gradcheck"}  # by the first cell of code of each problem


class CannotCrossError(TypeError):
    """A value that is not plain data cannot cross the boundary."""


def crossing(value: Any, wrap: Callable[[Any], Any] | None = None, depth: int = 0) -> Any:
    """Copy `value` as it arrives on the other side of the boundary.

    Arrays keep shape, dtype and order: an array that is contiguous in neither order arrives as every second
    entry of a longer one.

    wrap : replaces a function or a `Proxy`; without it, neither may cross.

    Raises CannotCrossError for anything that is not plain data.
    """
    if depth > DEEPEST:
        raise CannotCrossError(f"data nested more than {DEEPEST} deep")
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return _crossing_array(value)
    if type(value) in PLAIN:
        return value
    if isinstance(value, (list, tuple)):
        items = [crossing(item, wrap, depth + 1) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {
            crossing(key, None, depth + 1): crossing(item, wrap, depth + 1) for key, item in value.items()
        }
    if wrap is not None and callable(value):
        return wrap(value)
    raise CannotCrossError(f"a {type(value).__name__}, which is not plain data")


def _crossing_array(value: np.ndarray | np.generic) -> Any:
    if isinstance(value, np.longdouble):
        return float(value)
    if isinstance(value, np.str_):
        return str(value)
    if value.dtype.char not in NUMBER_KINDS:
        raise CannotCrossError(f"an array of dtype {value.dtype}")
    if isinstance(value, np.generic):
        return value
    array = np.asarray(value)
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array.copy(order="K")
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


@dataclass(frozen=True)
class Reply:
    """The result of a call over the boundary.

    value : the function's result.
    arguments : the arguments after the call, with None for functions.
    """

    value: Any
    arguments: tuple[Any, ...]


Send = Callable[[tuple[Any, ...], CallLimits], Reply]


class Proxy:
    """A student's function, seen from the checks.

    name : its name in messages.
    send : takes the arguments and the limits, and returns a `Reply`.
    target : the object that arrives on the student's side when this proxy is an argument.
    """

    def __init__(self, name: str, send: Send, target: Any = None):
        self.name, self._send, self.target = name, send, target

    def __call__(self, *arguments: Any) -> Any:
        """Call the function and return its value."""
        return self.call(*arguments).value

    def call(self, *arguments: Any, limits: CallLimits = NO_LIMITS) -> Reply:
        """Call the function.

        Raises NotAttempted, Raised, TooSlow or OutOfTime if it does not return, and Incorrect if the result
        is not plain data.
        """
        return self._send(arguments, limits)


def _callback(function: Callable[..., Any]) -> Callable[..., Any]:
    """A check's function as the student's code sees it: only data goes in and out."""
    return lambda *arguments: crossing(function(*crossing(arguments)))


class Submission:
    """The names that a student's notebook defines, in this process.

    namespace : the notebook's global names. A value that already is a `Proxy` stays as it is.
    impatient : whether a function that has run out of time is not called again. The programs of the checks
        count as one function.
    """

    def __init__(self, namespace: Mapping[str, Any], impatient: bool = False):
        self._namespace = dict(namespace) if not isinstance(namespace, dict) else namespace
        self._impatient = impatient
        self._out_of_time: set[str] = set()

    def function(self, name: str) -> Proxy:
        """Find a function by name. Raises NotAttempted if it is missing."""
        found = self._namespace.get(name)
        if isinstance(found, Proxy):
            return found
        if not callable(found):
            missing = f"there is no function {name}" if found is None else f"{name} is not a function"
            raise NotAttempted(f"{missing}. Run the cell that defines it, then check again.")
        return self._proxy(name, found)

    def program(self, program: Program, name: str | None = None) -> Proxy:
        """Send a function of the check to the student's side, see `programs.py`.

        name : what to call it in messages; None for its own name, or for the expression of a lambda.
        """
        return self.program_from(source_of(program), name_of(program) if name is None else name)

    def program_from(self, source: str, name: str) -> Proxy:
        """Define a function of the check from its source text, see `program`."""
        function = function_from(source, lambda taken: self.function(taken).target)
        return self._proxy(name, function, program=True)

    def names_used_by(self, name: str) -> set[str]:
        """The names of the notebook that a function uses, directly or indirectly. It is not called."""
        return names_used(name, self._namespace)

    def _proxy(self, name: str, function: Callable[..., Any], program: bool = False) -> Proxy:
        def send(arguments: tuple[Any, ...], limits: CallLimits) -> Reply:
            if name in self._out_of_time:
                raise OutOfTime(f"{name} was not called, because an earlier call ran out of time.")
            if program and PROGRAMS in self._out_of_time:  # this one may be innocent
                raise NotCalled(f"{name} was not called, because an earlier call ran out of time.")
            arrived = crossing(arguments, wrap=_arrive)
            try:
                value = self.invoke(name, function, arrived, limits)
            except OutOfTime:
                if self._impatient:
                    self._out_of_time.add(PROGRAMS if program else name)
                raise
            try:
                return Reply(crossing(value), tuple(map(as_left, arrived)))
            except CannotCrossError as error:
                raise Incorrect(f"{name} returned {error}. Return numbers and arrays.") from None
            except Exception as error:  # the code of a class of the submission
                raise Incorrect(f"{name} returned what cannot be read: {type(error).__name__}.") from None

        return Proxy(name, send, target=function)

    def invoke(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], limits: CallLimits
    ) -> Any:
        """Call a function of the notebook with these arguments, not copies. Raises as `Proxy.call` does."""
        try:
            with time_limit(name, limits.seconds or SECONDS), line_limit(name, limits.lines):
                return function(*arguments)
        except (CheckFailure, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._explained(name, error) from None

    def _explained(self, name: str, error: BaseException) -> NotAttempted | Raised:
        try:
            with time_limit(name, SECONDS):
                text = clean(str(error))
        except BaseException:  # the text is made by the submission's code
            text = ""
        where = self._last_line(error.__traceback__)
        if isinstance(error, NotImplementedError) and re.fullmatch(r"Question \d+\([a-z]\)", text):
            missing = name if where is None else where[0]
            if re.search(rf"\b{re.escape(missing)}\b", name):  # the name may be that of a program
                return NotAttempted(f"{missing} is not written yet ({text}).")
            return NotAttempted(f"{name} needs {missing}, which is not written yet ({text}).")
        message = f"{name} raised {type(error).__name__}" + (f": {text}" if text else "")
        if where is not None:
            inner, line, code, shapes = where
            message += f"\n(line {line} of {f'the cell with {inner}' if inner else 'a cell'}: {code})"
            if shapes and isinstance(error, (ValueError, IndexError)):
                message += f"\nIn this line {shapes}."
        return Raised(message + self._what_to_run(error))

    def _what_to_run(self, error: BaseException) -> str:
        """A line about the cell that was not run, if an error is a name that the notebook does not define."""
        missing = error.name if type(error) is NameError else None
        if not isinstance(missing, str) or missing in self._namespace:
            return ""
        if missing in IMPORTED:
            return "\nRun the cell with the imports at the top of the problem."
        return f"\nIf {clean(missing, 50)} is spelled right, run the cells above that define or import it."

    def _last_line(self, traceback: TracebackType | None) -> tuple[str, int, str, str] | None:
        """The innermost line of the student's code: its function, its number, its text, and its shapes."""
        found, function, outer = None, "", None
        while traceback is not None:
            frame = traceback.tb_frame
            if frame.f_globals is self._namespace:
                code = linecache.getline(frame.f_code.co_filename, traceback.tb_lineno).strip()
                function, outer = function_with(frame.f_code, function, outer), frame.f_code
                found = function, traceback.tb_lineno, code, shapes_in(code, frame.f_locals)
            traceback = traceback.tb_next
        return found


def function_with(code: CodeType, caller: str, outer: CodeType | None) -> str:
    """The name of the function that contains code; empty if not known.

    A comprehension or a lambda belongs to the function that contains it, which need not be its caller.

    caller, outer : the name of the function that called it, and its code.
    """
    if not code.co_name.startswith("<"):
        return code.co_name
    if outer is not None and code in outer.co_consts:
        return caller
    qualified = getattr(code, "co_qualname", "").split(".")  # since Python 3.11
    return next((name for name in reversed(qualified) if name and not name.startswith("<")), "")


def shapes_in(code: str, names: Mapping[str, Any]) -> str:
    """The shapes of the arrays that a line of code names, such as "W is (2, 3) and x is (2,)"."""
    arrays = {name: names.get(name) for name in dict.fromkeys(re.findall(r"[^\W\d]\w*", code))}
    shapes = [f"{name} is {array.shape}" for name, array in arrays.items() if type(array) is np.ndarray]
    return " and ".join(filter(None, [", ".join(shapes[:-1]), *shapes[-1:]]))


def as_left(argument: Any) -> Any:
    """An argument after a call; None for a function, or if it now holds anything but plain data."""
    try:
        return crossing(argument, wrap=lambda _: None)
    except CannotCrossError:
        return None


def _arrive(value: Any) -> Any:
    return value.target if isinstance(value, Proxy) else _callback(value)


def clean(text: str, longest: int = 300) -> str:
    """Shorten text that a submission wrote, and drop its control characters."""
    start = text[: 2 * longest]  # the text may be very long
    kept = "".join(c for c in start if c.isprintable() or c == "\n")
    return kept if len(kept) <= longest and start == text else kept[:longest] + " ..."
