"""Figures and verdicts from scores that are given."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss

from evenkeel.decide import Policy
from evenkeel.decide.goals import ONE_SIDED
from evenkeel.metrics import METRICS
from evenkeel.race.averages import average_dicts
from evenkeel.race.judge import BASELINE, BETTER, UNCLEAR, WORSE, Entry, Judge
from evenkeel.race.pulls import pull_of
from evenkeel.scores import Scores
from evenkeel.widening import widening

N, RARE = 1500, 150


def scored(strength, *, seed=0, repeats=2, n_classes=2):
    """Scores that know the class as well as ``strength`` says."""
    rng = np.random.default_rng(seed)
    y = np.zeros(N, np.int64)
    y[:RARE] = 1
    if n_classes == 3:
        y[RARE : 2 * RARE] = 2
    logits = rng.normal(size=(repeats, N, n_classes)) + strength * np.eye(n_classes)[y]
    logits[..., 0] += 1
    raw = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    fold = np.tile(np.arange(N) % 3, (repeats, 1))
    return Entry("x", "m", "weights", scores=Scores(y, raw, fold, tuple(range(n_classes))))


def judged(
    *entries, objective="average-precision", policy=None, costs=None, n_classes=2, groups=None
):
    judge = Judge(policy or Policy.scenario("general", n_classes=n_classes), objective,
                  n_classes, costs, groups=groups)  # fmt: skip
    for entry in entries:
        judge.measure(entry)
    for entry in entries:
        judge.against(entry, entries[0])
    judge.verdicts(list(entries), entries[0])
    return entries


def test_figures_are_those_of_scikit_learn_on_the_settled_scores():
    (entry,) = judged(scored(1.5))
    y, settled = entry.scores.y, entry.settled
    mean = lambda of, what: np.mean([of(y, one) for one in what])  # noqa: E731
    p = settled.proba[..., 1]
    figures = entry.figures
    assert figures["average_precision"] == pytest.approx(mean(average_precision_score, p))
    assert figures["brier"] == pytest.approx(mean(brier_score_loss, p))
    assert figures["log_loss"] == pytest.approx(mean(log_loss, settled.proba))
    assert figures["f1"] == pytest.approx(mean(f1_score, settled.labels))
    low, high = figures["average_precision_low"], figures["average_precision_high"]
    assert low < figures["average_precision"] < high


def test_labels_are_settled_on_the_other_folds():
    (entry,) = judged(scored(1.5))
    settled, scores = entry.settled, entry.scores
    pooled = settled.decision.apply(settled.calibrator.apply(scores.raw[0]))
    assert not np.array_equal(settled.labels[0], pooled), "else the threshold saw the row"


@pytest.mark.parametrize("objective", [name for name in METRICS if name != "cost"])
def test_every_metric_can_rank_and_tells_a_better_from_a_worse(objective):
    policy = None
    if METRICS[objective].kind == "decision":
        held = "recall" if objective in ("precision", "specificity") else "precision"
        floor = {"floor_of": held, "floor": 0.3} if objective in ONE_SIDED else {}
        policy = Policy(goal=objective, **floor)
    base, same, good, bad = judged(
        scored(1.5), scored(1.5), scored(3.5, seed=1), scored(0.2, seed=2),
        objective=objective, policy=policy,
    )  # fmt: skip
    assert base.figures["versus_baseline"] == BASELINE
    assert same.figures["versus_baseline"] == UNCLEAR
    assert same.figures["objective_difference"] == 0
    key = METRICS[objective].key
    sign = 1 if METRICS[objective].greater_is_better else -1
    if objective not in (*ONE_SIDED, "accuracy"):
        assert good.figures["versus_baseline"] == BETTER
        assert bad.figures["versus_baseline"] == WORSE
        assert sign * good.figures["objective_difference_low"] > 0
    for entry in (good, bad):
        gain = entry.figures[key] - base.figures[key]
        assert entry.figures["objective_difference"] == pytest.approx(gain)
        low, high = (entry.figures[f"objective_difference_{end}"] for end in ("low", "high"))
        assert low <= gain <= high


def test_cost_is_what_the_decisions_cost_for_1000_rows():
    policy = Policy(cost_fn=20, cost_fp=1)
    entry = scored(2.0)
    y = entry.scores.y
    costs = policy.row_costs(y)
    base, worse = judged(entry, scored(0.0, seed=3), objective="cost", policy=policy, costs=costs)
    by_hand = [
        20 * np.sum((y == 1) & (labels == 0)) + np.sum((y == 0) & (labels == 1))
        for labels in base.settled.labels
    ]
    assert base.figures["cost"] == pytest.approx(1000 * np.mean(by_hand) / N)
    assert base.figures["cost_low"] < base.figures["cost"] < base.figures["cost_high"]
    assert worse.figures["versus_baseline"] == WORSE
    assert worse.figures["objective_difference"] > 0, "more cost is worse"


def test_several_classes_are_judged_one_against_the_rest():
    base, good = judged(scored(1.0, n_classes=3), scored(3.0, seed=1, n_classes=3), n_classes=3)
    y, p = base.scores.y, base.settled.proba
    each = [[average_precision_score(y == c, one[:, c]) for c in range(3)] for one in p]
    assert base.figures["average_precision"] == pytest.approx(np.mean(each))
    assert [row["average_precision"] for row in base.figures["per_class"]] == pytest.approx(
        np.mean(each, axis=0)
    )
    assert good.figures["versus_baseline"] == BETTER


def test_remedies_with_fewer_repeats_are_compared_on_the_repeats_they_share():
    base, cut = judged(scored(1.5, repeats=3), scored(2.5, seed=1, repeats=1))
    shared = average_precision_score(cut.scores.y, cut.settled.proba[0, :, 1])
    theirs = average_precision_score(base.scores.y, base.settled.proba[0, :, 1])
    low, high = (cut.figures[f"average_precision_difference_{end}"] for end in ("low", "high"))
    assert low < shared - theirs < high


def test_the_same_seed_gives_the_same_figures():
    first, again = judged(scored(1.0)), judged(scored(1.0))
    assert first[0].figures == again[0].figures


def test_averages_keep_counts_none_and_shape():
    rows = [{"a": 1, "b": None, "c": [1.0, {"d": 2}]}, {"a": 1, "b": 2.0, "c": [3.0, {"d": 2}]}]
    assert average_dicts(rows) == {"a": 1, "b": None, "c": [2.0, {"d": 2}]}


@pytest.mark.parametrize(
    "objective", ["average-precision", "roc-auc", "f1", "mcc", "recall", "log-loss", "cost"]
)
def test_groups_widen_every_interval_by_what_its_rows_pull(objective):
    """The baseline has a repeat more: differences are those of the repeats that both have."""
    costs = Policy(cost_fn=20, cost_fp=1).row_costs(scored(1.0).scores.y)
    given = {"objective": objective, "policy": Policy.scenario("general"), "costs": costs}
    entries = lambda: (scored(1.5), scored(2.0, seed=1, repeats=1))  # noqa: E731
    plain = judged(*entries(), **given)
    alone = judged(*entries(), **given, groups=np.random.default_rng(0).permutation(N))
    assert [one.figures for one in alone] == [one.figures for one in plain]
    like = scored(2.0, seed=1, repeats=1).scores.raw[0, :, 1]
    y = scored(1.5).scores.y
    groups = np.empty(N, np.int64)  # rows of one class with like scores
    groups[np.lexsort((like, y))] = np.arange(N) // 10
    base, mine = judged(*entries(), **given, groups=groups)
    key = METRICS[objective].key
    strata = {"stratified": objective == "average-precision"}

    def pull(entry, common):
        proba, labels = entry.settled.proba[:common], entry.settled.labels[:common]
        return pull_of(objective, y, proba, labels, costs)[1]

    for name, h in [(key, pull(mine, 1)), (f"{key}_difference", pull(mine, 1) - pull(base, 1))]:
        factor = widening(h, groups, y, **strata)
        assert mine.figures[f"{name}_widened"] == pytest.approx(factor)
        point = mine.figures[key]
        if name != key:
            point = mine.figures[f"{key}_difference"]
        for end in ("low", "high"):
            before, after = (one.figures[f"{name}_{end}"] for one in (plain[1], mine))
            expected = point + factor * (before - point)
            if name == key and METRICS[objective].kind in ("ranking", "decision"):
                expected = min(expected, 1.0)  # none of them comes near its least
            if name == "cost":
                expected = max(expected, 0.0)
            assert after == pytest.approx(expected, abs=1e-9)
    assert min(mine.figures[f"{name}_widened"] for name in (key, f"{key}_difference")) > 1.5
    assert mine.figures["recall_widened"] > 1.5
    assert mine.figures["objective_p"] >= plain[1].figures["objective_p"]


def test_rows_that_are_copies_make_nothing_surer():
    """Every row five times: the p-value of the comparison is that of the rows themselves."""
    once = judged(scored(1.5), scored(1.62, seed=1))[1].figures["objective_p"]
    entries = [scored(1.5), scored(1.62, seed=1)]
    rows = np.repeat(np.arange(N), 5)
    for one in entries:
        s = one.scores
        one.scores = Scores(s.y[rows], s.raw[:, rows], s.fold[:, rows], s.classes)
    found = [
        judged(*[Entry("x", "m", "weights", scores=one.scores) for one in entries], groups=groups)[
            1
        ]
        for groups in (rows, None)
    ]
    surer = found[1].figures["objective_p"]
    assert surer < 0.3 * once, "else there was nothing to be said"
    assert found[0].figures["objective_p"] == pytest.approx(once, rel=0.35)
