import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit

from evenkeel import bootstrap
from evenkeel.bootstrap import average_precision_replicates, macro_replicates, row_draws
from evenkeel.confusion import confusion_table, from_confusion
from evenkeel.errors import InvalidInput
from evenkeel.intervals import (
    average_precision_interval,
    decision_interval,
    mean_interval,
    percentiles,
    roc_auc_interval,
    wilson,
)
from evenkeel.ranking import average_precision, roc_auc


def binormal(n_positives, n, seed=0, gain=2.0):
    rng = np.random.default_rng(seed)
    y = np.zeros(n, dtype=int)
    y[:n_positives] = 1
    shared = rng.normal(size=n)
    one = 0.8 * shared + 0.6 * rng.normal(size=n) + gain * y
    other = 0.8 * shared + 0.6 * rng.normal(size=n) + (gain - 0.4) * y
    return y, one, other


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(k, n, confidence):
    k = min(k, n)
    want = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert wilson(k, n, confidence=confidence) == pytest.approx((want.low, want.high), abs=1e-12)


def test_wilson_at_the_edges():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    with pytest.raises(InvalidInput, match="Got 11 of 10"):
        wilson(11, 10)
    with pytest.raises(InvalidInput, match="confidence of an interval"):
        wilson(1, 10, confidence=1.0)


def test_few_positives_get_boyds_logit_interval():
    y, p, _ = binormal(20, 2000)
    value = average_precision(y, p)
    logit, half = np.log(value / (1 - value)), 1.959964 / np.sqrt(20 * value * (1 - value))
    want = [1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1)]
    assert average_precision_interval(y, p) == pytest.approx(want, abs=1e-6)


def test_perfect_scores_of_few_positives_still_have_a_width():
    low, high = average_precision_interval([0] * 20 + [1] * 5, np.arange(25) / 25)
    assert 0.0 < low < 0.9
    assert high <= 1.0


def slow_replicate(y, p, copies):
    return average_precision(np.repeat(y, copies), np.repeat(p, copies))


def test_replicates_are_the_average_precision_of_the_drawn_rows():
    y, p, _ = binormal(12, 90)
    p = np.round(p, 1)
    found = average_precision_replicates(y, p, n_boot=40, seed=3)
    drawn = list(row_draws([12, 78], 40, seed=3, streams=[1, 0]))
    copies = np.concatenate([np.concatenate(part, axis=1) for part in drawn])
    assert (copies[:, :12].sum(axis=1) == 12).all()
    assert (copies[:, 12:].sum(axis=1) == 78).all()
    assert found == pytest.approx([slow_replicate(y, p, row) for row in copies])


def test_many_rows_are_drawn_by_copies_with_mean_and_variance_one():
    y, p, _ = binormal(5000, 12_000)
    found = average_precision_replicates(y, p, n_boot=6, seed=1)
    [drawn] = row_draws([5000, 7000], 6, seed=1, streams=[1, 0])
    copies = np.concatenate(drawn, axis=1)
    assert copies.mean() == pytest.approx(1.0, abs=0.02)
    assert copies.astype(float).var() == pytest.approx(1.0, abs=0.03)
    assert found == pytest.approx([slow_replicate(y, p, row) for row in copies])
    weights = np.frombuffer(bootstrap._COPIES, dtype=np.uint8).astype(float)
    assert (weights.mean(), weights.var(), len(weights)) == (1.0, 1.0, 256)


def test_chunks_do_not_change_the_pairing(monkeypatch):
    y, p, other = binormal(30, 3000)
    whole = average_precision_replicates(y, p, n_boot=20)
    monkeypatch.setattr(bootstrap, "_CHUNK", 3000 * 7)
    parts = average_precision_replicates(y, p, n_boot=20)
    assert parts == pytest.approx(whole)
    assert not np.allclose(parts, average_precision_replicates(y, other, n_boot=20))


def test_repeats_are_averaged_with_the_row_as_the_unit():
    y, p, other = binormal(60, 1500)
    both = average_precision_replicates(y, np.stack([p, other]), n_boot=30)
    each = [average_precision_replicates(y, score, n_boot=30) for score in (p, other)]
    assert both == pytest.approx(np.mean(each, axis=0))
    assert average_precision_interval(y, np.stack([p, p])) == average_precision_interval(y, p)


def test_the_difference_of_equal_scores_is_nothing():
    y, p, other = binormal(60, 1500)
    assert average_precision_interval(y, p, other=3 * p + 1) == (0.0, 0.0)
    low, high = average_precision_interval(y, p, other=other)
    back = average_precision_interval(y, other, other=p)
    assert (-high, -low) == pytest.approx(back)
    assert low < average_precision(y, p) - average_precision(y, other) < high


def test_macro_replicates_average_the_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200)
    proba = rng.random((200, 3))
    each = [
        average_precision_replicates(y, proba[:, code], positive=code, n_boot=15)
        for code in range(3)
    ]
    assert macro_replicates(y, proba, n_boot=15) == pytest.approx(np.mean(each, axis=0))


def test_a_missing_class_gives_nan():
    assert np.isnan(average_precision_interval([0, 0, 0], [0.1, 0.2, 0.3])).all()
    assert np.isnan(average_precision_replicates([1, 1], [0.1, 0.2], n_boot=3)).all()
    assert np.isnan(roc_auc_interval([0, 0], [[0.9, 0.1], [0.8, 0.2]])).all()


def test_a_pair_of_230_000_rows_takes_well_under_its_limit():
    y, p, other = binormal(2000, 230_000)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        average_precision_interval(y, p, other=other, n_boot=200)
        times.append(time.perf_counter() - start)
    assert min(times) < 2.0  # 0.4 s alone on two cores; the rest is for busy machines


@pytest.mark.parametrize("n_positives", [10, 20, 50])
def test_average_precision_intervals_cover(n_positives):
    # Truth from a large draw of the same binormal problem at 1 % prevalence.
    truth = 0.269
    trials = 150
    hits = 0
    for seed in range(trials):
        y, p, _ = binormal(n_positives, 100 * n_positives, seed=seed)
        low, high = average_precision_interval(y, p, n_boot=200)
        hits += low <= truth <= high
    # 0.95 nominal; at 150 trials a true 0.95 gives at least 0.90 in 99.5 % of suites
    assert hits / trials >= 0.90


def test_decision_interval_equals_a_bootstrap_of_rows():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.2).astype(int)
    labels = np.where(rng.random(300) < 0.8, y, 1 - y)
    other = np.where(rng.random(300) < 0.7, y, 1 - y)
    slow = []
    for _ in range(3000):
        rows = rng.integers(0, 300, 300)
        one, two = (
            float(from_confusion("f1", confusion_table(y[rows], decided[rows])))
            for decided in (labels, other)
        )
        slow.append(one - two)
    found = decision_interval("f1", y, labels, other=other, n_boot=3000)
    assert found == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.02)


def test_decision_interval_of_repeats_draws_rows_once():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 200)
    labels = np.stack([np.where(rng.random(200) < 0.7, y, rng.integers(0, 3, 200))] * 4)
    alone = decision_interval("balanced-accuracy", y, labels[0], n_classes=3)
    assert decision_interval("balanced-accuracy", y, labels, n_classes=3) == pytest.approx(
        alone, abs=0.01
    )
    assert decision_interval("mcc", y, labels, other=labels, n_classes=3) == (0.0, 0.0)


@pytest.mark.parametrize(("metric", "truth"), [("recall", 0.12), ("balanced-accuracy", 0.06)])
@pytest.mark.parametrize("n_positives", [10, 20])
def test_paired_decisions_of_few_positives_cover(metric, truth, n_positives):
    # Of the positives one rule finds 0.9, the other 0.78, mostly the same ones.
    trials, hits, rng = 300, 0, np.random.default_rng(0)
    y = np.repeat([1, 0], [n_positives, 200])
    for seed in range(trials):
        luck = rng.random(y.size)
        flags = np.where(y == 1, luck < 0.9, luck < 0.1).astype(int)
        rivals = np.where(y == 1, luck < 0.78, rng.random(y.size) < 0.1).astype(int)
        low, high = decision_interval(metric, y, flags, other=rivals, n_boot=400, seed=seed)
        hits += low <= truth <= high
    # a true 0.95 gives at least 0.91 in 99.8 % of suites
    assert hits / trials >= 0.91


def test_a_perfect_recall_of_few_rows_leaves_doubt():
    low, high = decision_interval("recall", [1] * 10 + [0] * 50, [1] * 10 + [0] * 50)
    assert 0.6 < low < 0.95
    assert high == 1.0
    missed = decision_interval("recall", [0] * 50, [0] * 50)
    assert np.isnan(missed).all()


@pytest.mark.parametrize("distinct", [3, 20_000])
def test_mean_interval_has_the_width_of_the_central_limit(distinct):
    rng = np.random.default_rng(0)
    values = rng.integers(0, distinct, 20_000) / distinct
    low, high = mean_interval(values, n_boot=2000)
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=half / 5)


def test_mean_interval_of_a_difference_is_paired():
    values = np.random.default_rng(0).random(500)
    assert mean_interval(values, other=values + 1.0) == pytest.approx((-1.0, -1.0))
    assert mean_interval(np.stack([values, -values]))[1] == pytest.approx(0.0)


def test_mean_interval_widens_where_few_rows_carry_the_mean():
    values = np.repeat([0.0, 1.0], [990, 10])
    draws = np.random.default_rng(0).binomial(1000, 0.01, 400_000) / 1000
    t = stats.t.ppf(0.975, 9) * np.sqrt(10 / 9)
    want = np.quantile(draws, [stats.norm.cdf(-t), stats.norm.cdf(t)])
    assert mean_interval(values, n_boot=20_000) == pytest.approx(want, abs=0.0011)
    assert mean_interval(values + 5.0, other=values) == (5.0, 5.0)


def test_paired_costs_that_all_point_one_way_leave_some_doubt():
    """Three of ten positives are caught by the one and missed by the other, never the other way round."""
    miss = np.repeat([0.0, 50.0], [997, 3])
    low, high = mean_interval(miss, other=np.zeros(1000))
    plain = mean_interval(miss)
    assert low <= plain[0]
    assert high - low > 1.1 * (plain[1] - plain[0])
    many = np.repeat([0.0, 50.0, -50.0], [9000, 600, 400])
    low, high = mean_interval(many, other=np.zeros(10_000), n_boot=4000)
    assert high - low == pytest.approx(2 * 1.96 * many.std() / 100, rel=0.05), "lost in many rows"


def delong_covariance(y, scores):
    """DeLong's own form, by loops over pairs."""
    positives, negatives = np.flatnonzero(y == 1), np.flatnonzero(y == 0)

    def psi(score):
        a, b = score[positives][:, None], score[negatives][None]
        return (a > b) + 0.5 * (a == b)

    parts = [psi(score) for score in scores]
    ten = np.cov([part.mean(axis=1) for part in parts])
    one = np.cov([part.mean(axis=0) for part in parts])
    return ten / positives.size + one / negatives.size


@pytest.mark.parametrize(("m", "n"), [(10, 990), (25, 200), (90, 10)])
def test_roc_auc_interval_is_newcombes_method_5(m, n):
    """Each end is z of Hanley and McNeil's standard errors at that end away, with N for m - 1, n - 1."""
    y, p, _ = binormal(m, m + n, gain=1.0)
    area = roc_auc(y, p)
    for end in roc_auc_interval(y, np.stack([-p, p], axis=1)):
        first, second = end / (2 - end), 2 * end**2 / (1 + end)
        middle = (m + n) / 2 - 1
        variance = end * (1 - end) + middle * (first - end**2) + middle * (second - end**2)
        assert abs(area - end) == pytest.approx(1.959964 * np.sqrt(variance / (m * n)), rel=1e-5)


def test_a_perfect_area_still_has_an_interval():
    y = np.repeat([0, 1], [90, 10])
    p = np.stack([1.0 - y, y], axis=1)
    low, high = roc_auc_interval(y, p)
    assert 0.7 < low < 0.99
    assert high == 1.0
    low, high = roc_auc_interval(1 - y, p)
    assert low == 0.0
    assert 0.01 < high < 0.3


def test_roc_auc_difference_is_delongs():
    y, p, other = binormal(25, 200)
    p, other = np.round(p, 1), np.round(other, 1)
    stack = [np.stack([-score, score], axis=1) for score in (p, other)]
    covariance = delong_covariance(y, [p, other])
    sure = stats.t.ppf(0.975, 24)  # 25 positives
    low, high = roc_auc_interval(y, stack[0], other=stack[1])
    spread = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert (high + low) / 2 == pytest.approx(roc_auc(y, p) - roc_auc(y, other))
    assert (high - low) / 2 == pytest.approx(sure * np.sqrt(spread), rel=1e-6)


def test_roc_auc_interval_of_several_classes_and_repeats():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 150)
    proba = rng.random((2, 150, 3))
    low, high = logit(roc_auc_interval(y, proba))
    each = [roc_auc(y == code, repeat[:, code]) for repeat in proba for code in range(3)]
    assert (low + high) / 2 == pytest.approx(logit(np.mean(each)))


@pytest.mark.parametrize("n", [10, 25, 100])
def test_percentiles_widen_by_students_t(n):
    replicates = np.random.default_rng(0).normal(size=200_000)
    t = stats.t.ppf(0.975, n - 1) * np.sqrt(n / (n - 1))
    assert percentiles(replicates, n=n) == pytest.approx((-t, t), abs=0.05)
    assert percentiles(replicates) == pytest.approx((-1.96, 1.96), abs=0.02)
    assert np.isnan(percentiles([np.nan])).all()


@pytest.mark.parametrize("n_positives", [2, 5, 49, 60])
def test_an_interval_holds_its_own_point_even_where_the_ranking_is_perfect(n_positives):
    y = np.repeat([0, 1], [60, n_positives])
    for p, value in ((y * 1.0, 1.0), (1.0 - y, average_precision(y == 1, 1.0 - y))):
        low, high = average_precision_interval(y, p)
        assert 0 <= low <= value <= high <= 1
