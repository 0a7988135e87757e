"""ADASYN: adaptive synthetic sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.plan import Between
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.interpolate import (
    check_neighbors,
    engine_for,
    nearest,
    partners_of,
    shares,
)
from evenkeel.resample.offer import NothingOffered, neighbors_found, neighbors_offered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class ADASYN(RowMaker):
    """Make rows as SMOTE does, more from rows whose neighbourhood belongs to other classes.

    Of ``G`` rows to make, row ``i`` of the class is parent to ``G r_i / sum(r)``, where ``r_i`` is the
    share of other classes among its ``k`` nearest rows in the whole table. The largest remainders are
    rounded up, so that exactly ``G`` rows are made. The partner is one of the ``k`` nearest rows of
    the class.

    Parameters
    ----------
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    n_neighbors
        Neighbours, at least 1, in the table and in the class; or any object with ``fit`` and
        ``kneighbors``, set to one neighbour more, because each row finds itself.
    strict
        Raise when there are too few rows for ``n_neighbors``. By default the number shrinks to what
        there is, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    nn_
        Copy of the object that found the neighbours; for a number, the (unfitted) one it stands for.

    Raises
    ------
    DoesNotApply
        No row of a class that is to grow has a neighbour of another class.

    References
    ----------
    He, Bai, Garcia and Li 2008, "ADASYN: adaptive synthetic sampling approach for imbalanced
    learning", IJCNN. doi:10.1109/IJCNN.2008.4633969

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0]])
    >>> y = ["many"] * 5 + ["few"] * 3
    >>> plan = ADASYN(n_neighbors=1, random_state=0).plan(X, y)
    >>> plan.made[0].parents.tolist()  # 5.0 has 4.0 for its neighbour, the others have 5.0 and 6.0
    [5, 5]
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        n_neighbors: Any = 5,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.n_neighbors = n_neighbors
        self.strict = strict

    def _check_parameters(self) -> None:
        check_neighbors(self, "n_neighbors")

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.nn_ = engine_for(self.n_neighbors)
        for code, other in self._others_nearby(task).items():
            if not other.any():
                raise NothingOffered(
                    f"ADASYN makes rows where a class meets others. Got class {task.classes[code]!r}, "
                    "of which no row has a neighbour of another class. Use SMOTE, or a larger "
                    "n_neighbors."
                )
            yield self._grow(task, code, shares(other, task.wanted[code]))

    def _others_nearby(self, task: Task) -> dict[int, Ints]:
        """For each class that is to grow: how many neighbours of each row are of other classes."""
        assert task.numbers is not None
        codes = [code for code, count in task.wanted.items() if count]
        if not codes:
            return {}
        points = task.numbers.every(task.n_rows)
        rows = np.concatenate([task.rows_of[code] for code in codes])
        graph = nearest(self, "n_neighbors", self.nn_, points, rows)
        other = np.count_nonzero(task.codes[graph] != task.codes[rows, None], axis=1)
        return {code: other[task.codes[rows] == code] for code in codes}

    def _grow(self, task: Task, code: int, children: Ints) -> Made | Ints:
        """Rows of a class, as many from each parent as it has children."""
        assert task.numbers is not None
        rows = task.rows_of[code]
        points = task.numbers.read(rows)
        partners: Ints
        parents = np.repeat(np.arange(rows.size), children)
        if hasattr(self.n_neighbors, "kneighbors"):
            graph = neighbors_found(self.nn_, "n_neighbors", "ADASYN", points)
            partners = graph[parents, task.random.choice(graph.shape[1], size=parents.size)]
        elif k := neighbors_offered(self, "n_neighbors", rows.size, task.classes[code]):
            column = task.random.choice(k, size=parents.size)
            partners = partners_of(points, np.arange(rows.size), parents, column, k)
        else:
            return rows[parents]  # one row: nothing lies between
        steps = task.random.uniform(size=parents.size)
        return Between(rows[parents], rows[partners], steps)
