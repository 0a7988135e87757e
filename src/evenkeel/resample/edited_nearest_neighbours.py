"""Edited nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evenkeel._checks import check_choice
from evenkeel.resample.cleaner import VotingCleaner, check_neighbors, class_by_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task


class EditedNearestNeighbours(VotingCleaner):
    """Drop rows whose nearest rows are of another class.

    A row of a class to clean stays when all of its ``k`` nearest rows are of its class
    (``kind_sel="all"``), or when its class has more of them than any other (``"mode"``). All rows
    are judged by the whole table, at once.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels.
    n_neighbors
        Neighbours to look at, at least 1; or any object with ``fit`` and ``kneighbors``, set to one
        neighbour more, because each row finds itself.
    kind_sel
        ``"all"`` or ``"mode"``; the second drops fewer rows. A tie of votes is no majority.
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
    Wilson 1972, "Asymptotic properties of nearest neighbor rules using edited data", IEEE
    Transactions on Systems, Man, and Cybernetics 2(3). doi:10.1109/TSMC.1972.4309137

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [8.0], [9.0], [9.5]])
    >>> y = ["no", "no", "no", "no", "yes", "yes"]
    >>> cleaner = EditedNearestNeighbours(n_neighbors=2)
    >>> cleaner.fit_resample(X, y)[1], cleaner.sample_indices_.tolist()
    (['no', 'no', 'no', 'yes', 'yes'], [0, 1, 2, 4, 5])
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        n_neighbors: Any = 3,
        kind_sel: Literal["all", "mode"] = "all",
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.n_neighbors = n_neighbors
        self.kind_sel = kind_sel
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_neighbors(self.n_neighbors, "n_neighbors", "EditedNearestNeighbours")
        check_choice(self.kind_sel, ("all", "mode"), "kind_sel", "EditedNearestNeighbours")

    def _keep(self, task: Task) -> NDArray[np.integer[Any]]:
        assert task.numbers is not None
        X, every = task.numbers.every(task.n_rows), np.arange(task.n_rows)
        return class_by_class(task.codes, self._cleaned(task, X, every))
