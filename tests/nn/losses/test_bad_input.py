"""Weights, counts and options that cannot be used, in losses and in their functions."""

import pytest
import torch

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import (
    ClassWeightedLoss,
    FocalLoss,
    LogitAdjustedLoss,
    WeightedBCE,
    class_weighted_loss,
    focal_loss,
    ldam_loss,
    logit_adjusted_loss,
    sigmoid_focal_loss,
    vector_scaling_loss,
    weighted_bce,
)

X, Y = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 1])
CELLS = (X > 0).float()
ONES = torch.ones(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: class_weighted_loss(X, Y, weight=[1, -2, 3]),
            "weight of class_weighted_loss must",
        ),
        (lambda: class_weighted_loss(X, Y, weight=[1, 2]), "each of the 3 classes .* Got 2"),
        (
            lambda: class_weighted_loss(X, Y, weight="many"),
            "weight of class_weighted_loss must hold",
        ),
        (lambda: focal_loss(X, Y, alpha=-ONES), "alpha of focal_loss must hold one finite number"),
        (lambda: focal_loss(X, Y, alpha=0.25), "one number as alpha is for two"),
        (lambda: ldam_loss(X, Y, margin=[1, torch.nan, 0]), "margin of ldam_loss must hold"),
        (lambda: ldam_loss(X, Y, margin=ONES, weight=-ONES), "weight of ldam_loss must hold"),
        (lambda: logit_adjusted_loss(X, Y, prior=[0.5, 0, 0.5]), "prior .* finite number above 0"),
        (lambda: vector_scaling_loss(X, Y, stretch=-ONES, shift=ONES), "stretch of vector_scaling"),
        (
            lambda: vector_scaling_loss(X, Y, stretch=ONES, shift=ONES / 0),
            "shift of vector_scaling",
        ),
        (lambda: weighted_bce(X, CELLS, pos_weight=-1.0), "pos_weight of weighted_bce must be"),
        (lambda: weighted_bce(X, CELLS, pos_weight=-ONES), "pos_weight of weighted_bce must hold"),
        (lambda: sigmoid_focal_loss(X, CELLS, alpha=2 * ONES), "alpha of .* and at most 1"),
        (lambda: sigmoid_focal_loss(X, CELLS, alpha="rare"), "alpha of sigmoid_focal_loss must"),
        (lambda: FocalLoss(reduce="mean"), "FocalLoss has no option reduce. It has class_dim"),
        (lambda: weighted_bce(X, CELLS, weights=1), "weighted_bce has no option weights"),
        (lambda: FocalLoss()(X, Y, num_items_in_batch=-1), "num_items_in_batch of FocalLoss must"),
        (
            lambda: WeightedBCE()(X, CELLS, num_items_in_batch="all"),
            "num_items_in_batch .* Got 'all'",
        ),
    ],
)
def test_what_is_out_of_range_is_named(call, message):
    with pytest.raises((InvalidInput, InvalidType), match=message):
        call()


def test_functions_take_lists():
    for call, values in (
        (lambda given: class_weighted_loss(X, Y, weight=given), [1.0, 2.0, 3.0]),
        (lambda given: focal_loss(X, Y, alpha=given), [1.0, 2.0, 3.0]),
        (lambda given: logit_adjusted_loss(X, Y, prior=given), [7.0, 2.0, 3.0]),
        (lambda given: ldam_loss(X, Y, margin=given), [0.1, 0.2, 0.3]),
        (lambda given: weighted_bce(X, CELLS, pos_weight=given), [1.0, 2.0, 3.0]),
        (lambda given: sigmoid_focal_loss(X, CELLS, alpha=given), [0.1, 0.2, 0.3]),
    ):
        assert torch.equal(call(values), call(torch.tensor(values)))


def test_a_checkpoint_of_other_classes_is_named():
    state = torch.nn.ModuleDict({"loss": LogitAdjustedLoss([9, 4, 1])}).state_dict()
    model = torch.nn.ModuleDict({"loss": LogitAdjustedLoss([9, 1])})
    with pytest.raises(InvalidInput, match=r"shift of LogitAdjustedLoss .*\(2,\).* Got \(3,\)"):
        model.load_state_dict(state)
    model["loss"] = ClassWeightedLoss([1, 2, 3])
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict(state)


def test_a_large_margin_is_not_lost_beside_a_sure_row():
    """The others underflow beside a logit of 200, but not beside what the margin leaves of it."""
    z = torch.tensor([[200.0, 0.0, 1.0]], dtype=torch.float32, requires_grad=True)
    value = ldam_loss(z, torch.tensor([0]), margin=[210.0, 0.0, 0.0], scale=1.0)
    wanted = torch.nn.functional.cross_entropy(z - torch.tensor([210.0, 0, 0]), torch.tensor([0]))
    torch.testing.assert_close(value, wanted)
    torch.testing.assert_close(
        torch.autograd.grad(value, z)[0], torch.autograd.grad(wanted, z)[0], rtol=1e-5, atol=1e-7
    )
