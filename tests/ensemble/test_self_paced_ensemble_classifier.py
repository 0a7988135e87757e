"""Self-paced draws: harder rows as the members go on, and probabilities that know of it."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble import SelfPacedEnsembleClassifier, UnderBaggingClassifier

TREE = DecisionTreeClassifier(max_depth=4)


def made(seed, n=8000, rare=160):
    random = np.random.default_rng(seed)
    y = (random.permutation(n) < rare).astype(int)
    return random.normal(size=(n, 3)) + 1.6 * y[:, None], y


@pytest.mark.parametrize("hardness", ["absolute", "brier", "cross-entropy"])
def test_draws_hold_more_hard_rows_than_random_ones_and_the_mean_stays(hardness):
    (X, y), (X_new, y_new) = made(0), made(1)
    paced = SelfPacedEnsembleClassifier(TREE, hardness=hardness, random_state=0).fit(X, y)
    near = [X[rows[y[rows] == 0]].sum(axis=1).mean() for rows in paced.estimators_samples_]
    assert min(near[1:]) > near[0] + 0.3
    assert {np.sum(y[rows] == 0) for rows in paced.estimators_samples_} == {160}
    proba = paced.predict_proba(X_new)[:, 1]
    assert proba.mean() == pytest.approx(y_new.mean(), rel=0.3)
    plain = UnderBaggingClassifier(TREE, random_state=0).fit(X, y).predict_proba(X_new)[:, 1]
    ours, theirs = (average_precision_score(y_new, p) for p in (proba, plain))
    assert ours > theirs - 0.02


def test_one_bin_is_random_undersampling():
    X, y = made(0)
    paced = SelfPacedEnsembleClassifier(TREE, 3, k_bins=1, random_state=0).fit(X, y)
    assert np.allclose([cuts[0].kept for cuts in paced._cuts[1:]], 1.0)
