import numpy as np
import pytest

from evenkeel.decide import threshold_curve
from evenkeel.decide.multiclass import Goal
from evenkeel.decide.spread import redraw, redraw_offsets


def rows(n=400, seed=0, n_repeats=1):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(int)
    p = np.clip(0.3 * y + 0.6 * rng.random((n_repeats, n)) + 0.1, 0, 1)
    return y, p


def curve_of(y, p, cost=None):
    return threshold_curve(
        np.tile(y, len(p)), p.ravel(), cost=None if cost is None else np.tile(cost, (len(p), 1))
    )


@pytest.mark.parametrize("n_repeats", [1, 3])
@pytest.mark.parametrize("n", [400, 6000])
def test_redrawn_counts_have_the_mean_and_spread_of_drawn_rows(n_repeats, n):
    y, p = rows(n=n, n_repeats=n_repeats)
    curve = curve_of(y, p)
    found = redraw(curve, y, p, n_boot=600, seed=0)
    assert found.cost is None
    at = found.points.size // 2
    threshold = curve.thresholds_at(found.points[at])
    flagged = (p >= threshold).sum(axis=0)
    for side, label in ((found.counts.tp, 1), (found.counts.fp, 0)):
        times = flagged[y == label]
        assert side[:, at].mean() == pytest.approx(times.sum(), rel=0.02)
        # Poisson(1) copies of rows that are flagged 0 to n_repeats times
        assert side[:, at].std() == pytest.approx(np.sqrt((times**2).sum()), rel=0.12)
    rows_now = sum(count[:, 0] for count in found.counts)
    assert rows_now.mean() == pytest.approx(y.size * n_repeats, rel=0.02)


def test_all_ways_to_draw_agree():
    y, p = rows(n=3000)
    curve = curve_of(y, p)
    plain = redraw(curve, y, p, n_boot=500, seed=0)
    weighed = redraw(curve, y, p, n_boot=500, seed=0, weight=np.ones(y.size))
    assert plain.points.tolist() == weighed.points.tolist()
    for one, other in zip(plain.counts, weighed.counts, strict=True):
        assert one.mean(axis=0) == pytest.approx(other.mean(axis=0), rel=0.05, abs=3)
        assert one.std(axis=0) == pytest.approx(other.std(axis=0), rel=0.25, abs=1)


def test_redrawn_costs_follow_the_rows():
    y, p = rows(n=500)
    cost = np.random.default_rng(1).random((500, 2)) * 9
    curve = curve_of(y, p, cost)
    found = redraw(curve, y, p, n_boot=600, seed=0, cost=cost)
    change = curve.cost[found.points] - curve.cost[0]
    assert found.cost.mean(axis=0) == pytest.approx(change, rel=0.05, abs=10)
    last = cost[:, 1] - cost[:, 0]
    assert found.cost[:, -1].std() == pytest.approx(np.sqrt((last**2).sum()), rel=0.1)


def test_all_points_below_a_positive_compete_and_at_most_1024():
    y, p = rows(n=300)
    found = redraw(curve_of(y, p), y, p, n_boot=1, seed=0)
    assert found.points.size == len(np.unique(p[0, y == 1])) + 2
    y, p = rows(n=20_000)
    found = redraw(curve_of(y, p), y, p, n_boot=1, seed=0)
    assert 600 < found.points.size <= 1024
    assert (np.diff(found.points) > 0).all()


def test_offsets_are_searched_anew_in_every_draw():
    rng = np.random.default_rng(0)
    y = rng.choice(3, 3000, p=[0.9, 0.07, 0.03])
    logs = rng.normal(size=(2, 3000, 3)) + 2 * np.eye(3)[y]
    logs[..., 0] += 2
    goal = Goal("balanced-accuracy", np.bincount(y).astype(float))
    found = redraw_offsets(
        logs, y, goal, weight=np.ones(3000), tuned=np.array([1, 2]), n_boot=12, seed=0
    )
    assert found.shape == (12, 3)
    assert (found[:, 0] == 0).all()
    assert found[:, 1:].std(axis=0).min() > 0.01
    assert np.median(found, axis=0)[1:] == pytest.approx([2, 2], abs=0.8)
