"""From natural to balanced."""

import numpy as np
import pytest

from evenkeel.errors import InvalidInput
from evenkeel.nn import ProgressiveSampler

LABELS = np.repeat([0, 1], [950, 50])


def test_shares_are_kangs_formula():
    sampler = ProgressiveSampler(LABELS, 11)
    for epoch in (0, 3, 10, 25):
        sampler.set_epoch(epoch)
        t = min(1, epoch / 10)
        expected = (1 - t) * np.array([0.95, 0.05]) + t * 0.5
        np.testing.assert_allclose(sampler.drawn_prior, expected, atol=1e-3)
        drawn = np.bincount(LABELS[list(sampler)]) / 1000
        np.testing.assert_allclose(drawn, expected, atol=1e-3)
    np.testing.assert_allclose(sampler.last_prior, 0.5)


def test_rows_take_turns_over_epochs_of_different_shares():
    sampler = ProgressiveSampler(LABELS, 4)
    times = np.zeros(1000, int)
    for epoch in range(7):
        sampler.set_epoch(epoch)
        times += np.bincount(list(sampler), minlength=1000)
        for label in (0, 1):
            own = times[label == LABELS]
            assert own.max() - own.min() <= 1


def test_it_ends_at_given_shares():
    sampler = ProgressiveSampler(LABELS, 2, shares=[0.1, 0.9])
    assert sampler.last_prior.tolist() == [0.1, 0.9]
    with pytest.raises(
        InvalidInput, match="n_epochs of ProgressiveSampler must be a whole number of"
    ):
        ProgressiveSampler(LABELS, 1)
