"""Cross-fitting: every row by a model that did not see it, from folds, splitters and pairs."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_predict,
)

from evenkeel.decide import Platt
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.scores import Scores, fit_and_score, from_margins, out_of_fold
from evenkeel.split import make_folds

RNG = np.random.default_rng(0)
Y = (RNG.random(240) < 0.3).astype(np.int64)
X = RNG.normal(size=(240, 3)) + Y[:, None]
LABELS = ("no", "yes")


def test_folds_give_what_scikit_learn_gives():
    folds = make_folds(Y)
    found = out_of_fold(LogisticRegression(), X, Y, folds, classes=LABELS)
    np.testing.assert_array_equal(found.fold, folds.part)
    assert found.rows is None
    assert found.unit is None
    for repeat in range(folds.n_repeats):
        pairs = [folds.rows(repeat, fold) for fold in range(folds.n_folds)]
        proba = cross_val_predict(LogisticRegression(), X, Y, cv=pairs, method="predict_proba")
        np.testing.assert_array_equal(found.raw[repeat], proba)


def test_margins_share_one_unit_and_platt_on_them_is_platt_on_the_margins():
    folds = make_folds(Y, n_repeats=1)
    found = out_of_fold(RidgeClassifier(), X, Y, folds, classes=LABELS)
    pairs = [folds.rows(0, fold) for fold in range(folds.n_folds)]
    margin = cross_val_predict(RidgeClassifier(), X, Y, cv=pairs, method="decision_function")
    assert found.unit == pytest.approx(np.abs(margin).max() / 2)
    logits = np.log(found.raw[0, :, 1] / found.raw[0, :, 0])
    np.testing.assert_allclose(logits, margin / found.unit, rtol=1e-9)
    wide = from_margins(np.stack([-margin, margin], axis=1) / 2, found.unit * 7.0)
    one, other = Platt.fit(Y, found.raw[0]), Platt.fit(Y, wide)
    assert other.slope == pytest.approx(7.0 * one.slope, rel=1e-5)
    np.testing.assert_allclose(other.apply(wide), one.apply(found.raw[0]), rtol=1e-6)


def test_margins_of_ten_thousand_keep_their_ranking():
    class Loud(RidgeClassifier):
        def decision_function(self, X):
            return 1e4 * super().decision_function(X)

    pairs = list(KFold(4).split(X))
    found = out_of_fold(Loud(), X, Y, pairs, classes=LABELS).raw[0, :, 1]
    margin = cross_val_predict(Loud(), X, Y, cv=pairs, method="decision_function")
    assert np.abs(margin).max() > 1e4
    np.testing.assert_array_equal(np.argsort(found), np.argsort(margin))
    assert found.max() < 0.9


def test_repeated_splits_become_repeats():
    splitter = RepeatedStratifiedKFold(n_splits=4, n_repeats=3, random_state=0)
    pairs = list(splitter.split(X, Y))
    found = out_of_fold(LogisticRegression(), X, Y, pairs, classes=LABELS)
    assert found.raw.shape == (3, 240, 2)
    for repeat in range(3):
        for number, (train, valid) in enumerate(pairs[4 * repeat : 4 * repeat + 4]):
            assert (found.fold[repeat, valid] == 4 * repeat + number).all()
            model = LogisticRegression().fit(X[train], Y[train])
            np.testing.assert_array_equal(found.raw[repeat, valid], model.predict_proba(X[valid]))


def test_rows_that_are_never_scored_are_left_out():
    pairs = list(TimeSeriesSplit(4).split(X))
    found = out_of_fold(LogisticRegression(), X, Y, pairs, classes=LABELS)
    np.testing.assert_array_equal(found.rows, np.concatenate([valid for _, valid in pairs]))
    np.testing.assert_array_equal(found.y, Y[found.rows])
    random = list(ShuffleSplit(6, test_size=0.3, random_state=0).split(X))
    found = out_of_fold(LogisticRegression(), X, Y, random, classes=LABELS)
    assert found.n_repeats == 1
    for at, row in enumerate(found.rows):
        train, _ = random[int(found.fold[0, at])]
        assert row not in train
        assert int(found.fold[0, at]) == min(n for n, (_, valid) in enumerate(random) if row in valid)  # fmt: skip


def test_columns_follow_their_rows_and_masks_are_row_numbers():
    class Seen(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            np.testing.assert_array_equal(sample_weight, X[:, 0])
            return super().fit(X, y)

    half = np.arange(240) % 2 == 0
    pairs = [(half, ~half), (~half, half)]
    weighted = out_of_fold(Seen(), X, Y, pairs, classes=LABELS, sample_weight=X[:, 0])
    plain = out_of_fold(LogisticRegression(), X, Y, pairs, classes=LABELS)
    np.testing.assert_array_equal(weighted.raw, plain.raw)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "at least one split"),
        ([(np.arange(200), np.arange(199, 240))], "1 of them in both"),
        ([(np.arange(200), np.arange(200, 250))], "rows from 0 to 239"),
        ([(np.arange(200), np.arange(0))], "score others"),
        ([(np.flatnonzero(Y == 0), np.flatnonzero(Y == 1))], "all of class 'no'"),
    ],
    ids=["none", "overlap", "beyond", "empty", "one class"],
)
def test_splits_that_cannot_be_used(pairs, words):
    with pytest.raises(InvalidInput, match=words):
        out_of_fold(LogisticRegression(), X, Y, pairs, classes=LABELS)


def test_the_race_still_asks_for_probabilities():
    with pytest.raises(InvalidType, match="RidgeClassifier has none"):
        fit_and_score(RidgeClassifier(), X, Y, X, 2)


def test_shapes_that_do_not_fit():
    raw = np.full((1, 4, 2), 0.5)
    with pytest.raises(InvalidInput, match="raw of Scores must have shape"):
        Scores(np.array([0, 1]), raw, np.zeros((1, 4), int), LABELS)
    with pytest.raises(InvalidInput, match="fold of Scores must have shape"):
        Scores(np.array([0, 1, 0, 1]), raw, np.zeros((2, 4), int), LABELS)
