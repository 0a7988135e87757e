"""What the offsets of several classes are to achieve: one figure, and a least recall of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.confusion import beta_of, from_confusion
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

GOALS = ("balanced-accuracy", "f<beta>", "accuracy", "g-mean", "mcc", "cost")
_NO_RECALL = 1e-9  # what a recall of 0 counts as in a product of recalls


@dataclass(frozen=True, eq=False)
class Goal:
    """What offsets are to make as high as possible, as sums over classes.

    Parameters
    ----------
    name
        One of ``GOALS``.
    support
        ``(n_classes,)``: weight of the rows of each class.
    costs
        ``(n_classes, n_classes)``: for the goal ``"cost"``; its value is minus the mean cost.
    floors
        ``(n_classes,)``: least recall of each class, in [0, 1]; 0 or NaN where there is none. They
        come before the goal. A class without rows has no recall and falls short of nothing.

    Raises
    ------
    InvalidInput
        A goal that several classes do not have, or floors of another number of classes or outside
        [0, 1].

    Examples
    --------
    >>> goal = Goal("f1", np.array([8.0, 4.0, 2.0]), floors=np.array([0.0, 0.5, 1.0]))
    >>> found = np.array([[6.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    >>> goal.recalls(found).tolist(), float(goal.shortfall(found))
    ([0.75, 0.5, 0.5], 0.5)
    """

    name: str
    support: Floats
    costs: Floats | None = None
    floors: Floats | None = None

    def __post_init__(self) -> None:
        if self.name not in GOALS and beta_of(self.name) is None:
            raise InvalidInput(
                f"With several classes a decision can aim at {', '.join(GOALS)}. Got {self.name!r}."
            )
        if self.floors is None:
            return
        floors = np.nan_to_num(np.asarray(self.floors, dtype=np.float64))
        if floors.shape != self.support.shape or not ((floors >= 0.0) & (floors <= 1.0)).all():
            raise InvalidInput(
                f"floors of Goal must be {self.support.size} recalls in [0, 1], one for each class. "
                f"Got {np.asarray(self.floors).tolist()}."
            )
        object.__setattr__(self, "floors", floors)

    def value(self, confusion: Floats) -> Floats:
        """The goal from confusion tables ``(..., n_classes, n_classes)``."""
        if self.costs is None:
            return from_confusion(self.name, confusion)
        spent = (confusion * self.costs).sum(axis=(-2, -1))
        mean: Floats = -spent / confusion.sum(axis=(-2, -1))
        return mean

    def recalls(self, confusion: Floats) -> Floats:
        """Recall of each class, ``(..., n_classes)``, NaN for one without rows."""
        hits = np.diagonal(confusion, axis1=-2, axis2=-1)
        unknown: Floats = np.full(hits.shape, np.nan)
        return np.divide(hits, self.support, out=unknown, where=self.support > 0.0)

    def shortfall(self, confusion: Floats) -> Floats:
        """How far the class that misses its floor by most is below it, ``(...)``; 0 when all are kept."""
        if self.floors is None:
            return np.zeros(confusion.shape[:-2])
        missing = np.nan_to_num(self.floors - self.recalls(confusion))
        worst: Floats = np.maximum(missing.max(axis=-1), 0.0)
        return worst

    def worth(self) -> Floats | None:
        """``(n_classes, n_classes)``: worth of each decision for a row, where the goal is their sum."""
        rows = float(self.support.sum())
        if self.costs is not None:
            return np.asarray(-self.costs / rows)
        if self.name == "accuracy":
            return np.eye(self.support.size) / rows
        if self.name == "balanced-accuracy":
            present = self.support > 0.0
            share = np.divide(1.0, self.support, out=np.zeros(self.support.size), where=present)
            return np.diag(share / np.count_nonzero(present))
        return None

    def part(self, tp: Floats, decided: Floats, code: Ints | int) -> Floats:
        """What one class adds, from its hits and the weight of rows decided for it."""
        support = np.asarray(self.support[code])
        present = support > 0.0
        if self.name == "mcc":
            return np.asarray(np.square(decided))
        if self.name == "g-mean":
            recall = np.divide(tp, support, out=np.ones_like(tp), where=present)
            return np.asarray(np.log(np.maximum(recall, _NO_RECALL)))
        beta = beta_of(self.name) or 1.0
        whole = decided + beta**2 * support
        score = (1.0 + beta**2) * tp
        found: Floats = np.zeros_like(score)
        return np.divide(score, whole, out=found, where=present & (whole > 0.0))

    def total(self, parts: Floats, hits: Floats, expected: Floats) -> Floats:
        """The goal, up to a rising function, from the sum of parts and the other sums."""
        if self.name != "mcc":
            return parts
        rows = float(self.support.sum())
        free = np.maximum(rows**2 - parts, 0.0)
        agreement = hits * rows - expected
        found: Floats = np.zeros_like(parts)
        return np.divide(agreement, np.sqrt(free), out=found, where=free > 0.0)
