"""Two complete facts documents: card fraud (two classes, costs) and intrusions (five classes), from simulated scores."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import numpy as np
import pytest

Facts = dict[str, Any]


@pytest.fixture(scope="session")
def examples() -> dict[str, Facts]:
    return {"binary": build_binary(), "multiclass": build_multiclass()}


@pytest.fixture
def binary_facts(examples: dict[str, Facts]) -> Facts:
    return copy.deepcopy(examples["binary"])


@pytest.fixture
def multiclass_facts(examples: dict[str, Facts]) -> Facts:
    return copy.deepcopy(examples["multiclass"])


def as_json(facts: Facts) -> Facts:
    return json.loads(json.dumps(facts, default=lambda number: number.item()))


def wilson(hits: float, n: float) -> tuple[float, float]:
    rate, z = hits / n, 1.96
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def curve(y: np.ndarray, p: np.ndarray, most: int = 400) -> dict[str, np.ndarray]:
    order = np.argsort(-p, kind="stable")
    hits, alerts = np.cumsum(y[order]), np.arange(1, len(y) + 1)
    keep = np.unique(np.geomspace(1, len(y), most).astype(int)) - 1
    return {
        "threshold": p[order][keep], "recall": hits[keep] / y.sum(), "precision": hits[keep] / alerts[keep],
        "alerts": alerts[keep] / len(y), "missed": y.sum() - hits[keep], "false": (alerts - hits)[keep],
        "average_precision": float(np.sum(y[order] * hits / alerts) / y.sum()),
    }  # fmt: skip


def points(drawn: dict[str, np.ndarray]) -> list[dict[str, float]]:
    rows = zip(drawn["recall"], drawn["precision"], drawn["threshold"], strict=True)
    return [{"recall": r, "precision": q, "threshold": t} for r, q, t in rows]


def bins(y: np.ndarray, p: np.ndarray, n: int = 10) -> list[dict[str, float]]:
    edges = [0.0, *np.geomspace(1e-4, 1.0, n + 1)[1:]]
    found = []
    for low, high in itertools.pairwise(edges):
        inside = (p >= low) & ((p < high) | (high == 1.0))
        seen = {"predicted": p[inside].mean(), "observed": y[inside].mean()}
        sizes = {"count": inside.sum(), "positives": y[inside].sum()}
        found.append({"low": low, "high": high} | seen | sizes)
    return found


def remedy(
    name: str, changes: str, ap: float, cost: float | None, verdict: str | None, **more: Any
) -> Facts:
    row: Facts = {
        "name": name, "learner": "lightgbm", "changes": changes, "status": "ok", "reason": None,
        "average_precision": ap, "average_precision_low": ap - 0.041, "average_precision_high": ap + 0.038,
        "average_precision_difference": ap - 0.741,
        "average_precision_difference_low": ap - 0.741 - 0.015,
        "average_precision_difference_high": ap - 0.741 + 0.013,
        "roc_auc": 0.962, "precision": 0.15 + ap / 50, "recall": 0.79 + ap / 40, "specificity": 0.991,
        "f1": 0.26 + ap / 30, "balanced_accuracy": 0.89, "g_mean": 0.887, "mcc": 0.348, "accuracy": 0.99,
        "brier": 0.00131, "log_loss": 0.00712,
        "cost": cost, "cost_low": cost and cost - 7.5, "cost_high": cost and cost + 8.1,
        "cost_difference": cost and cost - 71.2,
        "cost_difference_low": cost and cost - 71.2 - 3.6,
        "cost_difference_high": cost and cost - 71.2 + 3.9,
        "versus_baseline": verdict, "per_class": {},
    }  # fmt: skip
    key = "average_precision" if cost is None else "cost"
    for end in ("", "_difference", "_difference_low", "_difference_high"):
        row[f"objective{end}"] = row[f"{key}{end}"]
    if verdict == "baseline":
        for key in ("average_precision", "cost", "objective"):
            row |= {f"{key}_difference{end}": 0.0 for end in ("", "_low", "_high")}
    if verdict is None:
        row |= dict.fromkeys([key for key in row if "_difference" in key])
    return row | more


def build_binary() -> Facts:
    rng = np.random.default_rng(7)
    n, positives = 40_000, 214
    y = np.zeros(n, dtype=int)
    y[:positives] = 1
    logit = -8.6 + 2.4 * rng.normal(size=n) * 0.9 + 6.2 * y
    p = 1 / (1 + np.exp(-logit))
    logit += np.log(y.mean() / p.mean())
    p = 1 / (1 + np.exp(-logit))
    threshold = 0.0312
    hit, alert = int(((p >= threshold) & (y == 1)).sum()), int((p >= threshold).sum())
    drawn = curve(y, p)
    recall, precision = hit / positives, hit / alert
    pr = points(drawn)
    costs = (122 * drawn["missed"] + 4 * drawn["false"]) / n * 1000
    confusion = [[n - positives - alert + hit, alert - hit], [positives - hit, hit]]
    test = {
        "rows": n, "positives": positives, "prevalence": positives / n,
        "average_precision": drawn["average_precision"],
        "average_precision_low": drawn["average_precision"] - 0.052,
        "average_precision_high": drawn["average_precision"] + 0.049,
        "roc_auc": 0.971, "precision": precision, "recall": recall,
        "precision_low": wilson(hit, alert)[0], "precision_high": wilson(hit, alert)[1],
        "recall_low": wilson(hit, positives)[0], "recall_high": wilson(hit, positives)[1],
        "specificity": 1 - (alert - hit) / (n - positives), "specificity_low": 0.978, "specificity_high": 0.982,
        "f1": 2 * hit / (alert + positives), "f2": 0.41, "balanced_accuracy": 0.901, "g_mean": 0.897,
        "mcc": 0.341, "youden": 0.802, "accuracy": 0.985, "brier": 0.00389, "log_loss": 0.0171, "cost": 78.4,
        "confusion": confusion, "recall_count": [hit, positives], "precision_count": [hit, alert],
        "alerts_per_1000": alert / n * 1000, "per_class": {}, "deployment": True, "notes": [],
    }  # fmt: skip
    remedies = [
        remedy("prevalence", "nothing", 0.0054, 652.7, None, learner="prevalence"),
        remedy("none", "nothing", 0.741, 71.2, "baseline"),
        remedy("class-weight", "weights", 0.712, 76.4, "worse"),
        remedy("class-weight-sqrt", "weights", 0.748, 67.1, "better"),
        remedy("effective-number", "weights", 0.736, 70.8, "no clear difference"),
        remedy("cost-weight", "weights", 0.738, 69.9, "no clear difference"),
        remedy("random-under", "rows", 0.729, 73.3, "no clear difference"),
        remedy("random-over", "rows", 0.718, 75.1, "worse"),
        remedy("smote", "rows", 0.691, 79.0, "worse"),
        remedy("random-under(ratio=0.1)+class-weight", "rows, weights", 0.733, 72.2, "no clear difference"),
        {
            "name": "smote-nc", "learner": "lightgbm", "changes": "rows", "status": "skipped",
            "reason": "needs at least one column of categories; these data have none", "versus_baseline": None,
        },
    ]  # fmt: skip
    policy = {
        "sentence": "Cost: a miss costs 122, a false alarm costs 4; the threshold minimises the expected cost.",
        "assumed": False, "request": None, "kind": "cost", "cost_fn": 122, "cost_fp": 4,
    }  # fmt: skip
    facts = {
        "schema": "evenkeel.facts/1", "version": "0.1.0",
        "data": {
            "name": "payments", "source": "payments.parquet", "rows": 200_000, "columns": 31, "target": "is_fraud",
            "task": "binary", "positive": 1, "prevalence": 1071 / 200_000, "one_in": 200_000 / 1071,
            "classes": [
                {"label": 0, "count": 198_929, "share": 198_929 / 200_000},
                {"label": 1, "count": 1071, "share": 1071 / 200_000},
            ],
            "imbalance_ratio": 198_929 / 1071, "severity": "extreme", "effective_number": [1.0, 1.0], "missing_labels": 0,
            "notes": ["The target was read as whole numbers 0 and 1."],
        },
        "advice": [
            {"what": "Combine techniques, and reconsider the problem", "why": "186 negatives for each positive: one remedy alone seldom carries this far."},
            {"what": "Undersampling or weights before oversampling", "why": "the majority is abundant: dropping part of it costs little and saves memory."},
        ],
        "audit": [
            {"code": "leak", "level": "warning", "message": "'chargeback_id' predicts the label alone (average precision 0.98).", "todo": "Drop it with --drop chargeback_id, or keep it with --keep if it is known before the decision.", "columns": ["chargeback_id"], "rows": [], "n_rows": 0},
            {"code": "duplicates-across", "level": "warning", "message": "312 rows repeat another row exactly; 9 of them carry different classes.", "todo": "They are kept together on one side of the split. Check where they come from.", "columns": [], "rows": [17, 204, 1188, 5012, 90_111], "n_rows": 312},
            {"code": "constant", "level": "note", "message": "'currency' holds one value.", "todo": "It cannot help.", "columns": ["currency"], "rows": [], "n_rows": 0},
        ],
        "split": {
            "sentence": "The last 20 % by ts is the test set, untouched until the end; cards are kept whole; 5 folds, 1 repeat on the rest.",
            "kind": "time", "train_rows": 160_000, "test_rows": n, "train_counts": {"0": 159_143, "1": 857},
            "test_counts": {"0": n - positives, "1": positives}, "set_aside": 0, "folds": 5, "repeats": 1,
        },
        "policy": policy, "remedies": remedies, "objective": "cost",
        "chosen": {"remedy": "class-weight-sqrt", "learner": "lightgbm", "why": "It is cheaper than the baseline by 4.1 per 1,000 rows and the interval excludes zero."},
        "decision": {
            "policy": policy, "threshold": threshold, "threshold_low": 0.0255, "threshold_high": 0.0381, "offsets": None,
            "prevalence": 857 / 160_000, "reached": True, "notes": [],
            "sentence": "Act when the probability of is_fraud = 1 is at least 0.0312.",
        },
        "test": test,
        "calibration": {
            "predicted": p.mean(), "observed": y.mean(), "ratio": p.mean() / y.mean(), "slope": 0.97, "intercept": -0.04,
            "brier": 0.00389, "brier_prevalence_only": 0.00532, "log_loss": 0.0171, "log_loss_prevalence_only": 0.0333,
            "reliability": bins(y, p),
        },
        "assessment": {"level": "acceptable", "sentences": ["The rare class is found: recall 0.81."]},
        "evidence": {"level": "normal", "positives": 1071, "sentence": "1,071 positives are enough to compare remedies."},
        "verdict": [
            f"With these costs the model catches {hit} of {positives} frauds in the untouched test rows and raises {alert / n * 1000:.1f} alerts per 1,000 payments.",
            "Square-root class weights beat the baseline clearly; the other remedies do not.",
            "The probabilities can be taken at their word: predicted and observed shares agree within 1 %.",
        ],
        "curves": {
            "precision_recall": {"1": pr},
            "thresholds": [
                {"threshold": t, "precision": q, "recall": r, "alerts_per_1000": a * 1000, "cost": c}
                for t, q, r, a, c in zip(*(drawn[k] for k in ("threshold", "precision", "recall", "alerts")), costs, strict=True)
            ],
        },
    }  # fmt: skip
    return as_json(facts)


NAMES = ["normal", "dos", "probe", "r2l (remote to local: password guessing and the like)", "u2r"]


def build_multiclass() -> Facts:
    rng = np.random.default_rng(11)
    counts = np.array([9711, 7458, 2421, 2754, 67])
    y = np.repeat(np.arange(5), counts)
    scores = rng.normal(size=(len(y), 5)) + np.array([1.5, 1.2, 0.3, -0.2, -2.5])
    scores[np.arange(len(y)), y] += np.array([3.6, 4.2, 3.0, 1.1, 3.2])[y]
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    decided = p.argmax(axis=1)
    confusion = np.zeros((5, 5), dtype=int)
    np.add.at(confusion, (y, decided), 1)
    per_class, curves = {}, {}
    for k, name in enumerate(NAMES):
        drawn = curve((y == k).astype(int), p[:, k], most=150)
        hit = int(confusion[k, k])
        recall, precision = hit / counts[k], hit / max(1, int(confusion[:, k].sum()))
        low, high = wilson(hit, counts[k])
        per_class[name] = {
            "average_precision": drawn["average_precision"], "roc_auc": 0.93 + k / 100, "precision": precision,
            "recall": recall, "recall_low": low, "recall_high": high, "specificity": 0.97,
            "f1": 2 * precision * recall / max(1e-9, precision + recall), "support": int(counts[k]),
            "prevalence": counts[k] / len(y),
        }  # fmt: skip
        curves[name] = points(drawn)
    macro = {
        key: float(np.mean([row[key] for row in per_class.values()]))
        for key in ("average_precision", "precision", "recall", "f1", "roc_auc", "specificity")
    }
    train = {"normal": 67343, "dos": 45927, "probe": 11656, NAMES[3]: 995, "u2r": 52}
    total = {name: train[name] + int(c) for name, c in zip(NAMES, counts, strict=True)}
    rows = sum(total.values())
    remedies = [
        remedy("prevalence", "nothing", 0.2, None, None, learner="prevalence"),
        remedy("none", "nothing", 0.741, None, "baseline"),
        remedy("class-weight", "weights", 0.744, None, "no clear difference"),
        remedy("class-weight-sqrt", "weights", 0.762, None, "better"),
        remedy("random-over", "rows", 0.735, None, "no clear difference"),
        remedy("none", "nothing", 0.69, None, "worse", learner="logistic"),
    ]
    for row in remedies:
        row["per_class"] = copy.deepcopy(per_class)
    policy = {
        "sentence": "General: balanced accuracy over the classes.", "assumed": True,
        "request": "No costs were given. State what each mistake costs (--cost-fn, --cost-fp) and run evenkeel decide.",
    }  # fmt: skip
    facts = {
        "schema": "evenkeel.facts/1", "version": "0.1.0",
        "data": {
            "name": "KDDTrain+", "source": "KDDTrain+.txt", "rows": rows, "columns": 41, "target": "attack",
            "task": "multiclass", "positive": None, "prevalence": None, "one_in": None,
            "classes": [{"label": name, "count": total[name], "share": total[name] / rows} for name in NAMES],
            "imbalance_ratio": total["normal"] / total["u2r"], "severity": "extreme", "effective_number": [1.0] * 5, "missing_labels": 0,
            "notes": [],
        },
        "advice": [{"what": "Several techniques together", "why": "the imbalance is extreme."}],
        "audit": [{"code": "test-prevalence", "level": "warning", "message": "The test file holds 12.2 % 'r2l', the training file 0.790 %.", "todo": "Read the test figures per class: the mixture differs from training.", "columns": [], "rows": [], "n_rows": 0}],
        "split": {
            "sentence": "KDDTest+.txt is the test set; 5 folds, 5 repeats on the training file.", "kind": "file",
            "train_rows": sum(train.values()), "test_rows": int(counts.sum()), "train_counts": train,
            "test_counts": dict(zip(NAMES, counts.tolist(), strict=True)), "set_aside": 0, "folds": 5, "repeats": 5,
        },
        "policy": policy, "remedies": remedies, "objective": "average_precision",
        "chosen": {"remedy": "class-weight-sqrt", "learner": "lightgbm", "why": "Best macro average precision, and the interval excludes zero."},
        "decision": {
            "policy": policy, "threshold": None, "threshold_low": None, "threshold_high": None,
            "offsets": {"normal": 0.0, "dos": -0.12, "probe": 0.31, NAMES[3]: 1.44, "u2r": 2.05},
            "prevalence": None, "reached": True, "notes": ["'u2r' has 52 training rows: its offset is uncertain."],
            "sentence": "Each class's log-probability is shifted by its offset; the largest wins.",
        },
        "test": macro | {
            "rows": len(y), "positives": None, "prevalence": None, "balanced_accuracy": macro["recall"], "g_mean": 0.71,
            "mcc": 0.78, "accuracy": float((y == decided).mean()), "brier": 0.21, "log_loss": 0.44, "cost": None,
            "average_precision_low": macro["average_precision"] - 0.02,
            "average_precision_high": macro["average_precision"] + 0.02,
            "confusion": confusion.tolist(), "recall_count": None, "precision_count": None, "alerts_per_1000": None,
            "per_class": per_class, "deployment": False,
            "notes": ["test-prevalence"],
        },
        "calibration": {
            "predicted": 0.2, "observed": 0.2, "ratio": 1.0, "slope": 0.88, "intercept": 0.1, "brier": 0.21,
            "brier_prevalence_only": 0.64, "log_loss": 0.44, "log_loss_prevalence_only": 1.21,
            "reliability": bins((y[:, None] == np.arange(5)).astype(int).ravel(), p.ravel()),
        },
        "assessment": {"level": "weak", "sentences": ["One class is found in fewer than half of its rows."]},
        "evidence": {"level": "limited", "positives": 119, "sentence": "119 rows of 'u2r': differences for this class are uncertain."},
        "verdict": [
            "The model separates normal traffic, dos and probe well; r2l is often taken for normal traffic.",
            "Square-root class weights beat the baseline clearly in macro average precision.",
            "The test mixture differs from training, so these are not deployment figures.",
        ],
        "curves": {"precision_recall": curves, "thresholds": None},
    }  # fmt: skip
    return as_json(facts)
