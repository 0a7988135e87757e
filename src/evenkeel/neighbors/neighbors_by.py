"""Neighbours by an engine of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.neighbors.values import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def neighbors_by(engine: Any, X: Any, rows: Any = None, among: Any = None) -> Ints:
    """Neighbours of some rows by any object with ``kneighbors``, the row itself left out.

    Parameters
    ----------
    engine
        ``fit(X)`` and ``kneighbors(X, return_distance=False)``, which gives row numbers of what was
        fitted, ``(n, k + 1)``, a row itself among them, as scikit-learn's do. It is fitted in place.
    X, rows, among
        As for :func:`neighbors`.

    Returns
    -------
    int64 array (n, k)

    Examples
    --------
    >>> from sklearn.neighbors import NearestNeighbors
    >>> neighbors_by(NearestNeighbors(n_neighbors=2), np.array([[0.0], [2.0], [3.0]])).tolist()
    [[1], [2], [1]]
    """
    asked = np.arange(X.shape[0]) if rows is None else np.asarray(rows, np.int64)
    pool = np.arange(X.shape[0]) if among is None else np.asarray(among, np.int64)
    engine.fit(values_of(X, pool))
    index = np.asarray(engine.kneighbors(values_of(X, asked), return_distance=False))
    found = pool[index.astype(np.int64)]
    other = found != asked[:, None]
    other[other.all(axis=1), -1] = False  # an engine may leave a row out among its equals
    return np.asarray(found[other].reshape(len(found), -1))
