"""Holm's correction against its definition, and what it does to chance winners."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from evenkeel.race.stats import holm, p_value


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
