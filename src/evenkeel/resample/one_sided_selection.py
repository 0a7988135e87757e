"""One-sided selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.resample.class_store import StoringCleaner
from evenkeel.resample.tomek_links import tomek_links

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]


class OneSidedSelection(StoringCleaner):
    """Drop what a few rows of a class tell about the rest of it, then what lies at the border.

    For each class to clean, a store holds all rows of the smallest class and a few random rows of the
    class. Rows of the class that the nearest rows of the store get right are dropped, in one pass.
    Of what is left of all classes, rows of the classes to clean that form a Tomek link are dropped.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels. The smallest class is in every
        store; only its Tomek links can be cleaned.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    n_neighbors
        Nearest rows of the store that vote; None for 1. Or a classifier with ``kneighbors`` such as
        ``KNeighborsClassifier``.
    n_seeds_S
        Rows of the class that a store begins with, at least 1; drawn with replacement, kept once.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.
    strict
        Raise when a store has fewer rows than ``n_neighbors``. By default the number shrinks to what
        there is, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Classes that are cleaned, with the count of the smallest class.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, the first rows of the store before the others.
    estimators_
        For each class that was cleaned, the classifier fitted on its store.

    References
    ----------
    Kubat and Matwin 1997, "Addressing the curse of imbalanced training sets: one-sided selection",
    International Conference on Machine Learning, pages 179-186.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> cleaner = OneSidedSelection(random_state=0)
    >>> cleaner.fit_resample(X, ["no", "no", "no", "no", "yes", "yes"])[0].ravel().tolist()
    [0.0, 8.0, 9.0]
    """

    def _keep(self, task: Task) -> Ints:
        assert task.numbers is not None
        X = task.numbers.every(task.n_rows)
        left = self._stores(task, X)
        linked = np.unique(tomek_links(X, task.codes, left))
        gone = linked[np.isin(task.codes[linked], list(task.wanted))]
        return left[~np.isin(left, gone)]

    def _stored(self, task: Task, X: Any, rows: Ints, seeds: Ints, rare: Ints) -> Ints:
        stored = np.append(rare, seeds)
        classifier = self._classifier(task, X, stored)
        self.estimators_.append(classifier)
        if hasattr(self.n_neighbors, "kneighbors"):
            rest = np.setdiff1d(rows, seeds)
            wrong = rest[self._wrong(task, X, classifier, stored, rest)]
        else:
            wrong = self._contest(X, rows, seeds, rare).wrong()
        return np.append(seeds, wrong)
