"""AsymmetricLoss: the paper's formula written plainly in float64."""

import pytest
import torch

from evenkeel.errors import InvalidInput
from evenkeel.nn import AsymmetricLoss

torch.set_num_threads(1)
GEN = torch.Generator().manual_seed(0)
X = 3 * torch.randn(40, 3, generator=GEN, dtype=torch.float64)
Y = (torch.rand(40, 3, generator=GEN) < 0.3).double()


def plain(x, y, gamma_neg, gamma_pos, clip):
    p = x.sigmoid()
    cut = (p - clip).clamp_min(0)
    up = -((1 - p) ** gamma_pos) * p.log()
    down = -(cut**gamma_neg) * (1 - cut).log()
    return y * up + (1 - y) * down


@pytest.mark.parametrize("clip", [0.0, 0.05, 0.3])
@pytest.mark.parametrize(
    ("gamma_neg", "gamma_pos"), [(4.0, 0.0), (4.0, 1.0), (2.0, 3.0), (1.5, 1.0)]
)
def test_is_the_plain_formula_with_its_gradient(gamma_neg, gamma_pos, clip):
    x = X.clone().requires_grad_()
    wanted = plain(x, Y, gamma_neg, gamma_pos, clip).mean()
    got = AsymmetricLoss(gamma_neg, gamma_pos, clip=clip)(x, Y)
    torch.testing.assert_close(got, wanted, rtol=1e-9, atol=0)
    grads = [torch.autograd.grad(one, x)[0] for one in (got, wanted)]
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-14)


def test_a_negative_below_the_clip_costs_nothing():
    x = torch.tensor([-4.0], requires_grad=True)
    loss = AsymmetricLoss(0.0, clip=0.05)(x, torch.zeros(1))
    loss.backward()
    assert loss.item() == x.grad.item() == 0.0


@pytest.mark.parametrize(
    "given", [{"gamma_neg": -1.0}, {"gamma_pos": -1.0}, {"clip": 1.0}, {"clip": 1e-6}]
)
def test_parameters_out_of_range_are_named(given):
    with pytest.raises(InvalidInput, match=f"{next(iter(given))} of AsymmetricLoss"):
        AsymmetricLoss(**given)
