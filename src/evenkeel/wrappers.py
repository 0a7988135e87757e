"""Classifiers that change what another classifier is fitted on: its rows, or their weights.

Row weights have one owner, :func:`fit_weighted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, has_fit_parameter

from evenkeel._rows import n_rows
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.plan import Between
from evenkeel.reweight import class_weights, cost_weights, row_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from evenkeel.plan import Plan


def fit_weighted(estimator: Any, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> Any:
    """Fit with row weights, or say why the estimator cannot take them.

    Parameters
    ----------
    estimator
        A classifier or a Pipeline; fitted in place and returned.
    sample_weight
        Weights ``(n_rows,)``, or None for an ordinary fit.
    **columns
        Further arrays ``(n_rows,)`` (costs, groups). A wrapper of this module gets them all, any
        other estimator those that its ``fit`` names.

    Raises
    ------
    DoesNotApply
        The estimator's ``fit`` takes no ``sample_weight``.
    """
    every = isinstance(estimator, _Wrapper)
    given = {
        name: values
        for name, values in columns.items()
        if every or has_fit_parameter(estimator, name)
    }
    if sample_weight is not None:
        last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
        if not has_fit_parameter(last, "sample_weight"):
            raise DoesNotApply(
                f"Row weights do not apply to {type(last).__name__}: its fit takes no "
                "sample_weight. Use a remedy that changes rows, or another learner."
            )
        prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
        given[f"{prefix}sample_weight"] = sample_weight
    return estimator.fit(X, y, **given)


def bare(estimator: Any) -> Any:
    """The fitted model inside the wrappers: what is needed to predict, and nothing more."""
    if isinstance(estimator, Pipeline):
        steps = [*estimator.steps[:-1], (estimator.steps[-1][0], bare(estimator.steps[-1][1]))]
        return Pipeline(steps)
    return bare(estimator.estimator_) if isinstance(estimator, _Wrapper) else estimator


def _inner_has(name: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), name)


class _Wrapper(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that changes what another one is fitted on, and predicts with that one."""

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
        self.estimator_ = clone(self.estimator)
        fit_weighted(self.estimator_, X, y, sample_weight, **columns)
        self.n_rows_ = getattr(self.estimator_, "n_rows_", n_rows(X))
        return self


class Resampled(_Wrapper):
    """A classifier fitted on rows that a resampler chose or made; predictions are untouched.

    Any resampler of :mod:`evenkeel.resample` can so sit inside scikit-learn's own ``Pipeline``,
    ``GridSearchCV`` or ``cross_val_predict``: it acts in ``fit`` only.

    With a ``view`` the resampler measures other columns than the classifier sees: the rows are
    planned on the view and made from the original table. A made row then interpolates the numbers of
    its two rows, has a gap where either of them has one, and takes all else from its parent.

    Parameters
    ----------
    estimator
        Classifier to fit on the resampled rows.
    resampler
        Object with ``plan(X, y)``.
    view
        Transformer that turns ``X`` into what the resampler measures, for example
        ``make_pipeline(SimpleImputer(), StandardScaler())``. It is fitted on the training rows, and
        not needed to predict. None: ``X`` itself.

    Attributes
    ----------
    estimator_, resampler_, view_
        The fitted parts; ``view_`` is None without a view.
    n_rows_
        Rows the classifier was fitted on.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from evenkeel.resample import RandomUnderSampler
    >>> X, y = np.arange(20.0).reshape(-1, 1), np.repeat([0, 1], [16, 4])
    >>> Resampled(LogisticRegression(), RandomUnderSampler(random_state=0)).fit(X, y).n_rows_
    8
    """

    # lets set_fit_request(groups=True) route them here; by default they are for splitters alone
    __metadata_request__fit: ClassVar = {"groups": False}

    def __init__(self, estimator: Any, resampler: Any, view: Any = None) -> None:
        self.estimator = estimator
        self.resampler = resampler
        self.view = view

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.view is not None:
            tags.input_tags.sparse &= get_tags(self.view).input_tags.sparse
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **columns: Any) -> Resampled:
        """Plan on ``X, y``, then fit on the planned rows; further columns follow their rows.

        Parameters
        ----------
        X, y
            Table ``(n_rows, n_columns)`` and labels ``(n_rows,)``.
        sample_weight, **columns
            Weights, groups or any further column ``(n_rows,)``; a made row takes its parent's. The
            classifier gets those that its ``fit`` names.
        """
        X, y = _as_rows(X, y)
        self.resampler_ = clone(self.resampler)
        if self.view is None:
            self.view_, plan = None, self.resampler_.plan(X, y)
        else:
            self.view_ = clone(self.view)
            plan = self.resampler_.plan(self.view_.fit_transform(X, y), y)
            if not getattr(self.view_, "keeps_columns", False):
                _check_fits_every_view(plan, self.resampler_)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        X_new, y_new, weight, *rest = plan.apply(X, y, weight, *columns.values())
        self._fit(X_new, y_new, weight, **dict(zip(columns, rest, strict=True)))
        return self


class Weighted(_Wrapper):
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
        X, y = _as_rows(X, y)
        codes = np.unique(y, return_inverse=True)[1]
        self.class_weights_ = class_weights(codes, scheme=self.scheme, beta=self.beta)
        weight = row_weights(codes, self.class_weights_)
        if sample_weight is not None:
            weight = weight * np.asarray(sample_weight)
        self._fit(X, y, weight, **columns)
        return self


class CostWeighted(_Wrapper):
    """A binary classifier fitted with row weights proportional to what an error on the row costs.

    Parameters
    ----------
    estimator
        Classifier whose ``fit`` takes ``sample_weight``.
    cost_fn, cost_fp
        Cost of a missed positive and of a false alarm, above 0. Arrays ``(n_rows,)`` given to
        ``fit`` under the same names take their place.
    """

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
        X, y = _as_rows(X, y)
        classes, codes = np.unique(y, return_inverse=True)
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


def _as_rows(X: Any, y: Any) -> tuple[Any, Any]:
    """A table that has rows, and one label for each."""
    if not hasattr(X, "__len__") and not hasattr(X, "shape"):
        X = np.asarray(X)
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    return X, y


def _check_fits_every_view(plan: Plan, resampler: Any) -> None:
    """Lines between rows can be drawn in any columns; noise, centres and votes hold for some only."""
    if all(isinstance(block, Between) and block.votes is None for block in plan.made):
        return
    raise DoesNotApply(
        f"view of Resampled does not apply to {resampler!r}: the rows that it makes hold values of "
        "the view. Use a resampler that drops or repeats rows, or SMOTE or one of its kin for numbers."
    )
