"""Tests of texts that go through a model together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from valuelex.semantics.batches import TOKENS_AT_ONCE, in_batches, of_equal_length

LENGTHS = st.lists(st.integers(1, 400), max_size=80)


@given(LENGTHS)
def test_every_text_is_in_one_batch_with_others_of_its_length(lengths):
    batches = of_equal_length(lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len({lengths[i] for i in batch}) == 1
        assert len(batch) == 1 or lengths[batch[0]] * len(batch) <= TOKENS_AT_ONCE


@given(LENGTHS)
def test_a_batch_is_left_only_when_it_is_full(lengths):
    batches = of_equal_length(lengths)
    for one, other in pairwise(batches):
        if lengths[one[0]] == lengths[other[0]]:
            assert lengths[one[0]] * (len(one) + 1) > TOKENS_AT_ONCE


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=30), st.integers(1, 3))
def test_vectors_come_in_the_order_of_their_texts(ids, threads):
    def sums(batch: np.ndarray) -> np.ndarray:
        return np.stack([batch.sum(axis=1), batch[:, 0]], axis=1)

    found = in_batches(ids, sums, threads)
    assert [vector.tolist() for vector in found] == [[sum(one), one[0]] for one in ids]


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), max_size=30))
def test_of_each_row_what_is_asked_for_is_kept(ids):
    found = in_batches(ids, lambda batch: batch, 2, lambda number, row: row[number % len(row) :].sum())
    assert [int(one) for one in found] == [sum(own[k % len(own) :]) for k, own in enumerate(ids)]
