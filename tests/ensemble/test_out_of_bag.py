"""Out-of-bag scores are of rows that the members never saw."""

import warnings

import numpy as np
import pytest
from imblearn.ensemble import BalancedRandomForestClassifier as Peer
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    UnderBaggingClassifier,
)
from evenkeel.ensemble.members import log_shares, probabilities_of

FORESTS = [
    BalancedRandomForestClassifier(n_estimators=60, oob_score=True, random_state=0),
    BalancedBaggingClassifier(n_estimators=40, oob_score=True, random_state=0),
    UnderBaggingClassifier(
        DecisionTreeClassifier(), n_estimators=40, bootstrap=True, oob_score=True, random_state=0
    ),
]


@pytest.mark.parametrize("forest", FORESTS, ids=lambda one: type(one).__name__)
def test_on_pure_noise_the_score_is_chance(forest):
    found = []
    for seed in range(10, 16):
        random = np.random.default_rng(seed)
        X, y = random.normal(size=(2000, 5)), (random.permutation(2000) < 200).astype(int)
        proba = forest.set_params(random_state=seed).fit(X, y).oob_decision_function_[:, 1]
        known = np.isfinite(proba)
        assert known.mean() > 0.99
        found.append(roc_auc_score(y[known], proba[known]))
    # over such tables one AUC has a standard deviation of 0.027, as under cross-validation
    assert abs(np.mean(found) - 0.5) < 3 * 0.027 / 6**0.5


def test_the_peer_is_not_honest_there():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(2000, 5)), (random.permutation(2000) < 200).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that some rows have no score
        peer = Peer(n_estimators=200, bootstrap=True, oob_score=True, random_state=0).fit(X, y)
    said = peer.oob_decision_function_[:, 1]
    known = np.isfinite(said)
    assert roc_auc_score(y[known], said[known]) > 0.8


def test_scores_are_averages_over_the_members_that_left_the_row_out():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 3)), (random.permutation(300) < 60).astype(int)
    bag = BalancedBaggingClassifier(n_estimators=6, oob_score=True, random_state=0).fit(X, y)
    for row in range(0, 300, 7):
        said = [
            log_shares(member, X[[row]], bag.shares_)[0]
            for member, rows in zip(bag._members, bag.estimators_samples_, strict=True)
            if row not in rows
        ]
        if said:
            slow = probabilities_of(np.mean(said, axis=0)[None])[0]
            assert np.allclose(bag.oob_decision_function_[row], slow)
        else:
            assert np.isnan(bag.oob_decision_function_[row]).all()


def test_the_score_is_accuracy_or_what_a_function_says():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(300, 3)), (random.permutation(300) < 60).astype(int)
    X[:, 0] += 3 * y
    words = np.array(["no", "yes"])[y]
    forest = BalancedRandomForestClassifier(40, oob_score=True, random_state=0).fit(X, words)
    assert forest.oob_score_ > 0.85
    forest.set_params(oob_score=lambda truth, said: float(np.mean(said[truth == "yes"] == "yes")))
    assert forest.fit(X, words).oob_score_ > 0.8
