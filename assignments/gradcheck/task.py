"""A program to check, and how its right results follow from the Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradcheck.compare import judge, relative
from gradcheck.jacobian import NumericalJacobian, jacobian_at
from gradcheck.numerical import EPS, Point, scales, signed
from gradcheck.protocol import NO_NAMES, Arguments, Names, copied
from gradcheck.report import Comparison
from gradcheck.trees import is_float
from gradcheck.variations import variations

Function = Callable[..., Any]
Axes = list[tuple[np.ndarray, ...] | None]
KNOWN = 1e8  # roundings: about 1e-6 of the slope of a function that changes as much, but evenly


@dataclass(frozen=True)
class Block:
    """A part of each array of a task; see `large.block_of`.

    whole, cut : of the block's arguments, the full ones; of full results, the block.
    axes : for each result, the indices of its block along each axis.
    """

    whole: Callable[[Arguments], Arguments]
    cut: Callable[[Sequence[Any]], list[Any]]
    axes: Axes


NO_BLOCK = Block(tuple, list, [])


@dataclass
class Task:
    """One program to check, at one point.

    kind : "gradient", "vjp", "jvp" or "jacobian".
    forward, program : the function, and the program to check.
    args, wrt : the arguments, and the positions of those to differentiate.
    vectors : for a product with the Jacobian, the first vectors to try; by default random ones.
    names : the names of the arguments, and of the results.
    tolerances : the relative and the absolute error allowed; where it is None, that of rounding.
    block : which part of another task this is.
    values : the function's result, set by `evaluate`.
    jacobians : one for each argument in `wrt`, set by `differentiate`.
    """

    kind: str
    forward: Function
    program: Function
    args: Arguments
    wrt: tuple[int, ...]
    vectors: Arguments = ()
    names: Names = NO_NAMES
    tolerances: tuple[float | None, float | None] = (None, None)
    block: Block = NO_BLOCK
    evaluations: int = 0
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    jacobians: list[NumericalJacobian] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The number of entries to differentiate."""
        return sum(x.size for x in self.inputs)

    @property
    def inputs(self) -> list[np.ndarray]:
        return [np.asarray(self.args[i], dtype=np.float64) for i in self.wrt]

    @property
    def eps(self) -> float:
        """The rounding unit of the arguments: that of their coarsest dtype."""
        kinds: list[Any] = [
            a.dtype for a in self.args if isinstance(a, (np.ndarray, np.generic)) and is_float(a)
        ]
        return max((float(np.finfo(kind).eps) for kind in kinds), default=EPS)

    @property
    def rtol(self) -> float:
        """The relative error allowed."""
        given = self.tolerances[0]
        return relative(self.eps) if given is None else given

    def at(self, args: Arguments) -> Task:
        """The same task with other arguments."""
        return replace(self, args=args, evaluations=0, jacobians=[])

    def evaluate(self) -> str | None:
        """Call the function twice. Return the reason why it cannot be differentiated, or None."""
        values = []
        for _ in range(2):
            self.evaluations += 1
            try:
                with np.errstate(all="ignore"):
                    value = self.forward(*copied(tuple(_in_float64(a) for a in self.args)))
            except Exception as error:
                return f"The function itself raised {type(error).__name__}: {error}."
            if value is None:
                return "The function returned None. Does it end with a return?"
            if isinstance(value, tuple):
                what = "one number" if self.kind == "gradient" else "one array"
                return (
                    f"The function returned a tuple of {len(value)}; it should return {what}. If that is the "
                    "first of them, give lambda *args: f(*args)[0]."
                )
            try:
                values.append(np.array(value, dtype=np.float64))
            except (TypeError, ValueError):
                return f"The function should return numbers; it returned {type(value).__name__}."
        self.values = values[0]
        if self.kind == "gradient" and values[0].size != 1:
            return (
                f"The function should return one number; it returned an array of shape {values[0].shape}. "
                "For such a function use check_vjp or check_jacobian."
            )
        if not np.all(np.isfinite(values[0])):
            return "The function is not finite at this point. Try another point."
        size = float(np.abs(values[0]).max(initial=0.0))
        if values[0].shape != values[1].shape or np.any(np.abs(values[0] - values[1]) > 1e-6 * size):
            return "The function gave two values for the same arguments. Is it random, or does it keep state?"
        return None

    def split(self, flat: np.ndarray) -> list[np.ndarray]:
        """The parts of a flat array of all inputs, in the shapes of the inputs."""
        parts = np.split(flat, np.cumsum([x.size for x in self.inputs])[:-1])
        return [part.reshape(x.shape) for part, x in zip(parts, self.inputs, strict=True)]

    def flat_function(self, weights: np.ndarray | None = None) -> Callable[[np.ndarray], Any]:
        """The function of one flat array of all inputs; with weights, the weighted sum of its outputs."""

        def f(flat: np.ndarray) -> Any:
            args = [_in_float64(a) for a in copied(self.args)]
            for i, part in zip(self.wrt, self.split(flat), strict=True):
                args[i] = part.copy()
            y = self.forward(*args)
            return y if weights is None else np.vdot(np.asarray(weights, dtype=np.float64), y)

        return f

    def point(self, weights: np.ndarray | None = None) -> Point:
        """The flat function at the arguments."""
        flat = [x.ravel() for x in self.inputs]
        x = np.concatenate([np.zeros(0), *flat])
        scale = np.concatenate([np.zeros(0), *map(scales, flat)])
        center = self.values if weights is None else np.vdot(weights, self.values)
        return Point(self.flat_function(weights), x, scale, np.asarray(center, dtype=np.float64))

    def differentiate(self) -> None:
        """Find the Jacobians for all of `wrt`, as parts of one. `Point.reach` needs all inputs to move."""
        point = self.point()
        every = tuple(i for i, a in enumerate(self.args) if is_float(a))
        if set(every) - set(self.wrt):
            whole = replace(self, wrt=every).point()
            point.reach = whole.reach
            point.evaluations += whole.evaluations
        jacobian = jacobian_at(point)
        end = 0
        for x in self.inputs:
            start, end = end, end + x.size
            self.jacobians.append(jacobian.part(slice(start, end), self.values.shape + x.shape))
        self.evaluations += jacobian.evaluations

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
            other = self.at(tuple(moved))
            if other.evaluate() is None:
                break
        return other

    def rounded(self, rng: np.random.Generator) -> Task:
        """The same task, with the arguments moved by up to their rounding."""
        moved = [_in_float64(a) for a in self.args]
        for i in (i for i, a in enumerate(moved) if is_float(a)):
            x = np.asarray(moved[i])
            moved[i] = x + self.eps * rng.uniform(-1, 1, x.shape) * scales(x.ravel()).reshape(x.shape)
        return self.at(tuple(moved))

    def sensitivity(self, rng: np.random.Generator) -> list[np.ndarray]:
        """How far the Jacobians move if the arguments are rounded: the larger of two moves, times 16.

        A program that is as exact as its precision allows returns the derivative at arguments that differ
        from the given ones by their rounding.
        """
        most = [np.zeros(j.value.shape) for j in self.jacobians]
        for other in (self.rounded(rng), self.rounded(rng)):
            if other.evaluate() is None:
                other.differentiate()
                self.evaluations += other.evaluations
                for here, one, two in zip(most, self.jacobians, other.jacobians, strict=True):
                    distance = np.abs(one.value - two.value) - one.bound - two.bound
                    np.maximum(here, 16 * distance, out=here, where=np.isfinite(distance))
        return most

    def variations(self, extra: Arguments, functions: Mapping[str, Function]) -> dict[str, tuple[str, Any]]:
        """The program's results if arguments or functions were mistaken; see `variations`."""
        args = tuple(_in_float64(a) for a in self.args)
        return variations(
            self.forward, args, self.wrt, lambda arrays: self.contracted(arrays, extra), functions, self.names
        )

    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the program's results."""
        if self.kind == "jvp":
            return [self.values.shape]
        if self.kind == "jacobian":
            return [self.values.shape + x.shape for x in self.inputs]
        return [x.shape for x in self.inputs]

    def vector_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the program's extra arguments, the vectors of a product with the Jacobian."""
        shapes = {"vjp": [self.values.shape], "jvp": [x.shape for x in self.inputs]}
        return shapes.get(self.kind, [])

    def extras(self, rng: np.random.Generator) -> list[Arguments]:
        """The program's extra arguments: for a product with the Jacobian, two vectors or sets of vectors."""
        if self.kind not in ("vjp", "jvp"):
            return [()]
        first, second = (tuple(self._signed(rng, shape) for shape in self.vector_shapes()) for _ in range(2))
        return [self.vectors or first, second]

    def _signed(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """A random vector, never all ones: the product of ones with a softmax's Jacobian is zero."""
        vector = signed(rng, shape)
        return vector.astype(np.float32) if self.eps > 1e-12 else vector

    def contracted(self, arrays: list[np.ndarray], extra: Arguments) -> list[np.ndarray]:
        """Arrays of the Jacobians' shapes, contracted to the shapes of the program's results."""
        vectors = [np.asarray(v, dtype=np.float64) for v in extra]
        if self.kind == "vjp":
            return [np.tensordot(vectors[0], a, axes=vectors[0].ndim) for a in arrays]
        if self.kind == "jvp":
            products = [np.tensordot(a, v, axes=v.ndim) for a, v in zip(arrays, vectors, strict=True)]
            return [np.asarray(sum(products))]
        return arrays

    def expected(self, extra: Arguments = ()) -> list[np.ndarray]:
        return self.contracted([j.value for j in self.jacobians], extra)

    def compare(
        self, actual: list[np.ndarray], extra: Arguments, slack: list[np.ndarray] | None = None
    ) -> list[tuple[Comparison, bool]]:
        """Compare each array. The flag says whether the numerical derivative was too uncertain.

        slack : more that a correct Jacobian may be off; see `sensitivity`.
        """
        sizes = tuple(np.abs(v) for v in extra)

        def whole(arrays: list[np.ndarray]) -> list[np.ndarray]:
            return self.contracted(arrays, sizes)

        rounding = whole([j.rounding for j in self.jacobians])
        atol = self.tolerances[1]
        allowed = [self.rtol * size for size in whole([np.abs(j.value) for j in self.jacobians])]
        for i, absolute in enumerate(rounding):
            allowed[i] = allowed[i] + (absolute * (self.eps / EPS) if atol is None else atol)
        if slack is not None:
            allowed = [a + more for a, more in zip(allowed, whole(slack), strict=True)]
        parts = (
            self.names.results,
            actual,
            self.expected(extra),
            whole([j.bound for j in self.jacobians]),
            allowed,
            [KNOWN * r for r in rounding],
            whole([j.kink.astype(float) for j in self.jacobians]),
        )
        judged = [judge(*part) for part in zip(*parts, strict=True)]
        axes = self.block.axes or [None] * len(judged)
        return [(replace(c, axes=a), vague) for (c, vague), a in zip(judged, axes, strict=True)]


def _in_float64(value: Any) -> Any:
    floating = isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f"
    return np.asarray(value, dtype=np.float64) if floating else value
