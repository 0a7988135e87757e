"""DeLong's variance against a slow loop and a published example; differences on the same rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t
from sklearn.metrics import roc_auc_score

from evenkeel.delong import roc_auc_influence, roc_auc_interval


def delong(y, *scores):
    """Areas and their covariance by the paper's double sums (DeLong 1988, equations 3 to 6)."""
    hit = np.asarray(y) == 1

    def kernel(x, z):
        return 1.0 if x > z else 0.5 if x == z else 0.0

    rows, columns = [], []
    for p in np.asarray(scores, dtype=float):
        psi = np.array([[kernel(x, z) for z in p[~hit]] for x in p[hit]])
        rows.append(psi.mean(axis=1))
        columns.append(psi.mean(axis=0))
    areas = np.array([row.mean() for row in rows])
    return areas, np.cov(rows) / hit.sum() + np.cov(columns) / (~hit).sum()


scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=8, max_size=16)


@given(scores, st.integers(2, 6), st.randoms(use_true_random=False))
def test_area_and_variance_are_the_papers(p, positives, draw):
    y = [1] * positives + [0] * (len(p) - positives)
    draw.shuffle(y)
    value, pull = roc_auc_influence(y, p)
    areas, variance = delong(y, p)
    assert value == pytest.approx(areas[0])
    assert value == pytest.approx(roc_auc_score(y, p))
    assert pull.sum() == pytest.approx(0.0, abs=1e-9)
    assert pull @ pull / len(p) ** 2 == pytest.approx(float(variance), abs=1e-12)


def test_a_difference_on_the_same_rows_uses_their_covariance():
    rng = np.random.default_rng(0)
    y = (np.arange(60) % 4 == 0).astype(int)
    p = rng.normal(size=60) + y
    other = p + rng.normal(size=60)
    areas, variance = delong(y, p, other)
    sides = [np.stack([-s, s], axis=1) for s in (p, other)]
    low, high = roc_auc_interval(y, sides[0], other=sides[1])
    spread = np.sqrt(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1])
    assert (low + high) / 2 == pytest.approx(areas[0] - areas[1])
    assert (high - low) / 2 == pytest.approx(t.ppf(0.975, 14) * spread)


def test_the_interval_holds_the_areas_that_the_measured_one_does_not_contradict():
    rng = np.random.default_rng(1)
    y = (np.arange(80) % 5 == 0).astype(int)
    p = rng.normal(size=80) + y
    low, high = roc_auc_interval(y, np.stack([-p, p], axis=1), confidence=0.9)
    area = float(delong(y, p)[0][0])
    tried = np.linspace(1e-6, 1 - 1e-6, 1_000_001)  # Newcombe 2006, method 5, by trying them all
    half = (16 + 64) / 2 - 1
    spread = 1 + half * (1 - tried) / (2 - tried) + half * tried / (1 + tried)
    near = np.abs(area - tried) <= norm.ppf(0.95) * np.sqrt(
        tried * (1 - tried) * spread / (16 * 64)
    )
    assert (low, high) == pytest.approx((tried[near][0], tried[near][-1]), abs=2e-6)


def test_one_class_has_no_area_and_a_perfect_one_still_has_a_lower_end():
    assert np.isnan(roc_auc_influence([0, 0], [0.1, 0.2])[0])
    assert np.isnan(roc_auc_interval([0, 0], [[0.9, 0.1], [0.8, 0.2]])).all()
    low, high = roc_auc_interval([0, 1], [[0.9, 0.1], [0.2, 0.8]])
    assert (low, high) == (pytest.approx(1 / (1 + norm.ppf(0.975) ** 2)), 1.0)


def test_several_classes_are_the_mean_of_one_against_the_rest_and_repeats_of_their_areas():
    rng = np.random.default_rng(2)
    y = np.arange(90) % 3
    p = rng.dirichlet([1, 1, 1], (2, 90))
    low, high = roc_auc_interval(y, p)
    areas = [roc_auc_score(y == k, repeat[:, k]) for repeat in p for k in range(3)]
    assert low < np.mean(areas) < high
