"""Draws are pure, cut what they should, and keep shares apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ensemble.draws import Draws


@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 60), st.integers(0, 99))
def test_a_draw_holds_what_was_asked_for(n, size, number, seed):
    draws = Draws([np.arange(n), np.arange(n, n + 7)], [size, 7], [False, False], seed)
    rows = draws.rows(number)
    assert np.array_equal(rows, Draws(draws.rows_of, draws.size, draws.replaced, seed).rows(number))
    assert len(set(rows.tolist())) == rows.size == min(n, size) + 7
    assert (rows >= n).sum() == 7
    assert (np.diff(rows) > 0).all()


def test_with_replacement_rows_repeat():
    rows = Draws([np.arange(50), np.arange(50, 60)], [50, 10], [True, True], 0).rows(3)
    assert rows.size == 60
    assert np.unique(rows).size < 60
    assert (rows < 50).sum() == 50


@given(st.integers(5, 100), st.integers(1, 20), st.integers(0, 99))
def test_shares_are_apart_until_the_rows_are_used_up(n, size, seed):
    draws = Draws(
        [np.arange(n), np.arange(n, n + 3)], [min(size, n), 3], [False, False], seed, True
    )
    turns = max(1, n // min(size, n))
    for turn in range(3):
        parts = [draws.rows(turn * turns + i) for i in range(turns)]
        own = np.concatenate([part[part < n] for part in parts])
        assert np.unique(own).size == own.size
        assert n - own.size < min(size, n)
        assert all((part >= n).sum() == 3 for part in parts)


def test_no_row_is_left_over_when_shares_may_differ_by_one():
    draws = Draws([np.arange(103), np.arange(103, 106)], [10, 3], [False, False], 0, True)
    own = np.concatenate([draws.rows(i)[:-3] for i in range(10)])
    assert sorted(own.tolist()) == list(range(103))


def test_a_member_can_be_drawn_at_any_time():
    first = Draws([np.arange(40), np.arange(40, 45)], [5, 5], [False, False], 1, True)
    forward = [first.rows(i).tolist() for i in range(20)]
    assert [first.rows(i).tolist() for i in reversed(range(20))] == forward[::-1]
