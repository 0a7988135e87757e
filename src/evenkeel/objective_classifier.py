"""LightGBM trained with a loss of one's own, and probabilities again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d

from evenkeel._arrays import as_weights
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.objectives import FocalObjective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.objectives import Objective

    Floats = NDArray[np.float64]


class ObjectiveClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a LightGBM classifier with an objective of :mod:`evenkeel.objectives`; two classes.

    LightGBM starts such a loss at 0 and returns raw scores. Here training starts at the constant
    with the least loss at the prevalence of the training rows, and ``predict_proba`` returns the
    probabilities of which the raw scores are the best answer (``Objective.log_odds``; for log-loss
    that is the sigmoid).

    These are better than the sigmoid, and still not calibrated: trees stop long before the least
    loss. :class:`evenkeel.DecidedClassifier` and :func:`evenkeel.compare` calibrate them.

    Parameters
    ----------
    estimator
        ``lightgbm.LGBMClassifier`` with any parameters; its ``objective`` is replaced. Sums of
        curvature (``min_child_weight``, ``reg_lambda``) are in units of the new loss.
    objective
        :class:`~evenkeel.objectives.FocalObjective` (with gamma 2 when None) or
        :class:`~evenkeel.objectives.FalseNegativeObjective`.

    Attributes
    ----------
    estimator_
        The fitted LightGBM classifier; its raw scores are counted from ``start_``.
    start_
        Raw score before the first tree.
    objective_
        The loss it was trained with.
    classes_
        The two labels, sorted; the second one is the positive class of the loss.

    References
    ----------
    Start value: Lin, Goyal, Girshick, He, Dollár (2017), section 4.1,
    https://doi.org/10.1109/ICCV.2017.324

    Examples
    --------
    >>> from lightgbm import LGBMClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random(2000) < 0.05).astype(int)
    >>> X = rng.normal(size=(2000, 3)) + y[:, None]
    >>> small = LGBMClassifier(n_estimators=20, num_leaves=5, n_jobs=1, verbose=-1)
    >>> model = ObjectiveClassifier(small, FocalObjective(gamma=2)).fit(X, y)
    >>> bool(abs(model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.02)
    True
    """

    def __init__(self, estimator: Any, objective: Objective | None = None) -> None:
        self.estimator = estimator
        self.objective = objective

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> Any:
        """Train from the best constant.

        Parameters
        ----------
        X
            Any table ``(n_rows, n_features)`` that LightGBM takes; categories and gaps as it does.
        y
            Labels ``(n_rows,)`` of two classes.
        sample_weight
            ``(n_rows,)``: weights, not negative; they multiply gradient and curvature.
        **fit_params
            As for LightGBM's ``fit``: ``categorical_feature``, ``callbacks``, ``eval_X`` and ``eval_y`` (judged by
            the objective's mean loss unless ``eval_metric`` says otherwise), ...

        Raises
        ------
        InvalidInput
            Not two classes, or a class without weight.
        InvalidType
            The estimator is no LightGBM classifier, or the objective none of ours.
        """
        from lightgbm import LGBMClassifier
        from lightgbm.basic import LightGBMError

        from evenkeel.objectives import Objective

        if not isinstance(self.estimator, LGBMClassifier):
            raise InvalidType(
                "estimator of ObjectiveClassifier must be a lightgbm.LGBMClassifier. Got "
                f"{type(self.estimator).__name__}."
            )
        self.objective_ = FocalObjective() if self.objective is None else self.objective
        if not isinstance(self.objective_, Objective):
            raise InvalidType(
                "objective of ObjectiveClassifier must be a FocalObjective or a "
                f"FalseNegativeObjective. Got {self.objective_!r}."
            )
        labels = _labels(y)
        share = _share(labels, self.estimator.class_weight, sample_weight)
        self.start_ = self.objective_.start(share)
        model = clone(self.estimator).set_params(objective=self.objective_)
        if fit_params.get("eval_set") is not None or fit_params.get("eval_y") is not None:
            fit_params = self._for_eval(fit_params)
        start = np.full(labels.size, self.start_)
        try:
            self.estimator_ = model.fit(
                X, labels, sample_weight=sample_weight, init_score=start, **fit_params
            )
        except LightGBMError as error:
            if "num_features" not in str(error):
                raise
            raise InvalidInput(
                "X of ObjectiveClassifier must hold a column that can be split: LightGBM trains no "
                "loss of one's own without. Check for constant columns, or lower min_child_samples."
            ) from error
        self.classes_ = self.estimator_.classes_
        return self

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of the second class, ``(n_rows,)``."""
        check_is_fitted(self, "estimator_")
        raw = self.estimator_.predict(X, raw_score=True)
        return self.objective_.log_odds(np.asarray(raw, dtype=np.float64) + self.start_)

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities ``(n_rows, 2)`` in the order of ``classes_``; calibrate them before use."""
        odds = self.decision_function(X)
        return np.stack([expit(-odds), expit(odds)], axis=1)

    def predict(self, X: Any) -> Any:
        """The more probable label of each row, ``(n_rows,)``."""
        chosen = (self.decision_function(X) > 0.0).astype(np.int64)
        return self.classes_[chosen]

    @property
    def n_features_in_(self) -> int:
        """Columns seen in fit."""
        return int(self.estimator_.n_features_in_)

    def _for_eval(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        """Validation rows start where training starts, and are judged by the same loss."""
        if fit_params.get("eval_set") is None:
            given = fit_params["eval_y"]
            targets = list(given) if isinstance(given, tuple) else [given]
        else:
            pairs = fit_params["eval_set"]
            targets = [y for _, y in ([pairs] if isinstance(pairs, tuple) else pairs)]
        start = [np.full(len(y), self.start_) for y in targets]
        objective = self.objective_

        def mean_loss(y: Any, raw: Any, weight: Any) -> tuple[str, float, bool]:
            value = float(np.average(objective.loss(y, raw), weights=weight))
            return "loss", value, False

        return {"eval_metric": mean_loss, "eval_init_score": start, **fit_params}


def _labels(y: Any) -> NDArray[Any]:
    labels = np.asarray(column_or_1d(y, warn=True))
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    n_classes = len(np.unique(labels))
    if n_classes == 2:
        return labels
    if n_classes > 2:
        raise InvalidInput(
            "Only binary classification is supported. The losses of ObjectiveClassifier have a "
            f"positive and a negative class; the target is multiclass, with {n_classes} classes. "
            "Set one class against the rest (sklearn.multiclass.OneVsRestClassifier)."
        )
    raise InvalidInput("y of ObjectiveClassifier must hold two classes. Got one class.")


def _share(labels: NDArray[Any], class_weight: Any, sample_weight: Any) -> float:
    """Share of the second class in the weights that the loss will see."""
    mass = as_weights(sample_weight, labels.size, owner="ObjectiveClassifier")
    if class_weight is not None:
        mass = mass * compute_sample_weight(class_weight, labels)
    positive = labels == np.unique(labels)[-1]
    held = float(mass[positive].sum()), float(mass[~positive].sum())
    if min(held) == 0.0:
        raise InvalidInput(
            "sample_weight of ObjectiveClassifier must leave both classes some weight. Got a sum of "
            f"zero for {'both' if max(held) == 0.0 else 'one of them'}."
        )
    return held[0] / (held[0] + held[1])
