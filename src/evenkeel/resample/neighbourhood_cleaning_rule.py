"""Neighbourhood cleaning rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from evenkeel._checks import check_number
from evenkeel.errors import InvalidInput
from evenkeel.neighbors import neighbors
from evenkeel.resample.base import Resampler
from evenkeel.resample.cleaner import Cleaner, check_neighbors, has_most, neighbors_of
from evenkeel.resample.edited_nearest_neighbours import EditedNearestNeighbours
from evenkeel.resample.offer import neighbors_offered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]


class NeighbourhoodCleaningRule(Cleaner):
    """Drop rows that their neighbours outvote, and rows that outvote a row of the smallest class.

    First, rows of the classes to clean go whose class has no majority among their ``k`` nearest rows
    (:class:`EditedNearestNeighbours` with ``kind_sel="mode"``). Second, of each row of the smallest
    class without such a majority, the ``k`` nearest rows go if their class is to be cleaned and has
    more than ``threshold_cleaning`` times the rows of the smallest. A row has no vote for itself.
    Both are found in the whole table.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels.
    edited_nearest_neighbours
        A selector for the first step, any object with ``fit_resample`` and ``sample_indices_``; None
        for the one above.
    n_neighbors
        Neighbours that vote, at least 1; or any object with ``fit`` and ``kneighbors``, set to one
        neighbour more, because each row finds itself.
    threshold_cleaning
        Size of a class, in sizes of the smallest, up to which the second step spares it; above 0.
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
        Row numbers kept, ``(n_out,)``, in order.
    classes_to_clean_
        Labels that the second step cleans.
    edited_nearest_neighbours_
        The selector of the first step, fitted.

    References
    ----------
    Laurikkala 2001, "Improving identification of difficult small classes by balancing class
    distribution", Artificial Intelligence in Medicine, section 2. doi:10.1007/3-540-48229-6_9

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [8.5], [9.5], [10.0], [13.0]])
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes", "yes", "no"]
    >>> cleaner = NeighbourhoodCleaningRule()
    >>> cleaner.fit_resample(X, y)[1], cleaner.sample_indices_.tolist()
    (['no', 'no', 'no', 'yes', 'yes', 'yes'], [0, 1, 2, 5, 6, 7])
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        edited_nearest_neighbours: Any = None,
        n_neighbors: Any = 3,
        threshold_cleaning: float = 0.5,
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.edited_nearest_neighbours = edited_nearest_neighbours
        self.n_neighbors = n_neighbors
        self.threshold_cleaning = threshold_cleaning
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        owner = "NeighbourhoodCleaningRule"
        super()._check_parameters()
        check_neighbors(self.n_neighbors, "n_neighbors", owner)
        check_number(self.threshold_cleaning, "threshold_cleaning", owner, low=0, open_low=True)
        first = self.edited_nearest_neighbours
        if first is not None and not hasattr(first, "fit_resample"):
            raise InvalidInput(
                f"edited_nearest_neighbours of {owner} must be an object with fit_resample, or None. "
                f"Got {first!r}."
            )

    def _keep(self, task: Task) -> Ints:
        keep = np.zeros(task.n_rows, bool)
        keep[self._first_step(task)] = True
        counts = np.bincount(task.codes)
        least = counts.min() * self.threshold_cleaning
        cleaned = [code for code in task.wanted if counts[code] > least]
        self.classes_to_clean_ = [task.classes[code] for code in cleaned]
        near = self._outvoters(task, task.rows_of[counts.argmin()])
        keep[near[np.isin(task.codes[near], cleaned)]] = False
        return np.flatnonzero(keep)

    def _first_step(self, task: Task) -> Ints:
        """Rows that the vote of their neighbours leaves."""
        given = self.edited_nearest_neighbours
        first = clone(given, safe=False) if given is not None else self._own_first_step()
        labels = np.array(task.classes)
        if labels.tolist() != list(task.classes):  # numpy makes one type of several
            labels = np.array(task.classes, dtype=object)
        y = labels[task.codes]
        if isinstance(first, Resampler):
            first.plan(task.X, y)
        else:
            first.fit_resample(task.X, y)
        self.edited_nearest_neighbours_ = first
        return np.asarray(first.sample_indices_)

    def _own_first_step(self) -> EditedNearestNeighbours:
        return EditedNearestNeighbours(
            sampling_strategy=self.sampling_strategy,
            n_neighbors=self.n_neighbors,
            kind_sel="mode",
            n_jobs=self.n_jobs,
            strict=self.strict,
        )

    def _outvoters(self, task: Task, rare: Ints) -> Ints:
        """Neighbours of the rows of the smallest class that have no majority for it, ``(n,)``."""
        assert task.numbers is not None
        X = task.numbers.every(task.n_rows)
        if hasattr(self.n_neighbors, "kneighbors"):
            index = neighbors_of(self, X, rare)
        else:
            index = neighbors(X, rare, k=neighbors_offered(self, "n_neighbors", task.n_rows))[0]
        return index[~has_most(task.codes[index], task.codes[rare])].ravel()
