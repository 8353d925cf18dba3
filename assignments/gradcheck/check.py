"""Four checks: of a gradient, a vector-Jacobian product, a Jacobian-vector product, and a Jacobian.

Each compares a program's results with a numerical derivative of the function itself and returns a `Report`.
The cost grows with the number of inputs. A gradient with more than `LARGE` entries is compared along a few
directions, and a wrong entry is found by halving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.diagnosis import Context, diagnose, locate
from gradcheck.large import compare_along_directions
from gradcheck.numerical import EPS
from gradcheck.protocol import (
    NO_NAMES,
    Arguments,
    Finding,
    Names,
    ViolationError,
    call_program,
    conduct,
    copied,
)
from gradcheck.report import INCONCLUSIVE, RIGHT, UNSAFE, WRONG, Comparison, Report
from gradcheck.task import Function, Task, positions, precision

LARGE = 400


def check_gradient(
    f: Function,
    gradient: Function,
    *args: Any,
    wrt: int | Sequence[int] | None = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
) -> Report:
    """Check `gradient(*args)`, the gradient of the scalar f(*args).

    Parameters
    ----------
    f, gradient : functions that take `args`
    wrt : int or sequence of int, optional
        Positions of the arguments to differentiate; by default, all floating-point arguments. The gradient
        is one array per argument, of the argument's shape. Several arrays form a tuple.
    rng : numpy.random.Generator, optional
        Draws the random directions and points.
    context : Context, optional
        Likely mistakes.
    strict : bool
        If true, float32 arguments require a float32 result, and no result may share memory with an argument.

    Returns
    -------
    Report
    """
    return _checked("gradient", f, gradient, args, wrt, rng, context, strict)


def check_vjp(forward: Function, vjp: Function, *args: Any, **options: Any) -> Report:
    """Check `vjp(*args, u)`, the product of u with the Jacobian; u has the shape of forward(*args).

    The options are those of `check_gradient`, and `vectors`, a tuple (u,) to try with a random one.
    """
    return _checked("vjp", forward, vjp, args, **options)


def check_jvp(forward: Function, jvp: Function, *args: Any, **options: Any) -> Report:
    """Check `jvp(*args, *v)`, the product of the Jacobian with v, one array for each argument in `wrt`.

    The options are those of `check_gradient`, and `vectors`, a tuple v to try with a random one.
    """
    return _checked("jvp", forward, jvp, args, **options)


def check_jacobian(f: Function, jacobian: Function, *args: Any, **options: Any) -> Report:
    """Check `jacobian(*args)`, an array of shape f(*args).shape + argument.shape.

    The options are those of `check_gradient`.
    """
    return _checked("jacobian", f, jacobian, args, **options)


def _checked(
    kind: str,
    forward: Function,
    program: Function,
    args: Arguments,
    wrt: int | Sequence[int] | None = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    vectors: Arguments = (),
) -> Report:
    names = context.names if context is not None else NO_NAMES
    task = Task(kind, forward, program, copied(args), positions(args, wrt), vectors, names)
    rng = rng or np.random.default_rng(0)
    reason = task.evaluate() if task.wrt or wrt is not None else _nothing_to_differentiate(args, names)
    if reason is not None:
        return Report(INCONCLUSIVE, reason, evaluations=task.evaluations)
    shapes, extras = task.shapes(), task.extras(rng)
    other = task.elsewhere(rng)
    try:
        seen = conduct(
            task.program, (*task.args, *extras[0]), (*other.args, *extras[0]), shapes, strict, names
        )
        wrong = _wrong_dtype(task, seen.first) if strict else None
        answers = [seen.first]
        if seen.unsafe is None:
            others = [(*copied(task.args), *copied(e)) for e in extras[1:]]
            answers += [call_program(task.program, arguments, shapes, names) for arguments in others]
            sums = _of_sum_and_zero(task, shapes, extras)
    except ViolationError as violation:
        if wrt is None and violation.count is not None:
            sentence = violation.finding.sentence + _which_arguments(task, violation.count)
            violation.finding = replace(violation.finding, sentence=sentence)
        return _violated(task, violation, extras, rng, context)
    if wrong is not None:
        return Report(WRONG, wrong.sentence, [wrong], evaluations=task.evaluations)
    report = _compare(task, answers, extras[: len(answers)], rng, context)
    if seen.unsafe is None and task.kind in ("vjp", "jvp"):
        wrong = _nonlinear(task, extras, answers, sums)
        if wrong is not None:
            reason = report.reason if report.verdict == WRONG else wrong.sentence
            return replace(report, verdict=WRONG, reason=reason, search=lambda: [wrong, *report.names])
    if report.verdict != RIGHT:
        return report
    if seen.unsafe is not None:
        return replace(report, verdict=UNSAFE, reason=seen.unsafe.sentence, found=[seen.unsafe])
    if (
        seen.elsewhere is not None
        and task.size <= LARGE
        and all(map(np.array_equal, answers[0], seen.elsewhere))
    ):
        # The same result for different arguments is right for a linear function and stale for any other.
        stale = _compare(other, [seen.elsewhere], extras[:1], rng, context)
        if stale.verdict == WRONG:
            sentence = "It returns the same result for different arguments. Is the result stored?"
            return replace(stale, reason=sentence, found=[Finding("keeps state", sentence)], search=None)
    return report


def _nothing_to_differentiate(args: Arguments, names: Names) -> str:
    """Why no argument is differentiated."""
    integers = positions(args, None, kinds="iub")
    if not integers:
        return "No argument holds floats, so there is nothing to differentiate."
    name = names.argument(integers[0])
    return f"Integers are not differentiated, and {name} holds integers. Use floats: 1.0 instead of 1."


def _which_arguments(task: Task, count: int) -> str:
    """What to do if a program returns more or fewer arrays than there are arguments of floats."""
    if count < len(task.wrt):
        chosen = task.wrt[0] if count < 2 else task.wrt[:count]
        return f" If it differentiates only some of the arguments, say which: for example, wrt={chosen}."
    return " Arguments of integers are not differentiated. Use floats, or give wrt."


def _compare(
    task: Task,
    answers: list[list[np.ndarray]],
    extras: list[Arguments],
    rng: np.random.Generator,
    context: Context | None,
) -> Report:
    """Compare the program's answers with numerical derivatives, and name what is wrong."""
    if task.kind in ("gradient", "vjp") and task.size > LARGE:
        f, eps = task.flat_function(np.asarray(extras[0][0] if extras[0] else 1.0)), precision(task.args)
        return compare_along_directions(f, task.inputs, answers[0], eps, rng)
    task.differentiate()
    judged = [pair for a, e in zip(answers, extras, strict=True) for pair in task.compare(a, e)]
    comparisons = [comparison for comparison, _ in judged]
    if any(comparison.wrong.any() for comparison in comparisons):
        where = next(c for c in comparisons if c.wrong.any())
        reason = f"{int(where.wrong.sum())} of {where.wrong.size} entries of {where.name} are wrong."
        return Report(
            WRONG,
            reason,
            evaluations=task.evaluations,
            comparisons=comparisons,
            search=lambda: _named(task, answers[0], extras[0], rng, context),
        )
    if any(vague for _, vague in judged):
        reason = (
            "The numerical derivative is too uncertain here: the function is noisy, or flat to within "
            "rounding. Try another point."
        )
        if any(j.kink.any() for j in task.jacobians):
            reason = (
                "The point is at a kink of the function: the slopes on its two sides differ. "
                "Try another point."
            )
        return Report(INCONCLUSIVE, reason, evaluations=task.evaluations, comparisons=comparisons)
    reason = "Every entry agrees with the numerical derivative."
    if any(j.kink.any() for j in task.jacobians):
        reason = "Every entry agrees; at a kink, it lies between the slopes on the two sides."
    return Report(RIGHT, reason, evaluations=task.evaluations, comparisons=comparisons)


def _violated(
    task: Task,
    violation: ViolationError,
    extras: list[Arguments],
    rng: np.random.Generator,
    context: Context | None,
) -> Report:
    """Report a result that cannot be compared; a wrong shape may still show what was forgotten."""
    finding = violation.finding
    report = Report(WRONG, finding.sentence, [finding])
    if finding.name == "wrong shape" and task.size <= LARGE:
        task.differentiate()
        nothing = np.zeros(0)
        comparisons = [
            Comparison(name, a, e, nothing, nothing, np.ones(e.shape, dtype=bool))
            for name, a, e in zip(task.result_names, violation.answer, task.expected(extras[0]), strict=False)
            if a.shape != e.shape
        ]
        report.search = lambda: [*_named(task, violation.answer, extras[0], rng, context), finding]
        report.comparisons, report.evaluations = comparisons, task.evaluations
    return report


def _named(
    task: Task,
    actual: list[np.ndarray],
    extra: Arguments,
    rng: np.random.Generator,
    context: Context | None,
) -> list[Finding]:
    """Name the mistake. A name must fit at three points: this one and two nearby."""
    context = context or Context()
    points = [(actual, task.expected(extra), (*task.args, *extra))]
    variations = [task.variations(extra, context.functions)]
    for _ in range(2):
        other = task.elsewhere(rng)
        try:
            vectors = other.extras(rng)[-1]
            other.differentiate()
            arguments = (*copied(other.args), *copied(vectors))
            theirs = call_program(task.program, arguments, [a.shape for a in actual])
        except Exception:
            continue  # the function or the program is not defined there
        points.append((theirs, other.expected(vectors), (*other.args, *vectors)))
        variations.append(other.variations(vectors, context.functions))
    if len(points) < 2:
        return []
    actual_ones, expected_ones, arguments = zip(*points, strict=True)
    known = replace(context, arguments=arguments, variations=variations)
    return diagnose(actual_ones, expected_ones, known) or locate([p[:2] for p in points], context.names)


def _wrong_dtype(task: Task, arrays: list[np.ndarray]) -> Finding | None:
    if precision(task.args) > 1e-12 and any(a.dtype == np.float64 for a in arrays):
        return Finding("wrong dtype", "For float32 arguments the result should be float32; it is float64.")
    return None


def _of_sum_and_zero(
    task: Task, shapes: list[tuple[int, ...]], extras: list[Arguments]
) -> list[list[np.ndarray]]:
    """For a product with a Jacobian: the results for the sum of the two vectors and for zero."""
    if task.kind not in ("vjp", "jvp"):
        return []
    both = tuple(a + b for a, b in zip(*extras, strict=True))
    nothing = tuple(0 * a for a in extras[0])
    return [call_program(task.program, (*copied(task.args), *copied(v)), shapes) for v in (both, nothing)]


def _nonlinear(
    task: Task, extras: list[Arguments], answers: list[list[np.ndarray]], sums: list[list[np.ndarray]]
) -> Finding | None:
    """Test that a product with a Jacobian is linear in the vector: additive, and zero for zero."""
    sizes = tuple(np.abs(a) + np.abs(b) for a, b in zip(*extras, strict=True))
    eps = precision(task.args)
    roundings: list[Any] = [0.0] * len(answers[0])
    if task.jacobians:
        roundings = task.contracted([j.rounding * (eps / EPS) for j in task.jacobians], sizes)
    for one, other, both, nothing, rounding in zip(*answers, *sums, roundings, strict=True):
        size = float(np.abs(one).max(initial=0.0)) + float(np.abs(other).max(initial=0.0))
        allowed = max(1e4 * eps, 1e-5) * size + rounding  # the comparison finds smaller errors
        if np.all(np.abs(one - other) <= allowed) and np.any(np.abs(one) > allowed):
            return Finding("ignores upstream", "It does not depend on the vector.")
        if np.any(np.abs(nothing) > allowed):
            return Finding("not linear", "The result is not linear in the vector: for zero it is not zero.")
        if np.any(np.abs(both - one - other) > allowed):
            return Finding(
                "not linear", "The result is not linear in the vector: f(u + v) is not f(u) + f(v)."
            )
    return None
