"""Cells become values of four kinds; later tables get the kinds of earlier ones."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.reading.sniff import MISSING
from evenkeel.reading.tidy import cast_like, kind_of, tidy


def cleaned(values, **options):
    found = tidy(pl.DataFrame({"x": values}), **options)
    return found.frame["x"]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["1", " 2 ", "?"], pl.Int64, [1, 2, None]),
        (["1", "2.5", " "], pl.Float64, [1.0, 2.5, None]),
        (["1e3", "-.5", "NaN"], pl.Float64, [1000.0, -0.5, None]),
        (["007", "12"], pl.String, ["007", "12"]),
        (["0.7", "0"], pl.Float64, [0.7, 0.0]),
        (["12345678901234567890", "1"], pl.String, ["12345678901234567890", "1"]),
        (["True", "false", "NA"], pl.Boolean, [True, False, None]),
        (["yes", "no"], pl.String, ["yes", "no"]),
        (["None", "Norm"], pl.String, ["None", "Norm"]),
        ([" a", "b "], pl.String, ["a", "b"]),
        (["?", "", None], pl.Float64, [None, None, None]),
        (["1_0", "2"], pl.String, ["1_0", "2"]),
        (["1,5", "2"], pl.String, ["1,5", "2"]),
        ([1.0, float("nan"), float("inf")], pl.Float64, [1.0, None, None]),
        ([None, None], pl.Float64, [None, None]),
    ],
)
def test_a_column_gets_the_kind_that_all_its_values_have(values, dtype, expected):
    found = cleaned(values)
    assert (found.dtype, found.to_list()) == (dtype, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1,5", "22,25"], [1.5, 22.25]),
        (["1,500", "2,250"], ["1,500", "2,250"]),
        (["1.000,5", "2,5"], ["1.000,5", "2,5"]),
        (["1,5", "a,b"], ["1,5", "a,b"]),
    ],
)
def test_a_comma_is_decimal_only_where_it_can_be_nothing_else(values, expected):
    assert cleaned(values, decimal_comma=True).to_list() == expected


def test_iso_dates_become_datetimes_and_impossible_ones_stay_text():
    days = cleaned(["2024-02-29", "2024-01-01T10:30Z", None])
    assert days.to_list() == [dt.datetime(2024, 2, 29), dt.datetime(2024, 1, 1, 10, 30), None]  # noqa: DTZ001
    assert cleaned(["2024-02-30", "2024-01-01"]).dtype == pl.String
    assert cleaned([dt.date(2024, 1, 1)]).dtype == pl.Datetime("us")


@pytest.mark.parametrize("position", [0, 700, 1999])
def test_one_word_anywhere_keeps_a_column_text(position):
    values = ["1"] * 2000
    values[position] = "x"
    assert cleaned(values).to_list() == values


def test_storage_types_come_down_to_four_kinds():
    frame = pl.DataFrame(
        {
            "c": pl.Series(["a", "b"], dtype=pl.Categorical),
            "d": pl.Series(["1.50", "2.25"]).cast(pl.Decimal(10, 2)),
            "n": [None, None],
            "t": [dt.timedelta(seconds=90), None],
            "h": [dt.time(1), None],
            "i": pl.Series([1, 2], dtype=pl.UInt8),
        }
    )
    found = tidy(frame).frame
    kinds = [kind_of(dtype) for dtype in found.dtypes]
    assert kinds == ["text", "number", "number", "number", "number", "number"]
    assert found.row(0) == ("a", 1.5, None, 90.0, 3600.0, 1)


def test_nested_columns_are_refused_by_name():
    with pytest.raises(InvalidInput, match=r"Got x \(List\(Int64\)\). Drop them"):
        tidy(pl.DataFrame({"x": [[1], [2]]}))


def test_what_was_read_as_missing_is_said():
    found = tidy(pl.DataFrame({"a": ["?", "x", "N/A"], "b": [" ", "1", "2"], "c": ["p", "", "q"]}))
    assert found.notes[0] == "blank, '?', 'N/A' read as missing in a, b, c (4 cells)"
    assert found.notes[1] == "numbers once the missing markers are set aside: b"
    assert tidy(pl.DataFrame({"x": [float("inf")]})).notes == (
        "infinity read as missing in x (1 cell)",
    )


@given(
    st.lists(st.one_of(st.integers(-(2**62), 2**62), st.sampled_from(sorted(MISSING))), min_size=1)
)
def test_whole_numbers_survive_exactly_whatever_is_missing(values):
    found = cleaned([str(value) for value in values]).to_list()
    assert found == [value if isinstance(value, int) else None for value in values]


def test_a_later_table_gets_the_kinds_of_the_earlier_one():
    kinds = {"n": "number", "b": "boolean", "t": "text", "d": "datetime", "e": "number"}
    later = pl.DataFrame(
        {"t": [1, 2], "n": ["01", "?"], "b": [1, 0], "d": ["2024-01-01", None], "e": [None, None], "z": [1, 2]}
    )  # fmt: skip
    found = cast_like(later, kinds).frame
    assert found.columns == list(kinds)
    assert [kind_of(dtype) for dtype in found.dtypes] == list(kinds.values())
    assert found.row(0) == (1.0, True, "1", dt.datetime(2024, 1, 1), None)  # noqa: DTZ001
    assert cast_like(pl.DataFrame({"n": [True]}), {"n": "number"}).frame.row(0) == (1,)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("number", ["1", "abc", "2", "d"], r"must hold numbers.*'abc' in row 1, 'd' in row 3 \(2 such cells"),
        ("boolean", ["true", "maybe"], "must hold true or false.*'maybe' in row 1"),
        ("datetime", ["2024-01-01", "soon"], "must hold dates.*'soon' in row 1"),
        ("datetime", [5, 6], "must hold dates"),
    ],
)  # fmt: skip
def test_cells_that_do_not_fit_are_named(kind, values, message):
    with pytest.raises(InvalidInput, match=message):
        cast_like(pl.DataFrame({"x": values}), {"x": kind})
