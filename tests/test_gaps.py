"""Remedies that measure distances serve tables with gaps, and leave the gaps where they were."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier

from evenkeel.catalogue import find_remedy
from evenkeel.gaps import FilledGaps
from evenkeel.wrappers import bare

rng = np.random.default_rng(0)
Y = (np.arange(300) % 6 == 0).astype(int)
X = np.where(rng.random((300, 3)) < 0.1, np.nan, rng.normal(size=(300, 3)) + Y[:, None])


def test_medians_fill_the_gaps_and_nothing_else():
    filled = FilledGaps().fit_transform(X)
    gaps = np.isnan(X)
    np.testing.assert_array_equal(filled[~gaps], X[~gaps])
    for at in range(3):
        assert set(filled[gaps[:, at], at]) == {np.nanmedian(X[:, at])}
    frame = pd.DataFrame(X, columns=list("abc")).assign(shop=pd.Categorical(["u", None, "v"] * 100))
    again = FilledGaps().fit_transform(frame)
    np.testing.assert_array_equal(again[list("abc")].to_numpy(), filled)
    pd.testing.assert_series_equal(again["shop"], frame["shop"])
    assert (again.dtypes == frame.dtypes).all()


def test_what_has_no_gaps_is_passed_on():
    for whole in (X[~np.isnan(X).any(axis=1)], pl.DataFrame({"a": [1.0]}), [[1.0], [2.0]]):
        assert FilledGaps().fit_transform(whole) is whole
    empty = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    assert FilledGaps().fit_transform(empty)[:, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "name", ["smote", "borderline-smote", "adasyn", "tomek-links", "edited-nn", "cluster-centroids"]
)
def test_remedies_serve_tables_with_gaps(name):
    treated = find_remedy(name).treat(HistGradientBoostingClassifier(max_iter=5)).fit(X, Y)
    assert treated.n_rows_ != len(Y)
    assert treated.predict_proba(X).shape == (300, 2)


def test_numbers_beside_categories_with_gaps_are_voted_and_interpolated():
    shop = pd.Categorical(rng.choice(["u", "v", "w"], 300))
    frame = pd.DataFrame(X, columns=list("abc")).assign(shop=shop)
    seen = bare(find_remedy("smote-nc").treat(Seen()).fit(frame, Y))
    made = seen.X_.iloc[300:]
    assert len(made) == 200
    assert list(seen.X_.columns) == list(frame.columns)
    assert set(made["shop"]) <= {"u", "v", "w"}
    assert made[list("abc")].isna().any().any(), "no number is invented where a parent has none"
    assert made[list("abc")].notna().any(axis=1).all()


class Seen(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on."""

    def fit(self, X, y):
        self.X_, self.classes_ = X, np.unique(y)
        return self
