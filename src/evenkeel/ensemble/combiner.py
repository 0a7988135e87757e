"""From log-odds against each kind of majority to log-probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import logsumexp

from evenkeel.ensemble.rounds import levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

COMBINERS = ("stacked", "sum", "mean", "max")
_NOISE = 1e-9  # log-odds that differ by less are the same, but for rounding
_FREE = 10.0  # the sum stands a hundred times freer of the penalty than single groups


def odds_against(log_proba: Floats, majority: int) -> Floats:
    """``log p_c - log p_majority`` of the other classes, ``(n_rows, n_classes - 1)``.

    >>> odds_against(np.log([[0.2, 0.8]]), 0).round(3).tolist()
    [[1.386]]
    """
    return np.asarray(np.delete(log_proba, majority, axis=1) - log_proba[:, [majority]])


def summed(features: Floats) -> Floats:
    """``-log sum_g exp(-a_g)``: log-odds against a majority that is one of the groups.

    >>> summed(np.log([[[4.0], [4.0]]])).round(3).tolist()
    [[0.693]]
    """
    return np.asarray(-logsumexp(-features, axis=1))


class Combiner:
    """How the models of the groups are made one.

    Parameters
    ----------
    how
        One of :data:`COMBINERS`.
    majority
        Code of the class that was grouped.
    drawn
        Shares of the classes in the rows of each model, ``(n_groups, n_classes)``.
    shares
        Their shares in the table, ``(n_classes,)``.
    """

    def __init__(self, how: str, majority: int, drawn: Floats, shares: Floats) -> None:
        self.how, self.majority = how, majority
        self.shares = shares
        # moves each a_g from its group's prevalence to the table's
        self.moves = odds_against(np.log(shares)[None], majority) - odds_against(
            np.log(drawn), majority
        )
        self.levels = np.zeros(shares.size)

    def fit(self, features: Floats, codes: Ints, weight: Floats) -> Self:
        """Fit the stack: a logistic regression on every log-odds, standardised, and on their sum.

        Parameters
        ----------
        features
            Log-odds by models that had not seen the rows, ``(n_rows, n_groups, n_classes - 1)``.
        codes, weight
            Class of each row, and how many rows it stands for.
        """
        from sklearn.linear_model import LogisticRegression

        both = _side_by_side(features)
        self.centre = np.average(both, axis=0, weights=weight)
        spread = np.sqrt(np.average((both - self.centre) ** 2, axis=0, weights=weight))
        free = np.ones(spread.size)
        free[-features.shape[2] :] = _FREE
        self.spread = np.where(spread > _NOISE, spread, 1.0) / free
        self.stack = LogisticRegression(solver="newton-cholesky", max_iter=1000)
        self.stack.fit(self._columns(features), codes, sample_weight=weight)
        return self

    def level(self, features: Floats, weight: Floats) -> Self:
        """Shift the mean or the greatest until the mean probability of some rows is the prevalence."""
        self.levels = levels(self.apply(features), weight, self.shares)
        return self

    def apply(self, features: Floats) -> Floats:
        """Logarithms of probabilities, up to a constant of the row, ``(n_rows, n_classes)``."""
        if self.how == "stacked":
            found = self.stack.predict_proba(self._columns(features))
            return np.asarray(np.log(np.maximum(found, np.finfo(np.float64).tiny)))
        if self.how == "sum":
            odds = summed(features)
        elif self.how == "mean":
            odds = (features + self.moves).mean(axis=1)
        else:
            odds = (features + self.moves).max(axis=1)
        return np.asarray(np.insert(odds, self.majority, 0.0, axis=1) + self.levels)

    def _columns(self, features: Floats) -> Floats:
        return np.asarray((_side_by_side(features) - self.centre) / self.spread)


def _side_by_side(features: Floats) -> Floats:
    return np.hstack([features.reshape(len(features), -1), summed(features)])
