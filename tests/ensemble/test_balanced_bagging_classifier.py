"""Balanced bagging: rows, columns and resamplers."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from evenkeel.ensemble import BalancedBaggingClassifier
from evenkeel.resample import SMOTE, RandomUnderSampler, TomekLinks

random = np.random.default_rng(0)
y = (random.permutation(1500) < 150).astype(int)
X = random.normal(size=(1500, 4)) + y[:, None]
WORDS = np.array(["no", "yes"])[y]


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({}, (150, 150)),
        ({"sampling_strategy": 0.5}, (300, 150)),
        ({"sampling_strategy": {"no": 40}}, (40, 150)),
        ({"max_samples": 0.5}, (75, 75)),
        ({"bootstrap": False}, (150, 150)),
        ({"sampler": RandomUnderSampler(sampling_strategy=0.25)}, (600, 150)),
    ],
    ids=str,
)
def test_rows_of_each_class_are_what_was_asked_for(given, sizes):
    bag = BalancedBaggingClassifier(LogisticRegression(), 3, random_state=0, **given).fit(X, WORDS)
    for rows in bag.estimators_samples_:
        assert tuple(np.bincount(y[rows])) == sizes
        assert (np.unique(rows).size == rows.size) == (given.get("bootstrap") is False)
    assert bag.drawn_shares_[0] == pytest.approx(np.array(sizes) / sum(sizes))


@pytest.mark.parametrize("sampler", [SMOTE(), TomekLinks()])
def test_any_resampler_balances_a_bootstrap(sampler):
    bag = BalancedBaggingClassifier(
        LogisticRegression(), 4, sampler=sampler, oob_score=True, random_state=0
    ).fit(X, WORDS)
    made = isinstance(sampler, SMOTE)
    assert bag.drawn_shares_[:, 1] == pytest.approx(0.5 if made else 0.1, abs=0.02)
    assert bag.predict_proba(X)[:, 1].mean() == pytest.approx(0.1, rel=0.2)
    known = np.isfinite(bag.oob_decision_function_[:, 1])
    assert average_precision_score(y[known], bag.oob_decision_function_[known, 1]) > 0.6


def test_members_see_some_columns():
    bag = BalancedBaggingClassifier(LogisticRegression(), 5, max_features=2, random_state=0).fit(
        X, y
    )
    assert all(one.shape == (2,) for one in bag.estimators_features_)
    assert len({tuple(one) for one in bag.estimators_features_}) > 1
    assert all(one.n_features_in_ == 2 for one in bag.estimators_)
    again = BalancedBaggingClassifier(
        LogisticRegression(), 5, max_features=0.5, bootstrap_features=True, random_state=1
    ).fit(X, y)
    assert average_precision_score(y, again.predict_proba(X)[:, 1]) > 0.5
