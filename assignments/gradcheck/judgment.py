"""The verdict on a program's results: comparison with numerical derivatives, and the names of mistakes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.arguments import through
from gradcheck.diagnosis import Context, diagnose
from gradcheck.kinks import refuted
from gradcheck.large import block_of, compare_along_directions, sampled_axes
from gradcheck.numerical import EPS
from gradcheck.places import locate
from gradcheck.protocol import Arguments, Finding, ViolationError, call_program, copied
from gradcheck.report import INCONCLUSIVE, RIGHT, WRONG, Comparison, Report
from gradcheck.task import Axes, Task

LARGE = 400
LARGER = 64  # so that a product that clips its vector shows
COARSE = 0.03  # of the largest entry: a rounding of the arguments that changes so much hides errors
Answer = list[np.ndarray]


def compare(
    task: Task, answers: list[Answer], extras: list[Arguments], rng: np.random.Generator, context: Context
) -> Report:
    """Compare the program's answers for some extra arguments with numerical derivatives."""
    if task.kind not in ("gradient", "vjp") or task.size <= LARGE:
        return _compare_entries(task, answers, extras, rng, context)
    weights = np.asarray(extras[0][0] if extras[0] else 1.0)
    report, axes, alone = compare_along_directions(task, answers[0], weights, rng)
    if report.verdict != WRONG:
        return report
    # A mistake in all entries shows in any block; a single wrong entry was searched.
    for chosen in (sampled_axes(task, rng), axes):
        part = _compare_block(task, chosen, answers, extras, rng, context)
        if part.verdict == WRONG:
            if chosen is axes and part.shown is not None:
                part.search, one = None, f"The entry {part.shown.entry(part.shown.worst)} is wrong"
                part.reason = f"{one}." if alone else f"{one}, and others are."
                part.found = [Finding("one entry", part.reason)] if alone else []
            return replace(part, evaluations=part.evaluations + report.evaluations)
    return report


def _compare_block(
    task: Task,
    axes: Axes,
    answers: list[Answer],
    extras: list[Arguments],
    rng: np.random.Generator,
    context: Context,
) -> Report:
    """Compare a block of the answers; see `large.block_of`."""
    part = block_of(task, axes)
    inside = context.of(
        lambda program: lambda *args: part.block.cut(program(*args)), lambda f: through(f, part.block.whole)
    )
    return _compare_entries(part, [part.block.cut(a) for a in answers], extras, rng, inside)


def _compare_entries(
    task: Task, answers: list[Answer], extras: list[Arguments], rng: np.random.Generator, context: Context
) -> Report:
    task.differentiate()
    judged = _judged(task, answers, extras, None)
    wrong, coarse = [c for c, _ in judged if c.wrong.any()], False
    much = 0.1 if task.eps == EPS else 1.0  # of the largest entry; no rounding explains more
    if wrong and all(c.error[c.wrong].max() <= much * np.abs(c.expected).max() for c in wrong):
        slack = task.sensitivity(np.random.default_rng(5))
        judged = _judged(task, answers, extras, slack)
        largest = [np.abs(j.value).max(initial=0.0) for j in task.jacobians]
        coarse = any(s.max(initial=0.0) > COARSE * most for s, most in zip(slack, largest, strict=True))
    flat = all(np.all(np.abs(j.value) <= 1e5 * j.rounding) for j in task.jacobians)
    comparisons = [comparison for comparison, _ in judged]
    if task.tolerances == (None, None):
        coarse |= any(_hides_errors(c) for c in comparisons if c.expected.size)

    def report(verdict: str, reason: str, **more: Any) -> Report:
        return Report(verdict, reason, evaluations=task.evaluations, comparisons=comparisons, **more)

    if any(comparison.wrong.any() for comparison in comparisons):
        where = next(c for c in comparisons if c.wrong.any())
        seen = " that were looked at" if task.block.axes else ""
        reason = f"{int(where.wrong.sum())} of {where.wrong.size} entries of {where.name}{seen} are wrong."
        return report(WRONG, reason, search=lambda: named(task, answers[0], extras[0], rng, context))
    kinks = [
        j.kink.reshape(task.values.size, x.size) for j, x in zip(task.jacobians, task.inputs, strict=True)
    ]
    kinked = np.concatenate([kink.any(axis=0) for kink in kinks])
    if kinked.any():
        refutation = _refuted(task, answers[0], extras[0], kinked)
        if refutation is not None:
            return report(WRONG, refutation, found=[Finding("not together", refutation)])
    if coarse and not flat:
        return report(INCONCLUSIVE, "A rounding of the arguments changes the derivative. Try another point.")
    if any(vague for _, vague in judged):
        reason = "The numerical derivative is too uncertain here: the function is noisy. Try another point."
        if kinked.any():
            reason = (
                "The point is at a kink of the function: the slopes on its two sides differ. "
                "Try another point."
            )
        return report(INCONCLUSIVE, reason)
    reason = "Every entry agrees with the numerical derivative."
    if kinked.any():
        reason = "Every entry agrees; at a kink, it lies between the slopes on the two sides."
    elif task.size and flat:
        reason = "Every entry agrees, but the function is flat here: try another point, too."
    return report(RIGHT, reason)


def _hides_errors(comparison: Comparison) -> bool:
    """Whether an error that counts beside the largest entry is allowed because of rounding."""
    largest = np.abs(comparison.expected).max()
    rounding = comparison.allowed - comparison.bound
    hidden = (comparison.error <= comparison.allowed) & (
        comparison.error > COARSE * largest + comparison.bound
    )
    return bool(np.any(hidden) and largest > 0.01 * rounding.max())


def _judged(
    task: Task, answers: list[Answer], extras: list[Arguments], slack: list[np.ndarray] | None
) -> list[tuple[Comparison, bool]]:
    return [pair for a, e in zip(answers, extras, strict=True) for pair in task.compare(a, e, slack)]


def _refuted(task: Task, answer: Answer, extra: Arguments, kinked: np.ndarray) -> str | None:
    """Whether the entries of a result at a kink are wrong together; see `kinks`."""
    weights = np.random.default_rng(6).uniform(1.0, 2.0, task.values.shape)
    if task.kind == "gradient":
        weights = np.ones(task.values.shape)
    elif task.kind == "vjp":
        weights = np.asarray(extra[0], dtype=np.float64)

    def claimed(direction: np.ndarray) -> float | None:
        parts = task.split(direction)
        if task.kind == "jvp":
            try:
                total = call_program(task.program, (*copied(task.args), *parts), task.shapes())[0]
            except ViolationError:
                return None
        else:
            products = [np.tensordot(a, d, axes=d.ndim) for a, d in zip(answer, parts, strict=True)]
            total = np.sum(products, axis=0)
        return float(np.vdot(weights, total) if task.kind in ("jvp", "jacobian") else total)

    sizes = [
        np.tensordot(np.abs(weights), np.abs(j.value), axes=weights.ndim).ravel() for j in task.jacobians
    ]
    return refuted(task.point(weights), claimed, kinked, np.concatenate(sizes))


def named(
    task: Task, actual: Answer, extra: Arguments, rng: np.random.Generator, context: Context
) -> list[Finding]:
    """Name the mistake. A name must fit at three points: this one and two nearby."""
    points = [(actual, task.expected(extra), (*task.block.whole(task.args), *extra))]
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
        points.append((theirs, other.expected(vectors), (*other.block.whole(other.args), *vectors)))
        variations.append(other.variations(vectors, context.functions))
    if len(points) < 2:
        return []
    actual_ones, expected_ones, arguments = zip(*points, strict=True)
    known = replace(context, arguments=arguments, variations=variations, names=task.names)
    found = diagnose(actual_ones, expected_ones, known)
    return found or ([] if task.block.axes else locate([p[:2] for p in points], task.names))


def name_shapes(
    task: Task, violation: ViolationError, extras: list[Arguments], rng: np.random.Generator, context: Context
) -> Report:
    """Report a result that cannot be compared; a wrong shape may still show what was forgotten."""
    finding = violation.finding
    report = Report(WRONG, finding.sentence, [finding], evaluations=task.evaluations)
    if finding.name == "wrong shape" and task.size <= LARGE:
        task.differentiate()
        nothing = np.zeros(0)
        report.comparisons = [
            Comparison(name, a, e, nothing, nothing, np.ones(e.shape, dtype=bool))
            for name, a, e in zip(task.names.results, violation.answer, task.expected(extras[0]), strict=True)
            if a.shape != e.shape
        ]
        report.search = lambda: [*named(task, violation.answer, extras[0], rng, context), finding]
        report.evaluations = task.evaluations
    return report


def of_sum_and_zero(task: Task, extras: list[Arguments]) -> list[Answer]:
    """For a product with a Jacobian: the results for `LARGER` times the sum of the two vectors, and for 0."""
    if task.kind not in ("vjp", "jvp"):
        return []
    both = tuple(LARGER * (a + b) for a, b in zip(*extras, strict=True))
    nothing = tuple(0 * a for a in extras[0])
    answers = []
    for vectors, what in ((both, f"a vector of size {LARGER}"), (nothing, "the vector 0")):
        try:
            arguments = (*copied(task.args), *copied(vectors))
            answers.append(call_program(task.program, arguments, task.shapes(), task.names))
        except ViolationError as violation:
            finding = violation.finding
            sentence = f"{finding.sentence} This is for {what}."
            raise ViolationError(Finding(finding.name, sentence), violation.answer) from None
    return answers


def nonlinear(
    task: Task, extras: list[Arguments], answers: list[Answer], sums: list[Answer]
) -> Finding | None:
    """Test that a product with a Jacobian is linear in the vector: additive, and zero for zero."""
    sizes = tuple(np.abs(a) + np.abs(b) for a, b in zip(*extras, strict=True))
    roundings: list[Any] = [0.0] * len(answers[0])
    if task.jacobians:
        roundings = task.contracted([j.rounding * (task.eps / EPS) for j in task.jacobians], sizes)
    for one, other, both, nothing, rounding in zip(*answers, *sums, roundings, strict=True):
        size = float(np.abs(one).max(initial=0.0)) + float(np.abs(other).max(initial=0.0))
        allowed = max(1e4 * task.eps, 1e-5) * size + rounding  # the comparison finds smaller errors
        if np.any(np.abs(nothing) > allowed):
            if np.all(np.abs(one - nothing) <= allowed) and np.all(np.abs(one - other) <= allowed):
                return Finding("ignores upstream", "It does not depend on the vector.")
            return Finding("not linear", "The result is not linear in the vector: for zero it is not zero.")
        if np.any(np.abs(both / LARGER - one - other) > allowed):
            sentence = (
                f"The result is not linear in the vector: f({LARGER}(u + v)) is not {LARGER}(f(u) + f(v))."
            )
            return Finding("not linear", sentence)
    return None
