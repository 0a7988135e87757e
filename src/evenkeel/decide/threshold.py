"""Exact thresholds: counts and costs at every distinct score, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel.confusion import Counts, from_counts
from evenkeel.errors import InvalidInput
from evenkeel.ranking import ranked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FLAGS_ALL = 0.0
FLAGS_NONE = 1.0 + 2.0**-20  # above every probability, in float32 too
_SLACK = 1e-12  # rounding allowed when a rate is put against its minimum


@dataclass(frozen=True, eq=False)
class Curve:
    """What every possible threshold gives; a row is flagged when ``p >= threshold``.

    Point 0 flags nothing, point k the rows of the k highest distinct scores, the last everything.

    Parameters
    ----------
    scores
        ``(n_distinct,)``: distinct scores, falling.
    tp, fp
        ``(n_distinct + 1,)``: positives and negatives flagged (rows, or their weight).
    cost
        ``(n_distinct + 1,)``: total cost of all rows, when costs were given.
    """

    scores: Floats
    tp: Floats
    fp: Floats
    cost: Floats | None = None

    @cached_property
    def threshold(self) -> Floats:
        """``(n_distinct + 1,)``: thresholds midway between neighbouring scores, falling."""
        return self.thresholds_at(np.arange(self.tp.size))

    def thresholds_at(self, points: ArrayLike) -> Floats:
        """Thresholds of some points only."""
        at = np.asarray(points, dtype=np.int64)
        last = self.scores.size
        inner = midway(
            self.scores[np.clip(at - 1, 0, last - 1)], self.scores[np.clip(at, 0, last - 1)]
        )
        return np.where(at == 0, FLAGS_NONE, np.where(at == last, FLAGS_ALL, inner))

    @property
    def counts(self) -> Counts:
        """Confusion counts of every point."""
        return Counts(self.tp, self.fp, self.tp[-1] - self.tp, self.fp[-1] - self.fp)

    @property
    def alert_rate(self) -> Floats:
        """Share of all rows that is flagged."""
        alerts = self.tp + self.fp
        rate: Floats = alerts / alerts[-1]
        return rate

    def metric(self, name: str) -> Floats:
        """A decision metric at every point."""
        return from_counts(name, self.counts)

    @property
    def precision(self) -> Floats:
        """Share of flagged rows that are positive; 0 where nothing is flagged."""
        return self.metric("precision")

    @property
    def recall(self) -> Floats:
        """Share of positives that are flagged."""
        return self.metric("recall")

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and recall."""
        return self.metric("f1")


def threshold_curve(
    y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, cost: ArrayLike | None = None
) -> Curve:
    """Counts, and costs if given, at every distinct score; rows with equal scores stay together.

    One sort: 10 million rows take about two seconds.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest; both must occur.
    p
        ``(n_rows,)``: probabilities of the positive class.
    weight
        ``(n_rows,)``: row weights, not negative.
    cost
        ``(n_rows, 2)``: what leaving the row alone and flagging it would cost
        (``Policy.row_costs``).

    Raises
    ------
    InvalidInput
        Scores outside [0, 1], lengths that differ, or one class only.

    Examples
    --------
    >>> curve = threshold_curve([0, 1, 0, 1], [0.125, 0.25, 0.5, 0.75])
    >>> curve.threshold.tolist()[1:]
    [0.625, 0.375, 0.1875, 0.0]
    >>> curve.precision.round(2).tolist()
    [0.0, 1.0, 0.5, 0.67, 0.5]
    """
    owner = "threshold_curve"
    score = as_scores(p, owner=owner)
    table = None if cost is None else as_scores(cost, owner=owner, name="cost", unit=False)
    if table is not None and table.shape != (score.size, 2):
        raise InvalidInput(f"cost of {owner} must have shape ({score.size}, 2). Got {table.shape}.")
    extra = None if table is None else table[:, 1] - table[:, 0]
    found = ranked(y, score, weight=weight, values=extra, owner=owner)
    if not found.tp.size or found.tp[-1] <= 0.0 or found.fp[-1] <= 0.0:
        raise InvalidInput(
            f"y of {owner} must hold both classes. Got {0 if not found.tp.size else found.tp[-1]:g} "
            f"positives and {0 if not found.fp.size else found.fp[-1]:g} negatives."
        )
    total = None
    if table is not None and found.values is not None:
        mass = np.ones(score.size) if weight is None else np.asarray(weight, dtype=np.float64)
        total = float(mass @ table[:, 0]) + np.append(0.0, found.values)
    return Curve(found.scores, np.append(0.0, found.tp), np.append(0.0, found.fp), total)


def midway(above: Floats, below: Floats) -> Floats:
    """Thresholds between two scores that part them alike in float64 and, where it can, in float32.

    A float32 number near the middle is taken where one parts both the scores and their float32
    forms; otherwise a float64 number that does, or, where the float32 forms are equal, the middle.

    Parameters
    ----------
    above, below
        Arrays of one shape, ``above > below``, within [0, 1].

    Examples
    --------
    >>> midway(np.array([0.75]), np.array([0.5])).tolist()
    [0.625]
    """
    low = np.maximum(below, below.astype(np.float32))
    high = np.minimum(above, above.astype(np.float32))
    low, high = np.where(low < high, low, below), np.where(low < high, high, above)
    middle = low + (high - low) / 2.0
    middle = np.where(middle > low, middle, high)
    single = middle.astype(np.float32)
    single = np.where(single > high, np.nextafter(single, np.float32(-1.0)), single)
    single = np.where(single <= low, np.nextafter(single, np.float32(2.0)), single)
    rounded = single.astype(np.float64)
    return np.where((rounded > low) & (rounded <= high), rounded, middle)


def optimum(
    goal: Floats, *, floor_values: Floats | None = None, floor: float = 0.0
) -> tuple[Ints, NDArray[np.bool_]]:
    """The point with the highest goal, if need be among those that keep a minimum.

    Equal goals go to the higher floor value, then to the higher threshold (fewer alerts). Where no
    point keeps the minimum, the nearest is taken: the highest floor value, then the highest goal.

    Parameters
    ----------
    goal
        ``(..., n_points)``: what is to be as high as possible; points that may not be taken hold
        minus infinity.
    floor_values
        ``(..., n_points)``: what must reach ``floor``.
    floor
        The minimum.

    Returns
    -------
    points, reached
        ``(...)``: index of the chosen point, and whether it keeps the minimum.

    Examples
    --------
    >>> point, kept = optimum(np.array([0.2, 0.5, 0.9]), floor_values=np.array([1.0, 0.8, 0.1]), floor=0.8)
    >>> int(point), bool(kept)
    (1, True)
    """
    if floor_values is None:
        points = np.asarray(np.argmax(goal, axis=-1))
        return points, np.ones(points.shape, dtype=np.bool_)
    open_points = np.where(np.isneginf(goal), -np.inf, floor_values)
    allowed = open_points >= floor - _SLACK
    reached = np.asarray(allowed.any(axis=-1))
    first = np.where(allowed, goal, -np.inf)
    kept = np.argmax(np.where(first == _top(first), open_points, -np.inf), axis=-1)
    nearest = np.argmax(np.where(open_points == _top(open_points), goal, -np.inf), axis=-1)
    return np.where(reached, kept, nearest), reached


def _top(values: Floats) -> Floats:
    top: Floats = values.max(axis=-1, keepdims=True)
    return top
