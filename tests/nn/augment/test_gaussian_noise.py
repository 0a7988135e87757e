"""Gaussian noise has the spread that it says."""

import warnings

import pytest
import torch
from torch.utils.data import TensorDataset

from evenkeel.errors import EvenkeelWarning
from evenkeel.nn import GaussianNoise, PartialAugment


def test_noise_is_normal_with_the_spread_of_the_item():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200_000, generator=generator, dtype=torch.float64) * 7 + 3
    noise = GaussianNoise(0.2)(x, generator) - x
    assert float(noise.std()) == pytest.approx(0.2 * 7, rel=0.02)
    assert abs(float(noise.mean())) < 4 * 1.4 / 200_000**0.5
    inside = (noise.abs() < 1.4).double().mean()
    assert float(inside) == pytest.approx(0.6827, abs=0.006)


def test_each_column_may_have_its_own_spread():
    generator = torch.Generator().manual_seed(0)
    x = torch.zeros(100_000, 3)
    noise = GaussianNoise(0.5, spread=[0.0, 2.0, 10.0])(x, generator)
    assert noise.std(0).tolist() == pytest.approx([0.0, 1.0, 5.0], rel=0.02)


def test_copies_that_would_be_exact_are_said_once():
    one_column = TensorDataset(torch.randn(12, 1), torch.tensor([0] * 9 + [1] * 3))
    noise = GaussianNoise(0.5)
    more = PartialAugment(one_column, noise)
    with pytest.warns(EvenkeelWarning, match=r"all its numbers are equal.* shape \(1,\).*spread="):
        more[12]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(more[13][0], one_column[int(more.plan.origin()[13])][0])
        given = PartialAugment(one_column, GaussianNoise(0.5, spread=one_column.tensors[0].std(0)))
        assert not torch.equal(given[12][0], one_column[int(given.plan.origin()[12])][0])
        GaussianNoise(0.0)(torch.zeros(4))
