"""One model for each kind of majority, and a combiner fitted on out-of-fold scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import n_rows, take
from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.combiner import COMBINERS, Combiner, odds_against
from evenkeel.ensemble.gradient_boosting import gradient_boosting
from evenkeel.ensemble.majority_groups import cut_further, majority_groups
from evenkeel.ensemble.members import Member, Training, fit_member, light, log_shares
from evenkeel.ensemble.out_of_bag import out_of_fold
from evenkeel.ensemble.templates import cycled, outline_of
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        Folds of ``"stacked"`` and of ``oob_score``, at least 2; at most the rows of the smallest
        class.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made, by an ensemble fitted anew,
        groups and combiner too, ``cv`` times, each time without a fold of the rows; a function of
        ``(y_true, y_pred)`` scores in place of accuracy.
    warm_start
        Keep the groups and models of the last fit, on the same table; the largest groups are cut in
        two until there are ``n_estimators`` (None: the ratio, or what there is if that is more), and
        only they get new models; the combiner is fitted anew. The groups are then not those of a
        fit at once.
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
        Group of each row of the majority that weighs more than 0, in the order of the table.
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows of weight 0.

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

    groups_: Ints

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int | None = None,
        *,
        estimators: Sequence[Any] | None = None,
        combine: str = "stacked",
        cv: int = 3,
        oob_score: bool | Callable[[Any, Any], float] = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators: Any = n_estimators
        self.estimators = estimators
        self.combine = combine
        self.cv = cv
        self.oob_score = oob_score
        self.warm_start = warm_start
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

    def _number(self, training: Training, done: list[Member]) -> int:
        if self.n_estimators is not None:
            return int(self.n_estimators)
        ratio = training.counts.max() / training.counts.min()
        return max(len(done), int(np.clip(np.rint(ratio), 2, MOST_GROUPS)))

    def _fit_members(self, training: Training, done: list[Member]) -> list[Member]:
        templates = self._checked_templates(training)
        rows, asked = _majority_of(training), self._number(training, done)
        if done:
            self._check_same_rows(training)
            groups = cut_further(training.X, rows, self.groups_, asked, training.seed)
            cut = np.bincount(groups)[: len(done)] < np.bincount(self.groups_)
            kept = {number: done[number] for number in np.flatnonzero(~cut).tolist()}
        else:
            groups, kept = majority_groups(training.X, rows, asked, training.seed), {}
        rows_of = _rows_of_groups(training, groups)

        def fit_one(part: tuple[int, Ints]) -> Member:
            number, own = part
            random = np.random.default_rng([training.seed, number, 1])
            return fit_member(templates[number % len(templates)], training, own, random)

        new = [part for part in enumerate(rows_of) if part[0] not in kept]
        fitted = self._side_by_side(fit_one, new)
        kept |= {number: one for (number, _), one in zip(new, fitted, strict=True)}
        members = [kept[number] for number in range(len(rows_of))]
        self._majority = int(training.counts.argmax())
        self.groups_, self._rows = groups, rows_of
        self._members, self.classes_, self.shares_ = members, training.classes, training.shares
        self._combiner = self._settled(training, fit_one)
        return members

    def _check_same_rows(self, training: Training) -> None:
        size = _majority_of(training).size
        if size == self.groups_.size:
            now = _rows_of_groups(training, self.groups_)
            if all(np.array_equal(*pair) for pair in zip(now, self._rows, strict=True)):
                return
        raise InvalidInput(
            f"X, y and sample_weight of {type(self).__name__} must be those of the last fit, with "
            f"warm_start=True: its groups are of {self.groups_.size:,} rows of the majority. "
            f"Got {size:,}{' other ones' if size == self.groups_.size else ''}."
        )

    def _left_out_scores(self, training: Training) -> Floats:
        least = 2 if self.combine == "stacked" else 1
        return out_of_fold(self, training, self.cv, least)

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


def _majority_of(training: Training) -> Ints:
    return training.rows_of[int(training.counts.argmax())]


def _rows_of_groups(training: Training, groups: Ints) -> list[Ints]:
    """Rows of each group and of all other classes, sorted."""
    group = np.full(len(training.codes), -1)
    group[_majority_of(training)] = groups
    usable = np.zeros(len(training.codes), bool)
    usable[np.concatenate(training.rows_of)] = True
    return [
        np.flatnonzero(usable & ((group == g) | (group == -1))) for g in range(groups.max() + 1)
    ]
