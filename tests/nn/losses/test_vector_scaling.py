"""VectorScalingLoss: torch's cross-entropy of logits moved by hand, and its two limits."""

import pytest
import torch
import torch.nn.functional as F

from evenkeel.errors import InvalidInput
from evenkeel.nn import LogitAdjustedLoss, VectorScalingLoss

torch.set_num_threads(1)
COUNTS = [900, 90, 10]
X = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.arange(20) % 3


def test_is_the_formula_with_its_gradient():
    x = X.clone().requires_grad_()
    rows = torch.tensor(COUNTS, dtype=torch.float64)
    moved = (rows / 900) ** 0.2 * x + 1.25 * (rows / 1000).log()
    wanted = F.cross_entropy(moved, Y)
    got = VectorScalingLoss(COUNTS, 0.2, tau=1.25)(x, Y)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=0)
    grads = [torch.autograd.grad(one, x)[0] for one in (got, wanted)]
    torch.testing.assert_close(*grads, rtol=1e-5, atol=1e-8)


def test_without_stretch_it_is_logit_adjustment():
    torch.testing.assert_close(
        VectorScalingLoss(COUNTS, 0.0, tau=0.7)(X, Y), LogitAdjustedLoss(COUNTS, 0.7)(X, Y)
    )


@pytest.mark.parametrize("given", [{"gamma": -1.0}, {"tau": -1.0}])
def test_parameters_out_of_range_are_named(given):
    with pytest.raises(InvalidInput, match=f"{next(iter(given))} of VectorScalingLoss"):
        VectorScalingLoss(COUNTS, **given)
