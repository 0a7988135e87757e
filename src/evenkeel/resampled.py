"""A classifier fitted on rows that a resampler chose or made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

from evenkeel._rows import n_rows
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.plan import Between
from evenkeel.resample.checks import check_resampler
from evenkeel.wrappers import Wrapper, as_rows

if TYPE_CHECKING:
    from evenkeel.plan import Plan


class Resampled(Wrapper):
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
        Object with ``plan(X, y)``; None or ``"passthrough"`` leaves the rows as they are, as one
        choice of a grid.
    view
        Transformer that turns ``X`` into what the resampler measures, for example
        ``make_pipeline(SimpleImputer(), StandardScaler())``, or
        :class:`evenkeel.same_units.SameUnits`, which does both and keeps the columns. It is fitted
        on the training rows, and not needed to predict. None: ``X`` itself, in its own units.

    Attributes
    ----------
    estimator_, resampler_, view_
        The fitted parts; ``view_`` is None without a view, and both are where nothing is resampled.
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
            classifier gets those that its ``fit`` names. What is plainly no column goes to it as it
            is: a word, a number, a dict, a function, a list of functions, or one of tables, as in
            ``eval_set=[(X_valid, y_valid)]`` or ``eval_X=(X_valid,), eval_y=(y_valid,)``.

        Raises
        ------
        InvalidType
            A keyword that no ``fit`` inside names, or something that is no resampler.
        InvalidInput
            A column of another length than the table. DoesNotApply, where made rows hold values of
            a view that cannot be put back into the table's columns.
        """
        X, y = as_rows(X, y)
        self._check_names(columns)
        if sample_weight is not None:
            columns["sample_weight"] = np.asarray(sample_weight)
        rows = n_rows(X)
        following = {name: one for name, one in columns.items() if _follows(name, one, rows)}
        given = {name: one for name, one in columns.items() if name not in following}
        self.resampler_: Any = None
        self.view_: Any = None
        if self.resampler is not None and not (
            isinstance(self.resampler, str) and self.resampler == "passthrough"
        ):
            plan = self._plan(X, y)
            X, y, *rest = plan.apply(X, y, *following.values())
            following = dict(zip(following, rest, strict=True))
        given |= following
        self._fit(X, y, given.pop("sample_weight", None), **given)
        return self

    def _plan(self, X: Any, y: Any) -> Plan:
        check_resampler(self.resampler, "resampler of Resampled", "be None, or ")
        self.resampler_ = clone(self.resampler)
        plan: Plan
        if self.view is None:
            plan = self.resampler_.plan(X, y)
            return plan
        self.view_ = clone(self.view)
        plan = self.resampler_.plan(self.view_.fit_transform(X, y), y)
        if hasattr(self.view_, "restore"):
            plan = self.view_.restore(plan)
        else:
            _check_fits_every_view(plan, self.resampler_)
        return plan


def _follows(name: str, values: Any, rows: int) -> bool:
    """Whether a keyword of ``fit`` is a column, which follows its rows; else it is plainly none."""
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
        return False
    if n_rows(values) == rows:
        return True
    if isinstance(values, (list, tuple)) and all(map(_is_table_or_call, values)):
        return False
    raise InvalidInput(
        f"{name} of Resampled.fit must have one value for each of {rows:,} rows, to follow them. Got "
        f"{n_rows(values):,}. If it is no column: a tuple of tables goes to the estimator as it is; "
        "else set it there, or resample first, with resampler.plan(X, y).apply(X, y), and then fit."
    )


def _is_table_or_call(one: Any) -> bool:
    return (
        isinstance(one, (list, tuple, Mapping)) or callable(one) or getattr(one, "shape", ()) != ()
    )


def _check_fits_every_view(plan: Plan, resampler: Any) -> None:
    """Lines between rows can be drawn in any columns; noise, centres and votes hold for some only."""
    if all(isinstance(block, Between) and block.votes is None for block in plan.made):
        return
    raise DoesNotApply(
        f"view of Resampled does not apply to {resampler!r}: the rows that it makes hold values of "
        "the view. Use a resampler that drops or repeats rows, or SMOTE or one of its kin for numbers."
    )
