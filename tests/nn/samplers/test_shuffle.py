"""Orders without a list: bijections, different for each key, and even."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from evenkeel.nn.samplers.shuffle import SMALL, Shuffle, key_of, keys_of, shuffled


@given(n=st.integers(1, 30_000), key=st.integers(0, 2**63 - 1))
def test_every_number_comes_once(n, key):
    np.testing.assert_array_equal(np.sort(Shuffle(n, key).at(np.arange(n))), np.arange(n))


@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=20), key=st.integers(0, 2**53))
def test_many_shuffles_at_once_are_bijections_too(sizes, key):
    keys = keys_of(key, np.arange(len(sizes)))
    places = np.concatenate([np.arange(n) for n in sizes])
    found = shuffled(np.repeat(sizes, sizes), np.repeat(keys, sizes), places)
    for n, part in zip(sizes, np.split(found, np.cumsum(sizes)[:-1]), strict=True):
        np.testing.assert_array_equal(np.sort(part), np.arange(n))


@pytest.mark.parametrize("n", [SMALL, 10**6, 2**24 + 1, 2**31 + 5, 2**33])
def test_any_place_can_be_asked_for_alone(n):
    order = Shuffle(n, 5)
    places = np.array([n - 1, 0, n // 2, n // 3])
    whole = order.at(places)
    assert whole.min() >= 0
    assert whole.max() < n
    assert len(set(whole.tolist())) == 4
    np.testing.assert_array_equal(order.at(places[1:2]), whole[1:2])


def test_orders_of_four_are_about_equally_likely():
    orders = Counter(tuple(Shuffle(4, key_of(1, k)).at(np.arange(4)).tolist()) for k in range(4800))
    assert len(orders) == math.factorial(4)
    assert chisquare(list(orders.values())).pvalue > 1e-4


@pytest.mark.parametrize("place", [0, 1, 223, 224, 50_000])
def test_a_place_of_a_large_shuffle_holds_every_number_equally_often(place):
    n = 50_021
    found = [int(Shuffle(n, key).at(np.array([place]))[0]) for key in range(600)]
    assert chisquare(np.histogram(found, 20, (0, n))[0]).pvalue > 1e-4


def test_neighbours_of_a_large_shuffle_have_nothing_in_common():
    n = 50_021
    order = Shuffle(n, 3).at(np.arange(n))
    for lag in (1, 2, math.isqrt(n), math.isqrt(n) + 1):
        assert abs(np.corrcoef(order[:-lag], order[lag:])[0, 1]) < 4 / math.sqrt(n)


def test_a_rare_class_falls_on_batches_as_in_a_true_shuffle():
    n, batch = 50_000, 100
    rare = Shuffle(n, 4).at(np.arange(n)) < n // 10
    inside = rare.reshape(-1, batch).sum(axis=1)
    expected = batch * 0.1 * 0.9 * (n - batch) / (n - 1)  # hypergeometric
    assert inside.var() == pytest.approx(expected, rel=4 * math.sqrt(2 / (n // batch)))


def test_the_key_chooses_the_order():
    assert not np.array_equal(Shuffle(99, 1).at(np.arange(99)), Shuffle(99, 2).at(np.arange(99)))
    assert len({key_of(a, b) for a in range(20) for b in range(20)}) == 400
