"""SMOTENC: SMOTE for numbers and categories side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from evenkeel._checks import listed
from evenkeel._numbers import numbers_of
from evenkeel._rows import is_sparse
from evenkeel.errors import DoesNotApply
from evenkeel.neighbors import neighbors
from evenkeel.plan import Between, Votes, id_type
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.category_columns import category_columns
from evenkeel.resample.category_encoder import check_encoder, fitted_one_hot
from evenkeel.resample.interpolate import check_neighbors
from evenkeel.resample.mixed_distance import mixed_neighbors, one_hot
from evenkeel.resample.offer import neighbors_found, neighbors_offered
from evenkeel.resample.spread import spread, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from evenkeel._numbers import Numbers
    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class SMOTENC(RowMaker):
    """SMOTE for tables that hold numbers and categories.

    Numbers of a new row lie between a row of the class and one of its ``k`` nearest rows of the
    class, as in SMOTE. Each category is the one that most of the row's ``k`` neighbours hold; a tie
    is broken at random. The distance is ``|x - y|^2 + s^2 m``, where ``m`` categories differ and
    ``s`` is the median of the standard deviations of the numeric columns within the class.

    Categories are compared as codes, so memory does not grow with their number. Missing values of a
    category column are one category.

    Parameters
    ----------
    categorical_features
        ``"auto"`` for the columns of a frame that hold categories, words or booleans; or positions,
        names, or a mask ``(n_columns,)``.
    categorical_encoder
        For compatibility: a one-hot encoder that is fitted and kept. It changes nothing, and must
        keep one column for each category.
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    k_neighbors
        Neighbours to choose from and to vote, at least 1; or any object with ``fit`` and
        ``kneighbors``, set to one neighbour more, because each row finds itself.
    strict
        Raise when a class has too few rows for ``k_neighbors``. By default ``k`` shrinks to what the
        class has, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    categorical_features_, continuous_features_
        Positions of the columns of each kind.
    median_std_
        ``s`` by label, for the classes that rows were made for.
    categorical_encoder_
        A fitted one-hot encoder, whose ``categories_`` are the categories of each column; None where
        scikit-learn has none for them, such as words beside numbers in one column.
    nn_k_
        The fitted engine, where ``k_neighbors`` is one.

    Raises
    ------
    DoesNotApply
        No numeric column, or no category column; numeric columns with words or gaps.

    References
    ----------
    Chawla, Bowyer, Hall and Kegelmeyer 2002, "SMOTE: synthetic minority over-sampling technique",
    Journal of Artificial Intelligence Research 16, section 6.1. doi:10.1613/jair.953

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"age": [20.0, 30.0, 40.0, 50.0, 22.0, 24.0], "city": list("abcdxx")})
    >>> sampler = SMOTENC(k_neighbors=1, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(frame, [0, 0, 0, 0, 1, 1])
    >>> X_new["city"].to_list()
    ['a', 'b', 'c', 'd', 'x', 'x', 'x', 'x']
    >>> bool(X_new["age"][6:].is_between(22, 24).all())
    True
    """

    def __init__(
        self,
        categorical_features: Any = "auto",
        *,
        categorical_encoder: Any = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        strict: bool = False,
    ) -> None:
        self.categorical_features = categorical_features
        self.categorical_encoder = categorical_encoder
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.strict = strict

    def _check_parameters(self) -> None:
        check_neighbors(self, "k_neighbors")
        check_encoder(self.categorical_encoder, "SMOTENC")

    def _measures(self) -> bool:
        return True

    def _numbers(self, X: Any) -> Numbers:
        chosen = category_columns(X, self.categorical_features, "SMOTENC")
        rest = np.setdiff1d(np.arange(self.n_features_in_), chosen)
        if not rest.size or not chosen.size:
            kind, other, instead = (
                ("numerical", "categorical", "Name them in categorical_features, or use SMOTE.")
                if rest.size
                else ("categorical", "numerical", "Use SMOTEN.")
            )
            raise DoesNotApply(
                f"SMOTE-NC is not designed to work only with {kind} features. It requires some "
                f"{other} features. Got X with n_features = {self.n_features_in_}. {instead}"
            )
        numbers = numbers_of(X, labels=sorted(chosen.tolist()))
        _refuse(numbers.odd, "that are no numbers", "Name them in categorical_features, or encode")
        _refuse(numbers.not_finite(), "with NaN or infinite values", "Impute")
        self.categorical_features_, self.continuous_features_ = chosen, rest
        return numbers

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        numbers = task.numbers
        assert numbers is not None
        columns = tuple(self.categorical_features_.tolist())
        values = [numbers.values_of(column) for column in columns]
        self.categorical_encoder_ = fitted_one_hot(
            self.categorical_encoder, task.X, columns, values
        )
        self.median_std_ = {}
        for code, count in task.wanted.items():
            if count == 0:
                continue
            rows, label = task.rows_of[code], task.classes[code]
            points = numbers.read(rows)
            codes = np.column_stack([numbers.codes(rows, column) for column in columns])
            self.median_std_[label] = median = float(np.median(spread(points)))
            unit = unit_of(median)  # 1, unless the square of the median leaves the range of floats
            points = points if unit == 1 else points / unit
            k, nearest = self._search(points, codes, (median / unit) ** 2, label)
            if not k:
                yield np.repeat(rows, count)  # one row: nothing lies between
                continue
            drawn = task.random.randint(0, rows.size * k, size=count)
            steps = task.random.uniform(size=count)
            # only rows that were drawn are asked for their neighbours
            asked, which = np.unique(drawn // k, return_inverse=True)
            voters = nearest(asked)
            seed = int(task.random.randint(np.iinfo(np.int32).max))
            small = id_type(task.n_rows)
            votes = Votes(rows[voters].astype(small), which.astype(small), columns, seed)
            yield Between(rows[drawn // k], rows[voters[which, drawn % k]], steps, votes)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _search(
        self, points: Any, codes: Ints, weight: float, label: Any
    ) -> tuple[int, Callable[[Ints], Ints]]:
        """How many neighbours the rows of a class have, and what finds those of some rows."""
        if hasattr(self.k_neighbors, "kneighbors"):
            self.nn_k_ = clone(self.k_neighbors, safe=False)
            mixed = one_hot(points, codes, weight=weight)
            graph = neighbors_found(self.nn_k_, "k_neighbors", "SMOTENC", mixed)
            return graph.shape[1], lambda asked: graph[asked]
        k = neighbors_offered(self, "k_neighbors", len(codes), label)
        if is_sparse(points):
            return k, lambda asked: neighbors(one_hot(points, codes, weight=weight), asked, k=k)[0]
        return k, lambda asked: mixed_neighbors(points, codes, asked, weight=weight, k=k)


def _refuse(names: list[Any], what: str, instead: str) -> None:
    if names:
        raise DoesNotApply(
            "X of SMOTENC must hold finite numbers in each column that is no category: it measures "
            f"distances. Got {len(names):,} {what}: {listed(names)}. {instead} them first."
        )
