from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from evenkeel._numbers import all_numbers
from evenkeel.resample import Task
from evenkeel.resample.interpolate import between, engine_for, shares


def slow_shares(weights, count):
    quota = [Fraction(weight) * count / sum(map(Fraction, weights)) for weight in weights]
    given_ = [int(share) for share in quota]
    order = sorted(range(len(quota)), key=lambda i: (given_[i] - quota[i], i))
    for i in order[: count - sum(given_)]:
        given_[i] += 1
    return given_


@settings(max_examples=30)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(0, 10**6))
def test_shares_are_the_largest_remainders(weights, count):
    weights[0] += 1
    assert shares(np.array(weights), count).tolist() == slow_shares(weights, count)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=20), st.integers(0, 10**6))
def test_shares_of_any_weights_add_up_and_stay_within_one_of_the_quota(weights, count):
    weights = np.array([*weights, 1.0])
    got = shares(weights, count)
    assert got.sum() == count
    assert np.all(np.abs(got - weights / weights.sum() * count) < 1 + 1e-6)


def test_shares_do_not_overflow():
    assert shares(np.array([3, 1], np.int8), 10**9).tolist() == [750_000_000, 250_000_000]


def task_of(X, codes, seed=0):
    random = np.random.RandomState(seed)
    return Task(X, codes, ("a", "b"), {1: 50}, random, all_numbers(X, "test"))


@pytest.mark.parametrize("engine", [False, True])
@pytest.mark.parametrize("reach", [1.0, -0.5])
def test_between_draws_as_the_peer_does(engine, reach):
    X = np.random.default_rng(0).normal(size=(40, 3))
    codes = np.repeat([0, 1], [20, 20])
    bases, pool = np.array([25, 21, 39]), np.arange(20, 40)
    by = NearestNeighbors(n_neighbors=5) if engine else 4
    block = between(task_of(X, codes), bases, pool, 50, by, reach=reach)
    random = np.random.RandomState(0)
    drawn, steps = random.randint(0, 12, 50), random.uniform(size=50)
    np.testing.assert_array_equal(block.parents, bases[drawn // 4])
    np.testing.assert_array_equal(block.steps, reach * steps)
    for parent, column, partner in zip(block.parents, drawn % 4, block.partners, strict=True):
        others = [row for row in pool if row != parent]
        others.sort(key=lambda row: np.linalg.norm(X[row] - X[parent]))
        assert partner == others[column]


def test_engine_for_copies_objects_and_names_numbers():
    given_ = NearestNeighbors(n_neighbors=3, algorithm="brute")
    copy = engine_for(given_)
    assert copy is not given_
    assert copy.get_params() == given_.get_params()
    assert engine_for(7).n_neighbors == 8
