import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression

from evenkeel.decide import platt
from evenkeel.decide.platt import Platt
from evenkeel.errors import DamagedRun, InvalidInput


def binary(seed=0, n=3000, prevalence=0.05, twist=3.0):
    """Scores that are too extreme by ``twist`` and shifted."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    true_logit = np.log(prevalence / (1 - prevalence)) + 2 * rng.normal(size=n) + 2 * y - 1
    p = 1 / (1 + np.exp(-(twist * true_logit / 2 + 1)))
    return y, np.stack([1 - p, p], axis=1)


def reference(x, y, weight):
    """Platt's fit by scikit-learn: every row as both classes, weighed by its softened target."""
    positives, negatives = weight[y == 1].sum(), weight[y == 0].sum()
    soft = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    both = np.append(x, x)[:, None]
    labels = np.append(np.ones(y.size), np.zeros(y.size))
    weights = np.append(weight * soft, weight * (1 - soft))
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000, solver="newton-cholesky")
    model.fit(both, labels, weights)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [80, 3000, 40_000])
def test_equals_logistic_regression_on_softened_targets(weighted, n):
    y, proba = binary(n=n, prevalence=0.2)
    weight = np.random.default_rng(0).integers(0, 3, n) / 2 if weighted else np.ones(n)
    found = Platt.fit(y, proba, weight=weight if weighted else None)
    slope, intercept = reference(np.log(proba[:, 1] / proba[:, 0]), y, weight)
    assert found.slope == pytest.approx(slope, rel=1e-6)
    assert found.intercepts[1] - found.intercepts[0] == pytest.approx(intercept, rel=1e-6, abs=1e-7)


def test_equals_calibrated_classifier_cv_on_log_odds():
    from sklearn.frozen import FrozenEstimator

    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.15).astype(int)
    X = rng.normal(size=(2000, 3)) + y[:, None]
    model = LogisticRegression().fit(X, y)
    sigmoid = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid").fit(X, y)
    # its decision function is the log-odds, which is what Platt here works on
    want = sigmoid.predict_proba(X)
    raw = model.predict_proba(X)
    assert Platt.fit(y, raw).apply(raw) == pytest.approx(want, abs=2e-5)


def test_mean_prediction_meets_the_share_and_twisted_scores_are_straightened():
    y, proba = binary()
    calibrated = Platt.fit(y, proba).apply(proba)[:, 1]
    assert calibrated.mean() == pytest.approx(y.mean(), rel=0.02)
    assert abs(proba[:, 1].mean() / y.mean() - 1) > 0.3


@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([0.2, 1.0, 4.0]))
@settings(max_examples=40, deadline=None)
def test_ranking_is_kept_rows_sum_to_one_and_dicts_travel(seed, n_classes, twist):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, 60)
    scores = twist * rng.normal(size=(60, n_classes))
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = Platt.fit(y, proba)
    again = Platt.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    calibrated = found.apply(proba)
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(60))
    assert found.slope >= 0.01
    for code in range(1, n_classes):
        before = proba[:, code] / proba[:, 0]
        after = calibrated[:, code] / calibrated[:, 0]
        assert (np.diff(after[np.argsort(before)]) >= -1e-9 * after.max()).all()


def test_several_classes_are_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(1)
    y = rng.choice(3, 600, p=[0.8, 0.15, 0.05])
    scores = rng.normal(size=(600, 3)) + 2 * np.eye(3)[y]
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = Platt.fit(y, proba)
    counts = np.bincount(y)
    soft = np.array(
        [[(counts[c] + 1 if c == d else 1) / (counts[c] + 3) for d in range(3)] for c in range(3)]
    )[y]

    def likelihood(slope, intercepts):
        return float((soft * np.log(Platt(slope, intercepts, found.floors).apply(proba))).sum())

    best = likelihood(found.slope, found.intercepts)
    for step in (1e-3, -1e-3):
        assert likelihood(found.slope + step, found.intercepts) < best
        for code in (1, 2):
            moved = list(found.intercepts)
            moved[code] += step
            assert likelihood(found.slope, tuple(moved)) < best
    # the mean probability of each class is the mean of its targets
    assert found.apply(proba).mean(axis=0) == pytest.approx(soft.mean(axis=0), abs=1e-6)


def test_two_columns_and_three_with_an_empty_class_agree_nearly():
    y, proba = binary(n=2000, prevalence=0.3)
    three = np.column_stack([proba * (1 - 1e-9), np.full(2000, 1e-9)])
    two, more = Platt.fit(y, proba), Platt.fit(y, three)
    assert more.slope == pytest.approx(two.slope, rel=0.05)
    assert more.apply(three)[:, 2].max() < 0.05


def test_scores_that_rank_backwards_keep_their_order_and_the_level():
    y, proba = binary(n=2000, prevalence=0.2)
    found = Platt.fit(y, proba[:, ::-1])
    assert found.slope == 0.01
    calibrated = found.apply(proba[:, ::-1])[:, 1]
    assert calibrated.mean() == pytest.approx(y.mean(), rel=0.02)
    assert np.corrcoef(calibrated, proba[:, 0])[0, 1] > 0


def test_zeros_and_ones_of_a_forest_stay_near_the_other_scores():
    y, proba = binary(n=4000, prevalence=0.02, twist=3.0)
    coarse = np.round(proba, 2)
    assert (coarse == 0).any()
    found = Platt.fit(y, coarse)
    assert found.floors[1] == 0.005
    # taken as 1e-15, the zeros alone would flatten the slope
    odds = np.maximum(coarse[:, 1], 1e-15) / np.maximum(coarse[:, 0], 1e-15)
    careless, _ = reference(np.log(odds), y, np.ones(4000))
    fine = Platt.fit(y, proba).slope
    assert abs(found.slope / fine - 1) < abs(careless / fine - 1)
    assert np.isfinite(found.apply([[0.0, 1.0], [1.0, 0.0]])).all()


@pytest.mark.parametrize("code", [0, 1])
def test_one_class_alone_moves_only_the_level(code):
    rng = np.random.default_rng(0)
    p = rng.random(100)
    found = Platt.fit(np.full(100, code), np.stack([1 - p, p], axis=1))
    assert found.slope == 1.0
    assert found.apply(np.stack([1 - p, p], axis=1))[:, code].mean() > 0.98


def test_equal_scores_get_the_share():
    found = Platt.fit([0] * 90 + [1] * 10, np.full((100, 2), 0.5))
    assert found.apply([[0.5, 0.5]])[0, 1] == pytest.approx((90 / 92 + 10 * 11 / 12) / 100)


def test_separated_classes_stay_finite():
    p = np.append(np.full(50, 0.1), np.full(5, 0.9))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Platt.fit([0] * 50 + [1] * 5, np.stack([1 - p, p], axis=1))
    assert 0.0 < found.apply([[0.1, 0.9]])[0, 1] < 1.0


@pytest.mark.parametrize(
    ("y", "proba", "said"),
    [
        ([0, 1], [[0.5, 0.5], [0.2, 1.8]], r"proba of Platt.fit must lie in \[0, 1\]"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.1]], "must be finite"),
        ([0, 1, 1], [[0.5, 0.5], [0.2, 0.8]], "same number of rows"),
        ([0, 2], [[0.5, 0.5], [0.2, 0.8]], "class codes from 0 to 1"),
        ([], np.zeros((0, 2)), "at least one row"),
        ([0, 1], [0.5, 0.5], "must have shape"),
    ],
)
def test_bad_input_is_refused(y, proba, said):
    with pytest.raises(InvalidInput, match=said):
        Platt.fit(y, proba)


def test_another_number_of_classes_is_refused():
    with pytest.raises(InvalidInput, match="must have 2 columns"):
        Platt(1.0, (0.0, 0.0), (1e-9, 1e-9)).apply([[0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    "change",
    [
        {"slope": "1"},
        {"slope": float("nan")},
        {"slope": -1.0},
        {"slope": True},
        {"slope": 10**400},
        {"slope": 1e308},
        {"intercepts": [0.0, -1e308]},
        {"intercepts": [0.0]},
        {"intercepts": [0.0, float("inf")]},
        {"intercepts": None},
        {"floors": [0.0, 0.1]},
        {"floors": [0.1, 2.0]},
        {"kind": "pickle"},
        {"kind": None},
    ],
)
def test_a_damaged_dict_is_refused(change):
    stored = Platt(1.0, (0.0, 0.5), (1e-9, 1e-9)).to_dict()
    with pytest.raises(DamagedRun, match="stored calibrator"):
        Platt.from_dict(stored | change)
    for name in stored:
        with pytest.raises(DamagedRun):
            Platt.from_dict({key: value for key, value in stored.items() if key != name})


@given(st.floats(0.01, 1e100), st.floats(-1e100, 1e100))
def test_whatever_a_stored_map_may_hold_it_never_says_nan(slope, intercept):
    stored = {
        "kind": "platt",
        "slope": slope,
        "intercepts": [0.0, intercept],
        "floors": [5e-324, 1],
    }
    found = Platt.from_dict(stored).apply([[0.0, 1.0], [1.0, 0.0], [0.3, 0.7]])
    assert found.sum(axis=1) == pytest.approx(np.ones(3))


@pytest.mark.parametrize("at", [(1.0, 0.0), (0.3, -4.0), (40.0, 900.0)])
def test_two_classes_have_the_likelihood_of_several(at):
    rng = np.random.default_rng(0)
    given = (rng.normal(0, 5, (300, 1)), rng.random((300, 1)), rng.random(300))
    for two, several in zip(
        platt._likelihood_of_two(np.array(at), *given),
        platt._likelihood_of_several(np.array(at), *given),
        strict=True,
    ):
        np.testing.assert_allclose(two, several, rtol=1e-9, atol=1e-9)
