"""Numeric columns of a table of any kind, or a refusal that names what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel._numbers.arrays import Dense
from evenkeel._numbers.frames import Frame
from evenkeel._numbers.sparse import Sparse
from evenkeel._rows import as_frame, is_sparse
from evenkeel.errors import DoesNotApply, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evenkeel._numbers.base import Numbers


def numbers_of(X: Any, labels: Sequence[int] = ()) -> Numbers:
    """The numeric columns of a table of any kind.

    Parameters
    ----------
    X
        The table, ``(n_rows, n_columns)``.
    labels
        Positions of columns that are categories, even where they hold numbers.

    Raises
    ------
    InvalidInput
        A table that is none, or has no column at a position.
    """
    frame = as_frame(X)
    n_columns = len(frame.columns) if frame is not None else np.shape(X)[1] if labels else 0
    if labels and max(labels) >= n_columns:
        raise InvalidInput(
            f"X must have a column at each position that holds categories, up to {max(labels)}. "
            f"Got {n_columns} columns."
        )
    if is_sparse(X):
        return Sparse(X, labels)
    return Dense(X, labels) if frame is None else Frame(frame, labels)


def all_numbers(X: Any, owner: str, *, makes: bool = False) -> Numbers:
    """The numeric columns of a table that must have no others, and no gaps.

    Parameters
    ----------
    X
        The table, ``(n_rows, n_columns)``.
    owner
        Who asks, for messages.
    makes
        Whether it makes rows, so that SMOTENC and SMOTEN could serve in its place.

    Raises
    ------
    DoesNotApply
        Columns that are no numbers, or with missing or infinite values; the message names them
        and says what to use. A table of more than two dimensions.

    Examples
    --------
    >>> import polars as pl
    >>> all_numbers(pl.DataFrame({"city": ["Oslo"], "age": [4]}), "SMOTE", makes=True)
    Traceback (most recent call last):
    ...
    evenkeel.errors.DoesNotApply: X of SMOTE must hold numbers only: it measures distances. Got 1 column of another kind: city. Use SMOTENC, which takes categories beside numbers (SMOTEN: categories only), or encode them as numbers first.
    """
    numbers = numbers_of(X)
    check_flat(X, owner)
    if numbers.odd:
        raise DoesNotApply(
            f"X of {owner} must hold numbers only: it measures distances. Got "
            f"{_columns(numbers.odd)} of another kind: {listed(numbers.odd)}. "
            + (
                "Use SMOTENC, which takes categories beside numbers (SMOTEN: categories only), or "
                "encode them as numbers first."
                if makes
                else "Encode them as numbers first, or use random under-sampling, which takes any column."
            )
        )
    gaps = numbers.not_finite()
    if gaps:
        raise DoesNotApply(
            f"X of {owner} must hold finite numbers: it measures distances. Got {_columns(gaps)} "
            f"with NaN or infinite values: {listed(gaps)}. Impute them first, for example with "
            "SimpleImputer(add_indicator=True)."
        )
    return numbers


def check_flat(X: Any, owner: str) -> None:
    """Raise unless a table has rows and columns, and no third dimension.

    Examples
    --------
    >>> check_flat(np.zeros((9, 2, 2)), "SMOTEN")
    Traceback (most recent call last):
    ...
    evenkeel.errors.DoesNotApply: X of SMOTEN must be two-dimensional: rows and columns. Got shape (9, 2, 2). Flatten each row first: X.reshape(len(X), -1).
    """
    if is_sparse(X) or as_frame(X) is not None:
        return
    shape = X.shape if hasattr(X, "shape") else (len(X), *np.shape(X[0]))
    if len(shape) != 2:
        raise DoesNotApply(
            f"X of {owner} must be two-dimensional: rows and columns. Got shape {tuple(shape)}. "
            "Flatten each row first: X.reshape(len(X), -1)."
        )


def finite_part(values: Any) -> Any:
    """The columns of an array ``(n, d)`` or CSR matrix that hold finite numbers only.

    Examples
    --------
    >>> finite_part(np.array([[1.0, np.nan], [2.0, 3.0]])).tolist()
    [[1.0], [2.0]]
    """
    if is_sparse(values):
        wrong = np.unique(values.indices[~np.isfinite(values.data)])
        return values[:, np.setdiff1d(np.arange(values.shape[1]), wrong)]
    flat = values.reshape(len(values), int(np.prod(values.shape[1:])))  # images too
    fine = np.isfinite(flat).all(axis=0)
    return flat if fine.all() else flat[:, fine]


def _columns(names: list[Any]) -> str:
    return f"{len(names):,} column" + ("s" if len(names) > 1 else "")
