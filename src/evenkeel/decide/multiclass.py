"""Several classes: an offset for each class, searched along one class at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evenkeel.decide.class_goal import GOALS, Goal
from evenkeel.decide.floors import floor_offsets, raised_offsets

__all__ = [
    "GOALS",
    "MIN_ROWS",
    "Goal",
    "along",
    "between",
    "current",
    "decide",
    "every_start",
    "first_offsets",
    "line_of",
    "search_offsets",
    "shortfall_along",
    "utilities",
]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MIN_ROWS = 5  # a class with fewer rows keeps offset 0
_LEAST = 1e-300
_SAME = 1e-12  # levels closer than rounding are one level
_SWEEPS = 25


class Line(NamedTuple):
    """Rows in the order in which they join one class as its offset rises."""

    levels: Floats  # (n_rows,): offsets at which the rows join, rising
    order: Ints  # (n_rows,): row numbers
    rivals: Ints  # (n_rows,): the class each leaves, in row order


def decide(logs: Floats, offsets: Floats) -> Ints:
    """Codes of the highest ``logs + offsets``, ``(...)``; ties go to the lower code.

    >>> decide(np.log([[0.9, 0.1], [0.6, 0.4]]), np.array([0.0, 1.0])).tolist()
    [0, 1]
    """
    return np.asarray(np.argmax(logs + offsets, axis=-1))


def utilities(proba: Floats, gains: Floats | None) -> Floats:
    """``log(proba @ gains)``, the scores offsets are added to; ``log(proba)`` without gains.

    With the gains of a cost matrix, offsets of 0 are the decision of least expected cost.

    >>> utilities(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0], [0.0, 4.0]])).round(3).tolist()
    [[-0.693, 0.693]]
    """
    return np.log(np.maximum(proba if gains is None else proba @ gains, _LEAST))


def search_offsets(
    logs: Floats, y: Ints, goal: Goal, *, weight: Floats, tuned: Ints, start: Floats
) -> Floats:
    """Offsets that no change of a single one improves: the best of those found from some starts.

    Along one class the goal is computed at every offset where some row changes its decision, so
    each step is exact: O(n_rows log n_rows) a class. The whole is not: a change of two offsets at
    once may still gain, which is why it goes from the three ``every_start``. Where the result does
    not keep the floors, the search goes on from the best offsets that do (``raised_offsets``,
    ``floor_offsets``), and every step puts the floors first. Where nothing keeps them, the class that
    misses its own by most misses it by as little as can be.

    Parameters
    ----------
    logs
        ``(n_rows, n_classes)``: scores, higher is more likely to be decided.
    y, weight
        ``(n_rows,)``: class codes and row weights.
    goal
        What is to be as high as possible, and the floors that come before it.
    tuned
        Codes of the classes whose offsets may move.
    start
        ``(n_classes,)`` or ``(n_starts, n_classes)``: offsets to start from (``first_offsets``,
        ``every_start``).

    Returns
    -------
    array
        ``(n_classes,)``.

    Examples
    --------
    >>> logs = np.log([[0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])
    >>> y = np.array([0, 1, 1, 0])
    >>> goal = Goal("accuracy", np.array([2.0, 2.0]))
    >>> found = search_offsets(logs, y, goal, weight=np.ones(4), tuned=np.array([1]), start=np.zeros(2))
    >>> decide(logs, found).tolist()
    [0, 1, 1, 0]
    """
    free = replace(goal, floors=None)
    climbed = [_climb(logs, y, free, weight, tuned, one) for one in np.atleast_2d(start)]
    found = _best(logs, y, free, weight, climbed)
    if _standing(logs, y, goal, weight, found)[0] == 0.0:
        return found
    starts = [
        found,
        *raised_offsets(logs, y, goal, weight=weight, tuned=tuned, best=found),
        floor_offsets(logs, y, goal, weight=weight, tuned=tuned),
    ]
    found = _climb(logs, y, goal, weight, tuned, _best(logs, y, goal, weight, starts))
    for code in tuned.tolist():  # what did not move stands a hair above a score: part them evenly
        levels = line_of(logs, found, code).levels
        found[code] = between(levels, int(np.searchsorted(levels, found[code])))
    return found


def _climb(logs: Floats, y: Ints, goal: Goal, weight: Floats, tuned: Ints, start: Floats) -> Floats:
    """Move one offset at a time to its best place until none gains."""
    offsets, standing = start.copy(), _standing(logs, y, goal, weight, start)
    fixed = np.setdiff1d(np.arange(start.size), tuned)
    # To move the one class that is held at 0 is to move all others together, which may gain alone.
    codes = np.append(tuned, fixed) if fixed.size == 1 < tuned.size else tuned
    for _ in range(_SWEEPS):
        before = standing
        for code in codes.tolist():
            line = line_of(logs, offsets, code)
            ends, values = along(line, y, goal, weight, code)
            if goal.floors is not None:
                short = shortfall_along(line, y, goal, weight, code)[ends]
                values = np.where(short <= short.min() + _SAME, values, -np.inf)
            moved = offsets.copy()
            moved[code] = between(line.levels, int(ends[np.argmax(values)]))
            moved -= moved[fixed[:1]].sum()
            reached = _standing(logs, y, goal, weight, moved)
            if _better(reached, standing):
                offsets, standing = moved, reached
        if not _better(standing, before):
            break
    return offsets


def _best(logs: Floats, y: Ints, goal: Goal, weight: Floats, found: list[Floats]) -> Floats:
    """The best of several sets of offsets, of equal ones the first."""
    best, reached = found[0], _standing(logs, y, goal, weight, found[0])
    for offsets in found[1:]:
        standing = _standing(logs, y, goal, weight, offsets)
        if _better(standing, reached):
            best, reached = offsets, standing
    return best


def _better(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether a shortfall and a goal beat others: a smaller shortfall first, then a higher goal."""
    if abs(one[0] - other[0]) > _SAME:
        return one[0] < other[0]
    return one[1] > other[1] + _SAME


def first_offsets(goal: Goal, tuned: Ints) -> Floats:
    """Where a search starts: the best offsets for calibrated scores where they are known.

    Balanced accuracy and G-mean: ``-log(share_c)``, which makes every class equally likely. Costs
    and accuracy: 0. F-beta and MCC lie between and start half way. Relative to the largest class.

    >>> first_offsets(Goal("balanced-accuracy", np.array([90.0, 10.0])), np.array([1])).round(3).tolist()
    [0.0, 2.197]
    """
    if goal.costs is not None or goal.name == "accuracy":
        return np.zeros(goal.support.size)
    return (1.0 if goal.name in {"balanced-accuracy", "g-mean"} else 0.5) * _rarity(goal, tuned)


def every_start(goal: Goal, tuned: Ints) -> Floats:
    """Three sets of offsets to start from, ``(3, n_classes)``: ``first_offsets`` first.

    None, half and all of ``-log(share_c)``: a search from one of them alone may stop early.

    >>> every_start(Goal("f1", np.array([90.0, 10.0])), np.array([1])).round(3).tolist()
    [[0.0, 1.099], [0.0, 0.0], [0.0, 2.197]]
    """
    first, whole = first_offsets(goal, tuned), _rarity(goal, tuned)
    others = [part for part in (0.0 * whole, 0.5 * whole, whole) if not np.array_equal(part, first)]
    return np.stack([first, *others])


def _rarity(goal: Goal, tuned: Ints) -> Floats:
    """Log of how many times as large as each tuned class the largest is, 0 for the others."""
    found = np.zeros(goal.support.size)
    found[tuned] = -np.log(np.maximum(goal.support[tuned], 1e-12) / goal.support.max())
    return found


def current(logs: Floats, y: Ints, goal: Goal, weight: Floats, offsets: Floats) -> float:
    """The goal of one set of offsets."""
    return _standing(logs, y, goal, weight, offsets)[1]


def _standing(
    logs: Floats, y: Ints, goal: Goal, weight: Floats, offsets: Floats
) -> tuple[float, float]:
    """How far one set of offsets is below the floors, and its goal."""
    n_classes = goal.support.size
    cell = y * n_classes + decide(logs, offsets)
    cells = np.bincount(cell, weights=weight, minlength=n_classes**2)
    table = cells.astype(np.float64).reshape(n_classes, n_classes)
    return float(goal.shortfall(table)), float(goal.value(table))


def line_of(logs: Floats, offsets: Floats, code: int) -> Line:
    """The order in which rows join class ``code`` as its offset rises, the others' held."""
    scores = logs + offsets
    scores[:, code] = -np.inf
    rivals = np.argmax(scores, axis=1)
    levels = scores[np.arange(len(scores)), rivals] - logs[:, code]
    order = np.argsort(levels)
    return Line(levels[order], order, rivals)


def along(line: Line, y: Ints, goal: Goal, weight: Floats, code: int) -> tuple[Ints, Floats]:
    """The goal, up to a rising function, when the first 0, 1, 2 ... rows of a line have joined.

    Returns
    -------
    ends, values
        Numbers of rows that have joined (rows with equal levels join together), and the goal.
    """
    true, rival, mass = y[line.order], line.rivals[line.order], weight[line.order]
    apart = np.append(np.diff(line.levels) > _SAME * (1.0 + np.abs(line.levels[1:])), True)
    ends = np.append(0, np.flatnonzero(apart) + 1)
    worth = goal.worth()
    if worth is not None:
        gained = np.cumsum(mass * (worth[true, code] - worth[true, rival]))
        return ends, np.append(0.0, gained)[ends]
    n_classes = goal.support.size
    joined_hits = np.append(0.0, np.cumsum(mass * (true == code)))
    joined = np.append(0.0, np.cumsum(mass))
    rival_hit = mass * (true == rival)
    base_tp, base_all = (
        np.bincount(rival, weights=values, minlength=n_classes).astype(np.float64)
        for values in (rival_hit, mass)
    )
    # Each rival loses rows in its own order: its part is followed there, then put back in line.
    by_rival = np.argsort(rival.astype(np.int32), kind="stable")
    losing = rival[by_rival]
    first = np.searchsorted(losing, np.arange(n_classes))
    left_tp, left_all = (
        values - np.append(0.0, values)[first][losing]
        for values in (np.cumsum(rival_hit[by_rival]), np.cumsum(mass[by_rival]))
    )
    after = goal.part(base_tp[losing] - left_tp, base_all[losing] - left_all, losing)
    codes = np.arange(n_classes)
    base = goal.part(base_tp, base_all, codes)
    before = np.append(0.0, after[:-1])
    at_first = first[first < losing.size]
    before[at_first] = base[losing[at_first]]
    change = np.empty_like(after)
    change[by_rival] = after - before
    others = base.sum() - base[code] + np.append(0.0, np.cumsum(change))
    parts = others + goal.part(joined_hits, joined, code)
    hits = base_tp.sum() + joined_hits - np.append(0.0, np.cumsum(rival_hit))
    moved = np.cumsum(mass * (goal.support[code] - goal.support[rival]))
    expected = base_all @ goal.support + np.append(0.0, moved)
    return ends, goal.total(parts, hits, expected)[ends]


def shortfall_along(line: Line, y: Ints, goal: Goal, weight: Floats, code: int) -> Floats:
    """``(n_rows + 1,)``: how far below the floors when the first 0, 1, 2 ... rows have joined."""
    true, rival, mass = y[line.order], line.rivals[line.order], weight[line.order]
    worst = np.zeros(true.size + 1)
    floors = np.zeros(goal.support.size) if goal.floors is None else goal.floors
    for asked in np.flatnonzero((floors > 0.0) & (goal.support > 0.0)).tolist():
        if asked == code:
            hits = np.append(0.0, np.cumsum(mass * (true == code)))
        else:
            lost = np.append(0.0, np.cumsum(mass * ((true == asked) & (rival == asked))))
            hits = lost[-1] - lost
        np.maximum(worst, floors[asked] - hits / goal.support[asked], out=worst)
    return worst


def between(levels: Floats, joined: int) -> float:
    """An offset at which exactly the first ``joined`` rows of a line have joined."""
    if joined == 0:
        return float(levels[0] - 1.0)
    if joined == levels.size:
        return float(levels[-1] + 1.0)
    return float((levels[joined - 1] + levels[joined]) / 2.0)
