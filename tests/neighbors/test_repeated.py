"""Rows with enough equal rows are settled by these alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.neighbors import mixed, neighbors, search
from evenkeel.neighbors import repeated as module
from evenkeel.neighbors.repeated import repeated

rng = np.random.default_rng(0)


def by_loop(query, pool, own, k):
    settled, found = [], []
    for row, mine in zip(query, own, strict=True):
        equal = [at for at in range(len(pool)) if (pool[at] == row).all() and at != mine]
        settled.append(len(equal) >= k)
        if settled[-1]:
            found.append(equal[:k])
    return np.array(settled), np.array(found).reshape(-1, k)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 6), st.sampled_from([float, np.float32, np.int8]))
def test_equals_a_loop(seed, k, dtype):
    random = np.random.default_rng(seed)
    pool = random.integers(-1, 2, (70, 2)).astype(dtype)
    rows = random.permutation(70)
    own = np.where(random.random(70) < 0.5, rows, -1)
    expected = by_loop(pool[rows], pool, own, k)
    for found, wanted in zip(repeated(pool[rows], pool, own, k), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_negative_zero_is_zero():
    settled, places = repeated(np.array([[0.0]]), np.array([[-0.0], [1.0]]), np.array([-1]), 1)
    assert (settled.tolist(), places.tolist()) == ([True], [[0]])


def test_rows_with_one_key_that_differ_stay_open(monkeypatch):
    monkeypatch.setattr(module, "_keys", lambda part: np.zeros(len(part), np.uint64))
    X = np.array([[1.0], [2.0], [2.0]])
    settled, places = repeated(X, X, np.arange(3), 1)
    assert not settled[1]
    assert all(
        (X[one] == X[at]).all() for at, one in zip(np.flatnonzero(settled), places, strict=True)
    )


@pytest.mark.parametrize("columns", [3, 20])
@pytest.mark.parametrize("k", [1, 3])
def test_a_heap_of_equal_rows_is_not_ranked(monkeypatch, columns, k):
    X = rng.normal(size=(6000, columns))
    X[::2] = X[0]
    codes = (rng.random(6000) < 0.1).astype(int)
    looked = search._Search._look_at_all

    def watched(self, unsure):
        if len(self.index) == 6000:
            assert (unsure % 2).all(), "rows of the heap are settled"
        looked(self, unsure)

    monkeypatch.setattr(search._Search, "_look_at_all", watched)
    index, distance = neighbors(X, k=k)
    heap = np.arange(0, 6000, 2)
    wanted = np.array([heap[heap != row][:k] for row in heap])
    np.testing.assert_array_equal(index[::2], wanted)
    assert not distance[::2].any()
    np.testing.assert_array_equal(
        mixed(X, codes, k=k), (codes[index] != codes[:, None]).any(axis=1)
    )
