"""Remedies that measure distances: units change nothing, gaps are served and left where they were."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from evenkeel.catalogue import CATALOGUE, find_remedy
from evenkeel.errors import DoesNotApply
from evenkeel.plan import Made, Plan
from evenkeel.resample import SMOTE, ClusterCentroids, RandomOverSampler
from evenkeel.resampled import Resampled
from evenkeel.same_units import SameUnits
from evenkeel.wrappers import bare

rng = np.random.default_rng(0)
Y = (np.arange(300) % 6 == 0).astype(int)
X = np.where(rng.random((300, 3)) < 0.1, np.nan, rng.normal(size=(300, 3)) + Y[:, None])
FULL = rng.normal(size=(300, 3)) * [1, 5, 0.1] + Y[:, None] * [2, 8, 0.1]
ROWS = [name for name, row in CATALOGUE.items() if row.changes == "rows"]


def test_medians_fill_the_gaps_and_columns_are_in_standard_deviations():
    view = SameUnits().fit(X)
    imputer, scaler = SimpleImputer(strategy="median"), StandardScaler(with_mean=False)
    expected = scaler.fit_transform(imputer.fit_transform(X))
    np.testing.assert_allclose(view.transform(X), expected, rtol=1e-12)
    np.testing.assert_allclose(view.units_, scaler.scale_)
    np.testing.assert_array_equal(view.medians_, imputer.statistics_)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_keep_their_columns_and_all_that_is_no_number(kind):
    frame = pd.DataFrame(X, columns=list("abc")).assign(
        shop=pd.Categorical(["u", None, "v"] * 100),
        n=pd.array(np.where(rng.random(300) < 0.2, None, rng.integers(0, 9, 300)), "Int64"),
        yes=rng.random(300) < 0.5,
        day=pd.date_range("2024-01-01", periods=300),
    )
    table = {"pandas": frame.set_axis(frame.index + 7), "polars": pl.from_pandas(frame),
             "pyarrow": pl.from_pandas(frame).to_arrow()}[kind]  # fmt: skip
    got = SameUnits().fit_transform(table)
    assert type(got) is type(table)
    back = got if kind == "pandas" else got.to_pandas()
    same = table if kind == "pandas" else table.to_pandas()
    assert list(back.columns) == list(frame.columns)
    pd.testing.assert_frame_equal(back[["shop", "yes", "day"]], same[["shop", "yes", "day"]])
    np.testing.assert_allclose(back[list("abc")], SameUnits().fit_transform(X))
    counts = frame["n"].to_numpy(float, na_value=np.nan)[:, None]
    np.testing.assert_allclose(back[["n"]], SameUnits().fit_transform(counts))


def test_lists_objects_and_float32():
    rows = [[1.0, "a", 10], [2.0, "b", None], [6.0, "a", 30]]
    got = SameUnits().fit_transform(rows)
    plain = SameUnits().fit_transform(np.array([[1.0, 10], [2, 20], [6, 30]]))
    assert got[:, 1].tolist() == ["a", "b", "a"]
    np.testing.assert_allclose(got[:, [0, 2]].astype(float), plain)
    assert rows[1][2] is None, "the table itself is not touched"
    small = SameUnits().fit_transform(X.astype(np.float32))
    assert small.dtype == np.float32
    np.testing.assert_allclose(small, SameUnits().fit_transform(X), rtol=1e-5)


@pytest.mark.parametrize(
    "table", [sp.csr_array(FULL), FULL.reshape(300, 3, 1), FULL > 0], ids=["csr", "3d", "bool"]
)
def test_what_has_one_unit_is_left_alone(table):
    view = SameUnits().fit(table)
    assert view.transform(table) is table
    assert view.units_ is None


def test_columns_that_say_nothing_and_huge_ones():
    odd = np.array([[np.nan, 0.1, 1e200], [np.nan, 0.1, -1e200], [np.nan, 0.1, 3e200]])
    got = SameUnits().fit_transform(odd)
    assert got[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert got[:, 1].tolist() == [0.1, 0.1, 0.1]
    assert got[:, 2].std() == pytest.approx(1)
    endless = SameUnits().fit_transform(np.array([[np.inf], [1.0]]))
    assert endless.tolist() == [[np.inf], [1.0]], "the resampler says what is wrong with it"


@settings(max_examples=30)
@given(st.integers(0, 999), st.sampled_from([3.0, 10.0, 1000.0, 2.0**40]))
def test_whole_numbers_in_other_units_are_the_same_bits(seed, unit):
    whole = np.random.default_rng(seed).integers(-50, 50, (30, 2)).astype(float)
    np.testing.assert_array_equal(
        SameUnits().fit_transform(whole), SameUnits().fit_transform(whole * [unit, 1])
    )


@pytest.mark.parametrize("name", ROWS)
def test_units_change_neither_the_rows_kept_nor_the_parents(name):
    table = pd.DataFrame(FULL, columns=list("abc"))
    if name == "smote-nc":
        table = table.assign(shop=rng.choice(["u", "v"], 300))
    other = table.assign(b=table["b"] * 1e4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (
            bare(find_remedy(name).treat(Seen(), seed=4).fit(one, Y)).X_ for one in (table, other)
        )
    second = second.assign(b=second["b"] / 1e4)
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_without_the_view_units_decide():
    def kept(table, view):
        fitted = Resampled(Seen(), SMOTE(random_state=0), view=view).fit(table, Y)
        return fitted.estimator_.X_ / [1, 1e4, 1] if table is not FULL else fitted.estimator_.X_

    other = FULL * [1, 1e4, 1]
    assert not np.allclose(kept(FULL, None), kept(other, None))
    np.testing.assert_allclose(kept(FULL, SameUnits()), kept(other, SameUnits()))


def test_values_that_a_plan_holds_are_put_back_into_the_units_of_the_table():
    for resampler in (
        ClusterCentroids(random_state=0),
        RandomOverSampler(shrinkage=1.0, random_state=0),
    ):
        seen = Resampled(Seen(), resampler, view=SameUnits()).fit(FULL, Y).estimator_.X_
        spread = seen[:250].std(axis=0) / FULL[Y == 0].std(axis=0)
        assert (spread > 0.6).all()
        assert (spread < 1.5).all()
        assert (np.abs(seen.mean(axis=0)) < 3 * FULL.std(axis=0)).all()
    plain = RandomOverSampler(shrinkage=1.0, random_state=0).fit_resample(FULL, Y)[0]
    np.testing.assert_allclose(seen, plain, rtol=1e-9, err_msg="noise has no units of its own")


def test_centres_of_whole_numbers_are_not_cut_by_rounding():
    table = np.repeat(rng.permutation(2000)[:60, None], 5, axis=0)  # 60 places, five rows each
    y = np.r_[np.zeros(295, int), np.ones(5, int)]
    cut = ClusterCentroids(sampling_strategy={0: 59}, random_state=0)
    seen = Resampled(Seen(), cut, view=SameUnits()).fit(table, y).estimator_.X_
    assert sorted(seen[:59].ravel()) == sorted(set(table[:295].ravel()))


def test_rows_of_an_unknown_kind_are_refused():
    class Own(Made):
        def make(self, get, at):
            return get(self.parents[at])

    view = SameUnits().fit(FULL)
    with pytest.raises(DoesNotApply, match="rows made as Own"):
        view.restore(Plan(300, np.arange(301), (Own(np.array([0])),)))
    plan = Plan(300, np.arange(3))
    assert view.restore(plan) is plan


@pytest.mark.parametrize(
    "name",
    [
        "smote",
        "borderline-smote",
        "adasyn",
        "tomek-links",
        "edited-nn",
        "cluster-centroids",
        "smote-enn",
    ],
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
