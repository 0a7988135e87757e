"""Which remedies cannot catch up any more: paired bounds on the rows that were scored so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from evenkeel.evidence import FEWEST, rare_rows
from evenkeel.metrics import METRICS
from evenkeel.race.pulls import pull_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.race.trial import Course, Outcome

CONFIDENCE = 0.99
MARGIN = 0.05  # share of the baseline's figure: what is lost by less is no loss to speak of


@dataclass(frozen=True)
class Lead:
    """What a remedy is ahead of the baseline by, on the folds that both have scored.

    Parameters
    ----------
    metric
        Key of :data:`evenkeel.metrics.METRICS`: the objective where it ranks, else average
        precision. Rankings need neither calibration nor a decision to be compared.
    difference
        Mean over folds of the remedy's figure less the baseline's.
    error
        Its standard error: ``sqrt(sum_i h_i^2) / n`` of what each row pulls the difference by, for
        each fold, and ``sqrt(sum s_f^2) / k`` over k folds.
    baseline
        The baseline's figure.
    folds
        Number of folds.
    positives
        Rows of the rarest class in them.
    beside
        The same by ROC-AUC, where the objective does not rank: None where it does.
    """

    metric: str
    difference: float
    error: float
    baseline: float
    folds: int
    positives: int
    beside: Lead | None = None

    @property
    def bound(self) -> float:
        """The most that the remedy may be ahead by at 99 %: ``d + t s``.

        Student's t has the degrees of freedom of the rarest rows, which is what there is to learn
        the spread from.
        """
        quantile = stats.t.ppf((1 + CONFIDENCE) / 2, max(self.positives - 1, 1))
        return self.difference + float(quantile) * self.error

    @property
    def hopeless(self) -> bool:
        """Whether even the bound is worse than the baseline by a margin that matters.

        Never with fewer rare rows than a comparison needs: their spread is not to be trusted. What
        a decision costs hangs on one point of the ranking, wherever costs put it; average precision
        speaks for its top and ROC-AUC for all of it, so an objective that does not rank needs both.
        """
        if self.beside is not None and not self.beside.hopeless:
            return False
        return self.positives >= FEWEST and self.bound < -MARGIN * self.baseline

    @property
    def chance(self) -> float:
        """How likely the remedy is the better one, ``Phi(d / s)``; a half where nothing is known."""
        if self.error == 0:
            return 0.5 if self.difference == 0 else float(self.difference > 0)
        return float(stats.norm.cdf(self.difference / self.error))

    def told(self, of: int) -> str:
        """Why the remedy was dropped, in words.

        >>> Lead("average-precision", -0.21, 0.02, 0.4, 2, 40).told(of=5)
        'after 2 of 5 folds: average precision 0.21 below the baseline, 99 % bound 0.156 below'
        """
        return (
            f"after {self.folds} of {of} folds: {METRICS[self.metric].title} {-self.difference:.3g} "
            f"below the baseline, 99 % bound {-self.bound:.3g} below"
        )


def lead(
    course: Course, mine: list[Outcome], theirs: list[Outcome], *, objective: str
) -> Lead | None:
    """Compare a remedy with the baseline on the validation rows of folds that both were run on.

    Parameters
    ----------
    course
        For the rows of each fold.
    mine, theirs
        Outcomes of the remedy and of the baseline, of the same folds in the same order.
    objective
        Metric that ranks the remedies.

    Returns
    -------
    Lead or None
        None where there is nothing to compare.

    References
    ----------
    Maron, Moore (1994), Hoeffding races, NIPS 6, pages 59-66: candidates are dropped as soon as
    their bound says that they cannot win; here the bounds are of paired differences.
    """
    if METRICS[objective].kind == "ranking":
        return _lead(course, mine, theirs, objective)
    found = _lead(course, mine, theirs, "average-precision")
    beside = _lead(course, mine, theirs, "roc-auc")
    return None if found is None else replace(found, beside=beside)


def _lead(course: Course, mine: list[Outcome], theirs: list[Outcome], metric: str) -> Lead | None:
    found, rare = [], 0
    for one, other in zip(mine, theirs, strict=True):
        _, valid = course.folds.rows(one.trial.repeat, one.trial.fold)
        y = course.y[valid]
        if np.unique(y).size < 2:
            continue
        rare += rare_rows(np.bincount(y))
        value, pull = _ranked(metric, y, one)
        base, pull_of_base = _ranked(metric, y, other)
        found.append((value - base, np.linalg.norm(pull - pull_of_base) / y.size, base))
    if not found:
        return None
    difference, error, base = np.array(found).T
    spread = float(np.linalg.norm(error)) / len(found)
    return Lead(metric, float(difference.mean()), spread, float(base.mean()), len(found), rare)


def _ranked(
    metric: str, y: NDArray[np.int64], outcome: Outcome
) -> tuple[float, NDArray[np.float64]]:
    """A ranking metric on one fold, and how far each row pulls it; no decision is needed for it."""
    proba = outcome.proba[None]
    return pull_of(metric, y, proba, proba.argmax(axis=2), None)
