"""Losses that LightGBM trains with: focal, and cross-entropy amplified for missed positives.

``FocalObjective(gamma=2)`` is what LightGBM takes as ``objective``; ``ObjectiveClassifier`` adds what
LightGBM leaves out for a loss of one's own: the start value and probabilities.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from evenkeel._arrays import as_binary, as_scores, as_weights, same_length
from evenkeel._checks import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LEAST_CURVATURE = 1e-16  # what XGBoost keeps in its log-loss; only reached beyond |raw| = 36
_FARTHEST = 700.0  # raw scores between which the start value is sought


class Side(NamedTuple):
    """A loss of the margin ``m = raw`` (positives) or ``-raw`` (negatives), and how it bends.

    ``slope`` is ``-dL/dm``, ``curvature`` ``d2L/dm2``, and ``held`` what the curvature is when the
    factor in front of the cross-entropy is held fixed: never negative.
    """

    loss: Floats
    slope: Floats
    curvature: Floats
    held: Floats

    def times(self, factor: float) -> Side:
        """All four times a number."""
        return Side(*(factor * part for part in self))

    def plus(self, other: Side) -> Side:
        """The sum of two losses."""
        return Side(*(mine + its for mine, its in zip(self, other, strict=True)))


class Objective(ABC):
    """A loss of two classes on the raw score, as LightGBM, XGBoost and this module need it."""

    def __call__(
        self, y_true: ArrayLike, raw_score: ArrayLike, weight: ArrayLike | None = None
    ) -> tuple[Floats, Floats]:
        """Gradient and curvature of every row, times its weight: what LightGBM asks for.

        Where a loss is not convex its second derivative turns negative, and Newton's step would go
        uphill. There the curvature is that of cross-entropy with the factor in front held fixed: it
        is positive and makes steps at most ``1 + gamma`` times (missed positives: twice) as bold as
        log-loss makes on the same row.

        Parameters
        ----------
        y_true
            ``(n_rows,)``: 0 or 1.
        raw_score
            ``(n_rows,)``: scores before any transformation.
        weight
            ``(n_rows,)``: row weights, not negative.

        Returns
        -------
        gradient, curvature
            ``(n_rows,)`` each.

        Raises
        ------
        InvalidInput, InvalidType
            Labels that are not 0 or 1, scores or weights that are not finite, or other lengths.
        """
        y, raw = self._rows(y_true, raw_score)
        ups, downs = self._positive(raw), self._negative(-raw)
        mass = as_weights(weight, y.size, owner=type(self).__name__)
        gradient = np.where(y == 1, -ups.slope, downs.slope)
        curvature = np.where(
            y == 1,
            np.maximum(ups.curvature, ups.held),
            np.maximum(downs.curvature, downs.held),
        )
        return mass * gradient, mass * np.maximum(curvature, LEAST_CURVATURE)

    def loss(self, y_true: ArrayLike, raw_score: ArrayLike) -> Floats:
        """Loss of every row, ``(n_rows,)``; finite for any finite raw score."""
        y, raw = self._rows(y_true, raw_score)
        return np.where(y == 1, self._positive(raw).loss, self._negative(-raw).loss)

    def log_odds(self, raw_score: ArrayLike) -> Floats:
        """Log-odds of the positive class of which a raw score is the best answer.

        A loss other than log-loss moves the raw score that it likes best away from the log-odds.
        This undoes it: of rows with ``P(y = 1) = p``, the raw score with the least expected loss is
        the one with ``p L'(1, raw) + (1 - p) L'(0, raw) = 0``.

        References
        ----------
        Charoenphakdee, Vongkulbhisal, Chairatanakul, Sugiyama (2021), "On focal loss for
        class-posterior probability estimation",
        https://doi.org/10.1109/CVPR46437.2021.00516

        Examples
        --------
        >>> FocalObjective(gamma=2.0).log_odds([-1.0, 0.0, 1.0]).round(2).tolist()
        [-2.68, 0.0, 2.68]
        """
        raw = as_scores(raw_score, owner=type(self).__name__, name="raw_score", unit=False)
        up, down = self._log_slopes(raw)
        return down - up

    def start(self, prevalence: float) -> float:
        """The constant raw score with the least loss at a prevalence, in (0, 1).

        >>> round(FocalObjective(gamma=0.0).start(0.5), 6)
        0.0
        """
        owner = type(self).__name__
        check_number(prevalence, "prevalence", owner, low=0, high=1, open_low=True, open_high=True)
        wanted = float(logit(prevalence))
        found = brentq(lambda raw: float(self.log_odds([raw])[0]) - wanted, -_FARTHEST, _FARTHEST)
        return float(found)

    def _rows(self, y_true: ArrayLike, raw_score: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
        owner = type(self).__name__
        y = as_binary(y_true, owner=owner, name="y_true")
        raw = as_scores(raw_score, owner=owner, name="raw_score", unit=False)
        same_length(owner, y_true=y, raw_score=raw)
        return y, raw

    @abstractmethod
    def _positive(self, margin: Floats) -> Side:
        """The loss of a positive row."""

    @abstractmethod
    def _negative(self, margin: Floats) -> Side:
        """The loss of a negative row."""

    @abstractmethod
    def _log_slopes(self, raw: Floats) -> tuple[Floats, Floats]:
        """Logarithms of the slopes of a positive and of a negative row."""


@dataclass(frozen=True)
class FocalObjective(Objective):
    """Focal loss: cross-entropy that turns away from rows that are right already.

    ``-alpha_t (1 - p_t)^gamma log(p_t)``, where ``p_t`` is the probability of the true class and
    ``p`` the sigmoid of the raw score. ``gamma = 0`` without ``alpha`` is log-loss.

    Parameters
    ----------
    gamma
        At least 0. At 2 a row with ``p_t = 0.9`` counts a hundredth.
    alpha
        Weight of the positive class in (0, 1), the negative one has ``1 - alpha``; None: both 1.

    Raises
    ------
    InvalidInput, InvalidType
        ``gamma`` or ``alpha`` out of range.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollár (2017), equations 4 and 5,
    https://doi.org/10.1109/ICCV.2017.324

    Examples
    --------
    >>> FocalObjective().loss([1, 1], np.log([9.0, 1 / 9])).round(5).tolist()
    [0.00105, 1.86509]
    """

    gamma: float = 2.0
    alpha: float | None = None

    def __post_init__(self) -> None:
        check_number(self.gamma, "gamma", "FocalObjective", low=0.0)
        if self.alpha is not None:
            check_number(
                self.alpha, "alpha", "FocalObjective", low=0, high=1, open_low=True, open_high=True
            )

    def _positive(self, margin: Floats) -> Side:
        return _focal(margin, self.gamma).times(1.0 if self.alpha is None else self.alpha)

    def _negative(self, margin: Floats) -> Side:
        return _focal(margin, self.gamma).times(1.0 if self.alpha is None else 1.0 - self.alpha)

    def _log_slopes(self, raw: Floats) -> tuple[Floats, Floats]:
        shift = 0.0 if self.alpha is None else float(logit(self.alpha))
        up, down = (
            np.log1p(self.gamma * expit(m) * _ratio(m)) - (self.gamma + 1.0) * np.logaddexp(0.0, m)
            for m in (raw, -raw)
        )
        return up + shift, down


@dataclass(frozen=True)
class FalseNegativeObjective(Objective):
    """Cross-entropy that grows for positives as they are missed.

    ``-(1 + (cost - 1) (1 - p)) log(p)`` for a positive row, ``-log(1 - p)`` for a negative one: a
    positive that is found counts once, one that is missed up to ``cost`` times. (Weights that are
    the same for every positive are the remedy ``cost-weight``.)

    Parameters
    ----------
    cost
        What a miss costs in false alarms, at least 1; 1 is log-loss.

    Raises
    ------
    InvalidInput, InvalidType
        ``cost`` below 1 or no number.

    Examples
    --------
    >>> FalseNegativeObjective(cost=10).loss([0, 1, 1], [0.0, 0.0, -5.0]).round(2).tolist()
    [0.69, 3.81, 49.77]
    """

    cost: float

    def __post_init__(self) -> None:
        check_number(self.cost, "cost", "FalseNegativeObjective", low=1.0)

    def _positive(self, margin: Floats) -> Side:
        # (1 - p) times cross-entropy is focal loss with gamma 1.
        return _focal(margin, 0.0).plus(_focal(margin, 1.0).times(self.cost - 1.0))

    def _negative(self, margin: Floats) -> Side:
        return _focal(margin, 0.0)

    def _log_slopes(self, raw: Floats) -> tuple[Floats, Floats]:
        more = (self.cost - 1.0) * expit(-raw) * (1.0 + expit(raw) * _ratio(raw))
        return np.log1p(more) - np.logaddexp(0.0, raw), -np.logaddexp(0.0, -raw)


def _ratio(margin: Floats) -> Floats:
    """Cross-entropy over the probability of the wrong class; 1 in the limit of large margins."""
    wrong = expit(-margin)
    return np.divide(
        np.logaddexp(0.0, -margin), wrong, out=np.ones_like(margin), where=wrong > 1e-300
    )


def _focal(margin: Floats, gamma: float) -> Side:
    right, wrong = expit(margin), expit(-margin)
    power, ratio = wrong**gamma, _ratio(margin)
    held = power * right * wrong
    return Side(
        power * np.logaddexp(0.0, -margin),
        power * wrong * (1.0 + gamma * right * ratio),
        held * (1.0 + gamma * (2.0 + ratio * (gamma * right - wrong))),
        held,
    )
