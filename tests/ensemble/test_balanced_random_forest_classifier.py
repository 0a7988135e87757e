"""The balanced forest beside imbalanced-learn's, and what only this one promises."""

import pickle

import numpy as np
import pytest
from imblearn.ensemble import BalancedRandomForestClassifier as Peer
from sklearn.metrics import average_precision_score

from evenkeel.ensemble import BalancedRandomForestClassifier


def made(seed, n=4000, rare=120):
    random = np.random.default_rng(seed)
    y = (random.permutation(n) < rare).astype(int)
    return random.normal(size=(n, 5)) + 0.9 * y[:, None], y


def test_it_ranks_as_well_as_the_peer_and_its_probabilities_are_of_the_table():
    (X, y), (X_new, y_new) = made(0), made(1)
    given = {"n_estimators": 60, "random_state": 0}
    ours = BalancedRandomForestClassifier(**given).fit(X, y)
    theirs = Peer(**given).fit(X, y)
    precision = [
        average_precision_score(y_new, one.predict_proba(X_new)[:, 1]) for one in (ours, theirs)
    ]
    assert precision[0] > precision[1] - 0.02
    assert ours.predict_proba(X_new)[:, 1].mean() == pytest.approx(0.03, rel=0.35)
    assert theirs.predict_proba(X_new)[:, 1].mean() > 0.1
    assert len(pickle.dumps(ours)) < 0.6 * len(pickle.dumps(theirs))


def test_rows_of_each_tree():
    X, y = made(0)
    forest = BalancedRandomForestClassifier(5, random_state=0).fit(X, y)
    for rows in forest.estimators_samples_:
        assert np.bincount(y[rows]).tolist() == [120, 120]
        assert np.unique(rows).size < 240
    forest.set_params(replacement=False, max_samples=0.5).fit(X, y)
    assert all(np.bincount(y[rows]).tolist() == [60, 60] for rows in forest.estimators_samples_)
    forest.set_params(max_samples=100).fit(X, y)
    assert all(rows.size == 100 for rows in forest.estimators_samples_)


@pytest.mark.parametrize("weight", [{0: 1.0, 1: 20.0}, "balanced", "balanced_subsample"])
def test_class_weights_are_costs_that_move_the_probabilities(weight):
    X, y = made(0)
    forest = BalancedRandomForestClassifier(20, max_depth=3, random_state=0)
    plain = forest.fit(X, y).predict_proba(X)[:, 1].mean()
    found = forest.set_params(class_weight=weight).fit(X, y)
    if weight == "balanced_subsample":  # the draw is balanced already
        assert found.predict_proba(X)[:, 1].mean() == pytest.approx(plain)
    else:
        assert found.predict_proba(X)[:, 1].mean() > 3 * plain


def test_importances_and_leaves():
    X, y = made(0)
    X = np.column_stack([X, np.random.default_rng(0).normal(size=(len(X), 2))])
    forest = BalancedRandomForestClassifier(20, random_state=0).fit(X, y)
    assert forest.feature_importances_.sum() == pytest.approx(1.0)
    assert forest.feature_importances_[:5].min() > forest.feature_importances_[5:].max()
    assert forest.apply(X[:7]).shape == (7, 20)
