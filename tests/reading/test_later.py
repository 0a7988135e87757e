"""Rows given to a fitted model: refused in one sentence, or read as training was."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

import evenkeel
from evenkeel.errors import EvenkeelError, InvalidInput, InvalidType
from evenkeel.learners import Columns

N = 300


def make_table():
    rng = np.random.default_rng(0)
    y = rng.random(N) < 0.3
    days = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 12, 31), "1d", eager=True)
    return pl.DataFrame(
        {
            "a": rng.normal(size=N) + y,
            "flag": rng.random(N) < 0.5,
            "shop": rng.choice(["u", "v"], N),
            "when": days[:N],
            "y": y.astype(int),
        }
    )


@pytest.fixture(scope="module", params=["lightgbm", "logistic"])
def model(request):
    short = {"quick": True, "remedies": "none", "learners": request.param}
    return evenkeel.run(make_table(), target="y", **short).model


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("a", ["abc"], r"Column 'a' must hold numbers, as in training. Got 'abc' in row 0"),
        ("a", ["1,5"], r"Column 'a' must hold numbers, as in training. Got '1,5' in row 0"),
        ("a", pd.Categorical(["high"]), "Column 'a' must hold numbers, as in training"),
        ("a", pd.to_datetime(["2024-01-01"]), "Column 'a' must hold numbers, as in training"),
        ("flag", ["perhaps"], "Column 'flag' must hold true or false, as in training"),
        ("flag", [7], "Column 'flag' must hold true or false, as in training"),
        ("when", ["soon"], "Column 'when' must hold dates"),
    ],
)
def test_cells_that_do_not_fit_are_named(model, column, values, says):
    row = make_table()[:1].to_pandas()
    row[column] = values
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(InvalidInput, match=says):
            ask(row)


def test_cells_that_say_the_same_in_text_are_read_as_predict_reads_them(model):
    table = make_table()[:5]
    expected = model.predict_proba(table)
    text = pd.DataFrame({name: table[name].to_list() for name in table.columns}).astype(str)
    text.index = [9, 8, 7, 6, 5]
    assert np.allclose(model.predict_proba(text), expected)
    objects = pd.DataFrame({n: pd.Series(table[n].to_list(), dtype=object) for n in table.columns})
    assert np.array_equal(model.predict_proba(objects), expected)
    dates = objects.assign(when=[datetime.date.fromisoformat(str(d)[:10]) for d in table["when"]])
    assert np.array_equal(model.predict_proba(dates), expected)


def test_missing_cells_stay_missing_whatever_holds_them(model):
    table = make_table()[:3]
    gone = table.with_columns(a=pl.lit(None, pl.Float64)).to_pandas()
    expected = model.predict_proba(gone)
    for name in ("flag", "when", "shop"):
        nothing = table.to_pandas().assign(**{name: pd.Series([None] * 3, dtype=object)})
        assert np.isfinite(model.predict_proba(nothing)).all()
        typed = table.with_columns(pl.lit(None, table[name].dtype).alias(name))
        assert np.array_equal(model.predict_proba(typed), model.predict_proba(nothing))
    for empty in (["", "NA", "?"], [None] * 3, [pd.NA] * 3):
        assert np.array_equal(model.predict_proba(gone.assign(a=empty)), expected)


@pytest.mark.parametrize(
    ("X", "error", "says"),
    [
        ([[1, True]], InvalidType, "must be a data frame in memory or a numpy array. Got list"),
        ({"a": [1.0]}, InvalidType, "Got dict"),
        ("rows.csv", InvalidType, "Got str. Read a file"),
        (make_table().lazy(), InvalidType, "Got LazyFrame"),
        (make_table().clear(), InvalidInput, "at least one row to predict. Got none"),
        (pd.DataFrame(), InvalidInput, "lacks 4: 'a', 'flag', 'shop', 'when'"),
        (make_table().drop("flag"), InvalidInput, "lacks 1: 'flag'"),
        (make_table().rename({"shop": "shopp"}), InvalidInput, r"Did you mean 'shopp'\?"),
        (np.zeros(4), InvalidInput, "2 dimensions"),
        (np.zeros((2, 3)), InvalidInput, "4 columns, as in training. Got 3"),
        (make_table().to_pandas().iloc[:, [0, 0, 1, 2, 3]], InvalidInput, "'a' comes twice"),
    ],
    ids=["list", "dict", "path", "lazy", "no rows", "nothing", "lacks", "name", "flat", "narrow", "twice"],
)  # fmt: skip
def test_what_is_no_table_of_the_model_is_refused_in_one_sentence(model, X, error, says):
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(error, match=says) as caught:
            ask(X)
        assert isinstance(caught.value, EvenkeelError)


def test_columns_named_by_number_are_found():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 2)))
    y = (frame[0] > 0.8).to_numpy()
    run = evenkeel.run(frame.assign(y=y), target="y", quick=True, remedies="none")
    assert run.model.predict(frame).mean() > 0.05


def test_kinds_are_plain_and_what_is_given_is_not_changed():
    frame = make_table().drop("y").to_pandas()
    columns = Columns().fit(frame)
    assert columns.kinds_ == {"a": "number", "flag": "boolean", "when": "datetime"}
    text = frame.assign(a=frame["a"].astype(str))
    before = text.copy(deep=True)
    columns.transform(text)
    assert text.equals(before)
