"""Which columns of a table are categories."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import did_you_mean, listed
from evenkeel._numbers import check_flat, numbers_of
from evenkeel._rows import as_frame
from evenkeel.errors import DoesNotApply, InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

KINDS = ("Categorical", "Enum", "String", "Boolean", "Object")


def category_columns(X: Any, wanted: Any, owner: str) -> Ints:
    """Positions of the columns that are categories.

    Parameters
    ----------
    X
        A table, ``(n_rows, n_columns)``.
    wanted
        ``"auto"`` for the columns of a frame that hold categories, words or booleans; or positions,
        names, or a mask ``(n_columns,)``.
    owner
        Who asks, for messages.

    Returns
    -------
    int64 array (n_categorical,)
        In the order given, without repeats.

    Raises
    ------
    DoesNotApply
        ``"auto"`` for a table whose columns have no types of their own.
    InvalidInput
        A position or name that the table does not have.
    InvalidType
        Something that names no columns.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"age": [4], "city": ["Oslo"], "member": [True]})
    >>> category_columns(frame, "auto", "SMOTENC").tolist()
    [1, 2]
    >>> category_columns(frame, ["city"], "SMOTENC").tolist()
    [1]
    """
    if isinstance(wanted, str) and wanted == "auto":
        return _by_type(X, owner)
    if not isinstance(wanted, (str, Integral, Iterable)):
        raise _no_columns(wanted, owner)
    check_flat(X, owner)
    names = None if (frame := as_frame(X)) is None else list(frame.columns)
    n_columns = len(names) if names is not None else np.shape(X)[1]
    items = [wanted] if isinstance(wanted, (str, Integral)) else list(wanted)
    if items and all(isinstance(item, (bool, np.bool_)) for item in items):
        if len(items) != n_columns:
            raise InvalidInput(
                f"categorical_features of {owner} as a mask must hold {n_columns} values, one for "
                f"each column. Got {len(items)}."
            )
        return np.flatnonzero(np.array(items, bool))
    found = [_position(item, names, n_columns, owner) for item in items]
    return np.array(list(dict.fromkeys(found)), np.int64)


def _by_type(X: Any, owner: str) -> Ints:
    frame = as_frame(X)
    if frame is None:
        raise DoesNotApply(
            f"When `categorical_features='auto'`, the input data should be a pandas.DataFrame, or a "
            f"frame of polars or pyarrow, for {owner} to see which columns hold categories. Got "
            f"{type(X).__name__}. Name the columns in categorical_features."
        )
    kinds = [str(kind).partition("(")[0] for kind in frame.schema.dtypes()]
    words = set(numbers_of(X).odd)  # objects that are numbers count as numbers
    return np.array(
        [
            position
            for position, (name, kind) in enumerate(zip(frame.columns, kinds, strict=True))
            if kind in KINDS and (name in words or kind == "Boolean")
        ],
        np.int64,
    )


def _no_columns(value: Any, owner: str) -> InvalidType:
    return InvalidType(
        f"categorical_features of {owner} must be 'auto', positions, names or a mask of columns. "
        f"Got {value!r}."
    )


def _position(item: Any, names: list[Any] | None, n_columns: int, owner: str) -> int:
    if isinstance(item, str):
        if names is None or item not in names:
            have = f"It has {listed(names)}." if names else "It has no names: give positions."
            raise InvalidInput(
                f"categorical_features of {owner} must be columns of X. Got {item!r}. {have} "
                + did_you_mean(item, names or [])
            )
        return names.index(item)
    if isinstance(item, (bool, np.bool_)) or not isinstance(item, Integral):
        raise _no_columns(item, owner)
    if not -n_columns <= int(item) < n_columns:
        raise InvalidInput(
            f"categorical_features of {owner}: all features must be in [0, {n_columns - 1}] or "
            f"[-{n_columns}, 0], where X has n_features = {n_columns}. Got {item}."
        )
    return int(item) % n_columns
