"""AdaBoost on bins is scikit-learn's AdaBoost, where no column has more values than bins."""

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier

from evenkeel.ensemble import BoostedStumps


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_votes_are_those_of_scikit_learn(n_classes):
    random = np.random.default_rng(0)
    X = random.integers(0, 40, (800, 5)).astype(float)
    y = (
        np.digitize(X[:, 0] + X[:, 1] + random.normal(size=800) * 20, [45, 70][: n_classes - 1])
    ).astype(int)
    theirs = AdaBoostClassifier(n_estimators=30, random_state=0).fit(X, y)
    ours = BoostedStumps(30).fit(X, y)
    assert np.allclose(ours.votes_, theirs.estimator_weights_)
    assert [one.feature for one in ours.stumps_] == [
        one.tree_.feature[0] for one in theirs.estimators_
    ]
    assert np.array_equal(ours.predict(X), theirs.predict(X))


def test_the_difference_of_votes_is_the_log_odds():
    X, y = np.array([[0.0]] * 10 + [[1.0]] * 10), np.array([0] * 8 + [1] * 2 + [0] * 3 + [1] * 7)
    proba = BoostedStumps(1).fit(X, y).predict_proba(X)
    # one stump errs on 5 of 20: its vote is log(15 / 5)
    assert proba[-1] == pytest.approx([0.25, 0.75])


def test_without_a_split_it_says_the_prevalence():
    found = BoostedStumps().fit(np.zeros((10, 1)), np.repeat([0, 1], [8, 2]))
    assert found.stumps_ == []
    assert found.predict_proba([[0.0]]).tolist() == [pytest.approx([0.8, 0.2])]


def test_a_perfect_stump_ends_it():
    found = BoostedStumps().fit(np.arange(10.0)[:, None], np.repeat([0, 1], 5))
    assert len(found.stumps_) == 1
    assert found.predict_proba([[9.0]])[0, 1] == pytest.approx(0.95)  # half a row of ten is wrong
