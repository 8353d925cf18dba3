"""Graded results name a mistake by what the function does, however it is written."""

import pytest

from autograder.builder.sources import read_problem
from autograder.hidden_checks import hidden, run
from autograder.mistakes import entries
from autograder.mistakes.naming import mistake_in
from autograder.verify import execute, namespace
from checking import CheckFailure, NotAttempted
from checking.boundary import Submission
from public_checks import public

PROBLEM = "p3_linear_layer"

NO_SHIFT = "the largest logit is not subtracted, so that exp overflows"
REWRITTEN = [
    (
        "q3a",
        NO_SHIFT,
        """
def softmax(z):
    total = sum(np.exp(t) for t in z)
    return np.array([np.exp(t) for t in z]) / total
""",
    ),
    (
        "q3a",
        NO_SHIFT,
        """
def softmax(z):
    powers = np.exp(z)
    return powers * (1 / np.sum(powers))
""",
    ),
    (
        "q3b",
        "the whole has the wrong sign",
        """
def softmax_jacobian(z):
    p = softmax(z)
    return -(np.eye(len(p), dtype=p.dtype) * p - p[:, None] * p)
""",
    ),
    (
        "q3e",
        "dW is transposed",
        """
def nll_gradients(W, b, x, y):
    delta = np.exp(log_softmax(b + W.dot(x)))
    delta[y] -= 1
    return np.einsum("j,i->ji", x, delta), delta.copy()
""",
    ),
    (
        "q3e",
        "the label is off by one",
        """
def nll_gradients(W, b, x, y):
    p = softmax(W @ x + b)
    delta, before = p.copy(), (y - 1) % len(p)
    delta[before] = p[before] - 1
    return delta[:, None] * x, delta
""",
    ),
    (
        "q3f",
        "a Python loop over the batch",
        """
def batch_nll_gradients(W, b, X, y):
    found = [nll_gradients(W, b, X[n], y[n]) for n in range(len(y))]
    dW, db = (np.mean([f[i] for f in found], axis=0) for i in (0, 1))
    return dW, db
""",
    ),
    # Wrong in ways that the catalogue does not have.
    (
        "q3e",
        None,
        """
def nll_gradients(W, b, x, y):
    db = softmax(W @ x + b)
    db[y] -= 1
    return 3 * np.outer(db, x), db
""",
    ),
    ("q3a", None, "def softmax(z):\n    return np.random.default_rng(0).random(len(z))"),
    ("q3d", None, "def nll_loss(W, b, x, y):\n    raise ValueError('no')"),
]
MINUS = "def nll_loss(W, b, x, y):\n    return log_softmax(W @ x + b)[y]"


def submission(source):
    names = namespace([read_problem(PROBLEM)])
    execute(source, names)
    return names


def checks(question):
    return public.checks(question) + hidden.checks(question)


@pytest.mark.parametrize(("question", "name", "source"), REWRITTEN)
def test_a_mistake_is_recognised_by_what_it_does(question, name, source):
    assert mistake_in(question, checks(question), Submission(submission(source))) == name


def failures(source, question, run_one=run):
    found = []
    names = submission(source)
    for check in hidden.checks(question):
        try:
            run_one(question, check.name, names)
        except CheckFailure as failure:
            found.append(failure)
    return found


def test_hidden_checks_end_their_messages_with_the_name():
    found = failures(MINUS, "q3d")
    assert found
    ending = "This is what comes out with the mistake: the minus sign is missing."
    assert all(str(failure).endswith(ending) for failure in found)


def test_a_message_without_a_known_mistake_is_as_it_was():
    source = "def nll_loss(W, b, x, y):\n    return 2.5"
    found = failures(source, "q3d")
    assert found
    assert not any("mistake" in str(f) for f in found)
    assert list(map(str, found)) == list(map(str, failures(source, "q3d", hidden.run)))


def test_what_is_not_attempted_is_no_mistake():
    source = "def nll_loss(W, b, x, y):\n    raise NotImplementedError('Question 3(d)')"
    assert {type(f) for f in failures(source, "q3d")} == {NotAttempted}


@pytest.mark.parametrize(
    "name", ["contributions are added in place, into upstream too", "in place, with a copy of upstream only"]
)
def test_a_mistake_is_recognised_by_an_array_in_a_tuple_that_it_changes(name):
    (mistake,) = [p for p in entries("p2_modes") if p.name == name]
    names = namespace([read_problem("p2_modes")])
    execute(mistake.source, names)
    (check,) = [c for c in public.checks("q2g") if c.name == "gradients_of_small_graphs"]
    assert mistake_in("q2g", [check], Submission(names)) == name
