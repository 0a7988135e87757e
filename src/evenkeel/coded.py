"""A frame as trees see it: numbers as they are, every other column as the codes of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from evenkeel._checks import listed
from evenkeel._numbers import numbers_of
from evenkeel._numbers.frames import Frame
from evenkeel._numbers.levels import levels
from evenkeel._rows import as_frame
from evenkeel.errors import DoesNotApply

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


class Coded(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A frame as an array of numbers, for models that know neither frames nor categories.

    A column of numbers keeps its values. Any other one becomes the places of its values among the
    sorted values of the training rows; one that is missing, or was never seen, is NaN. What is no
    frame stays as it is.

    Parameters
    ----------
    refuse
        Name of a remedy that cannot use such places, because it measures distances: a frame with
        columns that hold no numbers is then refused. Empty: every column is coded.

    Attributes
    ----------
    levels_
        Sorted levels by column, of the columns that are coded.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"km": [1.0, np.nan], "shop": ["b", "a"]})
    >>> coded = Coded().fit(frame)
    >>> coded.transform(pd.DataFrame({"km": [5.0, 6.0], "shop": ["c", "b"]})).tolist()
    [[5.0, nan], [6.0, 1.0]]
    """

    def __init__(self, refuse: str = "") -> None:
        self.refuse = refuse

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the levels of the columns that hold no numbers, ``(n_rows, n_columns)``."""
        self.levels_: dict[str, list[Any]] = {}
        frame = as_frame(X)
        if frame is None:
            return self
        odd = numbers_of(X).odd
        if odd and self.refuse:
            raise DoesNotApply(
                f"{self.refuse} does not apply to columns that hold no numbers, such as "
                f"{listed(map(repr, odd))}: nothing lies between two of their values. Use a learner "
                "that turns them into numbers, such as logistic."
            )
        for name in odd:
            values = frame[name].drop_nulls()
            first = levels(values)[1]
            self.levels_[str(name)] = [value for value in values[first].to_list() if value == value]
        return self

    def transform(self, X: Any) -> Any:
        """Numbers, and places among the levels, ``(n_rows, n_columns)``."""
        check_is_fitted(self, "levels_")
        frame = as_frame(X)
        if frame is None:
            return X
        numbers = numbers_of(X)
        assert isinstance(numbers, Frame)
        out = np.empty(frame.shape, np.result_type(numbers.dtype, np.float32))
        for place, name in enumerate(frame.columns):
            if str(name) in self.levels_:
                out[:, place] = _places(frame[name], self.levels_[str(name)])
            else:
                out[:, place] = numbers.columns[name]
        return out


def _places(column: Any, known: list[Any]) -> Floats:
    codes, first = levels(column)
    place = {value: float(at) for at, value in enumerate(known)}
    here = [place.get(value, np.nan) for value in column[first].to_list()]
    return np.asarray(np.array(here, np.float64)[codes])
