"""A classifier that calibrates its probabilities and decides by a policy."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from evenkeel._rows import columns_of
from evenkeel.answers import answers, from_margins
from evenkeel.decide.settle import Settled
from evenkeel.decide.training import (
    as_labels,
    check_training,
    fit_given,
    folds_of,
    policy_of,
    routed,
    settle_on,
)
from evenkeel.distribution import positive_last
from evenkeel.errors import InvalidInput
from evenkeel.scores import out_of_fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evenkeel.decide.decision import Decision
    from evenkeel.decide.policy import Policy
    from evenkeel.scores import Scores

    Floats = NDArray[np.float64]


class DecidedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a classifier, calibrate it on out-of-fold scores, and decide by a policy.

    ``predict_proba`` is calibrated to the prevalence of the training rows and ``predict`` applies
    the policy's threshold or per-class offsets, both learnt from rows the model did not see.
    :meth:`decide` gives another decision from the same scores, refitting nothing.

    Parameters
    ----------
    estimator
        Classifier with ``predict_proba``, else ``decision_function``: Platt scaling of its margins.
    policy
        What the decisions are for; F1 (two classes) or balanced accuracy by default.
    cv
        Number of folds; from the size of the rarest class when None. Copies of a row and ``groups``
        stay together. Or a splitter of scikit-learn, or pairs of row numbers (train, test).
    calibration
        How scores become probabilities: ``method`` of :func:`evenkeel.decide.settle`.
    prevalence
        Share of the positive class where the model will work, when it is not that of these rows.
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
    scores_
        Out-of-fold scores that both were learnt from; None when :meth:`of` was given none.

    Examples
    --------
    >>> from evenkeel import Policy
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(n_samples=2000, weights=[0.95], random_state=0)
    >>> model = DecidedClassifier(LogisticRegression(), Policy(cost_fn=20, cost_fp=1)).fit(X, y)
    >>> bool(abs(model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.01)
    True
    >>> careful = model.decide(Policy.min_recall(0.95))
    >>> int(model.predict(X).sum()) < int(careful.predict(X).sum())
    True
    """

    # routed here without being asked for: nothing else could mean them
    __metadata_request__fit: ClassVar = {"groups": True, "columns": True, "times": True}
    __metadata_request__predict: ClassVar = {"columns": True}

    def __init__(
        self,
        estimator: Any,
        policy: Policy | None = None,
        *,
        cv: Any = None,
        calibration: str = "auto",
        prevalence: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.policy = policy
        self.cv = cv
        self.calibration = calibration
        self.prevalence = prevalence
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
        return tags

    def get_metadata_routing(self) -> Any:
        """What ``fit`` hands on to the estimator and to the splitter, as scikit-learn asks it."""
        on_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(estimator=self.estimator, method_mapping=on_fit)
        if hasattr(self.cv, "split"):
            on_split = MethodMapping().add(caller="fit", callee="split")
            router.add(splitter=self.cv, method_mapping=on_split)
        return router

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        columns: Mapping[str, Any] | None = None,
        times: Any = None,
        **fit_params: Any,
    ) -> DecidedClassifier:
        """Cross-fit, settle calibration and decision, then fit on all rows.

        Parameters
        ----------
        X
            Any table ``(n_rows, n_features)`` that the estimator takes.
        y
            Labels ``(n_rows,)``; with two classes the rarer one is positive.
        sample_weight
            ``(n_rows,)``: weights for the estimator's ``fit``.
        groups
            ``(n_rows,)``: rows of a group stay in one fold.
        columns
            The cost columns that the policy names, each ``(n_rows,)``; from ``X`` when it is a frame.
        times
            ``(n_rows,)``: when each row happened, for a capacity per period.
        **fit_params
            More for the estimator's ``fit``; what has ``n_rows`` values is cut to the training rows.
            With metadata routing switched on, everything goes where it was requested.

        Raises
        ------
        InvalidInput, InvalidType
            One class only, labels missing, more folds than rows, a policy that does not fit the
            number of classes, cost columns missing, or an estimator without scores.
        """
        X, labels, sorted_codes = check_training(X, y)
        classes, codes = positive_last(labels, sorted_codes)
        policy = policy_of(self.policy, len(classes))
        paid = columns if columns is not None else columns_of(X, policy.columns)
        to_fit, to_split = routed(self, sample_weight, groups, fit_params)
        folds = folds_of(self.cv, X, codes, groups=groups, routed=to_split, seed=self.random_state)
        scores = out_of_fold(
            self.estimator, X, codes, folds, classes=classes, fit=fit_given, **to_fit
        )
        settled = settle_on(self, policy, scores, paid, times)
        self.estimator_ = fit_given(clone(self.estimator), X, codes, **to_fit)
        self.calibrator_, self.decision_ = settled.calibrator, settled.decision
        self.scores_: Scores | None = scores
        self.columns_, self.times_ = paid, times
        self.classes_ = as_labels(labels)
        self.codes_ = np.array([classes.index(label) for label in labels])
        return self

    @classmethod
    def of(
        cls,
        fitted: Any,
        settled: Any,
        decision: Decision | None = None,
        *,
        classes: Sequence[Any] | None = None,
        scores: Scores | None = None,
    ) -> DecidedClassifier:
        """Join a fitted model with what was settled for it; nothing is refitted.

        Parameters
        ----------
        fitted
            Classifier fitted on codes 0 to K - 1; with two classes 1 is the positive one. Or on
            labels: those in ``classes`` are found by name, others stand for codes in their order.
        settled
            What :func:`evenkeel.decide.settle` returned, or its calibrator alone.
        decision
            The decision, beside a calibrator.
        classes
            Label of each code; by default those of ``scores``, else the model's own classes, which
            then stand for codes in their order.
        scores
            The out-of-fold scores it was settled on: for :meth:`decide`, and for margins.

        Raises
        ------
        InvalidInput
            A calibrator without a decision, or another number of classes.
        """
        calibrator = settled
        if isinstance(settled, Settled):
            calibrator, decision = settled.calibrator, settled.decision
        if decision is None:
            raise InvalidInput(
                "DecidedClassifier.of needs what settle() returned, or a calibrator and a decision. "
                f"Got {type(settled).__name__} alone."
            )
        if classes is None:
            classes = list(fitted.classes_) if scores is None else scores.classes
        if len(classes) != decision.n_classes:
            raise InvalidInput(
                f"classes of DecidedClassifier.of must name the {decision.n_classes} classes of the "
                f"decision. Got {len(classes)}."
            )
        model = cls(fitted, decision.policy)
        model.estimator_ = fitted
        model.calibrator_, model.decision_ = calibrator, decision
        model.scores_, model.columns_, model.times_ = scores, None, None
        model.classes_ = as_labels(tuple(classes))
        model.codes_ = np.arange(len(classes))
        return model

    def decide(
        self, policy: Policy, *, columns: Mapping[str, Any] | None = None, times: Any = None
    ) -> DecidedClassifier:
        """The same fitted model with another decision, from the scores it kept.

        Parameters
        ----------
        policy
            What the new decisions are for.
        columns, times
            As in ``fit``, for every training row; by default those it was given.

        Raises
        ------
        InvalidInput
            No scores were kept, or the policy does not fit.
        """
        check_is_fitted(self, "estimator_")
        if self.scores_ is None:
            raise InvalidInput(
                "This DecidedClassifier keeps no out-of-fold scores to decide on. Give them: "
                "DecidedClassifier.of(fitted, settled, scores=scores)."
            )
        other = copy.copy(self)
        other.policy = policy_of(policy, len(self.classes_))
        other.columns_ = self.columns_ if columns is None else columns
        other.times_ = self.times_ if times is None else times
        settled = settle_on(self, other.policy, self.scores_, other.columns_, other.times_)
        other.calibrator_, other.decision_ = settled.calibrator, settled.decision
        return other

    def predict_proba(self, X: Any) -> Any:
        """Calibrated probabilities ``(n_rows, n_classes)`` in the order of ``classes_``."""
        return self._proba(X)[:, self.codes_]

    def predict(self, X: Any, *, columns: Mapping[str, Any] | None = None) -> Any:
        """Labels ``(n_rows,)`` that the policy chose; ``columns`` as in ``fit``."""
        proba = self._proba(X)
        paid = columns if columns is not None else columns_of(X, self.decision_.columns)
        codes = self.decision_.apply(proba, columns=paid)
        return self.classes_[np.argsort(self.codes_)[codes]]

    @property
    def n_features_in_(self) -> int:
        """Columns seen in fit, where the estimator knows them."""
        check_is_fitted(self, "estimator_")
        return int(self.estimator_.n_features_in_)

    def _proba(self, X: Any) -> Floats:
        check_is_fitted(self, "estimator_")
        labels = self.classes_[np.argsort(self.codes_)].tolist()
        found, is_margin = answers(self.estimator_, X, len(labels), labels=labels)
        if is_margin:
            unit = None if self.scores_ is None else self.scores_.unit
            if unit is None:
                raise InvalidInput(
                    f"{type(self.estimator_).__name__} gives margins, and their unit is not known. "
                    "Give the scores: DecidedClassifier.of(fitted, settled, scores=scores)."
                )
            found = from_margins(found, unit)
        calibrated: Floats = self.calibrator_.apply(found)
        return calibrated
