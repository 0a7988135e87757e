"""Times: ISO and common forms, numbers, and clear words about the rest."""

import datetime as dt

import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.reading.moments import parse_time

DAY = dt.datetime(2024, 3, 31)  # noqa: DTZ001


def parsed(values):
    column = pl.Series("when", values)
    return parse_time(column, pl.Series(range(len(values)))).to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-31", "2024/03/31", "31.03.2024", "31/03/2024", "03/31/2024", "31-03-2024",
        "31 Mar 2024", "31-Mar-2024", "31Mar2024", "Mar 31, 2024", "31 March 2024", "March 31, 2024",
    ],
)  # fmt: skip
def test_common_dates_with_and_without_a_clock(text):
    assert parsed([text]) == [DAY]
    assert parsed([f"{text} 10:20", text]) == [DAY.replace(hour=10, minute=20), DAY]
    assert parsed([f"{text} 10:20:30"]) == [DAY.replace(hour=10, minute=20, second=30)]


def test_zones_are_brought_to_one_clock():
    found = parsed(["2024-03-31T02:00:00+02:00", "2024-03-31T00:00:00Z"])
    assert found == [DAY, DAY]


def test_numbers_and_datetimes_stay():
    assert parsed([3, 1, 2]) == [3, 1, 2]
    assert parsed([DAY]) == [DAY]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2024-01-01", "soon"], r"'soon' in row 1 \(1 of 2 do not parse"),
        (["01/02/2024", "03/04/2024"], "fits both day/month and month/day"),
        (["2024-01-01", None], "no empty cells. Got 1, first in rows 1"),
        ([True, False], "must hold times"),
    ],
)
def test_what_is_no_time_is_named(values, message):
    with pytest.raises(InvalidInput, match=message):
        parsed(values)


def test_one_date_settles_the_order_of_day_and_month():
    assert parsed(["01/02/2024", "31/03/2024"])[0] == dt.datetime(2024, 2, 1)  # noqa: DTZ001
