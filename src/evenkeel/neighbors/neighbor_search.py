"""The neighbour engine as an object, for every parameter that takes one in place of ``k``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import check_number
from evenkeel.neighbors.search import neighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NeighborSearch(BaseEstimator):  # type: ignore[misc]
    """Nearest rows of what was fitted: exact, Euclidean, ties by row number.

    Parameters
    ----------
    n_neighbors
        Rows to find, at least 1. A row that was fitted finds itself: where ``k`` neighbours are
        wanted of fitted rows, ask for ``k + 1``.
    engine
        As for :func:`evenkeel.neighbors.neighbors`: ``"auto"``, or ``"torch"`` for a CUDA device.

    Examples
    --------
    >>> from evenkeel.resample import SMOTE
    >>> X, y = np.arange(12.0)[:, None], [0] * 8 + [1] * 4
    >>> SMOTE(k_neighbors=NeighborSearch(3), random_state=0).fit_resample(X, y)[1].count(1)
    8
    """

    def __init__(self, n_neighbors: int = 6, *, engine: str = "auto") -> None:
        self.n_neighbors = n_neighbors
        self.engine = engine

    def fit(self, X: Any, y: Any = None) -> NeighborSearch:
        """Keep the rows ``(n_rows, n_columns)``."""
        check_number(self.n_neighbors, "n_neighbors", "NeighborSearch", low=1, whole=True)
        self.points_ = X
        return self

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, *, return_distance: bool = True
    ) -> Any:
        """Distances and row numbers, ``(n, k)`` each, nearest first; or the row numbers alone.

        Parameters
        ----------
        X
            Queries ``(n, n_columns)``. Default: the rows themselves, each without itself.
        n_neighbors
            Default: that of the object.
        return_distance
            Whether distances are given too.
        """
        check_is_fitted(self, "points_")
        k, n_rows = n_neighbors or self.n_neighbors, self.points_.shape[0]
        if X is None:
            index, distance = neighbors(self.points_, k=k, engine=self.engine)
        else:
            both, among = _stack(self.points_, X), np.arange(n_rows)
            asked = np.arange(n_rows, n_rows + X.shape[0])
            index, distance = neighbors(both, asked, among, k=k, engine=self.engine)
        return (distance, index) if return_distance else index


def _stack(points: Any, queries: Any) -> NDArray[Any]:
    if isinstance(points, np.ndarray):
        return np.concatenate([points, queries])
    from scipy.sparse import vstack

    stacked: NDArray[Any] = vstack([points, queries], format="csr")
    return stacked
