"""Exact neighbours over numbers and categories, without one-hot columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]

PAIRS = 1 << 20  # distances held at a time: 8 MB


def mixed_neighbors(points: Array, codes: Ints, asked: Ints, *, weight: float, k: int) -> Ints:
    """The k nearest rows of some rows, by ``|x - y|^2 + weight * (number of unlike categories)``.

    Parameters
    ----------
    points
        Numbers of each row, ``(m, n_numeric)``.
    codes
        Categories of each row as whole numbers of at least 0, ``(m, n_categorical)``.
    asked
        Rows to find neighbours of, ``(n,)``.
    weight
        What an unlike category adds to the squared distance, at least 0.
    k
        Neighbours of each row, from 1 to ``m - 1``.

    Returns
    -------
    int64 array (n, k)
        Rows, nearest first, never the row itself; equal distances in the order of the rows.

    Examples
    --------
    >>> points, codes = np.array([[0.0], [0.0], [1.0]]), np.array([[0], [1], [0]])
    >>> mixed_neighbors(points, codes, np.array([0]), weight=4.0, k=1).tolist()
    [[2]]
    """
    from scipy.spatial.distance import cdist

    points = points.astype(np.float64, copy=False)
    # narrow types are compared several at a time, column by column
    columns = np.ascontiguousarray(codes.T, np.min_scalar_type(int(codes.max(initial=0))))
    found = np.empty((len(asked), k), np.int64)
    step = max(1, PAIRS // len(points))
    for start in range(0, len(asked), step):
        rows = asked[start : start + step]
        square = cdist(points[rows], points, "sqeuclidean")  # (b, m)
        unlike = np.zeros(square.shape, np.uint8 if len(columns) < 256 else np.int32)
        for column in columns:
            differs = column[rows, None] != column
            np.add(unlike, differs.view(np.uint8), out=unlike)
        square += weight * unlike
        square[np.arange(len(rows)), rows] = np.inf
        found[start : start + step] = least(square, k)
    return found


def least(square: Floats, k: int) -> Ints:
    """Places of the k least values of each row, least first, equal values in order of place.

    Parameters
    ----------
    square
        Values ``(b, m)``.
    k
        At most ``m``.

    Examples
    --------
    >>> least(np.array([[2.0, 1.0, 1.0, 1.0]]), 2).tolist()
    [[1, 2]]
    """
    kth = np.partition(square, k - 1, axis=1)[:, k - 1 : k]
    chosen = square < kth
    tied = square == kth
    room = k - np.count_nonzero(chosen, axis=1)
    crowded = np.flatnonzero(np.count_nonzero(tied, axis=1) > room)
    tied[crowded] &= tied[crowded].cumsum(axis=1) <= room[crowded, None]
    places = np.nonzero(chosen | tied)[1].reshape(-1, k)
    order = np.argsort(np.take_along_axis(square, places, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(places, order, axis=1))


def one_hot(points: Any, codes: Ints, *, weight: float) -> Any:
    """The same distances as Euclidean ones, for engines that know no others.

    Each row holds its numbers and ``sqrt(weight / 2)`` once for each category, so memory does not
    grow with the number of categories.

    Parameters
    ----------
    points
        Numbers of each row, ``(m, n_numeric)``, an array or CSR.
    codes
        Categories of each row, ``(m, n_categorical)``.
    weight
        What an unlike category adds to the squared distance, at least 0.

    Returns
    -------
    CSR array ``(m, n_numeric + levels)``

    Examples
    --------
    >>> one_hot(np.array([[5.0], [6.0]]), np.array([[1], [0]]), weight=8.0).toarray().tolist()
    [[5.0, 0.0, 2.0], [6.0, 2.0, 0.0]]
    """
    from scipy.sparse import csr_array, hstack

    n_rows, n_columns = codes.shape
    n_levels = codes.max(axis=0, initial=0).astype(np.int64) + 1
    where = codes + np.concatenate([[0], np.cumsum(n_levels)[:-1]])
    data = np.full(codes.size, np.sqrt(weight / 2))
    starts = np.arange(0, codes.size + 1, n_columns)
    labels = csr_array((data, where.ravel(), starts), shape=(n_rows, int(n_levels.sum())))
    return hstack([csr_array(points, dtype=np.float64), labels], format="csr")
