"""Anomaly scores as a classifier, against scikit-learn's forest itself."""

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel.errors import DoesNotApply
from evenkeel.isolation_classifier import IsolationClassifier

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(300, 3)), RNG.normal(size=(20, 3)) * 4])
Y = np.repeat([0, 1], [300, 20])


@parametrize_with_checks(
    [IsolationClassifier(n_estimators=10, random_state=0)],
    expected_failed_checks=lambda estimator: {
        "check_classifiers_train": "it wants labels learnt, and this reads none"
    },
)
def test_it_is_an_estimator_of_scikit_learn(estimator, check):
    check(estimator)


def test_scores_are_those_of_the_forest_and_labels_do_not_move_them():
    oracle = -IsolationForest(random_state=3).fit(X).score_samples(X)
    found = IsolationClassifier(random_state=3).fit(X, Y)
    assert np.array_equal(found.predict_proba(X)[:, 1], oracle)
    shuffled = IsolationClassifier(random_state=3).fit(X, RNG.permutation(Y))
    assert np.array_equal(shuffled.predict_proba(X), found.predict_proba(X))
    assert np.array_equal(found.predict(X) == 1, oracle > 0.5)


def test_the_rarer_class_is_the_one_that_stands_apart_whatever_its_name():
    swapped = IsolationClassifier(random_state=3).fit(X, 1 - Y).predict_proba(X)
    plain = IsolationClassifier(random_state=3).fit(X, Y).predict_proba(X)
    assert np.array_equal(swapped, plain[:, ::-1])


def test_gaps_are_read_and_several_classes_are_refused():
    gaps = X.copy()
    gaps[::5, 0] = np.nan
    assert np.isfinite(IsolationClassifier(random_state=0).fit(gaps, Y).predict_proba(gaps)).all()
    with pytest.raises(DoesNotApply, match="tells rare rows from others; the target holds 3"):
        IsolationClassifier().fit(X, np.arange(len(X)) % 3)
