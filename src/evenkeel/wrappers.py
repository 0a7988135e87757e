"""Classifiers that change the weights of the rows that another classifier is fitted on.

Row weights have one owner, :func:`fit_weighted`. :class:`Wrapper` is what they share with
:class:`evenkeel.resampled.Resampled`, which changes the rows themselves.
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, has_fit_parameter

from evenkeel._checks import did_you_mean, listed
from evenkeel._rows import n_rows
from evenkeel.distribution import encode
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType
from evenkeel.reweight import class_weights, cost_weights, row_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def fit_weighted(estimator: Any, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> Any:
    """Fit with row weights, or say why the estimator cannot take them.

    Parameters
    ----------
    estimator
        A classifier or a Pipeline; fitted in place and returned.
    sample_weight
        Weights ``(n_rows,)``, or None for an ordinary fit.
    **columns
        Further arrays ``(n_rows,)`` (costs, groups). The estimator gets those that its ``fit``
        names; a wrapper also those that a ``fit`` inside names.

    Raises
    ------
    DoesNotApply
        The estimator's ``fit`` takes no ``sample_weight``.
    """
    named = fit_names(estimator)
    given = {name: values for name, values in columns.items() if name in named}
    if sample_weight is not None:
        last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
        if not has_fit_parameter(last, "sample_weight"):
            raise DoesNotApply(
                f"Row weights do not apply to {type(last).__name__}: its fit takes no "
                "sample_weight. Use a remedy that changes rows, or another learner."
            )
        prefix = _prefix(estimator.steps[-1][0]) if isinstance(estimator, Pipeline) else ""
        given[f"{prefix}sample_weight"] = sample_weight
    return estimator.fit(X, y, **given)


def fit_names(estimator: Any) -> set[str]:
    """Keywords that a ``fit`` takes by name; of a wrapper also those of the estimator inside.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> sorted(fit_names(CostWeighted(LogisticRegression())))
    ['cost_fn', 'cost_fp', 'sample_weight']
    """
    if isinstance(estimator, Wrapper):
        return {"sample_weight", *estimator.own_columns, *fit_names(estimator.estimator)}
    if isinstance(estimator, Pipeline):
        steps = [(name, step) for name, step in estimator.steps if hasattr(step, "fit")]
        return {f"{_prefix(name)}{inner}" for name, step in steps for inner in fit_names(step)}
    various = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    known = signature(estimator.fit).parameters.values()
    return {one.name for one in known if one.kind not in various} - {"X", "y"}


def _prefix(step: str) -> str:
    """What names a step of a Pipeline in keywords of its ``fit``: nothing where steps ask for them."""
    return "" if get_config()["enable_metadata_routing"] else f"{step}__"


def bare(estimator: Any) -> Any:
    """The model inside the wrappers, fitted or not: what is needed to predict, and no more."""
    if isinstance(estimator, Pipeline):
        # steps of imbalanced-learn's pipelines that resample do so in fit alone
        before = [step for step in estimator.steps[:-1] if not hasattr(step[1], "fit_resample")]
        name, last = estimator.steps[-1]
        return Pipeline([*before, (name, bare(last))])
    if isinstance(estimator, Wrapper):
        return bare(getattr(estimator, "estimator_", estimator.estimator))
    return estimator.bare() if hasattr(estimator, "bare") else estimator


def _inner_has(name: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), name)


class Wrapper(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that changes what another one is fitted on, and predicts with that one."""

    own_columns: ClassVar[tuple[str, ...]] = ()  # further columns that its own fit uses

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        return tags

    def predict(self, X: Any) -> Any:
        """Labels by the wrapped model, ``(n_rows,)``."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    @available_if(_inner_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Probabilities by the wrapped model, ``(n_rows, n_classes)``, on the treated scale."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

    @available_if(_inner_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """Scores by the wrapped model."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.decision_function(X)

    @property
    def classes_(self) -> Any:
        """Classes of the wrapped model, sorted."""
        return self.estimator_.classes_

    @property
    def n_features_in_(self) -> int:
        """Columns seen in fit."""
        return int(self.estimator_.n_features_in_)

    def _fit(self, X: Any, y: Any, sample_weight: Any, **columns: Any) -> Any:
        """Fit a clone of the wrapped classifier; keep how many rows it was given."""
        self._check_names(columns)
        self.estimator_ = clone(self.estimator)
        fit_weighted(self.estimator_, X, y, sample_weight, **columns)
        self.n_rows_ = getattr(self.estimator_, "n_rows_", n_rows(X))
        inner = getattr(self.estimator_, "totals_", None)
        self.totals_ = _totals(y, sample_weight) if inner is None else inner
        return self

    def _check_names(self, columns: Iterable[str]) -> None:
        """Refuse what no ``fit`` inside would see; ``groups`` may be for a splitter alone."""
        known = fit_names(self)
        strange = [name for name in columns if name not in known and name != "groups"]
        if strange:
            raise InvalidType(
                f"keywords of {type(self).__name__}.fit must be named by a fit inside it. Got "
                f"{listed(map(repr, strange))}, which nothing would use. "
                f"{did_you_mean(strange[0], sorted(known))}".rstrip()
            )


def _totals(y: Any, sample_weight: Any) -> Any:
    """What each class weighs in a fit, ``(n_classes,)``, classes sorted."""
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    return np.bincount(encode(y)[1], weights=weight).astype(np.float64)


class Weighted(Wrapper):
    """A classifier fitted with class weights computed from the rows it is given.

    Parameters
    ----------
    estimator
        Classifier whose ``fit`` takes ``sample_weight``.
    scheme
        ``"inverse"``, ``"sqrt"`` or ``"effective"``; see :func:`evenkeel.reweight.class_weights`.
    beta
        Overlap parameter of the effective number of samples, in [0, 1).

    Attributes
    ----------
    estimator_
        The fitted classifier.
    class_weights_
        Weight of each class in sorted order; training mean 1.
    """

    def __init__(self, estimator: Any, scheme: str = "inverse", *, beta: float | None = None):
        self.estimator = estimator
        self.scheme = scheme
        self.beta = beta

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> Weighted:
        """Weigh each row by its class, times ``sample_weight`` when given."""
        X, y = as_rows(X, y)
        _, codes = encode(y)
        self.class_weights_ = class_weights(codes, scheme=self.scheme, beta=self.beta)
        weight = row_weights(codes, self.class_weights_)
        if sample_weight is not None:
            weight = weight * np.asarray(sample_weight)
        self._fit(X, y, weight, **columns)
        return self


class CostWeighted(Wrapper):
    """A binary classifier fitted with row weights proportional to what an error on the row costs.

    Parameters
    ----------
    estimator
        Classifier whose ``fit`` takes ``sample_weight``.
    cost_fn, cost_fp
        Cost of a missed positive and of a false alarm, above 0. Arrays ``(n_rows,)`` given to
        ``fit`` under the same names take their place.
    """

    own_columns = ("cost_fn", "cost_fp")

    def __init__(self, estimator: Any, *, cost_fn: float = 1.0, cost_fp: float = 1.0) -> None:
        self.estimator = estimator
        self.cost_fn = cost_fn
        self.cost_fp = cost_fp

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> CostWeighted:
        """Weigh each row by the cost of deciding it wrongly, times ``sample_weight``."""
        X, y = as_rows(X, y)
        classes, codes = encode(y)
        if len(classes) > 2:
            raise InvalidInput(
                "Only binary classification is supported. CostWeighted has a cost for a miss and "
                f"one for a false alarm; the target is multiclass, with {len(classes)} classes."
            )
        cost_fn, cost_fp = (
            columns.get("cost_fn", self.cost_fn),
            columns.get("cost_fp", self.cost_fp),
        )
        weight = cost_weights(codes, cost_fn, cost_fp)
        if sample_weight is not None:
            weight = weight * np.asarray(sample_weight)
        self._fit(X, y, weight, **columns)
        return self


def as_rows(X: Any, y: Any) -> tuple[Any, Any]:
    """A table that has rows, and one label for each."""
    if not hasattr(X, "__len__") and not hasattr(X, "shape"):
        X = np.asarray(X)
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    return X, y
