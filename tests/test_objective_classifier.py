"""LightGBM with a loss of one's own: probabilities, weights, gaps, categories, saving."""

import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.export import load_model, save_model, skops_file
from evenkeel.learners import Columns
from evenkeel.objective_classifier import ObjectiveClassifier
from evenkeel.objectives import FalseNegativeObjective, FocalObjective

OURS = {
    f"evenkeel.{name}"
    for name in (
        "objective_classifier.ObjectiveClassifier",
        "objectives.FalseNegativeObjective",
        "objectives.FocalObjective",
    )
}


def boosted(**params):
    given = {"n_estimators": 40, "num_leaves": 15, "n_jobs": 1, "verbose": -1, "random_state": 0}
    return LGBMClassifier(**given | params)


def rows(n, seed, prevalence=0.01):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    X = rng.normal(size=(n, 8))
    X[:, :5] += 0.9 * y[:, None]
    return X, y


@pytest.fixture(scope="module")
def data():
    return *rows(20_000, 0), *rows(30_000, 1)


def test_log_loss_gives_what_lightgbm_gives(data):
    X, y, X_new, _ = data
    plain = boosted().fit(X, y).predict_proba(X_new)
    ours = ObjectiveClassifier(boosted(), FocalObjective(gamma=0.0)).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X_new), plain, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "objective",
    [FocalObjective(), FocalObjective(gamma=2.0, alpha=0.25), FalseNegativeObjective(cost=10)],
    ids=repr,
)
def test_one_percent_positives_are_ranked_and_measured_as_well_as_by_log_loss(data, objective):
    X, y, X_new, y_new = data
    plain = average_precision_score(y_new, boosted().fit(X, y).predict_proba(X_new)[:, 1])
    p = ObjectiveClassifier(boosted(), objective).fit(X, y).predict_proba(X_new)
    assert average_precision_score(y_new, p[:, 1]) > plain - 0.02
    assert plain > 10 * y_new.mean()
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert 0.4 < p[:, 1].mean() / y_new.mean() < 1.3


def test_training_starts_at_the_prevalence(data):
    X, y, *_ = data
    stump = ObjectiveClassifier(boosted(n_estimators=1, min_split_gain=1e9), FocalObjective())
    p = stump.fit(X, y).predict_proba(X[:5])[:, 1]
    assert p == pytest.approx(np.full(5, y.mean()))
    assert stump.start_ == pytest.approx(FocalObjective().start(y.mean()))
    weight = np.where(y == 1, 30.0, 1.0)
    share = weight[y == 1].sum() / weight.sum()
    p = stump.fit(X, y, sample_weight=weight).predict_proba(X[:1])[0, 1]
    assert p == pytest.approx(share)
    heavier = ObjectiveClassifier(stump.estimator.set_params(class_weight={0: 1.0, 1: 30.0}))
    assert heavier.fit(X, y).predict_proba(X[:1])[0, 1] == pytest.approx(share)


def test_a_row_of_weight_two_is_two_rows():
    X, y = rows(600, 3, 0.3)
    X = np.round(X)  # LightGBM bins rows, not weights: few values make the bins the same
    twice = np.repeat(np.arange(600), 1 + y)
    base = boosted(min_child_samples=1, max_bin=1023, min_data_in_bin=1, n_estimators=5)
    one = ObjectiveClassifier(base, FocalObjective()).fit(X, y, sample_weight=1.0 + y)
    two = ObjectiveClassifier(base, FocalObjective()).fit(X[twice], y[twice])
    assert one.start_ == pytest.approx(two.start_)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-4)


def test_gaps_categories_and_labels_of_any_name():
    X, y = rows(3000, 4, 0.2)
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame.loc[::7, "a"] = np.nan
    frame["kind"] = pd.Categorical(np.where(np.arange(3000) % 3 == 0, "x", "z"))
    names = np.where(y == 1, "yes", "no")
    model = ObjectiveClassifier(boosted()).fit(frame, names)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(frame)) == {"no", "yes"}
    assert model.n_features_in_ == 4
    chosen = model.predict_proba(frame).argmax(axis=1)
    np.testing.assert_array_equal(model.predict(frame), model.classes_[chosen])
    line = make_pipeline(Columns(), ObjectiveClassifier(boosted())).fit(frame, names)
    assert line.predict_proba(frame).shape == (3000, 2)


def test_early_stopping_judges_by_its_own_loss(data):
    X, y, X_new, y_new = data
    model = ObjectiveClassifier(boosted(n_estimators=300, learning_rate=0.3), FocalObjective())
    stop = lightgbm.early_stopping(5, verbose=False)
    model.fit(X, y, eval_X=X_new[:5000], eval_y=y_new[:5000], callbacks=[stop])
    losses = model.estimator_.evals_result_["valid_0"]["loss"]
    best = model.estimator_.best_iteration_
    assert 1 <= best < 300
    assert losses[best - 1] == min(losses)
    raw = model.estimator_.predict(X_new[:5000], raw_score=True) + model.start_
    assert FocalObjective().loss(y_new[:5000], raw).mean() == pytest.approx(losses[best - 1])


def test_it_is_cloned_searched_pickled_and_saved(data, tmp_path, monkeypatch):
    X, y, X_new, _ = data
    model = ObjectiveClassifier(boosted(n_estimators=5), FocalObjective(gamma=1.0))
    assert clone(model).objective == FocalObjective(gamma=1.0)
    grid = {"objective": [FocalObjective(1.0), FalseNegativeObjective(5.0)], "estimator__num_leaves": [3]}  # fmt: skip
    search = GridSearchCV(model, grid, cv=2, scoring="average_precision").fit(X[:4000], y[:4000])
    assert search.best_estimator_.estimator_.num_leaves == 3
    proba = model.fit(X, y).predict_proba(X_new[:100])
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.predict_proba(X_new[:100]), proba)
    monkeypatch.setattr(skops_file, "ALLOWED", skops_file.ALLOWED | OURS)
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    np.testing.assert_array_equal(loaded.predict_proba(X_new[:100]), proba)
    assert loaded.objective_ == FocalObjective(gamma=1.0)


@pytest.mark.parametrize(
    ("model", "y", "weight", "error", "words"),
    [
        (ObjectiveClassifier(boosted()), [0, 1, 2] * 20, None, InvalidInput, "Only binary"),
        (ObjectiveClassifier(boosted()), [1] * 60, None, InvalidInput, "Got one class"),
        (ObjectiveClassifier(boosted()), [0, 1] * 30, [0, 1] * 30, InvalidInput, "zero for one"),
        (ObjectiveClassifier(RandomForestClassifier()), [0, 1] * 30, None, InvalidType, "LGBM"),
        (ObjectiveClassifier(boosted(), "focal"), [0, 1] * 30, None, InvalidType, "'focal'"),
    ],
    ids=["several", "one", "weight", "forest", "word"],
)
def test_errors_say_what_must_be(model, y, weight, error, words):
    with pytest.raises(error, match=words):
        model.fit(np.arange(60.0)[:, None], y, sample_weight=weight)


def test_a_table_that_cannot_be_split():
    with pytest.raises(InvalidInput, match="a column that can be split"):
        ObjectiveClassifier(boosted()).fit(np.ones((60, 2)), [0, 1] * 30)


@parametrize_with_checks(
    [ObjectiveClassifier(boosted(n_estimators=10, min_child_samples=2))],
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": "LightGBM bins rows, not weights",
        "check_sample_weight_equivalence_on_sparse_data": "LightGBM bins rows, not weights",
    },
)
@pytest.mark.filterwarnings("ignore:Converting data to scipy sparse matrix")
def test_scikit_learn_checks(estimator, check):
    check(estimator)
