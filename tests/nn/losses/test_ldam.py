"""LDAMLoss: the paper's formula by a slow loop."""

import math

import pytest
import torch

from evenkeel.errors import InvalidInput
from evenkeel.nn import LDAMLoss

torch.set_num_threads(1)


def test_margins_fall_with_the_fourth_root():
    margin = LDAMLoss([5000, 500, 50], max_margin=0.5).margin
    wanted = [0.5 * (50 / n) ** 0.25 for n in (5000, 500, 50)]
    torch.testing.assert_close(margin, torch.tensor(wanted))


def test_is_the_formula():
    counts, scale, weight = [80, 15, 5], 30.0, [1.0, 2.0, 3.0]
    gen = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(12, 3, generator=gen, dtype=torch.float64) - 1
    y = torch.arange(12) % 3
    loss = LDAMLoss(counts, 0.4, scale=scale, weight=weight, reduction="none")
    wanted = []
    for z, label in zip(x.tolist(), y.tolist(), strict=True):
        moved = [
            scale * (v - (0.4 * (5 / counts[j]) ** 0.25 if j == label else 0))
            for j, v in enumerate(z)
        ]
        wanted.append(weight[label] * (math.log(sum(map(math.exp, moved))) - moved[label]))
    torch.testing.assert_close(
        loss(x, y), torch.tensor(wanted, dtype=torch.float64), rtol=1e-5, atol=1e-6
    )
    assert "scale=30" in repr(loss)


def test_parameters_out_of_range_are_named():
    with pytest.raises(InvalidInput, match="max_margin of LDAMLoss"):
        LDAMLoss([5, 5], -0.1)
    with pytest.raises(InvalidInput, match="scale of LDAMLoss"):
        LDAMLoss([5, 5], scale=0.0)
    with pytest.raises(InvalidInput, match="counts of LDAMLoss"):
        LDAMLoss([5, 0])
