"""Remedies: what they fit on, how they compose, and that treated estimators stay ordinary ones."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel.catalogue import find_remedy
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample import SMOTE, RandomUnderSampler
from evenkeel.resampled import Resampled
from evenkeel.wrappers import CostWeighted, Weighted, bare, fit_weighted


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, np.asarray(y), sample_weight
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def rare():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [180, 20])
    return rng.normal(size=(200, 3)) + y[:, None], y


def inner(fitted):
    while hasattr(fitted, "estimator_"):
        fitted = fitted.estimator_
    return fitted


def test_class_weights_are_the_balanced_ones_with_training_mean_1(rare):
    seen = inner(find_remedy("class-weight").treat(Seen()).fit(*rare))
    assert np.allclose(seen.weight_[:180], 200 / (2 * 180))
    assert np.allclose(seen.weight_[180:], 200 / (2 * 20))
    assert seen.weight_.mean() == pytest.approx(1)


def test_weights_in_a_combination_come_from_what_the_resampling_left(rare):
    treated = find_remedy("random-under(ratio=0.5)+class-weight").treat(Seen(), seed=3)
    assert isinstance(treated, Resampled)
    seen = inner(treated.fit(*rare))
    assert np.bincount(seen.y_).tolist() == [40, 20]
    assert set(np.round(seen.weight_, 9)) == {0.75, 1.5}
    assert treated.n_rows_ == 60


def test_only_the_last_step_of_a_pipeline_is_wrapped(rare):
    treated = find_remedy("random-under").treat(make_pipeline(StandardScaler(), Seen()), seed=0)
    treated.fit(*rare)
    scaler, wrapped = treated[0], treated[-1]
    assert np.allclose(scaler.mean_, rare[0].mean(axis=0)), "scaled on the rows as they are"
    assert len(inner(wrapped).y_) == 40


def test_sample_weights_follow_their_rows_and_multiply(rare):
    X, y = rare
    own = np.arange(1.0, 201.0)
    seen = inner(Resampled(Seen(), RandomUnderSampler(random_state=0)).fit(X, y, own))
    rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in seen.X_]
    assert np.array_equal(seen.weight_, own[rows])
    seen = inner(Weighted(Seen()).fit(X, y, own))
    assert np.allclose(seen.weight_, own * np.where(y == 1, 5.0, 200 / 360))


def test_cost_weights_are_proportional_to_what_an_error_costs(rare):
    X, y = rare
    treated = find_remedy("cost-weight").treat(Seen(), costs={"cost_fn": 30.0, "cost_fp": 2.0})
    weight = inner(treated.fit(X, y)).weight_
    assert weight[-1] / weight[0] == pytest.approx(15)
    assert weight.mean() == pytest.approx(1)
    per_row = np.linspace(1, 9, 200)
    weight = inner(CostWeighted(Seen(), cost_fp=2.0).fit(X, y, cost_fn=per_row)).weight_
    assert np.allclose(weight[180:] / weight[0], per_row[180:] / 2)


def test_cost_columns_follow_their_rows_through_a_resampler(rare):
    X, y = rare
    per_row = np.linspace(1, 9, 200)
    both = Resampled(CostWeighted(Seen(), cost_fp=2.0), RandomUnderSampler(random_state=1))
    seen = inner(both.fit(X, y, cost_fn=per_row))
    rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in seen.X_]
    expected = np.where(seen.y_ == 1, per_row[rows], 2.0)
    assert np.allclose(seen.weight_, expected / expected.mean())


def test_weights_are_refused_by_name_where_fit_takes_none(rare):
    with pytest.raises(DoesNotApply, match="KNeighborsClassifier: its fit takes no sample_weight"):
        find_remedy("class-weight").treat(KNeighborsClassifier()).fit(*rare)
    assert fit_weighted(KNeighborsClassifier(), *rare).n_samples_fit_ == 200


def test_treating_changes_neither_the_estimator_nor_the_data(rare):
    X, y = rare
    X.flags.writeable = y.flags.writeable = False
    base = LogisticRegression()
    before = X.copy()
    for name in ("none", "class-weight", "random-over", "smote", "random-under(ratio=0.3)"):
        find_remedy(name).treat(base).fit(X, y)
    assert not hasattr(base, "coef_")
    assert np.array_equal(X, before)


def test_what_is_left_for_predicting_is_the_bare_model(rare):
    X, y = rare
    treated = find_remedy("smote").treat(make_pipeline(StandardScaler(), LogisticRegression()))
    left = bare(treated.fit(X, y))
    assert isinstance(left[-1], LogisticRegression)
    assert np.array_equal(left.predict_proba(X), treated.predict_proba(X))


def test_knobs_are_checked_by_name_and_range():
    with pytest.raises(InvalidInput, match=r"ratio of random-under .* Got 0"):
        find_remedy("random-under(ratio=0)")
    with pytest.raises(InvalidInput, match="knob of smote must be one of 'k', 'ratio'"):
        find_remedy("smote(q=3)")
    with pytest.raises(InvalidInput, match="whole number"):
        find_remedy("smote(k=2.5)")
    with pytest.raises(InvalidType):
        find_remedy("smote").with_knobs(k="5")


@parametrize_with_checks(
    [
        Resampled(LogisticRegression(), RandomUnderSampler(random_state=0)),
        Resampled(LogisticRegression(), SMOTE(k_neighbors=1, random_state=0)),
        Weighted(LogisticRegression()),
        CostWeighted(LogisticRegression(), cost_fn=3, cost_fp=1),
    ],
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": "resampling and class weights look at rows",
        "check_sample_weight_equivalence_on_sparse_data": "resampling and class weights look at rows",
    },
)
def test_wrappers_are_scikit_learn_estimators(estimator, check):
    check(estimator)
