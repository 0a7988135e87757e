"""Objectives: gradients against differences and mpmath, start values and links against searches."""

import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from scipy.optimize import minimize_scalar
from scipy.special import expit

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.objectives import LEAST_CURVATURE, FalseNegativeObjective, FocalObjective

EVERY = [
    FocalObjective(),
    FocalObjective(gamma=0.0),
    FocalObjective(gamma=0.5, alpha=0.25),
    FocalObjective(gamma=1.0),
    FocalObjective(gamma=5.0, alpha=0.9),
    FalseNegativeObjective(cost=1.0),
    FalseNegativeObjective(cost=20.0),
]
RAW = np.linspace(-15, 15, 121)


def by_hand(objective, y, raw):
    """The loss as the paper writes it, in 60 digits."""
    p = 1 / (1 + mpmath.exp(-raw))
    p_t = p if y == 1 else 1 - p
    if isinstance(objective, FalseNegativeObjective):
        factor = 1 + (objective.cost - 1) * (1 - p) if y == 1 else 1
    else:
        alpha = objective.alpha
        alpha_t = 1 if alpha is None else mpmath.mpf(alpha) if y == 1 else 1 - mpmath.mpf(alpha)
        factor = alpha_t * (1 - p_t) ** objective.gamma
    return -factor * mpmath.log(p_t)


@pytest.mark.parametrize("objective", EVERY, ids=repr)
@pytest.mark.parametrize("label", [0, 1])
def test_loss_gradient_and_curvature_are_those_of_the_formula(objective, label):
    raws = np.array([-30.0, -8.0, -2.5, -0.3, 0.0, 0.7, 3.0, 9.0, 30.0])
    y = np.full(raws.size, label)
    gradient, curvature = objective(y, raws)
    with mpmath.workdps(60):
        exact = [
            [
                float(mpmath.diff(lambda s: by_hand(objective, label, s), mpmath.mpf(raw), n))
                for raw in raws
            ]
            for n in range(3)
        ]
    np.testing.assert_allclose(objective.loss(y, raws), exact[0], rtol=1e-12)
    np.testing.assert_allclose(gradient, exact[1], rtol=1e-11)
    side = objective._positive(raws) if label else objective._negative(-raws)
    # the two terms of a curvature cancel where it changes sign
    np.testing.assert_allclose(side.curvature, exact[2], rtol=1e-9, atol=1e-14)
    convex = np.array(exact[2]) > side.held + LEAST_CURVATURE
    np.testing.assert_allclose(curvature[convex], np.array(exact[2])[convex], rtol=1e-9)
    floor = np.maximum(side.held, LEAST_CURVATURE)
    np.testing.assert_allclose(curvature[~convex], floor[~convex], rtol=1e-6)


@pytest.mark.parametrize("objective", EVERY, ids=repr)
def test_gradient_and_curvature_are_central_differences(objective):
    for label in (0, 1):
        y, step = np.full(RAW.size, label), 1e-4
        up, middle, down = (objective.loss(y, RAW + s) for s in (step, 0.0, -step))
        gradient, _ = objective(y, RAW)
        side = objective._positive(RAW) if label else objective._negative(-RAW)
        scale = max(1.0, np.abs(gradient).max())
        assert np.abs((up - down) / (2 * step) - gradient).max() < 1e-8 * scale
        assert np.abs((up - 2 * middle + down) / step**2 - side.curvature).max() < 1e-5 * scale


def test_without_gamma_and_alpha_it_is_log_loss():
    y, raw = np.repeat([0, 1], RAW.size), np.tile(RAW, 2)
    gradient, curvature = FocalObjective(gamma=0.0)(y, raw)
    np.testing.assert_allclose(gradient, expit(raw) - y, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(curvature, expit(raw) * expit(-raw), rtol=1e-14)
    same = FalseNegativeObjective(cost=1)(y, raw)
    np.testing.assert_array_equal(same, (gradient, curvature))


def test_the_paper_at_p_t_0_9_and_0_1():
    """Section 3.2: with gamma 2 a row with p_t = 0.9 counts 100 times less than in cross-entropy."""
    raw = np.log([9.0, 1 / 9])
    plain, focal = FocalObjective(gamma=0.0).loss([1, 1], raw), FocalObjective().loss([1, 1], raw)
    assert plain / focal == pytest.approx([100.0, 1 / 0.81])


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20),
    st.floats(0, 8),
    st.none() | st.floats(0.01, 0.99),
    st.floats(1, 1e4),
)
def test_everything_stays_finite_and_curvature_positive(raws, gamma, alpha, cost):
    raw = np.repeat(raws, 2)
    y = np.tile([0, 1], len(raws))
    for objective in (FocalObjective(gamma, alpha), FalseNegativeObjective(cost)):
        gradient, curvature = objective(y, raw)
        assert np.isfinite(objective.loss(y, raw)).all()
        assert np.isfinite(gradient).all()
        assert np.isfinite(curvature).all()
        assert (curvature >= LEAST_CURVATURE).all()
        assert (gradient[y == 1] <= 0).all()
        assert (gradient[y == 0] >= 0).all()
        assert np.isfinite(objective.log_odds(raw)).all()


@pytest.mark.parametrize("objective", EVERY, ids=repr)
def test_steps_are_about_as_bold_as_those_of_log_loss(objective):
    bound = 2.0 if isinstance(objective, FalseNegativeObjective) else 1.0 + objective.gamma
    y, raw = np.repeat([0, 1], RAW.size), np.tile(RAW, 2)
    gradient, curvature = objective(y, raw)
    plain = FocalObjective(gamma=0.0)(y, raw)
    assert (np.abs(gradient / curvature) <= bound * np.abs(plain[0] / plain[1]) * 1.0001).all()


def test_weights_multiply_both():
    y, raw, weight = [0, 1, 1], [0.2, -1.0, 2.0], np.array([2.0, 0.0, 0.5])
    plain, weighted = FocalObjective()(y, raw), FocalObjective()(y, raw, weight)
    for one, other in zip(plain, weighted, strict=True):
        np.testing.assert_array_equal(other, one * weight)


@pytest.mark.parametrize("objective", EVERY, ids=repr)
@pytest.mark.parametrize("prevalence", [0.001, 0.3, 0.9])
def test_the_start_value_has_the_least_loss_and_the_link_undoes_it(objective, prevalence):
    def expected(raw):
        lost = objective.loss([1, 0], [raw, raw])
        return prevalence * lost[0] + (1 - prevalence) * lost[1]

    found = minimize_scalar(expected, bounds=(-30, 30), method="bounded", options={"xatol": 1e-9})
    start = objective.start(prevalence)
    assert start == pytest.approx(found.x, abs=1e-4)
    assert expit(objective.log_odds([start])) == pytest.approx([prevalence])


@pytest.mark.parametrize("objective", EVERY, ids=repr)
def test_the_link_keeps_order_and_is_the_sigmoid_for_log_loss(objective):
    grid = np.concatenate([np.linspace(-1e4, 1e4, 2001), np.linspace(-20, 20, 2001)])
    odds = objective.log_odds(np.unique(grid))
    assert (np.diff(odds) > 0).all()
    if objective in (FocalObjective(gamma=0.0), FalseNegativeObjective(cost=1)):
        np.testing.assert_allclose(odds, np.unique(grid), rtol=1e-12, atol=1e-12)


def test_they_are_values():
    assert FocalObjective(2.0) == FocalObjective()
    assert len({FocalObjective(), FocalObjective(2.0), FocalObjective(1.0)}) == 2
    for objective in EVERY:
        assert pickle.loads(pickle.dumps(objective)) == objective
    with pytest.raises(AttributeError):
        FocalObjective().gamma = 1.0


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: FocalObjective(gamma=-1), InvalidInput, "gamma of FocalObjective must be"),
        (lambda: FocalObjective(alpha=1.0), InvalidInput, "alpha of FocalObjective must be"),
        (lambda: FocalObjective(alpha="balanced"), InvalidType, "alpha of FocalObjective must be"),
        (lambda: FalseNegativeObjective(cost=0.5), InvalidInput, "must be a number of at least 1"),
        (lambda: FocalObjective()([0, 2], [0.0, 0.0]), InvalidInput, "class codes from 0 to 1"),
        (lambda: FocalObjective()([0, 1], [0.0]), InvalidInput, "same number of rows"),
        (lambda: FocalObjective()([0, 1], [0.0, np.nan]), InvalidInput, "must be finite"),
        (lambda: FocalObjective()([0, 1], [0, 0], [1, -1]), InvalidInput, "must not be negative"),
        (lambda: FocalObjective().start(0.0), InvalidInput, "prevalence of FocalObjective must be"),
    ],
    ids=["gamma", "alpha", "word", "cost", "labels", "lengths", "gaps", "weights", "prevalence"],
)
def test_errors_say_what_must_be(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_lightgbm_and_xgboost_take_them_as_they_are():
    XGBClassifier = pytest.importorskip("xgboost").XGBClassifier
    rng = np.random.default_rng(0)
    y = (rng.random(800) < 0.2).astype(int)
    X = rng.normal(size=(800, 3)) + y[:, None]
    ours = LGBMClassifier(objective=FocalObjective(gamma=0.0), n_estimators=5, n_jobs=1, verbose=-1)
    plain = LGBMClassifier(n_estimators=5, boost_from_average=False, n_jobs=1, verbose=-1)
    raw = plain.fit(X, y).predict(X, raw_score=True)
    np.testing.assert_allclose(ours.fit(X, y).predict(X, raw_score=True), raw, rtol=1e-5)
    other = XGBClassifier(objective=FocalObjective(), n_estimators=5, n_jobs=1).fit(X, y)
    assert other.predict_proba(X)[y == 1, 1].mean() > other.predict_proba(X)[y == 0, 1].mean()
