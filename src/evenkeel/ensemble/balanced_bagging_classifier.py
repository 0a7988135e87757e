"""Bagging whose members see the classes in equal numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from evenkeel._checks import check_number
from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.made_tables import fit_on_made
from evenkeel.ensemble.members import Member, Training, fit_member
from evenkeel.ensemble.out_of_bag import check_leaves_rows_out
from evenkeel.resample import RandomUnderSampler
from evenkeel.resample.checks import check_resampler

if TYPE_CHECKING:
    from collections.abc import Callable


class BalancedBaggingClassifier(Ensemble):
    """Bagging whose members are fitted on rows that a resampler balanced.

    Each member draws, of every class, the rows that ``sampling_strategy`` asks for, with
    replacement (``bootstrap``) or without. Only row numbers are drawn; the member's rows alone are
    copied. Log-odds of the members are averaged at the prevalence of the table.

    Parameters
    ----------
    estimator
        Classifier to fit; None is a decision tree.
    n_estimators
        Members, at least 1.
    max_samples
        Share in (0, 1], or number, of the table's rows that are drawn before they are balanced.
    max_features
        Share in (0, 1], or number, of the columns that a member sees.
    bootstrap, bootstrap_features
        Draw rows (columns) with replacement.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made; a function of
        ``(y_true, y_pred)`` scores in place of accuracy.
    warm_start
        Keep the members of the last fit and add up to ``n_estimators``.
    sampling_strategy
        Rows of each class in a member, a form of :func:`evenkeel.distribution.wanted`.
    replacement
        Draw the classes that are cut with replacement.
    n_jobs
        Threads; None is one.
    random_state
        Whole number, ``RandomState`` or None.
    verbose
        Of joblib.
    sampler
        Resampler of :mod:`evenkeel.resample` in place of random under-sampling, with its own
        ``sampling_strategy``; it is given a bootstrap of the whole table for each member.

    Attributes
    ----------
    estimators_, classes_, shares_, drawn_shares_, estimators_samples_, estimators_features_
        Members of class codes; labels; share of each class in the table and in each member's rows;
        row and column numbers of each member.
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows that no member left out.

    References
    ----------
    Hido, Kashima, Takahashi (2009), "Roughly balanced bagging for imbalanced data", section 3,
    https://doi.org/10.1002/sam.10061
    Wallace, Small, Brodley, Trikalinos (2011), "Class imbalance, redux",
    https://doi.org/10.1109/ICDM.2011.33

    Examples
    --------
    >>> X, y = np.arange(200.0).reshape(-1, 1), np.repeat([0, 1], [180, 20])
    >>> bag = BalancedBaggingClassifier(random_state=0, oob_score=True).fit(X, y)
    >>> bag.oob_score_ > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        bootstrap_features: bool = False,
        oob_score: bool | Callable[[Any, Any], float] = False,
        warm_start: bool = False,
        sampling_strategy: Any = "auto",
        replacement: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        sampler: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.bootstrap_features = bootstrap_features
        self.oob_score = oob_score
        self.warm_start = warm_start
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.sampler = sampler

    @property
    def estimators_features_(self) -> list[Any]:
        """Column numbers of each member."""
        every = np.arange(self.n_features_in_)
        return [every if one.columns is None else one.columns for one in self._members]

    def _outline(self) -> Any:
        return DecisionTreeClassifier() if self.estimator is None else self.estimator

    def _templates(self, training: Training) -> list[Any]:
        return [self._outline()]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        owner = type(self).__name__
        for name in ("max_samples", "max_features"):
            value = getattr(self, name)
            whole = isinstance(value, int)
            check_number(
                value, name, owner, low=1 if whole else 0.0, open_low=not whole,
                high=np.inf if whole else 1.0, whole=whole,
            )  # fmt: skip
        if self.sampler is not None:
            check_resampler(self.sampler, f"sampler of {owner}", "be None, or ")
        check_leaves_rows_out(self, self.bootstrap or self.replacement)

    def _sizes(self, training: Training) -> tuple[list[int], list[bool]]:
        if self._makes():
            sizes, replaced = training.counts.tolist(), [self.bootstrap] * training.n_classes
        else:
            sizes, replaced = super()._sizes(training)
        n = int(training.counts.sum())
        most = self.max_samples
        share = min(1.0, most / n) if isinstance(most, int) else float(most)
        return [max(1, round(size * share)) for size in sizes], replaced

    def _asked(self) -> tuple[Any, bool]:
        whose = self if self.sampler is None else self.sampler
        return whose.sampling_strategy, whose.replacement

    def _makes(self) -> bool:
        return self.sampler is not None and type(self.sampler) is not RandomUnderSampler

    def _fit_one(self, training: Training, template: Any, number: int) -> Member:
        random = np.random.default_rng([training.seed, number, 1])
        rows, columns = self._drawn.rows(number), self._columns(random)
        if self._makes():
            return fit_on_made(template, self.sampler, training, rows, random, columns)
        return fit_member(template, training, rows, random, columns=columns)

    def _columns(self, random: np.random.Generator) -> Any:
        n, most = self.n_features_in_, self.max_features
        size = min(n, most) if isinstance(most, int) else max(1, int(most * n))
        if size == n and not self.bootstrap_features:
            return None
        return np.sort(random.choice(n, size, replace=self.bootstrap_features))
