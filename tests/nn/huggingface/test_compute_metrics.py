"""Metrics against scikit-learn, in every shape that models predict; and the best model restored."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

pytest.importorskip("transformers")

import torch
from tests.nn.huggingface.tiny import flat, settings, telling, trainer
from transformers import TrainerCallback

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import ClassWeightedLoss, make_compute_metrics


def seen(predictions, label_ids):
    return SimpleNamespace(predictions=predictions, label_ids=label_ids)


def drawn(n=200, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(n_classes, n, p=[0.7, 0.2, 0.1][:n_classes] if n_classes == 3 else [0.9, 0.1])
    return rng.normal(size=(n, n_classes)).astype(np.float32) + np.eye(n_classes)[y], y


def test_two_classes_are_those_of_scikit_learn():
    logits, y = drawn(n_classes=2)
    found = make_compute_metrics(["no", "yes"])(seen(logits, y))
    p, decided = torch.tensor(logits).softmax(1).numpy(), logits.argmax(1)
    expected = {
        "accuracy": metrics.accuracy_score(y, decided),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided),
        "average_precision": metrics.average_precision_score(y, p[:, 1]),
        "roc_auc": metrics.roc_auc_score(y, p[:, 1]),
        "mcc": metrics.matthews_corrcoef(y, decided),
        "log_loss": metrics.log_loss(y, p),
        "precision": metrics.precision_score(y, decided),
        "recall": metrics.recall_score(y, decided),
        "f1_yes": metrics.f1_score(y, decided),
        "recall_no": metrics.recall_score(y, decided, pos_label=0),
        "average_precision_no": metrics.average_precision_score(1 - y, p[:, 0]),
        "macro_f1": metrics.f1_score(y, decided, average="macro"),
        "support_yes": y.sum(),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_three_classes_are_those_of_scikit_learn():
    logits, y = drawn()
    found = make_compute_metrics()(seen(logits, y))
    decided = logits.argmax(1)
    one_hot = np.eye(3)[y]
    expected = {
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided),
        "average_precision": metrics.average_precision_score(
            one_hot, torch.tensor(logits).softmax(1).numpy(), average="macro"
        ),
        "macro_precision": metrics.precision_score(y, decided, average="macro"),
        "macro_recall": metrics.recall_score(y, decided, average="macro"),
        "precision_2": metrics.precision_score(y, decided, average=None)[2],
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert "precision" not in found


def test_several_labels_are_the_means_of_each():
    rng = np.random.default_rng(0)
    y = (rng.random((100, 3)) < [0.5, 0.2, 0.1]).astype(np.float32)
    logits = rng.normal(size=(100, 3)) + y
    y[:10, 2] = -100
    found = make_compute_metrics(["a", "b", "c"])(seen(logits, y))
    for label, name in enumerate("abc"):
        rows = y[:, label] >= 0
        true, z = y[rows, label], logits[rows, label]
        assert found[f"recall_{name}"] == pytest.approx(metrics.recall_score(true, z >= 0))
        expected = metrics.average_precision_score(true, z)
        assert found[f"average_precision_{name}"] == pytest.approx(expected)
        assert found[f"support_{name}"] == true.sum()
    each = [found[f"average_precision_{name}"] for name in "abc"]
    assert found["average_precision"] == pytest.approx(np.mean(each))
    assert found["accuracy"] == pytest.approx((((logits >= 0) == y) & (y >= 0)).sum() / 290)


def test_what_a_model_returns_beside_the_logits_is_passed_over():
    logits, y = drawn()
    plain = make_compute_metrics()(seen(logits, y))
    hidden = np.zeros((200, 4, 8))
    assert make_compute_metrics()(seen((logits, hidden), y)) == plain
    assert make_compute_metrics()(seen((np.float32(0.3), logits, hidden), y)) == plain
    assert make_compute_metrics()(seen({"hidden": hidden, "logits": logits}, y)) == plain


def test_tokens_that_do_not_count_are_left_out():
    logits, y = drawn(240)
    plain = make_compute_metrics()(seen(logits[:200], y[:200]))
    y[200:] = -100
    order = np.random.default_rng(0).permutation(240)
    tokens = seen(logits[order].reshape(24, 10, 3), y[order].reshape(24, 10))
    assert make_compute_metrics()(tokens) == pytest.approx(plain)


def test_one_logit_is_two_classes():
    logits, y = drawn(n_classes=2)
    gap = logits[:, 1:] - logits[:, :1]
    plain = make_compute_metrics()(seen(logits, y))
    for predictions, labels in ((gap, y), (gap, y[:, None]), (gap[:, 0], y)):
        assert make_compute_metrics()(seen(predictions, labels)) == pytest.approx(plain)


@given(
    arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(2, 4)),
           elements=st.floats(-1e4, 1e4, width=32)), st.data(),
)  # fmt: skip
def test_every_figure_is_a_number_in_its_range(logits, data):
    y = np.array([data.draw(st.integers(0, logits.shape[1] - 1)) for _ in logits])
    found = make_compute_metrics()(seen(logits, y))
    for name, value in found.items():
        low = -1.0 if name == "mcc" else 0.0
        high = np.inf if name.startswith(("support", "log_loss")) else 1.0
        assert low - 1e-12 <= value <= high + 1e-12, name


def test_what_is_undefined_is_left_out():
    found = make_compute_metrics(["no", "yes"])(seen(np.array([[1.0, 0.0]] * 3), np.zeros(3, int)))
    assert "average_precision" not in found
    assert "recall_yes" not in found
    assert found["recall_no"] == 1.0


@pytest.mark.parametrize(
    ("predictions", "labels", "error", "message"),
    [
        (np.float32(0.1), np.zeros(2), InvalidType, "must hold logits"),
        (np.full((2, 2), np.nan), np.zeros(2), InvalidInput, "must be finite. Got 4"),
        (np.zeros((2, 3)), np.zeros((2, 2)), InvalidInput, r"must have the shape \(2,\)"),
        (np.zeros((2, 3)), None, InvalidInput, "must be one array"),
        (np.zeros((2, 3)), np.array([0, 3]), InvalidInput, "class codes from 0 to 2"),
        (np.zeros((2, 4)), np.zeros(2), InvalidInput, "names of make_compute_metrics must be 4"),
    ],
)
def test_what_cannot_be_judged_is_named(predictions, labels, error, message):
    with pytest.raises(error, match=message):
        make_compute_metrics(["a", "b", "c"])(seen(predictions, labels))


class Worse(TrainerCallback):
    """Turns the head round when the second epoch ends, so that the best model is the one before."""

    def __init__(self):
        self.weights = []

    def on_epoch_end(self, args, state, control, model=None, **more):
        if self.weights:
            with torch.no_grad():
                model.classifier.weight.mul_(-1.0)
        self.weights.append(flat(model))


@pytest.mark.parametrize("metric", ["average_precision", "balanced_accuracy"])
def test_the_best_model_is_really_restored(metric, tmp_path):
    rows = telling()
    arguments = settings(
        tmp_path, num_train_epochs=2, per_device_train_batch_size=32, learning_rate=0.01, optim="adamw_torch",
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True,
        metric_for_best_model=f"eval_{metric}", greater_is_better=True,
    )  # fmt: skip
    worse = Worse()
    of = trainer(
        rows, arguments, eval_dataset=rows, compute_loss_func=ClassWeightedLoss([350, 50]), callbacks=[worse],
        compute_metrics=make_compute_metrics(),
    )  # fmt: skip
    of.train()
    scores = [entry[f"eval_{metric}"] for entry in of.state.log_history if "eval_loss" in entry]
    assert scores[0] > scores[1]
    assert of.state.best_metric == scores[0]
    torch.testing.assert_close(flat(of.model), worse.weights[0])
    assert of.evaluate()[f"eval_{metric}"] == pytest.approx(scores[0])


def test_a_pair_is_read_as_what_trainer_gives():
    logits, labels = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    given = SimpleNamespace(predictions=logits, label_ids=labels)
    metrics = make_compute_metrics()
    assert metrics((logits, labels)) == metrics([logits, labels]) == metrics(given)
    with pytest.raises(InvalidType, match=r"or a pair \(logits, labels\)\. Got ndarray"):
        metrics(logits)
