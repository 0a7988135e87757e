"""Gaps in numeric columns, filled by medians, for methods that measure distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FilledGaps(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The same table with the median of each numeric column in its gaps.

    A view for :class:`evenkeel.wrappers.Resampled`: distances need a number in every cell. Columns,
    their order and their types stay as they are; columns that are no numbers, and tables without
    gaps, are left alone. A column without any number gets 0.

    Attributes
    ----------
    medians_
        Median of each numeric column with gaps, by name or position.

    Examples
    --------
    >>> FilledGaps().fit_transform(np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]])).tolist()
    [[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]
    """

    keeps_columns = True  # what is made from the view fits the table too

    def fit(self, X: Any, y: Any = None) -> FilledGaps:
        """Find the medians of pandas frames and arrays ``(n_rows, n_columns)``."""
        self.medians_ = {}
        for name, column in _columns(X):
            missing = np.isnan(column)
            if missing.any():
                self.medians_[name] = 0.0 if missing.all() else float(np.nanmedian(column))
        return self

    def transform(self, X: Any) -> Any:
        """The table with its gaps filled; the one given where there are none."""
        check_is_fitted(self, "medians_")
        if not self.medians_:
            return X
        if hasattr(X, "fillna"):
            return X.fillna(self.medians_)
        filled = X.copy()
        for at, median in self.medians_.items():
            filled[np.isnan(filled[:, at]), at] = median
        return filled


def _columns(X: Any) -> list[tuple[Any, NDArray[np.floating[Any]]]]:
    """Columns that hold floats, by name or position; none of other kinds of tables."""
    if hasattr(X, "fillna") and hasattr(X, "dtypes"):
        return [(name, X[name].to_numpy()) for name in X.columns if X[name].dtype.kind == "f"]
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "f":
        return [(at, X[:, at]) for at in range(X.shape[1])]
    return []
