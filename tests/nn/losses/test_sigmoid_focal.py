"""SigmoidFocalLoss: torchvision's formula written by hand in float64."""

import pytest
import torch
import torch.nn.functional as F

from evenkeel.errors import InvalidInput
from evenkeel.nn import SigmoidFocalLoss

torch.set_num_threads(1)
GEN = torch.Generator().manual_seed(0)
X = 3 * torch.randn(20, 3, generator=GEN, dtype=torch.float64)
Y = (torch.rand(20, 3, generator=GEN) < 0.3).double()


def plain(x, y, gamma, alpha):
    p = x.sigmoid()
    right = p * y + (1 - p) * (1 - y)
    cells = F.binary_cross_entropy_with_logits(x, y, reduction="none") * (1 - right) ** gamma
    return cells * (alpha * y + (1 - alpha) * (1 - y))


@pytest.mark.parametrize("alpha", [0.25, [0.1, 0.5, 0.9]])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
def test_is_the_plain_formula_with_its_gradient(gamma, alpha):
    x = X.clone().requires_grad_()
    wanted = plain(x, Y, gamma, torch.tensor(alpha, dtype=torch.float64)).mean()
    got = SigmoidFocalLoss(gamma, alpha)(x, Y)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=0)
    grads = [torch.autograd.grad(one, x)[0] for one in (got, wanted)]
    torch.testing.assert_close(*grads, rtol=1e-6, atol=1e-12)


def test_far_logits_in_half_precision_still_learn():
    """In bfloat16 the plain formula has no gradient from a logit of 8 on."""
    x = torch.tensor([8.0], dtype=torch.bfloat16, requires_grad=True)
    SigmoidFocalLoss(2.0)(x, torch.zeros(1)).backward()
    assert x.grad.item() == pytest.approx(1.0, abs=0.01)


def test_counts_give_weights_of_mean_one():
    loss = SigmoidFocalLoss(counts=[90, 10])
    assert (loss.up, loss.down) == pytest.approx((5.0, 100 / 180))


@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5, [0.5, 2.0], [[0.5]]])
def test_alpha_out_of_range_is_named(alpha):
    with pytest.raises(InvalidInput, match="alpha of SigmoidFocalLoss"):
        SigmoidFocalLoss(2.0, alpha)


def test_gamma_below_zero_is_named():
    with pytest.raises(InvalidInput, match="gamma of SigmoidFocalLoss"):
        SigmoidFocalLoss(-0.5)
