"""The value difference metric: categories are near where the classes are spread alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.neighbors import neighbors
from evenkeel.resample.mixed_distance import PAIRS, least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class ValueDifference:
    """Distances ``sum_j (sum_c |P(c | x_j) - P(c | y_j)|)^2`` between rows of categories.

    For two classes this is four times a squared Euclidean distance between the shares of one class.

    Parameters
    ----------
    codes
        Categories of every row as whole numbers of at least 0, ``(n_rows, n_columns)``.
    classes
        Class of every row, ``(n_rows,)``.
    n_classes
        Number of classes, at least 2.

    Attributes
    ----------
    shares
        ``P(class | category)`` of each column, ``(n_levels, n_classes)``.

    References
    ----------
    Stanfill and Waltz 1986, "Toward memory-based reasoning", Communications of the ACM 29(12).
    doi:10.1145/7902.7906. Cost and Salzberg 1993, "A weighted nearest neighbor algorithm for
    learning with symbolic features", Machine Learning 10, with r = 2. doi:10.1007/BF00993481

    Examples
    --------
    >>> codes = np.array([[0], [0], [1], [1]])
    >>> metric = ValueDifference(codes, np.array([0, 0, 0, 1]), 2)
    >>> metric.square(np.array([0]), np.array([0, 2])).tolist()
    [[0.0, 1.0]]
    """

    def __init__(self, codes: Ints, classes: Ints, n_classes: int) -> None:
        self.codes, self.n_classes = codes, n_classes
        self.shares = []
        for column in codes.T:
            pairs = np.bincount(column.astype(np.int64) * n_classes + classes)
            counts = np.zeros((int(column.max()) + 1, n_classes))
            counts.ravel()[: len(pairs)] = pairs
            self.shares.append(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))

    def points(self, rows: Ints) -> Floats:
        """Share of the first class for each category of each row, ``(n, n_columns)``."""
        return np.column_stack(
            [share[self.codes[rows, j], 0] for j, share in enumerate(self.shares)]
        )

    def square(self, rows: Ints, pool: Ints) -> Floats:
        """Squared distances from some rows to others, ``(n, m)``."""
        out = np.zeros((len(rows), len(pool)))
        for j, share in enumerate(self.shares):
            mine, line = np.unique(self.codes[rows, j], return_inverse=True)
            theirs, place = np.unique(self.codes[pool, j], return_inverse=True)
            apart = np.zeros((len(mine), len(theirs)))  # each pair of categories once
            for of_class in share.T:
                apart += np.abs(of_class[mine, None] - of_class[theirs])
            out += (apart**2)[line][:, place]
        return out

    def nearest(self, rows: Ints, asked: Ints, k: int) -> Ints:
        """The k nearest of some rows, for those at some places among them.

        Parameters
        ----------
        rows
            Rows that may be neighbours, ``(m,)``.
        asked
            Places in ``rows``, ``(n,)``.
        k
            From 1 to ``m - 1``.

        Returns
        -------
        int64 array (n, k)
            Places in ``rows``, never the row itself; equal distances in the order of the places.
        """
        if self.n_classes == 2:
            return neighbors(self.points(rows), asked, k=k)[0]
        found = np.empty((len(asked), k), np.int64)
        step = max(1, PAIRS // len(rows))
        for start in range(0, len(asked), step):
            part = asked[start : start + step]
            square = self.square(rows[part], rows)
            square[np.arange(len(part)), part] = np.inf
            found[start : start + step] = least(square, k)
        return found
