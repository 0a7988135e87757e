"""Orders without a list: bijections, different for each key, and even."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from evenkeel.nn.samplers.shuffle import SMALL, Shuffle, Shuffles, key_of


@given(n=st.integers(1, 30_000), key=st.integers(0, 2**63 - 1))
def test_every_number_comes_once(n, key):
    np.testing.assert_array_equal(np.sort(Shuffle(n, key).at(np.arange(n))), np.arange(n))


@given(
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=20),
    key=st.integers(0, 2**53),
    time=st.integers(0, 2**40),
)
def test_many_shuffles_at_once_are_bijections_too(sizes, key, time):
    which = np.repeat(np.arange(len(sizes)), sizes)
    places = np.concatenate([np.arange(n) for n in sizes])
    found = Shuffles(np.array(sizes), key).at(which, np.full(len(which), time), places)
    for n, part in zip(sizes, np.split(found, np.cumsum(sizes)[:-1]), strict=True):
        np.testing.assert_array_equal(np.sort(part), np.arange(n))


def test_each_place_of_many_shuffles_can_be_asked_for_alone():
    lists = Shuffles(np.array([5, 70_000, 2**33 + 7]), 4)
    which, times = np.array([0, 2, 1, 2, 1]), np.array([9, 0, 3, 1, 4])
    places = np.array([4, 2**33 + 6, 69_999, 0, 0])
    whole = lists.at(which, times, places)
    assert (whole < np.array([5, 2**33 + 7, 70_000, 2**33 + 7, 70_000])).all()
    for at in range(5):
        one = lists.at(which[at : at + 1], times[at : at + 1], places[at : at + 1])
        assert one[0] == whole[at]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_orders_of_a_few_are_about_equally_likely_from_pass_to_pass(n):
    orders = math.factorial(n)
    times = np.repeat(np.arange(4000 * orders), n)
    places = np.tile(np.arange(n), 4000 * orders)
    found = Shuffles(np.array([9, n]), 1).at(np.ones_like(times), times, places).reshape(-1, n)
    drawn = list(map(tuple, found.tolist()))
    assert np.allclose([Counter(drawn)[order] / 4000 for order in set(drawn)], 1.0, atol=0.15)
    following = Counter(itertools.pairwise(drawn))
    assert len(set(drawn)) == orders
    assert len(following) == orders**2, "a pass tells nothing of the next"


@pytest.mark.parametrize("place", [0, 1, 223, 224, 50_000])
def test_a_place_of_a_large_list_holds_every_number_equally_often(place):
    n, times = 50_021, np.arange(20_000)
    found = Shuffles(np.array([n]), 3).at(0 * times, times, np.full(times.size, place))
    assert chisquare(np.histogram(found, 50, (0, n))[0]).pvalue > 1e-4
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / math.sqrt(times.size)


def test_neighbours_of_a_large_list_have_nothing_in_common():
    n = 50_021
    at = np.arange(n)
    order = Shuffles(np.array([n]), 3).at(0 * at, 0 * at, at).astype(float)
    for lag in (1, 2, math.isqrt(n), math.isqrt(n) + 1):
        assert abs(np.corrcoef(order[:-lag], order[lag:])[0, 1]) < 4 / math.sqrt(n)


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
