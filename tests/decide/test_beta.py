import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from evenkeel.decide.beta import Beta
from evenkeel.decide.platt import Platt
from evenkeel.errors import DamagedRun, InvalidInput


def both(p):
    p = np.asarray(p, dtype=float)
    return np.stack([1 - p, p], axis=1)


def drawn(seed=0, n=3000, low=(1.0, 4.0), high=(3.0, 2.0), prevalence=0.3):
    """Scores that follow a beta distribution in each class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    return y, both(np.where(y == 1, rng.beta(*high, n), rng.beta(*low, n)).clip(1e-9, 1 - 1e-9))


def reference(y, p, weight, bounds):
    """A generic optimiser on the formula of the paper, with Platt's targets."""
    hits, misses = weight[y == 1].sum(), weight[y == 0].sum()
    soft = np.where(y == 1, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(at):
        z = at[0] * np.log(p) - at[1] * np.log(1 - p) + at[2]
        return float(weight @ (np.logaddexp(0, z) - soft * z)) / weight.sum()

    options = {"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-10}
    return minimize(loss, [1.0, 1.0, 0.0], method="L-BFGS-B", bounds=bounds, options=options)


ABOVE_ZERO = [(0, None), (0, None), (None, None)]


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_a_generic_optimiser(weighted):
    y, proba = drawn()
    weight = np.random.default_rng(0).integers(0, 3, y.size) / 2 if weighted else np.ones(y.size)
    found = Beta.fit(y, proba, weight=weight if weighted else None)
    want = reference(y, proba[:, 1], weight, ABOVE_ZERO).x
    assert (found.a, found.b, found.c) == pytest.approx(want, rel=2e-4, abs=2e-4)


def test_finds_the_likelihood_ratio_of_beta_distributions():
    y, proba = drawn(n=200_000)
    found = Beta.fit(y, proba)
    # log of the ratio of Beta(3, 2) and Beta(1, 4): exponents 3 - 1 and 4 - 2
    assert (found.a, found.b) == pytest.approx((2.0, 2.0), abs=0.1)


@pytest.mark.parametrize(
    ("low", "high", "zero"),
    [((2.0, 2.0), (1.0, 0.5), "a"), ((0.5, 1.0), (2.0, 2.0), "b")],
)
def test_a_negative_slope_becomes_zero_and_the_rest_is_the_constrained_maximum(low, high, zero):
    y, proba = drawn(low=low, high=high)
    free = reference(y, proba[:, 1], np.ones(y.size), [(None, None)] * 3)
    assert free.x["ab".index(zero)] < -0.1, "the case is one"
    found = Beta.fit(y, proba)
    want = reference(y, proba[:, 1], np.ones(y.size), ABOVE_ZERO).x
    assert getattr(found, zero) == 0.0
    assert (found.a, found.b, found.c) == pytest.approx(want, rel=2e-4, abs=2e-4)


def test_scores_that_rank_backwards_keep_their_order_and_the_level():
    y, proba = drawn()
    found = Beta.fit(y, proba[:, ::-1])
    assert found.a == found.b == 0.01
    calibrated = found.apply(proba[:, ::-1])[:, 1]
    assert calibrated.mean() == pytest.approx(y.mean(), rel=0.02)


def test_equal_slopes_are_platts_map():
    p = np.linspace(0.01, 0.99, 20)
    floors = (1e-9, 1e-9)
    want = Platt(1.7, (0.0, -0.4), floors).apply(both(p))
    assert Beta(1.7, 1.7, -0.4, floors).apply(both(p)) == pytest.approx(want, rel=1e-12)


def test_equal_scores_one_class_and_classes_apart_stay_finite():
    for y, p in (
        ([0] * 90 + [1] * 10, np.full(100, 0.5)),
        ([1] * 100, np.linspace(0.1, 0.9, 100)),
        ([0] * 50 + [1] * 50, np.linspace(0, 1, 100)),
    ):
        found = Beta.fit(y, both(p)).apply(both(p))
        assert found.mean(axis=0)[1] == pytest.approx(np.mean(y), abs=0.02)
        assert (found > 0).all()


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40)), min_size=1, max_size=60),
)
def test_the_ranking_stays_rows_sum_to_one_and_dicts_travel(rows):
    y, p = (np.array(part) for part in zip(*rows, strict=True))
    found = Beta.fit(y, both(p / 40))
    assert Beta.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert min(found.a, found.b) >= 0
    calibrated = found.apply(both(np.linspace(0, 1, 81)))
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(81))
    assert (np.diff(calibrated[:, 1]) >= 0).all()
    assert (np.diff(calibrated[:, 0]) <= 0).all()


def test_repeats_go_through_and_several_classes_are_refused():
    y, proba = drawn(n=300)
    found = Beta.fit(y, proba)
    assert np.array_equal(found.apply(proba.reshape(3, 100, 2)).reshape(-1, 2), found.apply(proba))
    with pytest.raises(InvalidInput, match=r"must have 2 columns. Got 3: for several classes"):
        Beta.fit([0, 1], np.full((2, 3), 1 / 3))


@pytest.mark.parametrize(
    "change",
    [
        {"a": -0.1},
        {"a": float("inf")},
        {"a": 1e308},
        {"a": "1"},
        {"a": 0.0, "b": 0.001},
        {"b": 10**400},
        {"b": True},
        {"c": float("nan")},
        {"floors": [0.1, 2.0]},
        {"kind": ["beta"]},
    ],
)
def test_a_damaged_dict_is_refused(change):
    stored = Beta(1.0, 0.0, 0.5, (1e-9, 1e-9)).to_dict()
    with pytest.raises(DamagedRun, match="stored calibrator"):
        Beta.from_dict(stored | change)
    for name in stored:
        with pytest.raises(DamagedRun):
            Beta.from_dict({key: value for key, value in stored.items() if key != name})
