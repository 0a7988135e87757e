import subprocess
import sys

import numpy as np
import pytest

from evenkeel.confusion import confusion_table, from_confusion
from evenkeel.decide import Platt, Policy, settle
from evenkeel.errors import InvalidInput
from evenkeel.scores import Scores


def made(n=1200, n_repeats=2, n_classes=2, seed=0, twist=2.5):
    rng = np.random.default_rng(seed)
    shares = [0.85, 0.15] if n_classes == 2 else [0.75, 0.2, 0.05]
    y = rng.choice(n_classes, n, p=shares)
    logs = np.log(shares) + rng.normal(size=(n_repeats, n, n_classes)) + 1.5 * np.eye(n_classes)[y]
    raw = np.exp(twist * logs)
    raw /= raw.sum(axis=2, keepdims=True)
    fold = np.stack([rng.permutation(n) % 5 for _ in range(n_repeats)])
    return Scores(y, raw, fold, tuple("abc"[:n_classes]))


@pytest.mark.parametrize("policy", [Policy.metric("f1"), Policy.min_recall(0.8)])
def test_each_fold_is_settled_by_the_other_folds_of_its_repeat(policy):
    scores = made()
    found = settle(scores, policy, n_boot=50)
    assert found.labels.shape == scores.fold.shape
    for repeat in range(2):
        for fold in range(5):
            inside = scores.fold[repeat] == fold
            others, y = scores.raw[repeat, ~inside], scores.y[~inside]
            calibrator = Platt.fit(y, others)
            decision = policy.choose(y, calibrator.apply(others), n_boot=10)
            mine = calibrator.apply(scores.raw[repeat, inside])
            assert found.proba[repeat, inside] == pytest.approx(mine)
            assert (found.labels[repeat, inside] == decision.apply(mine)).all()


def test_the_final_calibrator_and_decision_use_every_row_once():
    scores = made()
    found = settle(scores, Policy.metric("f1"))
    pooled = scores.raw.reshape(-1, 2)
    assert found.calibrator == Platt.fit(np.tile(scores.y, 2), pooled, weight=np.full(2400, 0.5))
    calibrated = found.calibrator.apply(scores.raw)
    assert found.decision == Policy.metric("f1").choose(
        scores.y, calibrated, classes=scores.classes
    )
    assert calibrated[..., 1].mean() == pytest.approx(scores.y.mean(), rel=0.02)
    assert sum(map(sum, found.decision.confusion)) == pytest.approx(1200)


def test_labels_of_a_row_do_not_depend_on_its_own_class():
    scores = made(n=300, n_repeats=1)
    policy = Policy(cost_fn=8, cost_fp=1)
    before = settle(scores, policy)
    y = scores.y.copy()
    inside = scores.fold[0] == 2
    y[inside] = 1 - y[inside]
    after = settle(Scores(y, scores.raw, scores.fold, scores.classes), policy)
    assert (before.labels[0, inside] == after.labels[0, inside]).all()
    assert before.proba[0, inside] == pytest.approx(after.proba[0, inside])
    assert before.decision != after.decision


def test_optimism_is_in_sample_less_cross_settled():
    scores = made(n=300)
    found = settle(scores, Policy.metric("f1"))
    crossed = [float(from_confusion("f1", confusion_table(scores.y, row))) for row in found.labels]
    part = found.optimism["f1"]
    assert part["cross_settled"] == pytest.approx(np.mean(crossed))
    assert part["difference"] == pytest.approx(part["in_sample"] - part["cross_settled"])
    assert set(settle(scores, Policy.min_precision(0.5)).optimism) == {"recall", "precision"}


def test_what_looks_good_in_sample_is_flattered_on_average():
    differences = [
        settle(made(n=120, n_repeats=1, seed=seed), Policy.metric("f1"), n_boot=0).optimism["f1"][
            "difference"
        ]
        for seed in range(25)
    ]
    assert np.mean(differences) > 0.0


def test_costs_per_row_take_their_rows_along():
    scores = made(n=500)
    amount = np.random.default_rng(0).lognormal(2, 1, 500)
    policy = Policy(cost_fn="amount", cost_fp=2)
    found = settle(scores, policy, columns={"amount": amount, "unused": amount[:3]})
    costs = policy.row_costs(scores.y, columns={"amount": amount})
    spent = [1000 * costs[np.arange(500), labels].mean() for labels in found.labels]
    assert found.optimism["cost"]["cross_settled"] == pytest.approx(np.mean(spent))
    with pytest.raises(InvalidInput, match="cost column 'amount' is not there"):
        settle(scores, policy)


def test_another_prevalence_moves_probabilities_and_weighs_rows():
    scores = made(n=2000)
    plain = settle(scores, Policy.min_recall(0.8), n_boot=0)
    found = settle(scores, Policy.min_recall(0.8), prevalence=0.02, n_boot=0)
    share = scores.y.mean()
    p, q = plain.calibrator.apply(scores.raw), found.calibrator.apply(scores.raw)
    ratio = (0.02 / share) / (0.98 / (1 - share))
    odds = p[..., 1] / p[..., 0] * ratio
    assert q[..., 1] == pytest.approx(odds / (1 + odds))
    assert (found.decision.apply(q) == plain.decision.apply(p)).all(), "the ranking is the same"
    assert found.decision.prevalence == pytest.approx(0.02)
    weight = np.array([0.98 / (1 - share), 0.02 / share])[scores.y]
    crossed = np.average(found.proba[..., 1].mean(axis=0), weights=weight)
    assert crossed == pytest.approx(0.02, rel=0.15)


def test_a_capacity_holds_in_every_fold_and_in_all():
    scores = made(n=1500)
    found = settle(scores, Policy.capacity("4%"), n_boot=0)
    calibrated = found.calibrator.apply(scores.raw)
    assert found.decision.apply(calibrated).mean() <= 0.04 + 1e-9
    assert found.labels.mean() == pytest.approx(0.04, abs=0.015)
    top = settle(scores, Policy.top(60), n_boot=0)
    assert (top.decision.apply(top.calibrator.apply(scores.raw)).sum(axis=1) <= 60).all()
    assert top.labels.mean() == pytest.approx(0.04, abs=0.015), "of a fold, its share"
    times = np.datetime64("2024-01-01") + np.sort(np.arange(1500) % 100)
    daily = settle(scores, Policy.capacity("0.6/day"), times=times, n_boot=0)
    assert daily.decision.threshold == found.decision.threshold, "60 of 1,500 rows in 100 days"
    assert settle(scores, Policy.capacity("9/day"), share=0.04, n_boot=0).decision.threshold == (
        found.decision.threshold
    )


def test_bands_have_no_goal_to_flatter():
    assert settle(made(n=300), Policy.bands(0.1, 0.5)).optimism == {}


def test_several_classes():
    scores = made(n_classes=3)
    found = settle(scores, Policy.scenario("general", n_classes=3), n_boot=40)
    assert found.decision.offsets is not None
    assert found.proba.sum(axis=2) == pytest.approx(np.ones((2, 1200)))
    plain = np.mean([(scores.raw[r].argmax(1) == scores.y)[scores.y == 2].mean() for r in range(2)])
    caught = np.mean([(found.labels[r] == 2)[scores.y == 2].mean() for r in range(2)])
    assert caught > plain


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_class_that_the_other_folds_lack_does_not_stop_anything(n_classes):
    scores = made(n=300, n_repeats=1, n_classes=n_classes)
    fold = np.where(scores.y == n_classes - 1, 0, 1 + np.arange(300) % 3)[None]
    found = settle(
        Scores(scores.y, scores.raw, fold, scores.classes),
        Policy.scenario("general", n_classes=n_classes),
    )
    # nothing but class 0 (or 0 and 1) was known to those who decided on fold 0
    assert (found.labels[0, fold[0] == 0] < n_classes - 1).all()
    assert np.isfinite(found.proba).all()


def test_one_fold_for_all_rows_decides_without_knowledge():
    scores = made(n=100, n_repeats=1)
    found = settle(
        Scores(scores.y, scores.raw, np.zeros((1, 100), int), scores.classes), Policy.metric("f1")
    )
    assert (found.labels == 0).all()
    assert (found.proba == scores.raw).all()


def test_one_class_alone_cannot_be_settled():
    scores = made(n=100)
    lone = Scores(np.zeros(100, int), scores.raw, scores.fold, scores.classes)
    with pytest.raises(InvalidInput, match="at least two classes"):
        settle(lone, Policy.metric("f1"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"raw": np.full((2, 100, 2), 1.5)}, r"raw of Scores must lie in \[0, 1\]"),
        ({"raw": np.full((2, 99, 2), 0.5)}, r"raw of Scores must have shape"),
        ({"raw": np.full((100, 2), 0.5)}, r"raw of Scores must have shape"),
        ({"y": np.full(100, 2)}, "y of Scores must be class codes from 0 to 1"),
        ({"fold": np.zeros(100, int)}, "fold of Scores must have shape"),
        ({"classes": ("a",)}, "Scores"),
    ],
)
def test_scores_that_do_not_fit_are_refused(change, said):
    scores = made(n=100)
    parts = {name: getattr(scores, name) for name in ("y", "raw", "fold", "classes")} | change
    with pytest.raises(InvalidInput, match=said):
        Scores(**parts)


def test_the_decision_layer_needs_only_numpy():
    code = (
        "import sys, evenkeel.decide, evenkeel.scores, evenkeel.intervals;"
        "heavy = {'sklearn', 'pandas', 'scipy', 'polars'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
