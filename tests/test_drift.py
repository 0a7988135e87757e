"""Drift: when a share or a ranking counts as moved, and when that matters."""

import math
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evenkeel.drift import _apart, _ranking, drift
from evenkeel.intervals import roc_auc_interval, wilson


def moved(k_then, n_then, k_now, n_now, *, sure=0.95):
    ends = np.array([wilson(k_now, n_now, confidence=sure)])
    then, now = np.array([k_then / n_then]), np.array([k_now / n_now])
    return bool(_apart(then, n_then, now, ends, sure)[0])


def test_newcombes_own_table():
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339; 9/10 - 3/10 is
    # 0.1705 to 0.8090; 6/7 - 2/7 is 0.0582 to 0.8062; 5/56 - 0/29 is -0.0381 to 0.1926
    for k_now, n_now, k_then, n_then, apart in (
        (56, 70, 48, 80, True), (9, 10, 3, 10, True), (6, 7, 2, 7, True), (5, 56, 0, 29, False),
    ):  # fmt: skip
        assert moved(k_then, n_then, k_now, n_now) is apart
        assert moved(k_now, n_now, k_then, n_then) is apart, "either way round"


@pytest.mark.parametrize(("n_then", "n_now"), [(400, 2000), (2000, 2000), (20_000, 500)])
def test_rows_of_the_same_kind_look_moved_once_in_twenty(n_then, n_now):
    rng = np.random.default_rng(0)
    then, now = rng.binomial(n_then, 0.1, 2000), rng.binomial(n_now, 0.1, 2000)
    alarms = np.mean([moved(a, n_then, b, n_now) for a, b in zip(then, now, strict=True)])
    assert 0.03 < alarms < 0.065


def test_a_share_that_was_given_is_exact():
    low, high = wilson(100, 1000)
    ends = np.array([(low, high)])
    for share, apart in ((low - 1e-6, True), (low + 1e-6, False), (high + 1e-6, True)):
        found = _apart(np.array([share]), math.inf, np.array([0.1]), ends, 0.95)
        assert bool(found[0]) is apart


def truth(n, share, *, decided_at, n_then, separation=2.0, seed=0, n_test=20_000):
    """Later rows of two classes beside a run whose untouched rows are told apart as well as can be."""
    rng = np.random.default_rng(seed)

    def scored(rows, prevalence, apart):
        y = (rng.random(rows) < prevalence).astype(np.int64)
        x = rng.normal(size=rows) + apart * y
        odds = prevalence / (1 - prevalence) * np.exp(apart * x - apart**2 / 2)
        p = odds / (1 + odds)
        return y, np.stack([1 - p, p], axis=1)

    y, proba = scored(n, share, separation)
    y_test, p_test = scored(n_test, decided_at, 2.0)
    positives = decided_at * n_then
    decision = SimpleNamespace(confusion=((n_then - positives, 0.0), (0.0, positives)))
    tested = pl.DataFrame({"target": y_test, "probability": p_test[:, 1]})
    ends = roc_auc_interval(y_test, p_test)
    run = SimpleNamespace(facts={"test": {"roc_auc": np.mean(ends)}}, tested=tested, folder="run")
    return SimpleNamespace(
        y=y, proba=proba, proba_run=proba, classes=(0, 1), source="later.csv", run=run,
        file=SimpleNamespace(decision=decision, adjustment=None),
    )  # fmt: skip


def auc(found):
    hit = found.proba[found.y == 1, 1]
    other = np.sort(found.proba[found.y == 0, 1])
    return float(np.searchsorted(other, hit).mean() / other.size)


@pytest.mark.parametrize(
    ("share", "todo"),
    [(0.1, "nothing"), (0.107, "nothing"), (0.093, "nothing"), (0.125, "recalibrate")],
)
def test_among_many_rows_a_small_move_is_no_chance_and_does_not_matter(share, todo):
    found = truth(300_000, share, decided_at=0.1, n_then=300_000)
    told = drift(found, auc(found))
    assert told["todo"] == todo
    assert told["classes"][0]["left"] is (share != 0.1)
    assert told["classes"][0]["matters"] is (todo == "recalibrate")
    if share in {0.107, 0.093}:
        assert "moved beyond chance, but by less than a tenth" in told["why"]


def test_the_rarer_class_is_the_one_that_counts():
    # 95 % to 96.2 % is one part in a hundred; 5 % to 3.8 % is a quarter
    found = truth(200_000, 0.962, decided_at=0.95, n_then=200_000)
    assert drift(found, auc(found))["todo"] == "recalibrate"


@pytest.mark.parametrize(
    ("n", "separation", "fell"),
    [(400_000, 1.98, False), (400_000, 1.5, True), (100, 1.7, False), (2000, 1.0, True)],
)
def test_a_ranking_fell_where_chance_and_size_say_so(n, separation, fell):
    found = truth(n, 0.1, decided_at=0.1, n_then=10_000, separation=separation, seed=1)
    told = _ranking(found, found.run.facts["test"]["roc_auc"], auc(found))
    assert told["roc_auc_fell"] is fell
    assert told["roc_auc_now_low"] < told["roc_auc_now"] < told["roc_auc_now_high"]
    assert told["roc_auc_then_low"] < told["roc_auc_then"] < told["roc_auc_then_high"]


def test_two_areas_of_the_same_model_look_apart_once_in_forty_at_most():
    # one side of a two-sided 95 %: of 120 draws 3 are expected, 8 are beyond three deviations
    fell = 0
    for seed in range(120):
        found = truth(300, 0.2, decided_at=0.1, n_then=1000, seed=seed, n_test=1000)
        value = np.mean(roc_auc_interval(found.run.tested["target"].to_numpy(), np.stack(
            [1 - found.run.tested["probability"], found.run.tested["probability"]], axis=1)))  # fmt: skip
        fell += _ranking(found, float(value), auc(found))["roc_auc_fell"]
    assert fell <= 8
