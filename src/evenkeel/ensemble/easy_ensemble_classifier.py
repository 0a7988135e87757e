"""EasyEnsemble: AdaBoost on many balanced draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.ensemble.base import Ensemble
from evenkeel.ensemble.boosted_stumps import BoostedStumps
from evenkeel.ensemble.out_of_bag import check_leaves_rows_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from evenkeel.ensemble.members import Training


class EasyEnsembleClassifier(Ensemble):
    """AdaBoost fitted on each of several balanced draws, log-odds averaged.

    A member gets all rows of the smallest class and as many of each other one. By default it is
    AdaBoost over 50 trees of one split, on binned columns, and reads gaps.

    Parameters
    ----------
    n_estimators
        Members, at least 1.
    estimator
        Classifier to fit; None is :class:`evenkeel.ensemble.BoostedStumps`.
    warm_start
        Keep the members of the last fit and add up to ``n_estimators``.
    sampling_strategy
        Rows of each class in a member, a form of :func:`evenkeel.distribution.wanted`.
    replacement
        Draw the classes that are cut with replacement.
    bootstrap
        Draw the rows of every class with replacement, so that rows of each are left out.
    oob_score
        Whether ``oob_score_`` and ``oob_decision_function_`` are made, with ``bootstrap``; a
        function of ``(y_true, y_pred)`` scores in place of accuracy.
    n_jobs
        Threads; None is one.
    random_state
        Whole number, ``RandomState`` or None.
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
    Liu, Wu, Zhou (2009), "Exploratory undersampling for class-imbalance learning", section 3.1,
    https://doi.org/10.1109/TSMCB.2008.2007853

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(200.0).reshape(-1, 1), np.repeat([0, 1], [180, 20])
    >>> easy = EasyEnsembleClassifier(random_state=0).fit(X, y)
    >>> easy.predict([[3.0], [195.0]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        n_estimators: int = 10,
        estimator: Any = None,
        *,
        warm_start: bool = False,
        sampling_strategy: Any = "auto",
        replacement: bool = False,
        bootstrap: bool = False,
        oob_score: bool | Callable[[Any, Any], float] = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.estimator = estimator
        self.warm_start = warm_start
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _outline(self) -> Any:
        return BoostedStumps() if self.estimator is None else self.estimator

    def _templates(self, training: Training) -> list[Any]:
        return [self._outline()]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_leaves_rows_out(self, self.bootstrap)
