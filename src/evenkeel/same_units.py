"""A table as distances should see it: gaps filled by medians, numbers in standard deviations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from evenkeel._numbers import numbers_of
from evenkeel._numbers.frames import Frame
from evenkeel._rows import has_index, is_sparse, n_rows
from evenkeel.errors import DoesNotApply
from evenkeel.plan import Between, Elected, Given, Jittered, Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.plan import Made

    Floats = NDArray[np.float64]

HAIR = 1e-12  # share of a whole number that scaling it, and back, may move it by


class SameUnits(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The same table with ``(x or the median of its column) / s_j``, ``s_j`` the standard deviation.

    A view for :class:`evenkeel.resampled.Resampled`: distances need a number in every cell, and
    should not depend on the units of the columns. Rows are made from the table itself; a plan whose
    rows hold values of the view is put back into the table's units by :meth:`restore`.

    Columns and their order stay. Categories, words, dates and truth values are left alone, and so
    are sparse matrices, whose columns share a unit, and tables of more than two dimensions. A column
    without spread keeps its values; one without any number gets 0.

    Attributes
    ----------
    medians_, units_
        Median and standard deviation of each column of numbers, ``(n_numeric,)``, in their order;
        None for a table that is left alone.

    Examples
    --------
    >>> SameUnits().fit_transform(np.array([[1.0, 5.0], [np.nan, 1005.0], [3.0, 5.0]])).round(2).tolist()
    [[1.22, 0.01], [2.45, 2.13], [3.67, 0.01]]
    """

    def fit(self, X: Any, y: Any = None) -> SameUnits:
        """Find medians and standard deviations in a table ``(n_rows, n_columns)`` of any kind."""
        self.medians_: Floats | None = None
        self._scales: tuple[Floats, Floats] | None = None
        found = _read(X)
        if found is None:
            return self
        numbers, values = found
        self.medians_ = np.array([_median(column) for column in values.T])
        _fill(values, self.medians_)
        scales = [
            (1.0, 1.0) if truth else _scale(column)
            for column, truth in zip(values.T, _truths(numbers, values), strict=True)
        ]
        reach, spread = np.array(scales).reshape(-1, 2).T
        self._scales = reach, spread
        return self

    @property
    def units_(self) -> Floats | None:
        """What one unit of the view is in the table, ``(n_numeric,)``."""
        return None if self._scales is None else self._scales[0] * self._scales[1]

    def transform(self, X: Any) -> Any:
        """The table with its gaps filled and its numbers scaled, as a copy."""
        check_is_fitted(self, "medians_")
        found = _read(X)
        if found is None or self.medians_ is None or self._scales is None:
            return X
        numbers, values = found
        _fill(values, self.medians_)
        # in two steps: 30 of 90 and 3 of 9 are the same bits, and so are their spreads
        for scale in self._scales:
            np.divide(values, scale, out=values, casting="same_kind")
        return _written(X, numbers, values)

    def restore(self, plan: Plan) -> Plan:
        """A plan made on the view, for the table: values that it holds are in the table's units.

        Raises
        ------
        DoesNotApply
            A kind of made rows whose values cannot be told from its other fields.
        """
        check_is_fitted(self, "medians_")
        units = self.units_
        if units is None or not plan.made:
            return plan
        return Plan(plan.n_rows, plan.rows, tuple(_restored(block, units) for block in plan.made))


def _read(X: Any) -> tuple[Numbers, Any] | None:
    """The columns of numbers, and their values as a fresh array; None for what is left alone."""
    if is_sparse(X) or len(getattr(X, "shape", (0, 0))) != 2:
        return None
    numbers = numbers_of(X)
    values = numbers.every(n_rows(X))
    if values.ndim != 2 or values.dtype.kind == "b":
        return None
    small = values.dtype.kind == "f" and values.dtype.itemsize <= np.dtype(np.float32).itemsize
    return numbers, values.astype(np.float32 if small else np.float64)


def _truths(numbers: Numbers, values: Any) -> list[bool]:
    """Whether each column holds truth values, which are on one scale everywhere."""
    if isinstance(numbers, Frame):
        return [kind.kind == "b" for kind in numbers.types]
    return [False] * values.shape[1]


def _median(column: Any) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if known.size else 0.0


def _fill(values: Any, medians: Floats) -> None:
    rows, columns = np.nonzero(np.isnan(values))
    values[rows, columns] = medians[columns]


def _scale(column: Any) -> tuple[float, float]:
    """The largest magnitude, and the standard deviation in units of it; so no square overflows."""
    reach = float(np.abs(column).max(initial=0.0))
    if not 0 < reach < np.inf or column.min() == column.max():
        return 1.0, 1.0
    spread = float(np.std(column / reach, dtype=np.float64))
    return (reach, spread) if reach * spread > 0 else (1.0, 1.0)


def _written(X: Any, numbers: Numbers, values: Any) -> Any:
    """The table with its numbers replaced."""
    if not isinstance(numbers, Frame):
        if numbers.numeric is None:
            return values
        out = np.array(X, dtype=object)
        out[:, numbers.numeric] = values
        return out
    names = zip(numbers.columns, numbers.types, values.T, strict=True)
    new = {name: column for name, kind, column in names if kind.kind != "b"}
    if has_index(X):
        out = X.copy(deep=False)
        for name, column in new.items():
            out[name] = column
        return out
    import narwhals as nw

    backend = numbers.frame.implementation
    columns = [nw.new_series(name, column, backend=backend) for name, column in new.items()]
    return numbers.frame.with_columns(*columns).to_native()


def _restored(block: Made, units: Floats) -> Made:
    if isinstance(block, Given):
        values = np.asarray(block.values) * units
        whole = np.rint(values)  # cut to whole numbers later, 2.9999999 would become a 2
        near = np.abs(values - whole) <= HAIR * np.abs(whole)
        return replace(block, values=np.where(near, whole, values))
    if isinstance(block, Jittered):
        return replace(block, spread=block.spread * units)
    if isinstance(block, (Between, Elected)):
        return block
    raise DoesNotApply(
        f"view of Resampled does not apply to rows made as {type(block).__name__}: which of its values "
        "are in the units of the view is not known. Scale the table before Resampled instead."
    )
