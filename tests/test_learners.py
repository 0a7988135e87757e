"""Learners: any table in, the same bits out, and nothing learnt from rows to be predicted."""

import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.learners import (
    LEARNERS,
    MANY_LEVELS,
    Columns,
    make_learner,
    why_no_lightgbm,
)
from evenkeel.reading.later import to_pandas

N = 160


@pytest.fixture(autouse=True)
def one_thread():
    """More threads than cores make histogram boosting wait for itself."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    words = np.array(["late", "card", "shop", "refund", "night"])
    frame = pl.DataFrame(
        {
            "Torque [Nm]": np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N) + 2 * y),
            '{"a": 1}': rng.integers(0, 9, N),
            "flag": rng.random(N) < 0.3,
            "shop": pl.Series(rng.choice(["a", "b", None], N, p=[0.5, 0.4, 0.1])),
            "note": [" ".join(rng.choice(words, 3)) + f" {i}" for i in range(N)],
            "when": pl.Series(rng.integers(0, 10**9, N) * 10**6).cast(pl.Datetime("us")),
            "empty": pl.Series([None] * N, dtype=pl.Float64),
            "same": np.ones(N),
        }
    )
    return frame, y


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_takes_a_mixed_table_and_gives_the_same_bits_again(table, name):
    X, y = table
    first = make_learner(name).fit(X, y).predict_proba(X)
    assert first.shape == (N, 2)
    assert np.allclose(first.sum(axis=1), 1)
    assert np.array_equal(make_learner(name).fit(X, y).predict_proba(X), first)


@pytest.mark.parametrize("name", ["lightgbm", "forest"])
def test_threads_do_not_change_a_bit_of_the_model(table, name):
    X, y = table
    two = make_learner(name, n_jobs=2).fit(X, y)
    two.set_params(model__n_jobs=1)  # forests add up their trees in the order threads finish
    one = make_learner(name, n_jobs=1).fit(X, y)
    assert np.array_equal(one.predict_proba(X), two.predict_proba(X))


@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_the_kind_of_frame_does_not_matter(table, name):
    X, y = table
    X = X.drop("when", "empty")
    frames = [X, X.to_pandas(), X.to_arrow()]
    scores = [make_learner(name).fit(frame, y).predict_proba(frame) for frame in frames]
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])
    numbers = np.column_stack([np.nan_to_num(X["Torque [Nm]"].to_numpy()), y])
    by_name = make_learner(name).fit(pl.DataFrame(numbers, schema=["a", "b"]), y)
    by_place = make_learner(name).fit(numbers, y)
    expected = by_name.predict_proba(pl.DataFrame(numbers, schema=["a", "b"]))
    assert np.array_equal(by_place.predict_proba(numbers), expected)


@pytest.mark.parametrize("output", ["category", "dense"])
def test_what_was_learnt_does_not_depend_on_the_rows_to_be_turned(table, output):
    X, _ = table
    columns = Columns(output=output).fit(X[:120])
    whole = np.asarray(columns.transform(X[120:]), dtype=object)
    one_by_one = np.vstack(
        [np.asarray(columns.transform(X[i : i + 1]), dtype=object) for i in range(120, N)]
    )
    assert pd.DataFrame(whole).equals(pd.DataFrame(one_by_one))


def test_columns_are_found_by_name_in_any_order_and_more_are_ignored(table):
    X, _ = table
    columns = Columns().fit(X)
    mixed = X.select(reversed(X.columns)).with_columns(pl.lit(1).alias("more"))
    assert columns.transform(mixed).equals(columns.transform(X))
    with pytest.raises(
        InvalidInput, match=r"X must hold the columns of training. It lacks 1: 'flag'"
    ):
        columns.transform(X.drop("flag"))


def test_an_unseen_level_is_missing_and_levels_are_those_of_training(table):
    X, _ = table
    columns = Columns().fit(X)
    out = columns.transform(X.with_columns(shop=pl.lit("new")))
    place = next(c for c in columns.levels_ if columns.levels_[c] == ["a", "b"])
    assert out[place].isna().all()
    assert list(out[place].cat.categories) == ["a", "b"]
    assert "shop" in columns.get_feature_names_out()


def test_dense_columns_are_whole_and_of_one_scale(table):
    X, _ = table
    out = Columns(output="dense").fit_transform(X)
    assert np.isfinite(out).all()
    assert np.allclose(out.mean(axis=0), 0, atol=1e-6)
    spread = out.std(axis=0)
    assert np.all(np.isclose(spread, 1) | np.isclose(spread, 0))


def test_text_with_many_values_becomes_numbers_with_a_seed(table):
    X, _ = table
    text = X.select("note")
    assert text["note"].n_unique() > MANY_LEVELS
    first = Columns(n_components=5, random_state=3).fit_transform(text)
    assert first.shape == (N, 5)
    assert first.equals(Columns(n_components=5, random_state=3).fit_transform(text))


def test_frames_are_not_changed(table):
    X, y = table
    frame = X.to_pandas()
    before = frame.copy(deep=True)
    make_learner("logistic").fit(frame, y).predict(frame)
    assert frame.equals(before)
    matrix = np.random.default_rng(0).normal(size=(N, 3))
    matrix.flags.writeable = False
    make_learner("lightgbm").fit(matrix, y).predict(matrix)


def test_the_prevalence_is_the_prevalence(table):
    X, y = table
    proba = make_learner("prevalence").fit(X, y).predict_proba(X[:3])
    assert np.allclose(proba[:, 1], y.mean())


def test_every_real_learner_beats_the_prevalence_on_rows_it_has_not_seen(table):
    X, y = table
    for name in LEARNERS:
        if name != "prevalence":
            p = make_learner(name).fit(X[:120], y[:120]).predict_proba(X[120:])[:, 1]
            assert np.mean((p - y[120:]) ** 2) < np.mean((y[:120].mean() - y[120:]) ** 2), name


def test_what_cannot_be_made_is_said():
    with pytest.raises(InvalidInput, match="Did you mean 'logistic'"):
        make_learner("logistics")
    with pytest.raises(InvalidInput, match="output of Columns must be one of"):
        Columns(output="sparse").fit(pl.DataFrame({"a": [1]}))
    with pytest.raises(InvalidInput, match="at least one column"):
        Columns().fit(pl.DataFrame())
    with pytest.raises(NotFittedError):
        Columns().transform(pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize("error", [ImportError("no module"), OSError("libgomp.so.1: cannot open")])
def test_without_the_system_library_the_package_to_install_is_named(monkeypatch, error):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "lightgbm":
                raise error
            return

    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.warns(EvenkeelWarning, match=r"Install libgomp1 .* Going on with") as warned:
        learner = make_learner("lightgbm")
    assert len(warned) == 1
    assert type(learner[-1]).__name__ == "HistGradientBoostingClassifier"
    assert str(error) in why_no_lightgbm()


def test_with_the_library_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert why_no_lightgbm() is None


def test_pandas_frames_pass_as_they_are():
    frame = pd.DataFrame({"a": [1, 2]})
    assert to_pandas(frame) is frame
    assert list(to_pandas(np.zeros((2, 3))).columns) == ["x0", "x1", "x2"]
