import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score, fbeta_score

from evenkeel.confusion import from_counts
from evenkeel.decide import Policy, choose
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.multilabel import calibrate_labels, choose_labels
from evenkeel.errors import InvalidInput


def sample(seed=0, n=300, n_labels=3, n_repeats=1):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.8, 3.0, (n_repeats, n, n_labels))
    Y = (rng.random((n, n_labels)) < p.mean(axis=0)).astype(int)
    return Y, p


def every_threshold(p):
    scores = np.unique(p)
    return np.concatenate([[0.0], (scores[1:] + scores[:-1]) / 2, [2.0]])


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_micro_is_the_best_of_all_combinations_of_thresholds(beta):
    for seed in range(3):
        Y, p = sample(seed, n=60, n_labels=3)
        p = p.round(1)
        assert (Y.sum(axis=0) >= 5).all()
        found = choose_labels(LabelPolicy.micro(f"f{beta:g}"), Y, p, n_boot=0)
        reached = fbeta_score(Y, found.apply(p[0]), beta=beta, average="micro")
        flagged = [every_threshold(p[0, :, k]) <= p[0, :, [k]].T for k in range(3)]
        hits = [(Y[:, [k]] * flagged[k]).sum(axis=0) for k in range(3)]
        alerts = [flagged[k].sum(axis=0) for k in range(3)]
        tp, all_alerts = (
            np.array([sum(each) for each in itertools.product(*counts)])
            for counts in (hits, alerts)
        )
        values = (1 + beta**2) * tp / (all_alerts + beta**2 * Y.sum())
        assert reached == pytest.approx(values.max())


def test_macro_is_the_best_of_each_label():
    Y, p = sample(n=80)
    found = choose_labels(None, Y, p, n_boot=0)
    decided = found.apply(p[0])
    for label in range(3):
        flagged = every_threshold(p[0, :, label]) <= p[0, :, [label]].T
        values = (
            2 * (Y[:, [label]] * flagged).sum(axis=0) / (flagged.sum(axis=0) + Y[:, label].sum())
        )
        assert f1_score(Y[:, label], decided[:, label]) == pytest.approx(values.max())
        assert found.decisions[label] == choose(
            Policy.metric("f1"), Y[:, label], p[0, :, label], n_boot=0
        )


def test_micro_with_redraws_stays_near_the_exact_optimum():
    Y, p = sample(n=2000)
    exact = choose_labels(LabelPolicy.micro(), Y, p, n_boot=0)
    steady = choose_labels(LabelPolicy.micro(), Y, p, n_boot=50)
    values = [f1_score(Y, found.apply(p[0]), average="micro") for found in (exact, steady)]
    assert values[0] - 0.02 < values[1] <= values[0]
    # scores are true probabilities: each label should act from half the highest F1 on
    assert steady.thresholds == pytest.approx(values[0] / 2, abs=0.06)
    assert all(decision.threshold_low is not None for decision in steady.decisions)


def test_pooled_costs_and_accuracy_are_those_of_each_label():
    Y, p = sample()
    for policy in (Policy(cost_fn=5, cost_fp=1), Policy.metric("accuracy")):
        micro = choose_labels(LabelPolicy.micro(policy), Y, p, n_boot=0)
        macro = choose_labels(policy, Y, p, n_boot=0)
        assert (micro.thresholds == macro.thresholds).all()


def test_each_label_may_have_its_own_policy():
    Y, p = sample(n=1000)
    policies = {
        "a": Policy.min_recall(0.9),
        "b": Policy.capacity("5%"),
        "c": Policy(cost_fn="loss", cost_fp=1),
    }
    loss = np.random.default_rng(0).integers(1, 30, 1000).astype(float)
    found = choose_labels(policies, Y, p, labels=("a", "b", "c"), columns={"loss": loss}, n_boot=0)
    decided = found.apply(p[0], columns={"loss": loss})
    assert decided[Y[:, 0] == 1, 0].mean() >= 0.9
    assert 0.04 <= decided[:, 1].mean() <= 0.05
    alone = choose(policies["c"], Y[:, 2], p[0, :, 2], columns={"loss": loss}, n_boot=0)
    assert found.decisions[2] == alone
    assert found.columns == ("loss",)
    assert found.counts.tp.tolist() == [(Y[:, k] * decided[:, k]).sum() for k in range(3)]
    assert found.sentence().splitlines()[0].startswith("a: Act when p >= ")


def test_repeats_count_for_their_part_of_a_row():
    Y, p = sample(n_repeats=3)
    found = choose_labels(LabelPolicy.micro(), Y, p, n_boot=0)
    assert sum(map(sum, found.decisions[0].confusion)) == pytest.approx(300)
    decided = found.apply(p)
    assert decided.shape == p.shape
    tp, alerts = (Y * decided).sum() / 3, decided.sum() / 3
    counts = found.counts
    assert counts.tp.sum() == pytest.approx(tp)
    assert (counts.tp + counts.fp).sum() == pytest.approx(alerts)


def test_labels_with_few_rows_keep_a_neutral_threshold_and_are_listed():
    Y, p = sample(n_labels=5)
    Y[:, 0] = 0
    Y[:, 1] = 1
    Y[:, 2] = np.arange(300) < 4
    Y[:, 3] = np.arange(300) >= 2
    for policy in (None, LabelPolicy.micro()):
        found = choose_labels(policy, Y, p, labels=tuple("abcde"), n_boot=0)
        decided = found.apply(p[0])
        assert not decided[:, 0].any()
        assert decided[:, 1].all()
        assert found.thresholds[2:4].tolist() == [0.5, 0.5]
        assert found.notes[:4] == (
            "label a: no rows carry it: it is never decided",
            "label b: all rows carry it: it is always decided",
            "label c: 4 rows with it, fewer than 5: its threshold stays 0.5",
            "label d: 2 rows without it, fewer than 5: its threshold stays 0.5",
        )
        counts = found.counts
        assert counts.tp.tolist() == (Y * decided).sum(axis=0).tolist()
    paid = choose_labels(Policy(cost_fn=9, cost_fp=1), Y, p, n_boot=0)
    assert paid.thresholds[2] == pytest.approx(0.1)
    assert "stays 0.1, which its costs ask for" in paid.notes[2]
    strict = choose_labels(Policy.min_recall(1.0), Y, p, n_boot=0).decisions[2]
    assert strict.reached == (strict.confusion[1][0] == 0)


def test_labels_are_calibrated_each_by_itself():
    rng = np.random.default_rng(0)
    Y, p = sample(n=4000, n_labels=2)
    Y = np.column_stack([Y, rng.random(4000) < 0.0005])
    raw = np.dstack([p[..., 0] ** 2, np.sqrt(p[..., 1]), rng.random((1, 4000))])
    maps = calibrate_labels(Y, raw)
    for label in range(2):
        pairs = np.stack([1 - raw[0, :, label], raw[0, :, label]], axis=-1)
        assert maps[label].apply(pairs)[:, 1].mean() == pytest.approx(Y[:, label].mean(), rel=0.03)
    assert maps[2].kind == "platt"


def test_input_that_does_not_fit_is_refused():
    Y, p = sample(n=50)
    with pytest.raises(InvalidInput, match=r"Got \(50, 3\) and \(1, 50, 2\)"):
        choose_labels(None, Y, p[..., :2])
    with pytest.raises(InvalidInput, match=r"must name 3 labels. Got 2"):
        choose_labels(None, Y, p, labels=("a", "b"))
    policies = {"b": Policy(cost_fn="loss", cost_fp=1)}
    with pytest.raises(InvalidInput, match=r"label 'b': "):
        choose_labels(policies, Y, p, labels=("a", "b", "c"))
    found = choose_labels(None, Y, p, n_boot=0)
    with pytest.raises(InvalidInput, match="must have 3 columns"):
        found.apply(p[0, :, :2])


def test_scores_of_the_decision_are_its_counts():
    Y, p = sample(n=500)
    found = choose_labels(None, Y, p, n_boot=0)
    each = from_counts("f1", found.counts)
    assert each == pytest.approx(f1_score(Y, found.apply(p[0]), average=None))


def test_micro_f1_never_tells_of_the_costs_that_stand_for_it():
    Y, p = sample(n=200)
    Y[:, 2] = np.random.default_rng(1).random(200) < 0.03  # its scores are worth nothing
    for n_boot in (0, 20):
        found = choose_labels(LabelPolicy.micro("f1"), Y, p, n_boot=n_boot, labels=["a", "b", "c"])
        assert {decision.policy for decision in found.decisions} == {Policy.metric("f1")}
        told = found.sentence() + " ".join(found.notes)
        assert "cost" not in told
        assert found.decisions[2].threshold > 1.0
        want = "the highest F1 over the decisions of all labels together"
        assert found.notes == (f"label c: never decided: that serves {want}",)
