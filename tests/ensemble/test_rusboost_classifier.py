"""RUSBoost and SMOTEBoost."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from evenkeel.ensemble import RUSBoostClassifier
from evenkeel.errors import InvalidType
from evenkeel.resample import SMOTE, RandomUnderSampler

random = np.random.default_rng(0)
y = (random.permutation(3000) < 150).astype(int)
X = random.normal(size=(3000, 4))
X[:, :2] += 1.5 * y[:, None]


@pytest.mark.parametrize(
    "estimator", [None, DecisionTreeClassifier(max_depth=2), LogisticRegression()]
)
@pytest.mark.parametrize("resampler", [None, SMOTE(sampling_strategy=0.3), RandomUnderSampler()])
def test_learners_and_resamplers_go_together(estimator, resampler):
    boost = RUSBoostClassifier(estimator, n_estimators=8, resampler=resampler, random_state=0)
    proba = boost.fit(X, y).predict_proba(X)[:, 1]
    assert proba.mean() == pytest.approx(0.05, rel=1e-3)
    assert average_precision_score(y, proba) > 0.25
    assert len(boost.estimators_) == len(boost.estimator_weights_) == len(boost.estimator_errors_)
    assert (boost.estimator_errors_ < 0.5).all()


def test_smoteboost_is_the_same_each_time_and_seeds_its_resampler():
    boost = RUSBoostClassifier(
        n_estimators=5, resampler=SMOTE(sampling_strategy=0.2), random_state=0
    )
    first = boost.fit(X, y).predict_proba(X)
    assert np.array_equal(boost.fit(X, y).predict_proba(X), first)
    assert boost.resampler.random_state is None


def test_rounds_go_on_where_uniform_draws_would_stop():
    far = X.copy()
    far[:, 3] = np.where(random.random(3000) < 0.02, 6.0, 0.0)  # few hard rows
    boost = RUSBoostClassifier(n_estimators=40, random_state=0).fit(far, y)
    assert len(boost.estimators_) == 40


def test_what_is_no_resampler_is_refused_and_row_numbers_are_not_kept():
    with pytest.raises(InvalidType, match="resampler of RUSBoostClassifier must be None, or"):
        RUSBoostClassifier(resampler="smote").fit(X, y)
    boost = RUSBoostClassifier(n_estimators=2, random_state=0).fit(X, y)
    with pytest.raises(AttributeError, match="keeps no row numbers"):
        _ = boost.estimators_samples_
