import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from evenkeel.decide.temperature import Temperature
from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.metrics import log_loss


def drawn(seed=0, n=3000, n_classes=3, twist=2.5):
    """Scores that are too sure by ``twist``."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, n_classes)) * 1.5
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = (rng.random(n)[:, None] > true.cumsum(axis=1)).sum(axis=1).clip(0, n_classes - 1)
    sure = np.exp(twist * scores)
    return y, sure / sure.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize("twist", [0.3, 1.0, 2.5])
def test_has_the_least_log_loss_and_undoes_a_known_twist(n_classes, twist):
    y, proba = drawn(n=6000, n_classes=n_classes, twist=twist)
    weight = np.random.default_rng(0).integers(0, 3, y.size)

    def loss(log_of_it):
        mapped = Temperature(float(np.exp(log_of_it)), (1e-15,) * n_classes).apply(proba)
        return log_loss(y, mapped, weight=weight)

    want = np.exp(minimize_scalar(loss, bounds=(-3, 3), options={"xatol": 1e-10}).x)
    found = Temperature.fit(y, proba, weight=weight)
    assert found.temperature == pytest.approx(want, rel=1e-5)
    assert found.temperature == pytest.approx(twist, rel=0.15)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_equals_calibrated_classifier_cv(n_classes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 2000)
    X = rng.normal(size=(2000, 4)) + np.eye(4)[y]
    model = LogisticRegression().fit(np.repeat(X[:60], 3, axis=0), np.repeat(y[:60], 3))
    want = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(X, y)
    raw = model.predict_proba(X)
    assert Temperature.fit(y, raw).apply(raw) == pytest.approx(want.predict_proba(X), abs=2e-4)


def test_classes_apart_backwards_and_equal_scores_have_their_ends():
    y = np.array([0] * 50 + [1] * 50)
    p = np.where(y == 1, 0.6, 0.4)
    proba = np.stack([1 - p, p], axis=1)
    assert 0.01 <= Temperature.fit(y, proba).temperature < 0.02  # the loss is 0 to rounding
    assert Temperature.fit(1 - y, proba).temperature == pytest.approx(100.0)
    assert Temperature.fit(y, np.full((100, 2), 0.5)).temperature == 1.0
    for flip in (y, 1 - y):
        found = Temperature.fit(flip, proba)
        assert Temperature.from_dict(found.to_dict()) == found


@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([0.1, 1.0, 30.0]))
def test_the_largest_class_stays_rows_sum_to_one_and_dicts_travel(seed, n_classes, spread):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, 40)
    scores = spread * rng.normal(size=(40, n_classes))
    scores -= scores.max(axis=1, keepdims=True)
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = Temperature.fit(y, proba)
    assert Temperature.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    calibrated = found.apply(np.stack([proba, proba[::-1]]))
    assert calibrated.shape == (2, 40, n_classes)
    assert calibrated.sum(axis=-1) == pytest.approx(np.ones((2, 40)))
    rows = np.arange(40)
    assert calibrated[0][rows, proba.argmax(axis=1)] == pytest.approx(calibrated[0].max(axis=1))
    assert np.isfinite(found.apply(np.eye(n_classes))).all()
    order = np.argsort(proba[:, 1] / (proba[:, 0] + proba[:, 1] + 1e-300))
    if n_classes == 2:
        assert (np.diff(calibrated[0][order, 1]) >= -1e-15).all()


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="same number of rows"):
        Temperature.fit([0, 1, 1], [[0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(InvalidInput, match="must have 2 columns"):
        Temperature(1.0, (1e-9, 1e-9)).apply([[0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.0},
        {"temperature": 101},
        {"temperature": float("nan")},
        {"temperature": None},
        {"temperature": 10**400},
        {"floors": [0.1]},
        {"floors": {"0": 0.1, "1": 0.1}},
        {"kind": "none"},
    ],
)
def test_a_damaged_dict_is_refused(change):
    stored = Temperature(2.0, (1e-9, 1e-9)).to_dict()
    with pytest.raises(DamagedRun, match="stored calibrator"):
        Temperature.from_dict(stored | change)
    for name in stored:
        with pytest.raises(DamagedRun):
            Temperature.from_dict({key: value for key, value in stored.items() if key != name})
