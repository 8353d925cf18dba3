"""The reference solution against the same formulas in extended precision, and complex steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograder.verify as verification
from solutions.p5_skip_connection import skip_forward, skip_jacobian, skip_vjp, stack_gradient_norms

LONG = np.longdouble
STEP = LONG(1e-30)


def exact_block(W1, W2, x, skip=True):
    """The block in extended precision, which also takes complex arguments."""
    z = W1 @ x
    return W2 @ (z * (z.real > 0)) + (x if skip else 0)


def complex_step(f, x):
    """The Jacobian of f, of the shape of f(x) followed by that of x."""
    columns = []
    for index in np.ndindex(x.shape):
        moved = x.astype(np.result_type(LONG, np.complex128))
        moved[index] += 1j * STEP
        columns.append((f(moved).imag / STEP).astype(float))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *x.shape)


def random_block(seed):
    rng = np.random.default_rng(seed)
    h, n = rng.integers(1, 7, size=2)
    return rng.normal(size=(h, n)), rng.normal(size=(n, h)), rng.normal(size=n), rng.normal(size=n)


@pytest.mark.parametrize("seed", range(30))
def test_value_gradients_and_jacobian_are_those_of_extended_precision(seed):
    W1, W2, x, delta = random_block(seed)
    y, cache = skip_forward(W1, W2, x)
    assert np.allclose(y, exact_block(W1.astype(LONG), W2, x).astype(float), rtol=1e-13, atol=1e-14)
    dW1, dW2, dx = skip_vjp(W1, W2, cache, delta)
    J = complex_step(lambda v: exact_block(W1, W2, v), x)
    for gradient, jacobian in (
        (dW1, complex_step(lambda V: exact_block(V, W2, x), W1)),
        (dW2, complex_step(lambda V: exact_block(W1, V, x), W2)),
        (dx, J),
    ):
        assert np.allclose(gradient, np.tensordot(delta, jacobian, axes=1), rtol=1e-12, atol=1e-13)
    assert np.allclose(skip_jacobian(W1, W2, x), J, rtol=1e-12, atol=1e-13)


@given(st.integers(0, 2**32 - 1), st.floats(-12, 12))
@settings(max_examples=100, deadline=None)
def test_vjp_and_jacobian_agree_at_every_scale_and_the_block_is_homogeneous(seed, power):
    W1, W2, x, delta = random_block(seed)
    size = 10.0**power
    y, cache = skip_forward(W1, W2, size * x)
    dx = skip_vjp(W1, W2, cache, delta)[2]
    J = skip_jacobian(W1, W2, size * x)
    rounding = np.abs(W2) @ np.abs(W1) + 1
    assert np.all(np.abs(delta @ J - dx) <= 1e-13 * (np.abs(delta) @ rounding))
    assert np.all(np.abs(J @ (size * x) - y) <= 1e-13 * (rounding @ np.abs(size * x)))


@pytest.mark.parametrize("x", [np.zeros(2), np.array([0.5, 0.5])])
def test_the_derivative_of_relu_at_zero_is_zero(x):
    W1, W2, delta = np.array([[1.0, -1.0], [2.0, -2.0]]), np.ones((2, 2)), np.array([1.0, -3.0])
    dW1, dW2, dx = skip_vjp(W1, W2, skip_forward(W1, W2, x)[1], delta)
    assert not dW1.any()
    assert not dW2.any()
    assert np.array_equal(dx, delta)
    assert np.array_equal(skip_jacobian(W1, W2, x), np.eye(2))


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_the_norms_of_a_deep_stack_are_those_of_extended_precision(skip, scale):
    rng = np.random.default_rng(7)
    L, n, h = 100, 6, 8
    W1s = [rng.normal(size=(h, n)) / np.sqrt(n) for _ in range(L)]
    W2s = [scale * rng.normal(size=(n, h)) / np.sqrt(h / 2) for _ in range(L)]
    x, delta = rng.normal(size=(2, n))
    v, inputs = x.astype(LONG), []
    for W1, W2 in zip(W1s, W2s, strict=True):
        inputs.append(v)
        v = exact_block(W1, W2, v, skip)
    g = delta.astype(LONG)
    exact = [np.sqrt(g @ g)]
    for W1, W2, v in zip(W1s[::-1], W2s[::-1], inputs[::-1], strict=True):
        g = W1.T.astype(LONG) @ ((W1 @ v > 0) * (W2.T @ g)) + (g if skip else 0)
        exact.append(np.sqrt(g @ g))
    norms = stack_gradient_norms(W1s, W2s, x, delta, skip)
    assert np.allclose(norms / np.array(exact[::-1]), 1, rtol=0, atol=1e-11)
    assert 1e-250 < norms.min() <= norms.max() < 1e250


CACHES = {
    "a function": (
        "def skip_forward(W1, W2, x):\n"
        "    x = x.astype(np.result_type(x, np.float32))\n"
        "    z = W1 @ x\n"
        "    def back(delta):\n"
        "        dz = (delta @ W2) * (z > 0)\n"
        "        return np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), dz @ W1 + delta\n"
        "    return W2 @ np.maximum(z, 0) + x, back\n"
        "def skip_vjp(W1, W2, cache, delta):\n"
        "    return cache(delta.astype(np.result_type(delta, np.float32)))\n"
    ),
    "x alone, and z is computed again": (
        "def skip_forward(W1, W2, x):\n"
        "    x = x.astype(np.result_type(x, np.float32))\n"
        "    return W2 @ np.maximum(W1 @ x, 0) + x, x\n"
        "def skip_vjp(W1, W2, x, delta):\n"
        "    a, delta = np.maximum(W1 @ x, 0), delta.astype(np.result_type(delta, np.float32))\n"
        "    dz = (W2.T @ delta) * (a > 0)\n"
        "    return np.outer(dz, x), np.outer(delta, a), W1.T @ dz + delta\n"
    ),
    "an object": (
        "class Cache:\n"
        "    pass\n"
        "def skip_forward(W1, W2, x):\n"
        "    cache = Cache()\n"
        "    cache.x = x.astype(np.result_type(x, np.float32))\n"
        "    cache.a = np.maximum(W1 @ cache.x, 0)\n"
        "    return W2 @ cache.a + cache.x, cache\n"
        "def skip_vjp(W1, W2, cache, delta):\n"
        "    delta = delta.astype(np.result_type(delta, np.float32))\n"
        "    dz = np.where(cache.a > 0, W2.T @ delta, 0).astype(cache.a.dtype)\n"
        "    return np.outer(dz, cache.x), np.outer(delta, cache.a), W1.T @ dz + delta\n"
    ),
    "a dictionary with the active units": (
        "def skip_forward(W1, W2, x):\n"
        "    x = x.astype(np.result_type(x, np.float32))\n"
        "    units = np.flatnonzero(W1 @ x > 0)\n"
        "    return W2[:, units] @ (W1[units] @ x) + x, {'x': x, 'units': units}\n"
        "def skip_vjp(W1, W2, cache, delta):\n"
        "    x, units = cache['x'], cache['units']\n"
        "    delta = delta.astype(np.result_type(delta, np.float32))\n"
        "    dW1, dW2 = (np.zeros(W.shape, x.dtype) for W in (W1, W2))\n"
        "    dz = W2[:, units].T @ delta\n"
        "    dW1[units], dW2[:, units] = np.outer(dz, x), np.outer(delta, W1[units] @ x)\n"
        "    return dW1, dW2, W1[units].T @ dz + delta\n"
    ),
}
GLOBAL = (
    "def skip_forward(W1, W2, x):\n"
    "    global kept\n"
    "    x = x.astype(np.result_type(x, np.float32))\n"
    "    kept = x, W1 @ x\n"
    "    return W2 @ np.maximum(W1 @ x, 0) + x, None\n"
    "def skip_vjp(W1, W2, cache, delta):\n"
    "    x, z = kept\n"
    "    dz = (W2.T @ delta) * (z > 0)\n"
    "    delta = delta.astype(np.result_type(delta, np.float32))\n"
    "    return np.outer(dz, x), np.outer(delta, np.maximum(z, 0)), W1.T @ dz + delta\n"
)


def lost(source):
    problems = [verification.read_problem("p5_skip_connection")]
    checks = verification.load_checks(problems)
    names = verification.namespace(problems)
    verification.execute(source, names)
    return verification.grade(verification.EntryResult("x", "q5b"), names, checks)


@pytest.mark.parametrize("form", CACHES)
def test_a_cache_may_be(form):
    assert lost(CACHES[form]).messages == {}


def test_global_variables_in_the_place_of_a_cache_cost_points_in_one_question_and_are_named():
    outcome = lost(GLOBAL)
    assert list(outcome.lost) == ["q5b"]
    assert any("without global variables" in message for message in outcome.public_messages["q5b"])
