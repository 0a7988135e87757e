import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import Policy
from evenkeel.decide.periods import by_period, periods_covered
from evenkeel.errors import InvalidInput

MOMENTS = st.lists(
    st.integers(0, 70 * 86_400_000_000).map(
        lambda passed: np.datetime64("2023-12-25", "us").item() + dt.timedelta(microseconds=passed)
    ),
    min_size=1,
    max_size=25,
)


def moments(*texts):
    return np.array(texts, dtype="datetime64[us]")


@pytest.mark.parametrize(
    ("texts", "per", "covered"),
    [
        (("2024-03-01", "2024-03-10"), "day", 10),
        (("2024-03-01",), "day", 1),
        (("2024-03-01T12:00:00.000001", "2024-03-04T12:00:00"), "day", 3),
        (("2024-03-01T00:00", "2024-03-01T23:00"), "day", 1),
        (("2024-03-01T00:00", "2024-03-01T23:00"), "hour", 24),
        (("2024-03-01", "2024-03-07"), "week", 1),
        (("2024-02-01", "2024-02-29"), "month", 1),
        (("2024-01-01", "2024-06-01"), "month", 6),  # one date a month: months are the step
        (("2024-01-16T12:00", "2024-02-15T11:00"), "month", 1),
    ],
)
def test_periods_run_to_the_end_of_the_last_step(texts, per, covered):
    assert periods_covered(moments(*texts), per=per) == pytest.approx(covered, abs=1e-6)


def test_microseconds_since_1970_are_moments():
    times = moments("2024-03-01", "2024-03-10T05:00")
    for per in ("hour", "day", "week", "month"):
        assert periods_covered(times.astype(np.int64), per=per) == periods_covered(times, per=per)


@given(MOMENTS, st.data())
def test_counts_equal_those_of_the_calendar(stamps, data):
    flagged = data.draw(
        st.lists(st.booleans(), min_size=len(stamps), max_size=len(stamps)), label="flagged"
    )
    times = np.array(stamps, dtype="datetime64[us]")
    day = dt.timedelta(days=1)
    names = {
        "day": lambda at: at.date(),
        "week": lambda at: at.isocalendar()[:2],
        "month": lambda at: (at.year, at.month),
    }
    for per, name in names.items():
        first, last = min(stamps), max(stamps)
        touched = {name(last): 0}
        at = first
        while at <= last:
            touched[name(at)] = 0
            at += day
        for stamp, flag in zip(stamps, flagged, strict=True):
            touched[name(stamp)] += flag
        found = by_period(flagged, times, per=per, amount=1)
        assert found["periods"] == len(touched)
        assert found["most"] == max(touched.values())
        assert found["over"] == sum(count > 1 for count in touched.values())
        assert found["mean"] * periods_covered(times, per=per) == pytest.approx(sum(flagged))
        assert 0 <= found["low"] <= found["high"] <= found["most"]


def test_quiet_days_count_and_parts_of_days_do_not_set_the_low():
    noon = np.datetime64("2024-03-01T12:00:00.5")
    times = noon + np.array([0, 24, 30, 48, 96, 120]) * np.timedelta64(1, "h")
    found = by_period([1, 1, 1, 1, 1, 0], times, per="day", amount=1)
    # days 1 to 6 hold 1, 2, 1, 0, 1, 0; the first and the last are halves
    assert found == {"periods": 6, "mean": 1.0, "low": 0, "high": 2, "most": 2, "over": 1} | {
        "mean": pytest.approx(1.0, abs=1e-6)
    }
    quiet = by_period(np.ones(5), times[[0, 1, 3, 4, 5]], per="day")
    assert (quiet["low"], quiet["over"]) == (0, None)


def test_a_part_alone_is_shown_as_it_is():
    times = np.datetime64("2024-03-01T12:00:00.5") + np.arange(3) * np.timedelta64(1, "s")
    found = by_period([1, 1, 0], times, per="day")
    assert (found["periods"], found["low"], found["high"]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (None, "capacity per day needs a time column with dates; got none. Name it with --time"),
        (np.arange(5), "got numbers from 0 to 4, which are no microseconds since 1970"),
        (np.array([1_700_000_000]), "which are no microseconds"),
        (np.array([1_700_000_000 * 10**9]), "which are no microseconds"),
        (np.array([0.5, 1.5]), r"got float64 of shape \(2,\)"),
        (np.array([True, False]), "got bool"),
        (["2024-01-01", "soon"], "got 'soon'. Give dates, datetimes, or text such as 2024-03-01"),
        ([dt.date(2024, 1, 1), 5], "got 5. Give dates, datetimes, or text"),
        ([None, dt.date(2024, 1, 1)], "1 of 2 times are missing"),
        (pd.Series(["2024-01-01", None]), "1 of 2 times are missing"),
        ([pd.Timestamp("2024-01-01"), pd.NaT], "1 of 2 times are missing"),
        (pd.Series(pd.period_range("2024-01", periods=2, freq="M")), "got Period.*Give dates"),
        (["", "2024-01-01"], "got ''. Give dates"),
        (np.array([], dtype="datetime64[us]"), r"shape \(0,\)"),
        (np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"), "1 of 2 times are missing"),
    ],
)
def test_times_without_dates_are_refused(times, said):
    with pytest.raises(InvalidInput, match=said):
        periods_covered(times, per="day")


def test_other_periods_and_lengths_are_refused():
    with pytest.raises(InvalidInput, match="per of capacity must be one of"):
        periods_covered(moments("2024-03-01"), per="year")
    with pytest.raises(
        InvalidInput, match="flagged of by_period must have one value for each time, 1"
    ):
        by_period([1, 0], moments("2024-03-01"), per="day")


DAYS = ["2024-03-01", "2024-03-10", "2024-03-04"]
NAIVE = [dt.datetime.fromisoformat(day) for day in DAYS]
BERLIN = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    "times",
    [
        NAIVE,
        tuple(at.date() for at in NAIVE),
        [NAIVE[0], NAIVE[1].date(), np.datetime64(DAYS[2])],
        DAYS,
        np.array(DAYS),
        np.array(DAYS, dtype=object),
        [DAYS[0], "2024-03-10T00:00:00Z", "2024-03-04 02:00:00+02:00"],
        pd.Series(NAIVE),
        pd.DatetimeIndex(DAYS),
        pd.Series(DAYS),
        pd.Series(DAYS, dtype="string"),
        pd.Series(NAIVE).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        pd.Series(NAIVE).astype("timestamp[us][pyarrow]"),
        pd.Series(NAIVE).dt.tz_localize("UTC").astype("timestamp[us, Europe/Berlin][pyarrow]"),
        pl.Series(NAIVE),
        pl.Series(DAYS),
        pl.Series(NAIVE).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin"),
        pl.Series([at.date() for at in NAIVE]),
        pa.array(NAIVE),
        pa.chunked_array([NAIVE[:1], NAIVE[1:]]),
        [at.replace(tzinfo=dt.UTC).astimezone(BERLIN) for at in NAIVE],
    ],
    ids=range(21),
)
def test_times_of_any_library_are_the_same_moments(times):
    assert periods_covered(times, per="day") == 10.0
    hits = [1, 0, 1]
    assert by_period(hits, times, per="day") == by_period(hits, moments(*DAYS), per="day")
    found = Policy.capacity("1/hour").choose([0, 1, 1], [0.1, 0.2, 0.3], times=times, n_boot=0)
    assert found.apply([0.1, 0.2, 0.3]).sum() == 3


def test_a_time_zone_counts_in_utc():
    noon = dt.datetime(2024, 3, 1, 0, 30, tzinfo=BERLIN)
    assert by_period([1, 1], [noon, noon + dt.timedelta(days=1)], per="day") == by_period(
        [1, 1], moments("2024-02-29T23:30", "2024-03-01T23:30"), per="day"
    )
