import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.decide.micro import highest_f


def every_value(sides, beta, fixed):
    """Pooled F-beta at every combination of points."""
    positives = fixed[2] + sum(tp[-1] for tp, _ in sides)
    for points in itertools.product(*(range(len(tp)) for tp, _ in sides)):
        hits = fixed[0] + sum(tp[k] for (tp, _), k in zip(sides, points, strict=True))
        false = fixed[1] + sum(fp[k] for (_, fp), k in zip(sides, points, strict=True))
        yield (1 + beta**2) * hits / (hits + false + beta**2 * positives), points


@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.0, 2.0]), st.integers(1, 4))
@settings(deadline=None, max_examples=80)
def test_no_combination_of_thresholds_is_better(seed, beta, n_labels):
    rng = np.random.default_rng(seed)
    sides = []
    for _ in range(n_labels):
        hit = rng.random(rng.integers(3, 7)) < rng.random()
        hit[rng.integers(hit.size)] = True
        sides.append((np.append(0.0, np.cumsum(hit)), np.append(0.0, np.cumsum(~hit))))
    fixed = tuple(np.sort(rng.integers(0, 3, 3)).astype(float)) if seed % 2 else (0.0, 0.0, 0.0)
    value, points = highest_f(sides, beta=beta, fixed=fixed)
    known = {tuple(at): found for found, at in every_value(sides, beta, fixed)}
    assert value == pytest.approx(max(known.values()))
    assert known[tuple(points)] == pytest.approx(value)


def test_the_highest_value_is_twice_the_threshold_of_calibrated_scores():
    # with scores that are true probabilities every label acts from F / 2 on (Lipton et al. 2014)
    grid = (np.arange(2000) + 0.5) / 2000
    sides = []
    for power in (1.0, 3.0):
        p = np.sort(grid**power)[::-1]
        sides.append((np.append(0.0, np.cumsum(p)), np.append(0.0, np.cumsum(1 - p))))
    value, points = highest_f(sides)
    for power, at in zip((1.0, 3.0), points, strict=True):
        assert np.sort(grid**power)[::-1][at] == pytest.approx(value / 2, abs=0.002)


def test_labels_that_separate_perfectly_reach_one():
    side = np.array([0.0, 1.0, 2.0, 2.0]), np.array([0.0, 0.0, 0.0, 3.0])
    assert highest_f([side, side]) == (1.0, [2, 2])
