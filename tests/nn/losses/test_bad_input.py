"""Weights, counts and options that cannot be used, in losses and in their functions."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn import (
    ClassWeightedLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    SigmoidFocalLoss,
    VectorScalingLoss,
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


KINDS = {
    "weighted": lambda counts: ClassWeightedLoss(counts),
    "focal": lambda counts: FocalLoss(counts=counts),
    "adjusted": lambda counts: LogitAdjustedLoss(counts),
    "margins": lambda counts: LDAMLoss(counts),
    "scaled": lambda counts: VectorScalingLoss(counts),
    "cells": lambda counts: WeightedBCE([[counts[0], counts[2]], [9, 4]]),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_checkpoint_of_other_counts_is_told_and_of_the_same_is_not(make):
    state = torch.nn.ModuleDict({"loss": make([90, 9, 1])}).state_dict()
    same, other = (torch.nn.ModuleDict({"loss": make(c)}) for c in ([90, 9, 1], [10, 9, 3]))
    same.load_state_dict(state)
    owner = type(other["loss"]).__name__
    with pytest.warns(
        EvenkeelWarning, match=rf"checkpoint of {owner} is of other counts.*\] here, \[.*\] there"
    ):
        other.load_state_dict(state)
    for name, held in other.state_dict().items():
        assert torch.equal(held, state[name])
    other.load_state_dict(state)  # said once: these are its numbers now


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_loss_made_without_memory_takes_a_checkpoint_in_silence(make):
    wanted = make([90, 9, 1])
    for how in ("empty", "assign"):
        with torch.device("meta"):
            loss = make([10, 9, 3])
        if how == "empty":
            loss.to_empty(device="cpu").load_state_dict(wanted.state_dict())
        else:
            loss.load_state_dict(wanted.state_dict(), assign=True)
        for name, held in wanted.state_dict().items():
            assert torch.equal(getattr(loss, name), held)
            assert getattr(loss, name).dtype == held.dtype
        with pytest.warns(EvenkeelWarning, match="of other counts"):
            loss.load_state_dict(make([10, 9, 3]).state_dict())


NUMBERS = (np.float32(0.25), np.array(0.25), torch.tensor(0.25), np.float64(0.25))


@pytest.mark.parametrize("given", NUMBERS, ids=lambda given: type(given).__name__)
def test_a_number_is_one_in_any_library(given):
    z, y, cells = X[:, :2], torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 1, 0])
    logit = X[:, 0]
    for call, wanted in (
        (FocalLoss(2.0, given)(z, y), FocalLoss(2.0, 0.25)(z, y)),
        (focal_loss(z, y, alpha=given), focal_loss(z, y, alpha=0.25)),
        (SigmoidFocalLoss(2.0, given)(logit, cells), SigmoidFocalLoss(2.0, 0.25)(logit, cells)),
        (
            sigmoid_focal_loss(logit, cells, alpha=given),
            sigmoid_focal_loss(logit, cells, alpha=0.25),
        ),
        (WeightedBCE(pos_weight=given)(X, CELLS), WeightedBCE(pos_weight=0.25)(X, CELLS)),
        (weighted_bce(X, CELLS, pos_weight=given), weighted_bce(X, CELLS, pos_weight=0.25)),
    ):
        torch.testing.assert_close(call, wanted)
    with pytest.raises(InvalidInput, match="alpha of FocalLoss must be a number above 0"):
        FocalLoss(2.0, given * 8)
    with pytest.raises(InvalidInput, match="pos_weight of WeightedBCE must be a number above 0"):
        WeightedBCE(pos_weight=-given)


def test_one_number_in_a_tensor_serves_all_labels():
    """torch's usual recipe: pos_weight=torch.tensor([3.0])."""
    weight = torch.tensor([3.0])
    for x, y in ((X[:, 0], CELLS[:, 0]), (X, CELLS), (X[:, :1], CELLS[:, 0])):
        flat = x if x.shape == y.shape else x[:, 0]
        wanted = F.binary_cross_entropy_with_logits(flat, y, pos_weight=weight)
        torch.testing.assert_close(WeightedBCE(pos_weight=weight)(x, y), wanted)
        torch.testing.assert_close(weighted_bce(x, y, pos_weight=weight), wanted)
        one = SigmoidFocalLoss(2.0, torch.tensor([0.25]))(x, y)
        torch.testing.assert_close(one, SigmoidFocalLoss(2.0, 0.25)(x, y))
    assert WeightedBCE(pos_weight=weight).state_dict()["up"].tolist() == [3.0]


def test_a_large_margin_is_not_lost_beside_a_sure_row():
    """The others underflow beside a logit of 200, but not beside what the margin leaves of it."""
    z = torch.tensor([[200.0, 0.0, 1.0]], dtype=torch.float32, requires_grad=True)
    value = ldam_loss(z, torch.tensor([0]), margin=[210.0, 0.0, 0.0], scale=1.0)
    wanted = F.cross_entropy(z - torch.tensor([210.0, 0, 0]), torch.tensor([0]))
    torch.testing.assert_close(value, wanted)
    torch.testing.assert_close(
        torch.autograd.grad(value, z)[0], torch.autograd.grad(wanted, z)[0], rtol=1e-5, atol=1e-7
    )
