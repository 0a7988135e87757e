import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide.capacity import Capacity, flag_top, read_capacity
from evenkeel.errors import InvalidInput, InvalidType


@pytest.mark.parametrize(
    ("text", "amount", "per"),
    [
        ("200/day", 200.0, "day"),
        (" 12.5 / hour ", 12.5, "hour"),
        ("1/Week", 1.0, "week"),
        ("3000/month", 3000.0, "month"),
        ("1.5%", 0.015, "row"),
        ("100 %", 1.0, "row"),
        ("500", 500.0, "table"),
        ("500.0", 500.0, "table"),
    ],
)
def test_capacities_are_read_and_written_back(text, amount, per):
    found = read_capacity(text)
    assert (found.amount, found.per) == (amount, per)
    assert read_capacity(str(found)) == found


@given(
    st.floats(1e-9, 1e15, allow_nan=False),
    st.sampled_from(["hour", "day", "week", "month", "row", "table"]),
)
def test_text_of_any_capacity_reads_back(amount, per):
    amount = (
        min(amount, 1.0) if per == "row" else float(round(amount) + 1) if per == "table" else amount
    )
    found = Capacity(amount, per)
    assert read_capacity(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "capacity of Policy must be a number above 0 with a unit. Got ''. Write 200/day"),
        ("many", "Got 'many'"),
        ("-5/day", "must be a number above 0"),
        ("1,000", "must be a number above 0"),
        ("nan", "must be a number above 0"),
        ("200/dya", "must be per hour, day, week, month. Got '200/dya'. Did you mean 'day'"),
        ("200/year", "must be per hour, day, week, month. Got '200/year'"),
        ("0/day", "must be above 0. Got '0/day'"),
        ("0%", "must be above 0 and at most 100%. Got '0%'"),
        ("150%", "must be above 0 and at most 100%. Got '150%'"),
        ("0.5", "without a unit is rows. Got '0.5'"),
    ],
)
def test_other_text_is_refused(text, said):
    with pytest.raises(InvalidInput, match=said):
        read_capacity(text)


def test_other_numbers_are_refused():
    with pytest.raises(InvalidInput, match="per of capacity must be one of"):
        Capacity(5, "year")
    with pytest.raises(InvalidInput, match="amount of capacity must be a number above 0"):
        Capacity(0, "day")
    with pytest.raises(InvalidInput, match=r"at most 1\. Got 1\.5"):
        Capacity(1.5, "row")
    with pytest.raises(InvalidInput, match="a whole number above 0"):
        Capacity(2.5, "table")
    with pytest.raises(InvalidType):
        Capacity("200", "day")


def test_sentences():
    assert Capacity(1, "day").sentence() == "1 alert a day"
    assert Capacity(12500, "week").sentence() == "12,500 alerts a week"
    assert Capacity(0.015, "row").sentence() == "1.5 % of the rows flagged"
    assert Capacity(500, "table").sentence() == "500 rows of any table flagged"


def test_budgets_of_shares_and_tables_need_no_time():
    assert read_capacity("1.5%").budget(2000) == pytest.approx(30.0)
    assert read_capacity("500").budget(2000) == 500.0


def test_a_budget_per_period_counts_quiet_days():
    days = np.array(["2024-03-01", "2024-03-02", "2024-03-10"], dtype="datetime64[D]")
    assert read_capacity("20/day").budget(3, times=days) == 200.0
    assert read_capacity("7/week").budget(3, times=days) == 10.0
    assert read_capacity("1/hour").budget(3, times=days) == 240.0
    assert read_capacity("20/day").budget(0, times=days[:0]) == 0.0


def test_a_budget_per_period_needs_one_date_for_each_row():
    with pytest.raises(InvalidInput, match=r"times of capacity must have shape \(3,\)"):
        read_capacity("20/day").budget(3, times=np.array(["2024-03-01"], dtype="datetime64[D]"))
    with pytest.raises(
        InvalidInput, match="capacity per day needs a time column with dates; got none"
    ):
        read_capacity("20/day").budget(3)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), max_size=30), st.floats(-1, 40))
def test_the_top_is_the_largest_whole_block_within_the_capacity(values, k):
    flags = flag_top(values, k)
    assert flags.shape == (len(values),)
    assert flags.sum() <= max(k, 0)
    blocks = [np.asarray(values) >= cut for cut in sorted(set(values))]
    fitting = [block.sum() for block in blocks if block.sum() <= k]
    assert flags.sum() == max(fitting, default=0)
    flagged = {value for value, flag in zip(values, flags, strict=True) if flag}
    assert not flagged & {value for value, flag in zip(values, flags, strict=True) if not flag}
    assert all(high > low for high in flagged for low in set(values) - flagged)


def test_scores_that_are_not_finite_cannot_be_ranked():
    with pytest.raises(InvalidInput, match="score of flag_top must be finite"):
        flag_top([0.1, np.nan], 1)
