"""Deferred re-weighting: which loss is used when, also after a checkpoint."""

import copy

import pytest
import torch
from torch import nn

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn import ClassWeightedLoss, DeferredReweighting, LDAMLoss

LOGITS = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
TARGET = torch.tensor([0, 0, 0, 0, 1, 1])


def deferred(start=3):
    return DeferredReweighting(nn.CrossEntropyLoss(), ClassWeightedLoss([90, 10]), start=start)


def test_the_second_loss_starts_at_its_epoch():
    criterion = deferred()
    plain = nn.CrossEntropyLoss()(LOGITS, TARGET)
    weighted = ClassWeightedLoss([90, 10])(LOGITS, TARGET)
    for epoch, expected in ((0, plain), (2, plain), (3, weighted), (9, weighted), (1, plain)):
        criterion.set_epoch(epoch)
        assert criterion(LOGITS, TARGET) == expected
    assert deferred(0)(LOGITS, TARGET) == weighted, "from the first epoch on"


def test_checkpoints_keep_the_phase():
    criterion = deferred()
    criterion.set_epoch(5)
    resumed = deferred()
    resumed.load_state_dict(criterion.state_dict())
    assert resumed.active is resumed.then
    resumed.load_state_dict(deferred().state_dict())
    assert resumed.active is resumed.first
    wrapped, other = nn.ModuleDict({"loss": criterion}), nn.ModuleDict({"loss": deferred()})
    other.load_state_dict(wrapped.state_dict())
    assert int(other["loss"].epoch) == 5
    assert other["loss"].active is other["loss"].then
    assert copy.deepcopy(criterion).active is not criterion.first


def test_functions_and_further_arguments_pass_through():
    criterion = DeferredReweighting(
        LDAMLoss([90, 10]), lambda logits, target, *, scale: scale * logits.sum(), start=1
    )
    criterion.set_epoch(0)
    assert torch.isfinite(criterion(LOGITS, TARGET, num_items_in_batch=6))
    criterion.set_epoch(1)
    assert criterion(LOGITS, TARGET, scale=2) == 2 * LOGITS.sum()


def test_a_training_step_before_any_epoch_is_warned_of_once():
    criterion = deferred()
    assert "start=3, epoch=never told" in repr(criterion)
    with torch.no_grad():
        criterion(LOGITS, TARGET)  # a look at validation rows is no training
    criterion.eval()(LOGITS, TARGET)
    with pytest.warns(EvenkeelWarning, match="from epoch 3 on, never starts unless") as told:
        criterion.train()(LOGITS, TARGET)
    assert [one.filename for one in told] == [__file__]
    criterion(LOGITS, TARGET)  # warnings are errors here: there is no second one
    assert "epoch=never told" in repr(criterion)
    loaded = deferred()
    loaded.load_state_dict(criterion.state_dict())
    loaded(LOGITS, TARGET)
    deferred(0)(LOGITS, TARGET)  # nothing to switch to
    criterion.set_epoch(4)
    assert "start=3, epoch=4" in repr(criterion)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: deferred(-1), "start of DeferredReweighting must be a whole number of at least 0"),
        (
            lambda: DeferredReweighting(None, nn.L1Loss(), start=1),
            "first of DeferredReweighting must",
        ),
        (lambda: deferred().set_epoch(-1), "epoch of DeferredReweighting"),
    ],
    ids=["start", "loss", "epoch"],
)
def test_arguments_that_do_not_fit(make, says):
    with pytest.raises(InvalidInput, match=says):
        make()
