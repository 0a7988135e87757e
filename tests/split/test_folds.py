"""Folds: shares, whole blocks, stretches of time, the gap between them, several labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.split import make_folds


def imbalanced(n_rows=1000, n_rare=50, seed=0):
    y = np.zeros(n_rows, np.int64)
    y[np.random.default_rng(seed).choice(n_rows, n_rare, replace=False)] = 1
    return y


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


def test_the_same_seed_gives_the_same_folds_and_repeats_differ():
    folds = make_folds(imbalanced(), n_repeats=2)
    assert np.array_equal(folds.part, make_folds(imbalanced(), n_repeats=2).part)
    assert not np.array_equal(folds.part[0], folds.part[1])


@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(st.integers(0, 60), min_size=80, max_size=120),
    gap=st.integers(0, 6),
    dates=st.booleans(),
    seed=st.integers(0, 99),
)
def test_no_row_trains_within_the_gap_of_a_row_it_is_judged_by(moments, gap, dates, seed):
    step = np.array(moments)
    y = (np.random.default_rng(seed).random(len(step)) < 0.4).astype(np.int64)
    time = np.datetime64("2024-01-01", "s") + step.astype("m8[D]") if dates else step
    try:
        folds = make_folds(y, time=time, gap=np.timedelta64(gap, "D") if dates else gap)
    except InvalidInput:
        return  # so long a gap leaves nothing: said elsewhere
    assert folds.n_repeats == 1
    assert np.array_equal(np.sort(np.concatenate([v for *_, v in folds])), np.arange(len(y)))
    for _, fold, train, valid in folds:
        apart = np.abs(step[train][:, None] - step[valid])  # slow oracle: every pair
        assert apart.min() >= gap
        aside = np.setdiff1d(np.flatnonzero(folds.part[0] != fold), train)
        if aside.size:  # nothing is left out that need not be
            assert np.abs(step[aside][:, None] - step[valid]).min(axis=1).max() < gap


def test_a_row_that_is_left_out_for_one_fold_is_judged_in_its_own():
    y, time = imbalanced(2000, 200), np.arange(2000)
    plain, kept = make_folds(y, time=time), make_folds(y, time=time, gap=50)
    assert np.array_equal(plain.part, kept.part)
    assert plain.left_out is None
    middle = [len(train) for _, fold, train, _ in kept if fold in (1, 2, 3)]
    assert middle == [n - 98 for n in [len(t) for _, f, t, _ in plain if f in (1, 2, 3)]]
    assert sorted(kept.left_out.sum(axis=1)) == [49, 49, 98, 98, 98]


def test_groups_in_short_visits_keep_their_gap_and_groups_from_all_times_are_dealt_whole():
    y, time = imbalanced(3000, 400), np.arange(3000)
    visits = time // 6
    folds = make_folds(y, time=time, groups=visits, gap=20)
    for _, _, train, valid in folds:
        assert np.abs(time[train][:, None] - time[valid]).min() >= 20
        assert not set(visits[train]) & set(visits[valid])
    cards = np.random.default_rng(0).integers(0, 100, 3000)
    folds = make_folds(y, time=time, groups=cards, gap=20)
    assert folds.left_out is None
    for _, _, train, valid in folds:
        assert not set(cards[train]) & set(cards[valid])


def test_a_gap_that_leaves_no_two_folds_is_refused_and_so_is_one_of_another_unit():
    y, time = imbalanced(200, 40), np.arange(200)
    with pytest.raises(InvalidInput, match=r"gap of run must leave .* Got 190, and 40 rows"):
        make_folds(y, time=time, gap=190)
    with pytest.raises(InvalidType, match="gap of make_folds must be a number, as the times are"):
        make_folds(y, time=time, gap=np.timedelta64(1, "D"))
    with pytest.raises(InvalidType, match="gap of make_folds must go with a time"):
        make_folds(y, gap=3)


def many_labels(seed, n_rows=400):
    rng = np.random.default_rng(seed)
    return (rng.random((n_rows, 4)) < [0.05, 0.1, 0.3, 0.7]).astype(np.int64)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), grouped=st.booleans())
def test_each_of_several_labels_is_in_every_fold_and_groups_stay_whole(seed, grouped):
    Y = many_labels(seed)
    groups = np.arange(400) // 2 if grouped else None
    folds = make_folds(Y, groups=groups, n_folds=4, n_repeats=2, seed=seed)
    for repeat in range(2):
        held = np.stack([Y[folds.part[repeat] == fold].sum(axis=0) for fold in range(4)])
        assert (held > 0).all()
        assert np.all(np.abs(held - Y.sum(axis=0) / 4) <= (6 if grouped else 5))
        if grouped:
            assert np.array_equal(folds.part[repeat][::2], folds.part[repeat][1::2])


def test_several_labels_in_time_follow_the_rarest_that_can_be_folded():
    Y, time = many_labels(1, 1000), np.arange(1000)
    folds = make_folds(Y, time=time, gap=5)
    assert np.all(np.diff(folds.part[0]) >= 0)
    held = np.bincount(folds.part[0][Y[:, 0] == 1])
    assert held.max() - held.min() <= 1
    assert all(time[train].size and (Y[train] == 1).any(axis=0).all() for _, _, train, _ in folds)


def test_what_cannot_be_folded_is_refused():
    y = np.repeat([0, 1], [80, 20])
    with pytest.raises(
        InvalidInput, match=r"every class on both sides .* Got one group of all rows"
    ):
        make_folds(y, groups=np.zeros(100, int))
    with pytest.raises(InvalidInput, match="Got 81 groups, and all 20 rows of a class in one"):
        make_folds(y, groups=np.where(y == 1, 100, np.arange(100)))
    with pytest.raises(InvalidInput, match="All 100 rows are identical in every feature"):
        make_folds(y, duplicates=np.zeros(100, int))
    with pytest.raises(InvalidInput, match="whose 20 rows are identical in every feature"):
        make_folds(y, duplicates=np.where(y == 1, 200, np.arange(100)))
