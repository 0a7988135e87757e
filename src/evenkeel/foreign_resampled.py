"""A classifier fitted on rows that a sampler of another library chose or made."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from evenkeel.errors import DoesNotApply
from evenkeel.wrappers import Wrapper, as_rows


class ForeignResampled(Wrapper):
    """A classifier fitted on what ``fit_resample`` of a sampler gives; predictions are untouched.

    Samplers of imbalanced-learn, and pipelines of them, measure the columns as they are, in their
    own units. Prefer :class:`evenkeel.resampled.Resampled` with a resampler of
    :mod:`evenkeel.resample`, whose made rows carry weights and whose view fills gaps.

    Parameters
    ----------
    estimator
        Classifier to fit on the resampled rows.
    sampler
        Object with ``fit_resample(X, y)``.

    Attributes
    ----------
    estimator_, sampler_
        The fitted parts.
    n_rows_
        Rows the classifier was fitted on.

    Raises
    ------
    DoesNotApply
        ``fit`` was given row weights: a sampler does not say whose weight a made row takes.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> class Halves:
    ...     def fit_resample(self, X, y):
    ...         return X[::2], y[::2]
    ...     def get_params(self, deep=True):
    ...         return {}
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.repeat([0, 1], [16, 4])
    >>> ForeignResampled(LogisticRegression(), Halves()).fit(X, y).n_rows_
    10
    """

    def __init__(self, estimator: Any, sampler: Any) -> None:
        self.estimator = estimator
        self.sampler = sampler

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> ForeignResampled:
        """Resample, then fit; further columns ``(n_rows,)`` have no rows left to follow."""
        X, y = as_rows(X, y)
        self._check_names(columns)
        if sample_weight is not None or columns:
            raise DoesNotApply(
                f"Row weights and columns do not apply after {type(self.sampler).__name__}: its "
                "fit_resample does not say which row each new one comes from. Use its counterpart "
                "of evenkeel.resample."
            )
        self.sampler_ = clone(self.sampler, safe=False)
        X, y = self.sampler_.fit_resample(X, y)
        self._fit(X, np.asarray(y), None)
        return self
