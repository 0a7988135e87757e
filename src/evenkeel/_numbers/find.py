"""Numeric columns of a table of any kind, or a refusal that names what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel._checks import listed
from evenkeel._numbers.arrays import Dense, Sparse
from evenkeel._numbers.frames import Frame
from evenkeel._rows import as_frame, is_sparse
from evenkeel.errors import DoesNotApply

if TYPE_CHECKING:
    from evenkeel._numbers.base import Numbers


def numbers_of(X: Any) -> Numbers:
    """The numeric columns of a table of any kind."""
    if is_sparse(X):
        return Sparse(X)
    frame = as_frame(X)
    if frame is not None:
        return Frame(frame)
    return Dense(X)


def all_numbers(X: Any, owner: str) -> Numbers:
    """The numeric columns of a table that must have no others, and no gaps.

    Raises
    ------
    DoesNotApply
        Columns that are no numbers, or with missing or infinite values; the message names them
        and says what to use.

    Examples
    --------
    >>> import polars as pl
    >>> all_numbers(pl.DataFrame({"city": ["Oslo"], "age": [4]}), "SMOTE")
    Traceback (most recent call last):
    ...
    evenkeel.errors.DoesNotApply: X of SMOTE must hold numbers only: it measures distances. Got 1 column of another kind: city. Encode them as numbers first, or use random over-sampling, which takes any column.
    """
    numbers = numbers_of(X)
    if numbers.odd:
        raise DoesNotApply(
            f"X of {owner} must hold numbers only: it measures distances. Got "
            f"{_columns(numbers.odd)} of another kind: {listed(numbers.odd)}. Encode them as "
            "numbers first, or use random over-sampling, which takes any column."
        )
    gaps = numbers.not_finite()
    if gaps:
        raise DoesNotApply(
            f"X of {owner} must hold finite numbers: it measures distances. Got {_columns(gaps)} "
            f"with NaN or infinite values: {listed(gaps)}. Impute them first, for example with "
            "SimpleImputer(add_indicator=True)."
        )
    return numbers


def _columns(names: list[Any]) -> str:
    return f"{len(names):,} column" + ("s" if len(names) > 1 else "")
