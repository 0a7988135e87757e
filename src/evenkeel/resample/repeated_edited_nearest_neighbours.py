"""Repeated edited nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.resample.cleaner import (
    VotingCleaner,
    check_neighbors,
    class_by_class,
    turned,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task


class RepeatedEditedNearestNeighbours(VotingCleaner):
    """Drop rows whose nearest rows are of another class, again and again.

    Each round is one of :class:`EditedNearestNeighbours` on what the round before it left. It ends
    when a round drops nothing, when a class is gone, when a class has fewer rows left than the
    smallest class had at first, or after ``max_iter`` rounds.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels. They are the same in all rounds.
    n_neighbors
        Neighbours to look at, at least 1; or any object with ``fit`` and ``kneighbors``, set to one
        neighbour more, because each row finds itself.
    max_iter
        Rounds at most, at least 1.
    kind_sel
        ``"all"``: a row stays when all neighbours are of its class; ``"mode"``: when its class has
        more of them than any other.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.
    strict
        Raise when there are too few rows for ``n_neighbors``. By default the number shrinks to what
        there is, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Classes that are cleaned, with the count of the smallest class.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in order.
    n_iter_
        Rounds run, the one that dropped nothing among them.

    References
    ----------
    Tomek 1976, "An experiment with the edited nearest-neighbor rule", IEEE Transactions on Systems,
    Man, and Cybernetics 6(6). doi:10.1109/TSMC.1976.4309523

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [6.0], [8.0], [9.0], [9.5]])
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes"]
    >>> cleaner = RepeatedEditedNearestNeighbours(n_neighbors=1)
    >>> cleaner.fit_resample(X, y)[1], cleaner.n_iter_
    (['no', 'no', 'no', 'yes', 'yes'], 3)
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        max_iter: int = 100,
        kind_sel: Literal["all", "mode"] = "all",
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.kind_sel = kind_sel
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        owner = "RepeatedEditedNearestNeighbours"
        super()._check_parameters()
        check_neighbors(self.n_neighbors, "n_neighbors", owner)
        check_number(self.max_iter, "max_iter", owner, low=1, whole=True)
        check_choice(self.kind_sel, ("all", "mode"), "kind_sel", owner)

    def _keep(self, task: Task) -> NDArray[np.integer[Any]]:
        assert task.numbers is not None
        left: NDArray[np.integer[Any]] = np.arange(task.n_rows)
        X = task.numbers.every(task.n_rows)
        graph = self._graph(X)
        for n_iter in range(1, int(self.max_iter) + 1):
            before, left = left.size, self._cleaned(task, X, left, graph=graph)
            self.n_iter_ = n_iter
            if left.size == before or turned(task.codes, left):
                break
        return class_by_class(task.codes, left)
