"""Condensed nearest neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.resample.class_store import StoringCleaner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]


class CondensedNearestNeighbour(StoringCleaner):
    """Keep of each larger class a store of rows that classifies the rest of the class.

    For each class to clean, the store begins as all rows of the smallest class and a few random rows
    of the class. The rows of the class are visited in order; one that the nearest rows of the store
    get wrong joins the store. Later rows never undo a right answer, so one visit is enough: the store
    classifies every row of the class. The rest of the class is dropped. A tie of votes is wrong.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels. The smallest class is in every
        store and always kept whole.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    n_neighbors
        Nearest rows of the store that vote; None for 1. Or a classifier with ``kneighbors`` such as
        ``KNeighborsClassifier``, fitted anew for each row that joins.
    n_seeds_S
        Rows of the class that a store begins with, at least 1; drawn with replacement, kept once.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.
    strict
        Raise when a store begins with fewer rows than ``n_neighbors``. By default the number shrinks
        to what there is, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Classes that are cleaned, with the count of the smallest class.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in order of storing.
    estimators_
        For each class that was cleaned, the classifier fitted on its store.

    References
    ----------
    Hart 1968, "The condensed nearest neighbor rule", IEEE Transactions on Information Theory 14(3).
    doi:10.1109/TIT.1968.1054155

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> cleaner = CondensedNearestNeighbour(random_state=0)
    >>> cleaner.fit_resample(X, ["no", "no", "no", "no", "yes", "yes"])[0].ravel().tolist()
    [0.0, 7.0, 8.0, 9.0]
    """

    def _keep(self, task: Task) -> Ints:
        assert task.numbers is not None
        return self._stores(task, task.numbers.every(task.n_rows))

    def _stored(self, task: Task, X: Any, rows: Ints, seeds: Ints, rare: Ints) -> Ints:
        if hasattr(self.n_neighbors, "kneighbors"):
            return self._stored_by(task, X, np.setdiff1d(rows, seeds), seeds, rare)
        kept = [*seeds.tolist(), *self._contest(X, rows, seeds, rare).condense()]
        self.estimators_.append(self._classifier(task, X, np.append(rare, kept)))
        return np.array(kept)

    def _stored_by(self, task: Task, X: Any, rows: Ints, seeds: Ints, rare: Ints) -> Ints:
        """The same with the classifier of the user, whose rule nothing is known about."""
        stored = np.append(rare, seeds)
        while True:
            classifier = self._classifier(task, X, stored)
            wrong = np.flatnonzero(self._wrong(task, X, classifier, stored, rows))
            if wrong.size == 0:
                break
            stored = np.append(stored, rows[wrong[0]])
            rows = rows[wrong[0] + 1 :]
        self.estimators_.append(classifier)
        return stored[rare.size :]
