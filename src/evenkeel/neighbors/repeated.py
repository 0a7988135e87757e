"""Queries that are repeated in the pool: their equal rows are the nearest, in the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

FEW = 64  # queries for which looking for equal rows does not pay


def repeated(query: Any, pool: Any, own: Ints, k: int) -> tuple[Bools, Ints]:
    """Which queries have k equal rows in the pool, and the first k of these.

    Parameters
    ----------
    query, pool
        Finite numbers, ``(n, n_columns)`` and ``(m, n_columns)``.
    own
        Place of each query in the pool, which is left out, ``(n,)``; -1 where there is none.
    k
        Neighbours wanted, below ``m``.

    Returns
    -------
    settled : bool array (n,)
    places : int64 array (n_settled, k)

    Examples
    --------
    >>> pool = np.array([[7.0], [5.0], [7.0], [7.0]])
    >>> settled, places = repeated(pool, pool, np.arange(4), 2)
    >>> settled.tolist(), places.tolist()
    ([True, False, True, True], [[2, 3], [0, 3], [0, 2]])
    """
    settled = np.zeros(len(query), bool)
    if len(query) < FEW and len(pool) > 4 * FEW:
        return settled, np.empty((0, k), np.int64)
    keys = _keys(pool)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    asked = _keys(query)
    first = np.searchsorted(ordered, asked)
    size = np.searchsorted(ordered, asked, side="right") - first
    settled = size >= k + (own >= 0)
    at = np.flatnonzero(settled)
    near = np.minimum(first[at, None] + np.arange(k + 1), len(order) - 1)
    places = order[near]
    other = places != own[at, None]
    other[other.all(axis=1), -1] = False
    found = places[other].reshape(-1, k)
    true = (np.asarray(pool)[found] == np.asarray(query)[at, None]).all(axis=(1, 2))
    settled[at[~true]] = False  # rows that are not equal may have one key
    return settled, found[true]


def _keys(part: Any) -> NDArray[np.uint64]:
    """A number for each row, equal for equal rows, ``(n,)``."""
    bits = (np.asarray(part, np.float64) + 0.0).view(np.uint64)  # -0 is 0
    odd = np.random.default_rng(0).integers(1 << 63, size=part.shape[1], dtype=np.uint64) * 2 + 1
    keys = np.zeros(len(bits), np.uint64)
    for column, factor in enumerate(odd):
        keys = (keys ^ (keys >> np.uint64(29))) * factor + bits[:, column]
    return keys ^ (keys >> np.uint64(32))
