"""One model for each kind of majority, and a combiner fitted on out-of-fold scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import n_rows, take
from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.combiner import COMBINERS, Combiner, odds_against
from evenkeel.ensemble.gradient_boosting import gradient_boosting
from evenkeel.ensemble.majority_groups import majority_groups
from evenkeel.ensemble.members import Member, Training, fit_member, light, log_shares
from evenkeel.ensemble.templates import cycled, outline_of
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

MOST_GROUPS = 16
_EVIDENCE = 20  # rows of the majority that the combiner sees, for each other row
_LEAST = 20_000  # and at least so many


class ClusteredEnsembleClassifier(Ensemble):
    """Models that each learn the rare classes against one kind of majority, combined.

    The majority is cut into groups by mini-batch k-means on its numbers (gaps filled by medians,
    columns in standard deviations). Model ``g`` is fitted on all other rows and group ``g``; its
    ``a_g = log p(rare) / p(majority)`` is the log-odds against that kind. As a row of the majority
    is of exactly one kind, ``odds = 1 / sum_g exp(-a_g)``.

    Parameters
    ----------
    estimator
        Classifier to fit; None is gradient boosting (LightGBM).
    n_estimators
        Groups, at least 1; None is the imbalance ratio, rounded, from 2 to 16.
    estimators
        Classifiers in place of ``estimator``; groups take them in turn.
    combine
        ``"stacked"``: a logistic regression on all ``a_g`` and the sum above, fitted on scores of
        rows that the models had not seen, which calibrates too. ``"sum"``: the formula above.
        ``"mean"`` or ``"max"`` of the ``a_g``, shifted until the mean probability of the training
        rows is the prevalence. Only ``"stacked"`` fits the models more than once.
    cv
        Folds of ``"stacked"``, at least 2; at most the rows of the smallest class.
    n_jobs
        Threads; None is one.
    random_state
        Whole number, ``RandomState`` or None. A classifier with a seed of its own keeps it.
    verbose
        Of joblib.

    Attributes
    ----------
    estimators_, classes_, shares_, drawn_shares_, estimators_samples_
        Members of class codes; labels; share of each class in the table and in each member's rows;
        row numbers of each member.
    groups_
        Group of each row of the majority, in the order of the table.

    References
    ----------
    Saerens, Latinne, Decaestecker (2002), https://doi.org/10.1162/089976602753284446 (shares).
    Wolpert (1992), "Stacked generalization", https://doi.org/10.1016/S0893-6080(05)80023-1
    Rayhan et al. (2017), "CUSBoost: cluster-based under-sampling with boosting",
    https://doi.org/10.1109/CSITSS.2017.8447534 (kinds of majority).

    Examples
    --------
    >>> X, y = np.arange(600.0).reshape(-1, 1), np.repeat([0, 1, 0], [250, 100, 250])
    >>> clustered = ClusteredEnsembleClassifier(n_estimators=2, combine="sum", random_state=0)
    >>> clustered.fit(X, y).predict([[3.0], [300.0], [590.0]]).tolist()
    [0, 1, 0]
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int | None = None,
        *,
        estimators: Sequence[Any] | None = None,
        combine: str = "stacked",
        cv: int = 3,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators: Any = n_estimators
        self.estimators = estimators
        self.combine = combine
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _outline(self) -> Any:
        return outline_of(self)

    def _templates(self, training: Training) -> Sequence[Any]:
        return cycled(self, lambda: gradient_boosting(int(training.counts.min())))

    def _check_parameters(self) -> None:
        owner = type(self).__name__
        if self.n_estimators is not None:
            super()._check_parameters()
        check_number(self.cv, "cv", owner, low=2, whole=True)
        check_choice(self.combine, COMBINERS, "combine", owner)

    def _fit_members(self, training: Training, done: list[Member]) -> list[Member]:
        templates = self._checked_templates(training)
        counts = training.counts
        self._majority = int(counts.argmax())
        asked = self.n_estimators
        if asked is None:
            ratio = counts.max() / counts.min()
            asked = int(np.clip(np.rint(ratio), 2, MOST_GROUPS))
        rows = training.rows_of[self._majority]
        self.groups_ = majority_groups(training.X, rows, asked, training.seed)
        n_groups = int(self.groups_.max()) + 1
        group = np.full(len(training.codes), -1)
        group[rows] = self.groups_
        usable = np.zeros(len(training.codes), bool)
        usable[np.concatenate(training.rows_of)] = True
        self._rows = [
            np.flatnonzero(usable & ((group == g) | (group == -1))) for g in range(n_groups)
        ]

        def fit_one(part: tuple[int, Ints]) -> Member:
            number, own = part
            random = np.random.default_rng([training.seed, number, 1])
            return fit_member(templates[number % len(templates)], training, own, random)

        members = self._side_by_side(fit_one, list(enumerate(self._rows)))
        self._members, self.classes_, self.shares_ = members, training.classes, training.shares
        self._combiner = self._settled(training, fit_one)
        return members

    def _settled(self, training: Training, fit_one: Any) -> Combiner:
        combiner = Combiner(self.combine, self._majority, self.drawn_shares_, self.shares_)
        folds = min(self.cv, int(training.counts.min()))
        if self.combine == "sum":
            return combiner
        if self.combine != "stacked":
            rows, weight, _ = self._evidence(training, 1)
            return combiner.level(self._features(take(training.X, rows)), weight)
        if folds < 2:
            raise InvalidInput(
                "combine of ClusteredEnsembleClassifier must be 'sum', 'mean' or 'max' where a class "
                "has a single row: 'stacked' needs rows of each class to fit and to score."
            )
        rows, weight, fold = self._evidence(training, folds)
        jobs = [
            (g, k, own[fold[own] != k]) for k in range(folds) for g, own in enumerate(self._rows)
        ]

        def scores(job: tuple[int, int, Ints]) -> Floats:
            number, k, own = job
            asked = rows[fold[rows] == k]
            member = fit_one((number, own))
            return self._against(number, member, light(take(training.X, asked), [member]))

        found = self._side_by_side(scores, jobs)
        n_groups = len(self._rows)
        features = np.empty((rows.size, n_groups, training.n_classes - 1))
        for (number, k, _), part in zip(jobs, found, strict=True):
            features[fold[rows] == k, number] = part
        return combiner.fit(features, training.codes[rows], weight)

    def _evidence(self, training: Training, folds: int) -> tuple[Ints, Floats, Ints]:
        """Rows that the combiner sees, what each stands for, and the fold of every row."""
        random = np.random.default_rng([training.seed, 1 << 30])
        fold = np.zeros(len(training.codes), np.int8)
        mass = np.ones(len(fold)) if training.weight is None else training.weight.copy()
        kept = []
        for code, rows in enumerate(training.rows_of):
            fold[random.permutation(rows)] = np.arange(rows.size) % folds
            if code == self._majority:
                others = int(training.counts.sum()) - rows.size
                most = min(rows.size, max(_LEAST, _EVIDENCE * others))
                kept.append(random.choice(rows, most, replace=False))
                mass[rows] *= rows.size / most
            else:
                kept.append(rows)
        at = np.sort(np.concatenate(kept))
        return at, mass[at] / mass[at].mean(), fold

    def _against(self, number: int, member: Member, X: Any) -> Floats:
        """Log-odds of each other class against the group, ``(n_rows, n_classes - 1)``."""
        return odds_against(log_shares(member, X, self._members[number].shares), self._majority)

    @property
    def estimators_samples_(self) -> list[Ints]:
        """Row numbers of each member, sorted."""
        return list(self._rows)

    def _score_rows(self, X: Any) -> Floats:
        return self._combiner.apply(self._features(X))

    def _features(self, X: Any) -> Floats:
        X = light(X, self._members)
        features = np.empty((n_rows(X), len(self._members), len(self.classes_) - 1))
        for number, member in enumerate(self._members):
            features[:, number] = self._against(number, member, X)
        return features
