"""Folds that are stretches of time, and the rows too near to them to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.split.spans import near_any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

FOLDABLE = 16  # rows of a class from which on it is spread over the stretches


def stretches(y: Ints, time: NDArray[Any], block_of: Ints, k: int) -> NDArray[np.int16]:
    """Fold of each row: stretches of time with equally many rows of the rarest foldable class.

    A block that lies in several stretches goes where its first row is.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``.
    time, block_of
        Moment and block of each row.
    k
        Number of stretches.

    Examples
    --------
    >>> y = np.tile([0, 0, 1], 20)
    >>> np.bincount(stretches(y, np.arange(60), np.arange(60), 2)).tolist()
    [30, 30]
    """
    counts = np.bincount(y)
    rare = y == int(np.argmin(np.where(counts >= FOLDABLE, counts, counts.max() + 1)))
    order = np.argsort(time, kind="stable")
    seen = np.cumsum(rare[order]) - rare[order]
    fold = np.empty(len(y), np.int16)
    fold[order] = np.minimum(k * seen // max(1, int(rare.sum())), k - 1)
    first = np.full(int(block_of.max()) + 1, k, np.int16)
    np.minimum.at(first, block_of, fold)
    return first[block_of]


def left_out_of(fold: NDArray[np.int16], time: NDArray[Any], gap: Any) -> NDArray[np.bool_] | None:
    """Rows of other folds that lie less than a gap from a row of a fold, ``(n_folds, n_rows)``.

    Parameters
    ----------
    fold, time
        Fold and moment ``(n_rows,)`` of each row.
    gap
        Least time between them, or None.
    """
    if gap is None:
        return None
    found = np.zeros((int(fold.max()) + 1, len(fold)), bool)
    for number, row in enumerate(found):
        inside = fold == number
        if inside.any():
            row[~inside] = near_any(time[~inside], time[inside], gap)
    return found
