import secrets
from dataclasses import replace

import numpy as np
import pytest

import autograder.verify as verification
from autograder.builder.sources import read_problem
from autograder.errors import FellShortError
from autograder.hidden_checks import hidden
from autograder.mistakes import Entry, entries
from autograder.settings import assignment_names, read_settings

# Questions whose mistakes are quick to name (problem 4 has none); `homework verify` runs all questions.
SAMPLE = {
    "autodiff": ["q1a", "q1d", "q1h", "q2b", "q2e"],
    "backprop": ["q3b", "q5a", "q5c"],
}
# Mistakes that only take too long.
SLOW = {
    "q2f": "visits every path, and drops what it has listed already",
    "q2g": "follows every path by itself",
    "q3f": "a Python loop over the batch",
    "q5d": "starts at the input again for every block",
}


@pytest.mark.parametrize(("assignment", "questions"), SAMPLE.items())
def test_every_mistake_of_a_sample_of_questions_is_caught_and_named(assignment, questions):
    answers = [p for name in read_settings(assignment).problems for p in entries(name)]
    results = [verification.grade_entry(assignment, p) for p in answers if p.question in questions]
    assert [f"{o.name}: {o.fault}" for o in results if o.fault] == []
    assert {o.question for o in results} == set(questions)


@pytest.mark.parametrize(("question", "mistake"), SLOW.items())
def test_a_mistake_that_takes_too_long_loses_points(question, mistake):
    (assignment, problem) = next((a, p) for a, p in PROBLEMS if p[1] == question[1])
    (entry,) = [p for p in entries(problem) if (p.question, p.name) == (question, mistake)]
    problems, checks = verification._prepared(assignment)
    names = verification.namespace([p for p in problems if p.name == problem])
    verification.execute(entry.source, names)
    result = verification.EntryResult(mistake, question)
    assert verification.grade(result, names, {question: checks[question]}).lost[question] > 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("assignment", assignment_names())
def test_every_mistake_is_caught_and_named_and_no_right_answer_fails(assignment):
    verified = verification.verify(assignment)
    assert [f"{o.name}: {o.fault}" for o in verified.faults] == []
    assert len({o.name + o.question for o in verified.mistakes}) == len(verified.mistakes)
    assert sum(o.named for o in verified.mistakes) >= 0.7 * len(verified.mistakes)
    for result in verified.mistakes:
        for messages in result.messages.values():
            assert all(len(m.split()) >= 5 for m in messages)


@pytest.mark.secrets
@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("assignment", assignment_names())
def test_verify_passes_with_any_secret(assignment, number, monkeypatch):
    """Each run has a new secret. To repeat a failure, write the secret into `secret.txt`."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # as in the command, which has a process per core
    secret = secrets.token_hex(8)
    result = verification.verify(assignment, secret)
    faults = [f"{o.question}, {o.name}: {o.fault}" for o in result.faults]
    assert faults == [], f"the secret is {secret}"


PROBLEMS = [(a, p) for a in assignment_names() for p in read_settings(a).problems]


def graded(question, source, right=False, **stated):
    return verification.grade_entry("backprop", Entry(question, "an entry", right, source, **stated))


RIGHT = "def softmax(z):\n    e = np.exp(z - z.max())\n    return e / e.sum()"
WRONG = "def softmax(z):\n    return z"


def test_a_right_answer_among_the_mistakes_is_a_fault():
    assert graded("q3a", RIGHT).fault == "loses no point"


def test_a_wrong_answer_among_the_variants_is_a_fault():
    assert graded("q3a", WRONG, right=True).fault.startswith("loses points in q3a")


def test_a_mistake_that_costs_points_in_an_unrelated_question_is_a_fault():
    both = "def log_softmax(z):\n    return z\ndef softmax_jacobian(z):\n    return z"
    assert graded("q3b", both).fault.startswith(
        "also loses points in q3c, q3d; if they may call its function, declare uses("
    )


IN_PLACE = "def relu_vjp(z, u):\n    d = 1.0 * u\n    d[z <= 0] = 0\n    u[:] = d\n    return d"
IN_FLOAT64 = "def relu_vjp(z, u):\n    return np.where(z > 0, u, 0.0).astype(float)"


@pytest.mark.parametrize(
    ("source", "says", "fails", "costs"),
    [
        (IN_PLACE, "changes its argument u", "relu_no_traces", 0.5),
        (IN_FLOAT64, "float64", "relu_dtypes", 0.5),
    ],
)
def test_one_fault_costs_one_check_and_wrong_statements_of_a_mistake_are_faults(source, says, fails, costs):
    def fault(**stated):
        return graded("q4d", source, says=says, **stated).fault

    assert fault(fails=(fails,), costs=costs) == ""
    assert fault(fails=(fails, "relu_extremes"), costs=costs) == (
        f"fails {fails}, but its fails= states {', '.join(sorted([fails, 'relu_extremes']))}"
    )
    assert fault(fails=(fails,), costs=0.25) == f"costs {costs:g} points, but its costs= states 0.25 at most"
    assert fault().startswith(f"fails only {fails}; state this with fails=")


BELOW_99 = "def softmax(z):\n    p = np.exp(z - z.max())\n    return p / p.sum() if len(z) < 99 else p"


def test_a_mistake_that_passes_all_public_checks_must_state_words_of_the_question_that_warn_of_it():
    assert graded("q3a", BELOW_99).fault.startswith("passes all public checks; add one that")
    words = "as large as $\\pm 10^4$"
    assert graded("q3a", BELOW_99, hidden_only="forty classes").fault == (
        "the text of q3a does not say 'forty classes'"
    )
    assert "public" not in graded("q3a", BELOW_99, hidden_only=words).fault
    assert graded("q3a", WRONG, hidden_only=words).fault == "fails a public check, so remove its hidden_only="


def test_every_check_of_changed_arrays_has_a_mistake_that_fails_only_it():
    checks = [c for a in assignment_names() for cs in verification._prepared(a)[1].values() for c in cs]
    about = {(c.question, c.name) for c in checks if c.name.endswith("no_traces")}
    stated = {(p.question, *p.fails) for a, name in PROBLEMS for p in entries(name) if p.fails}
    assert all(not c.hidden for c in checks if c.name.endswith("no_traces"))
    assert about - stated == {("q1f", "rules_no_traces")}  # on numbers, a changed Dual is a wrong value too


def test_a_check_that_raises_an_unexpected_error_is_named(monkeypatch):
    problems, checks = verification._prepared("backprop")

    def broken(softmax):
        raise KeyError("oops")

    changed = {"q3a": [replace(checks["q3a"][0], function=broken)]}
    with pytest.raises(
        FellShortError, match=r"positive_and_sum_to_one of q3a raised KeyError\('oops'\) on 'x'"
    ):
        verification.grade(verification.EntryResult("x", "q3a"), verification.namespace(problems), changed)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(("assignment", "problem"), PROBLEMS)
def test_another_secret_fails_no_right_answer_and_passes_no_wrong_one(assignment, problem, step, monkeypatch):
    """Of all right answers and every fifth wrong one, every `step`-th."""
    problems, checks = verification._prepared(assignment)
    (one,) = [p for p in problems if p.name == problem]
    checks = {q.name: checks[q.name] for q in one.questions if not q.manual}
    monkeypatch.setattr(hidden, "secret", f"another secret for {problem}")
    right = [entry for entry in entries(problem) if entry.right]
    wrong = [entry for entry in entries(problem) if not entry.right][::5]
    for entry in (right + wrong)[::step]:
        names = verification.namespace([one])
        verification.execute(entry.source, names)
        lost = {}
        for check in [c for q, cs in checks.items() if entry.right or q == entry.question for c in cs]:
            result = verification.EntryResult(entry.name, entry.question)
            lost |= verification.grade(result, names, {check.question: [check]}).messages
            if lost:
                break
        assert bool(lost) != entry.right, (entry.name, lost)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_variants_agree_with_the_reference_on_float32_and_on_views(dtype):
    problems = [read_problem("p3_linear_layer")]
    rng = np.random.default_rng(5)
    W, b, x = (rng.normal(size=(2 * n, 2 * m)).astype(dtype)[::2, ::2] for n, m in ((3, 4), (1, 3), (1, 4)))
    X = rng.normal(size=(10, 8)).astype(dtype)[::2, ::2]
    arguments = {
        "q3a": (b[0],),
        "q3b": (b[0],),
        "q3c": (b[0],),
        "q3d": (W, b[0], x[0], 1),
        "q3e": (W, b[0], x[0], 1),
        "q3f": (W, b[0], X, np.array([0, 2, 1, 1, 0])),
    }
    for entry in entries("p3_linear_layer"):
        if entry.right:
            ours, theirs = verification.namespace(problems), verification.namespace(problems)
            verification.execute(entry.source, theirs)
            name = entry.source.partition("def ")[2].partition("(")[0]
            expected, actual = (names[name](*arguments[entry.question]) for names in (ours, theirs))
            pairs = (
                zip(expected, actual, strict=True) if isinstance(expected, tuple) else [(expected, actual)]
            )
            for one, other in pairs:
                assert np.allclose(one, other, rtol=1e-5 if dtype == np.float32 else 1e-12)
                assert np.asarray(other).dtype == dtype or entry.question == "q3d"
