from collections import Counter

import imblearn.over_sampling as peer
import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.resample import RandomOverSampler, Ratio

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3)) * [1.0, 10.0, 0.0] + [0, 5, 3]
Y = rng.permutation(np.repeat([0, 1, 2], [120, 60, 20]))


@pytest.mark.parametrize("strategy", ["auto", "minority", "all", {1: 61, 2: 200}])
@pytest.mark.parametrize("shrinkage", [None, 0, {0: 0, 1: 0, 2: 0}])
def test_equals_imbalanced_learn(strategy, shrinkage):
    given_ = {"sampling_strategy": strategy, "random_state": 3}
    ours, theirs = RandomOverSampler(**given_), peer.RandomOverSampler(**given_)
    X_new, y_new = ours.fit_resample(X, Y)
    X_peer, y_peer = theirs.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    assert ours.sampling_strategy_ == theirs.sampling_strategy_
    # without spread, the smoothed bootstrap makes copies too (its noise takes draws in between)
    smooth = RandomOverSampler(**given_, shrinkage=shrinkage)
    made = smooth.fit_resample(X, Y)[0]
    np.testing.assert_array_equal(made, X[smooth.sample_indices_])
    assert (
        smooth.shrinkage_ is None if shrinkage is None else set(smooth.shrinkage_.values()) == {0}
    )


def test_noise_has_the_spread_of_the_formula():
    sampler = RandomOverSampler(
        sampling_strategy={1: 40_000, 2: 20_000}, shrinkage={1: 1.0, 2: 0.5}, random_state=0
    )
    X_new, y_new = sampler.fit_resample(X, Y)
    noise = X_new[200:] - X[sampler.sample_indices_[200:]]
    factor = (4 / ((3 + 2) * 200)) ** (1 / (3 + 4))
    for label, shrinkage in ((1, 1.0), (2, 0.5)):
        part = noise[y_new[200:] == label]
        expected = shrinkage * factor * X[label == Y].std(axis=0)
        np.testing.assert_allclose(part.std(axis=0), expected, rtol=0.03)
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=0.1)
    assert np.all(noise[:, 2] == 0)  # a column that never varies stays as it is


def test_sparse_spread_equals_dense():
    sampler = RandomOverSampler(shrinkage=1.0, random_state=0)
    dense = sampler.fit_resample(X, Y)[0]
    sparse = sampler.fit_resample(sp.csr_matrix(X), Y)[0]
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-9, atol=1e-7)


def test_ratio_raises_every_class():
    sampler = RandomOverSampler(sampling_strategy=Ratio(0.4), random_state=0)
    assert Counter(sampler.fit_resample(X, Y)[1].tolist()) == {0: 120, 1: 60, 2: 48}


@pytest.mark.parametrize(
    ("shrinkage", "error", "message"),
    [
        (-1, InvalidInput, "The shrinkage factor needs to be >= 0"),
        ({0: 1, 1: -1, 2: 1}, InvalidInput, "at least 0. Got -1"),
        ({1: 1}, InvalidInput, "Got none for 2"),
        ({}, InvalidInput, "`shrinkage` should contain a shrinkage factor for each class"),
        ("much", InvalidType, "shrinkage of RandomOverSampler must be a number"),
        ({0: None}, InvalidType, "must be a number"),
    ],
)
def test_shrinkage_is_checked(shrinkage, error, message):
    with pytest.raises(error, match=message):
        RandomOverSampler(shrinkage=shrinkage).fit_resample(X, Y)


def test_noise_needs_numbers_and_copies_do_not():
    table = pl.DataFrame({"word": ["a", "b", "c"], "gap": [1.0, None, 2.0]})
    assert RandomOverSampler().fit_resample(table, [0, 0, 1])[0].height == 4
    with pytest.raises(DoesNotApply, match=r"numerical data without gaps.*: word, gap"):
        RandomOverSampler(shrinkage=1).fit_resample(table, [0, 0, 1])
