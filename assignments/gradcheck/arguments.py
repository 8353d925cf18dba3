"""From a program's arguments to flat ones: which are differentiated, what they are called, how they nest.

The checks work on flat arguments: each array in a list, tuple or dict is an argument of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, signature
from typing import Any

import numpy as np

from gradcheck.protocol import Finding, Names, ViolationError
from gradcheck.trees import NUMBER, MismatchError, is_branch, is_float, kind, leaves, matched, rebuilt

Function = Callable[..., Any]
Wrt = int | str | Sequence[int | str]
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Layout:
    """How a program's arguments nest.

    check : "gradient", "vjp", "jvp" or "jacobian".
    args : the arguments as they were given.
    names : one for each argument.
    wrt : the positions of those to differentiate.
    """

    check: str
    args: tuple[Any, ...]
    names: tuple[str, ...]
    wrt: tuple[int, ...]

    @cached_property
    def leaves(self) -> list[list[tuple[str, Any, bool]]]:
        """For each argument its leaves: name, value, and whether it is differentiated."""
        found = []
        for i, (argument, name) in enumerate(zip(self.args, self.names, strict=True)):
            parts = leaves(argument, name)
            floats = any(is_float(value) for _, value in parts)
            found.append([(n, v, i in self.wrt and (is_float(v) or not floats)) for n, v in parts])
        return found

    @property
    def flat(self) -> list[tuple[str, Any]]:
        """The flat arguments, with their names."""
        return [(name, value) for parts in self.leaves for name, value, _ in parts]

    @property
    def flat_wrt(self) -> tuple[int, ...]:
        """The positions of the flat arguments to differentiate, in the order of `wrt`."""
        starts = np.cumsum([0, *map(len, self.leaves)])
        return tuple(int(starts[i]) + k for i in self.wrt for k, leaf in enumerate(self.leaves[i]) if leaf[2])

    def nested(self, flat: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments as the program takes them, from flat ones."""
        parts = iter(flat)
        return tuple(rebuilt(argument, parts) for argument in self.args)

    def function(self, f: Function) -> Function:
        """A function of flat arguments."""
        return through(f, self.nested) if any(map(is_branch, self.args)) else f

    def program(self, program: Function) -> Function:
        """A program of flat arguments and vectors that returns the list of the arrays of its results."""
        count = len(self.flat)

        def flat_program(*given: Any) -> list[Any]:
            vectors = given[count:]
            if self.check == "jvp":
                vectors = self._nested_vectors(vectors)
            arguments = self.nested(given[:count])
            value = program(*arguments, *vectors)
            for name, argument, own in zip(self.names, arguments, self.leaves, strict=True):
                now = [part for _, part in leaves(argument, name)]
                before, given = given[: len(own)], given[len(own) :]
                if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
                    sentence = f"The call puts something else into {name}. Work on a copy."
                    raise ViolationError(Finding("changes its input", sentence))
            return self.results(value)

        return flat_program

    def _nested_vectors(self, vectors: Sequence[Any]) -> tuple[Any, ...]:
        """The vectors in the form of the arguments; what is not differentiated stays what it is."""
        rest = iter(vectors)
        return tuple(
            rebuilt(
                self.args[i], iter([next(rest) if wanted else value for _, value, wanted in self.leaves[i]])
            )
            for i in self.wrt
        )

    def flat_vectors(self, vectors: Any, shapes: Sequence[tuple[int, ...]]) -> tuple[Any, ...]:
        """The vectors that a caller gave: one for a vjp, one for each argument for a jvp. One needs no tuple.

        Raises
        ------
        ValueError
            If there are more or fewer, or if their shapes are not these.
        """
        count = 1 if self.check == "vjp" else len(self.wrt)
        several = isinstance(vectors, tuple) or is_branch(vectors)
        given = tuple(vectors) if several else (np.asarray(vectors),)
        try:
            if len(given) != count:
                raise MismatchError(f"it has {len(given)}")
            flat = given if self.check == "vjp" else tuple(self._parts(given))
            if [np.shape(v) for v in flat] != list(shapes):
                raise MismatchError(f"their shapes are {', '.join(str(np.shape(v)) for v in flat)}")
            if not all(kind(v) in "fiub" and np.all(np.isfinite(v)) for v in flat):
                raise MismatchError("they are not finite numbers")
        except MismatchError as error:
            should = ", ".join(map(str, shapes))
            raise ValueError(f"vectors should be a tuple of {count}, of shape {should}: {error}.") from None
        return flat

    def results(self, value: Any) -> list[Any]:
        """The arrays of a program's results, one for each flat argument to differentiate.

        Raises
        ------
        ViolationError
            If the result is not built like the arguments.
        """
        if value is None:
            raise ViolationError(Finding("no return", "It returned None. Did you forget a return?"))
        count = 1 if self.check == "jvp" else len(self.wrt)
        several = isinstance(value, (tuple, list))
        if count == 1 and self.check != "jvp" and isinstance(self.args[self.wrt[0]], (dict, list, tuple)):
            try:
                return self._parts([value])
            except MismatchError as error:
                if not (isinstance(value, tuple) and len(value) == 1):
                    raise ViolationError(Finding("wrong type", str(error))) from None
        parts = list(value) if several else [value]
        if len(parts) != count or (not several and count > 1):
            should = "one array" if count == 1 else f"{count} arrays, one for each argument"
            sentence = f"It should return {should}; it returned {len(parts)}."
            raise ViolationError(Finding("wrong type", sentence), count=len(parts))
        try:
            return parts if self.check == "jvp" else self._parts(parts)
        except MismatchError as error:
            raise ViolationError(Finding("wrong type", str(error))) from None

    def _parts(self, values: Sequence[Any]) -> list[Any]:
        """For each argument in `wrt` one value built like it: the parts that are differentiated."""
        return [
            part
            for i, value in zip(self.wrt, values, strict=True)
            for part, leaf in zip(matched(value, self.args[i], self.names[i]), self.leaves[i], strict=True)
            if leaf[2]
        ]


def parameters(f: Function) -> Mapping[str, Parameter]:
    """The function's parameters; none if it has no signature, as some of NumPy's."""
    try:
        return signature(f).parameters
    except (TypeError, ValueError):
        return {}


def through(f: Function, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Function:
    """The function with its arguments changed first, and so a parameter `at`, which is a tuple of such."""
    if "at" in parameters(f):
        return lambda *args, at: f(*change(args), at=change(at))
    return lambda *args: f(*change(args))


def argument_names(f: Function, args: tuple[Any, ...], names: Names) -> tuple[str, ...]:
    """The names of the arguments: those given, or those of the function's parameters."""
    own = [p.name for p in parameters(f).values() if p.kind in POSITIONAL]
    given = Names(names.arguments or tuple(own))
    return tuple(given.argument(i) for i in range(len(args)))


def misfit(f: Function, given: Sequence[str]) -> str | None:
    """What is wrong with calling a function with so many arguments, in words; None if nothing is."""
    if not callable(f):
        return f"should be a function; it is of type {type(f).__name__}."
    try:
        signature(f).bind(*given)
    except TypeError:
        takes = ", ".join(str(p) for p in parameters(f).values()) or "nothing"
        return f"takes the arguments {takes}; it is called with {len(given)}: {', '.join(given)}."
    except ValueError:
        pass  # it has no signature
    return None


def positions(wrt: Wrt, args: tuple[Any, ...], names: tuple[str, ...]) -> tuple[int, ...]:
    """The positions of the arguments in `wrt`.

    Raises
    ------
    ValueError
        If there is no such argument, if it is there twice, or if it holds no numbers.
    """
    given: list[Any] = [wrt] if isinstance(wrt, str) or np.ndim(wrt) == 0 else list(wrt)  # type: ignore[arg-type]
    have = f"The arguments are {', '.join(f'{i}: {name}' for i, name in enumerate(names))}."
    found = []
    for item in given:
        if isinstance(item, str) and item in names:
            found.append(names.index(item))
        elif (
            isinstance(item, (int, np.integer))
            and not isinstance(item, bool)
            and -len(args) <= item < len(args)
        ):
            found.append(int(item) % len(args))
        else:
            raise ValueError(f"wrt={item!r} is no argument. {have}")
    if not found:
        raise ValueError(f"wrt={wrt!r} chooses no argument. {have}")
    if len(set(found)) < len(found):
        raise ValueError(f"wrt={wrt!r} names an argument twice. {have}")
    for i in found:
        parts = [value for _, value in leaves(args[i], "")]
        if not (any(map(is_float, parts)) or all(kind(value) in "fiub" for value in parts)):
            raise ValueError(f"wrt chooses {names[i]}, which does not hold only numbers. {have}")
    return tuple(found)


def choices(args: tuple[Any, ...]) -> list[tuple[int, ...]]:
    """What can be meant if nobody says which arguments are differentiated, the likeliest first.

    Arrays of floats; these and numbers, which may be hyperparameters; arrays that are not one-hot labels.
    """
    found = [[value for _, value in leaves(argument, "")] for argument in args]
    numbers = [i for i, parts in enumerate(found) if any(map(is_float, parts))]
    arrays = [i for i in numbers if any(is_float(v) and not isinstance(v, NUMBER) for v in found[i])]
    unlabelled = [i for i in arrays if not any(map(_one_hot, found[i]))]
    return [tuple(choice) for choice in (arrays or numbers, numbers, unlabelled) if choice]


def _one_hot(value: Any) -> bool:
    """Whether each row has a single 1 and otherwise zeros."""
    rows = np.asarray(value)
    return rows.ndim > 0 and bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=-1) == 1))


def nothing_to_differentiate(args: tuple[Any, ...], names: tuple[str, ...]) -> str:
    """Why no argument is differentiated."""
    every = [leaf for argument, name in zip(args, names, strict=True) for leaf in leaves(argument, name)]
    integers = [name for name, value in every if kind(value) in "iub"]
    if not integers:
        return "No argument holds floats, so there is nothing to differentiate."
    return (
        f"Integers are not differentiated, and {integers[0]} holds integers. Use floats, 1.0 instead of 1, "
        f"or wrt={integers[0].split('[')[0]!r}."
    )
