"""The scikit-learn face: best weights really kept, exact resume, safe files, any loss and sampler."""

import copy
import json
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

pytest.importorskip("skorch")

import skops.io
import torch
from sklearn.base import clone
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.nn.wide import Wide
from torch import nn

import evenkeel.nn.training as training
from evenkeel.errors import DamagedRun, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.export import load_model, save_model
from evenkeel.nn import (
    BalancedSampler,
    ClassWeightedLoss,
    DeferredReweighting,
    FocalLoss,
    LogitAdjustedLoss,
    PerClassBatchSampler,
    PlanDataset,
    ProgressiveSampler,
    TorchClassifier,
)
from evenkeel.nn.monitor import MONITORS, judge
from evenkeel.nn.training_rows import validation_rows
from evenkeel.resample import SMOTE

NAMED = "tests.nn.wide:Wide"


@pytest.fixture(scope="module")
def rare():
    rng = np.random.default_rng(0)
    y = (np.arange(400) % 10 == 0).astype(int)
    return (rng.normal(size=(400, 4)) + 1.5 * y[:, None]).astype(np.float32), y


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(1)
    y = rng.choice(3, 300, p=[0.7, 0.2, 0.1])
    return (rng.normal(size=(300, 3)) + 2.0 * np.eye(3)[y]).astype(np.float32), y


def quick(**changes):
    return TorchClassifier(**{"max_epochs": 4, "random_state": 0} | changes)


def same(one, other, X):
    return np.array_equal(one.predict_proba(X), other.predict_proba(X))


@parametrize_with_checks(
    [TorchClassifier(max_epochs=12, lr=0.01, random_state=0)],
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": (
            "the rows that choose the epoch, and the batches, are drawn from other rows"
        ),
    },
)
@pytest.mark.filterwarnings("ignore")
def test_it_is_an_estimator_of_scikit_learn(estimator, check):
    check(estimator)


# --- the best epoch -------------------------------------------------------------------------------


ORACLES = {
    "average_precision": lambda y, p: average_precision_score(y, p[:, 1]),
    "balanced_accuracy": lambda y, p: balanced_accuracy_score(y, p.argmax(1)),
    "f1": lambda y, p: f1_score(y, p.argmax(1)),
    "log_loss": log_loss,
}


@pytest.mark.parametrize("monitor", MONITORS)
def test_the_best_epoch_is_the_one_it_predicts_with(rare, monitor):
    X, y = rare
    model = quick(monitor=monitor, max_epochs=40, patience=5, lr=0.05).fit(X, y)
    scores = [row["score"] for row in model.history_]
    best = int(np.argmin(scores) if monitor == "log_loss" else np.argmax(scores))
    assert model.best_epoch_ == best
    assert len(scores) == min(40, best + 1 + 5), "patience"
    aside = model.validation_rows_
    again = ORACLES[monitor](y[aside], model.predict_proba(X[aside]))
    assert again == pytest.approx(scores[best], abs=1e-12)
    assert model.best_score_ == scores[best]
    assert scores[-1] != scores[best], "the last epoch is another one, so that this can fail"


def test_the_weights_that_are_kept_do_not_go_on_training(rare, monkeypatch):
    X, y = rare
    after = []
    note = training.Watch.on_epoch_end

    def noting(self, net, **more):
        note(self, net, **more)
        after.append(copy.deepcopy(net.module_.state_dict()))

    monkeypatch.setattr(training.Watch, "on_epoch_end", noting)
    model = quick(max_epochs=30, patience=4, lr=0.05).fit(X, y)
    assert len(after) > model.best_epoch_ + 1
    for name, value in model.weights_.items():
        assert np.array_equal(value, after[model.best_epoch_][name].numpy())
        assert not np.array_equal(value, after[-1][name].numpy())


def test_without_validation_rows_the_last_epoch_stays(rare):
    model = quick(validation=0.0, max_epochs=3, patience=1).fit(*rare)
    assert len(model.history_) == 3
    assert (model.best_epoch_, model.best_score_, model.validation_rows_.size) == (2, None, 0)


def test_rows_put_aside_hold_each_class_and_no_copy_of_a_training_row(rare):
    X, y = rare
    X, y = np.concatenate([X, X[y == 1], X[y == 1]]), np.concatenate([y, y[y == 1], y[y == 1]])
    aside = validation_rows(X, y, 0.15, 0)
    kept = np.setdiff1d(np.arange(len(y)), aside)
    assert np.bincount(y[aside]).tolist() == [54, 18]
    assert not {row.tobytes() for row in X[aside]} & {row.tobytes() for row in X[kept]}
    lonely = np.concatenate([y[:50] * 0, [1]])
    assert 50 not in validation_rows(X[:51], lonely, 0.5, 0), (
        "the only row of a class is trained on"
    )


def test_few_rows_to_choose_the_epoch_by_are_told(rare):
    X, _ = rare
    y = np.where(np.arange(400) < 3, "rare", "common")
    words = r"choose the epoch must hold at least 5 of each class\. Got 'rare': "
    with pytest.warns(
        EvenkeelWarning, match=words + "[12]: the best epoch among them is one by luck"
    ):
        few = quick().fit(X, y)
    assert few.best_score_ is not None
    assert few.validation_rows_.size


@pytest.mark.parametrize("monitor", MONITORS)
def test_rows_of_one_class_choose_no_epoch(rare, monitor):
    X, _ = rare
    y = (np.arange(400) == 7).astype(int)
    with pytest.warns(EvenkeelWarning, match=r"1: 0: they cannot choose .* the last epoch stays"):
        model = quick(monitor=monitor, patience=1, max_epochs=3).fit(X, y)
    assert (model.best_epoch_, model.best_score_, model.validation_rows_.size) == (2, None, 0)
    assert same(model, quick(validation=0.0, max_epochs=3).fit(X, y), X)


def test_two_classes_of_three_still_choose(three):
    X, y = three
    y = np.where(y == 2, 0, y)
    y[5] = 2
    with pytest.warns(EvenkeelWarning, match=r"Got 2: 0: the best epoch"):
        assert quick().fit(X, y).best_score_ is not None


@pytest.mark.parametrize("monitor", MONITORS)
def test_a_monitor_counts_a_weight_as_repeated_rows(monitor):
    rng = np.random.default_rng(0)
    codes, weight = rng.integers(0, 3, 40), rng.integers(1, 4, 40)
    proba = rng.dirichlet(np.ones(3), 40)
    again = np.repeat(np.arange(40), weight)
    whole = judge(monitor, codes[again], proba[again], np.ones(len(again)))
    assert judge(monitor, codes, proba, weight) == pytest.approx(whole)


# --- the same bits --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits_and_nothing_global_is_touched(rare):
    X, y = rare
    X.flags.writeable = False
    torch.manual_seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.mtrand._rand.get_state()[1].copy()
    threads = torch.get_num_threads()
    first = quick().fit(X, y)
    first.predict(X)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.mtrand._rand.get_state()[1], numpy_before)
    assert torch.get_num_threads() == threads
    torch.manual_seed(6)
    assert same(first, clone(first).fit(X, y), X)
    assert not same(first, quick(random_state=1).fit(X, y), X)


def test_threads_are_limited_while_it_trains_and_put_back_after_an_error(rare):
    X, y = rare
    seen = []

    class Noting(Wide):
        def forward(self, x):
            seen.append(torch.get_num_threads())
            raise RuntimeError("stop")

    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="stop"):
            quick(module=Noting).fit(X, y)
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(1)


class Stopped(Exception):
    pass


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "loss": "evenkeel.nn:FocalLoss",
            "loss_options": {"counts": None},
            "sampler": "evenkeel.nn:ProgressiveSampler",
            "sampler_options": {"power": 0.5},
        },
    ],
    ids=["plain", "sampler"],
)
def test_a_training_that_was_killed_goes_on_exactly(rare, tmp_path, monkeypatch, changes):
    X, y = rare
    whole = quick(max_epochs=6, patience=9, module_options={"dropout": 0.4}, **changes).fit(X, y)
    part = clone(whole).set_params(checkpoint=tmp_path / "state.safetensors")
    begin = training.Watch.on_epoch_begin

    def killed(self, net, **more):
        if len(self.history) == 3:
            raise Stopped
        begin(self, net, **more)

    monkeypatch.setattr(training.Watch, "on_epoch_begin", killed)
    with pytest.raises(Stopped):
        part.fit(X, y)
    monkeypatch.undo()
    resumed = clone(part).fit(X, y)
    assert resumed.history_ == whole.history_
    assert same(resumed, whole, X)
    again = clone(part).fit(X, y)
    assert again.history_ == whole.history_, "nothing was left to train"
    longer = clone(part).set_params(max_epochs=8)
    if not changes:
        assert len(longer.fit(X, y).history_) == 8
    else:
        with pytest.raises(InvalidInput, match=r"max_epochs of TorchClassifier must be 6 to go on"):
            longer.fit(X, y)
    with pytest.raises(
        InvalidInput, match="must be of the same rows, labels, weights and settings"
    ):
        clone(part).fit(X + 1, y)
    with pytest.raises(InvalidInput, match="must be of the same rows"):
        clone(part).set_params(lr=0.1).fit(X, y)


def test_a_sampler_that_was_given_its_epochs_goes_on_for_more(rare, tmp_path):
    X, y = rare
    known = {"sampler": ProgressiveSampler, "sampler_options": {"n_epochs": 3}, "patience": 9}
    whole = quick(max_epochs=5, **known).fit(X, y)
    part = quick(max_epochs=2, checkpoint=tmp_path / "state", **known).fit(X, y)
    assert clone(part).set_params(max_epochs=5).fit(X, y).history_ == whole.history_


def test_a_broken_checkpoint_is_said(rare, tmp_path):
    (tmp_path / "a").write_bytes(b"nothing")
    with pytest.raises(DamagedRun, match="cannot be read as a safetensors file"):
        quick(checkpoint=tmp_path / "a").fit(*rare)
    quick().fit(*rare).save(tmp_path / "b")
    with pytest.raises(DamagedRun, match="holds no training"):
        quick(checkpoint=tmp_path / "b").fit(*rare)


# --- losses, samplers, weights ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        "cross-entropy",
        "evenkeel.nn:FocalLoss",
        "evenkeel.nn:LDAMLoss",
        "evenkeel.nn:VectorScalingLoss",
        ClassWeightedLoss,
        FocalLoss(gamma=1.0),
        nn.CrossEntropyLoss(label_smoothing=0.1),
    ],
    ids=lambda loss: loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__),
)  # fmt: skip
def test_any_loss_learns_three_classes(three, loss):
    X, y = three
    model = quick(loss=loss, max_epochs=12, lr=0.01).fit(X, y)
    proba = model.predict_proba(X)
    assert np.allclose(proba.sum(axis=1), 1.0)
    assert balanced_accuracy_score(y, model.predict(X)) > 0.75
    assert log_loss(y, proba) < 1.0, "cosines are scaled up again"


def seen_by(monkeypatch):
    """The losses that are trained with."""
    made, keep = [], training.Net.get_loss

    def noting(self, *given, **more):
        made.append(self.criterion_)
        return keep(self, *given, **more)

    monkeypatch.setattr(training.Net, "get_loss", noting)
    return made


def test_counts_are_those_of_the_rows_that_are_trained_on(rare, monkeypatch):
    X, y = rare
    made = seen_by(monkeypatch)
    model = quick(loss=LogitAdjustedLoss, max_epochs=1).fit(X, y)
    kept = np.delete(y, model.validation_rows_)
    expected = np.log(np.bincount(kept) / len(kept))
    assert np.allclose(made[0].shift.numpy(), expected, atol=1e-6)
    assert made[0].reading.reduction == "none"
    made.clear()
    quick(loss=FocalLoss, loss_options={"counts": None}, max_epochs=1).fit(X, y)
    assert made[0].prior_correction is None
    mine = ClassWeightedLoss([9, 1])
    quick(loss=mine, max_epochs=1).fit(X, y)
    assert mine.reading.reduction == "mean", "an object that is given is not changed"


@pytest.mark.parametrize("loss", ["cross-entropy", nn.CrossEntropyLoss])
@pytest.mark.parametrize(
    "weight", [[1.0, 5.0], np.array([1, 5]), torch.tensor([1.0, 5.0])], ids=type
)
def test_torch_s_loss_takes_weights_of_any_kind(rare, loss, weight):
    X, y = rare
    options = {"max_epochs": 1, "validation": 0.0}
    own = quick(loss=ClassWeightedLoss, loss_options={"weight": [1.0, 5.0]}, **options).fit(X, y)
    found = quick(loss=loss, loss_options={"weight": weight}, **options).fit(X, y)
    assert np.allclose(found.predict_proba(X), own.predict_proba(X), atol=1e-6)


def test_weights_multiply_the_losses_of_rows(rare):
    X, y = rare
    weight = np.where(y == 1, 5.0, 5.0 / 9.0)
    plain = {"validation": 0.0, "max_epochs": 2, "module_options": {"dropout": 0.0}}
    inside = quick(loss=ClassWeightedLoss, loss_options={"weight": [5 / 9, 5]}, **plain).fit(X, y)
    outside = quick(**plain).fit(X, y, sample_weight=weight)
    assert np.allclose(outside.predict_proba(X), inside.predict_proba(X), atol=1e-5)
    assert not np.allclose(
        outside.predict_proba(X), quick(**plain).fit(X, y).predict_proba(X), atol=1e-3
    )
    scaled = quick(**plain).fit(X, y, sample_weight=weight * 64)
    assert same(scaled, outside, X), "only proportions count"


def test_a_sampler_is_told_labels_seed_and_epochs(rare, monkeypatch):
    X, y = rare
    made = []

    def make(labels, power=1.0, *, seed, n_epochs, n_classes):
        made.append(
            ProgressiveSampler(labels, n_epochs, power=power, seed=seed, n_classes=n_classes)
        )
        return made[-1]

    model = quick(sampler=make, sampler_options={"power": 0.5}, patience=9).fit(X, y)
    assert (made[0].epoch, made[0].n_epochs, made[0].power) == (3, 4, 0.5)
    assert np.array_equal(model.prior_.drawn, made[0].last_prior)
    whole = quick(
        sampler=PerClassBatchSampler, sampler_options={"per_class": 3}, validation=0.0, max_epochs=1
    )
    sizes = []
    step = training.Net.train_step_single
    monkeypatch.setattr(
        training.Net,
        "train_step_single",
        lambda net, batch, **more: sizes.append(batch[1][0].tolist()) or step(net, batch, **more),
    )
    whole.fit(X, y)
    assert {(len(codes), sum(codes)) for codes in sizes} == {(6, 3)}


def test_correcting_twice_is_said_before_training(rare):
    twice = {"loss": LogitAdjustedLoss, "sampler": BalancedSampler}
    with pytest.warns(EvenkeelWarning, match="both correct the imbalance"):
        model = quick(**twice).fit(*rare)
    assert model.prior_.twice
    with pytest.raises(InvalidInput, match="both correct the imbalance"):
        quick(strict=True, **twice).fit(*rare)


def test_deferred_reweighting_follows_the_epochs(rare, monkeypatch):
    made = seen_by(monkeypatch)
    phases = []
    monkeypatch.setattr(
        DeferredReweighting, "forward",
        lambda self, *given: phases.append(int(self.epoch)) or self.active(*given),
    )  # fmt: skip

    def deferred(counts):
        return DeferredReweighting(ClassWeightedLoss(), ClassWeightedLoss(counts), start=2)

    quick(loss=deferred, batch_size=512, validation=0.0).fit(*rare)
    assert phases == [0, 1, 2, 3]
    assert made[0].active is made[0].then


def test_a_plan_is_trained_on_row_by_row(rare):
    X, y = rare

    def more(rows):
        return PlanDataset(
            SMOTE(random_state=0).plan(np.stack([x for x, _ in rows]), rows.labels), rows
        )

    model = quick(augment=more).fit(X, y)
    assert model.prior_.drawn.tolist() == [0.5, 0.5]
    assert (
        model.predict_proba(X)[y == 1, 1].mean()
        > quick().fit(X, y).predict_proba(X)[y == 1, 1].mean()
    )


def test_rare_rows_with_noise_are_anew_in_each_epoch(rare, monkeypatch):
    augment = pytest.importorskip("evenkeel.nn.augment")
    X, y = rare
    epochs = []
    followed = augment.PartialAugment.set_epoch
    monkeypatch.setattr(
        augment.PartialAugment, "set_epoch",
        lambda self, epoch: epochs.append(epoch) or followed(self, epoch),
    )  # fmt: skip
    make = partial(augment.PartialAugment, transform=augment.GaussianNoise(0.1), copies=100)
    model = quick(augment=make, max_epochs=2).fit(X, y)
    assert epochs == [0, 1]
    assert model.prior_.drawn[1] == pytest.approx(100 / (306 + 100), abs=0.01)


# --- modules ---------------------------------------------------------------------------------------


def test_a_module_of_one_s_own_is_named_or_given_as_class_or_object(three):
    X, y = three
    by_name = quick(module=NAMED, module_options={"width": 5}).fit(X, y)
    assert same(quick(module=Wide, module_options={"width": 5}).fit(X, y), by_name, X)
    given = Wide(3, 3)
    before = copy.deepcopy(given.state_dict())
    quick(module=given).fit(X, y)
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())


def test_rows_may_be_pictures(three):
    X, y = three
    pictures = np.repeat(X[:, :, None], 4, axis=2)
    model = quick(module=Wide, module_options={"each": 4}, max_epochs=8, lr=0.01).fit(pictures, y)
    assert balanced_accuracy_score(y, model.predict(pictures)) > 0.75


class Output(dict):
    """As a ModelOutput of Transformers: a dict whose entries are attributes too."""

    __getattr__ = dict.__getitem__


@pytest.mark.parametrize(
    "pack",
    [
        lambda logits: {"hidden": logits[:0], "logits": logits},
        lambda logits: Output(loss=None, logits=logits),
        lambda logits: (logits, logits * 2),
    ],
    ids=["dict", "output", "tuple"],
)
def test_logits_are_read_as_losses_read_them(rare, pack):
    X, y = rare

    class Packed(Wide):
        def forward(self, x):
            return pack(super().forward(x))

    assert same(quick(module=Packed).fit(X, y), quick(module=Wide).fit(X, y), X)


def shaped(*shape):
    class Shaped(Wide):
        def forward(self, x):
            return super().forward(x).mean() + torch.zeros(shape, requires_grad=True)

    return Shaped


@pytest.mark.parametrize(
    ("module", "error", "words"),
    [
        (lambda n, k: nn.Linear(n, 1), InvalidInput, r"one logit for each of 2 classes, of shape \(32, 2\) .*Got \(32, 1\)\. Two classes have two"),
        (lambda n, k: nn.Sequential(nn.Linear(n, 1), nn.Flatten(0)), InvalidInput, r"Got \(32,\)\. Two classes"),
        (lambda n, k: nn.Linear(n, 5), InvalidInput, r"Got \(32, 5\)\.$"),
        (shaped(), InvalidInput, r"Got \(\)\."),
        (shaped(2, 2), InvalidInput, r"Got \(2, 2\)\."),
    ],
    ids=["one column", "one number", "too many", "no axis", "other rows"],
)  # fmt: skip
def test_other_logits_are_said_at_the_first_batch(rare, module, error, words):
    X, y = rare
    with pytest.raises(error, match=words):
        quick(module=module, batch_size=32).fit(X, y)


@pytest.mark.parametrize(
    "given", [{"score": torch.zeros(2)}, "text", None], ids=["dict", "text", "None"]
)
def test_an_output_without_logits_is_said(rare, given):
    X, y = rare

    class Without(Wide):
        def forward(self, x):
            return given

    with pytest.raises(InvalidType, match=r"logits of TorchClassifier must be a tensor"):
        quick(module=Without).fit(X, y)


@pytest.mark.parametrize(
    ("module", "shape", "words"),
    [
        (nn.Linear(6, 2), (4,), r"rows of the shape of X: \(4,\) each\. Torch says of them: mat1"),
        (nn.Sequential(nn.BatchNorm1d(7), nn.Linear(4, 2)), (4,), "Torch says of them: running_mean"),
        (nn.Conv2d(3, 2, 3), (1, 2, 2), r"\(1, 2, 2\) each"),
    ],
    ids=["linear", "norm", "pictures"],
)  # fmt: skip
def test_rows_that_a_module_cannot_take_are_said_in_a_sentence(rare, module, shape, words):
    X, y = rare
    with pytest.raises(
        InvalidInput, match=r"module of TorchClassifier must take .*" + words
    ) as error:
        quick(module=module).fit(X.reshape(-1, *shape), y)
    assert "\n" not in str(error.value)


def test_batch_norm_meets_no_batch_of_one_row(rare):
    X, y = rare
    model = quick(module=Wide, validation=0.0, batch_size=57, max_epochs=1).fit(X, y)
    assert (len(y) % 57, len(model.history_)) == (1, 1)


# --- files -----------------------------------------------------------------------------------------


def test_a_file_gives_the_same_bits_and_imports_what_is_allowed(tmp_path, three):
    X, y = three
    words = np.array(["a", "b", "c"])[y]
    plain = quick(loss="evenkeel.nn:LDAMLoss", module_options={"hidden": [6]}).fit(X, words)
    plain.save(tmp_path / "plain")
    again = TorchClassifier.load(tmp_path / "plain")
    assert same(again, plain, X)
    assert again.predict(X).tolist() == plain.predict(X).tolist()
    assert again.history_ == plain.history_
    own = quick(module=NAMED).fit(X, y)
    own.save(tmp_path / "own")
    assert same(TorchClassifier.load(tmp_path / "own", allowed=[NAMED]), own, X)
    with pytest.raises(DamagedRun, match=r"which is not allowed: nothing was imported"):
        TorchClassifier.load(tmp_path / "own")
    with pytest.raises(InvalidInput, match="to be saved"):
        quick(module=Wide).fit(X, y).save(tmp_path / "class")


def test_a_file_that_names_a_function_runs_nothing(tmp_path, rare):
    model = quick().fit(*rare)
    model.module = "os:system"
    model.save(tmp_path / "trap")
    with pytest.raises(DamagedRun, match="'os:system', which is not allowed"):
        TorchClassifier.load(tmp_path / "trap")
    (tmp_path / "other").write_bytes(b"{}")
    with pytest.raises(DamagedRun, match="cannot be read"):
        TorchClassifier.load(tmp_path / "other")


def test_a_model_file_holds_arrays_and_asks_for_no_module(tmp_path, rare):
    X, y = rare
    model = quick(loss=ClassWeightedLoss, augment=lambda rows: rows).fit(X, y)
    save_model(model.bare(), tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert same(again, model, X)
    own = quick(module=NAMED).fit(X, y)
    content = skops.io.dumps(own)
    with pytest.raises(DamagedRun, match=r"must be None. Got 'tests.nn.wide:Wide'"):
        skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


def test_pickles_and_copies_are_whole(rare):
    X, y = rare
    model = quick(module=NAMED).fit(X, y)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert same(other, model, X)
        assert other.prior_.drawn.tolist() == model.prior_.drawn.tolist()


# --- precision and devices --------------------------------------------------------------------------


def test_half_precision_trains_and_is_judged_in_full(rare):
    X, y = rare
    model = quick(amp="bf16", max_epochs=10, lr=0.01).fit(X, y)
    aside = model.validation_rows_
    assert (
        average_precision_score(y[aside], model.predict_proba(X[aside])[:, 1]) == model.best_score_
    )
    assert not same(model, quick(max_epochs=10, lr=0.01).fit(X, y), X)
    assert {value.dtype for value in model.weights_.values()} == {np.dtype(np.float32)}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("amp", [None, "bf16", "fp16"])
def test_it_trains_on_cuda_and_predicts_anywhere(rare, tmp_path, amp):
    X, y = rare
    state = torch.cuda.get_rng_state()
    model = quick(
        device="cuda", amp=amp, loss=LogitAdjustedLoss, max_epochs=10,
        checkpoint=tmp_path / "state",
    ).fit(X, y)  # fmt: skip
    assert torch.equal(torch.cuda.get_rng_state(), state)
    assert model.best_score_ > 0.6
    on_cpu = copy.deepcopy(model).set_params(device="cpu")
    assert np.allclose(on_cpu.predict_proba(X), model.predict_proba(X), atol=1e-4)
    assert clone(model).fit(X, y).history_ == model.history_


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"monitor": "accuracy"}, InvalidInput, "monitor of TorchClassifier must be one of"),
        ({"amp": "fp16"}, InvalidInput, "must be 'bf16' or None on the CPU"),
        ({"amp": "int8"}, InvalidInput, "amp of TorchClassifier must be one of"),
        ({"validation": 1.0}, InvalidInput, "validation of TorchClassifier"),
        ({"max_epochs": 0}, InvalidInput, "max_epochs of TorchClassifier"),
        ({"batch_size": 2.5}, InvalidInput, "batch_size of TorchClassifier"),
        ({"lr": 0}, InvalidInput, "lr of TorchClassifier"),
        ({"device": "toaster"}, InvalidInput, "device of TorchClassifier must be 'auto'"),
        ({"loss": "focal"}, InvalidInput, "or its name as 'module:Name'. Got 'focal'"),
        ({"loss": "focal"}, InvalidInput, "Did you mean 'evenkeel.nn:FocalLoss' or 'evenkeel.nn:Sig"),
        ({"loss": "FocalLoss"}, InvalidInput, "Did you mean 'evenkeel.nn:FocalLoss' or"),
        ({"loss": "logit-adjusted"}, InvalidInput, r"Did you mean 'evenkeel.nn:LogitAdjustedLoss'\?$"),
        ({"loss": "crossentropy"}, InvalidInput, r"Did you mean 'cross-entropy'\?$"),
        ({"loss": "evenkeel.nn:Focla"}, InvalidInput, "Did you mean 'evenkeel.nn:FocalLoss'"),
        ({"loss": "hinge"}, InvalidInput, r"no colon in it\.$"),
        ({"sampler": "balanced-sampler"}, InvalidInput, r"Did you mean 'evenkeel.nn:BalancedSampler'\?$"),
        ({"sampler": "PerClass"}, InvalidInput, r"Did you mean 'evenkeel.nn:PerClassBatchSampler'\?$"),
        ({"loss": "evenkeel.nn:Focal"}, InvalidInput, "has no attribute 'Focal'"),
        ({"loss": nn.Linear(2, 2)}, InvalidInput, "must have a reduction"),
        ({"loss": lambda counts: 3}, InvalidType, "must make a torch.nn.Module"),
        ({"loss": 3}, InvalidType, "loss of TorchClassifier must be a loss"),
        ({"sampler": BalancedSampler([0, 1])}, InvalidType, "sampler of TorchClassifier must be a class"),
        ({"module": 3}, InvalidType, "module of TorchClassifier must be a torch"),
        ({"module": lambda *_: 3}, InvalidType, "must give a torch.nn.Module"),
        ({"module_options": {"head": "square"}}, InvalidInput, "head of TableMLP must be one of"),
        ({"loss_options": {"weight": [1.0]}}, InvalidInput, r"for each of 2 classes. Got \[1.0\]"),
        ({"loss_options": {"weight": [1.0, np.nan]}}, InvalidInput, "weight in loss_options of TorchClassifier must hold"),
        ({"loss_options": {"weight": "balanced"}}, InvalidType, "must be numbers. Got 'balanced'"),
        ({"checkpoint": "x", "random_state": None}, InvalidInput, "must be a whole number with a checkpoint"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_what_cannot_be_used_is_said(rare, changes, error, words):
    with pytest.raises(error, match=words):
        quick(**changes).fit(*rare)


def test_bad_rows_are_said(rare):
    X, y = rare
    gaps = X.copy()
    gaps[3, 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        quick().fit(gaps, y)
    with pytest.raises(InvalidInput, match=r"at least two classes. Got one class"):
        quick().fit(X, y * 0)
    with pytest.raises(InvalidInput, match="must leave every class some weight"):
        quick().fit(X, y, sample_weight=1.0 - y)
    with pytest.raises(InvalidInput, match="weight of TorchClassifier must not be negative"):
        quick().fit(X, y, sample_weight=-1.0 + 0 * y)
    with pytest.raises(InvalidInput, match=r"diverged: weights are not finite. Lower lr"):
        quick(lr=1e30, max_epochs=3, validation=0.0).fit(X, y)


def test_columns_that_nobody_scaled_are_told(rare):
    X, y = rare
    words = r"X of TorchClassifier must have columns of mean 0 .* Got columns {}.*StandardScaler"
    with pytest.warns(EvenkeelWarning, match=words.format("of size ")):
        quick(max_epochs=1).fit(X * 1e4 + 5e3, y)
    with pytest.warns(EvenkeelWarning, match=words.format("of size ")):
        quick(max_epochs=1).fit(X + 1e3, y)
    with pytest.warns(EvenkeelWarning, match=words.format(r"with spreads from 0\.000\d+ to 1")):
        quick(max_epochs=1).fit(X * [1, 1, 1, 1e-4], y)
    constant = np.hstack([X, np.ones((400, 1)), np.full((400, 1), 0.1) + 1e-9 * X[:, :1]])
    quick(max_epochs=1).fit(constant, y)
    quick(max_epochs=1, module=Wide).fit(X * 1e4, y)


def test_importing_the_folder_loads_neither_skorch_nor_lightning():
    code = "import evenkeel.nn, sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"skorch", "lightning", "safetensors"} & set(json.loads(run.stdout))
