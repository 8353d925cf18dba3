"""The reference solution against the same formulas in extended precision, and a complex step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.p4_input import linear_vjp, mlp_gradients, mlp_loss, nll_input_gradient, relu_vjp, softmax_vjp

LONG = np.longdouble
STEP = LONG(1e-30)
logits_and_upstream = st.lists(
    st.tuples(st.floats(-1e4, 1e4), st.floats(-10, 10)), min_size=2, max_size=8
).map(np.array)


def long_softmax(z):
    powers = np.exp(z.astype(np.result_type(z, LONG)) - z.real.max())
    return powers / powers.sum()


def long_loss(weights, biases, x, y):
    h = x.astype(np.result_type(x, LONG))
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        h = W @ h + b
        h = np.where(h.real > 0, h, 0)
    return -np.log(long_softmax(weights[-1] @ h + biases[-1])[y])


def complex_step(f, a):
    """The gradient of the number f(a) in extended precision."""
    gradient = np.empty(a.shape)
    for index in np.ndindex(a.shape):
        moved = a.astype(np.clongdouble)
        moved[index] += 1j * STEP
        gradient[index] = f(moved).imag / STEP
    return gradient


@given(logits_and_upstream)
@settings(max_examples=200, deadline=None)
def test_the_product_with_the_jacobian_of_softmax_is_a_complex_step(pairs):
    z, u = pairs.T
    exact = complex_step(lambda z: u @ long_softmax(z), z)
    assert np.allclose(softmax_vjp(z, u), exact, rtol=1e-9, atol=1e-11 * np.abs(u).max())


@pytest.mark.parametrize("seed", range(20))
def test_the_gradient_by_the_input_is_a_complex_step(seed):
    rng = np.random.default_rng(seed)
    k, d = rng.integers(2, 6, size=2)
    W, b, x, y = rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=d), int(rng.integers(k))
    exact = complex_step(lambda x: long_loss([W], [b], x, y), x)
    assert np.allclose(nll_input_gradient(W, b, x, y), exact, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_the_products_of_layer_and_relu_are_complex_steps(seed):
    rng = np.random.default_rng(seed)
    k, d = rng.integers(1, 6, size=2)
    W, b, x, u = rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=d), rng.normal(size=k)
    dW, db, dx = linear_vjp(W, x, u)
    assert np.allclose(dW, complex_step(lambda W: u @ (W @ x + b), W), rtol=1e-12)
    assert np.allclose(db, complex_step(lambda b: u @ (W @ x + b), b), rtol=1e-12)
    assert np.allclose(dx, complex_step(lambda x: u @ (W @ x + b), x), rtol=1e-12, atol=1e-15)
    exact = complex_step(lambda z: u @ np.where(z.real > 0, z, 0), b)
    assert np.allclose(relu_vjp(b, u), exact, rtol=1e-15)


def test_the_slope_of_the_relu_is_zero_at_zero_of_either_sign():
    assert np.array_equal(relu_vjp(np.array([0.0, -0.0, 5e-324]), np.array([2.0, -3.0, 4.0])), [0, 0, 4])


@pytest.mark.parametrize("widths", [(3, 2), (2, 4, 3), (3, 5, 2, 4), (1, 3, 1, 2), (4, 5, 3, 6, 2, 3)])
def test_the_gradients_of_a_network_are_complex_steps(widths):
    rng = np.random.default_rng(sum(widths))
    weights = [rng.normal(size=shape) for shape in zip(widths[1:], widths[:-1], strict=True)]
    biases = [rng.normal(size=k) for k in widths[1:]]
    x, y = rng.normal(size=widths[0]), widths[-1] - 1
    assert mlp_loss(weights, biases, x, y) == pytest.approx(
        float(long_loss(weights, biases, x, y)), rel=1e-13
    )
    dWs, dbs = mlp_gradients(weights, biases, x, y)
    for i in range(len(weights)):

        def of_weights(W, i=i):
            return long_loss([*weights[:i], W, *weights[i + 1 :]], biases, x, y)

        def of_biases(b, i=i):
            return long_loss(weights, [*biases[:i], b, *biases[i + 1 :]], x, y)

        assert np.allclose(dWs[i], complex_step(of_weights, weights[i]), rtol=1e-11, atol=1e-14)
        assert np.allclose(dbs[i], complex_step(of_biases, biases[i]), rtol=1e-11, atol=1e-14)


def test_the_loss_is_finite_for_logits_of_ten_thousand():
    weights, biases = [np.zeros((2, 1))], [np.array([1e4, -1e4])]
    assert mlp_loss(weights, biases, np.ones(1), 1) == pytest.approx(2e4)


@pytest.mark.parametrize(("given_dtype", "dtype"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8")])
def test_dtypes_are_those_that_the_homework_asks_for(given_dtype, dtype):
    W, b, x, u = (
        np.array(a).astype(given_dtype) for a in ([[1, 2, 0], [0, -1, 3]], [1, 2], [2, 0, 1], [3, -1])
    )
    dWs, dbs = mlp_gradients([W, W @ W.T], [b, b], x, 1)
    results = [
        nll_input_gradient(W, b, x, 1),
        softmax_vjp(b, u),
        *linear_vjp(W, x, u),
        relu_vjp(b, u),
        *dWs,
        *dbs,
    ]
    assert {a.dtype for a in results} == {np.dtype(dtype)}
    assert u.tolist() == [3, -1]
