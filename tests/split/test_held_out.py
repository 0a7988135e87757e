"""Test parts: shares, whole groups, the end of time and the gap before it, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.split import hold_out


def imbalanced(n_rows=1000, n_rare=50, seed=0):
    y = np.zeros(n_rows, np.int64)
    y[np.random.default_rng(seed).choice(n_rows, n_rare, replace=False)] = 1
    return y


def test_stratified_test_part_holds_its_share_of_each_class():
    y = imbalanced(10_000, 100)
    split = hold_out(y, test_size=0.2)
    assert split.kind == "stratified"
    assert y[split.test].sum() == 20
    assert len(split.test) == 2000
    assert np.array_equal(np.sort(np.r_[split.train, split.test]), np.arange(10_000))


def test_one_huge_block_of_duplicates_does_not_change_the_share_of_the_test():
    y = imbalanced(10_000, 300)
    duplicates = np.arange(10_000)
    duplicates[:3000] = 0
    split = hold_out(y, duplicates=duplicates)
    assert abs(len(split.test) - 2000) <= 1
    assert abs(y[split.test].sum() - 60) <= 1


def test_a_class_with_one_row_stays_in_training():
    y = np.repeat([0, 1, 2], [500, 60, 1])
    split = hold_out(y)
    assert 2 in y[split.train]
    assert 2 not in y[split.test]


def test_test_rows_are_later_than_training_rows_and_ties_stay_together():
    rng = np.random.default_rng(0)
    time = rng.integers(0, 100, 2000)
    split = hold_out(imbalanced(2000, 300), time=time)
    assert time[split.train].max() < time[split.test].min()
    assert 0.15 < len(split.test) / 2000 <= 0.2


def test_groups_that_straddle_the_cut_are_set_aside_on_one_side():
    rng = np.random.default_rng(1)
    y, time = imbalanced(4000, 600), np.arange(4000)
    everywhere = rng.integers(0, 50, 4000)  # every group is on both sides
    split = hold_out(y, groups=everywhere, time=time)
    assert not set(everywhere[split.train]) & set(everywhere[split.test])
    assert time[split.train].max() < time[split.test].min()
    assert split.set_aside == 4000 - len(split.train) - len(split.test) > 0
    assert len(split.train) > 1500
    assert len(split.test) > 200
    short = time // 7  # few groups are on both sides: their past is dropped, nothing else
    split = hold_out(y, groups=short, time=time)
    assert 0 < split.set_aside < 7


def test_whole_groups_without_time():
    groups = np.random.default_rng(2).integers(0, 300, 3000)
    y = imbalanced(3000, 300)
    split = hold_out(y, groups=groups)
    assert not set(groups[split.train]) & set(groups[split.test])
    assert abs(y[split.test].sum() - 60) <= 5
    assert split.kind == "group"


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    y = imbalanced()
    assert np.array_equal(hold_out(y, seed=3).test, hold_out(y, seed=3).test)
    assert not np.array_equal(hold_out(y, seed=3).test, hold_out(y, seed=4).test)


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(10, 300), min_size=2, max_size=5),
    test_size=st.sampled_from([0.1, 0.2, 0.25, 0.5]),
    seed=st.integers(0, 99),
)
def test_each_class_is_within_one_row_of_its_share(counts, test_size, seed):
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    split = hold_out(y, test_size=test_size, seed=seed)
    assert not np.intersect1d(split.train, split.test).size
    assert len(split.train) + len(split.test) == len(y)
    held = np.bincount(y[split.test], minlength=len(counts))
    assert np.all(np.abs(held - test_size * np.array(counts)) <= 1)


@settings(max_examples=80, deadline=None)
@given(
    moments=st.lists(st.integers(0, 60), min_size=60, max_size=120),
    gap=st.integers(0, 8),
    dates=st.booleans(),
    n_groups=st.sampled_from([0, 5, 50]),
    seed=st.integers(0, 99),
)
def test_the_test_is_later_than_training_by_the_gap_and_groups_stay_whole(
    moments, gap, dates, n_groups, seed
):
    rng = np.random.default_rng(seed)
    step = np.array(moments)
    y = (rng.random(len(step)) < 0.5).astype(np.int64)
    time = np.datetime64("2024-01-01", "us") + step.astype("m8[D]") if dates else step
    groups = rng.integers(0, n_groups, len(step)) if n_groups else None
    span = np.timedelta64(gap, "D") if dates else gap
    try:
        split = hold_out(y, time=time, groups=groups, gap=span, seed=seed)
    except InvalidInput:
        return  # one moment, or a class on one side: said elsewhere
    train, test = split.train, split.test
    assert step[test].min() - step[train].max() >= max(gap, 1)
    assert split.set_aside == len(step) - len(train) - len(test) >= split.near
    if groups is None:
        late = step[test].min()
        assert split.near == np.sum((step < late) & (step > late - gap)) == split.set_aside
    else:
        assert not set(groups[train]) & set(groups[test])


def test_a_gap_leaves_the_test_part_as_it_was_and_counts_what_it_sets_aside():
    y, time = imbalanced(1000, 200), np.arange(1000, dtype=np.uint32)
    plain, kept = hold_out(y, time=time), hold_out(y, time=time, gap=30)
    assert np.array_equal(plain.test, kept.test)
    assert np.array_equal(kept.train, np.arange(771))
    assert (kept.near, kept.set_aside, kept.gap) == (29, 29, 30)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), grouped=st.booleans())
def test_each_of_several_labels_gets_its_share_of_the_test(seed, grouped):
    rng = np.random.default_rng(seed)
    Y = (rng.random((500, 3)) < [0.06, 0.2, 0.6]).astype(np.int64)
    groups = np.arange(500) // 2 if grouped else None
    split = hold_out(Y, groups=groups, seed=seed)
    assert np.all(np.abs(Y[split.test].sum(axis=0) - 0.2 * Y.sum(axis=0)) <= 6)
    assert abs(len(split.test) - 100) <= 12
    if grouped:
        assert not set(groups[split.train]) & set(groups[split.test])


def test_what_cannot_be_split_is_refused_with_its_counts():
    y = np.repeat([0, 1], [80, 20])
    with pytest.raises(
        InvalidInput, match=r"training part .* holds no row of class code 1: 0 of its 20"
    ):
        hold_out(y, time=np.arange(100))
    with pytest.raises(
        InvalidInput, match=r"20 of its 20 rows lie before 80, where the test starts"
    ):
        hold_out(y, time=np.arange(100)[::-1])
    with pytest.raises(InvalidInput, match="at least two different moments"):
        hold_out(y, time=np.zeros(100))
    with pytest.raises(InvalidInput, match=r"all of its 20 rows lie in 1 group, kept whole"):
        hold_out(y, groups=np.where(y == 1, 100, np.arange(100)), classes=("no", "yes"))
    with pytest.raises(InvalidInput, match="All 100 rows are identical in every feature"):
        hold_out(y, duplicates=np.zeros(100, int))
    with pytest.raises(InvalidInput, match="test_size of run"):
        hold_out(y, test_size=1.0)
    Y = np.stack([y, np.arange(100) % 2], axis=1)
    with pytest.raises(InvalidInput, match=r"holds no row of class 'rare': 20 of its 20"):
        hold_out(Y, time=np.arange(100)[::-1], classes=("rare", "other"))


def test_a_gap_that_leaves_nothing_is_refused_with_its_span():
    y = np.tile([0, 1], 50)
    days = np.datetime64("2024-01-01", "us") + np.arange(100).astype("m8[D]")
    with pytest.raises(
        InvalidInput, match=r"Got 400 days, and the 80 rows before .* 80 days before"
    ):
        hold_out(y, time=days, gap=np.timedelta64(400, "D"))
    y = np.repeat([0, 1, 0, 1], [70, 10, 10, 10])
    with pytest.raises(
        InvalidInput, match=r"2024-03-21, where the test starts, with 15 days set aside"
    ):
        hold_out(y, time=days, gap=np.timedelta64(15, "D"))
    for time, gap in ((days, 3), (np.arange(100), np.timedelta64(3, "D")), (None, 3)):
        with pytest.raises(InvalidType, match="gap of run must"):
            hold_out(y, time=time, gap=gap)
