"""Every batch holds the same number of rows of each class."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from evenkeel.nn import PerClassBatchSampler

LABELS = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [700, 90, 7]))


def test_batches_of_a_loader_hold_so_many_of_each():
    sampler = PerClassBatchSampler(LABELS, 4)
    data = TensorDataset(torch.as_tensor(LABELS))
    loader = DataLoader(data, batch_size=sampler.batch_size, sampler=sampler)
    batches = [np.bincount(batch[0]).tolist() for batch in loader]
    assert batches == [[4, 4, 4]] * (len(LABELS) // 12)


@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=5),
    per_class=st.integers(1, 7),
    n_batches=st.integers(1, 40),
    seed=st.integers(0, 9),
)
def test_rows_take_turns_across_batches_and_epochs(counts, per_class, n_batches, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    sampler = PerClassBatchSampler(labels, per_class, n_batches=n_batches, seed=seed)
    drawn = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        drawn += list(sampler)
    drawn = np.array(drawn)
    assert len(drawn) == 3 * n_batches * per_class * len(counts)
    for label, n in enumerate(counts):
        own = drawn[labels[drawn] == label]
        assert len(own) == 3 * n_batches * per_class
        for start in range(0, len(own) - n + 1, n):
            assert len(set(own[start : start + n].tolist())) == n


def test_rounds_are_in_different_orders():
    sampler = PerClassBatchSampler(np.repeat([0, 1], 50), 1, n_batches=100)
    own = [row for row in sampler if row < 50]
    assert sorted(own[:50]) == sorted(own[50:])
    assert own[:50] != own[50:]
    assert own[:50] != sorted(own[:50])


def test_classes_without_rows_are_left_out():
    sampler = PerClassBatchSampler([0, 3, 0, 3], 1, n_classes=5)
    assert sampler.batch_size == 2
    assert sampler.drawn_prior.tolist() == [0.5, 0, 0, 0.5, 0]
    assert sorted(sampler) == [0, 1, 2, 3]


def test_rows_still_take_turns_after_billions_of_draws():
    sampler = PerClassBatchSampler([0] * 5 + [1] * 3, 3, n_batches=50)
    sampler.set_epoch(2**33)
    drawn = np.array(list(sampler))
    assert np.bincount(drawn).tolist() == [30] * 5 + [50] * 3
