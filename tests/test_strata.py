import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput
from evenkeel.strata import label_folds


def spread(Y, fold, n_folds):
    """Largest difference between folds in rows of each label."""
    held = np.stack([Y[fold == k].sum(axis=0) for k in range(n_folds)])
    return held.max(axis=0) - held.min(axis=0)


def sample(seed, n=400, n_labels=8):
    rng = np.random.default_rng(seed)
    shares = rng.beta(0.7, 4.0, n_labels)
    return (rng.random((n, n_labels)) < shares).astype(int)


@given(st.integers(0, 10**6), st.integers(2, 7))
@settings(deadline=None, max_examples=40)
def test_folds_hold_every_row_and_the_rarest_label_evenly(seed, n_folds):
    Y = sample(seed, n=120)
    fold = label_folds(Y, n_folds=n_folds, seed=seed)[0]
    assert fold.shape == (120,)
    assert set(fold.tolist()) == set(range(n_folds))
    rarer = np.minimum(Y.sum(axis=0), 120 - Y.sum(axis=0))
    rarest = int(np.argmin(np.where(rarer > 0, rarer, 121)))
    assert spread(Y, fold, n_folds)[rarest] <= 1 or Y[:, rarest].mean() > 0.5
    assert np.abs(np.bincount(fold) - 120 / n_folds).max() <= 8


def test_labels_are_spread_far_better_than_by_chance():
    dealt, drawn = [], []
    for seed in range(10):
        Y = sample(seed)
        dealt.append(spread(Y, label_folds(Y, seed=seed)[0], 5))
        drawn.append(spread(Y, np.random.default_rng(seed).permutation(len(Y)) % 5, 5))
    assert np.mean(dealt) < 0.35 * np.mean(drawn)


def test_a_label_that_most_rows_carry_is_followed_by_the_rows_without_it():
    rng = np.random.default_rng(0)
    Y = np.ones((300, 2), dtype=int)
    Y[rng.choice(300, 10, replace=False), 0] = 0
    fold = label_folds(Y, n_folds=5)[0]
    assert np.bincount(fold[Y[:, 0] == 0]).tolist() == [2, 2, 2, 2, 2]


def slow_folds(Y, n_folds, order):
    """The paper's algorithm 1, row by row with whole matrices, ties to the lowest fold."""
    wanted = np.repeat(Y.sum(axis=0)[:, None] / n_folds, n_folds, axis=1)
    room = np.full(n_folds, len(Y) / n_folds)
    fold = np.full(len(Y), -1)
    while (left := ((fold < 0)[:, None] & (Y == 1)).sum(axis=0)).any():
        label = int(np.argmin(np.where(left > 0, left, len(Y) + 1)))
        for row in [r for r in order if fold[r] < 0 and Y[r, label]]:
            best = np.flatnonzero(wanted[label] == wanted[label].max())
            fold[row] = best[np.argmax(room[best])]
            wanted[Y[row] == 1, fold[row]] -= 1
            room[fold[row]] -= 1
    for row in [r for r in order if fold[r] < 0]:
        fold[row] = np.argmax(room)
        room[fold[row]] -= 1
    return fold


def test_labels_are_spread_as_the_paper_s_algorithm_spreads_them():
    ours, slow = [], []
    for seed in range(10):
        Y = sample(seed, n=150)
        Y[:, Y.mean(axis=0) > 0.5] = 0  # there the two differ on purpose
        ours.append(np.sort(spread(Y, label_folds(Y, seed=seed)[0], 5)))
        order = np.random.default_rng(seed).permutation(150).tolist()
        slow.append(np.sort(spread(Y, slow_folds(Y, 5, order), 5)))
    assert np.mean(ours) == pytest.approx(np.mean(slow), abs=0.3)


def test_groups_stay_whole_and_labels_are_still_spread():
    rng = np.random.default_rng(1)
    Y = sample(3, n=600)
    groups = rng.integers(0, 250, 600)
    fold = label_folds(Y, groups=groups)[0]
    for group in np.unique(groups):
        assert np.unique(fold[groups == group]).size == 1
    rare = int(np.argmin(Y.sum(axis=0)))
    assert spread(Y, fold, 5)[rare] <= 3
    assert np.bincount(fold).min() > 100


def test_seeds_and_repeats():
    Y = sample(0)
    once = label_folds(Y, n_repeats=2, seed=4)
    assert once.shape == (2, 400)
    assert (once == label_folds(Y, n_repeats=2, seed=4)).all()
    assert (once[0] == label_folds(Y, seed=4)[0]).all()
    assert (once[0] != once[1]).any()
    assert (once[0] != label_folds(Y, seed=5)[0]).any()


def test_rows_without_labels_fill_the_folds():
    fold = label_folds(np.zeros((103, 3), dtype=int), n_folds=4)[0]
    assert sorted(np.bincount(fold).tolist()) == [25, 26, 26, 26]


@pytest.mark.parametrize(
    ("Y", "options", "match"),
    [
        ([[0, 2]], {}, r"Y of label_folds must be class codes from 0 to 1"),
        ([0, 1], {}, r"shape \(n_rows, n_labels\)"),
        ([[0], [1]], {"n_folds": 3}, r"at most the number of rows or groups. Got 3 folds for 2"),
        ([[0], [1], [1]], {"n_folds": 2, "groups": [1, 1, 1]}, r"Got 2 folds for 1"),
        ([[0], [1]], {"n_folds": 2, "groups": [1]}, r"groups of label_folds must have shape"),
        ([[0], [1]], {"n_folds": 1}, r"n_folds of label_folds must be a whole number"),
    ],
)
def test_what_cannot_be_dealt_is_refused(Y, options, match):
    with pytest.raises(InvalidInput, match=match):
        label_folds(np.array(Y), **options)
