"""Blocks: rows that must stay together, joined over several groupings."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.blocks import join_blocks


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000))
def test_joined_blocks_are_the_connected_components(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 12, 30), rng.integers(0, 12, 30)
    joined = join_blocks(a, b)
    label = np.arange(30)
    for _ in range(30):  # slow oracle: spread the smallest label along both groupings
        for ids in (a, b):
            for value in np.unique(ids):
                label[ids == value] = label[ids == value].min()
    same = joined[:, None] == joined
    assert np.array_equal(same, label[:, None] == label)
