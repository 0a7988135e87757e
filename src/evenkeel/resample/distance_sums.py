"""Sums of the distances from rows to their nearest or farthest rows of a pool."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import euclidean_distances

from evenkeel._rows import is_sparse
from evenkeel._threads import limited, threads
from evenkeel.neighbors import neighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]

BLOCK = 1 << 21  # distances held at a time
TILE = 1 << 18  # single-precision bounds held at a time: 1 MB stays in a processor's cache
OUTER = 64  # rows of the pool, far from its middle, that bound sums of farthest distances


def distance_sums(points: Any, rows: Ints, pool: Ints, *, k: int, farthest: bool = False) -> Floats:
    """Sum of the distances from each row to its k nearest, or k farthest, other rows of a pool.

    Parameters
    ----------
    points
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    rows
        Row numbers to sum for, ``(n,)``.
    pool
        Row numbers that distances are taken to, ``(m,)``.
    k
        Distances in each sum, at most ``m``, or ``m - 1`` for rows of the pool; 0 gives 0.

    Returns
    -------
    float64 array (n,)

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [5.0]])
    >>> distance_sums(X, np.array([0, 1]), np.array([1, 2, 3]), k=2).tolist()
    [3.0, 5.0]
    >>> distance_sums(X, np.array([0, 1]), np.array([1, 2, 3]), k=1, farthest=True).tolist()
    [5.0, 4.0]
    """
    if k == 0 or rows.size == 0:
        return np.zeros(rows.size)
    if not farthest:
        return np.asarray(neighbors(points, rows, pool, k=k)[1].sum(axis=1))
    unit = _unit(points)
    close = _scaled(points[pool], unit)
    sums = np.empty(rows.size)
    step = max(1, BLOCK // pool.size)
    for start in range(0, rows.size, step):
        part = _scaled(points[rows[start : start + step]], unit)
        # differences lose nothing to cancellation; of sparse rows they would be dense
        far = euclidean_distances(part, close) if is_sparse(part) else cdist(part, close)
        far.partition(pool.size - k, axis=1)
        # in order, so that equal distances have equal sums; the row itself is at 0
        sums[start : start + step] = np.sort(far[:, -k:], axis=1).sum(axis=1)
    return np.asarray(sums * unit)


def smallest_sums(
    points: Any, rows: Ints, pool: Ints, count: int, *, k: int, farthest: bool = False
) -> Ints:
    """The rows with the smallest sums, smallest first, equal sums in the order of the row numbers.

    Single precision bounds every sum from below; only rows whose bound lets them in are measured.

    Parameters
    ----------
    points, pool, k, farthest
        As for :func:`distance_sums`.
    rows
        Row numbers to choose from, ``(n,)``.
    count
        How many to choose, at most ``n``.

    Returns
    -------
    int array (count,)

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [5.0]])
    >>> smallest_sums(X, np.array([0, 1, 2]), np.array([3]), 2, k=1).tolist()
    [2, 1]
    """
    sums = np.full(rows.size, np.inf)
    if count in (0, rows.size) or k == 0:
        order = np.arange(rows.size if count else 0)
        floor = np.zeros(rows.size)
    else:
        floor = _floors(points, rows, pool, k, farthest=farthest)
        order = np.argsort(floor, kind="stable")
    start, end = 0, min(2 * count, order.size) if k else order.size
    while start < end:
        part = order[start:end]
        sums[part] = distance_sums(points, rows[part], pool, k=k, farthest=farthest)
        known = sums[order[:end]]
        limit = np.partition(known, count - 1)[count - 1]  # what it takes to be chosen, at most
        inside = int(np.searchsorted(floor[order], limit, side="right"))
        start, end = end, min(2 * end, inside)
    return rows[np.lexsort((rows, sums))[:count]]


def _floors(points: Any, rows: Ints, pool: Ints, k: int, *, farthest: bool) -> Floats:
    """What each sum cannot be below, ``(n,)``."""
    unit, sparse = _unit(points), is_sparse(points)
    close = _scaled(points[pool], unit)  # (m, d)
    centre = 0.0 if sparse else close.mean(axis=0)
    close = close if sparse else close - centre
    squares = _squares(close)
    if farthest and pool.size > 2 * max(OUTER, k):  # a sum over fewer rows is no larger
        outer = np.argsort(-squares, kind="stable")[: max(OUTER, k)]
        close, squares = close[outer], squares[outer]
    # a product of d terms in single precision is within this share of |q|^2 + |p|^2
    eps = 4 * (points.shape[1] + 4) * float(np.finfo(np.float32).eps)
    most = squares.max()
    left, add = (-2.0 * close).astype(np.float32), squares.astype(np.float32)[:, None]
    left = left if sparse else np.hstack([left, add])
    floor = np.empty(rows.size)
    step = max(64, TILE // len(squares))

    def bound(start: int) -> None:
        query = _scaled(points[rows[start : start + step]], unit)  # (b, d)
        query = query if sparse else query - centre
        own = _squares(query)
        if sparse:
            short = (left @ query.astype(np.float32).T).toarray() + add  # |p|^2 - 2 q.p, (m, b)
        else:  # the last product adds |p|^2
            short = left @ np.hstack([query, np.ones((len(query), 1))]).astype(np.float32).T
        if farthest:
            best = np.partition(short, len(short) - k, axis=0)[-k:]
        else:
            best = short.min(axis=0)[None]
        low = np.sqrt(np.maximum(best + (own - eps * (own + most)), 0.0))
        floor[start : start + step] = low.sum(axis=0) if farthest else k * low[0]

    n_threads = threads()  # before they are limited: tiles are too small to share each
    with limited(1), ThreadPoolExecutor(n_threads) as pooled:
        list(pooled.map(bound, range(0, rows.size, step)))
    return np.asarray(floor * unit)


def _unit(points: Any) -> float:
    """A power of two that brings every value into [-2, 2], where squares keep their range."""
    values = points.data if is_sparse(points) else points
    if values.size == 0:
        return 1.0
    largest = max(abs(float(values.max())), abs(float(values.min())))
    return 2.0 ** (int(np.frexp(largest)[1]) - 1)


def _scaled(points: Any, unit: float) -> Any:
    return points.astype(np.float64) / unit


def _squares(points: Any) -> Floats:
    if is_sparse(points):
        return np.asarray(points.multiply(points).sum(axis=1), np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", points, points))
