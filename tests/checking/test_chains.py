import numpy as np
import pytest

from checking import Incorrect, NotAttempted, Raised, Submission
from checking.chains import Chain, expect_on, expect_passes, expect_sweeps

X, V = np.array([0.3, -0.2]), np.array([1.0, 2.0])
SWEEP = "for f, jvp, _ in layers:\n        x, v = f(x), jvp(x, v)\n    return v"


@pytest.fixture
def chain():
    return Chain.random(np.random.default_rng(0), (2, 3, 2))


def product(body):
    """A student's function with this body."""
    names = {"np": np}
    exec(f"def product(layers, x, v):\n    {body}", names)
    return Submission(names).function("product")


def called(chain, body):
    return expect_on(product(body), chain, "jvp", x=X, v=V)


def test_a_sweep_gives_the_derivative_and_no_complaint(chain):
    answer = called(chain, SWEEP)
    expect_sweeps(answer, chain, "jvp", 1)
    expect_passes(answer, chain, 1, last=1)
    answer.close(chain.jacobian(X) @ V, within=1e-8)
    assert np.array_equal(chain.starts(), [V])


def test_the_two_products_of_a_layer_belong_together(chain):
    _, jvp, vjp = chain.layers[0]
    u = np.array([1.0, -1.0, 0.5])
    assert u @ jvp(X, V) == pytest.approx(vjp(X, u) @ V)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("layers[0][1](layers[0][0](x)[:2], v)", "a point that is not a value of this chain"),
        ("layers[0][1](x + 1e-6, v)", "a nearby point, as in a finite difference"),
        ("layers[0][1](layers[1][0](layers[0][0](x)), v)", "the output of the whole chain"),
    ],
)
def test_a_chain_complains_of_a_call_at_another_point(chain, body, place):
    with pytest.raises(Incorrect, match=f"the jvp of layer 0 is called at {place}"):
        called(chain, body)


def test_a_chain_complains_of_the_other_mode(chain):
    with pytest.raises(Incorrect, match="the vjp of layer 1 is called; this mode needs the jvp"):
        called(chain, "layers[1][2](layers[0][0](x), v)")


def test_a_complaint_goes_before_what_the_function_raises(chain):
    with pytest.raises(Incorrect, match="the vjp of layer 1 is called"):
        called(chain, "layers[1][2](layers[0][0](x), v); 1 / 0")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "layers[1][1](layers[0][0](x), v)",
            r"as v; it got an array of shape \(2,\). The jvp of a layer takes",
        ),
        ("layers[1][0](x)", r"the f of layer 1 takes an array of shape \(3,\) as x"),
        ("layers[0][0]([1.0, 2.0])", "it got a list of 2"),
        ("layers[0][1](x)", "takes x and v; it got 1 arguments"),
    ],
)
def test_a_layer_raises_for_arguments_that_make_no_sense(chain, body, message):
    with pytest.raises(Raised, match=message):
        called(chain, body)


def test_what_is_not_attempted_stays_so(chain):
    with pytest.raises(NotAttempted):
        called(chain, "raise NotImplementedError('Question 2(a)')")


def test_calls_are_counted(chain):
    answer = called(chain, f"layers[0][0](x)\n    {SWEEP}")
    with pytest.raises(Incorrect, match="the f of layer 0 is called twice; once is enough"):
        expect_passes(answer, chain, 1)
    with pytest.raises(Incorrect, match="called once; 2 sweeps need 2 calls"):
        expect_sweeps(answer, chain, "jvp", 2)
    with pytest.raises(Incorrect, match="the vjp of layer 0 is never called"):
        expect_sweeps(answer, chain, "vjp", 1)


def test_f_of_the_last_layer_may_be_left_out(chain):
    answer = called(chain, "return layers[1][1](layers[0][0](x), layers[0][1](x, v))")
    expect_passes(answer, chain, 1)
    with pytest.raises(Incorrect, match="the f of layer 1 is never called"):
        expect_passes(answer, chain, 1, last=1)
