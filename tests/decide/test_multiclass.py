import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.confusion import confusion_table
from evenkeel.decide.multiclass import (
    Goal,
    along,
    between,
    current,
    decide,
    every_start,
    first_offsets,
    line_of,
    search_offsets,
    shortfall_along,
    utilities,
)
from evenkeel.errors import InvalidInput

NAMES = ["balanced-accuracy", "accuracy", "f1", "f0.5", "g-mean", "mcc", "cost"]


def sample(seed, n=60, n_classes=4, *, rounded=True):
    rng = np.random.default_rng(seed)
    shares = np.array([0.6, 0.2, 0.15, 0.05])[:n_classes]
    y = rng.choice(n_classes, n, p=shares / shares.sum())
    logs = rng.normal(size=(n, n_classes)) + 1.2 * np.eye(n_classes)[y]
    logs[:, 0] += 1.0
    weight = rng.integers(1, 4, n) / 2
    return y, np.round(logs, 1) if rounded else logs, weight


def goal_of(name, y, weight, n_classes=4, seed=0):
    support = np.bincount(y, weights=weight, minlength=n_classes)
    costs = np.random.default_rng(seed).integers(0, 9, (n_classes, n_classes)).astype(float)
    return Goal(name, support, costs if name == "cost" else None)


@given(st.sampled_from(NAMES), st.integers(0, 10**6), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_a_line_ranks_offsets_as_recounting_does(name, seed, code):
    y, logs, weight = sample(seed)
    goal = goal_of(name, y, weight, seed=seed)
    offsets = np.random.default_rng(seed).normal(size=4) * 0.3
    line = line_of(logs, offsets, code)
    ends, values = along(line, y, goal, weight, code)
    slow = []
    for end in ends:
        moved = offsets.copy()
        moved[code] = between(line.levels, int(end))
        assert (decide(logs, moved) == code).sum() == end
        slow.append(current(logs, y, goal, weight, moved))
    slow = np.array(slow)
    # the line may use any rising function of the goal, so only the order has to agree
    best = slow >= slow.max() - 1e-9
    assert best[int(np.argmax(values))]
    if name != "g-mean":  # there a recall of 0 counts as nearly 0
        for a, b in itertools.pairwise(np.argsort(slow)):
            assert values[b] >= values[a] - 1e-9 or slow[b] == pytest.approx(slow[a])


@given(st.sampled_from(NAMES), st.integers(0, 10**6))
@settings(deadline=None, max_examples=40)
def test_no_single_offset_can_be_moved_to_gain(name, seed):
    y, logs, weight = sample(seed, rounded=False)
    goal = goal_of(name, y, weight, seed=seed)
    tuned = np.array([1, 2, 3])
    start = first_offsets(goal, tuned)
    found = search_offsets(logs, y, goal, weight=weight, tuned=tuned, start=start)
    value = current(logs, y, goal, weight, found)
    assert value >= current(logs, y, goal, weight, start)
    assert found[0] == 0.0
    for code in tuned:
        for level in np.linspace(-6, 6, 121):
            moved = found.copy()
            moved[code] = level
            assert current(logs, y, goal, weight, moved) <= value + 1e-9


@pytest.mark.parametrize("name", ["balanced-accuracy", "f1", "cost"])
def test_three_classes_reach_the_best_of_a_fine_grid(name):
    close = 0
    for seed in range(6):
        y, logs, _ = sample(seed, n=80, n_classes=3, rounded=False)
        weight = np.ones(80)
        goal = goal_of(name, y, weight, n_classes=3)
        tuned = np.array([1, 2])
        found = search_offsets(
            logs, y, goal, weight=weight, tuned=tuned, start=first_offsets(goal, tuned)
        )
        grid = np.linspace(-4, 4, 61)
        best = max(
            current(logs, y, goal, weight, np.array([0.0, a, b])) for a in grid for b in grid
        )
        close += current(logs, y, goal, weight, found) >= best - 0.02 * abs(best)
    assert close >= 5  # one class at a time can stop at a local optimum, but rarely


def test_offsets_undo_known_shifts_of_the_log_probabilities():
    rng = np.random.default_rng(0)
    shares = np.array([0.9, 0.08, 0.02])
    y = rng.choice(3, 30_000, p=shares)
    logs = np.log(shares) + rng.normal(size=(30_000, 3)) + 2 * np.eye(3)[y]
    goal = Goal("balanced-accuracy", np.bincount(y).astype(float))
    tuned = np.array([1, 2])
    found = search_offsets(logs, y, goal, weight=np.ones(len(y)), tuned=tuned, start=np.zeros(3))
    assert found[1:] == pytest.approx(np.log(shares[0] / shares[1:]), abs=0.35)


def test_zero_offsets_on_gains_are_the_decision_of_least_expected_cost():
    # by hand: missing class 2 costs 10, anything else 1
    table = np.array([[0, 1, 1], [1, 0, 1], [10, 10, 0]], dtype=float)
    gains = table.max(axis=1, keepdims=True) - table
    proba = np.array([[0.90, 0.05, 0.05], [0.80, 0.05, 0.15], [0.05, 0.90, 0.05], [0.4, 0.5, 0.1]])
    # expected costs of deciding 0, 1, 2: row 0: .55 1.4 .95; row 1: 1.55 2.3 .85;
    # row 2: 1.4 .55 .95; row 3: 1.5 1.4 .9
    assert decide(utilities(proba, gains), np.zeros(3)).tolist() == [0, 2, 1, 2]


def test_classes_that_may_not_move_keep_their_offset():
    y, logs, weight = sample(5)
    goal = goal_of("f1", y, weight)
    found = search_offsets(logs, y, goal, weight=weight, tuned=np.array([2]), start=np.zeros(4))
    assert (found[[0, 1, 3]] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_goals_are_the_metrics(name):
    y, logs, weight = sample(1)
    goal = goal_of(name, y, weight)
    table = confusion_table(y, decide(logs, np.zeros(4)), n_classes=4, weight=weight)
    value = float(goal.value(table))
    if name == "cost":
        assert value == pytest.approx(-(table * goal.costs).sum() / weight.sum())
    assert value == pytest.approx(current(logs, y, goal, weight, np.zeros(4)))


def test_a_class_without_rows_changes_nothing():
    y, logs, weight = sample(2)
    y = np.where(y == 3, 0, y)
    for name in NAMES:
        goal = goal_of(name, y, weight)
        line = line_of(logs, np.zeros(4), 1)
        assert np.isfinite(along(line, y, goal, weight, 1)[1]).all()


def test_goals_of_two_classes_only_are_refused():
    with pytest.raises(InvalidInput, match=r"can aim at .* Got 'youden'"):
        Goal("youden", np.ones(3))


def table_at(logs, y, weight, offsets):
    return confusion_table(y, decide(logs, offsets), n_classes=logs.shape[1], weight=weight)


def grid_best(logs, y, weight, goal, *, steps, width=5.0):
    """Least shortfall, then highest goal, over a dense grid of offsets of classes 1 and 2."""
    grid = np.linspace(-width, width, steps)
    found = []
    for a, b in itertools.product(grid, grid):
        table = table_at(logs, y, weight, np.array([0.0, a, b]))
        found.append((round(float(goal.shortfall(table)), 9), -float(goal.value(table))))
    return min(found)


@pytest.mark.parametrize("name", ["balanced-accuracy", "f1", "cost"])
def test_floors_come_first_and_reach_what_a_fine_grid_reaches(name):
    close = reached = 0
    for seed in range(6):
        y, logs, weight = sample(seed, n=80, n_classes=3, rounded=False)
        floors = np.array([np.nan, 0.6, 0.0]) if seed % 2 else np.array([0.3, 0.7, 0.7])
        plain = goal_of(name, y, weight, n_classes=3)
        goal = Goal(name, plain.support, plain.costs, floors)
        tuned = np.array([1, 2])
        start = first_offsets(goal, tuned)
        found = search_offsets(logs, y, goal, weight=weight, tuned=tuned, start=start)
        table = table_at(logs, y, weight, found)
        short, value = grid_best(logs, y, weight, goal, steps=31)
        assert goal.shortfall(table) <= short + 1e-6
        reached += goal.shortfall(table) == 0.0
        close += goal.value(table) >= -value - 0.02 * abs(value)
    assert reached >= 4
    assert close >= 5  # one class at a time can stop at a local optimum, but rarely


@given(st.integers(0, 10**6), st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_a_line_knows_the_shortfall_that_recounting_finds(seed, code):
    y, logs, weight = sample(seed)
    rng = np.random.default_rng(seed)
    floors = np.where(rng.random(4) < 0.7, rng.random(4), np.nan)
    goal = Goal("f1", np.bincount(y, weights=weight, minlength=4), floors=floors)
    offsets = rng.normal(size=4) * 0.3
    line = line_of(logs, offsets, code)
    ends, _ = along(line, y, goal, weight, code)
    short = shortfall_along(line, y, goal, weight, code)
    for end in ends:
        moved = offsets.copy()
        moved[code] = between(line.levels, int(end))
        assert goal.shortfall(table_at(logs, y, weight, moved)) == pytest.approx(short[end])


def test_floors_that_nothing_reaches_are_missed_by_as_little_as_can_be():
    # classes 1 and 2 look alike: one row in two of each can be right, whatever the offsets
    logs = np.log(np.array([[0.8, 0.1, 0.1]] * 20 + [[0.2, 0.4, 0.4]] * 20))
    logs[20:, 1] += np.tile(np.linspace(-1, 1, 10), 2)
    y = np.repeat([0, 1, 2], [20, 10, 10])
    goal = Goal("f1", np.bincount(y).astype(float), floors=np.array([0.0, 0.9, 0.9]))
    tuned = np.array([1, 2])
    found = search_offsets(
        logs, y, goal, weight=np.ones(40), tuned=tuned, start=first_offsets(goal, tuned)
    )
    table = table_at(logs, y, None, found)
    assert goal.recalls(table).tolist() == [1.0, 0.5, 0.5]
    assert goal.shortfall(table) == pytest.approx(0.4)


def test_floors_that_are_kept_anyway_cost_nothing():
    y, logs, weight = sample(3, rounded=False)
    tuned = np.array([1, 2, 3])
    plain = goal_of("f1", y, weight)
    start = first_offsets(plain, tuned)
    free = search_offsets(logs, y, plain, weight=weight, tuned=tuned, start=start)
    low = 0.5 * np.nan_to_num(plain.recalls(table_at(logs, y, weight, free)))
    goal = Goal("f1", plain.support, floors=low)
    held = search_offsets(logs, y, goal, weight=weight, tuned=tuned, start=start)
    value = goal.value(table_at(logs, y, weight, held))
    assert value >= goal.value(table_at(logs, y, weight, free)) - 1e-12


def small_table(seed):
    """120 calibrated rows of three classes, as the docstring of ``search_offsets`` counts them."""
    rng, shares = np.random.default_rng(seed), np.array([0.8, 0.14, 0.06])
    apart = (1.2, 0.8, 2.0)[seed % 3]
    y = rng.choice(3, 120, p=shares)
    y[:15] = np.repeat([0, 1, 2], 5)
    x = rng.normal(size=(120, 3))
    x[np.arange(120), y] += apart
    p = np.exp(apart * x) * shares
    return y, np.log(p / p.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("name", "seeds"),
    [
        ("f1", (99, 149, 249)),
        ("mcc", (0, 4, 12, 114)),
        ("g-mean", (126, 133, 215)),
        ("balanced-accuracy", (1, 126, 133, 212)),
    ],
)
def test_three_starts_pass_where_one_stops_below_a_grid(name, seeds):
    tuned, weight, grid = np.array([1, 2]), np.ones(120), np.linspace(-2.0, 6.0, 33)
    for seed in seeds:
        y, logs = small_table(seed)
        goal = Goal(name, np.bincount(y).astype(float))
        best = max(
            current(logs, y, goal, weight, np.array([0.0, one, two]))
            for one in grid
            for two in grid
        )
        one, three = (
            current(
                logs, y, goal, weight,
                search_offsets(logs, y, goal, weight=weight, tuned=tuned, start=start),
            )
            for start in (first_offsets(goal, tuned), every_start(goal, tuned))
        )  # fmt: skip
        assert one < best - 0.005
        assert three >= best - 0.005


@pytest.mark.parametrize(
    ("name", "seeds"), [("g-mean", (147, 192, 287, 297)), ("balanced-accuracy", (98, 293))]
)
def test_floors_leave_no_gain_to_all_other_classes_moved_together(name, seeds):
    """Where a search that never moves the largest class stays 0.03 to 0.11 below a grid."""
    tuned, weight = np.array([1, 2]), np.ones(120)
    for seed in seeds:
        y, logs = small_table(seed)
        rng = np.random.default_rng(10_000 + seed)
        floors = np.where(rng.random(3) < 0.8, rng.uniform(0.3, 0.95, 3), 0.0)
        goal = Goal(name, np.bincount(y).astype(float), floors=floors)
        found = search_offsets(
            logs, y, goal, weight=weight, tuned=tuned, start=every_start(goal, tuned)
        )
        table = table_at(logs, y, weight, found)
        short, value = grid_best(logs, y, weight, goal, steps=41)
        assert short == goal.shortfall(table) == 0.0
        assert goal.value(table) >= -value - 0.005
        assert found[0] == 0.0


@pytest.mark.parametrize("name", ["f1", "f2", "mcc", "g-mean", "accuracy", "balanced-accuracy"])
def test_three_starts_are_never_worse_than_the_first(name):
    for seed in range(5):
        y, logs, weight = sample(seed)
        goal, tuned = goal_of(name, y, weight), np.array([1, 2, 3])
        starts = every_start(goal, tuned)
        assert starts.shape == (3, 4)
        assert (starts[0] == first_offsets(goal, tuned)).all()
        values = [
            current(
                logs, y, goal, weight,
                search_offsets(logs, y, goal, weight=weight, tuned=tuned, start=start),
            )
            for start in (starts, *starts)
        ]  # fmt: skip
        assert values[0] == max(values[1:])
