"""Columns of two values as bits, against plain loops."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import evenkeel.neighbors.bits as bits
from evenkeel.neighbors import neighbors
from evenkeel.neighbors.bits import nearest_bits, words_of

rng = np.random.default_rng(0)


def slow(query, pool, own, k):
    """Every pair, sorted by columns that differ and then by place."""
    places, apart = [], []
    for row, itself in zip(query, own, strict=True):
        differ = (row != pool).sum(axis=1)
        order = [at for at in np.argsort(differ, kind="stable") if at != itself][:k]
        places.append(order)
        apart.append(differ[order])
    return np.array(places), np.array(apart)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_equals_the_slow_loop(data):
    local = np.random.default_rng(data.draw(st.integers(0, 99)))
    n = data.draw(st.integers(2, 60))
    columns = data.draw(st.sampled_from([1, 2, 5, 39, 63, 64, 65, 130, 255]))
    share = data.draw(st.sampled_from([0.02, 0.3, 0.5]))
    pool = (local.random((n, columns)) < share).astype(np.int64)
    inside = data.draw(st.booleans())
    at = local.integers(0, n, data.draw(st.integers(1, 20)))
    query = pool[at] if inside else (local.random((at.size, columns)) < share) * pool.max(axis=0)
    query = np.where((query == pool.min(axis=0)) | (query == pool.max(axis=0)), query, pool[at])
    own = at if inside else np.full(at.size, -1)
    k = data.draw(st.integers(1, n - inside))
    words = words_of(query, pool)
    assert words is not None
    places, apart = nearest_bits(*words[:2], own, k)
    expected, expected_apart = slow(query, pool, own, k)
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(apart, expected_apart)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2_500, 39), (2_100, 3), (2_050, 100)])
def test_large_tables_equal_the_slow_loop(shape, dtype):
    X = (rng.random(shape) < 0.2).astype(dtype)
    rows, among = rng.permutation(len(X))[:40], np.sort(rng.permutation(len(X))[:2_001])
    index, distance = neighbors(X, rows, among, k=6)
    place = np.full(len(X), -1)
    place[among] = np.arange(among.size)
    expected, apart = slow(X[rows], X[among], place[rows], 6)
    np.testing.assert_array_equal(index, among[expected])
    np.testing.assert_array_equal(distance, np.sqrt(apart))


def test_small_tiles_and_a_late_start_change_nothing(monkeypatch):
    X = (rng.random((300, 20)) < 0.3).astype(float)
    words, own = words_of(X, X), np.arange(300)
    before = nearest_bits(*words[:2], own, 4)
    monkeypatch.setattr(bits, "TILE", 100)
    monkeypatch.setattr(bits, "_probe", lambda asked, points, wide: 0)
    for one, other in zip(before, nearest_bits(*words[:2], own, 4), strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_values_need_not_be_0_and_1():
    X = np.array([3.0, 7.0])[rng.integers(0, 2, (50, 6))]
    X[:, 2] = 5.0  # one value
    query, pool, square = words_of(X[:9], X)
    places, apart = nearest_bits(query, pool, np.arange(9), 3)
    expected, _ = slow(X[:9], X, np.arange(9), 3)
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(apart * square, ((X[:9, None] - X[expected]) ** 2).sum(axis=2))


TWO = rng.integers(0, 2, (100, 4)).astype(float)
OTHERS = {
    "a third value": np.vstack([TWO, [[0, 2, 0, 0]]]),
    "unequal steps": TWO * [1, 1, 2, 1],
    "fractions": TWO * 0.1,
    "values that float64 cannot tell apart": TWO * 2.0**60,
    "too many columns": np.tile(TWO, 64),
    "sparse": sp.csr_matrix(TWO),
    "no rows": TWO[:0],
}


@pytest.mark.parametrize("X", OTHERS.values(), ids=OTHERS)
def test_other_tables_are_left_to_others(X):
    assert words_of(X, X) is None


def test_a_query_with_another_value_is_left_to_others():
    assert words_of(np.full((1, 4), 0.5), TWO) is None
