"""A classifier that decides: any scores, any folds, any table, and new decisions without a refit."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenkeel import DecidedClassifier, Policy
from evenkeel.decide import settle
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.learners import Columns
from evenkeel.scores import out_of_fold
from evenkeel.split import make_folds

RNG = np.random.default_rng(0)
N = 900
Y = (RNG.random(N) < 0.15).astype(int)
X = RNG.normal(size=(N, 3)) + Y[:, None]
AMOUNT = RNG.integers(1, 100, N).astype(float)
COST = Policy(cost_fn=20, cost_fp=1)
PER_ROW = Policy(cost_fn="amount", cost_fp=4)


class Counting(LogisticRegression):
    """Counts its fits and keeps what it was given."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counting.fits += 1
        self.given_ = sample_weight
        return super().fit(X, y, sample_weight)


def test_platt_on_margins_is_platt_on_the_margins():
    """Against a logistic regression on out-of-fold margins, nearly without a penalty."""
    folds = StratifiedKFold(5)
    model = DecidedClassifier(LinearSVC(), COST, cv=folds, calibration="platt").fit(X, Y)
    margin = cross_val_predict(LinearSVC(), X, Y, cv=folds, method="decision_function")
    n = np.bincount(Y)
    # Platt's softened targets as two weighted rows for each row
    soft = np.where(Y == 1, (n[1] + 1) / (n[1] + 2), 1 / (n[0] + 2))
    platt = LogisticRegression(C=1e10, tol=1e-10).fit(
        np.tile(margin, 2)[:, None], np.repeat([1, 0], N), np.append(soft, 1 - soft)
    )
    new = LinearSVC().fit(X, Y).decision_function(X)
    inside = np.abs(new) < 0.9 * np.abs(margin).max()
    ours, theirs = model.predict_proba(X)[:, 1], platt.predict_proba(new[:, None])[:, 1]
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=1e-4)


def test_margins_of_several_classes():
    y = np.digitize(X[:, 0] + 0.5 * RNG.normal(size=N), [0.5, 1.5])
    model = DecidedClassifier(RidgeClassifier()).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    np.testing.assert_allclose(proba.mean(axis=0), np.bincount(y) / N, atol=0.02)
    assert (model.predict(X) == y).mean() > 0.6


def test_a_new_decision_refits_nothing():
    Counting.fits = 0
    model = DecidedClassifier(Counting(), COST, cv=3).fit(X, Y)
    fits = Counting.fits
    before = model.predict(X)
    other = model.decide(Policy.min_recall(0.95))
    assert Counting.fits == fits > 3
    np.testing.assert_array_equal(model.predict(X), before)
    assert other.policy == Policy.min_recall(0.95)
    assert other.estimator_ is model.estimator_
    fresh = DecidedClassifier(LogisticRegression(), Policy.min_recall(0.95), cv=3).fit(X, Y)
    assert other.decision_ == fresh.decision_
    np.testing.assert_array_equal(other.predict(X), fresh.predict(X))
    np.testing.assert_array_equal(other.predict_proba(X), fresh.predict_proba(X))


@pytest.mark.parametrize("of", ["scores", "settled", "parts"])
def test_joining_what_was_settled(of):
    labels = ("ok", "fraud")
    scores = out_of_fold(RidgeClassifier(), X, Y, make_folds(Y), classes=labels)
    settled = settle(scores, COST)
    fitted = RidgeClassifier().fit(X, Y)
    if of == "scores":
        model = DecidedClassifier.of(fitted, settled, scores=scores)
        again = model.decide(Policy.metric("f1")).predict(X)
        assert set(again) == {"ok", "fraud"}
        assert model.classes_.tolist() == ["ok", "fraud"]
        expected = DecidedClassifier(RidgeClassifier(), COST).fit(X, Y)
        np.testing.assert_array_equal(model.predict(X) == "fraud", expected.predict(X) == 1)
        return
    fitted = LogisticRegression().fit(X, Y)
    parts = (settled,) if of == "settled" else (settled.calibrator, settled.decision)
    model = DecidedClassifier.of(fitted, *parts, classes=labels)
    assert set(model.predict(X)) <= set(labels)
    assert DecidedClassifier.of(fitted, *parts).classes_.tolist() == [0, 1]
    with pytest.raises(InvalidInput, match="keeps no out-of-fold scores"):
        model.decide(COST)
    with pytest.raises(InvalidInput, match="must name the 2 classes"):
        DecidedClassifier.of(fitted, *parts, classes=("a", "b", "c"))
    with pytest.raises(InvalidInput, match="their unit is not known"):
        DecidedClassifier.of(RidgeClassifier().fit(X, Y), *parts).predict(X)
    with pytest.raises(InvalidInput, match="a calibrator and a decision"):
        DecidedClassifier.of(fitted, settled.calibrator)


@pytest.mark.parametrize("fit", [LogisticRegression, RidgeClassifier])
@pytest.mark.parametrize("words", [("ok", "fraud"), ("fine", "spam")], ids=["falling", "rising"])
def test_a_model_fitted_on_words_can_be_joined(fit, words):
    """Columns are found by their words: in the first pair the model has the positive one first."""
    names = np.array(words)[Y]
    scores = out_of_fold(fit(), X, Y, make_folds(Y), classes=words)
    settled = settle(scores, COST)
    on_codes = DecidedClassifier.of(fit().fit(X, Y), settled, scores=scores)
    on_words = DecidedClassifier.of(fit().fit(X, names), settled, scores=scores)
    assert on_words.classes_.tolist() == list(words)
    np.testing.assert_array_equal(on_words.predict(X), on_codes.predict(X))
    np.testing.assert_allclose(on_words.predict_proba(X), on_codes.predict_proba(X))
    assert 0 < (on_words.predict(X) == words[1]).sum() < N
    again = on_words.decide(Policy.min_recall(0.9))
    np.testing.assert_array_equal(again.predict(X), on_codes.decide(again.policy).predict(X))


def test_a_model_fitted_on_words_alone_stands_for_codes_in_their_order():
    scores = out_of_fold(LogisticRegression(), X, Y, make_folds(Y), classes=(0, 1))
    fitted = LogisticRegression().fit(X, np.array(["ham", "spam"])[Y])
    model = DecidedClassifier.of(fitted, settle(scores, COST))
    assert set(model.predict(X)) == {"ham", "spam"}
    renamed = DecidedClassifier.of(fitted, settle(scores, COST), classes=("good", "bad"))
    np.testing.assert_array_equal(renamed.predict(X) == "bad", model.predict(X) == "spam")


@pytest.mark.parametrize("given", ["f1", "fraud", {"cost_fn": 3}])
def test_words_in_place_of_a_policy_are_refused(given):
    with pytest.raises(InvalidType, match="policy of DecidedClassifier must be a Policy"):
        DecidedClassifier(LogisticRegression(), given).fit(X, Y)
    model = DecidedClassifier(LogisticRegression(), COST, cv=3).fit(X, Y)
    with pytest.raises(InvalidType, match="policy of DecidedClassifier must be a Policy"):
        model.decide(given)
    with pytest.raises(InvalidType, match="policy of settle must be a Policy"):
        settle(model.scores_, given)


def test_folds_from_a_number_a_splitter_and_pairs_that_leave_rows_out():
    splitter = StratifiedKFold(4)
    one = DecidedClassifier(LogisticRegression(), COST, cv=splitter).fit(X, Y)
    two = DecidedClassifier(LogisticRegression(), COST, cv=list(splitter.split(X, Y))).fit(X, Y)
    assert one.decision_ == two.decision_
    assert np.unique(one.scores_.fold).size == 4
    number = DecidedClassifier(LogisticRegression(), COST, cv=4).fit(X, Y)
    assert np.unique(number.scores_.fold).size == 4
    columns = {"amount": AMOUNT}
    later = DecidedClassifier(LogisticRegression(), PER_ROW, cv=TimeSeriesSplit(4))
    later.fit(X, Y, columns=columns)
    rows = later.scores_.rows
    assert 0 < rows.size < N
    cut = {"amount": AMOUNT[rows]}
    assert later.decision_ == settle(later.scores_, PER_ROW, columns=cut).decision


def test_groups_stay_together():
    groups = np.array([f"card {i}" for i in np.arange(N) % 90])
    model = DecidedClassifier(LogisticRegression(), COST).fit(X, Y, groups=groups)
    for part in model.scores_.fold:
        pairs = {(group, fold) for group, fold in zip(groups, part, strict=True)}
        assert len(pairs) == 90
    split = DecidedClassifier(LogisticRegression(), COST, cv=GroupKFold(3))
    split.fit(X, Y, groups=groups)
    assert np.unique(split.scores_.fold).size == 3


def test_weights_reach_every_fit_also_inside_a_pipeline():
    weight = np.where(Y == 1, 5.0, 1.0)
    model = DecidedClassifier(Counting(), COST, cv=3).fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(model.estimator_.given_, weight)
    plain = DecidedClassifier(Counting(), COST, cv=3).fit(X, Y)
    assert model.scores_.raw[..., 1].mean() > 1.5 * plain.scores_.raw[..., 1].mean()
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(Y.mean(), rel=0.05)
    line = DecidedClassifier(make_pipeline(StandardScaler(), Counting()), COST, cv=3)
    line.fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(line.estimator_[-1].given_, weight)


@pytest.mark.parametrize("kind", ["pandas", "polars", "array"])
def test_costs_from_columns(kind):
    table = {f"x{k}": X[:, k] for k in range(3)} | {"amount": AMOUNT}
    model = DecidedClassifier(make_pipeline(Columns(output="dense"), LogisticRegression()), PER_ROW)
    if kind == "array":
        model = DecidedClassifier(LogisticRegression(), PER_ROW)
        with pytest.raises(InvalidInput, match="must hold the cost columns"):
            model.fit(X, Y)
        given = {"columns": {"amount": AMOUNT}}
        found = model.fit(X, Y, **given).predict(X, **given)
        p = model.predict_proba(X)[:, 1]
    else:
        frame = pd.DataFrame(table) if kind == "pandas" else pl.DataFrame(table)
        found = model.fit(frame, Y).predict(frame)
        p = model.predict_proba(frame)[:, 1]
    t = model.decision_.threshold
    np.testing.assert_array_equal(found, p * AMOUNT * (1 - t) >= (1 - p) * 4 * t)
    assert 0 < found.sum() < N
    flat = model.decide(Policy.metric("f1"))
    assert flat.decision_.columns == ()
    dear = model.decide(Policy(cost_fn="loss", cost_fp=4), columns={"loss": 2 * AMOUNT})
    assert dear.decision_.columns == ("loss",)


def test_a_capacity_per_period_counts_times():
    times = np.repeat(np.datetime64("2026-01-01") + np.arange(9), 100)
    policy = Policy.capacity(10, "day")
    model = DecidedClassifier(LogisticRegression(), policy).fit(X, Y, times=times)
    assert model.predict(X).sum() == pytest.approx(90, abs=25)
    with pytest.raises(InvalidInput):
        DecidedClassifier(LogisticRegression(), policy).fit(X, Y)


def test_probabilities_at_another_prevalence():
    model = DecidedClassifier(LogisticRegression(), COST, prevalence=0.02).fit(X, Y)
    rare = np.flatnonzero(Y == 1)[: round(0.02 * N)]
    mixed = np.append(np.flatnonzero(Y == 0), rare)
    share = rare.size / mixed.size
    assert model.predict_proba(X[mixed])[:, 1].mean() == pytest.approx(share, rel=0.4)


@pytest.mark.parametrize(
    "labels",
    [("good", "fraud"), (False, True), (0.0, 1.0), (5, -3), ("ok", 1)],
    ids=["words", "bools", "floats", "numbers", "mixed"],
)
def test_labels_of_any_kind(labels):
    names = np.array([labels[code] for code in Y], dtype=object)
    y = names if labels == ("ok", 1) else names.astype(type(labels[0]) if labels[0] != "good" else str)  # fmt: skip
    model = DecidedClassifier(LogisticRegression(), COST, cv=3).fit(X, y)
    expected = DecidedClassifier(LogisticRegression(), COST, cv=3).fit(X, Y).predict(X)
    found = model.predict(X)
    np.testing.assert_array_equal(found == labels[1], expected == 1)
    assert set(model.classes_.tolist()) == set(labels)
    column = list(model.classes_).index(labels[1])
    assert model.predict_proba(X)[:, column].mean() == pytest.approx(Y.mean(), rel=0.05)


def test_inside_and_around_the_tools_of_scikit_learn():
    inner = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, cv=3)
    model = DecidedClassifier(make_pipeline(StandardScaler(), inner), COST, cv=3)
    assert clone(model).fit(X, Y).predict(X).sum() > 0
    outer = GridSearchCV(
        DecidedClassifier(LogisticRegression(), COST, cv=3),
        {"estimator__C": [0.01, 1.0], "policy": [COST, Policy.metric("f1")]},
        cv=3,
        scoring="f1",
    )
    outer.fit(X, Y)
    assert outer.best_params_["policy"] == Policy.metric("f1")
    line = make_pipeline(StandardScaler(), DecidedClassifier(LogisticRegression(), COST, cv=3))
    assert cross_val_score(line, X, Y, cv=3, scoring="recall").mean() > 0.6


def test_metadata_is_routed():
    weight, groups = np.where(Y == 1, 5.0, 1.0), np.arange(N) % 30
    with sklearn.config_context(enable_metadata_routing=True):
        inner = Counting().set_fit_request(sample_weight=True)
        model = DecidedClassifier(inner, COST, cv=GroupKFold(3))
        model.fit(X, Y, sample_weight=weight, groups=groups)
        np.testing.assert_array_equal(model.estimator_.given_, weight)
        assert np.unique(model.scores_.fold).size == 3
        deaf = DecidedClassifier(Counting().set_fit_request(sample_weight=False), COST, cv=3)
        deaf.set_fit_request(sample_weight=True)
        assert deaf.fit(X, Y, sample_weight=weight).estimator_.given_ is None
        search = GridSearchCV(
            DecidedClassifier(Counting(), COST), {"estimator__C": [0.1, 1.0]}, cv=GroupKFold(3)
        )
        assert search.fit(X, Y, groups=groups).best_estimator_.scores_ is not None


@pytest.mark.parametrize(
    ("model", "X", "y", "error", "words"),
    [
        (
            DecidedClassifier(LogisticRegression(), cv=11),
            X[:10],
            Y[:10] * 0 + [0, 1] * 5,
            InvalidInput,
            "cv of DecidedClassifier must be",
        ),
        (DecidedClassifier(LogisticRegression(), cv=1), X, Y, InvalidInput, "at least 2"),
        (DecidedClassifier(LogisticRegression(), cv="five"), X, Y, InvalidType, "Got 'five'"),
        (DecidedClassifier(LogisticRegression()), X, np.ones(N), InvalidInput, "Got one class: 1"),
        (
            DecidedClassifier(LogisticRegression()),
            X,
            np.arange(N) == 3,
            InvalidInput,
            "Got one of class True",
        ),
        (
            DecidedClassifier(LogisticRegression()),
            X,
            np.where(Y == 1, np.nan, 0),
            ValueError,
            "NaN",
        ),
        (
            DecidedClassifier(LogisticRegression()),
            X,
            [None, "a"] * 450,
            InvalidInput,
            "450 missing",
        ),
        (DecidedClassifier(LogisticRegression()), X, Y[:-1], ValueError, "inconsistent numbers"),
        (
            DecidedClassifier(LogisticRegression(), Policy.min_recall(0.9)),
            X,
            np.arange(N) % 3,
            InvalidInput,
            "needs two classes",
        ),
        (DecidedClassifier(LinearRegression()), X, Y, InvalidType, "LinearRegression has neither"),
        (
            DecidedClassifier(LogisticRegression(), cv=[(range(450), range(449, N))]),
            X,
            Y,
            InvalidInput,
            "in both",
        ),
        (DecidedClassifier(LogisticRegression(), calibration="plat"), X, Y, InvalidInput, "platt"),
    ],
    ids=[
        "folds",
        "one fold",
        "word",
        "one class",
        "one row",
        "nan",
        "none",
        "lengths",
        "policy",
        "regression",
        "overlap",
        "calibration",
    ],
)
def test_errors_say_what_must_be(model, X, y, error, words):
    with pytest.raises(error, match=words):
        model.fit(X, y)


def test_a_fold_without_a_class_and_scores_without_information():
    alone, rest = np.flatnonzero(Y == 0)[:50], np.flatnonzero(Y == 0)[50:]
    rest = np.sort(np.append(rest, np.flatnonzero(Y == 1)))
    pairs = [(rest[train], rest[valid]) for train, valid in StratifiedKFold(3).split(rest, Y[rest])]
    pairs.append((rest, alone))
    model = DecidedClassifier(LogisticRegression(), COST, cv=pairs).fit(X, Y)
    assert 0 < model.predict(X).sum() < N
    flat = DecidedClassifier(DummyClassifier(), Policy.metric("f1"), cv=3).fit(X, Y)
    assert flat.predict_proba(X)[:, 1] == pytest.approx(np.full(N, Y.mean()), rel=0.05)


@parametrize_with_checks(
    [
        DecidedClassifier(LogisticRegression()),
        DecidedClassifier(LinearSVC()),
    ],
    expected_failed_checks=lambda estimator: {
        "check_classifiers_train": "predict follows the policy, not the most probable class",
        "check_sample_weight_equivalence_on_dense_data": "folds are dealt by rows",
        "check_sample_weight_equivalence_on_sparse_data": "folds are dealt by rows",
    },
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
