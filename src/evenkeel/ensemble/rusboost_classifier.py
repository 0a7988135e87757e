"""RUSBoost: boosting whose every round is fitted on rows that a resampler balanced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import check_number
from evenkeel._rows import n_rows
from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.draws import Draws
from evenkeel.ensemble.made_tables import made_table
from evenkeel.ensemble.members import Member, Training, fit_member, table_for
from evenkeel.ensemble.out_of_bag import out_of_fold
from evenkeel.ensemble.rounds import Rounds, as_numbers, levels, seen_by
from evenkeel.ensemble.stumps import Steps
from evenkeel.resample.checks import check_resampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class RUSBoostClassifier(Ensemble):
    """AdaBoost.M2 whose every round is fitted on a balanced draw: RUSBoost, or SMOTEBoost.

    Round ``t`` draws rows of each class that is cut in proportion to their weights ``D_t``, fits
    ``h_t`` (a class keeps the weight of a uniform draw), and over all rows finds the
    pseudo-loss ``e = mean_D (1 - h_t(x, y) + h_t(x, not y)) / 2`` and ``a = e / (1 - e)``; weights
    are multiplied by ``a ** (rate (1 + h_t(x, y) - h_t(x, not y)) / 2)``. The votes are
    ``rate log(1 / a) h_t(x, c)``. Their sums are shifted, class by class, until the mean
    probability of the training rows is the prevalence.

    Parameters
    ----------
    estimator
        Classifier with probabilities that takes row weights; None is a tree of one split on
        binned columns, which reads gaps.
    n_estimators
        Rounds, at least 1; fewer where two draws in a row give no better than chance.
    learning_rate
        Above 0: scales the votes of each round.
    sampling_strategy
        Rows of each class in a round, a form of :func:`evenkeel.distribution.wanted`.
    replacement
        Draw the classes that are cut one by one; otherwise at even steps along the weights, where
        only a row that weighs more than a step is drawn twice.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made, by an ensemble fitted
        anew ``cv`` times, each time without a fold of the rows; a function of ``(y_true, y_pred)``
        scores in place of accuracy. Rows that single rounds left out would not do: they have a part
        in the rounds that follow from others.
    cv
        Folds of ``oob_score``, at least 2; at most the rows of the smallest class.
    resampler
        Resampler of :mod:`evenkeel.resample` in place of random under-sampling, with its own
        ``sampling_strategy``: ``SMOTE()`` makes this SMOTEBoost. A made row weighs as its parent.
    warm_start
        Keep the rounds of the last fit, on the same table, and add up to ``n_estimators``.
    random_state
        Whole number, ``RandomState`` or None.

    Attributes
    ----------
    estimators_, estimator_weights_, estimator_errors_
        Classifiers (or stumps), ``log(1 / a)`` times the rate, and pseudo-losses.
    classes_, shares_
        Labels, and the share of each in the table.
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows of weight 0.

    References
    ----------
    Seiffert, Khoshgoftaar, Van Hulse, Napolitano (2010), "RUSBoost", figure 1,
    https://doi.org/10.1109/TSMCA.2009.2029559
    Chawla, Lazarevic, Hall, Bowyer (2003), "SMOTEBoost", figure 1,
    https://doi.org/10.1007/978-3-540-39804-2_12

    Examples
    --------
    >>> X, y = np.arange(200.0).reshape(-1, 1), np.repeat([0, 1], [180, 20])
    >>> boost = RUSBoostClassifier(n_estimators=5, random_state=0).fit(X, y)
    >>> float(boost.predict_proba(X)[:, 1].mean().round(3))
    0.1
    """

    _attempts: list[int]
    n_jobs: int | None = None
    verbose: int = 0

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        sampling_strategy: Any = "auto",
        replacement: bool = False,
        resampler: Any = None,
        oob_score: bool | Callable[[Any, Any], float] = False,
        cv: int = 3,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.resampler = resampler
        self.oob_score = oob_score
        self.cv = cv
        self.warm_start = warm_start
        self.random_state = random_state

    @property
    def estimators_(self) -> list[Any]:
        """The fitted classifiers, or stumps."""
        check_is_fitted(self, "_members")
        return list(self._members)

    @property
    def drawn_shares_(self) -> Floats:
        """The prevalence that the votes were shifted to, for each round."""
        check_is_fitted(self, "_members")
        return np.tile(self.shares_, (len(self._members), 1))

    @property
    def estimators_samples_(self) -> list[Any]:
        """Not kept: the draws follow the weights of the rows."""
        raise AttributeError("RUSBoostClassifier keeps no row numbers: draws follow the weights.")

    def _outline(self) -> Any:
        from evenkeel.ensemble.boosted_stumps import BoostedStumps

        return BoostedStumps() if self.estimator is None else self.estimator

    def _templates(self, training: Training) -> list[Any]:
        return [self._outline()]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        owner = type(self).__name__
        check_number(self.learning_rate, "learning_rate", owner, low=0.0, open_low=True)
        check_number(self.cv, "cv", owner, low=2, whole=True)
        if self.resampler is not None:
            check_resampler(self.resampler, f"resampler of {owner}", "be None, or ")

    def _draws(self, training: Training) -> Draws:
        if self.resampler is None:
            return super()._draws(training)
        counts = training.counts.tolist()  # the resampler is given all rows
        return Draws(training.rows_of, counts, [False] * len(counts), training.seed)

    def _fit_members(self, training: Training, done: list[Any]) -> list[Any]:
        self._drawn = self._draws(training)
        template = self._checked_templates(training)[0]
        rounds = Rounds(training, self.learning_rate, binned=self.estimator is None)
        attempt, failed = 0, 0
        while len(rounds.members) < self.n_estimators and failed < 2:
            if len(rounds.members) < len(done):
                member = done[len(rounds.members)]
                attempt = self._attempts[len(rounds.members)]
            else:
                member = self._fit_round(rounds, training, template, attempt)
            attempt += 1
            went_in = member is not None and rounds.add(member, attempt - 1)
            failed = 0 if went_in else failed + 1
        self._attempts = rounds.attempts
        self.estimator_weights_ = np.array(rounds.votes)
        self.estimator_errors_ = np.array(rounds.errors)
        self._steps, self._level = None, np.zeros(training.n_classes)
        if self.estimator is None:
            values = [
                vote * np.array([one.left, one.right])
                for vote, one in zip(rounds.votes, rounds.members, strict=True)
            ]
            self._steps = Steps(rounds.members, values, training.n_classes)
        self._members = rounds.members
        votes = self._score_rows(training.X)
        self._level = levels(votes, training.mass, training.shares)
        return rounds.members

    def _left_out_scores(self, training: Training) -> Floats:
        return out_of_fold(self, training, self.cv)

    def _fit_round(self, rounds: Rounds, training: Training, template: Any, attempt: int) -> Any:
        random = np.random.default_rng([training.seed, attempt, 1])
        if self.resampler is not None:
            rows = self._drawn.rows(attempt)
            made = made_table(self.resampler, training, rows, random, rounds.weight)
            return (
                rounds.stump_of(made) if self.estimator is None else _fitted(template, made, random)
            )
        rows, weight = rounds.draw(self._drawn, random)
        if self.estimator is None:
            return rounds.stump(rows, weight)
        spread = np.zeros(len(training.codes))
        spread[rows] = weight / weight.mean()  # learners expect weights of about 1
        return fit_member(template, training, rows, random, weight=spread).estimator

    def _score_rows(self, X: Any) -> Floats:
        n_classes = len(self.classes_)
        if self._steps is not None:
            return self._steps.add(as_numbers(X)) + self._level
        total = np.tile(self._level, (n_rows(X), 1))
        for vote, member in zip(self.estimator_weights_, self._members, strict=True):
            total += vote * seen_by(member, table_for(member, X, None), n_classes)
        return np.asarray(total)


def _fitted(template: Any, made: Training, random: np.random.Generator) -> Any:
    member: Member = fit_member(template, made, np.arange(len(made.codes)), random)
    return member.estimator
