"""How often each class and each row is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.nn import BalancedSampler

LABELS = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [4_000, 900, 7]))


def uses(sampler, epochs=1):
    drawn = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        drawn += list(sampler)
    return np.bincount(drawn, minlength=len(sampler.class_rows.rows))


def test_natural_is_a_plain_shuffle():
    sampler = BalancedSampler(LABELS, power=0)
    drawn = list(sampler)
    assert drawn != sorted(drawn)
    assert sorted(drawn) == list(range(len(LABELS)))


@given(
    counts=st.lists(st.integers(1, 60), min_size=2, max_size=6),
    power=st.floats(0, 1),
    n_draws=st.integers(1, 300),
    epochs=st.integers(1, 4),
)
def test_every_class_has_its_share_and_rows_take_turns(counts, power, n_draws, epochs):
    labels = np.repeat(np.arange(len(counts)), counts)
    sampler = BalancedSampler(labels, power, n_draws=n_draws)
    times = uses(sampler, epochs)
    raw = np.array(counts, float) ** (1 - power)
    wanted = raw / raw.sum() * n_draws
    for label, n in enumerate(counts):
        own = times[labels == label]
        assert abs(own.sum() / epochs - wanted[label]) < 1
        assert own.max() - own.min() <= 1, f"over all epochs, {n} rows take turns"


def test_given_shares_and_length():
    sampler = BalancedSampler(LABELS, shares={0: 1, 2: 3}, n_draws=8_000)
    times = uses(sampler)
    assert [int(times[label == LABELS].sum()) for label in range(3)] == [2_000, 0, 6_000]
    np.testing.assert_allclose(sampler.drawn_prior, [0.25, 0, 0.75])
    np.testing.assert_allclose(sampler.prior, np.array([4_000, 900, 7]) / 4_907)


def test_rows_of_a_thinned_class_are_spread_over_the_data():
    """A quarter of the frequent rows fits in an epoch: not the first quarter of the file."""
    labels = np.sort(LABELS)
    drawn = np.array(list(BalancedSampler(labels, n_draws=3_000)))
    frequent = drawn[drawn < 4_000]
    assert len(frequent) == len(set(frequent.tolist())) == 1_000
    assert np.histogram(frequent, 8, (0, 4_000))[0].min() > 80  # 125 expected, sd 9
    place = np.argsort(np.argsort(frequent))
    assert abs(np.corrcoef(place, np.arange(1_000))[0, 1]) < 0.13


def test_batches_are_as_mixed_as_in_a_shuffle():
    labels = np.repeat([0, 1], [30_000, 300])
    drawn = labels[list(BalancedSampler(labels))][:30_000].reshape(-1, 100).sum(axis=1)
    assert drawn.mean() == pytest.approx(50, abs=0.1)
    assert drawn.var() == pytest.approx(25, rel=4 * np.sqrt(2 / 300))


def test_more_rows_than_torch_multinomial_can_take():
    n = 2**24 + 1
    labels = np.zeros(n, np.int8)
    labels[-1] = labels[17] = 1
    sampler = BalancedSampler(labels, n_draws=100_000)
    drawn = np.array(list(sampler))
    assert np.bincount(drawn, minlength=n)[[17, n - 1]].tolist() == [25_000, 25_000]
    assert len(np.unique(drawn)) == 50_002
    assert drawn.max() == n - 1
