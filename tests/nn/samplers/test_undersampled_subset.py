"""A data set without part of its larger classes."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from evenkeel.distribution import Ratio
from evenkeel.errors import InvalidInput
from evenkeel.nn import BalancedSampler, UndersampledSubset

LABELS = np.random.default_rng(2).permutation(np.repeat([0, 1, 2], [600, 60, 20]))
DATA = TensorDataset(torch.arange(680), torch.as_tensor(LABELS))


@pytest.mark.parametrize(
    ("strategy", "counts"),
    [("auto", [20, 20, 20]), ({0: 100}, [100, 60, 20]), (Ratio(0.1), [200, 60, 20])],
    ids=["auto", "dict", "ratio"],
)
def test_classes_are_cut_to_what_was_asked(strategy, counts):
    subset = UndersampledSubset(DATA, strategy, seed=1)
    assert np.bincount(LABELS[subset.indices]).tolist() == counts
    assert subset.indices == sorted(set(subset.indices))
    np.testing.assert_array_equal(subset.labels, LABELS[subset.indices])
    np.testing.assert_allclose(subset.drawn_prior, np.array(counts) / sum(counts))
    np.testing.assert_allclose(subset.prior, np.array([600, 60, 20]) / 680)
    rows, labels = next(iter(DataLoader(subset, batch_size=len(subset))))
    np.testing.assert_array_equal(LABELS[rows], labels)


def test_the_seed_chooses_and_words_are_labels():
    assert UndersampledSubset(DATA, seed=1).indices == UndersampledSubset(DATA, seed=1).indices
    assert UndersampledSubset(DATA, seed=1).indices != UndersampledSubset(DATA, seed=2).indices
    subset = UndersampledSubset(list("abcd"), labels=["no", "no", "yes", "no"])
    assert sorted(subset.labels.tolist()) == ["no", "yes"]
    assert sorted(BalancedSampler(subset)) == [0, 1]


def test_labels_of_another_length():
    with pytest.raises(InvalidInput, match=r"one for each of 680 rows of the data set\. Got 2"):
        UndersampledSubset(DATA, labels=[0, 1])
    with pytest.raises(InvalidInput, match="UndersampledSubset"):
        UndersampledSubset(object())
