"""What would be wrong in silence is said before training."""

import pytest
import torch

pytest.importorskip("transformers")

from tests.nn.huggingface.tiny import COUNTS, PAIRS, Rows, made, settings, trainer
from torch import nn
from transformers import Trainer

from evenkeel.errors import EvenkeelWarning, InvalidInput
from evenkeel.nn import (
    AsymmetricLoss,
    ClassWeightedLoss,
    DeferredReweighting,
    EpochCallback,
    FocalLoss,
    LogitAdjustedLoss,
    WeightedBCE,
    check_trainer,
)


def checked(folder, loss, *, rows=None, kind=Trainer, callbacks=None, labels=None, **changes):
    rows = made() if rows is None else rows
    arguments = settings(folder, **changes)
    of = trainer(rows, arguments, kind=kind, compute_loss_func=loss, callbacks=callbacks)
    return check_trainer(of, labels=labels)


def test_smoothing_that_trainer_ignores_is_told(tmp_path):
    with pytest.warns(
        EvenkeelWarning, match=r"ignored .* Give it to the loss: label_smoothing=0.1"
    ):
        checked(tmp_path, ClassWeightedLoss(COUNTS), label_smoothing_factor=0.1)


def test_smoothing_is_really_ignored_and_that_of_the_loss_is_not(tmp_path):
    def loss_of(smoothing, loss):
        arguments = settings(
            tmp_path, label_smoothing_factor=smoothing, per_device_eval_batch_size=32
        )
        of = trainer(made(), arguments, compute_loss_func=loss)
        return of.evaluate(made())["eval_loss"]

    plain = loss_of(0.0, ClassWeightedLoss())
    assert loss_of(0.1, ClassWeightedLoss()) == plain
    assert loss_of(0.0, ClassWeightedLoss(label_smoothing=0.1)) != plain


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (ClassWeightedLoss(reduction="sum"), "reduction of ClassWeightedLoss must be 'mean'"),
        (FocalLoss(ignore_index=-1), "ignore_index of FocalLoss must be -100"),
        (nn.CrossEntropyLoss(), "torch's CrossEntropyLoss"),
        (
            LogitAdjustedLoss([5, 5]),
            "must be for 3 classes, the num_labels of the model. Got one for 2",
        ),
        (WeightedBCE(PAIRS[:2]), "must be for 3 classes"),
        (DeferredReweighting(FocalLoss(), FocalLoss(), start=1), "must be told the epoch"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_a_loss_that_does_not_fit_is_named(loss, message, tmp_path):
    with pytest.raises(InvalidInput, match=message):
        checked(tmp_path, loss)


def test_each_phase_of_a_schedule_is_looked_at(tmp_path):
    loss = DeferredReweighting(FocalLoss(), ClassWeightedLoss([1, 2]), start=1)
    with pytest.raises(InvalidInput, match="must be for 3 classes"):
        checked(tmp_path, loss, callbacks=[EpochCallback(loss)])


def test_labels_outside_the_classes_are_named_before_the_first_batch(tmp_path):
    rows = Rows([0, 1, 5], [[5]] * 3)
    with pytest.raises(InvalidInput, match=r"from 0 to 2, as n_classes says\. Got 5"):
        checked(tmp_path, FocalLoss(), rows=rows)


def test_labels_that_no_column_shows_are_named_in_the_first_batch(tmp_path):
    rows = made()
    rows.labels[3] = 7
    of = trainer(rows, settings(tmp_path, max_steps=1, per_device_train_batch_size=32),
                 compute_loss_func=FocalLoss())  # fmt: skip
    with pytest.raises(InvalidInput, match=r"class codes from 0 to 2, .* Got 7"):
        of.train()


class Weighted(Trainer):
    def _get_train_sampler(self, train_dataset=None):
        labels = torch.tensor(self.train_dataset.labels)
        weights = 1.0 / labels.bincount(minlength=3)[labels]
        return torch.utils.data.WeightedRandomSampler(weights.tolist(), len(labels))


def test_a_weighted_sampler_beside_a_correcting_loss_is_told(tmp_path):
    with pytest.warns(EvenkeelWarning, match="both correct the imbalance"):
        report = checked(tmp_path, ClassWeightedLoss(COUNTS), kind=Weighted)
    assert report.twice
    assert not checked(tmp_path, FocalLoss(), kind=Weighted).twice
    with pytest.warns(EvenkeelWarning, match="must have prior_correction"):
        found = checked(tmp_path, lambda *given, **more: 0.0, kind=Weighted)
    assert not found
    assert "has no prior_correction" in str(found)


def test_the_report_says_what_reaches_the_loss(tmp_path):
    rows = Rows([0] * 24 + [1] * 4 + [2] * 4, [[5]] * 32)
    report = checked(tmp_path, ClassWeightedLoss([24, 4, 4]), rows=rows)
    assert report.natural.tolist() == [0.75, 0.125, 0.125]
    assert report.reaches.round(4).tolist() == [0.3333, 0.3333, 0.3333]
    plain = checked(tmp_path, None, rows=rows)
    assert plain.reaches.round(4).tolist() == [0.75, 0.125, 0.125]


def test_what_cannot_be_followed_says_why(tmp_path):
    several = checked(tmp_path, AsymmetricLoss(), rows=made("asymmetric"))
    assert "Rows have several labels each. Follow one at a time" in str(several)
    assert not several
    hidden = checked(tmp_path, FocalLoss(), rows=Hidden(made()))
    assert "shows no labels. Give labels=" in str(hidden)
    assert checked(tmp_path, FocalLoss(), rows=Hidden(made()), labels=made().labels)
    pixels = Rows([[[0, 1], [1, 0]]] * 4, [[5]] * 4)
    assert "labels of shape (2, 2)" in str(checked(tmp_path, FocalLoss(class_dim=-1), rows=pixels))


class Hidden:
    """Rows whose labels only their items show."""

    kind = "classes"

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, row):
        return self.rows[row]


def test_tokens_are_followed(tmp_path):
    rows = Rows([[-100, 0, 0, 0], [0, 2, -100], [], [0, 1]], [[5] * 4, [5] * 3, [], [5] * 2])
    rows.kind = "tokens"
    loss = ClassWeightedLoss([5, 1, 1], class_dim=-1)
    report = checked(tmp_path, loss, rows=rows)
    assert report.natural.round(4).tolist() == [0.7143, 0.1429, 0.1429]
    assert report.reaches.round(4).tolist() == [0.3333, 0.3333, 0.3333]
    assert checked(tmp_path, None, rows=rows).reaches.round(4).tolist() == [0.7143, 0.1429, 0.1429]
    wrong = Rows([[0, 1], [3, -1]], [[5] * 2] * 2)
    with pytest.raises(
        InvalidInput, match=r"tokens in train_dataset must be from 0 to 2.*\[-1, 3\]"
    ):
        checked(tmp_path, loss, rows=wrong)
