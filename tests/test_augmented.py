"""Copies changed by a transform: keyed by seed, epoch and place, the same in any batch."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from evenkeel.augmented import Augmented
from evenkeel.errors import InvalidInput
from evenkeel.plan import Plan

X = np.arange(12.0).reshape(4, 3)
KEYS = []


def shaken(row, key):
    return row + np.random.default_rng(key).normal(size=row.shape)


def plan_of(transform, **how):
    return Plan(4, np.arange(10), (Augmented(np.array([3, 3, 0, 3, 1, 1]), transform, **how),))


def test_a_row_is_the_transform_of_its_parent_by_its_own_key():
    seen = {}

    def note(row, key):
        seen[key] = row.copy()
        return row * 10

    whole = plan_of(note, seed=1).apply(X)[0]
    np.testing.assert_array_equal(whole[4:], 10 * X[[3, 3, 0, 3, 1, 1]])
    assert len(seen) == 6
    assert all(0 <= key < 2**63 for key in seen)


def test_rows_come_out_the_same_in_any_order_and_batch():
    plan = plan_of(shaken, seed=2)
    whole, labels = plan.apply(X, np.array(list("abcd")))
    assert "".join(labels) == "abcdddadbb"
    np.testing.assert_array_equal(np.concatenate([x for (x,) in plan.batches(X, size=3)]), whole)
    at = np.array([9, 4, 5, 4])
    np.testing.assert_array_equal(plan.take(at, X)[0], whole[at])
    assert len(np.unique(whole[4:], axis=0)) == 6


def test_seed_and_epoch_both_change_every_row():
    block = plan_of(shaken, seed=2).made[0]
    get, at = (lambda ids: X[ids]), np.arange(6)
    first = block.make(get, at)
    for other in (block.at_epoch(1), plan_of(shaken, seed=3).made[0]):
        assert not (other.make(get, at) == first).any()
    np.testing.assert_array_equal(block.at_epoch(1).at_epoch(0).make(get, at), first)
    # (seed 1, epoch 2) is not (seed 2, epoch 1)
    one = plan_of(shaken, seed=1, epoch=2).made[0].make(get, at)
    assert not (one == plan_of(shaken, seed=2, epoch=1).made[0].make(get, at)).any()


def test_what_arrays_cannot_hold_is_said():
    with pytest.raises(InvalidInput, match=r"must keep the shape of rows in an array, \(3,\). Got"):
        plan_of(lambda row, key: row[:2], seed=0).apply(X)
    with pytest.raises(InvalidInput, match=r"must be an array or a frame\. Got a sparse"):
        plan_of(shaken, seed=0).apply(csr_array(X))


def test_no_row_is_asked_for_in_vain():
    block = plan_of(lambda row, key: KEYS.append(key), seed=0).made[0]
    assert block.make(lambda ids: X[ids], np.arange(0)).shape == (0, 3)
    assert KEYS == []
