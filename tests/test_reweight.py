import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.reweight import class_weights, cost_weights, row_weights

COUNTS = st.lists(st.integers(1, 10**6), min_size=2, max_size=8)


def test_known_9900_100():
    assert class_weights(counts=[9900, 100]).round(3).tolist() == [0.505, 50.0]


def test_inverse_is_the_balanced_weight_of_scikit_learn():
    y = np.repeat([3, 1, 7], [60, 30, 10])
    oracle = compute_class_weight("balanced", classes=np.unique(y), y=y)
    np.testing.assert_allclose(class_weights(y), oracle, rtol=1e-14)


@given(COUNTS, st.sampled_from(["inverse", "sqrt", "effective"]))
def test_training_mean_is_one_and_rarer_weighs_more(counts, scheme):
    weights = class_weights(counts=counts, scheme=scheme)
    np.testing.assert_allclose(np.dot(counts, weights) / sum(counts), 1.0, rtol=1e-12)
    order = np.argsort(counts)
    assert np.all(np.diff(weights[order]) <= 1e-12 * weights.max())


@given(COUNTS)
def test_formulas_up_to_one_factor(counts):
    n = np.array(counts, float)
    beta = (n.sum() - 1) / n.sum()
    raw = {
        "inverse": 1 / n,
        "sqrt": 1 / np.sqrt(n),
        "effective": (1 - beta) / (1 - beta**n),
    }
    for scheme, oracle in raw.items():
        ratio = class_weights(counts=counts, scheme=scheme) / oracle
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-7)


def test_effective_number_limits():
    even = class_weights(counts=[90, 10], scheme="effective", beta=0.0)
    np.testing.assert_allclose(even, [1.0, 1.0])
    towards = class_weights(counts=[90, 10], scheme="effective", beta=1 - 1e-12)
    np.testing.assert_allclose(towards, class_weights(counts=[90, 10]), rtol=1e-3)


def test_effective_number_paper_ratio():
    # Cui et al., CIFAR-10 with 5,000 and 50 images at beta 0.999: E = 993.3 and 48.8
    weights = class_weights(counts=[5000, 50], scheme="effective", beta=0.999)
    assert weights[1] / weights[0] == pytest.approx(993.27 / 48.79, rel=1e-3)


def test_cost_matrix_equals_ting():
    counts, cost = np.array([900, 90, 10]), np.array([[5, 1, 1], [4, 0, 4], [10, 20, 0]])
    per_class = np.array([2, 8, 30])  # the diagonal is left out
    oracle = per_class * counts.sum() / (per_class @ counts)
    np.testing.assert_allclose(class_weights(counts=counts, scheme="cost", cost=cost), oracle)
    assert cost[0, 0] == 5


def test_labels_of_any_kind_in_sorted_order():
    expected = class_weights(counts=[1, 3])
    for y in (["a", "b", "b", "b"], [True, True, False, True], pl.Series([2, 2, 9, 2][::-1])):
        got = class_weights(y)
        np.testing.assert_allclose(np.sort(got), np.sort(expected))
    np.testing.assert_allclose(class_weights(["b", "b", "a", "b"]), expected)


@pytest.mark.parametrize(
    ("given_", "error", "message"),
    [
        ({"y": [0, 0]}, InvalidInput, "two classes"),
        ({"counts": [5, 5], "scheme": "invers"}, InvalidInput, "Did you mean 'inverse'"),
        ({"counts": [5, 0]}, InvalidInput, "at least 1"),
        ({"counts": [5, 5], "scheme": "effective", "beta": 1}, InvalidInput, "beta"),
        ({"counts": [5, 5], "scheme": "cost", "cost": [[0, 1]]}, InvalidInput, "shape"),
        ({"counts": [5, 5], "scheme": "cost", "cost": [[1, 0], [0, 1]]}, InvalidInput, "above 0"),
        ({"counts": [5, 5], "scheme": "cost", "cost": [[0, -1], [2, 0]]}, InvalidInput, "at least"),
        ({}, InvalidType, "either y or counts"),
        ({"y": [0, 1], "counts": [1, 1]}, InvalidType, "either y or counts"),
    ],
)
def test_class_weights_refuses(given_, error, message):
    with pytest.raises(error, match=message):
        class_weights(**given_)


def test_row_weights_follow_the_codes_and_refuse_others():
    codes = np.array([2, 0, 1, 0], np.int8)
    np.testing.assert_array_equal(row_weights(codes, [1.0, 5.0, 9.0]), [9, 1, 5, 1])
    for wrong in ([3], [-1], [0.0], ["a"]):
        with pytest.raises(InvalidInput, match="codes of row_weights"):
            row_weights(np.array(wrong), [1.0, 5.0, 9.0])


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.01, 1e6), st.floats(0.01, 1e6)), min_size=1)
)
def test_cost_weights_are_proportional_and_average_to_one(rows):
    y, cost_fn, cost_fp = map(np.array, zip(*rows, strict=True))
    weights = cost_weights(y, cost_fn, cost_fp)
    slow = np.array([fn if label else fp for label, fn, fp in rows])
    np.testing.assert_allclose(weights / weights[0], slow / slow[0], rtol=1e-12)
    np.testing.assert_allclose(weights.mean(), 1.0, rtol=1e-12)


def test_cost_weights_with_costs_that_fit_the_counts_are_the_class_weights():
    y = np.repeat([0, 1], [900, 100])
    weights = cost_weights(y, cost_fn=9, cost_fp=1)
    np.testing.assert_allclose(weights, row_weights(y, class_weights(y)))


def test_a_rare_cost_of_nothing_is_allowed_but_not_all_of_them():
    assert cost_weights([0, 1], 3, 0).tolist() == [0.0, 2.0]
    with pytest.raises(InvalidInput, match="above 0"):
        cost_weights([0, 1], 0, 0)


@pytest.mark.parametrize(
    ("y", "cost_fn", "message"),
    [
        ([0, 2], 1, "codes of two classes"),
        ([[0, 1]], 1, "codes of two classes"),
        ([0, 1], -1, "at least 0. Got -1"),
        ([0, 1], [1, np.nan], "finite"),
        ([0, 1], [1, 2, 3], "array of 2 numbers"),
    ],
)
def test_cost_weights_refuses(y, cost_fn, message):
    with pytest.raises(InvalidInput, match=message):
        cost_weights(y, cost_fn, 1)
    with pytest.raises(InvalidType, match="must hold numbers"):
        cost_weights([0, 1], "dear", 1)
