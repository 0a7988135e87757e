"""Shares between natural and balanced, and whole numbers near them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn.samplers.shares import apportion, given_shares, shares_at

COUNTS = np.array([900, 90, 10])


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        (0.0, [0.9, 0.09, 0.01]),
        (0.5, np.sqrt(COUNTS) / np.sqrt(COUNTS).sum()),
        (1.0, [1 / 3, 1 / 3, 1 / 3]),
    ],
    ids=["natural", "root", "balanced"],
)
def test_the_three_named_powers(power, expected):
    np.testing.assert_allclose(shares_at(power, COUNTS), expected)


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30), st.integers(1, 10**8))
def test_apportioned_draws_sum_up_and_are_near(counts, n_draws):
    shares = np.array(counts) / sum(counts)
    found = apportion(shares, n_draws)
    assert found.sum() == n_draws
    assert np.abs(found - shares * n_draws).max() < 1 + 1e-6


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30))
def test_natural_shares_give_every_row_once(counts):
    assert apportion(shares_at(0.0, np.array(counts)), sum(counts)).tolist() == counts


def test_given_shares_by_label_or_in_order():
    by_label = given_shares({"b": 3, "a": 1}, ("a", "b", "c"), COUNTS, "S")
    np.testing.assert_allclose(by_label, [0.25, 0.75, 0])
    np.testing.assert_allclose(given_shares([1, 3, 0], ("a", "b", "c"), COUNTS, "S"), by_label)


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"z": 1}, "name classes of the labels: a, b, c. Got z"),
        ([1, 2], "for each of 3 classes"),
        ([1, -1, 1], "at least 0"),
        ([0, 0, 0], "some above 0"),
        ([1, np.nan, 1], "finite"),
    ],
)
def test_shares_that_do_not_fit(shares, says):
    with pytest.raises(InvalidInput, match=says):
        given_shares(shares, ("a", "b", "c"), COUNTS, "S")


def test_shares_that_are_no_numbers_and_classes_without_rows():
    with pytest.raises(InvalidType, match="must be numbers"):
        given_shares(["x", 1, 1], ("a", "b", "c"), COUNTS, "S")
    with pytest.raises(InvalidInput, match=r"classes without rows\. Got a share for b"):
        given_shares([1, 1], ("a", "b"), np.array([3, 0]), "S")
