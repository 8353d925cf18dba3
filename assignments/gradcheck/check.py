"""Four checks: of a gradient, a vector-Jacobian product, a Jacobian-vector product, and a Jacobian.

Each compares a program's results with a numerical derivative of the function itself and returns a `Report`.
The cost grows with the number of inputs, up to 400; a larger gradient is compared along a few directions, and
only a block of it entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck.arguments import (
    Layout,
    Wrt,
    argument_names,
    choices,
    misfit,
    nothing_to_differentiate,
    positions,
)
from gradcheck.diagnosis import Context
from gradcheck.judgment import compare, name_shapes, nonlinear, of_sum_and_zero
from gradcheck.protocol import Arguments, Finding, Names, ViolationError, call_program, conduct, copied
from gradcheck.report import INCONCLUSIVE, RIGHT, UNSAFE, WRONG, Report
from gradcheck.task import Task

Function = Callable[..., Any]


@dataclass(frozen=True)
class Options:
    """The options of a check; see `check_gradient` and `check_vjp`."""

    wrt: Wrt | None = None
    vectors: Any = None
    rng: np.random.Generator | None = None
    context: Context | None = None
    strict: bool = False
    rtol: float | None = None
    atol: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.rng, (np.random.Generator, type(None))):
            raise ValueError("rng should be a generator, such as np.random.default_rng(0).")
        if not isinstance(self.context, (Context, type(None))):
            raise ValueError("context should be a gradcheck.Context.")
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            number = isinstance(value, (int, float, np.integer, np.floating))
            if value is not None and not (number and 0 <= value < np.inf):
                raise ValueError(
                    f"{name} should be a number from 0, or None for the default; it is {value!r}."
                )


def check_gradient(
    f: Function,
    gradient: Function,
    *args: Any,
    wrt: Wrt | None = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> Report:
    """Check `gradient(*args)`, the gradient of the scalar `f(*args)`.

    Arguments can be arrays, or lists, tuples and dicts of arrays, nested.

    Parameters
    ----------
    f, gradient : functions that take `args`
    wrt : int, str, or sequence of these, optional
        The arguments to differentiate, by position or by the name of the parameter of f; by default, all
        that hold arrays of floats. The gradient has one result for each, of the argument's shape, or built
        like the argument if that is nested. Several results form a tuple.
    rng : numpy.random.Generator, optional
        Draws the random directions and points.
    context : Context, optional
        Likely mistakes.
    strict : bool
        If true, float32 arguments require a float32 result, and results have to be new arrays, which share
        no memory with an argument or another result. Else this is no fault: a result is read, not changed.
    rtol, atol : float, optional
        The relative and the absolute error allowed in each entry, besides that of the numerical derivative.
        By default those of rounding; see docs/gradcheck.md.

    Returns
    -------
    Report
        It is true if the gradient is right, and only then.

    Raises
    ------
    ValueError
        If an option makes no sense.
    """
    return _checked("gradient", f, gradient, args, Options(wrt, None, rng, context, strict, rtol, atol))


def assert_gradient(
    f: Function,
    gradient: Function,
    *args: Any,
    wrt: Wrt | None = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Raise a WrongGradientError, with the report, unless `check_gradient` finds that the gradient is right.

    It raises, too, if the gradient is unsafe, or if nothing could be found out.
    """
    options = Options(wrt, None, rng, context, strict, rtol, atol)
    _checked("gradient", f, gradient, args, options).raise_unless_right()


def check_vjp(
    forward: Function,
    vjp: Function,
    *args: Any,
    wrt: Wrt | None = None,
    vectors: Any = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> Report:
    """Check `vjp(*args, u)`, the product of u with the Jacobian; u has the shape of `forward(*args)`.

    The options are those of `check_gradient`, and `vectors`, an array u to try with a random one.
    """
    return _checked("vjp", forward, vjp, args, Options(wrt, vectors, rng, context, strict, rtol, atol))


def check_jvp(
    forward: Function,
    jvp: Function,
    *args: Any,
    wrt: Wrt | None = None,
    vectors: Any = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> Report:
    """Check `jvp(*args, *v)`, the product of the Jacobian with v: one array for each argument in `wrt`.

    The options are those of `check_gradient`, and `vectors`, a tuple v to try with a random one.
    """
    return _checked("jvp", forward, jvp, args, Options(wrt, vectors, rng, context, strict, rtol, atol))


def check_jacobian(
    f: Function,
    jacobian: Function,
    *args: Any,
    wrt: Wrt | None = None,
    rng: np.random.Generator | None = None,
    context: Context | None = None,
    strict: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> Report:
    """Check `jacobian(*args)`, an array of shape `f(*args).shape + argument.shape` for each argument.

    The options are those of `check_gradient`.
    """
    return _checked("jacobian", f, jacobian, args, Options(wrt, None, rng, context, strict, rtol, atol))


def _checked(
    kind: str, forward: Function, program: Function, args: tuple[Any, ...], options: Options
) -> Report:
    """Find out which arguments are differentiated, then check."""
    context = options.context or Context()
    names = argument_names(forward, args, context.names)
    wanted = choices(args) if options.wrt is None else [positions(options.wrt, args, names)]
    unfit = misfit(forward, names)
    if unfit is not None:
        return Report(INCONCLUSIVE, f"The function {unfit}")
    if not wanted:
        return Report(INCONCLUSIVE, nothing_to_differentiate(args, names))
    layout = Layout(kind, args, names, wanted[0])
    extra = {"vjp": ["u"], "jvp": [f"d{names[i]}" for i in layout.wrt]}.get(kind, [])
    unfit = misfit(program, [*names, *extra])
    if unfit is not None:
        finding = Finding("raises", f"It {unfit}")
        return Report(WRONG, finding.sentence, [finding])
    report, count = _report(layout, forward, program, options)
    if count is None or options.wrt is not None:
        return report
    for other in wanted[1:]:
        if len(other) == count:
            return _report(replace(layout, wrt=other), forward, program, options)[0]
    if count > len(args):
        return report
    first, hold = wanted[0], f"{len(wanted[0])} arguments hold floats"
    if len(first) == 1:
        hold = "one argument holds floats"
    some = first[:count] if 1 < count < len(first) else first[0] if count == 1 else tuple(range(count))
    reason = (
        f"It returned {count} {'arrays' if count > 1 else 'array'}, but {hold}: "
        f"{', '.join(names[i] for i in first)}. Say which of {', '.join(names)} it differentiates: for "
        f"example, wrt={some}."
    )
    return replace(report, verdict=INCONCLUSIVE, reason=reason, found=[])


def _report(
    layout: Layout, forward: Function, program: Function, options: Options
) -> tuple[Report, int | None]:
    """The report; and how many results the program returned, if that is what is wrong."""
    context = options.context or Context()
    names = tuple(name for name, _ in layout.flat)
    results = ("the result",) if layout.check == "jvp" else tuple(names[i] for i in layout.flat_wrt)
    given = context.names.results
    task = Task(
        layout.check,
        layout.function(forward),
        layout.program(program),
        copied(tuple(value for _, value in layout.flat)),
        layout.flat_wrt,
        names=Names(names, given if len(given) == len(results) else results),
        tolerances=(options.rtol, options.atol),
    )
    context = context.of(layout.program, layout.function)
    reason = task.evaluate()
    if reason is not None:
        return Report(INCONCLUSIVE, reason, evaluations=task.evaluations), None
    if options.vectors is not None:
        task.vectors = layout.flat_vectors(options.vectors, task.vector_shapes())
    rng, count = options.rng or np.random.default_rng(0), None
    extras = task.extras(rng)
    try:
        report = _conducted(task, extras, rng, context, options.strict)
    except ViolationError as violation:
        report, count = name_shapes(task, violation, extras, rng, context), violation.count
    return replace(report, checked=tuple(layout.names[i] for i in layout.wrt)), count


def _conducted(
    task: Task, extras: list[Arguments], rng: np.random.Generator, context: Context, strict: bool
) -> Report:
    """Call the program, and judge what it does and returns.

    Raises
    ------
    ViolationError
        If its results cannot be compared.
    """
    other = task.elsewhere(rng)
    arguments, elsewhere = (*task.args, *extras[0]), (*other.args, *extras[0])
    seen = conduct(task.program, arguments, elsewhere, task.shapes(), strict, task.names)
    answers, sums = [seen.first], []
    if seen.unsafe is None:
        others = [(*copied(task.args), *copied(e)) for e in extras[1:]]
        answers += [call_program(task.program, call, task.shapes(), task.names) for call in others]
        sums = of_sum_and_zero(task, extras)
    if strict and task.eps > 1e-12 and any(a.dtype == np.float64 for a in seen.first):
        sentence = "For float32 arguments the result should be float32; it is float64."
        return Report(WRONG, sentence, [Finding("wrong dtype", sentence)], evaluations=task.evaluations)
    report = compare(task, answers, extras[: len(answers)], rng, context)
    wrong = nonlinear(task, extras, answers, sums) if sums else None
    if wrong is not None:
        reason = report.reason if report.verdict == WRONG else wrong.sentence
        return replace(report, verdict=WRONG, reason=reason, search=lambda: [wrong, *report.names])
    if report.verdict != RIGHT:
        return report
    if seen.unsafe is not None:
        return replace(report, verdict=UNSAFE, reason=seen.unsafe.sentence, found=[seen.unsafe])
    if seen.elsewhere is not None and any(map(np.array_equal, answers[0], seen.elsewhere)):
        # The same result for different arguments is right for a linear function and stale for any other.
        stale = compare(other, [seen.elsewhere], extras[:1], rng, context)
        if stale.verdict == WRONG:
            sentence = "It returns the same result for different arguments. Is the result stored?"
            return replace(stale, reason=sentence, found=[Finding("keeps state", sentence)], search=None)
    return report
