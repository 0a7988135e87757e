"""Holm's correction against its definition, and what it does to chance winners."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm
from scipy.stats import t as student
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from evenkeel.race.stats import holm, p_value, resampled_t


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_the_step_down_procedure_rejects(p):
    corrected = holm(p)
    rejected = set()
    for rank, at in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[at] * (len(p) - rank) >= 0.05:
            break
        rejected.add(at)
    assert {at for at, value in enumerate(corrected) if value < 0.05} == rejected
    assert all(value >= before - 1e-15 for value, before in zip(corrected, p, strict=True))
    assert all(
        value >= fdr - 1e-12
        for value, fdr in zip(corrected, false_discovery_control(p), strict=True)
    )


@given(st.floats(-5, 5), st.floats(0.01, 3))
def test_p_value_is_the_normal_one(difference, error):
    half = norm.ppf(0.975) * error
    expected = 2 * norm.sf(abs(difference) / error)
    assert p_value(difference, difference - half, difference + half) == pytest.approx(
        expected, abs=1e-9
    )


def test_no_difference_without_spread_is_no_evidence():
    assert p_value(0.0, 0.0, 0.0) == 1.0
    assert p_value(0.1, 0.1, 0.1) == 0.0


def test_seven_equal_remedies_rarely_beat_the_baseline_by_chance():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 7))
    p = np.vectorize(lambda value: math.erfc(abs(value) / math.sqrt(2)))(z)
    claims = np.mean([min(holm(row)) < 0.05 for row in p.tolist()])
    assert claims < 0.06 < np.mean(p.min(axis=1) < 0.05)


def test_the_corrected_t_test_is_that_of_scikit_learns_example():
    """Two support vector machines on 100 rows, ten times ten folds: t = 0.750, one-sided p = 0.227.

    https://scikit-learn.org/stable/auto_examples/model_selection/plot_grid_search_stats.html
    """
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    found = [
        cross_val_score(SVC(kernel=kernel, random_state=0), X, y, scoring="roc_auc", cv=folds)
        for kernel in ("rbf", "linear")
    ]
    t, p = resampled_t(found[0] - found[1], 10 / 90)
    assert round(t, 3) == 0.750
    assert round(p / 2, 3) == 0.227


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=9), st.floats(0.05, 1))
def test_the_corrected_t_test_is_its_formula(differences, ratio):
    n, mean = len(differences), sum(differences) / len(differences)
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    t, p = resampled_t(differences, ratio)
    if variance < 1e-12:
        return
    assert t == pytest.approx(mean / math.sqrt((1 / n + ratio) * variance), rel=1e-6, abs=1e-9)
    assert p == pytest.approx(2 * student.sf(abs(t), n - 1))


def test_folds_without_a_figure_are_left_out_and_one_fold_tells_nothing():
    assert resampled_t([0.1, math.nan, 0.3], 0.5) == resampled_t([0.1, 0.3], 0.5)
    assert math.isnan(resampled_t([0.1, math.nan], 0.5)[1])
    assert resampled_t([0.0, 0.0, 0.0], 0.5) == (0.0, 1.0)
