import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide.odds import both_sides, floor_of, log_odds, softened, stored_numbers, thinned
from evenkeel.errors import DamagedRun


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20))
def test_both_sides_sum_to_one_rise_and_mirror(gaps):
    gap = np.sort(gaps)
    p = both_sides(gap)
    assert p.sum(axis=1) == pytest.approx(np.ones(gap.size))
    assert (np.diff(p[:, 1]) >= 0).all()
    assert np.array_equal(both_sides(-gap), p[:, ::-1])


@given(st.floats(1e-12, 1 - 1e-12))
def test_log_odds_and_back(p):
    there = log_odds(np.array([[1 - p, p]]), (1e-15, 1e-15))
    assert both_sides(there)[0] == pytest.approx([1 - p, p], rel=1e-12)


def test_small_probabilities_keep_their_digits_on_both_sides():
    p = both_sides(np.array([-40.0, 40.0]))
    assert p[0, 1] == p[1, 0] == pytest.approx(np.exp(-40), rel=1e-12)


@pytest.mark.parametrize(
    ("p", "floor"),
    [([0.0, 0.0], 1e-15), ([0.0, 0.02, 1.0], 0.01), ([1e-300], 1e-15), ([1.0], 0.5), ([], 1e-15)],
)
def test_a_floor_is_half_the_least_positive_probability(p, floor):
    assert floor_of(np.array(p)) == floor


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=6))
def test_targets_are_platts_and_sum_to_one(counts):
    soft = softened(np.array(counts))
    assert soft.sum(axis=1) == pytest.approx(np.ones(len(counts)))
    for one, n in enumerate(counts):
        for other in range(len(counts)):
            own = n if one == other else 0.0
            assert soft[one, other] == pytest.approx((own + 1) / (n + len(counts)), rel=1e-12)


def test_thinned_rows_stand_for_all_of_their_class():
    codes = np.repeat([0, 1], [50_000, 300])
    rows, weight = thinned(codes, np.ones(codes.size), n_classes=2)
    assert rows.size < 6000
    assert np.bincount(codes[rows], weights=weight) == pytest.approx([50_000, 300], rel=0.01)


@pytest.mark.parametrize(
    "values", [None, [], [1, 2, 3], (1, 2), [1, "2"], [1, 2j], [1, True], "12"]
)
def test_a_stored_list_holds_so_many_plain_numbers(values):
    with pytest.raises(DamagedRun, match="x of the stored calibrator"):
        stored_numbers({"x": values}, "x", low=0, high=9, least=2, most=2)
    assert stored_numbers({"x": [1, 2.5]}, "x", low=0, high=9, least=2, most=2) == (1.0, 2.5)
