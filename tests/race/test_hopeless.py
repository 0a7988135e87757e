"""Dropping remedies: the bound against resampling by hand, and how often a good one is dropped."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from evenkeel.race import Course, Outcome, Trial
from evenkeel.race.hopeless import Lead, lead
from evenkeel.split import make_folds


def course(y, n_folds=2):
    return Course(np.zeros((len(y), 1)), y, int(y.max()) + 1, make_folds(y, n_folds=n_folds, n_repeats=1), {}, {})  # fmt: skip


def outcomes(of, remedy, score, folds):
    """What a remedy gave that scores the rows so, two classes."""
    p = 1 / (1 + np.exp(-score))
    proba = np.column_stack([1 - p, p])
    return [
        Outcome(Trial(remedy, "m", 0, fold), proba[of.folds.rows(0, fold)[1]]) for fold in folds
    ]


def scored(rng, y, skill):
    return rng.normal(size=y.size) + skill * y


@pytest.mark.parametrize("objective", ["average-precision", "roc-auc", "cost"])
def test_difference_and_error_are_those_of_resampled_rows(objective):
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [500, 120])
    at, base, mine = course(y), scored(rng, y, 1.5), scored(rng, y, 0.8)
    found = lead(
        at, outcomes(at, "a", mine, [0, 1]), outcomes(at, "none", base, [0, 1]), objective=objective
    )
    metric = roc_auc_score if objective == "roc-auc" else average_precision_score
    assert found.metric == ("roc-auc" if objective == "roc-auc" else "average-precision")
    differences, spreads, bases = [], [], []
    for fold in range(2):
        rows = at.folds.rows(0, fold)[1]
        t, p, q = y[rows], mine[rows], base[rows]
        differences.append(metric(t, p) - metric(t, q))
        bases.append(metric(t, q))
        drawn = []
        for _ in range(150):
            i = np.concatenate([rng.choice(np.flatnonzero(t == k), (t == k).sum()) for k in (0, 1)])
            drawn.append(metric(t[i], p[i]) - metric(t[i], q[i]))
        spreads.append(np.std(drawn))
    assert found.difference == pytest.approx(np.mean(differences))
    assert found.baseline == pytest.approx(np.mean(bases))
    assert found.error == pytest.approx(np.hypot(*spreads) / 2, rel=0.2)
    assert (found.folds, found.positives) == (2, 120)


def test_a_remedy_as_good_as_the_baseline_is_all_but_never_dropped_and_noise_soon():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [950, 50])
    at, dropped, noise = course(y, 5), 0, 0
    for _ in range(300):
        base = outcomes(at, "none", scored(rng, y, 2.0), [0])
        for skill in (2.0, 0.0):
            found = lead(at, outcomes(at, "a", scored(rng, y, skill), [0]), base,
                         objective="average-precision")  # fmt: skip
            dropped += found.hopeless and skill > 0
            noise += found.hopeless and skill == 0
    assert dropped <= 6, "10 rare rows, another model each time: at most 2 of 100"
    assert noise >= 150


def test_identical_scores_are_level_and_few_positives_drop_nothing():
    y = np.repeat([0, 1], [90, 9])
    rng = np.random.default_rng(1)
    at, good = course(y, 3), scored(rng, y, 9.0)
    base = outcomes(at, "none", good, [0, 1, 2])
    level = lead(at, base, base, objective="average-precision")
    assert (level.difference, level.error, level.chance) == (0.0, 0.0, 0.5)
    assert not level.hopeless
    worst = lead(at, outcomes(at, "a", -good, [0, 1, 2]), base, objective="average-precision")
    assert worst.positives == 9
    assert worst.difference < -0.5
    assert not worst.hopeless


def test_several_classes_are_compared_by_macro_average_precision():
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], [300, 60, 40])
    at = course(y)
    proba = rng.dirichlet(np.ones(3), y.size)
    sharp = 0.5 * proba + 0.5 * np.eye(3)[y]
    rows = at.folds.rows(0, 0)[1]
    trial = Trial("a", "m", 0, 0)
    found = lead(at, [Outcome(trial, proba[rows])], [Outcome(trial, sharp[rows])], objective="f1")
    by_hand = np.mean(
        [average_precision_score(y[rows] == k, proba[rows, k])
         - average_precision_score(y[rows] == k, sharp[rows, k]) for k in range(3)]
    )  # fmt: skip
    assert found.difference == pytest.approx(by_hand)
    assert found.hopeless


def test_the_margin_counts_not_only_the_sign():
    clear = Lead("average-precision", -0.012, 0.001, 0.4, 3, 500)
    assert clear.bound < 0
    assert not clear.hopeless, "3 % of the baseline's figure: nothing to speak of"
    assert Lead("average-precision", -0.03, 0.001, 0.4, 3, 500).hopeless


def test_nothing_to_compare_is_none():
    y = np.repeat([0, 1], [90, 9])
    assert lead(course(y), [], [], objective="average-precision") is None


def test_a_remedy_whose_ranking_is_bad_at_the_top_alone_may_still_win_on_cost():
    """Misses that cost a hundred alarms put the threshold far down, where this one is the better."""
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [4000, 200])
    at = course(y)
    good = rng.normal(size=y.size) + 2.0 * y
    # the first 400 negatives above all, all positives but none of the other negatives behind them
    deep = np.where(y == 1, 1.0, -1.0) + 0.1 * rng.normal(size=y.size)
    deep[:400] = 2.0
    base, bad_top = outcomes(at, "none", good, [0, 1]), outcomes(at, "a", deep, [0, 1])
    ranked = lead(at, bad_top, base, objective="average-precision")
    by_cost = lead(at, bad_top, base, objective="cost")
    assert ranked.hopeless
    assert (by_cost.difference, by_cost.error) == (ranked.difference, ranked.error)
    assert not by_cost.hopeless

    def least_cost(score):
        order = np.argsort(-score)
        misses = y.sum() - np.append(0, np.cumsum(y[order]))
        return (100 * misses + np.append(0, np.cumsum(1 - y[order]))).min()

    assert least_cost(deep) < least_cost(good), "and it does"
    noise = outcomes(at, "b", rng.normal(size=y.size), [0, 1])
    assert lead(at, noise, base, objective="cost").hopeless
