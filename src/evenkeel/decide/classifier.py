"""A classifier that calibrates its probabilities and decides by a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from evenkeel._rows import columns_of
from evenkeel.audit import copies_of
from evenkeel.decide.policy import Policy
from evenkeel.decide.settle import settle
from evenkeel.distribution import encode, positive_last
from evenkeel.scores import aligned, out_of_fold
from evenkeel.split import make_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evenkeel.decide.calibrate import Platt
    from evenkeel.decide.decision import Decision


class DecidedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a classifier, calibrate it on out-of-fold scores, and decide by a policy.

    ``predict_proba`` is calibrated to the prevalence of the training rows and ``predict`` applies
    the policy's threshold or per-class offsets, both learnt from rows the model did not see.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba``.
    policy
        What the decisions are for; F1 (two classes) or balanced accuracy by default.
    cv
        Number of folds; from the size of the rarest class when None.
    random_state
        Seed of the folds and of the bootstrap.

    Attributes
    ----------
    classes_
        Labels in the order of the columns of ``predict_proba``. After ``fit`` they are sorted;
        after :meth:`of` they are (negative, positive).
    estimator_
        The classifier, fitted on all rows.
    calibrator_, decision_
        What turns its scores into probabilities, and those into labels.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(n_samples=2000, weights=[0.95], random_state=0)
    >>> model = DecidedClassifier(LogisticRegression(), Policy(cost_fn=20, cost_fp=1)).fit(X, y)
    >>> bool(abs(model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.01)
    True
    """

    def __init__(
        self,
        estimator: Any,
        policy: Policy | None = None,
        *,
        cv: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.policy = policy
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> DecidedClassifier:
        """Cross-fit, settle calibration and decision, then fit on all rows.

        Parameters
        ----------
        X
            Any table ``(n_rows, n_features)`` that the estimator takes.
        y
            Labels ``(n_rows,)``; with two classes the rarer one is positive.
        """
        labels, sorted_codes = encode(y)
        classes, codes = positive_last(labels, sorted_codes)
        folds = make_folds(codes, duplicates=copies_of(X), n_folds=self.cv, seed=self.random_state)
        scores = out_of_fold(self.estimator, X, codes, folds, classes=classes)
        policy = self.policy or Policy.scenario("general", n_classes=len(classes))
        settled = settle(scores, policy, seed=self.random_state)
        self.estimator_ = clone(self.estimator).fit(X, codes)
        self.calibrator_, self.decision_ = settled.calibrator, settled.decision
        self.classes_ = np.asarray(labels)
        self.codes_ = np.array([classes.index(label) for label in labels])
        return self

    @classmethod
    def of(
        cls, fitted: Any, calibrator: Platt, decision: Decision, *, classes: Sequence[Any]
    ) -> DecidedClassifier:
        """Join a model fitted on class codes with what was settled for it; nothing is refitted.

        Parameters
        ----------
        fitted
            Classifier fitted on codes 0 to K - 1; with two classes 1 is the positive one.
        calibrator, decision
            As settled on out-of-fold scores.
        classes
            Label of each code.
        """
        model = cls(fitted, decision.policy)
        model.estimator_ = fitted
        model.calibrator_, model.decision_ = calibrator, decision
        model.classes_ = np.asarray(classes)
        model.codes_ = np.arange(len(classes))
        return model

    def predict_proba(self, X: Any) -> Any:
        """Calibrated probabilities ``(n_rows, n_classes)`` in the order of ``classes_``."""
        return self._proba(X)[:, self.codes_]

    def predict(self, X: Any) -> Any:
        """Labels ``(n_rows,)`` that the policy chose."""
        codes = self.decision_.apply(self._proba(X), columns=columns_of(X, self.decision_.columns))
        return self.classes_[np.argsort(self.codes_)[codes]]

    def _proba(self, X: Any) -> Any:
        check_is_fitted(self, "estimator_")
        raw = aligned(
            self.estimator_.predict_proba(X), self.estimator_.classes_, len(self.classes_)
        )
        return self.calibrator_.apply(raw)
