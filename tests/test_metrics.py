import json

import numpy as np
import pytest
from sklearn import metrics as sk

from evenkeel.confusion import DECISION_METRICS
from evenkeel.errors import InvalidInput
from evenkeel.metrics import METRICS, brier, evaluate, log_loss, mean_cost, row_cost


def sample(n_classes, seed=0, n=400):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    score = rng.normal(size=(n, n_classes))
    score[np.arange(n), y] += 1.0
    proba = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    return y, proba, proba.argmax(axis=1)


def test_the_table_is_keyed_by_name_and_knows_every_decision_metric():
    assert all(metric.name == name for name, metric in METRICS.items())
    decisions = {name for name, metric in METRICS.items() if metric.kind == "decision"}
    assert decisions == set(DECISION_METRICS)
    lower = {name for name, metric in METRICS.items() if not metric.greater_is_better}
    assert lower == {"brier", "log-loss", "cost"}


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_probability_scores_equal_scikit_learn(n_classes):
    y, proba, _ = sample(n_classes)
    weight = np.random.default_rng(1).random(len(y))
    given = proba[:, 1] if n_classes == 2 else proba
    assert brier(y, proba) == pytest.approx(sk.brier_score_loss(y, given))
    assert brier(y, proba, weight=weight) == pytest.approx(
        sk.brier_score_loss(y, given, sample_weight=weight)
    )
    assert log_loss(y, proba) == pytest.approx(sk.log_loss(y, proba))
    assert log_loss(y, proba, weight=weight) == pytest.approx(
        sk.log_loss(y, proba, sample_weight=weight)
    )


def test_a_certain_and_wrong_forecast_costs_a_finite_sum():
    assert log_loss([1], [[1.0, 0.0]]) == pytest.approx(36.04, abs=0.01)


def test_evaluate_binary_equals_scikit_learn():
    y, proba, labels = sample(2)
    found = evaluate(y, proba, labels, n_classes=2)
    assert {metric.key for metric in METRICS.values()} < set(found)
    assert found["average_precision"] == pytest.approx(sk.average_precision_score(y, proba[:, 1]))
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, proba[:, 1]))
    assert found["f1"] == pytest.approx(sk.f1_score(y, labels))
    assert found["confusion"] == sk.confusion_matrix(y, labels).tolist()
    assert found["cost"] is None
    negative = found["per_class"][0]
    assert negative["recall"] == found["specificity"]
    assert negative["average_precision"] == pytest.approx(
        sk.average_precision_score(1 - y, proba[:, 0])
    )
    json.dumps(found)


def test_evaluate_several_classes_is_macro_one_against_rest():
    y, proba, labels = sample(4)
    found = evaluate(y, proba, labels, n_classes=4)
    assert found["average_precision"] == pytest.approx(
        np.mean([sk.average_precision_score(y == c, proba[:, c]) for c in range(4)])
    )
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, proba, multi_class="ovr"))
    assert found["f1"] == pytest.approx(sk.f1_score(y, labels, average="macro"))
    assert found["mcc"] == pytest.approx(sk.matthews_corrcoef(y, labels))
    assert [row["support"] for row in found["per_class"]] == np.bincount(y).tolist()
    assert sum(row["prevalence"] for row in found["per_class"]) == pytest.approx(1.0)


def test_a_class_without_rows_is_none_and_not_a_crash():
    y, proba, labels = sample(3)
    keep = y != 2
    found = evaluate(y[keep], proba[keep], labels[keep], n_classes=3)
    absent = found["per_class"][2]
    assert absent["recall"] is None
    assert absent["average_precision"] is None
    assert absent["support"] == 0
    assert found["recall"] == pytest.approx(np.mean([r["recall"] for r in found["per_class"][:2]]))


def test_no_rows_at_all_give_none():
    found = evaluate([], np.zeros((0, 2)), [], n_classes=2, costs=np.zeros((0, 2)))
    assert found["rows"] == 0
    assert found["average_precision"] is None
    assert found["log_loss"] is None
    assert found["cost"] is None


def test_costs_are_per_thousand_rows():
    costs = np.array([[0.0, 4.0], [122.0, 0.0], [0.0, 4.0], [50.0, 1.0]])
    found = evaluate([0, 1, 0, 1], np.full((4, 2), 0.5), [1, 0, 0, 1], n_classes=2, costs=costs)
    assert found["cost"] == 1000 * (4 + 122 + 0 + 1) / 4
    assert mean_cost([1, 0, 0, 1], costs) == found["cost"]
    assert row_cost([[1, 0, 0, 1], [0, 0, 0, 0]], costs).tolist() == [
        [4, 122, 0, 1],
        [0, 122, 0, 50],
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"proba": np.full((4, 2), 1.5)}, r"proba of evaluate must lie in \[0, 1\]"),
        ({"proba": np.full((4, 2), np.nan)}, "4|8"),
        ({"proba": np.full((4, 3), 0.3)}, "must have 2 columns. Got 3"),
        ({"proba": np.full(4, 0.3)}, r"shape \(n_rows, n_classes\)"),
        ({"labels": [0, 1, 0]}, "same number of rows"),
        ({"labels": [0, 1, 0, 2]}, "labels of evaluate"),
        ({"y": [0, 1, 0, 5]}, "y of evaluate"),
    ],
)
def test_bad_input_is_refused(change, said):
    given = {"y": [0, 1, 0, 1], "proba": np.full((4, 2), 0.5), "labels": [0, 1, 0, 1]} | change
    with pytest.raises(InvalidInput, match=said):
        evaluate(given["y"], given["proba"], given["labels"], n_classes=2)
