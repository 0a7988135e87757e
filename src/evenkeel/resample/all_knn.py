"""AllKNN: edited nearest neighbours with more and more neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evenkeel._checks import check_choice
from evenkeel.resample.cleaner import (
    VotingCleaner,
    check_neighbors,
    class_by_class,
    neighbors_of,
    turned,
)
from evenkeel.resample.offer import neighbors_offered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task


class AllKNN(VotingCleaner):
    """Drop rows whose nearest row is of another class, then by two nearest rows, and so on to ``k``.

    Each round is one of :class:`EditedNearestNeighbours`, with one neighbour more than the round
    before, on what that round left. It ends early when a class is gone, or (unless
    ``allow_minority``) when a class has fewer rows left than the smallest class had at first.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels.
    n_neighbors
        Neighbours that the last round looks at, at least 1; or any object with ``fit`` and
        ``kneighbors``, set to one neighbour more, because each row finds itself.
    kind_sel
        ``"all"``: a row stays when all neighbours are of its class; ``"mode"``: when its class has
        more of them than any other.
    allow_minority
        Go on when a larger class has become smaller than the smallest was.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.
    strict
        Raise when the table has too few rows for ``n_neighbors``. By default the number shrinks to
        what there is, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Classes that are cleaned, with the count of the smallest class.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in order.

    References
    ----------
    Tomek 1976, "An experiment with the edited nearest-neighbor rule", IEEE Transactions on Systems,
    Man, and Cybernetics 6(6). doi:10.1109/TSMC.1976.4309523

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [5.0], [8.0], [9.0], [9.5]])
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes"]
    >>> AllKNN(n_neighbors=2).fit_resample(X, y)[1]
    ['no', 'no', 'no', 'no', 'yes', 'yes']
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        kind_sel: Literal["all", "mode"] = "all",
        allow_minority: bool = False,
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.n_neighbors = n_neighbors
        self.kind_sel = kind_sel
        self.allow_minority = allow_minority
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_neighbors(self.n_neighbors, "n_neighbors", "AllKNN")
        check_choice(self.kind_sel, ("all", "mode"), "kind_sel", "AllKNN")

    def _keep(self, task: Task) -> NDArray[np.integer[Any]]:
        assert task.numbers is not None
        left: NDArray[np.integer[Any]] = np.arange(task.n_rows)
        X = task.numbers.every(task.n_rows)
        if hasattr(self.n_neighbors, "kneighbors"):
            last = neighbors_of(self, X, left[:1]).shape[1]
        else:
            last = neighbors_offered(self, "n_neighbors", task.n_rows)
        graph = self._graph(X)
        for k in range(1, last + 1):
            left = self._cleaned(task, X, left, min(k, left.size - 1), graph)
            if turned(task.codes, left, may_shrink=self.allow_minority):
                break
        return class_by_class(task.codes, left)
