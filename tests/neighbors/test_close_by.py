"""Rows that lie close together are settled by a tree in any number of columns, and exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.neighbors import close_by as module
from evenkeel.neighbors import engines, mixed, neighbors
from evenkeel.neighbors.close_by import close_by
from evenkeel.neighbors.tree_votes import UNSURE, TreeVotes

rng = np.random.default_rng(0)


@pytest.fixture
def always(monkeypatch):
    """A tree is tried however little there is to compare, and products are said to be slow."""
    monkeypatch.setattr(module, "WORTH", 0)
    monkeypatch.setattr(module, "SECONDS", 1.0)


def lines(n=2100, d=20, made=2600, seed=0):
    """Noise in many columns, and rows on lines between a few of them."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d))
    start = random.integers(0, 30, made)
    end = (start + random.integers(1, 3, made)) % 30
    step = random.random((made, 1))
    codes = np.repeat([0, 1], [n, made])
    codes[:30] = 1
    return np.vstack([X, X[start] + step * (X[end] - X[start])]), codes


def by_loop(X, rows, k):
    distance = ((X[rows][:, None] - X[None]) ** 2).sum(axis=2)
    distance[np.arange(len(rows)), rows] = np.inf
    return np.lexsort((np.broadcast_to(np.arange(len(X)), distance.shape), distance), axis=1)[:, :k]


def test_noise_is_not_worth_a_tree(always, monkeypatch):
    monkeypatch.setattr(module, "grown", pytest.fail)
    X = rng.normal(size=(3000, 30))
    assert close_by(X, X, 4) is None


def test_little_work_is_not_worth_a_look(monkeypatch):
    monkeypatch.setattr(module, "_reach", pytest.fail)
    X, _ = lines()
    assert close_by(X, X, 4) is None


def test_what_a_tree_gives_within_its_limit_is_the_nearest(always):
    X, codes = lines()
    made = np.flatnonzero(codes == 1)[30:]
    reach, places = close_by(X[made], X, 3)(X[made], 3)
    settled = np.isfinite(reach).all(axis=1)
    assert settled.mean() > 0.5
    np.testing.assert_array_equal(places[settled][:, 0], made[settled])
    some = np.flatnonzero(settled)[::20]
    distance = np.linalg.norm(X[made[some]][:, None] - X[None], axis=2)
    np.testing.assert_allclose(reach[some], np.sort(distance, axis=1)[:, :3], atol=1e-12)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_neighbours_and_votes_are_the_same_with_a_tree(always, monkeypatch, k, dtype):
    X, codes = lines()
    X, rows = X.astype(dtype), rng.permutation(len(codes))
    grown = []
    monkeypatch.setattr(module, "grown", lambda points: grown.append(0) or engines.grown(points))
    index, distance = neighbors(X, rows, k=k)
    vote = mixed(X, codes, rows, k=k)
    assert len(grown) >= 2
    monkeypatch.setattr(module, "WORTH", np.inf)
    plain, apart = neighbors(X, rows, k=k)
    np.testing.assert_array_equal(index, plain)
    np.testing.assert_array_equal(distance, apart)
    np.testing.assert_array_equal(vote, (codes[plain] != codes[rows, None]).any(axis=1))


def test_rows_without_close_neighbours_stay_open(always):
    X, codes = lines()
    close = TreeVotes(X, codes, 3, np.flatnonzero(codes == 1))
    state = close.of(np.arange(len(codes)))
    assert close.usable
    assert (state[codes == 1] != UNSURE).mean() > 0.5
    assert (state[codes == 0] == UNSURE).mean() > 0.9


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.integers(1, 4), st.sampled_from([0, 1, 3]))
def test_repeated_rows_and_ties_are_ordered_by_row_number(seed, k, digits):
    X, _ = lines(2100, 14, 300, seed)
    X = np.round(np.vstack([X, X[2100:2200]]) * 2**digits) / 2**digits  # exact in any order of sums
    rows = np.arange(2000, len(X))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WORTH", 0)
        patch.setattr(module, "SECONDS", 1.0)
        found = neighbors(X, rows, k=k)[0]
    np.testing.assert_array_equal(found, by_loop(X, rows, k))
