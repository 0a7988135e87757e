import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from evenkeel.decide.isotonic import Isotonic
from evenkeel.errors import DamagedRun, InvalidInput


def both(p):
    p = np.asarray(p, dtype=float)
    return np.stack([1 - p, p], axis=1)


def binary(seed=0, n=4000, prevalence=0.2):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    return y, both(1 / (1 + np.exp(-(2 * rng.normal(size=n) + 2 * y - 2))))


def logit(p):
    return np.log(p / (1 - p))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [2, 12])
def test_equals_isotonic_regression_but_for_the_tilt_and_the_ends(weighted, decimals):
    y, proba = binary()
    proba = both(proba[:, 1].round(decimals))
    weight = np.random.default_rng(1).integers(0, 4, y.size) / 3 if weighted else None
    want = IsotonicRegression(y_min=0, y_max=1).fit(proba[:, 1], y, sample_weight=weight)
    want = want.predict(proba[:, 1])
    found = Isotonic.fit(y, proba, weight=weight).apply(proba)[:, 1]
    inner = (want > 0) & (want < 1)
    if weighted:  # scores of weight 0 lie between knots, where the two draw other lines
        inner &= weight > 0
    # the outermost of these may have been joined with an end that would not rise
    levels = np.unique(want[inner])
    middle = inner & (want > levels[0]) & (want < levels[-1])
    assert middle.mean() > 0.5
    assert logit(found[middle]) == pytest.approx(logit(want[middle]), abs=0.01)
    assert (found[want == 0] < levels[1]).all()
    assert (found[want == 1] > levels[-2]).all()


def test_equals_calibrated_classifier_cv_within_the_tilt():
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.3).astype(int)
    X = rng.normal(size=(3000, 3)) + y[:, None]
    model = LogisticRegression().fit(X, y)
    want = CalibratedClassifierCV(FrozenEstimator(model), method="isotonic").fit(X, y)
    want = want.predict_proba(X)[:, 1]
    raw = model.predict_proba(X)
    found = Isotonic.fit(y, raw).apply(raw)[:, 1]
    inner = (want > 0) & (want < 1)
    assert found[inner] == pytest.approx(want[inner], abs=0.003)


def test_worked_by_hand_the_ends_are_softened_by_the_prevalence():
    # 0 0 0 | 1 0 | 1 1 with prior (3 + 1) / (7 + 2): blocks 0/3, 1/2, 2/2
    p = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9]
    found = Isotonic.fit([0, 0, 0, 1, 0, 1, 1], both(p)).apply(both(p))[:, 1]
    prior = 4 / 9
    want = [prior / 4] * 3 + [0.5] * 2 + [(2 + prior) / 3] * 2
    assert found == pytest.approx(want, abs=2e-3)


def test_an_end_that_would_not_rise_is_joined_with_its_neighbour():
    # lowest: one negative, (0 + 0.1) / 2 = 0.05, above the 1/40 of the next block
    y = [0, 1] + [0] * 39 + [1, 0] + [1] * 3 + [0] * 3
    p = np.linspace(0.05, 0.95, len(y))
    y[41:] = [1, 0, 1, 1, 1, 1, 1, 1]
    found = Isotonic.fit(y, both(p)).apply(both(p))[:, 1]
    assert found[:41] == pytest.approx(np.full(41, 1 / 41), rel=0.01)
    turned = Isotonic.fit(1 - np.array(y)[::-1], both(p)).apply(both(p))[::-1, 0]
    assert turned == pytest.approx(found, rel=0.01)


def test_the_mean_prediction_meets_the_share():
    y, proba = binary(n=20_000, prevalence=0.02)
    assert Isotonic.fit(y, proba).apply(proba)[:, 1].mean() == pytest.approx(y.mean(), rel=0.01)


def test_classes_apart_and_one_class_alone_stay_off_zero_and_one():
    p = np.linspace(0.1, 0.9, 10)
    for y in (np.arange(10) // 5, np.zeros(10, int), np.ones(10, int)):
        found = Isotonic.fit(y, both(p)).apply(both(p))
        assert found.min() > 0
        assert (np.diff(found[:, 1]) > 0).all()
    assert Isotonic.fit(np.zeros(10, int), both(p)).apply(both(p))[:, 1].max() < 0.01


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=60
    )
)
def test_the_ranking_stays_rows_sum_to_one_and_dicts_travel(rows):
    y, p, weight = (np.array(part) for part in zip(*rows, strict=True))
    proba = both(p / 40)
    if not weight.any():
        weight = None
    found = Isotonic.fit(y, proba, weight=weight)
    assert Isotonic.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    grid = both(np.linspace(0, 1, 81))
    calibrated = found.apply(grid)
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(81))
    assert (np.diff(calibrated[1:-1, 1]) >= 0).all()
    seen = np.unique(np.clip(np.unique(p) / 40, 0.02, 0.98))
    assert (np.diff(found.apply(both(seen))[:, 1]) > 0).all()
    assert (calibrated > 0).all()


def test_repeats_go_through_and_bad_input_is_refused():
    y, proba = binary(n=300)
    found = Isotonic.fit(y, proba)
    assert np.array_equal(found.apply(proba.reshape(3, 100, 2)).reshape(-1, 2), found.apply(proba))
    assert np.isfinite(found.apply([[1.0, 0.0], [0.0, 1.0]])).all()
    with pytest.raises(InvalidInput, match=r"proba of Isotonic.fit must have 2 columns. Got 3"):
        Isotonic.fit([0, 1], np.full((2, 3), 1 / 3))
    with pytest.raises(InvalidInput, match="at least one row"):
        Isotonic.fit([0, 1], both([0.1, 0.2]), weight=[0, 0])
    with pytest.raises(InvalidInput, match="must have 2 columns"):
        found.apply([[0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    "change",
    [
        {"scores": [0.0, 0.0]},
        {"scores": [1.0, 0.0]},
        {"scores": [0.0]},
        {"scores": []},
        {"scores": [0.0, float("nan")]},
        {"scores": [0.0, 1e300]},
        {"scores": "01"},
        {"logits": [0.0, -1.0]},
        {"logits": [False, 1.0]},
        {"logits": [0.0, 10**400]},
        {"logits": None},
        {"floors": [0.0, 0.1]},
        {"floors": [0.1]},
        {"floors": [0.1, 0.1, 0.1]},
        {"kind": "platt"},
    ],
)
def test_a_damaged_dict_is_refused(change):
    stored = Isotonic((0.0, 1.0), (-1.0, 1.0), (1e-9, 1e-9)).to_dict()
    with pytest.raises(DamagedRun, match="stored calibrator"):
        Isotonic.from_dict(stored | change)
    for name in stored:
        with pytest.raises(DamagedRun):
            Isotonic.from_dict({key: value for key, value in stored.items() if key != name})
