"""Right and wrong programs for gradients, as students write them, to test a gradient checker.

`corpus()` lists them. `tests/gradcheck/test_corpus.py` certifies each in extended precision.
"""

from tests.gradcheck.corpus import (
    batch_nll,
    elu_vjp,
    layer_norm_vjp,
    linear_vjp,
    log_softmax_vjp,
    mlp,
    nll_bias_input,
    nll_together,
    nll_weights,
    relu_vjp,
    row_max_vjp,
    skip_connection,
    softmax_jacobian,
    softmax_vjp,
)
from tests.gradcheck.corpus.entries import Entry, Family

__all__ = ["Entry", "Family", "corpus"]

ALL_PROGRAMS = (
    softmax_jacobian.PROGRAMS,
    softmax_vjp.PROGRAMS,
    log_softmax_vjp.PROGRAMS,
    nll_weights.PROGRAMS,
    nll_bias_input.OF_B,
    nll_bias_input.OF_X,
    nll_together.PROGRAMS,
    batch_nll.PROGRAMS,
    relu_vjp.PROGRAMS,
    elu_vjp.PROGRAMS,
    row_max_vjp.PROGRAMS,
    linear_vjp.PROGRAMS,
    skip_connection.PROGRAMS,
    mlp.PROGRAMS,
    layer_norm_vjp.PROGRAMS,
)


def corpus() -> list[Entry]:
    """All entries. Programs that keep state get a new state at each call."""
    return [entry for programs in ALL_PROGRAMS for entry in programs.entries()]
