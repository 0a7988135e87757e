"""Nested judging: no label has a part in its own judgement, and the best of equals is not flattered."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evenkeel.decide import Policy, settle
from evenkeel.metrics import evaluate
from evenkeel.race import Judge, cross_chosen, judge_nested
from evenkeel.race.comparison import compare_entries
from evenkeel.race.judge import Entry
from evenkeel.scores import Scores

COSTS = Policy(cost_fn=10, cost_fp=1)


def equal_remedies(seed, n_remedies=12, n_rows=300, n_rare=45, n_repeats=1):
    """Remedies that are equally good: what differs between them is noise, row by row."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n_rows) < n_rare).astype(np.int64)
    fold = np.stack([rng.permutation(np.arange(n_rows) % 5) for _ in range(n_repeats)])
    found = []
    for _ in range(n_remedies):
        margin = 1.2 * y + rng.normal(size=(n_repeats, n_rows)) - 2.5
        p = 1 / (1 + np.exp(-margin))
        found.append(Scores(y, np.stack([1 - p, p], axis=2), fold, ("no", "yes")))
    return found


def average_precision(y, p):
    hits = y[np.argsort(-p, kind="stable")]
    return float(np.mean((np.cumsum(hits) / np.arange(1, len(y) + 1))[hits == 1]))


def precision_of(scores):
    return average_precision(scores.y, scores.raw[0, :, 1])


def cost_of(y, labels):
    return float(np.mean(10 * ((y == 1) & (labels == 0)) + ((y == 0) & (labels == 1))))


def the_best(parts, rows):
    """The highest average precision on the rows at hand: the greediest way to choose."""
    which = int(np.argmax([precision_of(part) for part in parts]))
    return which, settle(parts[which], COSTS, n_boot=1)


AS_IT_IS = SimpleNamespace(  # no calibration, so that pooled figures show the choosing alone
    calibrator=SimpleNamespace(apply=lambda p: p),
    decision=SimpleNamespace(apply=lambda p, columns: (p[:, 1] >= 0.3).astype(np.int64)),
)


def test_choosing_the_best_of_twelve_equals_flatters_and_nested_judging_does_not():
    def choose(parts, rows):
        return int(np.argmax([precision_of(part) for part in parts])), AS_IT_IS

    rows = []
    for seed in range(400):
        remedies = equal_remedies(seed)
        crossed = cross_chosen(remedies, choose)
        each = [precision_of(remedy) for remedy in remedies]
        nested = average_precision(remedies[0].y, crossed.proba[:, 1])
        rows.append((np.mean(each), max(each), nested))
    truth, best, nested = np.array(rows).T
    error = np.std(nested - truth, ddof=1) / np.sqrt(400)
    assert error < 0.006
    assert np.mean(best - truth) > 0.05, "the flattery that nesting is there to remove"
    assert abs(np.mean(nested - truth)) < 3 * error


def test_no_label_has_a_part_in_its_own_judgement():
    remedies = equal_remedies(3, n_remedies=4, n_repeats=2)
    before = cross_chosen(remedies, the_best)
    for number in range(5):
        inside = remedies[0].fold[0] == number
        y = np.where(inside, 1 - remedies[0].y, remedies[0].y)
        after = cross_chosen([replace(one, y=y) for one in remedies], the_best)
        assert np.array_equal(before.proba[inside], after.proba[inside])
        assert np.array_equal(before.labels[inside], after.labels[inside])
        assert after.chosen[number] == before.chosen[number]


def test_each_fold_is_judged_by_what_a_loop_by_hand_chooses_without_it():
    remedies = equal_remedies(5, n_remedies=3)
    crossed = cross_chosen(remedies, the_best)
    for number in range(5):
        rows = remedies[0].fold[0] != number
        cut = [Scores(r.y[rows], r.raw[:, rows], r.fold[:, rows], r.classes) for r in remedies]
        which, settled = the_best(cut, rows)
        p = settled.calibrator.apply(remedies[which].raw[0, ~rows])
        assert crossed.chosen[number] == which
        assert np.array_equal(crossed.proba[~rows], p)
        assert np.array_equal(crossed.labels[~rows], settled.decision.apply(p))


def compared(remedies, *, policy=COSTS, weak=False, columns=None, share=None, groups=None):
    y = remedies[0].y
    names = ("none", *(f"remedy {number}" for number in range(1, len(remedies))))
    entries = [
        Entry(name, "model", "rows", scores=one) for name, one in zip(names, remedies, strict=True)
    ]
    costs = policy.row_costs(y, columns=columns)
    judge = Judge(policy, policy.objective, 2, costs, columns, share, groups=groups)
    return compare_entries(entries, judge, classes=("no", "yes"), weak=weak), judge


def test_the_procedure_of_the_race_is_judged_whole():
    remedies = equal_remedies(0, n_remedies=2, n_rows=600, n_rare=120)
    y = remedies[0].y
    strong = np.clip(0.1 + 0.5 * y + 0.2 * np.random.default_rng(1).random((1, 600)), 0, 1)
    remedies[1] = replace(remedies[1], raw=np.stack([1 - strong, strong], axis=2))
    comparison, judge = compared(remedies)
    assert comparison.chosen.name == "remedy 1"
    crossed = judge_nested(comparison, judge, weak=False)
    assert crossed.chosen == (1,) * 5
    assert cost_of(y, crossed.labels) < 0.2 * cost_of(y, np.zeros(600))
    weak, judge = compared(remedies, weak=True)
    assert weak.chosen.name == "none"
    held = judge_nested(weak, judge, weak=True)
    assert held.chosen == (0,) * 5
    assert np.mean(held.labels == weak.baseline.settled.labels[0]) > 0.95, "near cross-settled"


def test_costs_by_row_and_a_capacity_reach_the_folds():
    remedies = equal_remedies(2, n_remedies=1, n_rows=500, n_rare=80)
    y = remedies[0].y
    amount = np.random.default_rng(0).gamma(2, 50, 500)
    comparison, judge = compared(
        remedies, policy=Policy(cost_fn="amount", cost_fp=10), columns={"amount": amount}
    )
    labels = judge_nested(comparison, judge, weak=False).labels
    assert amount[labels == 1].mean() > amount[labels == 0].mean(), "dear rows are acted on sooner"
    comparison, judge = compared(remedies, policy=Policy.top(50), share=0.1)
    labels = judge_nested(comparison, judge, weak=False).labels
    assert 30 <= labels.sum() <= 70, "fifty of the whole table, not of each fold"
    assert evaluate(y, np.eye(2)[labels], labels, n_classes=2)["precision"] > 2 * y.mean()


def test_groups_are_cut_with_the_rows(monkeypatch):
    """What is chosen without a fold knows the groups of the rows that it is chosen on."""
    remedies = equal_remedies(4, n_remedies=2)
    groups = np.random.default_rng(0).integers(0, 40, 300)
    comparison, judge = compared(remedies, groups=groups)
    seen = []

    def watched(entries, beside, **more):
        seen.append((entries[0].scores.y, beside.groups))
        return compare_entries(entries, beside, **more)

    monkeypatch.setattr("evenkeel.race.nested.compare_entries", watched)
    judge_nested(comparison, judge, weak=False)
    assert len(seen) == 5
    for number, (y, found) in enumerate(seen):
        outside = remedies[0].fold[0] != number
        assert np.array_equal(y, remedies[0].y[outside])
        assert np.array_equal(found, groups[outside])


@pytest.mark.slow
def test_with_calibration_and_threshold_nested_judging_is_unbiased_in_cost():
    found = []
    for seed in range(50):
        remedies = equal_remedies(seed)
        y = remedies[0].y
        settled = [settle(one, COSTS, n_boot=1) for one in remedies]
        costs = [cost_of(y, one.labels[0]) for one in settled]
        crossed = cross_chosen(remedies, the_best)
        found.append((costs[0], min(costs), cost_of(y, crossed.labels)))
    one, best, nested = np.array(found).T
    error = np.std(nested - one, ddof=1) / np.sqrt(50)
    assert np.mean(best - one) < -0.05
    assert abs(np.mean(nested - one)) < 3 * error
