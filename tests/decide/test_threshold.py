import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from evenkeel.decide import threshold_curve
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE, midway, optimum
from evenkeel.errors import InvalidInput

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])),
    min_size=2,
    max_size=40,
).filter(lambda rows: len({row[0] for row in rows}) == 2)


@given(ROWS)
@settings(deadline=None)
def test_every_point_counts_what_its_threshold_flags(rows):
    y, p = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    curve = threshold_curve(y, p)
    assert len(curve.threshold) == len(set(p.tolist())) + 1
    assert curve.threshold[0] == FLAGS_NONE
    assert curve.threshold[-1] == FLAGS_ALL
    assert (np.diff(curve.threshold) < 0).all()
    for at, threshold in enumerate(curve.threshold):
        tn, fp, fn, tp = confusion_matrix(y, p >= threshold, labels=[0, 1]).ravel()
        assert [count[at] for count in curve.counts] == [tp, fp, fn, tn]
        assert curve.f1[at] == pytest.approx(f1_score(y, p >= threshold, zero_division=0))
        assert curve.alert_rate[at] == pytest.approx((p >= threshold).mean())


@given(ROWS, st.integers(0, 10**6))
def test_costs_at_every_point_are_those_of_the_rows(rows, seed):
    y, p = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    rng = np.random.default_rng(seed)
    cost, weight = rng.random((len(y), 2)), rng.integers(0, 3, len(y)) + 0.5
    curve = threshold_curve(y, p, weight=weight, cost=cost)
    for threshold, total in zip(curve.threshold, curve.cost, strict=True):
        flagged = (p >= threshold).astype(int)
        assert total == pytest.approx((weight * cost[np.arange(len(y)), flagged]).sum())


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=30, unique=True),
    st.booleans(),
)
def test_thresholds_part_float32_and_float64_scores_alike(values, close):
    scores = np.sort(np.array(values))
    if close:  # neighbours a few float32 steps apart
        scores = np.unique(np.clip(0.3 + (scores - 0.5) * 2e-6, 0, 1))
    above, below = scores[1:], scores[:-1]
    found = midway(above, below)
    assert ((below < found) & (found <= above)).all()
    apart = above.astype(np.float32) > below.astype(np.float32)
    single_above, single_below = (side.astype(np.float32).astype(float) for side in (above, below))
    assert ((single_below < found) & (found <= single_above))[apart].all()
    # where float32 has room between the two, the threshold itself is a float32 number
    roomy = above - below > 4 * np.spacing(above.astype(np.float32))
    assert (found.astype(np.float32) == found)[roomy].all()


def test_neighbouring_floats_are_still_parted():
    below = np.array([0.3, 1e-300, 0.0])
    above = np.nextafter(below, 2.0)
    found = midway(above, below)
    assert ((below < found) & (found <= above)).all()


@given(ROWS)
def test_scores_saved_as_float32_decide_alike(rows):
    rng = np.random.default_rng(len(rows))
    y = np.array([row[0] for row in rows])
    p = rng.random(len(y))
    curve, single = threshold_curve(y, p), p.astype(np.float32)
    for threshold in curve.threshold:
        assert ((p >= threshold) == (single.astype(float) >= threshold)).all()


def test_thresholds_at_some_points_are_those_of_all():
    rng = np.random.default_rng(0)
    curve = threshold_curve(rng.integers(0, 2, 100), rng.random(100))
    assert curve.thresholds_at([0, 5, 100]).tolist() == curve.threshold[[0, 5, 100]].tolist()
    assert curve.precision[1] in {0.0, 1.0}
    assert curve.recall[-1] == 1.0


def brute(goal, floors=None, floor=0.0):
    points = [k for k in range(len(goal)) if goal[k] > -np.inf]
    if floors is None:
        return max(points, key=lambda k: (goal[k], -k)), True
    allowed = [k for k in points if floors[k] >= floor]
    if allowed:
        return max(allowed, key=lambda k: (goal[k], floors[k], -k)), True
    return max(points, key=lambda k: (floors[k], goal[k], -k)), False


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.3, 0.6])),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0.1, 0.6, 0.9]),
)
def test_the_optimum_is_that_of_a_loop(rows, floor):
    goal, floors = (np.array(column) for column in zip(*rows, strict=True))
    point, reached = optimum(goal)
    assert (int(point), bool(reached)) == brute(goal)
    point, reached = optimum(goal, floor_values=floors, floor=floor)
    assert (int(point), bool(reached)) == brute(goal, floors, floor)
    several, _ = optimum(np.stack([goal, goal[::-1]]))
    assert several.tolist() == [brute(goal)[0], brute(goal[::-1])[0]]


def test_a_point_that_may_not_be_taken_is_not():
    point, reached = optimum(
        np.array([-np.inf, 0.1, 0.5]), floor_values=np.array([1.0, 0.4, 0.4]), floor=0.9
    )
    assert (int(point), bool(reached)) == (2, False)


def test_a_million_scores_take_a_fraction_of_a_second():
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 8, 1_000_000)
    y = (rng.random(p.size) < p).astype(int)
    start = time.perf_counter()
    curve = threshold_curve(y, p)
    point, _ = optimum(curve.f1)
    assert 0 < point < p.size
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [0.1, 1.5], r"p of threshold_curve must lie in \[0, 1\]. Got 0.1 to 1.5"),
        ([0, 1], [-0.1, 0.5], "must lie in"),
        ([0, 1], [0.1, np.nan], "must be finite"),
        ([0, 0], [0.1, 0.2], "must hold both classes. Got 0 positives and 2 negatives"),
        ([], [], "must hold both classes"),
        ([0, 1, 1], [0.1, 0.2], "same number of rows"),
    ],
)
def test_bad_input_is_refused(y, p, said):
    with pytest.raises(InvalidInput, match=said):
        threshold_curve(y, p)


def test_costs_of_another_shape_are_refused():
    with pytest.raises(InvalidInput, match=r"cost of threshold_curve must have shape \(2, 2\)"):
        threshold_curve([0, 1], [0.1, 0.2], cost=[1.0, 2.0])
