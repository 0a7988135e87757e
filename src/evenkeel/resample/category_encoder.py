"""Fitted encoders of scikit-learn beside the resamplers that use none, for code that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from evenkeel._rows import as_frame, is_sparse, take
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def check_encoder(encoder: Any, owner: str) -> None:
    """Raise unless it is None or an encoder."""
    methods = ("fit_transform", "inverse_transform")
    if encoder is not None and not all(hasattr(encoder, name) for name in methods):
        raise InvalidType(
            f"categorical_encoder of {owner} must be None or an encoder with fit_transform and "
            f"inverse_transform. Got {encoder!r}."
        )


def fitted_one_hot(encoder: Any, X: Any, columns: Sequence[int], values: list[NDArray[Any]]) -> Any:
    """A one-hot encoder that knows the categories of some columns.

    Parameters
    ----------
    encoder
        To be cloned and fitted; None for scikit-learn's own, which is told the categories.
    X
        The table, ``(n_rows, n_columns)``.
    columns
        Positions of the columns that are categories.
    values
        The categories of each of them.

    Returns
    -------
    encoder
        Fitted; None where scikit-learn has none for the values, such as words beside numbers.

    Raises
    ------
    InvalidInput
        An encoder without a column of its own for each category.
    """
    if encoder is None:
        from sklearn.preprocessing import OneHotEncoder

        return _told(OneHotEncoder(handle_unknown="ignore"), values)
    part = _part(X, columns)
    fitted = clone(encoder).fit(part)
    n_categories = sum(len(known) for known in getattr(fitted, "categories_", ()))
    n_columns = fitted.transform(take(part, np.array([0]))).shape[1]  # never the whole table
    if n_columns != n_categories:
        raise InvalidInput(
            "SMOTENC requires a one-hot encoding with one column per category. categorical_encoder "
            f"made {n_columns} columns of {n_categories} categories. Give one that neither drops nor "
            "merges any, such as OneHotEncoder(handle_unknown='ignore')."
        )
    return fitted


def fitted_ordinal(encoder: Any, X: Any, values: list[NDArray[Any]]) -> Any:
    """An ordinal encoder that knows the categories of every column; as :func:`fitted_one_hot`."""
    if encoder is not None:
        return clone(encoder).fit(_part(X, range(len(values))))
    from sklearn.preprocessing import OrdinalEncoder

    return _told(OrdinalEncoder(dtype=np.int32, encoded_missing_value=-1), values)


def _told(encoder: Any, values: list[NDArray[Any]]) -> Any:
    """An encoder that is told the categories instead of looking for them."""
    plain = all(known.dtype.kind in "biuf" for known in values)
    categories = [known if plain else _objects(known) for known in values]
    row = np.empty((1, len(values)), np.result_type(*categories))
    row[0] = [known[0] for known in categories]
    try:
        return encoder.set_params(categories=categories).fit(row)
    except (TypeError, ValueError):  # words beside numbers; bytes, nothing but gaps
        return None


def _objects(known: NDArray[Any]) -> NDArray[Any]:
    """Values as objects, a gap of pandas as the one that scikit-learn knows."""
    from pandas import NA

    return np.array(
        [*(np.nan if value is NA else value for value in known.tolist()), None], object
    )[:-1]


def _part(X: Any, columns: Sequence[int]) -> Any:
    if is_sparse(X):
        return X.tocsc()[:, list(columns)].toarray()
    frame = as_frame(X)
    if frame is not None:
        return frame[:, list(columns)].to_native()
    table = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    return table[:, list(columns)]
