"""Numbers in a form in which squared distances lose nothing, or as little as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._rows import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def values_of(X: Any, rows: Ints) -> Any:
    """Some rows of a table as an array or CSR; all of them in order as they stand, uncopied."""
    part = X if rows.size == X.shape[0] and bool((rows == np.arange(rows.size)).all()) else X[rows]
    return part.tocsr() if is_sparse(part) else np.asarray(part)


def in_range(query: Any, pool: Any) -> tuple[Any, Any, float]:
    """Both divided by a power of two where squares would leave the range of float64; and that power."""
    both = [part.data if is_sparse(part) else part for part in (query, pool)]
    most = max(map(largest, both))
    if most == 0 or 1e-120 < most < 1e120:
        return query, pool, 1.0
    unit = 2.0 ** (int(np.frexp(most)[1]) - 1)  # values up to 2: twice as much may be infinite
    return query.astype(np.float64) / unit, pool.astype(np.float64) / unit, unit


def centre_of(pool: Any) -> Floats | None:
    """The mean, where products about it lose less to rounding; sparse values cannot be moved."""
    if is_sparse(pool):
        return None
    mean: Floats = pool.mean(axis=0, dtype=np.float64)
    spread = pool[:: max(1, len(pool) // 1000)].var(axis=0, dtype=np.float64)
    return mean if (mean**2).sum() > spread.sum() else None


def whole(query: Any, pool: Any) -> bool:
    """Whether all are whole numbers, and so small that a numbered square loses nothing."""
    if is_sparse(pool):
        return False
    # squares of a row, with the place beside
    most = 2.0**50 / (16 * max(1, pool.shape[1]) * len(pool))
    return all(
        (part.dtype.kind in "biu" or _is_whole(part)) and largest(part) ** 2 < most
        for part in (query, pool)
    )


def _is_whole(part: Any) -> bool:
    return bool((part[:64] == np.rint(part[:64])).all()) and bool((part == np.rint(part)).all())


def largest(part: Any) -> float:
    """The largest magnitude, without an array of magnitudes."""
    if part.size == 0:
        return 0.0
    return max(float(part.max()), -float(part.min()))
