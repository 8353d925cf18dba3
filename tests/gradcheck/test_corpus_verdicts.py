"""The checker on the corpus: no wrong program accepted, no right one rejected, most mistakes named."""

import random

import pytest

from tests.gradcheck.corpus import corpus
from tests.gradcheck.trial import CONVENTION_ONLY, trials


def test_a_sample_of_the_corpus_gets_the_right_verdicts_and_names():
    entries = random.Random(0).sample(corpus(), 45)
    expect_verdicts_and_names(list(trials(0, entries)), named=0.7)


@pytest.mark.exhaustive
def test_every_wrong_gradient_is_refused_every_right_one_accepted_and_four_in_five_mistakes_named():
    every = list(trials(seed=0))
    assert len([t for t in every if t.entry.right]) >= 50
    assert len([t for t in every if not t.entry.right]) >= 100
    expect_verdicts_and_names(every, named=0.8)


def expect_verdicts_and_names(tried, named):
    right = [t for t in tried if t.entry.right]
    wrong = [t for t in tried if not t.entry.right]
    rejected = [(t.entry.family.name, t.entry.name, str(t.refused[0])) for t in right if t.refused]
    accepted = {(t.entry.family.name, t.entry.name) for t in wrong if not t.refused}
    assert rejected == []
    assert accepted == CONVENTION_ONLY & {(t.entry.family.name, t.entry.name) for t in wrong}
    for t in wrong:
        if t.entry.unsafe:
            assert {r.verdict for r in t.refused} == {"unsafe"}, t.entry.name
    to_name = [t for t in wrong if not t.entry.unsafe]
    assert sum(t.rightly_named for t in to_name) >= named * len(to_name)
    assert any(r.verdict == "right" for t in right for r in t.reports)
