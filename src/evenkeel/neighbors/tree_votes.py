"""Whether rows of a table with few columns have another class among their nearest, by a k-d tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._threads import threads
from evenkeel.neighbors.close_by import close_by
from evenkeel.neighbors.engines import grown
from evenkeel.neighbors.values import centre_of, in_range, values_of, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.neighbors.engines import Ask

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    States = NDArray[np.int8]

SPARE = 2  # candidates beyond k that show whether the k-th distance is tied
AT_ONCE = 1 << 14  # rows asked at a time

CLEAR, MIXED, UNSURE = 0, 1, 2


class TreeVotes:
    """A tree over all rows that is asked which rows have another class among their k nearest.

    Classes are compared in the order in which the tree gives the candidates; only where rounding or
    ties could change the answer is a row left to be ranked exactly. Whole numbers leave none: one
    more column, 0 in each query and ``sqrt(place / n_rows)`` in the tree, puts equal distances in
    the order of their rows, and adds less than the 1 by which others differ.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``.
    codes
        Class of each row, ``(n_rows,)``.
    k
        Neighbours looked at, at least 1, at most ``n_rows - 4``.
    asked
        Rows that will be asked about. Where they are given, the tree looks at what lies close to them
        alone (:mod:`evenkeel.neighbors.close_by`), and leaves the others open.

    Attributes
    ----------
    usable
        Whether a tree was grown: with ``asked``, only where it pays.

    Examples
    --------
    >>> votes = TreeVotes(np.array([[0.0], [1.0], [2.0], [2.1], [7.0], [9.9]]), np.eye(6)[3], 1)
    >>> votes.of(np.arange(6)).tolist()
    [0, 0, 1, 1, 0, 0]
    """

    def __init__(self, X: Any, codes: Ints, k: int, asked: Ints | None = None) -> None:
        points = in_range(X, X)[0]
        self.numbered = whole(points, points)
        self.codes, self.k = codes, k
        # a squared distance is within this share of |q|^2 + |p|^2 of the truth
        self.eps = 4 * (points.shape[1] + 4) * np.finfo(np.float64).eps
        centre = None if self.numbered else centre_of(points)
        points = points.astype(np.float64, copy=False) if centre is None else points - centre
        self.points = points
        if self.numbered:
            points = np.column_stack([points, np.sqrt(np.arange(len(points)) / len(points))])
        self.place = np.arange(len(points))  # of each row in the leaves of the tree
        if asked is None:
            grown_tree = grown(points)
            self.ask: Ask | None = lambda query, k: grown_tree.query(query, k, workers=threads())
            self.place[grown_tree.indices] = np.arange(len(points))
        else:
            self.ask = close_by(values_of(points, asked), points, self._wide)
        self.usable = self.ask is not None

    @property
    def _wide(self) -> int:
        """Rows that the tree is asked for."""
        return self.k + 1 + (0 if self.numbered else SPARE)

    def of(self, rows: Ints) -> States:
        """Whether each row is clear, mixed, or left open, ``(n,)``."""
        state = np.empty(rows.size, np.int8)
        order = np.argsort(self.place[rows], kind="stable")  # rows of one leaf need the same leaves
        for start in range(0, rows.size, AT_ONCE):
            at = order[start : start + AT_ONCE]
            state[at] = self._state(rows[at])
        return state

    def _state(self, rows: Ints) -> States:
        assert self.ask is not None
        query, wide = self.points[rows], self._wide
        asked = np.column_stack([query, np.zeros(rows.size)]) if self.numbered else query
        reach, places = map(np.asarray, self.ask(asked, wide))
        full = np.isfinite(reach[:, -1])
        if not full.all():
            state = np.full(rows.size, UNSURE, np.int8)
            state[full] = self._told(rows[full], query[full], reach[full], places[full])
            return state
        return self._told(rows, query, reach, places)

    def _told(self, rows: Ints, query: Floats, reach: Floats, places: Ints) -> States:
        """The same, from what the tree found."""
        wide = self._wide
        other = places != rows[:, None]
        hidden = other.all(axis=1)  # among rows that are equal to it
        other[hidden, -1] = False
        alien = self.codes[places[other].reshape(-1, wide - 1)] != self.codes[rows, None]
        if self.numbered:
            return np.asarray(alien[:, : self.k].any(axis=1).astype(np.int8))
        square = (reach[other] ** 2).reshape(-1, wide - 1)
        each, last = np.arange(rows.size), self.k - 1
        first = np.where(alien.any(axis=1), alien.argmax(axis=1), wide - 2)
        nearest = square[each, first]  # of another class; or as near as any unseen row can be
        slack = 5 * self.eps * (np.einsum("ij,ij->i", query, query) + square[:, -1])
        state = np.full(rows.size, UNSURE, np.int8)
        state[(first > last) & (square[:, last] + slack < nearest)] = CLEAR
        state[(first <= last) & (nearest + slack < square[:, last + 1])] = MIXED
        state[hidden] = UNSURE
        return state
