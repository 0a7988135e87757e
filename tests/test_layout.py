"""Where rows go: the test part or nested judging, the gap from options, repeats."""

import numpy as np
import polars as pl
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.prepare import make_settings, prepare
from evenkeel.table import read_table

N = 1000


def make_table(positives, n_rows=N):
    rng = np.random.default_rng(0)
    y = np.zeros(n_rows, int)
    y[rng.choice(n_rows, positives, replace=False)] = 1
    first = pl.datetime(2024, 1, 1)
    return pl.DataFrame(
        {
            "a": rng.normal(size=n_rows),
            "day": pl.datetime_range(first, first + pl.duration(days=n_rows - 1), "1d", eager=True),
            "step": np.arange(n_rows) * 10,
            "y": y,
        }
    )


def laid_out(positives=200, test=None, **options):
    ready = prepare(make_table(positives), test, make_settings(target="y", **options))
    return ready.split, ready.course.folds


@pytest.mark.parametrize(
    ("positives", "options", "kind"),
    [
        (149, {}, "nested"),
        (150, {}, "stratified"),
        (60, {"test_size": 0.2}, "stratified"),
        (60, {"nested": False}, "stratified"),
        (60, {"time": "day"}, "time"),
        (60, {"time": "day", "nested": True}, "nested"),
        (400, {"nested": True}, "nested"),
    ],
)
def test_a_test_part_of_fewer_than_30_positives_is_replaced_by_nested_judging(
    positives, options, kind
):
    split, folds = laid_out(positives, **options)
    assert split.kind == kind
    if kind == "nested":
        assert np.array_equal(split.train, np.arange(N))
        assert np.array_equal(split.test, np.arange(N))
        assert folds.part.shape[1] == N
    else:
        assert not np.intersect1d(split.train, split.test).size


def test_a_test_file_is_never_nested():
    split, _ = laid_out(60, test=make_table(40, 300))
    assert split.kind == "file"
    assert len(split.test) == 300


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"time": "day", "gap": "7d"}, 6),
        ({"time": "day", "gap": "7d", "label_delay": "30d"}, 29),
        ({"time": "day", "gap": "1d12h"}, 1),
        ({"time": "step", "gap": 70}, 6),
        ({"time": "step", "label_delay": "300"}, 29),
    ],
)
def test_the_longer_of_gap_and_label_delay_is_kept_before_the_test_and_beside_the_folds(
    options, near
):
    split, folds = laid_out(**options)
    assert (split.near, split.set_aside, len(split.train)) == (near, near, 800 - near)
    assert sorted(folds.left_out.sum(axis=1)) == [near] * 2 + [2 * near] * 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"time": "day", "gap": 7}, "gap of run must be a duration such as 7d or 12h: 'day' holds"),
        ({"time": "step", "gap": "7d"}, "gap of run must be a plain number in the unit of 'step'"),
        ({"time": "day", "label_delay": "soon"}, "label_delay of run must be a time such as"),
        ({"time": "day", "gap": "900d"}, "gap of run must leave rows to train on. Got 900 days"),
    ],
)
def test_a_gap_that_does_not_fit_the_times_is_refused(options, match):
    with pytest.raises(InvalidInput, match=match):
        laid_out(**options)


def test_a_gap_is_kept_before_a_test_file_and_needs_its_times():
    first, last = make_table(200)[:700], make_table(200)[700:]
    asked = make_settings(target="y", time="day", gap="10d")
    split = prepare(first, last, asked).split
    assert np.array_equal(split.train, np.arange(691))
    assert split.near == 9
    with pytest.raises(InvalidInput, match="test of run must hold the column of time, 'day'"):
        prepare(first, last.drop("day"), asked)
    with pytest.raises(InvalidInput, match="gap of run must leave two classes to train on"):
        prepare(last, first, asked)


def test_repeats_as_asked_for():
    assert laid_out()[1].n_repeats == 2
    assert laid_out(repeats=4)[1].n_repeats == 4
    assert laid_out(repeats=2, quick=True)[1].part.shape[0] == 2
    assert laid_out(quick=True)[1].n_folds == 3


def test_positives_in_the_last_week_or_in_one_group_are_refused_with_their_counts():
    table = make_table(1).with_columns(y=(pl.int_range(N) >= N - 7 * 3).cast(pl.Int64))
    with pytest.raises(
        InvalidInput, match=r"0 of its 21 rows lie before 2026-03-11, where the test"
    ):
        prepare(table, None, make_settings(target="y", time="day"))
    shops = table.with_columns(shop=pl.when(pl.col("y") == 1).then(0).otherwise(pl.col("step")))
    for options in ({"test_size": 0.2}, {}):
        with pytest.raises(InvalidInput, match=r"21 rows"):
            prepare(shops, None, make_settings(target="y", group="shop", **options))


def test_times_of_a_table_are_dates_or_numbers():
    assert read_table(make_table(20), target="y", time="day").time.to_numpy().dtype.kind == "M"
