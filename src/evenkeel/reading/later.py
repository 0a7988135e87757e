"""Rows for a fitted model: a pandas frame with the columns of training, each of its old kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.reading.memory import from_memory
from evenkeel.reading.schema import Schema
from evenkeel.reading.tidy import cast_like

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_OBJECTS = {
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "boolean": "boolean",
    "datetime": "datetime",
    "datetime64": "datetime",
}


def to_pandas(X: Any) -> pd.DataFrame:
    """A table of any kind as a pandas frame; nothing is copied where the kind allows it.

    Raises
    ------
    InvalidType
        It is no data frame in memory and no array.
    InvalidInput
        An array without rows and columns.
    """
    import narwhals.stable.v2 as nw
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X
    if isinstance(X, np.ndarray):
        if X.ndim != 2:
            raise InvalidInput(
                f"X of a model must have 2 dimensions, rows and columns. Got shape {X.shape}."
            )
        return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])], copy=False)
    try:
        frame: pd.DataFrame = nw.from_native(X, eager_only=True).to_pandas()
    except TypeError as error:
        raise InvalidType(
            "X of a model must be a data frame in memory or a numpy array. Got "
            f"{type(X).__name__}. Read a file with polars or pandas first, or score it with "
            "predict_file."
        ) from error
    return frame


def kinds_of(frame: pd.DataFrame) -> dict[str, str]:
    """Columns that hold numbers, booleans or datetimes, with their kind; all else is text.

    >>> import pandas as pd
    >>> kinds_of(pd.DataFrame({"a": [1.5, None], "b": [True, False], "c": ["1", "x"]}))
    {'a': 'number', 'b': 'boolean'}
    """
    kinds = {name: _kind(frame.iloc[:, at]) for at, name in enumerate(frame.columns)}
    return {name: kind for name, kind in kinds.items() if kind}


def like_training(
    frame: pd.DataFrame, names: Sequence[Any], kinds: Mapping[Any, str]
) -> pd.DataFrame:
    """The columns of training in their order; cells are read as the kind their column had.

    Parameters
    ----------
    frame
        Later rows; further columns are left out.
    names
        Columns of training.
    kinds
        Of :func:`kinds_of`, for the training table.

    Raises
    ------
    InvalidInput
        No rows, a column that is missing or comes twice, or a cell that does not fit its column.
    """
    found = list(frame.columns)
    if not set(names) <= set(found):  # a pandas frame may name its columns by number
        found = [str(name) for name in found]
    if not set(names) <= set(found):
        Schema(dict.fromkeys(map(str, names), ""), "", ()).require(list(map(str, found)), "X")
    wanted = set(names)
    twice = [name for name, times in Counter(found).items() if times > 1 and name in wanted]
    if twice:
        raise InvalidInput(f"X must hold each column of training once. {twice[0]!r} comes twice.")
    if not len(frame):
        raise InvalidInput("X must hold at least one row to predict. Got none.")
    places = {name: at for at, name in enumerate(found)}
    chosen = frame.iloc[:, [places[name] for name in names]]
    chosen.columns = list(names)
    other = {name: kind for name, kind in kinds.items() if _kind(chosen[name]) != kind}
    if not other:
        return chosen
    plain = from_memory(chosen[list(other)])
    cast = cast_like(plain, {str(name): kind for name, kind in other.items()}).frame
    chosen = chosen.copy(deep=False)
    for name in other:
        chosen[name] = cast[str(name)].to_pandas().to_numpy()
    return chosen


def _kind(column: pd.Series[Any]) -> str:
    from pandas.api import types

    if column.dtype == object:
        return _OBJECTS.get(types.infer_dtype(column, skipna=True), "")
    if types.is_bool_dtype(column.dtype):
        return "boolean"
    if types.is_numeric_dtype(column.dtype):
        return "number"
    return "datetime" if types.is_datetime64_any_dtype(column.dtype) else ""
