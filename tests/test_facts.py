"""The facts are what docs/facts.md says, plain JSON, and add up."""

import json
import math
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evenkeel
from evenkeel.facts import rounded
from evenkeel.job import look
from evenkeel.outcome import Outcome
from evenkeel.report import render_card, render_page, screen_lines

DOCS = Path(__file__).resolve().parents[1] / "docs" / "facts.md"
KINDS = {"text": str, "object": dict, "list": list, "boolean": bool, "number": (int, float)}
METRICS = {
    "average_precision", "roc_auc", "precision", "recall", "specificity", "f1", "f2",
    "balanced_accuracy", "g_mean", "accuracy", "mcc", "youden", "brier", "log_loss", "cost",
}  # fmt: skip


def documented(section):
    """Keys of the table of a section: name to (type, optional)."""
    text = DOCS.read_text().split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    keys = {}
    for names, kind in re.findall(
        r"^\| ((?:`[a-z_0-9]+`(?:, )?)+) \| ([^|]+) \|", text, re.MULTILINE
    ):
        for name in re.findall(r"`([a-z_0-9]+)`", names):
            keys[name] = (kind.strip(), "optional" in kind or "only" in kind)
    assert keys, f"no table under {section}"
    return keys


def make_table(n_classes):
    rng = np.random.default_rng(0)
    y = rng.choice(n_classes, 600, p=[0.75, 0.25] if n_classes == 2 else [0.6, 0.25, 0.15])
    X = rng.normal(size=(600, 2)) + np.eye(3)[y, :2] * 2
    return pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": np.array(["no", "yes", "odd"])[y]})


@pytest.fixture(scope="module")
def runs():
    short = {
        "quick": True,
        "remedies": ("class-weight", "smote"),
        "learners": "logistic",
        "test_size": 0.2,
    }
    two = evenkeel.run(make_table(2), target="y", positive="yes", cost_fn=9, cost_fp=1, **short)
    return {"two classes": two, "three classes": evenkeel.run(make_table(3), target="y", **short)}


@pytest.fixture(params=["two classes", "three classes"])
def facts(runs, request):
    return runs[request.param].facts


def holds(value, kind):
    if value is None:
        return "?" in kind or "of" in kind
    first = re.match(r"[a-z]+", kind)[0]
    first = {"whole": "number", "one": "list", "lists": "list", "two": "list", "label": ""}.get(
        first, first
    )
    return isinstance(value, KINDS.get(first, object)) and (
        "whole" not in kind or "list" in kind or "two" in kind or isinstance(value, int)
    )


@pytest.mark.parametrize(
    ("section", "place"),
    [("Top level", None), ("data", "data"), ("split", "split"), ("decision", "decision"),
     ("calibration", "calibration")],
)  # fmt: skip
def test_every_key_is_documented_and_every_documented_key_is_there(facts, section, place):
    found = facts if place is None else facts[place]
    keys = documented(section)
    assert set(found) <= set(keys), "a key that docs/facts.md does not know"
    required = {name for name, (_, optional) in keys.items() if not optional}
    assert required <= set(found), "a key that docs/facts.md promises"
    for name, value in found.items():
        assert holds(value, keys[name][0]), (name, value, keys[name][0])


def test_figures_carry_all_metrics_with_intervals(facts):
    own = set(documented("test")) | METRICS | {"per_class"}
    own |= {f"{name}_{end}" for name in METRICS for end in ("low", "high")}
    assert set(facts["test"]) <= own
    assert METRICS - {"cost"} <= set(facts["test"]), "each metric is there, null where undefined"
    for row in facts["remedies"]:
        assert {"name", "learner", "changes", "status", "reason"} <= set(row)
        assert row["status"] == "ok"
        low, high = row["average_precision_low"], row["average_precision_high"]
        assert low <= row["average_precision"] <= high
        labels = {str(one["label"]) for one in facts["data"]["classes"]}
        assert set(row["per_class"]) == labels
    assert [row["name"] for row in facts["remedies"][:2]] == ["prevalence", "none"]


def test_counts_add_up(facts):
    data, split, test = facts["data"], facts["split"], facts["test"]
    counts = {str(row["label"]): row["count"] for row in data["classes"]}
    assert sum(counts.values()) == data["rows"] == 600
    assert sum(row["share"] for row in data["classes"]) == pytest.approx(1)
    assert data["imbalance_ratio"] == pytest.approx(max(counts.values()) / min(counts.values()))
    for label, n in counts.items():
        assert split["train_counts"][label] + split["test_counts"][label] == n
    table = np.array(test["confusion"])
    assert table.sum(axis=1).tolist() == list(split["test_counts"].values())
    assert np.trace(table) / table.sum() == pytest.approx(test["accuracy"])
    if data["task"] == "binary":
        (_, fp), (fn, tp) = table.tolist()
        assert test["recall_count"] == [tp, tp + fn]
        assert test["precision_count"] == [tp, tp + fp]
        assert test["cost"] == pytest.approx(1000 * (9 * fn + fp) / len(table) / (table.sum() / 2))
        assert data["one_in"] == pytest.approx(data["rows"] / counts["yes"])
    bins = facts["calibration"]["reliability"]
    assert sum(one["count"] for one in bins) in (table.sum(), 3 * table.sum())


def test_the_document_is_json_with_12_digits_and_nothing_undefined(facts):
    text = json.dumps(facts, allow_nan=False)
    assert json.loads(text) == facts
    assert rounded(facts) == facts
    assert len(facts["verdict"]) == 3
    assert all(sentence.endswith(".") for sentence in facts["verdict"])


def test_curves_are_short_and_run_from_end_to_end(facts):
    for line in facts["curves"]["precision_recall"].values():
        assert len(line) <= 400
        assert line[-1]["recall"] == 1.0
        recall = [point["recall"] for point in line]
        assert recall == sorted(recall)
    points = facts["curves"]["thresholds"]
    assert (points == []) == (facts["data"]["task"] == "multiclass")
    assert len(points) <= 400


def test_check_gives_the_first_part_of_the_same_facts(runs):
    facts = runs["two classes"].facts
    seen = look(make_table(2), target="y", positive="yes")
    assert seen == {key: facts[key] for key in ("schema", "version", "data", "advice", "audit")}


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_keep_12_digits_and_nan_becomes_none(number):
    found = rounded({"x": np.float64(number)})["x"]
    if math.isfinite(number):
        assert found == pytest.approx(number, rel=1e-11, abs=0)
        assert rounded(found) == found, "rounding twice changes nothing"
        assert len(f"{found:.17g}") <= 24
    else:
        assert found is None


def test_keys_become_text_and_arrays_lists():
    found = rounded({1: np.arange(2), False: (np.bool_(True), np.int64(3)), "t": "ü"})
    assert found == {"1": [0, 1], "False": [True, 3], "t": "ü"}
    assert type(found["False"][0]) is bool


def test_a_group_column_widens_intervals_and_says_so():
    """Each card has four rows that are nearly copies of one another."""
    one = make_table(2)
    rows = np.repeat(np.arange(len(one)), 4)
    noise = 0.05 * np.random.default_rng(1).normal(size=len(rows))
    table = one[rows].with_columns(pl.col("a") + noise, card=pl.Series(rows))
    given = {"target": "y", "positive": "yes", "cost_fn": 9, "cost_fp": 1, "quick": True,
             "remedies": ("class-weight",), "learners": "logistic"}  # fmt: skip
    run = evenkeel.run(table, group="card", **given)
    facts = run.facts
    baseline, test = facts["remedies"][1], facts["test"]
    told = facts["split"]["widened"]
    assert told["column"] == "card"
    assert told["factor"] == baseline["cost_widened"]
    assert 1.5 < told["factor"] < 2.1
    assert told["sentence"] == (
        f"Intervals allow for rows of one card being alike: {told['factor']:.3g} times as wide as "
        "for independent rows."
    )
    assert set(facts["split"]) == set(documented("split"))
    for key in ("recall", "precision", "specificity", "cost", "average_precision"):
        assert 1.3 < test[f"{key}_widened"] < 2.6, key
        assert test[f"{key}_low"] <= test[key] <= test[f"{key}_high"]
    kin = {"average_precision", "cost"}
    assert {name for name in baseline if name.endswith("_widened")} == {
        *(f"{name}{end}_widened" for name in kin for end in ("", "_difference")), "recall_widened",
    }  # fmt: skip
    for page in ("\n".join(screen_lines(run.told)), render_page(run.told), render_card(facts)):
        assert told["sentence"] in " ".join(page.split())
    later = Outcome(
        decision=run.decision, y=np.array([0, 1, 1]), labels=np.array([0, 1, 0]),
        proba=np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]), classes=("no", "yes"),
    ).facts(facts)  # fmt: skip
    assert "recall_widened" not in later["test"]
    assert later["split"]["widened"]["sentence"].endswith("the decision is judged on do not.")
    assert facts["split"]["widened"] == told, "what a run found is not written over"


def test_a_group_column_of_single_rows_changes_nothing_and_says_nothing():
    table = make_table(2).with_columns(card=pl.Series(np.arange(600)))
    given = {"target": "y", "positive": "yes", "quick": True, "remedies": "none",
             "learners": "logistic", "test_size": 0.2}  # fmt: skip
    grouped = evenkeel.run(table, group="card", **given).facts
    plain = evenkeel.run(table, drop=("card",), **given).facts
    assert grouped["split"]["widened"] is None
    assert grouped["remedies"] == plain["remedies"]
    assert grouped["test"] == plain["test"]
