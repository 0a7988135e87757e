"""Rungs halve, and thin out rows without thinning out the rare ones."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.race.rungs import RARE_ROWS, rung_sizes, thinned


@given(st.integers(1, 300))
def test_rungs_halve_down_to_two(n):
    sizes = rung_sizes(n)
    assert sizes[0] == n
    assert sizes[-1] <= 2
    assert all(b == max(2, -(-a // 2)) for a, b in pairwise(sizes))


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=3000),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.integers(0, 9),
)
def test_shares_are_stratified_nested_and_never_below_what_a_class_has(codes, one, other, seed):
    codes = np.array(codes)
    given = np.arange(len(codes))
    small, large = (
        thinned(codes, given, share, np.random.default_rng(seed)) for share in sorted([one, other])
    )
    assert np.isin(small, large).all()
    assert np.all(np.diff(large) > 0)
    held, kept = np.bincount(codes, minlength=3), np.bincount(codes[small], minlength=3)
    floor = np.minimum(held, RARE_ROWS)
    assert np.array_equal(kept, np.maximum(floor, np.ceil(min(one, other) * held)).astype(int))
