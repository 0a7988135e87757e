"""Anomaly detection as a classifier: what it would do without any label."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import IsolationForest
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from evenkeel.errors import DoesNotApply


class IsolationClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An isolation forest whose anomaly score stands for the probability of the rarer class.

    ``s(x) = 2^(-E[h(x)] / c(n))``, where ``h`` is the number of random splits that set a row apart
    and ``c(n)`` its mean in a tree of ``n`` rows. Labels are used for one thing only: to know which
    class is the rarer one. The score is in (0, 1) but no probability: calibrate it.

    Parameters
    ----------
    n_estimators
        Trees, at least 1.
    max_samples
        Rows of each tree: a number, a share, or ``"auto"``, 256.
    random_state
        Whole number, ``RandomState`` or None.

    Attributes
    ----------
    classes_, forest_
        Labels, sorted, and the fitted :class:`sklearn.ensemble.IsolationForest`.

    Raises
    ------
    DoesNotApply
        More than two classes: a row that stands apart may be of any of them.

    References
    ----------
    Liu, Ting and Zhou (2008), "Isolation forest", ICDM, equation 2,
    https://doi.org/10.1109/ICDM.2008.17

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(300, 2)), [[9.0, 9.0], [-9.0, 9.0]]])
    >>> found = IsolationClassifier(random_state=0).fit(X, np.repeat([0, 1], [300, 2]))
    >>> set(found.predict_proba(X)[:, 1].argsort()[-2:].tolist()) == {300, 301}
    True
    """

    def __init__(
        self, n_estimators: int = 100, *, max_samples: Any = "auto", random_state: Any = None
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Fit to rows ``(n_rows, n_columns)`` of numbers; of labels only their counts are used."""
        X, y = validate_data(self, X, y, dtype=None, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, counts = np.unique(y, return_counts=True)
        if self.classes_.size != 2:
            raise DoesNotApply(
                f"Only binary classification is supported. IsolationClassifier tells rare rows from "
                f"others; the target holds {self.classes_.size} classes (fewer or more than two)."
            )
        # of two classes as frequent the second: the positive one
        self._rare = int(counts[0] < counts[1]) ^ 1
        self.forest_ = IsolationForest(
            n_estimators=self.n_estimators,
            max_samples=self.max_samples,
            random_state=self.random_state,
        ).fit(X)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Anomaly scores of the rarer class, and what is left of 1, ``(n_rows, 2)``."""
        check_is_fitted(self, "forest_")
        X = validate_data(self, X, reset=False, dtype=None, ensure_all_finite="allow-nan")
        score = -self.forest_.score_samples(X)
        found = np.empty((len(score), 2))
        found[:, self._rare] = score
        found[:, 1 - self._rare] = 1.0 - score
        return found

    def predict(self, X: Any) -> Any:
        """Labels, ``(n_rows,)``: the rarer one where the score is above 0.5, as the paper has it."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]
