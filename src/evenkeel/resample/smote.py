"""SMOTE: synthetic minority over-sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from evenkeel._checks import check_number
from evenkeel.neighbors import neighbors, neighbors_by
from evenkeel.plan import Between
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.offer import neighbors_offered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]


class SMOTE(RowMaker):
    """Make rows between a row of a small class and one of its nearest neighbours in that class.

    ``x_new = x + u (x_neighbour - x)``, with ``u`` uniform in [0, 1), ``x`` a random row of the class
    and ``x_neighbour`` a random one of its ``k`` nearest rows of the class.

    Parameters
    ----------
    sampling_strategy
        Rows to make for each class, in any form of :func:`evenkeel.distribution.wanted`. ``0.1``
        (two classes) raises the smaller class to a tenth of the larger one; ``Ratio(0.1)`` does the
        same for any number of classes.
    random_state
        Seed, generator of numpy's RandomState kind, or None for a different draw each time.
    k_neighbors
        Neighbours to choose from, at least 1; or any object with ``fit`` and ``kneighbors``, set to
        one neighbour more, because each row finds itself.
    strict
        Raise when a class has too few rows for ``k_neighbors``. By default ``k`` shrinks to what the
        class has, with a warning; a class of one row is repeated.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.

    References
    ----------
    Chawla, Bowyer, Hall and Kegelmeyer 2002, "SMOTE: synthetic minority over-sampling technique",
    Journal of Artificial Intelligence Research 16. doi:10.1613/jair.953

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [10.0], [12.0]])
    >>> X_new, y_new = SMOTE(k_neighbors=1, random_state=0).fit_resample(X, [0, 0, 0, 0, 1, 1])
    >>> y_new
    [0, 0, 0, 0, 1, 1, 1, 1]
    >>> bool(((X_new[6:] >= 10) & (X_new[6:] <= 12)).all())
    True
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 5,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.strict = strict

    def _check_parameters(self) -> None:
        if not hasattr(self.k_neighbors, "kneighbors"):
            check_number(self.k_neighbors, "k_neighbors", "SMOTE", low=1, whole=True)

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        assert task.numbers is not None
        for code, count in task.wanted.items():
            if count == 0:
                continue
            rows = task.rows_of[code]
            points = task.numbers.read(rows)
            if hasattr(self.k_neighbors, "kneighbors"):
                graph = neighbors_by(clone(self.k_neighbors, safe=False), points)
                parents, column, steps = _draw(task, rows.size, graph.shape[1], count)
                partners = graph[parents, column]
            elif k := neighbors_offered(self, "k_neighbors", rows.size, task.classes[code]):
                parents, column, steps = _draw(task, rows.size, k, count)
                # only rows that were drawn are asked for their neighbours
                asked, which = np.unique(parents, return_inverse=True)
                partners = neighbors(points, asked, k=k)[0][which, column]
            else:
                yield np.repeat(rows, count)  # one row: nothing lies between
                continue
            yield Between(rows[parents], rows[partners], steps)


def _draw(task: Task, n_rows: int, k: int, count: int) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Parents, which of their neighbours, and how far along; drawn as imbalanced-learn does."""
    drawn = task.random.randint(0, n_rows * k, size=count)
    return drawn // k, drawn % k, task.random.uniform(size=count)
