"""Neighbours kept over rounds are those that a new search would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.neighbors import neighbors
from evenkeel.resample import AllKNN, RepeatedEditedNearestNeighbours
from evenkeel.resample.cleaner import VotingCleaner
from evenkeel.resample.shrinking import Shrinking


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(1, 5), st.booleans())
def test_rounds_equal_a_search_among_what_is_left(seed, k, ties):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, (80, 3)).astype(float) if ties else rng.normal(size=(80, 3))
    graph, left = Shrinking(X, k), np.arange(80)
    while left.size > k + 1:
        rows = np.sort(rng.choice(left, rng.integers(1, left.size + 1), replace=False))
        found = graph.nearest(left, rows, k)
        np.testing.assert_array_equal(found, neighbors(X, rows, left, k=k)[0])
        left = np.sort(rng.choice(left, int(left.size * rng.uniform(0.5, 0.95)), replace=False))


def test_a_round_that_takes_little_asks_for_little(monkeypatch):
    asked = []

    def counted(X, rows, among, *, k):
        asked.append(rows.size)
        return neighbors(X, rows, among, k=k)

    monkeypatch.setattr("evenkeel.resample.shrinking.neighbors", counted)
    rng = np.random.default_rng(0)
    graph, left = Shrinking(rng.normal(size=(500, 3)), 3), np.arange(500)
    for _ in range(4):
        graph.nearest(left, left, 3)
        left = np.sort(rng.choice(left, left.size - 20, replace=False))
    assert asked == [500]


@pytest.mark.parametrize("method", [RepeatedEditedNearestNeighbours, AllKNN])
@pytest.mark.parametrize("kind", ["all", "mode"])
@pytest.mark.parametrize("classes", [2, 3])
def test_methods_in_rounds_keep_the_same_rows_with_a_graph(monkeypatch, method, kind, classes):
    rng = np.random.default_rng(classes)
    y = rng.choice(classes, 4000, p=[0.8, 0.2] if classes == 2 else [0.7, 0.2, 0.1])
    X = (rng.random((4000, 9)) < 0.15 + 0.3 * y[:, None] / classes).astype(float)
    given_ = {"kind_sel": kind, "sampling_strategy": "not minority"}
    with_graph = method(**given_)
    with_graph.fit_resample(X, y)
    monkeypatch.setattr(VotingCleaner, "_graph", lambda self, X: None)
    plain = method(**given_)
    plain.fit_resample(X, y)
    assert 0 < plain.sample_indices_.size < 4000
    np.testing.assert_array_equal(with_graph.sample_indices_, plain.sample_indices_)
