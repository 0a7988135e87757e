"""Splits: shares, whole blocks, time order, and what happens to rare classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.blocks import join_blocks
from evenkeel.errors import InvalidInput
from evenkeel.split import hold_out, make_folds


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


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=12, max_size=80),
    rare=st.integers(2, 9),
    seed=st.integers(0, 99),
)
def test_blocks_stay_whole_in_folds_and_every_row_is_dealt(sizes, rare, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    y = np.zeros(len(groups), np.int64)
    y[np.random.default_rng(seed).choice(len(y), rare, replace=False)] = 1
    folds = make_folds(y, groups=groups, n_folds=3, n_repeats=2, seed=seed)
    for repeat in range(2):
        assert set(np.unique(folds.part[repeat])) <= {0, 1, 2}
        for group in range(len(sizes)):
            assert len(set(folds.part[repeat][groups == group])) == 1
    seen = np.concatenate([valid for r, _, _, valid in folds if r == 0])
    assert np.array_equal(np.sort(seen), np.arange(len(y)))


@settings(max_examples=60, deadline=None)
@given(n_rare=st.integers(16, 200), k=st.integers(2, 8), seed=st.integers(0, 99))
def test_without_groups_no_fold_differs_by_more_than_one_row_of_any_class(n_rare, k, seed):
    y = imbalanced(600, n_rare, seed)
    part = make_folds(y, n_folds=k, n_repeats=1, seed=seed).part[0]
    for label in (0, 1):
        held = np.bincount(part[y == label], minlength=k)
        assert held.max() - held.min() <= 1


@pytest.mark.parametrize(
    ("n_rare", "k", "repeats"),
    [(10, 2, 5), (16, 2, 5), (31, 3, 5), (40, 5, 5), (100, 5, 2), (500, 5, 2), (501, 5, 1)],
)
def test_number_of_folds_and_repeats_follow_the_rare_class(n_rare, k, repeats):
    folds = make_folds(imbalanced(3000, n_rare))
    assert (folds.n_folds, folds.n_repeats) == (k, repeats)
    if n_rare >= 16:
        assert min(np.bincount(imbalanced(3000, n_rare)[v]).min() for *_, v in folds) >= 8


def test_a_class_too_small_to_fold_does_not_shrink_the_folds_of_the_others():
    y = np.repeat([0, 1, 2], [5000, 600, 3])
    assert make_folds(y).n_folds == 5


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


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000))
def test_joined_blocks_are_the_connected_components(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 12, 30), rng.integers(0, 12, 30)
    joined = join_blocks(a, b)
    label = np.arange(30)
    for _ in range(30):  # slow oracle: spread the smallest label along both groupings
        for ids in (a, b):
            for value in np.unique(ids):
                label[ids == value] = label[ids == value].min()
    same = joined[:, None] == joined
    assert np.array_equal(same, label[:, None] == label)


def test_folds_in_time_are_stretches_with_equally_many_rare_rows():
    time = np.random.default_rng(0).permutation(2000)
    y = imbalanced(2000, 100)
    folds = make_folds(y, time=time)
    assert (folds.n_folds, folds.n_repeats) == (5, 1)
    in_order = folds.part[0][np.argsort(time)]
    assert np.all(np.diff(in_order) >= 0)
    assert np.bincount(folds.part[0][y == 1]).tolist() == [20] * 5
    groups = np.random.default_rng(1).integers(0, 400, 2000)
    part = make_folds(y, time=time, groups=groups).part[0]
    assert all(len(set(part[groups == group])) == 1 for group in np.unique(groups))


@pytest.mark.parametrize("n_groups", [3, 30])
def test_groups_that_come_again_all_the_time_still_leave_usable_folds(n_groups):
    y = imbalanced(1200, 100)
    groups = np.random.default_rng(0).integers(0, n_groups, 1200)
    folds = make_folds(y, groups=groups, time=np.arange(1200))
    assert folds.n_folds == min(5, n_groups)
    for _, _, train, valid in folds:
        assert len(valid) > 0
        assert set(y[train]) == {0, 1}
        assert not set(groups[train]) & set(groups[valid])


def test_fewer_folds_where_more_would_leave_a_training_part_without_positives():
    y = np.repeat([0, 1], [900, 300])
    groups = np.where(y == 1, np.arange(1200) // 1000, 10 + np.arange(1200) % 40)
    groups[900:1050] = 100
    groups[1050:] = 101
    assert make_folds(y, groups=groups).n_folds == 5
    late = make_folds(y, time=np.arange(1200))
    assert all(set(y[train]) == {0, 1} for _, _, train, _ in late)


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    y = imbalanced()
    assert np.array_equal(hold_out(y, seed=3).test, hold_out(y, seed=3).test)
    assert not np.array_equal(hold_out(y, seed=3).test, hold_out(y, seed=4).test)
    folds = make_folds(y, n_repeats=2)
    assert not np.array_equal(folds.part[0], folds.part[1])


def test_what_cannot_be_split_is_refused():
    y = np.repeat([0, 1], [80, 20])
    with pytest.raises(InvalidInput, match="holds no row of class"):
        hold_out(y, time=np.arange(100)[::-1])
    with pytest.raises(InvalidInput, match="at least two different moments"):
        hold_out(y, time=np.zeros(100))
    with pytest.raises(InvalidInput, match="every class on both sides"):
        make_folds(y, groups=np.zeros(100, int))
    with pytest.raises(InvalidInput, match="every class on both sides"):
        make_folds(y, groups=np.where(y == 1, 0, np.arange(100)))
    alike = np.zeros(100, int)
    for split in (hold_out, make_folds):
        with pytest.raises(InvalidInput, match="All 100 rows are identical in every feature"):
            split(y, duplicates=alike)
    with pytest.raises(InvalidInput, match="whose rows are identical in every feature"):
        make_folds(y, duplicates=np.where(y == 1, 200, np.arange(100)))
    with pytest.raises(InvalidInput, match="test_size of run"):
        hold_out(y, test_size=1.0)
