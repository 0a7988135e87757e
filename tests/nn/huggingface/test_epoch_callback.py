"""Deferred re-weighting follows the epochs of a Trainer, also of one that is resumed."""

import pytest

pytest.importorskip("transformers")

from tests.nn.huggingface.tiny import COUNTS, Stop, flat, made, settings, trainer
from transformers.trainer_utils import get_last_checkpoint

from evenkeel.errors import InvalidType
from evenkeel.nn import ClassWeightedLoss, DeferredReweighting, EpochCallback


class Noting(ClassWeightedLoss):
    """A loss that says when it was used."""

    def __init__(self, used, name, counts=None):
        super().__init__(counts)
        self.used, self.name = used, name

    def forward(self, *given, **more):
        self.used.append(self.name)
        return super().forward(*given, **more)


def run(folder, *, stop=None, resume=None, **changes):
    used = []
    loss = DeferredReweighting(Noting(used, "first"), Noting(used, "then", COUNTS), start=2)
    arguments = settings(
        folder, num_train_epochs=4, per_device_train_batch_size=16, seed=3, **changes
    )
    of = trainer(made(), arguments, compute_loss_func=loss, callbacks=[EpochCallback(loss)])
    if stop:
        of.add_callback(Stop(stop))
    of.train(resume_from_checkpoint=resume)
    return used, flat(of.model)


def test_the_second_loss_starts_in_its_epoch(tmp_path):
    used, _ = run(tmp_path)
    assert used == ["first"] * 4 + ["then"] * 4


@pytest.mark.parametrize("restore", [False, True])
@pytest.mark.parametrize("after", [3, 4, 5])
def test_a_training_that_is_resumed_is_in_its_phase(after, restore, tmp_path):
    whole, weights = run(tmp_path / "whole")
    used, _ = run(tmp_path / "cut", stop=after)
    place = get_last_checkpoint(str(tmp_path / "cut"))
    rest, resumed = run(
        tmp_path / "cut", resume=place, restore_callback_states_from_checkpoint=restore
    )
    assert used + rest == whole
    assert (resumed - weights).abs().max() < 1e-6


def test_what_has_no_epoch_is_refused():
    with pytest.raises(InvalidType, match="must have set_epoch"):
        EpochCallback(ClassWeightedLoss())
