"""A classifier of several labels that calibrates each and decides by a policy."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import check_number
from evenkeel._rows import columns_of, take
from evenkeel.audit import copies_of
from evenkeel.blocks import join_blocks
from evenkeel.decide.label_model import LabelModel, read_training
from evenkeel.decide.label_policy import LabelPolicy
from evenkeel.decide.multilabel import calibrate_labels, choose_labels
from evenkeel.decide.multilabel_decision import two_sided
from evenkeel.distribution import encode
from evenkeel.split import Folds
from evenkeel.strata import label_folds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evenkeel.decide.decision import Decision

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 5


class DecidedMultilabelClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a classifier of several labels, calibrate each on out-of-fold scores, decide by a policy.

    Folds are stratified over all labels (``label_folds``); copies of a row stay together.
    ``predict_proba`` is calibrated to the prevalence of each label in the training rows, and
    ``predict`` applies each label's threshold, learnt from rows the model did not see.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba`` that takes several labels, such as ``OneVsRestClassifier``,
        ``MultiOutputClassifier``, ``ClassifierChain`` or a forest.
    policy
        None: the highest F1 of each label (macro). A ``Policy`` for each label, a dict from label to
        ``Policy`` (F1 for the others), or a ``LabelPolicy`` such as ``LabelPolicy.micro("f1")``.
    cv
        Number of folds; 5 when None.
    calibration
        How scores become probabilities: a method of ``fit_calibrator``.
    random_state
        Seed of the folds and of the bootstrap.

    Attributes
    ----------
    labels_
        Names of the labels: columns of a frame, else numbers.
    estimator_
        The classifier, fitted on all rows and on the labels that vary.
    calibrators_, decision_
        What turns its scores into probabilities, one map for each label, and those into labels.
    scores_
        ``(1, n_rows, n_labels)``: the out-of-fold scores that both were learnt from.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> X, Y = make_multilabel_classification(n_samples=500, n_classes=4, random_state=0)
    >>> model = DecidedMultilabelClassifier(OneVsRestClassifier(LogisticRegression())).fit(X, Y)
    >>> model.predict(X).shape, len(model.decisions_)
    ((500, 4), 4)
    >>> pooled = model.decide(LabelPolicy.micro("f2"))
    >>> bool(pooled.predict(X).sum() > model.predict(X).sum())
    True
    """

    def __init__(
        self,
        estimator: Any,
        policy: Any = None,
        *,
        cv: int | None = None,
        calibration: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.policy = policy
        self.cv = cv
        self.calibration = calibration
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False
        tags.classifier_tags.multi_label, tags.classifier_tags.multi_class = True, False
        return tags

    def fit(
        self,
        X: Any,
        Y: Any,
        *,
        groups: Any = None,
        columns: Mapping[str, Any] | None = None,
        times: Any = None,
    ) -> DecidedMultilabelClassifier:
        """Cross-fit, settle calibration and decisions, then fit on all rows.

        Parameters
        ----------
        X
            Any table ``(n_rows, n_features)`` that the estimator takes.
        Y
            ``(n_rows, n_labels)``: 0 and 1 in an array, a sparse matrix or a frame.
        groups
            ``(n_rows,)``: rows of a group stay in one fold.
        columns
            The cost columns that the policy names, each ``(n_rows,)``; from ``X`` when it is a frame.
        times
            ``(n_rows,)``: when each row happened, for a capacity per period.

        Raises
        ------
        InvalidInput, InvalidType
            Y of another shape or with other values, no label that varies, fewer rows than folds,
            a policy that does not fit, or an estimator without ``predict_proba``.
        """
        X, labels, table = read_training(X, Y)
        policy = LabelPolicy.of(self.policy)
        policy.of_labels(labels)
        folds = self._folds(X, table, groups)
        raw = np.empty((1, *table.shape))
        for _, _, train, valid in folds:
            model = LabelModel.fit(clone(self.estimator), take(X, train), table[train])
            raw[0, valid] = model.one_thread().scores(take(X, valid))
        self.model_ = LabelModel.fit(clone(self.estimator), X, table)
        self.estimator_ = self.model_.estimator
        self.labels_, self.table_, self.scores_ = labels, table, raw
        self.classes_ = [np.array([0, 1])] * len(labels)
        self.columns_ = columns if columns is not None else columns_of(X, policy.columns)
        self.times_ = times
        self.calibrators_ = calibrate_labels(
            table, raw, method=self.calibration, fold=folds.part[0].astype(np.int64)
        )
        self._choose(policy)
        return self

    def decide(
        self, policy: Any, *, columns: Mapping[str, Any] | None = None
    ) -> DecidedMultilabelClassifier:
        """The same fitted model with other decisions, from the scores it kept.

        Parameters
        ----------
        policy
            What the new decisions are for, in any form that the classifier takes.
        columns
            Cost columns that it names, each with a value for every training row; by default those
            given to ``fit``.
        """
        check_is_fitted(self, "decision_")
        other = copy.copy(self)
        other.policy = policy
        other.columns_ = self.columns_ if columns is None else columns
        other._choose(LabelPolicy.of(policy))
        return other

    def predict_proba(self, X: Any) -> Floats:
        """Calibrated probability of each label, ``(n_rows, n_labels)``."""
        check_is_fitted(self, "decision_")
        return self._calibrated(self.model_.scores(X))

    def predict(self, X: Any, *, columns: Mapping[str, Any] | None = None) -> Ints:
        """Decided labels, ``(n_rows, n_labels)`` of 0 and 1; ``columns`` as in ``fit``."""
        proba = self.predict_proba(X)
        paid = columns if columns is not None else columns_of(X, self.decision_.columns)
        return self.decision_.apply(proba, columns=paid)

    @property
    def decisions_(self) -> tuple[Decision, ...]:
        """The decision of each label."""
        check_is_fitted(self, "decision_")
        return tuple(self.decision_.decisions)

    @property
    def notes_(self) -> tuple[str, ...]:
        """What a reader of the decisions must know, such as labels with too few rows to search."""
        check_is_fitted(self, "decision_")
        return tuple(self.decision_.notes)

    @property
    def n_features_in_(self) -> int:
        """Columns seen in fit, where the estimator knows them."""
        check_is_fitted(self, "estimator_")
        return int(self.estimator_.n_features_in_)

    def _folds(self, X: Any, table: Ints, groups: Any) -> Folds:
        if self.cv is not None:
            check_number(self.cv, "cv", "DecidedMultilabelClassifier", low=2, whole=True)
        n_folds = FOLDS if self.cv is None else int(self.cv)
        together = None if groups is None else encode(groups)[1]
        blocks = join_blocks(together, copies_of(X))
        part = label_folds(table, n_folds=n_folds, seed=self.random_state, groups=blocks)
        return Folds(part, n_folds)

    def _choose(self, policy: LabelPolicy) -> None:
        self.decision_ = choose_labels(
            policy,
            self.table_,
            self._calibrated(self.scores_),
            labels=self.labels_,
            columns=self.columns_,
            times=self.times_,
            seed=self.random_state,
        )

    def _calibrated(self, raw: Floats) -> Floats:
        each = [
            calibrator.apply(two_sided(raw[..., label]))[..., 1]
            for label, calibrator in enumerate(self.calibrators_)
        ]
        return np.stack(each, axis=-1)
