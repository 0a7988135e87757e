"""Lightning: shares of processes, deferred losses, and resuming in the middle of an epoch."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("lightning")

import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from tests.nn.lightning_rows import LABELS, Noting, Scoring, loader, trainer, validation

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import (
    BalancedSampler,
    ClassWeightedLoss,
    DeferredReweighting,
    LightningEpochCallback,
    LightningMetricsCallback,
    PerClassBatchSampler,
    ProgressiveSampler,
)

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*You're resuming from a checkpoint that ended before"),
]


class Killed(Exception):
    pass


def order(sampler, epoch):
    sampler.set_epoch(epoch)
    return list(sampler)


def by_epoch(seen):
    return [[row for at, rows in seen for row in rows if at == epoch] for epoch in (0, 1)]


def test_two_processes_each_see_their_share_and_together_the_whole(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/nn/lightning_rows.py"), str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for name, single, unit in (
        ("balanced", BalancedSampler(LABELS, seed=3), 1),
        ("whole", PerClassBatchSampler(LABELS, 3), 6),
    ):
        ranks = [json.loads((tmp_path / f"{name}-{rank}.json").read_text()) for rank in (0, 1)]
        for epoch in (0, 1):
            whole = order(single, epoch)
            for rank, seen in enumerate(ranks):
                mine = by_epoch(seen)[epoch]
                expected = [row for at, row in enumerate(whole) if at // unit % 2 == rank]
                assert mine == expected
                assert len(mine) == 30, "half of the rows, not all of them"
        if name == "whole":
            assert all(sum(LABELS[row] for row in rows) == 3 for _, rows in ranks[0])
    for rank in (0, 1):
        logged = json.loads((tmp_path / f"metrics-{rank}.json").read_text())
        assert logged["val_support_0"] == 50
        assert logged["val_support_1"] == 11, "the repeated row counts once"
        assert logged["val_recall_1"] == pytest.approx(6 / 11)


def test_one_process_sees_the_order_of_each_epoch(tmp_path):
    module, sampler = Noting(), BalancedSampler(LABELS, seed=1)
    trainer(tmp_path).fit(module, loader(sampler))
    assert by_epoch(module.seen) == [order(sampler, 0), order(sampler, 1)]
    assert by_epoch(module.seen)[0] != by_epoch(module.seen)[1]


FIRST, END, SECOND = 3, 10, 14  # batches: within the first epoch, at its end, within the second


@pytest.mark.parametrize(
    ("workers", "batches"), [(0, FIRST), (0, END), (0, SECOND), (2, END), (2, SECOND)]
)
def test_a_training_goes_on_with_the_row_that_comes_next(tmp_path, workers, batches):
    made = lambda: ProgressiveSampler(LABELS, 2, seed=5)  # noqa: E731
    whole = Noting()
    trainer(tmp_path).fit(whole, loader(made()))

    class Stop(LightningEpochCallback):
        def on_train_batch_end(self, trainer, module, *given):
            if len(module.seen) == batches:
                trainer.save_checkpoint(tmp_path / "state")
                raise Killed

    first, sampler = Noting(), made()
    with pytest.raises(Killed):
        trainer(tmp_path, callbacks=[Stop(sampler)]).fit(first, loader(sampler, workers=workers))
    later, sampler = Noting(), made()
    again = trainer(tmp_path, callbacks=[LightningEpochCallback(sampler)])
    again.fit(later, loader(sampler, workers=workers), ckpt_path=tmp_path / "state")
    assert first.seen + later.seen == whole.seen
    assert len(whole.seen) == 20


def test_a_checkpoint_at_the_end_of_an_epoch_goes_on_with_the_next(tmp_path):
    whole, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    trainer(tmp_path).fit(whole, loader(sampler))
    first, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    once = trainer(tmp_path, max_epochs=1, callbacks=[LightningEpochCallback(sampler)])
    once.fit(first, loader(sampler))
    once.save_checkpoint(tmp_path / "state")
    later, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    again = trainer(tmp_path, callbacks=[LightningEpochCallback(sampler)])
    again.fit(later, loader(sampler, workers=1), ckpt_path=tmp_path / "state")
    assert first.seen + later.seen == whole.seen


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_that_was_cut_short_is_over_once_fit_has_ended(tmp_path, workers):
    sampler = BalancedSampler(LABELS, seed=5)
    first = trainer(
        tmp_path, max_steps=14, max_epochs=3, callbacks=[LightningEpochCallback(sampler)]
    )
    first.fit(Noting(), loader(sampler, workers=workers))
    assert first.current_epoch == 2, "ten batches to an epoch: Lightning counts the second one too"
    first.save_checkpoint(tmp_path / "state")
    later, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    again = trainer(tmp_path, max_epochs=3, callbacks=[LightningEpochCallback(sampler)])
    again.fit(later, loader(sampler, workers=workers), ckpt_path=tmp_path / "state")
    assert {epoch for epoch, _ in later.seen} == {2}
    assert [row for _, rows in later.seen for row in rows] == order(sampler, 2)


@pytest.mark.filterwarnings("ignore:.*callbacks used to create the checkpoint")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("when", ["step 14", "last step", "end of epoch"])
def test_what_model_checkpoint_writes_in_fit_is_exact(tmp_path, workers, when):
    how = {"every_n_epochs": 1} if when == "end of epoch" else {"every_n_train_steps": 14}
    limit = (
        10 if when == "step 14" else 7
    )  # of ten batches: with 7, step 14 is the last of an epoch
    how |= {"save_on_train_epoch_end": True} if when == "end of epoch" else {}
    changes = {"max_epochs": 3, "limit_train_batches": limit}
    best = ModelCheckpoint(tmp_path, "{step}", save_top_k=-1, **how)
    whole, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    both = [best, LightningEpochCallback(sampler)]
    kept = trainer(tmp_path, callbacks=both, enable_checkpointing=True, **changes)
    kept.fit(whole, loader(sampler, workers=workers))
    later, sampler = Noting(), BalancedSampler(LABELS, seed=5)
    again = trainer(tmp_path, callbacks=[LightningEpochCallback(sampler)], **changes)
    again.fit(later, loader(sampler, workers=workers), ckpt_path=tmp_path / "step=14.ckpt")
    assert later.seen == whole.seen[14:]
    assert len(whole.seen) == 3 * limit


def test_the_second_loss_starts_in_its_epoch_and_after_a_resume(tmp_path):
    phases = []

    class Telling(DeferredReweighting):
        def forward(self, *given):
            phases.append(self.active is self.then)
            return super().forward(*given)

    def made():
        return Telling(ClassWeightedLoss(), ClassWeightedLoss([50, 10]), start=1)

    class Stop(LightningEpochCallback):
        def on_train_batch_end(self, trainer, module, *given):
            if len(phases) == 13:
                trainer.save_checkpoint(tmp_path / "state")
                raise Killed

    loss, sampler = made(), BalancedSampler(LABELS, power=0.0)
    with pytest.raises(Killed):
        trainer(tmp_path, callbacks=[Stop(loss, sampler)]).fit(Noting(loss), loader(sampler))
    assert phases == [False] * 10 + [True] * 3
    outside, sampler = made(), BalancedSampler(LABELS, power=0.0)  # no part of the module: no state
    module = Noting()
    module.training_step = lambda batch, batch_idx: outside(
        module.layer(batch[0][:, None]), batch[1]
    )
    again = trainer(tmp_path, callbacks=[LightningEpochCallback(outside, sampler)])
    torch_state = torch.load(tmp_path / "state", weights_only=True)
    torch_state["state_dict"] = {
        name: value for name, value in torch_state["state_dict"].items() if "layer" in name
    }
    torch.save(torch_state, tmp_path / "state")
    again.fit(module, loader(sampler), ckpt_path=tmp_path / "state")
    assert phases[13:] == [True] * 7


def test_what_cannot_follow_is_refused(tmp_path):
    with pytest.raises(InvalidType, match="must have set_epoch"):
        LightningEpochCallback(ClassWeightedLoss())
    sampler, other = BalancedSampler(LABELS), BalancedSampler(LABELS)
    of = trainer(tmp_path, max_epochs=1, callbacks=[LightningEpochCallback(other)])
    of.fit(Noting(), loader(sampler))
    with pytest.raises(InvalidInput, match="must be samplers of the training loaders"):
        of.save_checkpoint(tmp_path / "state")
    with pytest.raises(InvalidInput, match="must hold the 0 samplers"):
        LightningEpochCallback(sampler).on_load_checkpoint(None, None, {})


def test_metrics_are_those_of_all_validation_rows_and_can_be_monitored(tmp_path):
    module = Scoring()
    module.turn = (
        -5
    )  # the second epoch scores every row lower: it finds one positive in place of six
    best = ModelCheckpoint(tmp_path, "{epoch}", monitor="val_balanced_accuracy", mode="max")
    stop = EarlyStopping("val_recall_yes", mode="max", patience=1)
    callbacks = [LightningMetricsCallback(["no", "yes"]), best, stop]
    of = trainer(tmp_path, callbacks=callbacks, enable_checkpointing=True, max_epochs=5)
    of.fit(module, loader(BalancedSampler(LABELS)), validation())
    assert Path(best.best_model_path).name == "epoch=0.ckpt"
    assert best.best_model_score.item() == pytest.approx((1 + 6 / 11) / 2)
    assert stop.stopped_epoch == 1
    logged = of.callback_metrics
    assert logged["val_recall_yes"].item() == pytest.approx(1 / 11)
    assert logged["val_average_precision"].item() == 1.0
    assert logged["val_support_no"].item() == 50


def test_metrics_of_tokens_images_labels_and_several_loaders(tmp_path):
    class Given(Scoring):
        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            return outputs[dataloader_idx]

    def logged(*made):
        outputs[:] = made
        of = trainer(tmp_path, callbacks=[LightningMetricsCallback()])
        of.validate(Given(), [validation(7) for _ in made], verbose=False)
        return {name: value.item() for name, value in of.callback_metrics.items()}

    outputs = []
    scores, labels = torch.randn(4, 6, 3), torch.randint(0, 3, (4, 6))
    labels[0] = -100
    tokens = logged({"logits": scores.bfloat16(), "labels": labels})
    right = (scores.bfloat16().argmax(-1) == labels)[labels != -100].float().mean().item()
    assert tokens["val_accuracy"] == pytest.approx(right)
    image = {"logits": scores.movedim(-1, 1), "labels": labels}
    several = {"logits": scores[0], "labels": (scores[0] > 0).long()}
    both = logged(image, several)
    assert both["val_accuracy/dataloader_idx_0"] == pytest.approx(
        (scores.argmax(-1) == labels)[labels != -100].float().mean().item()
    )
    assert both["val_average_precision/dataloader_idx_1"] == 1.0
    for wrong, message in (
        ({"logits": scores, "labels": labels[:2]}, r"must have the shape .* Got \(2, 6\)"),
        ({"loss": scores}, r"must return .*Got \['loss'\]"),
        (None, "must return .*Got NoneType"),
    ):
        with pytest.raises((InvalidInput, InvalidType), match=message):
            logged(wrong)


@pytest.mark.parametrize(
    ("shape", "labels", "wanted"),
    [((4, 3), (4,), 3), ((4, 5), (4, 5), 5), ((4,), (4,), 2), ((4, 3, 6, 6), (4, 6, 6), 3)],
    ids=["classes", "labels", "one logit", "images"],
)
def test_names_of_another_number_are_refused_from_the_first_batch(shape, labels, wanted):
    scores = {"logits": torch.zeros(shape), "labels": torch.zeros(labels, dtype=torch.long)}
    alone = SimpleNamespace(world_size=1, sanity_checking=False)
    right = LightningMetricsCallback(list(range(wanted)))
    right.on_validation_batch_end(alone, None, scores, None, 0)
    wrong = LightningMetricsCallback([f"c{at}" for at in range(wanted + 1)])
    says = f"names of LightningMetricsCallback must be {wanted}, .* Got {wanted + 1}: c0"
    with pytest.raises(InvalidInput, match=says):
        wrong.on_validation_batch_end(alone, None, scores, None, 0)
