"""Under-bagging: every member sees all positives and a share of the negatives of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.gradient_boosting import gradient_boosting
from evenkeel.ensemble.out_of_bag import check_leaves_rows_out
from evenkeel.ensemble.templates import cycled, outline_of
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evenkeel.ensemble.members import Training


class UnderBaggingClassifier(Ensemble):
    """Models that each see all rows of the smallest class and their own share of the others.

    Shares of two members have no row in common, as far as the rows go; then they start anew in
    another order. Log-odds are averaged at the prevalence of the table.

    Parameters
    ----------
    estimator
        Classifier to fit; None is gradient boosting (LightGBM).
    n_estimators
        Members, at least 1.
    estimators
        Classifiers in place of ``estimator``; members take them in turn.
    sampling_strategy
        Rows of each class in a member, a form of :func:`evenkeel.distribution.wanted`; ``"split"``
        deals all rows of the other classes out over the members.
    bootstrap
        Draw the rows of every class with replacement; shares then overlap, and rows are left out.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made, with ``bootstrap``; a
        function of ``(y_true, y_pred)`` scores in place of accuracy.
    warm_start
        Keep the members of the last fit and add up to ``n_estimators``; not with ``"split"``.
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
    oob_score_, oob_decision_function_
        With ``oob_score``: NaN for rows that no member left out.

    References
    ----------
    Wallace, Small, Brodley, Trikalinos (2011), "Class imbalance, redux", section 4,
    https://doi.org/10.1109/ICDM.2011.33
    Barandela, Valdovinos, Sanchez (2003), "New applications of ensembles of classifiers",
    https://doi.org/10.1007/s10044-003-0192-z

    Examples
    --------
    >>> X, y = np.arange(600.0).reshape(-1, 1), np.repeat([0, 1], [500, 100])
    >>> bag = UnderBaggingClassifier(n_estimators=5, random_state=0).fit(X, y)
    >>> len(set(np.concatenate([rows[rows < 500] for rows in bag.estimators_samples_]).tolist()))
    500
    """

    _apart: ClassVar[bool] = True

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        estimators: Sequence[Any] | None = None,
        sampling_strategy: Any = "auto",
        bootstrap: bool = False,
        oob_score: bool | Callable[[Any, Any], float] = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.estimators = estimators
        self.sampling_strategy = sampling_strategy
        self.bootstrap = bootstrap
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
        super()._check_parameters()
        check_leaves_rows_out(self, self.bootstrap)
        if self.warm_start and self._splits():
            raise InvalidInput(
                "sampling_strategy of UnderBaggingClassifier must not be 'split' with "
                "warm_start=True: shares depend on the number of members."
            )

    def _splits(self) -> bool:
        return isinstance(self.sampling_strategy, str) and self.sampling_strategy == "split"

    def _sizes(self, training: Training) -> tuple[list[int], list[bool]]:
        if not self._splits():
            return super()._sizes(training)
        counts = training.counts
        cut = np.arange(counts.size) != counts.argmin()
        sizes = np.where(cut, np.maximum(counts // self.n_estimators, 1), counts)
        return sizes.tolist(), [self.bootstrap] * counts.size
