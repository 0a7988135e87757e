"""Resampled: any resampler inside scikit-learn's own tools, planned on a view, applied to the table."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample import SMOTE, RandomOverSampler, RandomUnderSampler
from evenkeel.resample.cluster_centroids import ClusterCentroids
from evenkeel.resampled import Resampled
from evenkeel.wrappers import CostWeighted, Weighted

NUMBERS = make_pipeline(SimpleImputer(), StandardScaler())


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.X_, self.y_, self.weight_, self.groups_ = X, y, sample_weight, groups
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = np.repeat(["no", "yes"], [270, 30])
    amount = rng.normal(size=300) + (y == "yes")
    amount[rng.random(300) < 0.2] = np.nan
    frame = pd.DataFrame(
        {
            "amount": amount,
            "visits": pd.array(np.where(rng.random(300) < 0.1, None, rng.integers(0, 9, 300)), "Int64"),
            "city": pd.Categorical(rng.choice(["Oslo", "Rome", "Lima"], 300)),
            "note": rng.choice(["a", "b"], 300),
        }
    )  # fmt: skip
    return frame, y


VIEW = make_column_transformer((NUMBERS, ["amount", "visits"]))


def test_smote_on_a_view_feeds_boosting_with_gaps_and_words(table):
    X, y = table
    for model in (HistGradientBoostingClassifier(categorical_features=[0, 1]), LGBMClassifier(verbose=-1)):  # fmt: skip
        codes = make_column_transformer(
            (OrdinalEncoder(), ["city", "note"]), remainder="passthrough",
            verbose_feature_names_out=False,
        ).set_output(transform="pandas")  # fmt: skip
        fitted = Resampled(make_pipeline(codes, model), SMOTE(random_state=0), view=VIEW).fit(X, y)
        assert fitted.n_rows_ == 540
        assert fitted.predict_proba(X).shape == (300, 2)
        assert fitted.classes_.tolist() == ["no", "yes"]


def test_rows_planned_on_a_view_are_made_from_the_table(table):
    X, y = table
    fitted = Resampled(Seen(), SMOTE(random_state=0), view=VIEW).fit(X, y)
    seen = fitted.estimator_.X_
    pd.testing.assert_frame_equal(seen.iloc[:300], X)
    assert seen.dtypes.equals(X.dtypes)
    plan = SMOTE(random_state=0).plan(clone(VIEW).fit_transform(X), y)
    (block,) = plan.made
    start, end = X.iloc[block.parents], X.iloc[block.partners]
    made = seen.iloc[300:]
    expected = (
        start["amount"].to_numpy()
        + block.steps * (end["amount"].to_numpy() - start["amount"].to_numpy())
    )  # fmt: skip
    np.testing.assert_allclose(made["amount"], expected)
    gap = np.isnan(start["amount"].to_numpy()) | np.isnan(end["amount"].to_numpy())
    np.testing.assert_array_equal(made["amount"].isna(), gap)
    assert 0 < gap.sum() < gap.size
    for name in ("city", "note"):
        assert made[name].tolist() == start[name].tolist()


def test_a_view_is_learnt_from_the_training_rows_and_not_needed_to_predict(table):
    X, y = table
    fitted = Resampled(Seen(), RandomUnderSampler(random_state=0), view=VIEW).fit(X[20:], y[20:])
    scaler = fitted.view_.named_transformers_["pipeline"][-1]
    assert scaler.n_samples_seen_ == 280
    assert not hasattr(VIEW, "transformers_")
    assert len(fitted.predict(pl.from_pandas(X))) == 300
    assert Resampled(Seen(), RandomUnderSampler()).fit(X, y).view_ is None


def test_rows_that_hold_values_of_the_view_are_refused(table):
    X, y = table
    for resampler in (
        ClusterCentroids(random_state=0),
        RandomOverSampler(shrinkage=1, random_state=0),
    ):
        with pytest.raises(DoesNotApply, match=r"view of Resampled does not apply to \w+\("):
            Resampled(Seen(), resampler, view=VIEW).fit(X, y)
    hard = Resampled(Seen(), ClusterCentroids(random_state=0, voting="hard"), view=VIEW)
    assert hard.fit(X, y).n_rows_ == 60


@pytest.mark.parametrize("resampler", [SMOTE(random_state=0), RandomUnderSampler(random_state=0)])
def test_columns_follow_their_rows_and_made_rows_take_their_parents(table, resampler):
    X, y = table
    weight, groups = np.arange(300.0), np.arange(300) % 7
    fitted = Resampled(Seen(), resampler, view=VIEW).fit(X, y, weight, groups=groups)
    plan = clone(resampler).plan(clone(VIEW).fit_transform(X), y)
    np.testing.assert_array_equal(fitted.estimator_.weight_, weight[plan.origin()])
    np.testing.assert_array_equal(fitted.estimator_.groups_, groups[plan.origin()])
    np.testing.assert_array_equal(fitted.estimator_.y_, y[plan.origin()])
    # an estimator whose fit does not name a column goes without it
    Resampled(LogisticRegression(), resampler).fit(X[["visits"]].fillna(0), y, groups=groups)


def test_inside_the_tools_of_scikit_learn(table):
    X, y = table
    model = Resampled(
        make_pipeline(SimpleImputer(), LogisticRegression()), SMOTE(random_state=0), view=NUMBERS
    )
    numbers = X[["amount", "visits"]].astype(float)
    line = Pipeline([("keep", "passthrough"), ("model", model)])
    folds = StratifiedKFold(3)
    proba = cross_val_predict(line, numbers, y, cv=folds, method="predict_proba")
    for train, test in folds.split(numbers, y):
        alone = clone(model).fit(numbers.iloc[train], y[train])
        np.testing.assert_array_equal(proba[test], alone.predict_proba(numbers.iloc[test]))
    grid = {"model__resampler__k_neighbors": [1, 3], "model__view__simpleimputer__strategy": ["mean", "median"]}  # fmt: skip
    search = GridSearchCV(line, grid, cv=GroupKFold(3), scoring="roc_auc")
    search.fit(numbers, y, groups=np.arange(300) % 9)
    assert search.best_params_.keys() == grid.keys()
    assert search.best_estimator_["model"].n_rows_ == 540


def test_metadata_is_routed_to_it(table):
    X, y = table
    weight, groups = np.arange(300.0), np.arange(300) % 9
    with sklearn.config_context(enable_metadata_routing=True):
        model = Resampled(Seen(), RandomUnderSampler(random_state=0))
        line = make_pipeline("passthrough", model.set_fit_request(sample_weight=True, groups=True))
        line.fit(X, y, sample_weight=weight, groups=groups)
        kept = RandomUnderSampler(random_state=0).plan(X, y).origin()
        np.testing.assert_array_equal(line[-1].estimator_.weight_, weight[kept])
        np.testing.assert_array_equal(line[-1].estimator_.groups_, groups[kept])
        # groups may be for the splitter alone
        plain = Resampled(LogisticRegression(), RandomUnderSampler(random_state=0))
        search = GridSearchCV(plain, {"estimator__C": [0.1, 1]}, cv=GroupKFold(3))
        search.fit(X[["visits"]].astype(float).fillna(0), y, groups=groups)
        assert search.best_estimator_.n_rows_ == 60


def test_metadata_is_routed_through_a_pipeline_inside(table):
    X, y = table
    X, weight = X[["visits"]].astype(float).fillna(0), np.arange(300.0)
    plan = RandomUnderSampler(random_state=0).plan(X, y)
    with sklearn.config_context(enable_metadata_routing=True):
        scale = StandardScaler().set_fit_request(sample_weight=False)
        line = make_pipeline(scale, LogisticRegression().set_fit_request(sample_weight=True))
        model = Resampled(clone(line), RandomUnderSampler(random_state=0))
        model.fit(X, y, sample_weight=weight)
        by_hand = line.fit(*plan.apply(X, y), sample_weight=weight[plan.origin()])
        np.testing.assert_array_equal(model.predict_proba(X), by_hand.predict_proba(X))


@pytest.mark.parametrize("none", [None, "passthrough"])
def test_no_resampling_is_one_choice_of_a_grid(table, none):
    X, y = table
    weight, groups = np.arange(300.0), np.arange(300) % 7
    fitted = Resampled(Seen(), none, view=VIEW).fit(X, y, weight, groups=groups)
    assert fitted.resampler_ is fitted.view_ is None
    assert (fitted.n_rows_, fitted.estimator_.X_ is X) == (300, True)
    np.testing.assert_array_equal(fitted.estimator_.weight_, weight)
    np.testing.assert_array_equal(fitted.estimator_.groups_, groups)
    line = make_pipeline(Resampled(LogisticRegression(), SMOTE(random_state=0)))
    numbers = X[["visits"]].astype(float).fillna(0)
    grid = {"resampled__resampler": [SMOTE(random_state=0), none]}
    found = GridSearchCV(line, grid, cv=3, scoring="roc_auc").fit(numbers, y)
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()


def test_a_keyword_that_nothing_would_use_is_refused(table):
    X, y = table
    weight = np.ones(300)
    for model in (
        Resampled(Seen(), RandomUnderSampler()),
        Resampled(Weighted(Seen()), RandomUnderSampler()),
        Weighted(Seen()),
        CostWeighted(Seen()),
    ):
        name = type(model).__name__
        with pytest.raises(
            InvalidType,
            match=rf"keywords of {name}.fit must .* Got 'sample_wieght', .* mean 'sample_weight'\?",
        ):
            model.fit(X, y, sample_wieght=weight)
        clone(model).fit(X, y, weight, groups=weight)
    with pytest.raises(InvalidType, match="Got 'cost_fn'"):
        Resampled(Seen(), RandomUnderSampler()).fit(X, y, cost_fn=weight)


def test_keywords_reach_the_steps_of_a_pipeline_inside(table):
    X, y = table
    inside = Pipeline([("keep", "passthrough"), ("model", Seen())])
    fitted = Resampled(inside, RandomUnderSampler(random_state=0))
    fitted.fit(X, y, np.arange(300.0), model__groups=np.arange(300))
    seen = fitted.estimator_[-1]
    np.testing.assert_array_equal(seen.weight_, seen.groups_)
    assert len(seen.groups_) == 60


def test_what_is_no_column_goes_to_the_estimator_as_it_is(table):
    X, y = table
    numbers, y, odd = X[["amount"]], (y == "yes").astype(int), np.arange(300) % 3 == 0
    model = LGBMClassifier(verbose=-1, n_estimators=5)
    fitted = Resampled(model, RandomUnderSampler(random_state=0)).fit(
        numbers[~odd], y[~odd], eval_X=(numbers[odd],), eval_y=(y[odd],), eval_metric="auc",
        callbacks=[lambda env: None],
    )  # fmt: skip
    assert len(fitted.estimator_.evals_result_["valid_0"]["auc"]) == 5
    for name, values in {"categorical_feature": [0], "init_score": np.ones(299)}.items():
        with pytest.raises(
            InvalidInput, match=rf"{name} of Resampled.fit must .* each of 300 rows"
        ):
            Resampled(model, RandomUnderSampler()).fit(numbers, y, **{name: values})
    with pytest.raises(
        InvalidInput, match=r"sample_weight of Resampled.fit .* Got 299. If it is no column"
    ):
        Resampled(model, RandomUnderSampler()).fit(numbers, y, np.ones(299))


def test_a_list_with_an_entry_for_each_row_is_a_column(table):
    X, y = table
    groups = [[row, "a"] for row in range(300)]
    fitted = Resampled(Seen(), RandomUnderSampler(random_state=0)).fit(X, y, groups=groups)
    kept = RandomUnderSampler(random_state=0).plan(X, y).origin()
    assert fitted.estimator_.groups_ == [groups[row] for row in kept]


def test_resamplers_of_other_libraries_are_refused_with_what_to_do(table):
    X, y = table

    class FunctionSampler(BaseEstimator):
        def fit_resample(self, X, y):
            return X, y

    with pytest.raises(
        InvalidType,
        match=r"resampler of Resampled must be None, or have plan\(X, y\), .* Got FunctionSampler\(\)",
    ):
        Resampled(Seen(), FunctionSampler()).fit(X, y)


@parametrize_with_checks(
    [Resampled(LogisticRegression(), SMOTE(k_neighbors=1, random_state=0), view=NUMBERS)],
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": "resampling looks at rows"
    },
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
