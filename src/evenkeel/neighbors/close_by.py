"""A tree for rows that lie close together, however many columns there are.

In many columns a k-d tree looks at nearly all points, unless the neighbours are near: rows that SMOTE
made lie on lines between others, and have neighbours a hundredth of the usual distance away. So the tree
is asked for what lies within a limit. A few queries, asked first, tell which limit pays, if any.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._threads import threads
from evenkeel.neighbors.engines import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.neighbors.engines import Ask

    Floats = NDArray[np.float64]

WORTH = 1 << 40  # numbers that products would read, below which growing a tree does not pay
SECONDS = 1e-11  # that products take for each of these numbers, by two cores
FEW, PROBE = 32, 256  # queries that are asked first
CLOSE = 0.1  # share of the usual distance beyond which a tree passes few points by
LIMITS = (1 / 64, 1 / 16, 1 / 4, 1, 4)  # times that distance
BLOCK = 1 << 16  # points compared with those queries at a time


def is_worth_it(n_queries: int, pool: Any) -> bool:
    """Whether there is so much to compare that looking for close neighbours first may pay."""
    return bool(n_queries * pool.shape[0] * pool.shape[1] >= WORTH)


def close_by(query: Floats, pool: Floats, k: int) -> Ask | None:
    """An engine for queries that have ``k`` points close by; None where hardly any has.

    Parameters
    ----------
    query, pool
        Finite numbers about 0, ``(n, n_columns)`` and ``(m, n_columns)``.
    k
        Points wanted.

    Returns
    -------
    callable or None
        As those of :mod:`evenkeel.neighbors.engines`. A query with fewer than ``k`` points within the
        limit has infinite distances at its end.

    Examples
    --------
    >>> close_by(np.zeros((2, 1)), np.ones((5, 1)), 1) is None  # too little to compare
    True
    """
    if not is_worth_it(len(query), pool):
        return None
    close = CLOSE * float(np.sqrt(2 * pool.var(axis=0).sum()))
    if np.quantile(_reach(query[:: -(-len(query) // FEW)], pool, k), 0.25) > close:
        return None
    tree, some = grown(pool), query[:: -(-len(query) // PROBE)]
    limit, most_saved, by_products = 0.0, 0.0, SECONDS * pool.size
    for beyond in (close * share for share in LIMITS):
        seconds = []
        for _ in range(2):  # the first one brings the points into the cache
            start = time.perf_counter()
            reach, _ = tree.query(some, k, distance_upper_bound=beyond, workers=threads())
            seconds.append(time.perf_counter() - start)
        by_tree = min(seconds) / len(some)
        if by_tree > by_products:
            break
        saved = float(np.isfinite(np.asarray(reach)[:, -1]).mean()) * by_products - by_tree
        if saved > most_saved:
            limit, most_saved = beyond, saved
    if not limit:
        return None
    return lambda asked, n: tree.query(asked, n, distance_upper_bound=limit, workers=threads())


def _reach(query: Floats, pool: Floats, k: int) -> Floats:
    """Distance to the k-th nearest point, up to rounding, ``(n,)``."""
    least = np.full((len(query), k), np.inf)
    for start in range(0, len(pool), BLOCK):
        part = pool[start : start + BLOCK]
        bracket = np.einsum("ij,ij->i", part, part) - 2 * query @ part.T
        both = np.hstack([least, bracket])
        least = np.partition(both, k - 1, axis=1)[:, :k]
    square = least[:, -1] + np.einsum("ij,ij->i", query, query)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)))
