import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from evenkeel.decide import Policy, threshold_curve
from evenkeel.decide.guarantee import Guarantee, guaranteed, lower_bound, tail
from evenkeel.errors import InvalidInput

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({row[0] for row in rows}) == 2)


def binormal(n, prevalence, gain, rng):
    y = (rng.random(n) < prevalence).astype(int)
    return y, rng.normal(size=n) + gain * y


def promise(y, score, floor_of, floor, confidence=0.95):
    curve = threshold_curve(y, norm.cdf(score))
    return curve, guaranteed(curve, floor_of=floor_of, floor=floor, confidence=confidence)


@given(st.integers(0, 400), st.integers(1, 400), st.floats(0.01, 0.99))
def test_p_values_are_binomial_tails(hits, rows, rate):
    hits = min(hits, rows)
    assert float(tail(hits, rows, rate)) == pytest.approx(
        binom.sf(hits - 1, rows, rate), rel=1e-9, abs=1e-300
    )


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([0.001, 0.05, 0.3]))
def test_the_bound_is_where_the_test_turns(hits, rows, level):
    hits = min(hits, rows)
    bound = lower_bound(hits, rows, level=level)
    if hits == 0:
        assert bound == 0.0
    else:
        assert float(tail(hits, rows, bound)) == pytest.approx(level, rel=1e-6)


def slow_recall(curve, floor, level):
    """From the lowest threshold up until one test fails; then the best precision."""
    positives, kept = int(curve.tp[-1]), []
    for at in range(curve.tp.size - 1, -1, -1):
        if binom.sf(curve.tp[at] - 1, positives, floor) > level:
            break
        kept.append(at)
    return max(kept, key=lambda at: (curve.precision[at], at), default=None)


@given(ROWS, st.sampled_from([0.05, 0.3, 0.5, 0.9]), st.sampled_from([0.6, 0.9, 0.95]))
@settings(deadline=None)
def test_recall_equals_a_loop_over_thresholds(rows, floor, confidence):
    y, p = (np.array(column) for column in zip(*rows, strict=True))
    curve = threshold_curve(y, p)
    found = guaranteed(curve, floor_of="recall", floor=floor, confidence=confidence)
    want = slow_recall(curve, floor, 1 - confidence)
    assert found.point == want
    if want is not None:
        assert (found.hits, found.rows) == (curve.tp[want], curve.tp[-1])
        assert found.bound >= floor * (1 - 1e-9)


def slow_precision(y, score, floor, level):
    """The fallback procedure in its own words: levels wait at starts and are handed downwards."""
    order = np.argsort(-score, kind="stable")
    n, ranked = len(y), score[order]
    fewest = math.ceil(math.log(level) / math.log(floor))
    low = min(2 * fewest, n)
    steps = math.ceil(math.log(n / low) / math.log(1.03))
    numbers = sorted({round(low * (n / low) ** (i / max(steps, 1))) for i in range(steps + 1)})
    starts = set()
    start = low
    while start <= n * (1 + 1e-12):
        starts.add(next(i for i, m in enumerate(numbers) if m >= start * (1 - 1e-12)))
        start *= 3
    purse, best = 0.0, None
    for i, number in enumerate(numbers):
        purse += level / len(starts) if i in starts else 0.0
        block = number
        while 0 < block < n and ranked[block - 1] == ranked[block]:
            block -= 1
        hits = int(y[order[:block]].sum())
        if binom.sf(hits - 1, block, floor) <= purse and block:
            best = (hits, block) if best is None or hits > best[0] else best
        else:
            purse = 0.0
    return best


@pytest.mark.parametrize("seed", range(12))
def test_precision_equals_a_loop_over_numbers_of_alerts(seed):
    rng = np.random.default_rng(seed)
    y, score = binormal(900, 0.2, 2.0, rng)
    if seed % 2:
        score = np.round(score, 1)
    for floor in (0.3, 0.6, 0.8):
        _, found = promise(y, score, "precision", floor)
        want = slow_precision(y, score, floor, 0.05)
        assert (None if found.point is None else (found.hits, found.rows)) == want


@pytest.mark.parametrize(
    ("n", "prevalence", "gain", "floor"),
    [
        (300, 0.1, 2.5, 0.5),
        (2000, 0.1, 2.5, 0.8),
        (2000, 0.01, 3.0, 0.5),
        (2000, 0.3, 0.0, 0.3001),  # no threshold keeps it, and each only just fails
    ],
)
def test_promised_precision_is_broken_no_more_often_than_stated(n, prevalence, gain, floor):
    rng, trials, broken = np.random.default_rng(0), 400, 0
    for _ in range(trials):
        y, score = binormal(n, prevalence, gain, rng)
        curve, found = promise(y, score, "precision", floor)
        if found.point is not None:
            cut = norm.ppf(float(curve.thresholds_at(found.point)))
            caught, alarms = norm.sf(cut - gain), norm.sf(cut)
            broken += prevalence * caught < floor * (
                prevalence * caught + (1 - prevalence) * alarms
            )
    assert broken <= binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize(("n", "prevalence"), [(300, 0.1), (2000, 0.1), (4000, 0.01)])
def test_promised_recall_is_broken_no_more_often_than_stated(n, prevalence):
    rng, trials, broken = np.random.default_rng(0), 400, 0
    for _ in range(trials):
        y, score = binormal(n, prevalence, 2.5, rng)
        curve, found = promise(y, score, "recall", 0.85)
        if found.point is not None:
            broken += norm.sf(norm.ppf(float(curve.thresholds_at(found.point))) - 2.5) < 0.85
    assert broken <= binom.ppf(0.999, trials, 0.05)


@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.6, 0.9]))
@settings(deadline=None, max_examples=30)
def test_only_the_order_of_scores_counts(seed, floor):
    # Starts placed by probabilities that were calibrated on these labels would know the answers.
    y, score = binormal(600, 0.15, 2.0, np.random.default_rng(seed))
    for floor_of in ("precision", "recall"):
        found = [
            promise(y, f(score), floor_of, floor)[1] for f in (np.asarray, lambda x: x / 3 - 1)
        ]
        assert found[0] == found[1]


def test_more_rows_promise_more_recall():
    rng, found = np.random.default_rng(0), []
    for n in (1000, 10_000, 100_000):
        y, score = binormal(n, 0.1, 2.5, rng)
        curve, one = promise(y, score, "precision", 0.8)
        found.append(curve.recall[one.point])
    assert found == sorted(found)
    # what the population gives at a precision of 0.8 is 0.65
    assert 0.6 < found[-1] < 0.66


@pytest.mark.parametrize(("floor", "needed"), [(0.99, 299), (0.9, 29), (0.95, 59)])
def test_what_a_recall_needs_is_the_rule_of_three(floor, needed):
    for positives, kept in ((needed - 1, False), (needed, True)):
        y = np.repeat([0, 1], [500, positives])
        _, found = promise(y, np.arange(y.size) / y.size, "recall", floor)
        assert (found.point is not None) == kept
        assert found.needed == (None if kept else needed)
        assert ("cannot be guaranteed" in found.sentence()) != kept


def test_what_a_precision_needs_would_do():
    y = np.array([1, 1, 1, 1, 0] * 4 + [0] * 1000)
    score = -np.arange(y.size) / y.size
    _, found = promise(y, score, "precision", 0.7)
    assert found.point is None
    assert "cannot be guaranteed at 95 %: the nearest point has" in found.sentence()
    assert f"about {found.needed:,} alerts" in found.sentence()
    rate = found.hits / found.rows
    again = 4 * found.needed
    assert binom.sf(rate * again - 1, again, 0.7) < 0.05


def test_a_precision_that_no_threshold_has_needs_no_number():
    y = np.array([0, 1] * 200)
    _, found = promise(y, -np.arange(400) / 400, "precision", 0.9)
    assert (found.point, found.needed) == (None, None)
    assert found.sentence().endswith("no number of alerts at that rate would do")


def test_a_rate_of_one_is_never_promised():
    y = np.repeat([0, 1], [50, 5000])
    for floor_of in ("precision", "recall"):
        _, found = promise(y, np.arange(y.size) / y.size, floor_of, 1.0)
        assert (found.point, found.needed) == (None, None)
        assert "no number" in found.sentence()


def test_few_rows_are_told_so():
    _, found = promise([0, 1], np.array([0.0, 1.0]), "precision", 0.8)
    assert found.point is None
    assert 0.0 <= found.bound < 0.8


def test_sentences():
    kept = Guarantee(3, "recall", 0.9, 0.95, 0.90499, 980, 1000)
    assert kept.sentence() == (
        "a recall of at least 0.9 holds with 95 % confidence for rows scored as these were "
        "(lower bound 0.9, 980/1,000)"
    )
    exact = Guarantee(3, "precision", 0.855, 0.9, 0.857, 93, 100)
    assert "lower bound 0.855" in exact.sentence()  # never below what it promises


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"floor_of": "f1"}, "floor_of of guaranteed must be one of 'precision', 'recall'"),
        ({"floor": 0.0}, "recall of guaranteed must be a number above 0 and at most 1. Got 0.0"),
        ({"confidence": 1.0}, "confidence of guaranteed must be a number above 0 and below 1"),
    ],
)
def test_bad_input_is_refused(asked, said):
    curve = threshold_curve([0, 1], [0.1, 0.9])
    with pytest.raises(InvalidInput, match=said):
        guaranteed(curve, **({"floor_of": "recall", "floor": 0.5, "confidence": 0.9} | asked))


def test_weighted_rows_are_refused():
    curve = threshold_curve([0, 1, 1], [0.1, 0.9, 0.8], weight=[1.0, 0.5, 1.0])
    with pytest.raises(InvalidInput, match=r"Got 1\.5 positives\. Leave weight out"):
        guaranteed(curve, floor_of="recall", floor=0.5, confidence=0.9)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_mapie_can_promise_of_recall_is_promised_here(seed):
    """Its tests bound the binomial tail (Hoeffding, Bentkus); the exact tail promises no less."""
    from mapie.risk_control import BinaryClassificationController, recall

    rng = np.random.default_rng(seed)
    y, score = binormal(1500, 0.2, 1.5, rng)
    p = norm.cdf(score)
    grid = np.linspace(0.0, 1.0, 41)
    peer = BinaryClassificationController(
        lambda given: np.stack([1.0 - given, given], axis=1),
        recall,
        target_level=0.8,
        confidence_level=0.95,
        list_predict_params=grid,
        fwer_method="fixed_sequence",
    ).calibrate(p, y)
    curve, found = promise(y, score, "recall", 0.8)
    ours = float(curve.thresholds_at(found.point))
    theirs = np.asarray(peer.valid_predict_params, dtype=float)
    assert theirs.size
    assert theirs.max() <= ours + np.diff(grid)[0]
    at = p >= theirs.max()
    assert tail(int((at & (y == 1)).sum()), int(y.sum()), 0.8) <= 0.05


@given(st.integers(0, 10**6), st.sampled_from([0.2, 0.3, 0.6, 0.9]), st.sampled_from([0.6, 0.9]))
@settings(deadline=None, max_examples=60)
def test_what_a_precision_needs_is_more_than_it_has(seed, floor, confidence):
    rng = np.random.default_rng(seed)
    y, score = binormal(int(rng.integers(20, 300)), 0.25, rng.uniform(0.0, 2.0), rng)
    if 0 < y.sum() < y.size:
        _, found = promise(y, np.round(score, 1), "precision", floor, confidence)
        assert found.needed is None or (found.point is None and found.needed > found.rows)


def test_the_nearest_point_is_one_that_fails_at_the_level_of_a_start():
    # 7 of the first 9 would pass at any level here, but only 4, 12, 36 and 108 alerts have one.
    y = np.array([1, 1, 0, 0, 1, 1, 1, 1, 1] + [0] * 291)
    _, found = promise(y, -np.arange(300) / 300, "precision", 0.3, 0.9)
    level = 0.1 / 4
    assert tail(7, 9, 0.3) < level
    assert level < tail(5, 7, 0.3)
    assert (found.point, found.hits, found.rows) == (None, 5, 7)
    assert tail(5 / 7 * found.needed, found.needed, 0.3) <= level
    assert found.sentence().endswith(
        f"has 5/7; about {found.needed} alerts at that rate are needed"
    )


@pytest.mark.parametrize(
    "policy", [Policy.min_recall(0.6, confidence=0.9), Policy.min_precision(0.3, confidence=0.9)]
)
def test_a_promise_rests_on_one_score_a_row_that_a_model_gave(policy):
    rng = np.random.default_rng(5)
    y = (rng.random(600) < 0.2).astype(np.int64)
    p = 1.0 / (1.0 + np.exp(-(rng.normal(size=(4, 600)) + 2.0 * y - 1.5)))
    repeats = np.stack([1.0 - p, p], axis=-1)
    promised = policy.choose(y, repeats, n_boot=0)
    assert promised == policy.choose(y, repeats[0], n_boot=0)
    assert promised != policy.choose(y, repeats.mean(axis=0), n_boot=0)


@pytest.mark.parametrize("floor_of", ["precision", "recall"])
@pytest.mark.parametrize("confidence", [1e-17, 1e-300, 1.0 - 2.0**-53])
def test_a_confidence_at_either_end_is_a_confidence(floor_of, confidence):
    curve = threshold_curve([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5])
    found = guaranteed(curve, floor_of=floor_of, floor=0.8, confidence=confidence)
    assert (found.point is not None) == (confidence < 0.5)
    assert found.sentence()
