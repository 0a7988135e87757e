"""How far thresholds and offsets move when the rows are drawn again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evenkeel.confusion import Counts
from evenkeel.decide.multiclass import first_offsets, search_offsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.decide.multiclass import Goal
    from evenkeel.decide.threshold import Curve

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_POINTS = 1024  # thresholds that compete in each draw
_NEAR = 257  # and near one that alerts decide
_ROWS = 1000  # rows of a class that enter a draw when offsets are searched
_OWN = 1024  # rows of a class up to which each row is drawn by itself


class Redrawn(NamedTuple):
    """Counts and costs of some points of a curve under every draw.

    Attributes
    ----------
    points
        ``(n_points,)``: indices into the curve, rising.
    counts
        Four arrays ``(n_boot, n_points)``.
    cost
        ``(n_boot, n_points)`` when costs were given: change of the total cost against flagging
        nothing.
    """

    points: Ints
    counts: Counts
    cost: Floats | None


def redraw(
    curve: Curve,
    y: Ints,
    p: Floats,
    *,
    n_boot: int,
    seed: int,
    weight: Floats | None = None,
    cost: Floats | None = None,
    around: int | None = None,
) -> Redrawn:
    """Draw rows with replacement and count again at up to 1,024 thresholds.

    A row gets Poisson(1) copies, with all its repeats. Rows alike (one repeat, no weights or costs of
    their own) are drawn together, which is the same; otherwise up to 1,024 rows of a class are drawn
    one by one, and more are first put together by score: g rows get Poisson(g) copies of their mean.

    Parameters
    ----------
    curve
        The curve of all rows and repeats.
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_repeats, n_rows)``: the scores of the curve.
    n_boot, seed
        Number of draws and their seed.
    weight
        ``(n_rows,)``: row weights, None for ones.
    cost
        ``(n_rows, 2)``: what leaving the row alone and flagging it would cost.
    around
        A point that alerts decide, not cases: those near it compete too, and it itself.
    """
    points, rng = _candidates(curve, around), np.random.default_rng(seed)
    if len(p) == 1 and weight is None and cost is None:
        flagged = [
            np.cumsum(
                rng.poisson(np.diff(side[points], prepend=0.0), (n_boot, points.size)), axis=1
            )
            for side in (curve.fp, curve.tp)
        ]
        fp, tp = (side.astype(np.float64) for side in flagged)
        return Redrawn(points, Counts(tp, fp, tp[:, -1:] - tp, fp[:, -1:] - fp), None)
    mass = np.ones(y.size) if weight is None else weight
    rising = curve.thresholds_at(points)[::-1]
    # First candidate, from the highest threshold down, that flags the row.
    cell = points.size - np.searchsorted(rising, p, side="right")
    middle = cell[0] if len(p) == 1 else points.size - np.searchsorted(rising, p.mean(0), "right")
    sides = np.zeros((2, n_boot, points.size))
    spent = None if cost is None else np.zeros_like(sides[0])
    for hit in (0, 1):
        rows = np.flatnonzero(y == hit)
        group = np.arange(rows.size) if rows.size <= _OWN else _ranks(middle[rows])
        size = np.bincount(group)
        copies = rng.poisson(size, size=(n_boot, size.size)) / size
        flat = group * points.size + cell[:, rows]
        sides[hit] = copies @ _sums(flat, mass[rows], size.size, points.size)
        if spent is not None and cost is not None:
            change = mass[rows] * (cost[rows, 1] - cost[rows, 0])
            spent += copies @ _sums(flat, change, size.size, points.size)
    fp, tp = np.cumsum(sides, axis=2)
    total = None if spent is None else np.cumsum(spent, axis=1)
    return Redrawn(points, Counts(tp, fp, tp[:, -1:] - tp, fp[:, -1:] - fp), total)


def redraw_offsets(
    logs: Floats, y: Ints, goal: Goal, *, weight: Floats, tuned: Ints, n_boot: int, seed: int
) -> Floats:
    """Offsets of several classes, searched anew under every draw.

    Rows are drawn with all their repeats within each class; of more than 1,000 rows 1,000 are drawn
    and stand for all, since what moves is set by the rare classes.

    Parameters
    ----------
    logs
        ``(n_repeats, n_rows, n_classes)``.
    y, weight
        ``(n_rows,)``: class codes and row weights.
    goal
        What the offsets are to make as high as possible.
    tuned
        Codes of the classes whose offsets may move.
    n_boot, seed
        Number of draws and their seed.

    Returns
    -------
    array
        ``(n_boot, n_classes)``.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(y == code) for code in range(goal.support.size)]
    found = np.zeros((n_boot, goal.support.size))
    for draw in found:
        drawn = [rng.choice(rows, min(rows.size, _ROWS)) for rows in members if rows.size]
        rows = np.concatenate(drawn)
        scale = [np.full(part.size, members[y[part[0]]].size / part.size) for part in drawn]
        mass = weight[rows] * np.concatenate(scale) / len(logs)
        again = np.tile(y[rows], len(logs))
        masses = np.tile(mass, len(logs))
        support = np.bincount(again, weights=masses, minlength=goal.support.size)
        redrawn = replace(goal, support=support.astype(np.float64))
        draw[:] = search_offsets(
            logs[:, rows].reshape(-1, goal.support.size),
            again,
            redrawn,
            weight=masses,
            tuned=tuned,
            start=first_offsets(redrawn, tuned),
        )
    return found


def _candidates(curve: Curve, around: int | None) -> Ints:
    """Points where an optimum can lie: just below a score that some positive has, or near one."""
    ends = np.flatnonzero(np.diff(curve.tp) > 0.0) + 1
    if ends.size > _POINTS - 2:
        by_positives = np.linspace(0, ends.size - 1, _POINTS // 2).astype(np.int64)
        alerts = (curve.tp + curve.fp)[ends]
        levels = np.geomspace(alerts[0], alerts[-1], _POINTS // 2 - 2)
        by_alerts = np.searchsorted(alerts, levels).clip(0, ends.size - 1)
        ends = ends[np.unique(np.append(by_positives, by_alerts))]
    if around is not None:
        every = curve.tp + curve.fp
        near = np.searchsorted(every, every[around] * np.linspace(0.7, 1.3, _NEAR))
        ends = np.concatenate([ends, [around], near.clip(0, curve.tp.size - 1)])
    return np.unique(np.concatenate([[0], ends, [curve.tp.size - 1]])).astype(np.int64)


def _ranks(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1]


def _sums(flat: Ints, values: Floats, n_groups: int, n_points: int) -> Floats:
    repeated = np.broadcast_to(values, flat.shape).ravel()
    sums = np.bincount(flat.ravel(), weights=repeated, minlength=n_groups * n_points)
    return sums.astype(np.float64).reshape(n_groups, n_points)
