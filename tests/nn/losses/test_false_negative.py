"""FalseNegativeLoss: the same numbers as the objective for LightGBM."""

import pytest
import torch

from evenkeel import FalseNegativeObjective
from evenkeel.errors import InvalidInput
from evenkeel.nn import FalseNegativeLoss

torch.set_num_threads(1)


@pytest.mark.parametrize("cost", [1.0, 3.0, 122.0])
def test_is_the_objective_with_its_gradient(cost):
    raw = torch.linspace(-12, 12, 97, dtype=torch.float64, requires_grad=True)
    y = torch.arange(97) % 2
    objective = FalseNegativeObjective(cost=cost)
    losses = FalseNegativeLoss(cost, reduction="none")(raw, y)
    wanted = torch.from_numpy(objective.loss(y.numpy(), raw.detach().numpy()))
    torch.testing.assert_close(losses, wanted, rtol=1e-12, atol=0)
    losses.sum().backward()
    gradient, _ = objective(y.numpy(), raw.detach().numpy())
    torch.testing.assert_close(raw.grad, torch.from_numpy(gradient), rtol=1e-10, atol=0)


@pytest.mark.parametrize("cost", [0.5, float("inf")])
def test_a_cost_out_of_range_is_named(cost):
    with pytest.raises(InvalidInput, match="cost of FalseNegativeLoss"):
        FalseNegativeLoss(cost)
