"""A program to check, and how its right results follow from the Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck.compare import judge
from gradcheck.jacobian import NumericalJacobian, jacobian_at
from gradcheck.numerical import Point, scales
from gradcheck.protocol import NO_NAMES, Arguments, Names, copied
from gradcheck.report import Comparison
from gradcheck.variations import variations

Function = Callable[..., Any]


@dataclass
class Task:
    """One program to check, at one point.

    kind : "gradient", "vjp", "jvp" or "jacobian".
    forward, program : the function, and the program to check.
    args, wrt : the arguments, and the positions of those to differentiate.
    vectors : for a product with the Jacobian, the first vectors to try; by default random ones.
    names : the names of the arguments and results.
    output_shape : the shape of the function's result, set by `evaluate`.
    jacobians : one for each argument in `wrt`, set by `differentiate`.
    """

    kind: str
    forward: Function
    program: Function
    args: Arguments
    wrt: tuple[int, ...]
    vectors: Arguments = ()
    names: Names = NO_NAMES
    evaluations: int = 0
    output_shape: tuple[int, ...] = ()
    jacobians: list[NumericalJacobian] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The number of entries to differentiate."""
        return sum(x.size for x in self.inputs)

    def flat_function(self, weights: np.ndarray | None = None) -> Callable[[np.ndarray], Any]:
        """The function of one flat array of all inputs; with weights, the weighted sum of its outputs."""
        splits = np.cumsum([x.size for x in self.inputs])[:-1]

        def f(flat: np.ndarray) -> Any:
            args = [_in_float64(a) for a in copied(self.args)]
            for i, x, part in zip(self.wrt, self.inputs, np.split(flat, splits), strict=True):
                args[i] = part.reshape(x.shape).copy()
            y = self.forward(*args)
            return y if weights is None else np.vdot(np.asarray(weights, dtype=np.float64), y)

        return f

    def elsewhere(self, rng: np.random.Generator) -> Task:
        """The same task nearby: every entry to differentiate moves by up to a third of its size.

        Zero entries move by up to a tenth of the largest. If the function is not finite there, all entries
        move less.
        """
        for reach in (0.3, 0.03, 0.003):
            moved = list(self.args)
            for i in self.wrt:
                x = np.asarray(self.args[i])
                size = np.where(x == 0, np.abs(x).max(initial=0.0) / 3 or 1.0, np.abs(x))
                moved[i] = (x + reach * rng.uniform(-1, 1, x.shape) * size).astype(x.dtype)
            other = replace(self, args=tuple(moved), evaluations=0, jacobians=[])
            if other.evaluate() is None:
                break
        return other

    def variations(
        self, extra: Arguments, functions: Mapping[str, Function]
    ) -> dict[str, tuple[str, list[np.ndarray]]]:
        """The program's results if arguments or functions were mistaken; see `variations`."""
        args = tuple(_in_float64(a) for a in self.args)
        return variations(
            self.forward, args, self.wrt, lambda arrays: self.contracted(arrays, extra), functions, self.names
        )

    @property
    def inputs(self) -> list[np.ndarray]:
        return [np.asarray(self.args[i], dtype=np.float64) for i in self.wrt]

    def differentiate(self) -> None:
        """Find the Jacobians for all of `wrt`, as parts of one. `Point.reach` needs all inputs to move."""
        whole = replace(self, wrt=positions(self.args, None) or self.wrt)
        everything = Point(whole.flat_function(), *whole.flat_inputs())
        together = Point(self.flat_function(), *self.flat_inputs())
        together.reach = everything.reach
        jacobian = jacobian_at(together)
        end = 0
        for x in self.inputs:
            start, end = end, end + x.size
            self.jacobians.append(jacobian.part(slice(start, end), self.output_shape + x.shape))
        self.evaluations += everything.evaluations + jacobian.evaluations

    def flat_inputs(self) -> tuple[np.ndarray, np.ndarray]:
        """All inputs in one flat array, and how far each can move."""
        flat = [x.ravel() for x in self.inputs]
        return np.concatenate([np.zeros(0), *flat]), np.concatenate([np.zeros(0), *map(scales, flat)])

    def evaluate(self) -> str | None:
        """Call the function twice. Return the reason why it cannot be differentiated, or None."""
        values = []
        for _ in range(2):
            self.evaluations += 1
            try:
                with np.errstate(all="ignore"):
                    value = self.forward(*copied(tuple(_in_float64(a) for a in self.args)))
                values.append(np.array(value, dtype=np.float64))
            except Exception as error:
                return f"The function itself raised {type(error).__name__}: {error}."
        self.output_shape = values[0].shape
        if self.kind == "gradient" and values[0].size != 1:
            return f"The function should return one number; it returned an array of shape {values[0].shape}."
        if not np.all(np.isfinite(values[0])):
            return "The function is not finite at this point. Try another point."
        size = float(np.abs(values[0]).max(initial=0.0))
        if values[0].shape != values[1].shape or np.any(np.abs(values[0] - values[1]) > 1e-6 * size):
            return "The function gave two values for the same arguments. Is it random, or does it keep state?"
        return None

    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the program's results."""
        if self.kind == "jvp":
            return [self.output_shape]
        if self.kind == "jacobian":
            return [self.output_shape + x.shape for x in self.inputs]
        return [x.shape for x in self.inputs]

    def extras(self, rng: np.random.Generator) -> list[Arguments]:
        """The program's extra arguments: for a product with the Jacobian, two vectors or sets of vectors."""
        if self.kind not in ("vjp", "jvp"):
            return [()]
        shapes = [self.output_shape] if self.kind == "vjp" else [x.shape for x in self.inputs]
        first, second = (tuple(_signed(rng, shape, self.args) for shape in shapes) for _ in range(2))
        return [self.vectors or first, second]

    def contracted(self, arrays: list[np.ndarray], extra: Arguments) -> list[np.ndarray]:
        """Arrays of the Jacobians' shapes, contracted to the shapes of the program's results."""
        vectors = [np.asarray(v, dtype=np.float64) for v in extra]
        if self.kind == "vjp":
            return [np.tensordot(vectors[0], a, axes=vectors[0].ndim) for a in arrays]
        if self.kind == "jvp":
            products = [np.tensordot(a, v, axes=v.ndim) for a, v in zip(arrays, vectors, strict=True)]
            return [np.asarray(sum(products))]
        return arrays

    @property
    def result_names(self) -> list[str]:
        """The names of the results; without names, those of the arguments."""
        if self.names.results:
            return list(self.names.results)
        return ["the result"] if self.kind == "jvp" else [self.names.argument(p) for p in self.wrt]

    def expected(self, extra: Arguments = ()) -> list[np.ndarray]:
        return self.contracted([j.value for j in self.jacobians], extra)

    def compare(self, actual: list[np.ndarray], extra: Arguments) -> list[tuple[Comparison, bool]]:
        """Compare each array. The flag says whether the numerical derivative was too uncertain."""
        sizes = tuple(np.abs(v) for v in extra)
        bounds = self.contracted([j.bound for j in self.jacobians], sizes)
        roundings = self.contracted([j.rounding for j in self.jacobians], sizes)
        magnitudes = self.contracted([np.abs(j.value) for j in self.jacobians], sizes)
        kinks = self.contracted([j.kink.astype(float) for j in self.jacobians], sizes)
        names = self.result_names
        expected, eps = self.expected(extra), precision(self.args)
        return [
            judge(names[i], actual[i], expected[i], bounds[i], roundings[i], magnitudes[i], kinks[i], eps)
            for i in range(len(actual))
        ]


def positions(args: Arguments, wrt: int | Sequence[int] | None, kinds: str = "f") -> tuple[int, ...]:
    """The positions in `wrt`; by default those of all arguments of these kinds, floating-point ones."""
    if wrt is None:
        return tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind in kinds)
    return (wrt,) if isinstance(wrt, int) else tuple(wrt)


def _in_float64(value: Any) -> Any:
    floating = isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f"
    return np.asarray(value, dtype=np.float64) if floating else value


def precision(args: Arguments) -> float:
    """The rounding unit of the arguments: that of their coarsest dtype."""
    kinds = [a.dtype for a in args if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f"]
    return max((float(np.finfo(k).eps) for k in kinds), default=float(np.finfo(np.float64).eps))


def _signed(rng: np.random.Generator, shape: tuple[int, ...], args: Arguments) -> np.ndarray:
    """A random vector, never all ones: the product of ones with a softmax's Jacobian is zero."""
    vector = rng.uniform(1.0, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
    return vector.astype(np.float32) if precision(args) > 1e-12 else vector
