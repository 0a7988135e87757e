import warnings

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from evenkeel.decide.estimate_prior import estimate_prior
from evenkeel.errors import EvenkeelWarning, InvalidInput

MEANS = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.5]])


def drawn(was, now, n, seed=0, gap=1.0):
    """Rows at the shares ``now`` with the true probabilities of the shares ``was``."""
    rng = np.random.default_rng(seed)
    means = gap * MEANS[: len(was)]
    y = rng.choice(len(now), n, p=now)
    x = rng.normal(size=(n, 2)) + means[y]
    joint = np.asarray(was) * np.exp(x @ means.T - (means**2).sum(axis=1) / 2)
    return joint / joint.sum(axis=1, keepdims=True)


def slow(proba, was, n_steps=20_000):
    """Saerens' iteration as printed, equation 2.9."""
    now = np.array(was)
    for _ in range(n_steps):
        given = proba * now / was
        given /= given.sum(axis=1, keepdims=True)
        now = given.mean(axis=0)
    return now


@pytest.mark.parametrize("was", [(0.7, 0.3), (0.98, 0.02), (0.5, 0.3, 0.2)])
def test_rests_where_the_slow_iteration_rests(was):
    now = (0.9, 0.1) if len(was) == 2 else (0.2, 0.2, 0.6)
    proba = drawn(was, now, 500)
    found = estimate_prior(proba, was, n_boot=20)
    assert found.converged
    assert found.now == pytest.approx(slow(proba, was), abs=1e-7)


def test_is_the_maximum_of_the_likelihood():
    proba = drawn((0.5, 0.5), (0.95, 0.05), 3000)

    def loss(share):
        return -np.log(proba @ (np.array([1 - share, share]) / 0.5)).sum()

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10}).x
    assert estimate_prior(proba, (0.5, 0.5), n_boot=20).now[1] == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize(
    ("was", "now", "n"),
    [
        ((0.9, 0.1), (0.99, 0.01), 60_000),
        ((0.98, 0.02), (0.8, 0.2), 3000),
        ((0.4, 0.3, 0.3), (0.8, 0.15, 0.05), 20_000),
    ],
)
def test_a_known_shift_is_found_within_its_interval(was, now, n):
    found = estimate_prior(drawn(was, now, n, seed=3), was)
    for code, share in enumerate(now):
        assert found.low[code] <= share <= found.high[code]
        assert found.high[code] - found.low[code] < 0.5 * share + 0.01
    assert found.shift.now == pytest.approx(found.now)
    assert found.shift.was == was


def test_the_interval_covers_about_as_often_as_it_says():
    was, now = (0.9, 0.1), (0.95, 0.05)
    inside = 0
    for seed in range(60):
        found = estimate_prior(drawn(was, now, 2000, seed=seed), was, n_boot=100, confidence=0.9)
        inside += found.low[1] <= 0.05 <= found.high[1]
    assert 0.8 <= inside / 60 <= 0.98


@pytest.mark.parametrize("was", [(0.9, 0.1), (0.5, 0.3, 0.2)])
def test_grouped_rows_give_the_spread_of_all_rows(was):
    now = (0.95, 0.05) if len(was) == 2 else (0.7, 0.2, 0.1)
    proba = drawn(was, now, 16_000)
    found = estimate_prior(proba, was)
    # rows copied four times over 4,000 rows: nothing is grouped, and the spread is twice as wide
    few = estimate_prior(proba[::4], was)
    width = np.subtract(found.high, found.low)
    assert np.subtract(few.high, few.low) / width == pytest.approx(np.full(len(was), 2.0), rel=0.35)


def test_without_a_shift_nothing_moves_beyond_noise():
    was = (0.8, 0.2)
    found = estimate_prior(drawn(was, was, 20_000), was)
    assert found.low[1] <= 0.2 <= found.high[1]


def test_scores_that_say_nothing_are_refused_and_those_that_say_little_warn():
    with pytest.raises(InvalidInput, match="must differ between rows"):
        estimate_prior(np.full((100, 2), 0.5), (0.5, 0.5))
    for seed in range(8):
        little = drawn((0.8, 0.2), (0.9, 0.1), 300, gap=0.05, seed=seed)
        with pytest.warns(EvenkeelWarning, match="can hardly tell the share of class"):
            found = estimate_prior(little, (0.8, 0.2))
        assert found.high[1] - found.low[1] > 0.3, "also where the estimate itself is 0 or 1"


def test_certain_rows_are_counted():
    proba = np.repeat([[1.0, 0.0], [0.0, 1.0]], [80, 20], axis=0)
    found = estimate_prior(proba, (0.5, 0.5))
    assert found.now == pytest.approx((0.8, 0.2))


def test_the_same_seed_gives_the_same_interval():
    proba = drawn((0.8, 0.2), (0.9, 0.1), 5000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert estimate_prior(proba, (0.8, 0.2), seed=1) == estimate_prior(
            proba, (0.8, 0.2), seed=1
        )


@pytest.mark.parametrize(
    ("proba", "was", "said"),
    [
        (np.zeros((0, 2)), (0.5, 0.5), "proba of estimate_prior must have shape"),
        ([[0.5, 0.5]], (0.2, 0.3, 0.5), r"shape \(n_rows, 3\)"),
        ([[0.5, 0.5]], (1.0, 0.0), "was of estimate_prior must hold shares"),
        ([[0.5, 1.5]], (0.5, 0.5), r"must lie in \[0, 1\]"),
    ],
)
def test_bad_input_is_refused(proba, was, said):
    with pytest.raises(InvalidInput, match=said):
        estimate_prior(proba, was)
