"""Draws by hardness keep to the paper's shares, and know how they thinned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ensemble.hardness import HARDNESS, Cuts, cut_by_hardness


def test_bins_get_the_shares_of_algorithm_1():
    hard = np.concatenate([np.full(5000, 0.0), np.full(3000, 0.45), np.full(2000, 1.0)])
    pace = 0.5
    drawn, cuts = cut_by_hardness(hard, 300, 5, pace, np.random.default_rng(0))
    pull = 1 / (np.array([0.0, 0.45, 1.0]) + pace)
    got = [np.sum(drawn < 5000), np.sum((drawn >= 5000) & (drawn < 8000)), np.sum(drawn >= 8000)]
    assert np.allclose(got, 300 * pull / pull.sum(), atol=1)
    there = np.array([5000, 3000, 2000])
    kept = np.array(got) / there / (300 / 10_000)
    assert np.exp(cuts.log_kept(np.array([0.0, 0.45, 1.0]))) == pytest.approx(kept, rel=0.02)


@given(
    st.integers(2, 300),
    st.floats(0.01, 1.0),
    st.integers(1, 8),
    st.floats(0, 1e6),
    st.integers(0, 99),
)
def test_a_draw_has_its_size_and_no_row_twice(n, share, n_bins, pace, seed):
    random = np.random.default_rng(seed)
    size = max(1, int(share * n))
    hard = random.choice([0.0, 0.001, 0.3, 1.0], n)
    drawn, cuts = cut_by_hardness(hard, size, n_bins, pace, random)
    assert drawn.size == np.unique(drawn).size == size
    assert np.isfinite(cuts.log_kept(np.array([-1.0, 0.5, 2.0]))).all()


def test_where_all_rows_are_as_hard_the_draw_is_plain():
    drawn, cuts = cut_by_hardness(np.full(50, 0.2), 10, 5, 0.0, np.random.default_rng(0))
    assert drawn.size == 10
    assert cuts.log_kept(np.array([0.2, 0.9])) == pytest.approx([0.0, 0.0], abs=1e-12)


def test_hardness_is_nought_for_certain_rows_and_grows():
    p = np.array([1.0, 0.6, 0.2])
    for measure in HARDNESS.values():
        found = measure(p)
        assert found[0] == 0
        assert (np.diff(found) > 0).all()
    assert Cuts(0.0, 0.0, np.ones(2)).log_kept(p).tolist() == [0.0, 0.0, 0.0]
