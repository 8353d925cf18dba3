"""The reference solution against the same formulas in extended precision, and a complex step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.p3_linear_layer import (
    batch_nll_gradients,
    log_softmax,
    nll_gradients,
    nll_loss,
    softmax,
    softmax_jacobian,
)

LONG = np.longdouble
logits = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=8).map(np.array)


def long_log_softmax(z):
    z = z.astype(np.result_type(z, LONG))
    shifted = z - z.real.max()
    return shifted - np.log(np.exp(shifted).sum())


@given(logits)
@settings(max_examples=200, deadline=None)
def test_softmax_and_its_logarithm_agree_with_extended_precision(z):
    exact = long_log_softmax(z)
    assert np.allclose(log_softmax(z), exact.astype(float), rtol=1e-14, atol=1e-11)
    assert np.allclose(softmax(z), np.exp(exact).astype(float), rtol=1e-11, atol=1e-300)


@given(logits)
@settings(max_examples=100, deadline=None)
def test_the_jacobian_is_a_complex_step_in_extended_precision(z):
    step = LONG(1e-30)
    exact = np.empty((len(z), len(z)))
    for j, e in enumerate(np.eye(len(z))):
        exact[:, j] = (np.exp(long_log_softmax(z + 1j * step * e)).imag / step).astype(float)
    assert np.allclose(softmax_jacobian(z), exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_gradients_are_complex_steps_in_extended_precision(seed):
    rng = np.random.default_rng(seed)
    k, d, N = rng.integers(2, 6, size=3)
    W, b, X, y = rng.normal(size=(k, d)), rng.normal(size=k), rng.normal(size=(N, d)), rng.integers(k, size=N)
    step = LONG(1e-30)

    def loss(W, b, x, label):
        return -long_log_softmax(W @ x + b)[label]

    exact_dW, exact_db = np.zeros((N, k, d)), np.zeros((N, k))
    for n in range(N):
        for i in range(k):
            e = np.zeros(k, dtype=complex)
            e[i] = 1j * step
            exact_db[n, i] = loss(W.astype(LONG), b + e, X[n], y[n]).imag / step
            for j in range(d):
                E = np.zeros((k, d), dtype=complex)
                E[i, j] = 1j * step
                exact_dW[n, i, j] = loss(W + E, b.astype(LONG), X[n], y[n]).imag / step
        dW, db = nll_gradients(W, b, X[n], y[n])
        assert np.allclose(dW, exact_dW[n], rtol=1e-12, atol=1e-14)
        assert np.allclose(db, exact_db[n], rtol=1e-12, atol=1e-14)
        assert nll_loss(W, b, X[n], y[n]) == pytest.approx(float(loss(W, b, X[n], y[n])), rel=1e-13)
    dW, db = batch_nll_gradients(W, b, X, y)
    assert np.allclose(dW, exact_dW.mean(axis=0), rtol=1e-12, atol=1e-14)
    assert np.allclose(db, exact_db.mean(axis=0), rtol=1e-12, atol=1e-14)
