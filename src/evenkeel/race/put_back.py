"""A fitted model whose probabilities are put back on the scale of the rows it was treated for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from evenkeel.decide.prior import LEAST, PriorShift
from evenkeel.wrappers import bare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class PutBack(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier, and the shift from the class shares it was fitted at to the true ones.

    Folds may choose other sampling ratios than the model that is shipped. What is ranked, calibrated
    and decided together has to be on one scale, and so has what the decision is applied to.

    Parameters
    ----------
    estimator
        Fitted classifier with ``predict_proba``.
    was, now
        Shares of its classes, as fitted and among the rows as they are; see
        :class:`evenkeel.decide.PriorShift`.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> half = DummyClassifier().fit([[0], [0]], [0, 1])
    >>> PutBack(half, (0.5, 0.5), (0.9, 0.1)).predict_proba([[0]]).round(12).tolist()
    [[0.9, 0.1]]
    """

    def __init__(self, estimator: Any, was: Sequence[float], now: Sequence[float]) -> None:
        self.estimator = estimator
        self.was = was
        self.now = now

    def fit(self, X: Any, y: Any) -> PutBack:
        """Nothing is learnt: the classifier is fitted already."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def classes_(self) -> Any:
        """Classes of the fitted model."""
        return self.estimator.classes_

    @property
    def n_features_in_(self) -> int:
        """Columns seen in fit."""
        return int(self.estimator.n_features_in_)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities at the true shares, ``(n_rows, n_classes)``."""
        shift = PriorShift(tuple(self.was), tuple(self.now))
        return shift.apply(self.estimator.predict_proba(X))

    def predict(self, X: Any) -> Any:
        """The most probable class, ``(n_rows,)``."""
        return np.asarray(self.classes_)[self.predict_proba(X).argmax(axis=1)]


def put_back(fitted: Any, counts: NDArray[Any]) -> Any:
    """The bare model of a fitted wrapper, put back where its fit saw other shares of the classes.

    Parameters
    ----------
    fitted
        A fitted classifier; one that says in ``totals_`` what each class weighed in the fit.
    counts
        Rows of each class among those it was treated for, ``(n_classes,)``.
    """
    totals = getattr(fitted, "totals_", None)
    if totals is None or len(totals) != len(counts):
        return bare(fitted)
    was, now = totals / totals.sum(), counts / counts.sum()
    if was.min() < LEAST or np.allclose(was, now, rtol=1e-9, atol=0.0):
        return bare(fitted)
    return PutBack(bare(fitted), was.tolist(), now.tolist())
