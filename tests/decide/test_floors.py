import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.decide.class_goal import Goal
from evenkeel.decide.floors import floor_offsets


def recalls(logs, y, weight, offsets):
    hit = np.argmax(logs + offsets, axis=1) == y
    whole = np.bincount(y, weights=weight, minlength=logs.shape[1])
    return np.bincount(y, weights=weight * hit, minlength=logs.shape[1]) / whole


def sample(seed, n=24):
    rng = np.random.default_rng(seed)
    y = np.append([0, 1, 2], rng.choice(3, n - 3, p=[0.6, 0.25, 0.15]))
    logs = rng.integers(-8, 9, (n, 3)) / 4 + 0.8 * np.eye(3)[y]
    return y, logs, rng.integers(1, 4, n) / 2.0


def every_decision(logs, y, weight):
    """Recalls at every set of offsets that matters: all differences of scores, and just beside them."""
    a = np.unique(logs[:, 0] - logs[:, 1])
    b = np.unique(logs[:, 0] - logs[:, 2])
    c = np.unique(logs[:, 1] - logs[:, 2])
    first = np.unique(np.concatenate([a - 1e-6, a + 1e-6]))
    for one in first:
        second = np.unique(np.concatenate([b - 2e-6, b + 2e-6, one + c - 2e-6, one + c + 2e-6]))
        for two in second:
            yield recalls(logs, y, weight, np.array([0.0, one, two]))


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=25)
def test_offsets_keep_floors_exactly_where_any_offsets_do(seed):
    y, logs, weight = sample(seed, n=14)
    rng = np.random.default_rng(seed)
    floors = np.where(rng.random(3) < 0.8, rng.random(3), 0.0)
    support = np.bincount(y, weights=weight, minlength=3)
    goal = Goal("f1", support, floors=floors)
    found = floor_offsets(logs, y, goal, weight=weight, tuned=np.array([1, 2]))
    missed = max(0.0, (floors - recalls(logs, y, weight, found)).max())
    best = min(max(0.0, (floors - kept).max()) for kept in every_decision(logs, y, weight))
    assert missed <= best + 2e-6
    assert found[0] == 0.0


def test_the_offsets_are_the_lowest_that_keep_the_floors():
    y, logs, weight = sample(2)
    goal = Goal("f1", np.bincount(y, weights=weight), floors=np.array([0.0, 0.5, 0.5]))
    tuned = np.array([1, 2])
    found = floor_offsets(logs, y, goal, weight=weight, tuned=tuned)
    assert (recalls(logs, y, weight, found)[1:] >= 0.5).all()
    grid = np.linspace(-4, 4, 65)
    for a, b in itertools.product(grid, grid):
        if (recalls(logs, y, weight, np.array([0.0, a, b]))[1:] >= 0.5).all():
            assert a >= found[1] - 1e-6
            assert b >= found[2] - 1e-6


def test_a_class_that_may_not_move_still_has_its_floor():
    logs = np.zeros((4, 3))
    logs[:, 0] = [2.0, 1.0, 1.5, 1.0]
    y = np.array([0, 0, 1, 2])
    goal = Goal("f1", np.bincount(y).astype(float), floors=np.array([0.5, 1.0, 0.0]))
    found = floor_offsets(logs, y, goal, weight=np.ones(4), tuned=np.array([1]))
    assert found[1] == pytest.approx(1.5, abs=1e-6)
    assert recalls(logs, y, np.ones(4), found).tolist() == [0.5, 1.0, 0.0]


def test_without_floors_and_for_classes_without_rows_nothing_is_asked():
    logs, y = np.zeros((3, 3)), np.array([0, 0, 1])
    goal = Goal("f1", np.array([2.0, 1.0, 0.0]), floors=np.array([0.0, 0.0, 0.9]))
    found = floor_offsets(logs, y, goal, weight=np.ones(3), tuned=np.array([1, 2]))
    assert np.argmax(logs + found, axis=1).tolist() == [0, 0, 0]
