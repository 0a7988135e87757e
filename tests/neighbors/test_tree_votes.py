"""What a tree answers without ranking is what the ranked neighbours say; the rest it leaves open."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.neighbors import neighbors
from evenkeel.neighbors.tree_votes import CLEAR, MIXED, UNSURE, TreeVotes

rng = np.random.default_rng(0)
TABLES = {
    "normal": (rng.normal(size=(2500, 3)), 0.0),
    "far from zero": (1e7 + rng.normal(size=(2500, 2)), 0.01),
    "whole": (rng.integers(0, 9, size=(2500, 2)), 0.0),
    "thirds": (rng.integers(0, 9, size=(2500, 2)) / 3, 1.0),
    "repeated": (np.repeat(rng.normal(size=(500, 4)), 5, axis=0), 1.0),
    "huge": (1e200 * rng.normal(size=(2500, 2)), 0.0),
}


def expected(X, codes, rows, k):
    index, _ = neighbors(X, rows, k=k)
    return np.where((codes[index] != codes[rows, None]).any(axis=1), MIXED, CLEAR)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("k", [1, 3, 9])
def test_answers_are_exact_and_few_are_left_open(name, k):
    X, most_open = TABLES[name]
    codes = (rng.random(len(X)) < 0.3).astype(int)
    rows = rng.permutation(len(X))[:700]
    state = TreeVotes(X, codes, k).of(rows)
    sure = state != UNSURE
    assert np.mean(~sure) <= most_open
    np.testing.assert_array_equal(state[sure], expected(X, codes, rows, k)[sure])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(1, 6), st.integers(1, 30), st.sampled_from([1.0, 0.1]))
def test_no_wrong_answer_on_any_grid(seed, k, values, unit):
    local = np.random.default_rng(seed)
    X = local.integers(0, values, size=(60, 2)) * unit
    codes = local.integers(0, 3, 60)
    rows = np.arange(60)
    state = TreeVotes(X, codes, k).of(rows)
    sure = state != UNSURE
    np.testing.assert_array_equal(state[sure], expected(X, codes, rows, k)[sure])
