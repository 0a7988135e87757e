"""init_prior_bias_: the first prediction is the prior."""

import pytest
import torch
from torch import nn

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn import init_prior_bias_

torch.set_num_threads(1)


@pytest.mark.parametrize(
    "head", [nn.Linear(4, 3), nn.Conv2d(4, 3, 1).half()], ids=["linear", "conv"]
)
def test_a_head_first_predicts_the_prior(head):
    init_prior_bias_(head, 0.01)
    torch.testing.assert_close(
        head.bias.float().sigmoid(), torch.full((3,), 0.01), rtol=2e-3, atol=0
    )
    assert head.bias.requires_grad


def test_each_output_has_its_prior():
    bias = nn.Parameter(torch.zeros(2))
    init_prior_bias_(bias, torch.tensor([0.5, 0.001]))
    torch.testing.assert_close(bias.sigmoid().detach(), torch.tensor([0.5, 0.001]))


@pytest.mark.parametrize("prior", [0.0, 1.0, -1, [0.1, 0.2, 0.3]])
def test_a_prior_that_cannot_be_is_named(prior):
    with pytest.raises(InvalidInput, match="prior of init_prior_bias_"):
        init_prior_bias_(nn.Linear(4, 2), prior)


def test_a_head_without_bias_is_named():
    with pytest.raises(InvalidInput, match="Linear without one"):
        init_prior_bias_(nn.Linear(4, 2, bias=False))


def test_shares_of_classes_are_taken_for_those_of_a_softmax_head():
    with pytest.warns(EvenkeelWarning, match=r"sums to 1.* softmax head: head\.bias\.copy_"):
        init_prior_bias_(nn.Linear(4, 3), [0.9, 0.08, 0.02])
