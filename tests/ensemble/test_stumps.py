"""Stumps found by counting are the ones that scikit-learn's trees find by sorting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble.stumps import Bins, Steps


@given(st.integers(2, 60), st.integers(1, 4), st.integers(2, 3), st.integers(0, 10_000))
def test_the_split_is_as_pure_as_a_tree_of_one_split(n, columns, n_classes, seed):
    random = np.random.default_rng(seed)
    X, y = random.integers(0, 6, (n, columns)).astype(float), random.integers(0, n_classes, n)
    weight = random.random(n) + 0.1
    bins = Bins(X)
    stump = bins.best(bins.codes(X), y, weight, n_classes)
    if (X[0] == X).all():
        assert stump is None
        return
    side = X[:, stump.feature] > stump.threshold
    assert np.array_equal(side, bins.codes(X)[stump.feature] > stump.bin)
    assert 0 < side.sum() < n
    for shares, rows in ((stump.left, ~side), (stump.right, side)):
        slow = np.bincount(y[rows], weight[rows], n_classes)
        assert np.allclose(shares, slow / slow.sum())
    tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, y, weight).tree_
    if tree.node_count == 3:
        theirs = X[:, tree.feature[0]] > tree.threshold[0]
        assert impurity(side, y, weight) == pytest.approx(impurity(theirs, y, weight))


def impurity(side, y, weight):
    total = 0.0
    for rows in (side, ~side):
        mass = np.bincount(y[rows], weight[rows], 3)
        total += mass.sum() - (mass**2).sum() / mass.sum()
    return total


def test_gaps_are_told_from_the_greatest_values():
    X = np.array([[1.0], [2.0], [np.nan], [np.nan]])
    bins = Bins(X)
    stump = bins.best(bins.codes(X), np.array([0, 0, 1, 1]), np.ones(4), 2)
    assert (stump.left.tolist(), stump.right.tolist()) == ([1.0, 0.0], [0.0, 1.0])
    assert stump.threshold == np.inf
    steps = Steps([stump], [np.array([stump.left, stump.right])], 2)
    assert steps.add(np.array([[9.0], [np.nan]])).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_many_values_share_at_most_255_bins():
    X = np.random.default_rng(0).normal(size=(5000, 2))
    X[:, 1] = np.nan
    bins = Bins(X)
    codes = bins.codes(X)
    assert np.bincount(codes[0]).size <= 255
    assert np.bincount(codes[0]).max() < 60
    assert len(set(codes[1].tolist())) == 1


def test_steps_are_the_sum_of_the_stumps():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 3)), random.integers(0, 2, 300)
    bins = Bins(X)
    codes = bins.codes(X)
    stumps = [bins.best(codes, y, random.random(300), 2) for _ in range(20)]
    values = [np.array([one.left, one.right]) for one in stumps]
    slow = sum(
        np.where((X[:, one.feature] <= one.threshold)[:, None], one.left, one.right)
        for one in stumps
    )
    assert np.allclose(Steps(stumps, values, 2).add(X), slow)
