"""Offsets that give named classes a least recall: whether there are any, and the lowest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.decide.class_goal import Goal

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ROUNDS = 200
_SHIFTS = (0.0, 0.5, 1.0, 2.0, 4.0)  # tried on the log scale
_NEAR = 1e-6  # how exactly the least shortfall is found, as a recall
_SLACK = 1e-12  # rounding allowed when a recall is put against its floor


def floor_offsets(logs: Floats, y: Ints, goal: Goal, *, weight: Floats, tuned: Ints) -> Floats:
    """The lowest offsets that keep the floors of a goal; where none do, those that miss by least.

    The recall of a class rises with its own offset and falls with the others'. So of two sets of
    offsets that keep the floors, the lower offset of each class keeps them too, and there is a lowest
    set: starting from classes that are never decided, each offset is raised as far as its own floor
    asks, until none has to move. If that never ends, no offsets keep the floors. Then the least
    amount by which the worst class must miss its floor is found by halving.

    Parameters
    ----------
    logs
        ``(n_rows, n_classes)``: scores, higher is more likely to be decided.
    y, weight
        ``(n_rows,)``: class codes and row weights.
    goal
        Holds the floors.
    tuned
        Codes of the classes whose offsets may move; the others keep 0.

    Returns
    -------
    array
        ``(n_classes,)``. Floors that can only be kept by offsets apart by less than 1e-9, or only
        after 200 rounds, count as not kept.

    References
    ----------
    Tarski (1955), "A lattice-theoretical fixpoint theorem and its applications",
    https://doi.org/10.2140/pjm.1955.5.285, theorem 1.

    Examples
    --------
    >>> from evenkeel.decide.class_goal import Goal
    >>> logs = np.log([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.5, 0.1, 0.4], [0.7, 0.2, 0.1]])
    >>> y = np.array([0, 1, 2, 0])
    >>> goal = Goal("f1", np.array([2.0, 1.0, 1.0]), floors=np.array([0.0, 1.0, 1.0]))
    >>> found = floor_offsets(logs, y, goal, weight=np.ones(4), tuned=np.array([1, 2]))
    >>> found.round(3).tolist(), np.argmax(logs + found, axis=1).tolist()
    ([0.0, 0.693, 0.223], [0, 1, 2, 0])
    """
    floors, rows = _asked(goal), _Rows(logs, y, weight)
    low = np.zeros(floors.size)
    low[tuned] = -rows.span
    found = rows.raised(floors, low, tuned)
    if found is not None:
        return found
    kept, enough, missed = low, 0.0, 1.0
    while missed - enough > _NEAR:
        middle = (enough + missed) / 2.0
        found = rows.raised(np.maximum(floors - middle, 0.0), low, tuned)
        if found is None:
            enough = middle
        else:
            kept, missed = found, min(middle, rows.missed(floors, found))
    return kept


def raised_offsets(
    logs: Floats, y: Ints, goal: Goal, *, weight: Floats, tuned: Ints, best: Floats
) -> list[Floats]:
    """Sets of offsets that keep the floors and stay near the ones that are best without floors.

    The classes with floors are raised as far as they must be while the others stay where they are,
    or, because these may stand in the way, somewhat lower. Parameters as for ``floor_offsets``;
    ``best`` are the offsets that are best without floors.
    """
    floors, rows = _asked(goal), _Rows(logs, y, weight)
    free = tuned[floors[tuned] == 0.0]
    found = []
    for shift in _SHIFTS:
        low = best.copy()
        low[free] -= shift
        found.append(rows.raised(floors, low, tuned))
    return [offsets for offsets in found if offsets is not None]


def _asked(goal: Goal) -> Floats:
    """Floors of the classes that have rows, 0 elsewhere."""
    floors = np.zeros(goal.support.size) if goal.floors is None else goal.floors
    return np.where(goal.support > 0.0, floors, 0.0)


class _Rows:
    """The rows of each class apart: a recall depends on no others."""

    def __init__(self, logs: Floats, y: Ints, weight: Floats) -> None:
        members = [np.flatnonzero(y == code) for code in range(logs.shape[1])]
        self.logs = [logs[rows] for rows in members]
        self.mass = [weight[rows] for rows in members]
        self.span = float(logs.max() - logs.min()) + 1.0  # lower by this: never decided

    def raised(self, floors: Floats, low: Floats, tuned: Ints) -> Floats | None:
        """The lowest offsets from ``low`` up that keep these floors, None where there are none."""
        offsets = low.copy()
        moving = tuned[floors[tuned] > 0.0].tolist()
        fixed = [code for code in np.flatnonzero(floors).tolist() if code not in moving]
        # Wider gaps than the span between neighbouring offsets would change no decision.
        highest = max(float(low.max()), 0.0) + self.span * floors.size
        for _ in range(_ROUNDS):
            before = offsets.copy()
            if any(self._recall(code, offsets) < floors[code] - _SLACK for code in fixed):
                return None
            for code in moving:
                offsets[code] = self._needed(code, offsets, floors[code])
            if (offsets == before).all():
                return offsets
            if offsets.max() > highest:
                return None
        return None

    def missed(self, floors: Floats, offsets: Floats) -> float:
        """The most that a class is below its floor."""
        asked = np.flatnonzero(floors).tolist()
        return max(float(floors[code]) - self._recall(code, offsets) for code in asked)

    def _recall(self, code: int, offsets: Floats) -> float:
        hit = np.argmax(self.logs[code] + offsets, axis=1) == code
        return float(self.mass[code][hit].sum()) / float(self.mass[code].sum())

    def _needed(self, code: int, offsets: Floats, floor: float) -> float:
        """The lowest offset of a class at which it keeps its floor, the others' held."""
        if self._recall(code, offsets) >= floor - _SLACK:
            return float(offsets[code])
        scores = self.logs[code] + offsets
        scores[:, code] = -np.inf
        levels = scores.max(axis=1) - self.logs[code][:, code]
        order = np.argsort(levels)
        share = np.cumsum(self.mass[code][order]) / self.mass[code].sum()
        level = levels[order][min(np.searchsorted(share, floor - _SLACK), levels.size - 1)]
        # A hair above, where the tie with the rival is broken for this class.
        return float(level + 1e-9 * (1.0 + abs(level)))
