"""What a decision does on rows whose truth is known: figures by hand, alerts by period, the verdict."""

import json

import numpy as np
import pytest

from evenkeel.decide import Policy, choose
from evenkeel.facts import rounded
from evenkeel.outcome import Outcome

FACTS = {
    "data": {
        "rows": 9, "target": "y", "imbalance_ratio": 9.0, "severity": "moderate", "task": "binary",
        "classes": [{"label": "no", "count": 8}, {"label": "yes", "count": 1}],
    },
    "chosen": {"remedy": "none", "learner": "logistic", "why": "It was alone."},
    "audit": [],
}  # fmt: skip


def outcome(policy, *, n=400, seed=0, columns=None, **more):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.25).astype(int)
    p = np.clip(0.25 * y + 0.7 * rng.random(n), 0, 1)
    decision = choose(policy, y, p, columns=columns, times=more.get("times"), n_boot=0)
    proba = np.stack([1 - p, p], axis=1)
    return Outcome(
        decision=decision, y=y, labels=decision.apply(proba, columns=columns), proba=proba,
        classes=("no", "yes"), columns=columns, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    "policy",
    [
        Policy.metric("f1"), Policy(cost_fn=9, cost_fp=1), Policy.min_recall(0.8),
        Policy.capacity("5%"), Policy.top(9), Policy.bands(0.2, 0.6),
        Policy.min_precision(0.3, confidence=0.9), Policy.scenario("fraud"),
    ],
    ids=lambda policy: policy.sentence(),
)  # fmt: skip
def test_figures_are_those_of_the_labels(policy):
    found = outcome(policy)
    told = found.facts(FACTS)
    hits = int((found.labels & found.y).sum())
    assert told["test"]["recall_count"] == [hits, int(found.y.sum())]
    assert told["test"]["precision_count"] == [hits, int(found.labels.sum())]
    assert told["test"]["alerts_per_1000"] == pytest.approx(1000 * found.labels.mean())
    assert told["policy"]["sentence"] == policy.sentence()
    assert told["policy"]["assumed"] is False
    assert told["decision"]["sentence"] == found.decision.sentence()
    assert told["decision"]["reached"] == found.decision.reached
    assert told["calibration"]["ratio"] == pytest.approx(found.proba[:, 1].mean() / found.y.mean())
    assert told["assessment"]["level"] in {"useless", "unacceptable", "weak", "acceptable"}
    assert len(told["verdict"]) == 3
    assert told["test"]["floor"] is None or policy.floor_of
    assert told["data"] is FACTS["data"], "what a decision does not change is passed on"
    json.dumps(rounded(told), allow_nan=False)


def test_costs_by_row_are_added_up():
    amount = np.random.default_rng(1).gamma(2, 30, 400)
    found = outcome(Policy(cost_fn="amount", cost_fp=4), columns={"amount": amount})
    told = found.facts(FACTS)["test"]
    spent = np.where(found.labels == 1, 4.0 * (found.y == 0), amount * (found.y == 1))
    assert told["cost"] == pytest.approx(1000 * spent.mean())
    assert told["cost_acting_on_nobody"] == pytest.approx(1000 * (amount * found.y).mean())
    assert told["cost_acting_on_everybody"] == pytest.approx(4000 * (1 - found.y).mean())


def test_alerts_are_counted_by_day_or_by_what_the_capacity_is_counted_in():
    times = np.datetime64("2024-01-01", "us") + np.arange(400) * np.timedelta64(6, "h")
    found = outcome(Policy.metric("f1"), times=times)
    told = found.facts(FACTS)["test"]["alerts_by_period"]
    by_day = found.labels.reshape(100, 4).sum(axis=1)
    assert told["per"] == "day"
    assert told["mean"] == pytest.approx(by_day.mean(), rel=0.01)
    assert told["most"] == by_day.max()
    assert told["over"] is None
    weekly = outcome(Policy.capacity("3/week"), times=times)
    told = weekly.facts(FACTS)["test"]["alerts_by_period"]
    assert told["per"] == "week"
    by_week = np.bincount(np.arange(400) // 28, weights=weekly.labels)  # 2024 began on a Monday
    assert told["over"] == np.count_nonzero(by_week > 3)
    assert told["most"] == by_week.max()


@pytest.mark.parametrize("times", [None, np.arange(400), np.arange(400.0)], ids=["none", "i", "f"])
def test_without_dates_there_are_no_days(times):
    assert (
        outcome(Policy.metric("f1"), times=times).facts(FACTS)["test"]["alerts_by_period"] is None
    )


def test_doubts_few_and_an_assumed_policy_are_passed_on():
    found = outcome(
        Policy.metric("f1"), doubts=("Older rows.",), few="Only 9 rows.", request="Say your costs.",
        optimism={"f1": {"difference": 0.1}},
    )  # fmt: skip
    told = found.facts(FACTS)
    assert told["test"]["deployment"] is False
    assert told["test"]["notes"] == ["Older rows."]
    assert told["test"]["few"] == "Only 9 rows."
    assert told["assessment"]["sentences"][0] == "Only 9 rows."
    assert told["policy"]["assumed"] is True
    assert told["policy"]["request"] == "Say your costs."
    assert told["decision"]["optimism"] == {"f1": {"difference": 0.1}}


def test_several_classes_have_offsets_by_label_and_no_positive():
    rng = np.random.default_rng(0)
    y = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    proba = rng.dirichlet([1, 1, 1], 300) * 0.5 + 0.5 * np.eye(3)[y]
    decision = choose(Policy.metric("f1"), y, proba, n_boot=0)
    times = np.datetime64("2024-01-01") + np.arange(300)
    found = Outcome(
        decision=decision, y=y, labels=decision.apply(proba), proba=proba,
        classes=("a", 2, 3.5), times=times,
    )  # fmt: skip
    facts = FACTS | {"data": FACTS["data"] | {"task": "multiclass"}}
    told = found.facts(facts)
    assert list(told["decision"]["offsets"]) == ["a", "2", "3.5"]
    assert told["test"]["alerts_by_period"] is None
    assert told["test"]["positives"] is None
    json.dumps(rounded(told), allow_nan=False)


def test_nothing_flagged_and_everything_flagged():
    for policy in (Policy(cost_fn=1, cost_fp=1e9), Policy(cost_fn=1e9, cost_fp=1)):
        found = outcome(policy)
        told = rounded(found.facts(FACTS))
        json.dumps(told, allow_nan=False)
        assert told["assessment"]["level"] == "useless" or found.labels.any()
