import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import calibrate
from evenkeel.decide.beta import Beta
from evenkeel.decide.calibrate import (
    Unchanged,
    calibrator_from_dict,
    cross_fit,
    fit_calibrator,
)
from evenkeel.decide.isotonic import Isotonic
from evenkeel.decide.platt import Platt
from evenkeel.decide.prior import Chained, PriorShift
from evenkeel.decide.temperature import Temperature
from evenkeel.errors import DamagedRun, InvalidInput
from evenkeel.metrics import log_loss

FITTED = {"platt": Platt, "isotonic": Isotonic, "beta": Beta, "temperature": Temperature}


def both(p):
    return np.stack([1 - p, p], axis=-1)


def drawn(curve, seed=0, n=8000):
    """Scores whose true probabilities are a curve of them."""
    rng = np.random.default_rng(seed)
    p = rng.random(n)
    return (rng.random(n) < curve(p)).astype(int), both(p)


def stairs(p):
    """No logistic curve comes near."""
    return 0.02 + 0.3 * (p > 0.5) + 0.02 * (p > 0.9)


def straight(p):
    return 1 / (1 + np.exp(-(1.5 * np.log(p / (1 - p)) - 1)))


@pytest.mark.parametrize("method", sorted(FITTED))
def test_a_named_method_is_what_its_class_fits(method):
    y, proba = drawn(stairs, n=500)
    weight = np.random.default_rng(0).integers(0, 3, 500)
    assert fit_calibrator(y, proba, weight=weight, method=method) == FITTED[method].fit(
        y, proba, weight=weight
    )


def test_auto_is_platt_unless_isotonic_wins_with_a_thousand_positives():
    y, proba = drawn(stairs)
    assert 1000 <= y.sum() < 2000
    assert fit_calibrator(y, proba).kind == "isotonic"
    few = slice(0, 4000)
    assert y[few].sum() < 1000
    assert fit_calibrator(y[few], proba[few]).kind == "platt"
    assert fit_calibrator(y, proba, weight=np.full(y.size, 0.5)).kind == "platt"
    y, proba = drawn(straight)
    assert y.sum() >= 1000
    assert fit_calibrator(y, proba).kind == "platt"


@pytest.mark.parametrize("seed", range(6))
def test_auto_never_loses_to_platt_beyond_noise(seed):
    def twisted(p):
        return straight(p) * (0.5 + 0.5 * (p > 0.5))

    y, proba = drawn(twisted, seed=seed)
    fresh_y, fresh = drawn(twisted, seed=seed + 100, n=40_000)
    auto = log_loss(fresh_y, fit_calibrator(y, proba).apply(fresh))
    assert auto <= log_loss(fresh_y, Platt.fit(y, proba).apply(fresh)) + 1e-4


def test_a_part_of_very_many_rows_judges_and_all_are_fitted(monkeypatch):
    y, proba = drawn(stairs, n=30_000)
    whole = fit_calibrator(y, proba)
    monkeypatch.setattr(calibrate, "_JUDGES", 3000)
    assert fit_calibrator(y, proba) == whole
    assert whole.kind == "isotonic"


@pytest.mark.parametrize("most", [calibrate._JUDGES, 3000], ids=["all judge", "some judge"])
@pytest.mark.parametrize("method", ["auto", "platt", "isotonic", "none"])
@pytest.mark.parametrize("curve", [stairs, straight])
def test_a_fold_gets_the_map_of_the_other_folds_of_its_repeat(curve, method, most, monkeypatch):
    monkeypatch.setattr(calibrate, "_JUDGES", most)
    y, proba = drawn(curve)
    repeats = np.stack([proba, both(np.clip(0.9 * proba[:, 1] + 0.01, 0, 1))])
    fold = np.stack([np.arange(y.size) % 3, np.arange(y.size) // 2000])
    kind, found = cross_fit(y, repeats, fold, method=method)
    auto = "isotonic" if curve is stairs else "platt"
    assert kind == (auto if method == "auto" else method)
    assert sorted(found) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)]
    for (repeat, one), calibrator in found.items():
        others = fold[repeat] != one
        assert calibrator == fit_calibrator(y[others], repeats[repeat, others], method=kind)


def test_a_fold_that_holds_all_rows_has_no_map():
    y, proba = drawn(stairs, n=300)
    assert cross_fit(y, proba[None], np.zeros((1, 300), int)) == ("platt", {})


def test_given_parts_decide_which_rows_judge():
    y, proba = drawn(stairs)
    part = np.arange(y.size) % 3
    assert fit_calibrator(y, proba, fold=part).kind == "isotonic"
    by_class = fit_calibrator(y, proba, fold=y)
    assert by_class.kind == "platt", "with one class left in, nothing can be compared"
    with pytest.raises(InvalidInput, match="fold of fit_calibrator must put the rows into"):
        fit_calibrator(y, proba, fold=np.zeros(y.size, int))
    with pytest.raises(InvalidInput, match="same number of rows"):
        fit_calibrator(y, proba, fold=part[1:])


@pytest.mark.parametrize("method", ["platt", "isotonic", "auto"])
def test_repeats_share_a_rows_weight(method):
    y, proba = drawn(stairs, n=6000)
    other = both((proba[:, 1] + 0.01 * np.random.default_rng(1).random(6000)).clip(0, 1))
    found = fit_calibrator(y, np.stack([proba, other]), method=method)
    kind = FITTED[found.kind]
    want = kind.fit(np.tile(y, 2), np.concatenate([proba, other]), weight=np.full(12_000, 0.5))
    assert found == want
    # the same scores twice are one piece of evidence, not two
    twice, once = (fit_calibrator(y, np.stack([proba] * n), method=method) for n in (2, 1))
    assert twice.kind == once.kind
    assert twice.apply(proba) == pytest.approx(once.apply(proba), rel=1e-6)


def test_several_classes_take_platt_and_refuse_maps_of_two():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 2, 5], 6000)
    y = (rng.random(6000)[:, None] > proba.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    assert fit_calibrator(y, proba).kind == "platt"
    assert fit_calibrator(y, proba, method="temperature").n_classes == 3
    assert fit_calibrator(y, proba, method="none").apply(proba) is not None
    for method in ("isotonic", "beta"):
        with pytest.raises(InvalidInput, match="must have 2 columns"):
            fit_calibrator(y, proba, method=method)


def test_none_leaves_scores_as_they_are():
    y, proba = drawn(stairs, n=50)
    found = fit_calibrator(y, proba, method="none")
    assert found == Unchanged(2)
    assert np.array_equal(found.apply(proba), proba)


@pytest.mark.parametrize(
    ("y", "proba", "said"),
    [
        ([0, 1], [0.5, 0.5], "proba of fit_calibrator must have shape"),
        ([0, 1], [[0.5, 0.5], [0.2, 1.8]], r"must lie in \[0, 1\]"),
        ([0, 1, 1], [[0.5, 0.5], [0.2, 0.8]], "same number of rows"),
        ([], np.zeros((0, 2)), "at least one row"),
        ([0, 1], np.zeros((0, 2, 2)), "must have shape"),
        ([0, 1], np.full((1, 1, 2, 2), 0.5), "must have shape"),
    ],
)
def test_bad_input_is_refused(y, proba, said):
    with pytest.raises(InvalidInput, match=said):
        fit_calibrator(y, proba)
    with pytest.raises(InvalidInput, match="Did you mean 'platt'"):
        fit_calibrator([0, 1], [[0.5, 0.5], [0.2, 0.8]], method="plat")


FLOORS = (1e-9, 1e-9)
EVERY = [
    Platt(1.5, (0.0, -1.0), FLOORS),
    Isotonic((-1.0, 1.0), (-2.0, 0.5), FLOORS),
    Beta(0.5, 2.0, -1.0, FLOORS),
    Temperature(2.0, FLOORS),
    PriorShift((0.5, 0.5), (0.9, 0.1)),
    Chained((Platt(1.5, (0.0, -1.0), FLOORS), PriorShift((0.5, 0.5), (0.9, 0.1)))),
    Unchanged(2),
]


@pytest.mark.parametrize("found", EVERY, ids=lambda found: found.kind)
def test_every_kind_is_read_again_and_keeps_the_rules(found):
    assert calibrator_from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.n_classes == 2
    p = np.append(np.linspace(0, 1, 101), np.geomspace(1e-8, 1e-3, 30))
    p.sort()
    calibrated = found.apply(both(p))
    assert np.isfinite(calibrated).all()
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(p.size))
    assert (np.diff(calibrated[:, 1]) > 0).all(), "ranking is kept"
    repeated = found.apply(np.stack([both(p), both(p)]))
    assert np.array_equal(repeated[1], calibrated)
    with pytest.raises(InvalidInput, match="must have 2 columns"):
        found.apply(np.full((4, 3), 1 / 3))
    with pytest.raises(InvalidInput, match="must be finite"):
        found.apply([[0.5, np.nan]])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = ["slope", "intercepts", "floors", "scores", "logits", "a", "b", "c", "temperature", "was",
         "now", "steps", "n_classes"]  # fmt: skip


@given(
    st.sampled_from([found.to_dict() for found in EVERY]),
    st.sampled_from([*NAMES, "kind"]),
    json_values,
)
def test_any_change_is_refused_or_gives_a_map_that_works(stored, name, value):
    changed = stored | {name: value}
    try:
        found = calibrator_from_dict(changed)
    except DamagedRun:
        return
    calibrated = found.apply(np.eye(found.n_classes))
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(found.n_classes))


@pytest.mark.parametrize(
    "stored",
    [None, [], "platt", 3, {}, {"kind": None}, {"kind": ["platt"]}, {"kind": "auto"},
     {"kind": "none", "n_classes": 1}, {"kind": "none", "n_classes": True}, {"kind": "none"}],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_refused(stored):
    with pytest.raises(DamagedRun, match="stored calibrator"):
        calibrator_from_dict(stored)
