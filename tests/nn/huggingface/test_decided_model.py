"""Calibration and threshold of a trained model: those of decide/, kept beside the model."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("transformers")

from tests.nn.huggingface.tiny import made, model, settings, telling, trainer
from transformers import AutoModelForSequenceClassification

from evenkeel.decide import Policy, settle
from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.metrics import evaluate
from evenkeel.nn import ClassWeightedLoss, DecidedModel, decide_on
from evenkeel.scores import Scores
from evenkeel.split import make_folds


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    arguments = settings(
        tmp_path_factory.mktemp("run"), num_train_epochs=2, learning_rate=0.01, optim="adamw_torch",
        per_device_train_batch_size=32, per_device_eval_batch_size=200,
    )  # fmt: skip
    of = trainer(telling(), arguments, compute_loss_func=ClassWeightedLoss([350, 50]))
    of.train()
    return of


@pytest.fixture(scope="module")
def decided(trained):
    return decide_on(trained, telling(seed=1), Policy(cost_fn=7, cost_fp=1))


def test_it_is_what_settle_says_of_the_same_scores(trained, decided):
    rows = telling(seed=1)
    logits = torch.tensor(trained.predict(rows).predictions).double()
    y = np.asarray(rows.labels)
    fold = make_folds(y, n_repeats=1).part.astype(np.int64)
    scores = Scores(y, logits.softmax(1).numpy()[None], fold, ("no", "yes"))
    expected = settle(scores, Policy(cost_fn=7, cost_fp=1))
    assert decided.decision.threshold == pytest.approx(expected.decision.threshold)
    assert decided.decision.confusion == expected.decision.confusion
    np.testing.assert_array_equal(decided.settled.labels, expected.labels)
    np.testing.assert_allclose(decided.settled.proba, expected.proba, atol=1e-9)


def test_weights_that_moved_the_probabilities_are_undone(trained, decided):
    rows = telling(seed=2)
    y = np.asarray(rows.labels)
    raw = torch.tensor(trained.predict(rows).predictions).softmax(1).numpy()
    proba = decided.predict_proba(rows)
    assert raw[:, 1].mean() > 2.0 * y.mean()
    assert proba[:, 1].mean() == pytest.approx(y.mean(), abs=0.04)
    found = evaluate(y, proba, decided.predict(rows), n_classes=2)
    assert found["log_loss"] < evaluate(y, raw, raw.argmax(1), n_classes=2)["log_loss"]
    assert found["recall"] > 0.5


def test_rows_without_labels_are_decided(decided):
    rows = telling(seed=2)
    bare = [{"input_ids": tokens} for tokens in rows.tokens]
    of = decided.trainer
    of.data_collator, kept = _bare, of.data_collator
    try:
        labels = decided.predict(bare)
    finally:
        of.data_collator = kept
    np.testing.assert_array_equal(labels, decided.predict(rows))


def _bare(batch):
    return {"input_ids": torch.tensor([row["input_ids"] for row in batch])}


def test_model_and_decision_come_back_from_plain_files(decided, tmp_path):
    rows = telling(seed=2)
    place = decided.save(tmp_path / "kept")
    names = {path.name for path in place.parent.iterdir()}
    assert {"model.safetensors", "decision.json"} <= names
    assert json.loads(place.read_text())["decision"]["threshold"] == decided.decision.threshold
    network = AutoModelForSequenceClassification.from_pretrained(place.parent)
    again = DecidedModel.load(
        place.parent, trainer(telling(), decided.trainer.args, network=network)
    )
    np.testing.assert_array_equal(again.predict(rows), decided.predict(rows))
    np.testing.assert_allclose(again.predict_proba(rows), decided.predict_proba(rows), atol=1e-6)


def test_an_altered_or_missing_decision_and_another_model_are_refused(decided, tmp_path):
    place = decided.save(tmp_path / "kept")
    of = trainer(made(), decided.trainer.args)
    with pytest.raises(InvalidInput, match="must have the classes of the decision"):
        DecidedModel.load(place.parent, of)
    stored = json.loads(place.read_text())
    stored["decision"]["threshold"] = 0.5
    place.write_text(json.dumps(stored))
    with pytest.raises(DamagedRun, match="damaged"):
        DecidedModel.load(place.parent, decided.trainer)
    with pytest.raises(DamagedRun, match="missing"):
        DecidedModel.load(tmp_path, decided.trainer)


def test_tokens_are_decided_in_their_places(tmp_path):
    rows = made("tokens-focal", n=120)
    of = trainer(rows, settings(tmp_path), network=model("tokens"))
    decided = decide_on(of, rows, Policy.metric("balanced-accuracy"))
    labels = decided.predict(rows)
    assert labels.shape == (120, max(map(len, rows.tokens)))
    y = np.full(labels.shape, -100)
    for row, own in enumerate(rows.labels):
        y[row, : len(own)] = own
    np.testing.assert_array_equal(labels == -100, y == -100)
    table = np.zeros((3, 3))
    np.add.at(table, (y[y >= 0], labels[y >= 0]), 1)
    np.testing.assert_array_equal(table, decided.decision.confusion)


def test_a_repr_is_one_short_line(decided):
    assert repr(decided) == (
        "DecidedModel(BertForSequenceClassification, 2 classes: LABEL_0, LABEL_1, "
        "Policy(cost_fn=7.0, cost_fp=1.0))"
    )


def test_several_labels_are_sent_elsewhere(tmp_path):
    rows = made("asymmetric")
    of = trainer(rows, settings(tmp_path))
    with pytest.raises(InvalidInput, match="choose_labels"):
        decide_on(of, rows, Policy.metric("f1"))
