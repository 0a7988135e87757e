"""SMOTE: synthetic minority over-sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.interpolate import check_neighbors, engine_for, within_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
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
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
        ``0.1`` (two classes) raises the smaller class to a tenth of the larger one; ``Ratio(0.1)``
        does the same for any number of classes.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
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
    nn_k_
        Copy of the object that found the neighbours; for a number, the (unfitted) one it stands for.

    References
    ----------
    Chawla, Bowyer, Hall and Kegelmeyer 2002, "SMOTE: synthetic minority over-sampling technique",
    Journal of Artificial Intelligence Research 16. doi:10.1613/jair.953

    Examples
    --------
    >>> import numpy as np
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
        check_neighbors(self, "k_neighbors")

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.nn_k_ = engine_for(self.k_neighbors)
        for code, count in task.wanted.items():
            if count:
                yield within_class(self, task, code, task.rows_of[code], count)
