"""Layers that keep state between forward and backward, checked as functions."""

import numpy as np
import pytest

from gradcheck import check_vjp, layer_functions


class Linear:
    def __init__(self, wrong=False):
        rng = np.random.default_rng(0)
        self.W, self.b, self.wrong = rng.normal(size=(3, 2)), rng.normal(size=2), wrong
        self.dW = np.empty_like(self.W)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, u):
        self.dW[:] = self.x.T @ u
        self.db = u.mean(axis=0) if self.wrong else u.sum(axis=0)
        return u @ self.W.T


class Tanh:
    def __call__(self, x):
        self.y = np.tanh(x)
        return self.y

    def back(self, u):
        return u * (1 - self.y**2)


X = np.random.default_rng(1).normal(size=(4, 3))
GRADIENTS = {"W": "dW", "b": "db"}


def test_a_layer_is_checked_for_its_input_and_its_parameters():
    layer = Linear()
    report = check_vjp(*layer_functions(layer, GRADIENTS), X, layer.W, layer.b)
    assert report, report
    assert report.checked == ("x", "W", "b")
    assert check_vjp(*layer_functions(layer), X)


def test_a_wrong_gradient_of_a_parameter_is_found():
    layer = Linear(wrong=True)
    report = check_vjp(*layer_functions(layer, GRADIENTS), X, layer.W, layer.b)
    assert report.reason == "2 of 2 entries of b are wrong."
    assert report.names[0].name == "mean instead of sum"


def test_the_methods_can_have_other_names():
    assert check_vjp(*layer_functions(Tanh(), forward="__call__", backward="back"), X)


def test_what_a_layer_does_not_have_is_named():
    with pytest.raises(ValueError, match="The layer has no attribute 'forward'"):
        layer_functions(Tanh())
    with pytest.raises(ValueError, match="no attribute 'V'"):
        layer_functions(Linear(), {"V": "dV"})
    report = check_vjp(*layer_functions(Linear(), {"W": "dw"}), X, Linear().W)
    assert (report.verdict, "has no attribute 'dw'" in report.reason) == ("wrong", True)
