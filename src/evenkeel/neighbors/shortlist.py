"""The few rows that may be among the nearest, found in single precision.

``|q - p|^2 = |q|^2 + (|p|^2 - 2 q.p)``; for one ``q`` only the bracket differs. Some of the rows tell
how large the k-th least bracket is at most; then all rows are compared with that. Brackets are
products in float32, off by less than a known share of ``|q|^2 + |p|^2``; what is left out is surely
farther than k others.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._threads import limited, threads
from evenkeel.neighbors.values import largest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

QUERIES = 1_024  # at a time
TILE = 1 << 16  # brackets held at a time by each thread: 256 KB stay in a core's cache
PART = 1 << 11  # rows of the pool that a thread takes at a time
EVERY = 16  # of so many rows, one tells how near the nearest are
GROUPS = 256  # minima that stand for those rows: 1 MB for the queries at a time
MOST_PAIRS = 1 << 20  # candidates of the queries at a time; more are ties
LARGEST = 1e30  # squares beyond might leave the range of float32
TINY = 1e-36  # more than what is lost below the range of float32


class Shortlist:
    """A pool of points in single precision, and queries against it.

    Parameters
    ----------
    query, pool
        Finite numbers, ``(n, n_columns)`` and ``(m, n_columns)``.

    Attributes
    ----------
    usable
        Whether float32 holds the squares of all values about the mean.

    Examples
    --------
    >>> short = Shortlist(np.array([[0.0]]), np.array([[3.0], [1.0], [9.0]]))
    >>> [places.tolist() for _, _, places in short.candidates(1)]
    [[1]]
    """

    def __init__(self, query: Any, pool: Any) -> None:
        self.pool, self.centre = pool, pool.mean(axis=0, dtype=np.float64)
        spread = pool[:: -(-len(pool) // 1024)].std(axis=0, dtype=np.float64).max()
        self.unit = 2.0 ** np.frexp(spread)[1] if spread > 0 else 1.0
        farthest = 2 * max(largest(pool), largest(query)) / self.unit
        self.usable = bool(farthest < (LARGEST / pool.shape[1]) ** 0.5)
        eps = 4 * (pool.shape[1] + 4) * np.finfo(np.float32).eps
        self.less = np.float32(1 - eps)
        self.more = np.float32((1 + eps) / (1 - eps))
        with np.errstate(over="ignore"):
            queries = self._singles(query)
            self.room = np.float32(2 * eps) * queries[:, -1] + np.float32(TINY)
        queries[:, :-1] *= -2
        queries[:, -1] = 1
        self.queries = queries
        self.square = np.empty(len(pool), np.float32)  # of points, filled as they are compared

    def _singles(self, part: Any) -> Singles:
        """Values about the mean in units, and their squared length in one more column."""
        values = np.empty((len(part), part.shape[1] + 1), np.float32)
        np.multiply(part - self.centre, 1 / self.unit, out=values[:, :-1], casting="same_kind")
        np.einsum("ij,ij->i", values[:, :-1], values[:, :-1], out=values[:, -1])
        return values

    def candidates(self, k: int) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Pairs that hold the k nearest points of each query, and all as near as the k-th.

        Yields
        ------
        at, which, places
            Queries, and for each pair the place of its query in ``at`` and the place of its point.
            No pairs, where ties make too many.
        """
        some = self._singles(self.pool[:: max(1, min(EVERY, len(self.pool) // (4 * k)))])
        some[:, -1] *= self.less * self.more
        n_threads = threads()  # before they are limited: the parts are shared out here
        with limited(1), ThreadPoolExecutor(n_threads) as pool:
            for start in range(0, len(self.queries), QUERIES):
                at = np.arange(start, min(start + QUERIES, len(self.queries)))
                asked = np.ascontiguousarray(self.queries[at].T)  # (d + 1, b)
                limit = _kth(pool, asked, some, k) + self.room[at]
                which, places, bracket = self._within(pool, asked, limit)
                if which.size:  # those within the limit that some gave now give a closer one
                    most = bracket + (self.more - 1) * self.square[places]
                    order = np.lexsort((most, which))
                    first = np.searchsorted(which[order], np.arange(at.size))
                    near = bracket <= (most[order[first + k - 1]] + self.room[at])[which]
                    which, places = which[near], places[near]
                yield at, which, places

    def _within(
        self, pool: ThreadPoolExecutor, asked: Singles, limit: Singles
    ) -> tuple[Ints, Ints, Singles]:
        """Pairs whose bracket may be within the limit, and their brackets; none where too many are."""
        many, starts = asked.shape[1], range(0, len(self.pool), PART)
        found = [0] * len(starts)

        def search(start: int) -> list[tuple[Ints, Singles]]:
            pairs = []
            # made anew for each round of queries: all of them would take half the pool's memory
            points = self._singles(self.pool[start : start + PART])
            points[:, -1] *= self.less
            self.square[start : start + PART] = points[:, -1]
            for first, bracket in _brackets(points, 0, asked):
                if sum(found) > MOST_PAIRS:
                    return []
                near = np.flatnonzero(bracket <= limit)
                pairs.append((near + (start + first) * many, bracket.ravel()[near]))
                found[start // PART] += near.size
            return pairs

        parts = [part for parts in pool.map(search, starts) for part in parts]
        if sum(found) > MOST_PAIRS:
            parts = [(np.arange(0), limit[:0])]
        pairs, brackets = map(np.concatenate, zip(*parts, strict=True))
        places, which = np.divmod(pairs, many)
        return which, places, brackets


def _brackets(points: Singles, start: int, asked: Singles) -> Iterator[tuple[int, Singles]]:
    """Products of the points of one part with all queries, a few points at a time."""
    step = max(1, TILE // asked.shape[1])
    tile = np.empty((min(step, PART), asked.shape[1]), np.float32)
    end = min(start + PART, len(points))
    for first in range(start, end, step):
        last = min(first + step, end)
        yield first, np.matmul(points[first:last], asked, out=tile[: last - first])


def _kth(pool: ThreadPoolExecutor, asked: Singles, some: Singles, k: int) -> Singles:
    """A bound of the k-th least bracket of each query: the k-th of the least ones of groups."""
    size = max(1, min(len(some) // (2 * k), len(some) // GROUPS))

    def minima(start: int) -> list[Singles]:
        parts = []
        for _, bracket in _brackets(some, start, asked):
            full = len(bracket) // size * size
            parts.append(bracket[:full].reshape(-1, size, bracket.shape[1]).min(axis=1))
            if full < len(bracket):
                parts.append(bracket[full:].min(axis=0, keepdims=True))
        return parts

    starts = range(0, len(some), PART)
    least = np.concatenate([part for parts in pool.map(minima, starts) for part in parts])
    least.partition(k - 1, axis=0)
    return np.asarray(least[k - 1].copy())
