"""Neighbours among rows that become fewer, for methods that clean a table in rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.neighbors import neighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

SPARE = 16  # neighbours beyond those asked for: cleaning takes a few from most rows


class Shrinking:
    """The nearest of the rows that are left, from one search for somewhat more than are asked for.

    What is left of a row's neighbours stays in order; only a row that lost too many is searched for
    again, among what is left by then.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``.
    k
        Neighbours that rounds ask for, at most.

    Examples
    --------
    >>> graph = Shrinking(np.array([[0.0], [1.0], [3.0], [7.0]]), 1)
    >>> every = np.arange(4)
    >>> graph.nearest(every, every, 1).ravel().tolist()
    [1, 0, 1, 2]
    >>> graph.nearest(np.array([0, 2, 3]), np.array([0, 3]), 1).ravel().tolist()
    [2, 2]
    """

    def __init__(self, X: Any, k: int) -> None:
        self.X, self.wide = X, k + SPARE
        self.known = np.full(
            (X.shape[0], self.wide), -1, np.int32 if len(X) < 1 << 31 else np.int64
        )

    def nearest(self, left: Ints, rows: Ints, k: int) -> Ints:
        """Row numbers of the k nearest, nearest first, equal distances by row number, ``(n, k)``.

        Parameters
        ----------
        left
            Rows that there are, sorted; no row comes back that was not left before.
        rows
            Rows to find neighbours of, among those, ``(n,)``.
        k
            At most what was said, and below the number of rows that are left.
        """
        there = np.zeros(len(self.X) + 1, bool)  # the last one is asked about by -1
        there[left] = True
        lacking = rows[np.count_nonzero(there[self.known[rows]], axis=1) < k]
        if lacking.size:
            wide = min(self.wide, left.size - 1)
            self.known[lacking, wide:] = -1
            self.known[lacking, :wide] = neighbors(self.X, lacking, left, k=wide)[0]
        known = self.known[rows]
        first = np.argsort(~there[known], axis=1, kind="stable")[:, :k]  # those that are there
        return np.take_along_axis(known, first, axis=1)
