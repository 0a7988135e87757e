"""SMOTEN: SMOTE for tables of categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning

from evenkeel._numbers import check_flat, numbers_of
from evenkeel._rows import is_sparse
from evenkeel.plan import Elected, Votes, id_type
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.category_encoder import check_encoder, fitted_ordinal
from evenkeel.resample.interpolate import check_neighbors
from evenkeel.resample.offer import neighbors_found, neighbors_offered, tell
from evenkeel.resample.value_difference import ValueDifference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class SMOTEN(RowMaker):
    """SMOTE for tables that hold categories only.

    For a random row of the class, each category of the new row is the one that most of the row and
    its ``k`` nearest rows of the class hold; of equally common ones the first in their order. Near
    is measured by the value difference metric ``sum_j (sum_c |P(c | x_j) - P(c | y_j)|)^2``: two
    categories are near where the classes are spread alike.

    Every column is taken as categories; missing values are one category.

    Parameters
    ----------
    categorical_encoder
        For compatibility: an ordinal encoder that is fitted and kept. It changes nothing.
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    k_neighbors
        Neighbours that vote beside the row itself, at least 1; or any object with ``fit`` and
        ``kneighbors``, set to one neighbour more, because each row finds itself. For two classes it
        is given the shares of a class, ``(n, n_columns)``; for more, the squared distances of the
        rows of a class, ``(n, n)``, with ``metric="precomputed"``.
    strict
        Raise when a class has too few rows for ``k_neighbors``. By default ``k`` shrinks to what the
        class has, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    categorical_encoder_
        A fitted ordinal encoder, whose ``categories_`` are the categories of each column; None where
        scikit-learn has none for them, such as words beside numbers in one column.
    nn_k_
        The fitted engine, where ``k_neighbors`` is one.

    References
    ----------
    Chawla, Bowyer, Hall and Kegelmeyer 2002, "SMOTE: synthetic minority over-sampling technique",
    Journal of Artificial Intelligence Research 16, section 6.2. doi:10.1613/jair.953

    Examples
    --------
    >>> X = [["green"], ["green"], ["red"], ["blue"], ["blue"]]
    >>> X_new, _ = SMOTEN(k_neighbors=1, random_state=0).fit_resample(X, [0, 0, 0, 1, 1])
    >>> X_new[-1]
    ['blue']
    """

    def __init__(
        self,
        categorical_encoder: Any = None,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        strict: bool = False,
    ) -> None:
        self.categorical_encoder = categorical_encoder
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.strict = strict

    def _check_parameters(self) -> None:
        check_neighbors(self, "k_neighbors")
        check_encoder(self.categorical_encoder, "SMOTEN")

    def _measures(self) -> bool:
        return False  # not from numbers: anything can be a category

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        if is_sparse(task.X):
            tell(
                "A sparse matrix is not really efficient for SMOTEN: every zero is a category too, "
                "so codes of the whole table are held. Give an array or a frame of categories.",
                DataConversionWarning,
            )
        check_flat(task.X, "SMOTEN")
        columns = tuple(range(self.n_features_in_))
        numbers = numbers_of(task.X, labels=columns)
        codes = _codes(numbers, task.n_rows, columns)
        values = [numbers.values_of(column) for column in columns]
        self.categorical_encoder_ = fitted_ordinal(self.categorical_encoder, task.X, values)
        metric = ValueDifference(codes, task.codes, len(task.classes))
        for code, count in task.wanted.items():
            if count == 0:
                continue
            rows = task.rows_of[code]
            parents = task.random.choice(rows.size, size=count, replace=True)
            asked, which = np.unique(parents, return_inverse=True)
            near = self._nearest(metric, rows, asked, task.classes[code])
            if near is None:
                yield np.repeat(rows, count)  # one row: it outvotes nobody
                continue
            small = id_type(task.n_rows)
            voters = rows[np.column_stack([asked, near])].astype(small)
            yield Elected(rows[parents], Votes(voters, which.astype(small), columns))

    def _nearest(self, metric: ValueDifference, rows: Ints, asked: Ints, label: Any) -> Ints | None:
        if not hasattr(self.k_neighbors, "kneighbors"):
            k = neighbors_offered(self, "k_neighbors", rows.size, label)
            return metric.nearest(rows, asked, k) if k else None
        self.nn_k_ = clone(self.k_neighbors, safe=False)
        if metric.n_classes == 2:
            points = metric.points(rows)
        else:
            self.nn_k_.set_params(metric="precomputed")
            points = metric.square(rows, rows)
        return neighbors_found(self.nn_k_, "k_neighbors", "SMOTEN", points)[asked]


def _codes(numbers: Numbers, n_rows: int, columns: tuple[int, ...]) -> Ints:
    rows = np.arange(n_rows)
    out = np.empty((n_rows, len(columns)), np.int32, order="F")
    for column in columns:
        out[:, column] = numbers.codes(rows, column)
    return out
