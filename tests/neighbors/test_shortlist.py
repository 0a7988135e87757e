"""What single precision leaves holds the nearest rows, whatever the numbers are like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evenkeel.neighbors.shortlist as module
from evenkeel.neighbors import neighbors
from evenkeel.neighbors.shortlist import Shortlist

rng = np.random.default_rng(0)


def listed(query, pool, k):
    """Places for each query; None where there are too many."""
    out = [None] * len(query)
    for at, which, places in Shortlist(query, pool).candidates(k):
        for i, row in enumerate(at):
            out[row] = set(places[which == i].tolist()) if which.size else None
    return out


TABLES = {
    "normal": lambda n: rng.normal(size=(n, 20)),
    "float32": lambda n: rng.normal(size=(n, 15)).astype(np.float32),
    "far from zero": lambda n: 1e7 + rng.normal(size=(n, 14)),
    "thirds": lambda n: rng.integers(0, 3, (n, 13)) / 3,
    "repeated": lambda n: np.repeat(rng.normal(size=(-(-n // 5), 15)), 5, axis=0)[:n],
    "one giant": lambda n: np.where(np.arange(n)[:, None] == 5, 1e9, rng.normal(size=(n, 13))),
    "tiny": lambda n: 1e-60 * rng.normal(size=(n, 13)),
    "tiny beside large": lambda n: rng.normal(size=(n, 13)) * 10.0 ** -rng.integers(0, 40, (n, 1)),
    "all equal": lambda n: np.full((n, 13), 0.1),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("k", [1, 7])
def test_the_nearest_are_listed(make, k):
    X = make(900)
    query = X[::30].astype(np.float64)
    square = ((query[:, None] - X[None].astype(np.float64)) ** 2).sum(axis=2)
    kth = np.partition(square, k - 1, axis=1)[:, k - 1]
    for places, row, most in zip(listed(X[::30], X, k), square, kth, strict=True):
        assert places is None or places >= set(np.flatnonzero(row <= most).tolist())


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_neighbors_equal_the_slow_loop(make):
    X = make(2_100)
    rows = rng.permutation(len(X))[:25]
    index, distance = neighbors(X, rows, k=5)
    for row, found, reach in zip(rows, index, distance, strict=True):
        step = X.astype(np.float64) - X[row].astype(np.float64)
        square = np.einsum("ij,ij->i", step, step)
        square[row] = np.inf
        expected = np.argsort(square, kind="stable")[:5]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(reach, np.sqrt(square[expected]))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.integers(1, 400), st.integers(1, 5), st.integers(1, 30))
def test_small_pieces_change_nothing(seed, n, columns, k):
    local = np.random.default_rng(seed)
    X, k = local.normal(size=(n, columns)), min(k, n)
    before = listed(X, X, k)
    sizes = {"QUERIES": 7, "TILE": 40, "PART": 64, "GROUPS": 4, "EVERY": 3}
    with pytest.MonkeyPatch.context() as patch:
        for name, size in sizes.items():
            patch.setattr(module, name, size)
        after = listed(X, X, k)
    square = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    for one, other, row in zip(before, after, square, strict=True):
        need = set(np.argsort(row)[:k].tolist())
        assert one >= need
        assert other >= need


def test_few_are_listed():
    X = rng.normal(size=(20_000, 20))
    assert max(map(len, listed(X[:50], X, 10))) < 20


def test_too_many_ties_are_handed_back(monkeypatch):
    monkeypatch.setattr(module, "MOST_PAIRS", 1_000)
    X = np.zeros((3_000, 13)) + 0.1
    assert listed(X[:10], X, 3) == [None] * 10
    index, _ = neighbors(X, np.arange(10), k=3)
    assert index[:2].tolist() == [[1, 2, 3], [0, 2, 3]]


def test_numbers_beyond_single_precision_are_refused_and_still_answered():
    X = rng.normal(size=(2_100, 13))
    X[7] = 1e50
    assert not Shortlist(X[:3], X).usable
    assert Shortlist(X[:3], X[8:]).usable
    rows = np.array([7, 8])
    square = ((X[rows, None] - X[None]) ** 2).sum(axis=2)
    square[[0, 1], rows] = np.inf
    np.testing.assert_array_equal(neighbors(X, rows, k=1)[0][1:], square[1:].argsort()[:, :1])


def test_no_queries():
    X = rng.normal(size=(2_100, 13))
    assert neighbors(X, np.arange(0), k=2)[0].shape == (0, 2)
