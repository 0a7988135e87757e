"""LogitAdjustedLoss: balanced softmax by a slow loop, and the prior it corrects for."""

import math

import pytest
import torch

from evenkeel.errors import InvalidInput
from evenkeel.nn import LogitAdjustedLoss, logit_adjusted_loss

torch.set_num_threads(1)
COUNTS = [900, 90, 10]
X = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.arange(20) % 3


def test_at_tau_one_it_is_balanced_softmax():
    wanted = [
        -math.log(
            COUNTS[y]
            * math.exp(z[y])
            / sum(n * math.exp(v) for n, v in zip(COUNTS, z, strict=True))
        )
        for z, y in zip(X.tolist(), Y.tolist(), strict=True)
    ]
    got = LogitAdjustedLoss(COUNTS, reduction="none")(X, Y)
    torch.testing.assert_close(got, torch.tensor(wanted, dtype=torch.float64), rtol=1e-6, atol=0)
    counts = torch.tensor(COUNTS)
    torch.testing.assert_close(logit_adjusted_loss(X, Y, prior=counts), got.mean())


def test_its_best_constant_logits_are_balanced():
    z = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0] * 90 + [1] * 9 + [2])
    LogitAdjustedLoss([90, 9, 1])(z.expand(100, 3), labels).backward()
    torch.testing.assert_close(z.grad, torch.zeros(1, 3, dtype=torch.float64), rtol=0, atol=1e-7)


def test_the_correction_is_that_of_inverse_weights():
    told = LogitAdjustedLoss(COUNTS, 0.5).prior_correction
    torch.testing.assert_close(told - told[0], -0.5 * (torch.tensor(COUNTS) / 900).log())
    weight = torch.tensor([1.0, 2.0, 3.0])
    told = LogitAdjustedLoss(COUNTS, 0.0, weight=weight).prior_correction
    torch.testing.assert_close(told, weight.log())


def test_tau_below_zero_is_named():
    with pytest.raises(InvalidInput, match="tau of LogitAdjustedLoss"):
        LogitAdjustedLoss(COUNTS, -1.0)
