"""AdaBoost over trees of one split, on binned columns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from evenkeel._checks import check_number
from evenkeel.ensemble.inputs import check_target, check_weight, only_rows
from evenkeel.ensemble.stumps import Bins, Steps, Stump


class BoostedStumps(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """AdaBoost (SAMME) over trees of one split: ``p_c`` proportional to ``exp(votes_c)``.

    Columns are cut into at most 255 bins once, so that a split is found by counting. A round's
    stump with weighted error ``e`` votes with ``rate (log((1 - e) / e) + log(K - 1))``; for two
    classes the difference of the votes is AdaBoost's estimate of the log-odds. Gaps are a bin.

    Parameters
    ----------
    n_estimators
        Rounds, at least 1; fewer where a stump is perfect or no better than chance.
    learning_rate
        Above 0: scales the votes of each round.

    Attributes
    ----------
    classes_
        Sorted labels.
    stumps_, votes_
        Splits, and what each votes with, ``(n_rounds,)``.

    References
    ----------
    Zhu, Zou, Rosset, Hastie (2009), "Multi-class AdaBoost", algorithm 2 and equation 11,
    https://doi.org/10.4310/SII.2009.v2.n3.a8
    Friedman, Hastie, Tibshirani (2000), "Additive logistic regression", result 1,
    https://doi.org/10.1214/aos/1016218223

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), ["a", "a", "b", "b"]
    >>> BoostedStumps().fit(X, y).predict([[0.5], [9.0]]).tolist()
    ['a', 'b']
    """

    def __init__(self, n_estimators: int = 50, *, learning_rate: float = 1.0) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to numbers ``(n_rows, n_columns)``, labels and row weights ``(n_rows,)``."""
        owner = type(self).__name__
        check_number(self.n_estimators, "n_estimators", owner, low=1, whole=True)
        check_number(self.learning_rate, "learning_rate", owner, low=0.0, open_low=True)
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan")
        self.classes_, codes = check_target(y, owner)
        given = check_weight(sample_weight, codes.size, owner)
        _, masses = only_rows(codes, given, self.classes_, owner)
        weight = np.ones(codes.size) if given is None else given
        n_classes = self.classes_.size
        bins = Bins(X)
        cells = bins.cells(bins.codes(X), codes, n_classes)
        self._boost(bins, cells, codes, weight / weight.sum())
        values = [
            votes * np.array([_one(s.left), _one(s.right)])
            for votes, s in zip(self.votes_, self.stumps_, strict=True)
        ]
        self._steps = Steps(self.stumps_, values, n_classes)
        self._level = np.zeros(n_classes) if self.stumps_ else np.log(masses / masses.sum())
        return self

    def predict_proba(self, X: Any) -> Any:
        """Probabilities at the prevalence of the fit, ``(n_rows, n_classes)``."""
        found = self._votes(X)
        found -= found.max(axis=1, keepdims=True)
        np.exp(found, out=found)
        found /= found.sum(axis=1, keepdims=True)
        return found

    def predict(self, X: Any) -> Any:
        """The most probable class, ``(n_rows,)``."""
        best = self._votes(X).argmax(axis=1)
        return self.classes_[best]

    def _votes(self, X: Any) -> Any:
        check_is_fitted(self, "_steps")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return self._steps.add(X) + self._level

    def _boost(self, bins: Bins, cells: Any, codes: Any, weight: Any) -> None:
        n_classes = self.classes_.size
        self.stumps_: list[Stump] = []
        self.votes_: list[float] = []
        column = cells.reshape(len(bins.edges), -1)
        for _ in range(self.n_estimators):
            stump = bins.best_at(cells, weight, n_classes)
            if stump is None:
                return
            at = column[stump.feature] // n_classes - bins.starts[stump.feature]
            said = np.where(at <= stump.bin, stump.left.argmax(), stump.right.argmax())
            wrong = said != codes
            error = float(weight[wrong].sum())
            if error >= 1.0 - 1.0 / n_classes:
                return
            bounded = max(error, 0.5 / codes.size)  # half a row: no stump is known to be perfect
            votes = self.learning_rate * float(
                np.log((1.0 - bounded) / bounded) + np.log(n_classes - 1.0)
            )
            self.stumps_.append(stump)
            self.votes_.append(votes)
            if error <= 0.0:
                return
            weight[wrong] *= np.exp(votes)
            weight /= weight.sum()


def _one(shares: Any) -> Any:
    return np.eye(shares.size)[shares.argmax()]
