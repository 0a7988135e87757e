"""Marks of rows: stable, the same for equal rows, and no chance hit passes for a row seen before."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.audit.duplicates import duplicate_ids
from evenkeel.errors import DamagedRun
from evenkeel.seen_rows import SeenRows, row_marks

MARKS = [6248574498491017306, 17835165456460232653, 12677302572304113296]


def test_marks_are_the_same_for_ever():
    X = pl.DataFrame({
        "number": [1.5, None, -3.0], "flag": [True, None, False], "text": ["a", None, "ä€"],
        "when": pl.Series(["2024-01-02T03:04:05.000006", None, "1969-12-31T00:00:00.000000"]).str.to_datetime(time_unit="us"),
    })  # fmt: skip
    # printed once; another library or version must not change what a run stored
    assert row_marks(X).tolist() == MARKS


def test_kinds_that_hold_the_same_cells_have_the_same_marks():
    whole = pl.DataFrame({"a": [0, 1, 7]})
    for other in (pl.Float32, pl.Float64, pl.UInt8):
        assert (row_marks(whole) == row_marks(whole.cast(other))).all()
    assert (row_marks(pl.DataFrame({"a": [0.0, float("nan")]}))
            == row_marks(pl.DataFrame({"a": [-0.0, None]}))).all()  # fmt: skip
    days = pl.DataFrame({"a": [dt.date(2024, 1, 1)]})
    assert (row_marks(days) == row_marks(days.cast(pl.Datetime("ms")))).all()
    words = pl.DataFrame({"a": ["x", "y", None]})
    assert (row_marks(words) == row_marks(words.cast(pl.Categorical))).all()
    assert row_marks(pl.DataFrame({"a": [], "b": []})).shape == (0,)


cells = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5]))


@given(st.lists(st.tuples(cells, cells, st.sampled_from(["a", "b", "", None])), max_size=30))
def test_rows_have_equal_marks_exactly_when_they_are_equal(rows):
    X = pl.DataFrame(rows, schema={"a": pl.Float64, "b": pl.Float64, "c": pl.String}, orient="row")
    marks, ids = row_marks(X), duplicate_ids(X)
    assert ((marks[:, None] == marks) == (ids[:, None] == ids)).all()


def numbers(n, seed, values=None):
    rng = np.random.default_rng(seed)
    return row_marks(pl.DataFrame({"a": rng.normal(size=n) if values is None
                                   else rng.integers(0, values, n)}))  # fmt: skip


@pytest.mark.parametrize("shared", [0, 1, 40, 500])
def test_shared_rows_are_counted_exactly(shared):
    used, new = numbers(5000, 0), numbers(500, 1)
    later = np.concatenate([used[:shared], new[shared:]])
    assert SeenRows.of(used).among(later) == shared


def test_from_a_sample_the_number_is_near():
    used, new = numbers(100_000, 0), numbers(20_000, 1)
    later = np.concatenate([used[:8000], new[8000:]])
    seen = SeenRows.of(used, most=4096)
    assert len(seen.marks) == 4096
    # a share of 4 % was asked: 320 hits, give or take 17
    assert SeenRows.of(used, most=4096).among(later) == pytest.approx(8000, rel=0.2)
    assert SeenRows.of(used[:3000], most=4096).among(used[:100]) == 100, "few are all kept"
    assert seen.among(new) == 0


@pytest.mark.parametrize("values", [3, 50, 2000, 200_000])
def test_tables_of_few_values_repeat_themselves_by_chance(values):
    found = [SeenRows.of(numbers(2000, 2 * s, values)).among(numbers(1000, 2 * s + 1, values))
             for s in range(40)]  # fmt: skip
    assert np.count_nonzero(found) <= 2, "three standard deviations, forty draws"


def test_copies_show_through_chance():
    used = numbers(2000, 0, 200_000)
    assert SeenRows.of(used).among(used[:300]) > 290
    assert SeenRows.of(used).among(used[:0]) == SeenRows.of(used[:0]).among(used) == 0


def test_what_was_stored_comes_back():
    seen = SeenRows.of(numbers(9000, 0), most=100)
    again = SeenRows.from_dict(seen.to_dict())
    assert (again.marks == seen.marks).all()
    assert again.below == seen.below
    for broken in ({}, {"below": "x", "marks": ""}, {"below": "1", "marks": "abc"}, {"below": "1", "marks": "é"},
                   {"below": "1", "marks": "AAAA"}):  # fmt: skip
        with pytest.raises(DamagedRun):
            SeenRows.from_dict(broken)
