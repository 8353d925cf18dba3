"""Problem 3, the public checks. They hold an answer against identities and numerical derivatives."""

from functools import partial

import numpy as np

from checking import (
    expect,
    expect_about,
    expect_derivative,
    expect_dtypes,
    expect_few_lines,
    expect_no_traces,
)
from checking.hints import hint_for
from checking.networks import (
    LARGE,
    LESS,
    LOGITS,
    OTHER_LAYER_LOSSES,
    draw_layer,
    expect_no_division_by_p,
    expect_no_overflow,
    expect_unmoved,
    layer_loss,
    probabilities,
    slope_of,
)
from public_checks import check, uses

uses("q3b", "q3a")
uses("q3d", "q3a", "q3c")
uses("q3e", "q3a", "q3b", "q3d")
uses("q3f", "q3a", "q3d", "q3e")


def mean_loss(W, b, X, y):
    return np.mean([layer_loss(W, b, x, i) for x, i in zip(X, y, strict=True)])


# 3(a)


@check("q3a", "the probabilities are positive and sum to one, for large logits too", points=1)
def positive_and_sum_to_one(softmax):
    for z in (*LOGITS, LARGE):
        answer = expect(softmax, z=z)
        expect_no_overflow(answer, len(z))
        p = answer.array(len(z))
        if np.any(p < 0) or (z is not LARGE and np.any(p == 0)):
            raise answer.wrong("every probability should be positive, as powers of e are.")
        off = p.sum() - 1
        if abs(off) > 1e-12:
            cause = "is the denominator the sum over all classes?"
            if abs(off) < 1e-5:
                cause = "is a small number added, or something rounded?"
            elif z is LARGE:
                cause = "it is 1 for small logits; does exp overflow?"
            raise answer.wrong(f"the probabilities should sum to 1; yours are off by {off:.2g}: {cause}")


@check("q3a", "two probabilities stand in the ratio exp(z_i - z_j)", points=1)
def ratios(softmax):
    for z in LOGITS:
        answer = expect(softmax, z=z)
        p = answer.array(len(z))
        if not np.allclose(p, p[0] * np.exp(z - z[0]), rtol=1e-9, atol=0):
            turned = np.allclose(p, p[0] * np.exp(z[0] - z), rtol=1e-9, atol=0)
            yours = "yours is exp(z_j - z_i), as if the sign of z were wrong" if turned else "yours is not"
            raise answer.wrong(f"p_i / p_j should be exp(z_i - z_j) for all i and j; {yours}.")
    answer = expect(softmax, z=LARGE)
    p = answer.array(3)
    if not np.isclose(p[1], p[0] / np.e, rtol=1e-9, atol=0):
        raise answer.wrong("p_1 / p_0 should be exp(-1), as for small logits: are large ones cut off?")


@check("q3a", "softmax changes neither its argument nor an earlier result", points=0.5)
def no_traces(softmax, program, rng):
    for k in (5, 2):
        z, other = rng.normal(size=(2, k))
        expect_no_traces(softmax, program, {"z": z}, {"z": other}).close(probabilities(z))


@check("q3a", "float32 gives float32, and integers give float64", points=0.25)
def dtypes(softmax):
    expect_dtypes(softmax, probabilities, z=np.array([2, -1, 0]))


# 3(b)


def other_jacobians(z):
    """Wrong Jacobians, each under a sentence for the mistake."""
    p = probabilities(z)
    return {
        "your entry [i, j] is p_j (delta_ij - p_j): broadcasting takes p as a row. The factor p_i needs a "
        "column, and p_i p_j is an outer product.": p * (np.eye(len(p)) - p),
        "p @ p is a single number, the sum of the squares. The products p_i p_j of all pairs are an outer "
        "product.": np.diag(p) - p @ p,
        "you subtract p_j where p_i p_j belongs: the second term needs an outer product.": np.diag(p) - p,
        "the diagonal has p_i^2, not p_i: is p multiplied by itself?": np.diag(p**2) - np.outer(p, p),
    }


@check("q3b", "the Jacobian is the numerical derivative of the softmax", points=0.75)
def jacobian_is_the_derivative(softmax_jacobian):
    instead = {"log p, not p": lambda z: np.log(probabilities(z))}
    for z in LOGITS:
        hints = partial(other_jacobians, z)
        expect_derivative(
            "jacobian", probabilities, softmax_jacobian, z=z, reveal=True, instead=instead, hints=hints
        )


@check("q3b", "the Jacobian is symmetric, its rows sum to zero, its diagonal is positive", points=1)
def jacobian_has_its_symmetries(softmax_jacobian):
    for z in LOGITS:
        answer = expect(softmax_jacobian, z=z)
        J = answer.array(len(z), len(z))
        if np.any(np.diag(J) <= 0):
            raise answer.wrong("dp_i / dz_i should be positive: a larger logit, a larger probability.")
        if np.abs(J.sum(axis=1)).max() > 1e-12:
            raise answer.wrong("rows should sum to 0: equal steps in all logits change nothing.")
        if np.abs(J - J.T).max() > 1e-12:
            raise answer.wrong("the Jacobian should be symmetric; yours is not.")


@check("q3b", "equal steps in all logits, however large, change nothing", points=0.25)
def jacobian_of_large_logits(softmax_jacobian):
    expect_unmoved(expect(softmax_jacobian, z=LARGE), expect(softmax_jacobian, z=LESS), 3, 3)


@check("q3b", "softmax_jacobian changes neither its argument nor an earlier result", points=0.5)
def jacobian_no_traces(softmax_jacobian, program, rng):
    for k in (5, 2):
        z, other = rng.normal(size=(2, k))
        expect_no_traces(softmax_jacobian, program, {"z": z}, {"z": other})
    expect_derivative("jacobian", probabilities, softmax_jacobian, z=z)


@check("q3b", "float32 gives float32, and integers give float64", points=0.25)
def jacobian_dtypes(softmax_jacobian):
    expect_dtypes(softmax_jacobian, partial(slope_of, probabilities, wrt=0), z=np.array([1, 0, -2]))


# 3(c)


@check("q3c", "exp of the result sums to one", points=0.75)
def normalised(log_softmax):
    for z in (*LOGITS, LARGE):
        answer = expect(log_softmax, z=z)
        if answer.is_array(len(z)) and np.isneginf(answer.value).any() and np.isfinite(answer.value).any():
            raise answer.wrong(
                "the result is -inf for the smallest logit, whose probability is 0 as a float. Find the "
                "logarithm without computing the probability."
            )
        expect_no_overflow(answer, len(z))
        log_p = answer.array(len(z))
        total = np.exp(log_p).sum()
        if abs(total - 1) > 1e-12:
            said = f"exp of the result should sum to 1; yours is off by {total - 1:.2g}."
            if abs(total - 1) < 1e-5:
                said += " That is little: is a small number added inside the logarithm, or something rounded?"
            elif np.ptp(log_p - z) < 1e-9:
                said += f" All entries are off by the same number, {np.log(total):.6g}: what do you subtract?"
            raise answer.wrong(said)


@check("q3c", "two entries differ by as much as their logits, for large logits too", points=0.75)
def differences(log_softmax):
    for z in (*LOGITS, LARGE):
        answer = expect(log_softmax, z=z)
        log_p = answer.array(len(z))
        mine, right = log_p - log_p[0], z - z[0]
        if np.allclose(mine, right, rtol=1e-9, atol=1e-9):
            continue
        factor = mine[1] / right[1]
        yours = f"{factor:.5g} times that" if np.allclose(mine, factor * right, rtol=1e-9) else "not"
        if factor < 0:
            yours += ": a sign is wrong."
        elif z is LARGE:
            yours += " for large logits: is p cut off, or a small number added to it?"
        else:
            yours += "."
        raise answer.wrong(f"log p_i - log p_j should be z_i - z_j for all i and j; yours is {yours}")


@check("q3c", "log_softmax changes neither its argument nor an earlier result", points=0.5)
def log_no_traces(log_softmax, program, rng):
    for k in (5, 2):
        z, other = rng.normal(size=(2, k))
        answer = expect_no_traces(log_softmax, program, {"z": z}, {"z": other})
        answer.close(np.log(probabilities(z)), rounding=10)


@check("q3c", "float32 gives float32, and integers give float64", points=0.25)
def log_dtypes(log_softmax):
    expect_dtypes(log_softmax, lambda z: np.log(probabilities(z)), z=np.array([0, 3, -1]))


# 3(d)


@check("q3d", "without weights and biases every label costs log k", points=0.5)
def loss_without_weights(nll_loss):
    for k in (2, 3, 10):
        answer = expect(nll_loss, W=np.zeros((k, 2)), b=np.zeros(k), x=np.array([1.0, 2.0]), y=k - 1)
        loss = answer.array()
        for wrong, cause in (
            (-np.log(k), "is the minus sign missing?"),
            (k * np.log(k), "is it summed over all labels?"),
            (-1 / k, "that is -p: is the logarithm missing?"),
        ):
            if np.isclose(loss, wrong, rtol=1e-9):
                raise answer.wrong(
                    f"the result should be log {k} = {np.log(k):.6g}; yours is {loss:.6g}: {cause}"
                )
        answer.close(np.log(k), reveal=True)


@check("q3d", "without weights, the losses of two labels differ by as much as their biases", points=0.5)
def loss_follows_the_bias(nll_loss):
    for b in (np.array([1.0, -2.0, 0.5]), np.array([0.0, -800.0, 3.0]), LARGE):
        W, x = np.zeros((3, 2)), np.array([1.0, 2.0])
        answers = [expect(nll_loss, W=W, b=b, x=x, y=y) for y in range(3)]
        expect_no_overflow(answers[0])
        if np.shape(answers[1].value) == () and answers[1].value == np.inf:
            raise answers[1].wrong(
                "the result is inf, the logarithm of a probability that is 0 as a float. Find the logarithm "
                "without computing the probability."
            )
        losses = np.array([float(answer.array()) for answer in answers])
        if not np.allclose(losses[0] - losses, b - b[0], rtol=1e-9):
            without_b = np.allclose(losses, np.log(3), rtol=1e-9)
            same = "is b left out?" if without_b else "which log-probability is that of the label?"
            hints = {
                f"All three labels cost the same: {same}": 0 * b,
                "Yours is the loss of the label before: is it off by one?": np.roll(b, 1) - b[-1],
            }
            cut_off = "" if b.min() > -3 else "It is right for small biases: is a probability cut off?"
            hint = hint_for(losses[0] - losses, hints) or cut_off
            raise answers[1].wrong(
                f"loss_i - loss_j should be b_j - b_i for all labels; yours is not. {hint}"
            )


@check("q3d", "exp(-loss), summed over all labels, is one", points=0.5)
def loss_is_a_log_likelihood(nll_loss, rng):
    whole = {"W": np.array([[1, 0], [-2, 1], [0, 3]]), "b": np.array([2, 0, -1]), "x": np.array([1, -1])}
    for given in (draw_layer(rng, 4, 3), whole):
        likelihoods = []
        for y in range(len(given["b"])):
            answer = expect(nll_loss, **given, y=y)
            loss = answer.array()
            if loss < 0:
                raise answer.wrong(
                    f"a probability is at most 1, so the loss is at least 0; yours is {loss:.4g}."
                )
            likelihoods.append(float(np.exp(-loss)))
        off = sum(likelihoods) - 1
        if abs(off) > 1e-12:
            raise answer.wrong(f"summed over y, exp(-loss) should be 1; yours is off by {off:.2g}.")


@check("q3d", "nll_loss changes none of its arguments", points=0.5)
def loss_no_traces(nll_loss, program, rng):
    first, other = draw_layer(rng, 3, 4), draw_layer(rng, 3, 4)
    for y in range(3):
        answer = expect_no_traces(nll_loss, program, first | {"y": y}, other | {"y": y})
        answer.close(layer_loss(**first, y=y), rounding=10)


# 3(e)


def expect_loss_gradients(loss, function, **given):
    """Expect dW and db to be the numerical derivatives of the loss."""
    expect_derivative("gradient", loss, function, ("dW", "db"), wrt=(0, 1), **given)


@check("q3e", "the gradients are the numerical derivatives of the loss", points=1.5)
def gradients_are_the_derivatives(nll_gradients, rng):
    for k, d, y in ((3, 2, 2), (2, 3, 0)):
        given = {**draw_layer(rng, k, d), "y": y}
        dW, db = expect(nll_gradients, **given).parts("dW", "db")
        if db.is_array(k) and dW.is_array(k, d) and np.allclose(dW.value.T, db.value):
            raise dW.wrong("every column of dW is db: the factor x_j of the chain rule is missing.")
        expect_loss_gradients(layer_loss, nll_gradients, reveal=True, instead=OTHER_LAYER_LOSSES, **given)


@check("q3e", "db and the columns of dW sum to zero, and db is negative at the label only", points=1)
def gradients_balance(nll_gradients, rng):
    given = draw_layer(rng, 4, 3)
    for y in range(4):
        dW, db = expect(nll_gradients, **given, y=y).parts("dW", "db")
        g, G = db.array(4), dW.array(4, 3)
        if abs(g.sum()) > 1e-12:
            close = " They nearly do: is db an approximation?" if abs(g.sum()) < 1e-6 else ""
            raise db.wrong(f"the entries of db should sum to 0; yours do not.{close}")
        if not np.array_equal(g < 0, np.arange(4) == y):
            raise db.wrong("db should be negative at y, the label, and positive elsewhere.")
        if not G.any() or np.abs(G.sum(axis=0)).max() > 1e-12:
            raise dW.wrong("dW must not be zero, but each of its columns should sum to 0.")


@check("q3e", "equal steps in all biases, however large, change nothing", points=0.25)
def gradients_of_large_logits(nll_gradients):
    W, x = np.zeros((3, 2)), np.array([0.5, -1.0])
    for y in (0, 1):
        expect_unmoved_gradients(nll_gradients, W=W, b=LESS, x=x, y=y)
    for part, shape in zip(
        dW_and_db(expect(nll_gradients, W=W, b=LESS, x=x, y=2)), ((3, 2), (3,)), strict=True
    ):
        expect_no_division_by_p(part, *shape)


def expect_unmoved_gradients(function, **given):
    large, less = (expect(function, **given | {"b": b}).parts("dW", "db") for b in (LARGE, LESS))
    expect_unmoved(large[0], less[0], 3, 2)
    expect_unmoved(large[1], less[1], 3)


@check("q3e", "nll_gradients changes neither an argument nor an earlier result", points=0.5)
def gradients_no_traces(nll_gradients, program, rng):
    for k, d in ((3, 4), (2, 2)):
        first, other = ({**draw_layer(rng, k, d), "y": 1} for _ in range(2))
        expect_no_traces(nll_gradients, program, first, other)
    expect_loss_gradients(layer_loss, nll_gradients, **first)


@check("q3e", "float32 gives float32, and integers give float64", points=0.25)
def gradients_dtypes(nll_gradients):
    W, b, x = np.array([[1, 0], [-2, 1], [0, 3]]), np.array([2, 0, -1]), np.array([1, -1])
    expect_dtypes(nll_gradients, partial(slopes_of, layer_loss), dW_and_db, W=W, b=b, x=x, y=1)


def dW_and_db(answer):
    return answer.parts("dW", "db")


def slopes_of(loss, *given):
    """The numerical derivatives of a loss with respect to W and b."""
    return {"dW": slope_of(loss, *given, wrt=0), "db": slope_of(loss, *given, wrt=1)}


# 3(f)


def draw_batch(rng, k, d, N):
    return {
        "W": rng.normal(size=(k, d)),
        "b": rng.normal(size=k),
        "X": rng.normal(size=(N, d)),
        "y": np.arange(N) % k,
    }


@check("q3f", "the gradients are the numerical derivatives of the mean loss", points=0.75)
def batch_gradients_are_the_derivatives(batch_nll_gradients, rng):
    def every_label(W, b, X, y):
        labels = set(y.tolist())
        logits = [(W @ x + b)[[j for j in labels if j != i]].sum() for x, i in zip(X, y, strict=True)]
        return mean_loss(W, b, X, y) - np.mean(logits)

    others = {"each example has every label of the batch, not only its own": every_label}
    for k, d, N in ((3, 2, 3), (2, 3, 1)):
        given = draw_batch(rng, k, d, N)
        expect_loss_gradients(mean_loss, batch_nll_gradients, reveal=True, instead=others, **given)


@check("q3f", "a batch in another order, or written twice, has the same gradients", points=0.75)
def batch_order_does_not_matter(batch_nll_gradients, rng):
    W, b, X, y = draw_batch(rng, 3, 4, 5).values()
    dW, db = expect(batch_nll_gradients, W=W, b=b, X=X, y=y).parts("dW", "db")
    g, G = db.array(3), dW.array(3, 4)
    if not g.any() or not G.any():
        raise db.wrong("the gradients are zero; they must not be.")
    _, db_of_one = expect(batch_nll_gradients, W=W, b=b, X=X[:1], y=y[:1]).parts("dW", "db")
    if np.isin(db_of_one.array(3), (-1.0, 0.0, 1.0)).all():
        raise db_of_one.wrong("for one example db is all 0 and 1: are probabilities summed over the batch?")
    for order in (rng.permutation(5), np.tile(np.arange(5), 2)):
        again = expect(batch_nll_gradients, W=W, b=b, X=X[order], y=y[order]).parts("dW", "db")
        for part, expected in zip(again, (G, g), strict=True):
            if np.abs(part.array(*expected.shape) - expected).max() > 1e-12:
                raise part.wrong(
                    "the loss is a mean, so the same examples in another order, or all of them twice, "
                    f"should give the same {part.name}; yours changes."
                )


@check("q3f", "equal steps in all biases, however large, change nothing", points=0.25)
def batch_of_large_logits(batch_nll_gradients):
    X, y = np.array([[0.5, -1.0], [2.0, 1.0]]), np.array([0, 1])
    expect_unmoved_gradients(batch_nll_gradients, W=np.zeros((3, 2)), b=LESS, X=X, y=y)
    # Row 0 has logits of 2000 and row 1 of 1: no number is the largest of both.
    W, b, X = np.array([[2000.0, 0.0], [1000.0, 1.0]]), np.zeros(2), np.array([[1.0, 0.0], [0.0, 1.0]])
    dW, db = expect(batch_nll_gradients, W=W, b=b, X=X, y=y).parts("dW", "db")
    for part, shape in ((dW, (2, 2)), (db, (2,))):
        if part.is_array(*shape) and np.isnan(part.value).any():
            raise part.wrong(
                f"{part.name} is nan. The rows have logits of different sizes: subtract from each row its "
                "own largest."
            )
        part.array(*shape)


@check("q3f", "takes as many lines of Python for 2000 examples as for two", points=0.25)
def batch_in_few_lines(batch_nll_gradients, rng):
    given = draw_batch(rng, 3, 2, 20)
    right = slopes_of(mean_loss, *given.values())
    given["X"], given["y"] = np.tile(given["X"], (100, 1)), np.tile(given["y"], 100)  # this changes no mean
    asked = "Is there a loop over the batch? Compute with whole arrays."
    expect_about(dW_and_db(expect_few_lines(1000, asked, batch_nll_gradients, **given)), right)


@check("q3f", "float32 gives float32, and integers give float64", points=0.25)
def batch_dtypes(batch_nll_gradients):
    W, b, X = np.array([[1, 0], [-2, 1], [0, 3]]), np.array([2, 0, -1]), np.array([[1, -1], [0, 2]])
    given = {"W": W, "b": b, "X": X, "y": np.array([2, 0])}
    expect_dtypes(batch_nll_gradients, partial(slopes_of, mean_loss), dW_and_db, labels=["y"], **given)


@check("q3f", "batch_nll_gradients changes neither an argument nor an earlier result", points=0.5)
def batch_no_traces(batch_nll_gradients, program, rng):
    for k, d, N in ((3, 4, 5), (2, 3, 1)):
        first, other = draw_batch(rng, k, d, N), draw_batch(rng, k, d, N)
        expect_no_traces(batch_nll_gradients, program, first, other)
    expect_loss_gradients(mean_loss, batch_nll_gradients, **first)
