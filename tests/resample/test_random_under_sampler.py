from collections import Counter

import imblearn.under_sampling as peer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.resample import RandomUnderSampler, Ratio

X = np.arange(400.0).reshape(200, 2)
Y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [120, 60, 20]))


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("strategy", ["auto", "majority", "all", {0: 30, 1: 60}])
def test_equals_imbalanced_learn(strategy, replacement):
    given_ = {"sampling_strategy": strategy, "replacement": replacement, "random_state": 3}
    ours, theirs = RandomUnderSampler(**given_), peer.RandomUnderSampler(**given_)
    X_new, y_new = ours.fit_resample(X, Y)
    X_peer, y_peer = theirs.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    assert ours.sampling_strategy_ == theirs.sampling_strategy_


def test_a_number_is_rare_to_common_afterwards():
    y = np.repeat(["no", "yes"], [180, 20])
    y_new = RandomUnderSampler(sampling_strategy=0.2, random_state=0).fit_resample(X, y)[1]
    assert Counter(y_new.tolist()) == {"no": 100, "yes": 20}


@given(st.lists(st.integers(1, 40), min_size=2, max_size=4), st.floats(0.05, 1.0))
def test_ratio_drops_without_repeats_and_keeps_the_smallest_class(counts, ratio):
    y = np.repeat(np.arange(len(counts)), counts)
    sampler = RandomUnderSampler(sampling_strategy=Ratio(ratio), random_state=0)
    y_new = sampler.fit_resample(np.zeros((y.size, 1)), y)[1]
    after = np.bincount(y_new)
    assert np.unique(sampler.sample_indices_).size == y_new.size
    assert after.min() == min(counts)
    assert after.max() <= min(counts) / ratio + 1e-6
