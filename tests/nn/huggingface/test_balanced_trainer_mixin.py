"""Rows that a balanced trainer sees, in order, again after a stop, and what it refuses."""

import numpy as np
import pytest

pytest.importorskip("transformers")

from tests.nn.huggingface.tiny import (
    COUNTS,
    PAIRS,
    Rows,
    Stop,
    collate,
    made,
    model,
    settings,
    trainer,
)
from transformers import Trainer
from transformers.trainer_utils import get_last_checkpoint

from evenkeel.errors import EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.nn import (
    BalancedSampler,
    BalancedTrainerMixin,
    ClassWeightedLoss,
    DeferredReweighting,
    FocalLoss,
    PerClassBatchSampler,
    WeightedBCE,
)


class Balanced(BalancedTrainerMixin, Trainer):
    pass


def rows_of(labels):
    return Rows(labels, [[5, 6, 7]] * len(labels))


def seen(folder, *, stop=None, resume=None, rows=None, **more):
    rows = rows_of([0] * 12 + [1] * 3 + [2] * 3) if rows is None else rows
    arguments = settings(folder, num_train_epochs=2, per_device_train_batch_size=3, seed=5)
    of = trainer(rows, arguments, kind=Balanced, compute_loss_func=FocalLoss(), **more)
    if stop:
        of.add_callback(Stop(stop))
    of.train(resume_from_checkpoint=resume)
    return of, rows.asked


def test_each_epoch_is_the_samplers_and_balanced(tmp_path):
    of, asked = seen(tmp_path)
    sampler = BalancedSampler([0] * 12 + [1] * 3 + [2] * 3, seed=5, num_replicas=1)
    for epoch in range(2):
        sampler.set_epoch(epoch)
        rows = asked[18 * epoch : 18 * epoch + 18]
        assert rows == list(sampler)
        assert np.bincount(np.asarray(of.train_dataset.labels)[rows]).tolist() == [6, 6, 6]
    assert of.prior_report.reaches.round(3).tolist() == [0.333, 0.333, 0.333]
    assert not of.prior_report.twice


def test_power_nought_is_a_plain_shuffle(tmp_path):
    _, asked = seen(tmp_path, power=0.0)
    assert sorted(asked[:18]) == sorted(asked[18:]) == list(range(18))


@pytest.mark.parametrize("after", [2, 6, 8])
def test_a_training_that_is_resumed_goes_on_with_the_rows_that_come(after, tmp_path):
    _, whole = seen(tmp_path / "whole")
    seen(tmp_path / "cut", stop=after)
    _, rest = seen(tmp_path / "cut", resume=get_last_checkpoint(str(tmp_path / "cut")))
    assert rest == whole[3 * after :]


def test_batches_of_a_given_sampler_stay_whole(tmp_path):
    labels = [0] * 12 + [1] * 3 + [2] * 3
    sampler = PerClassBatchSampler(labels, per_class=1, num_replicas=1)
    of, asked = seen(tmp_path, sampler=sampler)
    batches = np.asarray(of.train_dataset.labels)[asked].reshape(-1, 3)
    assert (np.sort(batches, axis=1) == [0, 1, 2]).all()


def test_a_schedule_is_told_the_epoch_without_being_asked(tmp_path):
    loss = DeferredReweighting(FocalLoss(), FocalLoss(gamma=1.0), start=1)
    arguments = settings(tmp_path, num_train_epochs=2, per_device_train_batch_size=16)
    trainer(made(), arguments, kind=Balanced, compute_loss_func=loss).train()
    assert loss.active is loss.then


def test_correcting_twice_is_told_before_training(tmp_path):
    rows = made()
    twice = {"kind": Balanced, "compute_loss_func": ClassWeightedLoss(COUNTS)}
    arguments = settings(tmp_path, max_steps=1)
    with pytest.warns(EvenkeelWarning, match="both correct the imbalance"):
        trainer(rows, arguments, **twice).train()
    rows.asked.clear()
    with pytest.raises(InvalidInput, match="Keep one of them"):
        trainer(rows, arguments, strict=True, **twice).train()
    assert rows.asked == []


class Unlabelled:
    def __len__(self):
        return 4

    def __getitem__(self, row):
        return {"input_ids": [5, row]}


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        (Unlabelled(), {}, "without labels"),
        ([{"input_ids": [5]}] * 4, {}, "must have labels: an entry label, labels, label_ids"),
        (rows_of([0, 1, 3, 0]), {}, r"from 0 to 2, as n_classes says\. Got 3"),
        (rows_of([0, 1, 2, 0]), {"labels": [0, 1, 0]}, "must have the 3 rows that the sampler"),
        (rows_of([[0, 1], [1, 0]]), {}, "one class for each row. Got several"),
    ],
    ids=["dataset", "dicts", "classes", "rows", "several"],
)
def test_what_cannot_be_balanced_is_named_when_the_trainer_is_made(rows, more, message, tmp_path):
    arguments = settings(tmp_path, max_steps=1)
    with pytest.raises(InvalidInput, match=message):
        Balanced(model(), arguments, train_dataset=rows, data_collator=collate, **more)


def test_labels_of_a_dataset_that_hides_them_can_be_given(tmp_path):
    rows = [{"input_ids": [5, 6], "label": code} for code in [0, 0, 0, 1]]
    of = trainer(rows_of([0, 0, 0, 1]), settings(tmp_path), kind=Balanced, labels=[0, 0, 0, 1])
    assert of._get_train_sampler().drawn_prior.tolist() == [0.5, 0.5, 0.0]
    of._sampler, of._labels = None, None
    assert of._get_train_sampler(rows).drawn_prior.tolist() == [0.5, 0.5, 0.0]


def test_a_sampler_of_another_kind_is_refused_and_another_strategy_told(tmp_path):
    with pytest.raises(InvalidType, match=r"must be one of evenkeel\.nn"):
        trainer(made(), settings(tmp_path), kind=Balanced, sampler=[1, 2])
    arguments = settings(tmp_path, train_sampling_strategy="group_by_length")
    with pytest.warns(EvenkeelWarning, match="train_sampling_strategy"):
        trainer(made(), arguments, kind=Balanced)


def test_tags_are_followed_through_draws_of_sentences(tmp_path):
    rows = made("tokens-class-weighted", n=60)
    rare = [int(2 in tags) for tags in rows.labels]
    of = trainer(rows, settings(tmp_path, max_steps=1), kind=Balanced, labels=rare,
                 compute_loss_func=FocalLoss(class_dim=-1))  # fmt: skip
    of.train()
    seen = []
    for epoch in range(40):
        of._sampler.set_epoch(epoch)
        seen += [tag for row in of._sampler for tag in rows.labels[row] if tag >= 0]
    drawn = np.bincount(seen, minlength=3) / len(seen)
    np.testing.assert_allclose(of.prior_report.drawn, drawn, atol=0.005)
    assert of.prior_report.classes == (0, 1, 2)
    assert not np.allclose(of.prior_report.drawn, of.prior_report.natural, atol=0.02)


def test_tags_that_nobody_shows_and_several_labels_have_no_figures(tmp_path):
    class Hidden:
        def __init__(self, rows):
            self.rows, self.kind = rows, rows.kind

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, row):
            return self.rows[row]

    def report(rows, loss):
        of = trainer(rows, settings(tmp_path, max_steps=1), kind=Balanced, labels=[0, 1] * 16,
                     compute_loss_func=loss)  # fmt: skip
        of.train()
        return of.prior_report

    found = report(Hidden(made("tokens-focal")), FocalLoss(class_dim=-1))
    assert str(found).startswith(
        "The loss is over tokens, whose labels train_dataset does not show"
    )
    assert not found
    several = report(made("weighted-bce"), WeightedBCE(PAIRS))
    assert "several labels each" in str(several)
