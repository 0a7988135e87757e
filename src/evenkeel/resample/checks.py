"""What comes into a resampler, and what its hooks give back, checked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel._rows import is_arrow, n_rows
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


def check_resampler(value: Any, name: str, also: str = "") -> None:
    """Raise unless something is a resampler.

    Parameters
    ----------
    value
        What was given.
    name
        What it is, for the message, such as ``"step 'smote' of Chain"``.
    also
        What else would do, for the message, such as ``"be None, or "``.
    """
    if isinstance(value, type):
        raise InvalidType(
            f"{name} must {also}be a resampler. Got the class {value.__name__}. Give {value.__name__}()."
        )
    if not hasattr(value, "plan") or not hasattr(value, "get_params"):
        raise InvalidType(
            f"{name} must {also}have plan(X, y), as the resamplers of evenkeel.resample do. Got "
            f"{value!r}. Take its counterpart from there, or derive one from RowSelector or RowMaker."
        )


def row_numbers(given: Any, below: int, name: str) -> Ints:
    """Row numbers of a hook, checked before they are cast to the smallest type that holds them."""
    rows = np.asarray(given)
    if rows.size == 0:
        return rows.astype(np.intp)
    if rows.dtype.kind not in "iu":
        what = "a mask (bool); use np.flatnonzero" if rows.dtype.kind == "b" else str(rows.dtype)
        raise InvalidType(f"{name} must return row numbers. Got {what}.")
    if int(rows.min()) < 0 or int(rows.max()) >= below:
        raise InvalidInput(
            f"{name} must return row numbers from 0 to {below - 1:,}. Got {rows.min()} to {rows.max()}."
        )
    return rows


def as_rows(given: Any) -> Any:
    """What can only turn itself into an array, as one; what rows can be picked from, as it is."""
    plain = hasattr(given, "__array__") and not hasattr(given, "shape") and not is_arrow(given)
    return np.asarray(given) if plain else given


def check_table(X: Any, owner: str) -> None:
    """Raise unless X has rows and columns of real values."""
    import narwhals as nw

    arrow = nw.dependencies.get_pyarrow()
    if arrow is not None and isinstance(X, arrow.RecordBatch):
        raise InvalidType(
            f"X of {owner} must be a table, whose rows can be picked. Got a RecordBatch of pyarrow. "
            "Use pyarrow.Table.from_batches([X])."
        )
    names = X.column_names if arrow is not None and isinstance(X, arrow.Table) else []
    names = list(X.columns) if nw.dependencies.is_pandas_dataframe(X) else names
    if len(set(names)) < len(names):
        twice = listed(repr(name) for name, times in Counter(names).items() if times > 1)
        raise InvalidInput(
            f"X of {owner} must have a name of its own for each column. Got more than one {twice}. "
            "Rename them."
        )
    shape = getattr(X, "shape", None)
    if shape is None:
        shape = np.shape(X[:1]) if isinstance(X, (list, tuple)) else (n_rows(X),)
        shape = (n_rows(X), *shape[1:])
    if len(shape) < 2:
        raise InvalidInput(
            f"X of {owner} must be two-dimensional: rows and columns. Got shape {shape}. Reshape your "
            "data with X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
        )
    if 0 in shape[:2]:
        what = "sample" if shape[0] == 0 else "feature"
        raise InvalidInput(
            f"X of {owner} must have rows and columns. Got 0 {what}(s) (shape={tuple(shape)}) while a "
            "minimum of 1 is required."
        )
    if getattr(getattr(X, "dtype", None), "kind", "") == "c":
        raise InvalidInput(f"X of {owner} must hold real values. Complex data not supported.")
