"""Gaussian noise has the spread that it says."""

import pytest
import torch

from evenkeel.nn import GaussianNoise


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
