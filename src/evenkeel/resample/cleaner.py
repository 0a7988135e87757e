"""What the cleaning methods share: the classes they clean, and the vote of the nearest rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone

from evenkeel._checks import check_number, listed
from evenkeel._rows import is_sparse
from evenkeel._threads import limited
from evenkeel.errors import InvalidInput
from evenkeel.neighbors import mixed, neighbors
from evenkeel.neighbors.bits import repeats
from evenkeel.resample.base import RowSelector, Task
from evenkeel.resample.offer import check_engine, neighbors_found, neighbors_offered, tell
from evenkeel.resample.shrinking import Shrinking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.plan import Plan

    Ints = NDArray[np.integer[Any]]
    Bools = NDArray[np.bool_]


class Cleaner(RowSelector):
    """A selector that drops rows of some classes for what lies around them.

    The data decide how many rows go: ``sampling_strategy`` only names classes. A member writes
    ``_keep``.
    """

    _kind = "clean"
    n_jobs: int | None

    def _check_parameters(self) -> None:
        if self.n_jobs is not None:
            owner = type(self).__name__
            check_number(self.n_jobs, "n_jobs", owner, whole=True)
            if self.n_jobs == 0:
                raise InvalidInput(f"n_jobs of {owner} must not be 0. Got 0. Use -1 for all cores.")

    def _measures(self) -> bool:
        return True

    def _decide(self, task: Task) -> Plan:
        with limited(None if self.n_jobs is None else effective_n_jobs(self.n_jobs)):
            plan = super()._decide(task)
        if lost := emptied(task, plan.rows):
            tell(
                f"{type(self).__name__} leaves no row of class {listed(map(repr, lost))}: all of them "
                "lie among other classes. Leave the class out of sampling_strategy to keep it."
            )
        return plan


class VotingCleaner(Cleaner):
    """A cleaner whose rows stay when their ``n_neighbors`` nearest rows vote for it."""

    n_neighbors: Any
    kind_sel: str

    def _graph(self, X: Any) -> Shrinking | None:
        """A graph that serves all rounds, where neighbours are found by counting bits."""
        if hasattr(self.n_neighbors, "kneighbors") or is_sparse(X) or not repeats(np.asarray(X)):
            return None  # elsewhere most rows are cleared without looking for their neighbours
        return Shrinking(np.asarray(X), int(self.n_neighbors))

    def _cleaned(
        self, task: Task, X: Any, left: Ints, k: int | None = None, graph: Shrinking | None = None
    ) -> Ints:
        """The rows that one round of voting leaves of those that are left.

        Parameters
        ----------
        X
            Numbers of all rows, ``(n_rows, n_columns)``.
        left
            Row numbers, sorted.
        k
            Look at fewer neighbours than ``n_neighbors``.
        graph
            Of :meth:`_graph`.
        """
        codes = task.codes[left]
        asked = np.flatnonzero(np.isin(codes, list(task.wanted)))
        stay = np.ones(left.size, bool)
        if asked.size and graph is not None:
            k = k or neighbors_offered(self, "n_neighbors", left.size)
            votes = task.codes[graph.nearest(left, left[asked], k)]
            stay[asked] = self._elected(votes, codes[asked])
        elif asked.size:
            X = X if left.size == task.n_rows else X[left]
            stay[asked] = self._agree(X, codes, asked, k)
        return left[stay]

    def _agree(self, X: Any, codes: Ints, rows: Ints, k: int | None) -> Bools:
        """Whether the nearest rows of each row vote for its class."""
        if hasattr(self.n_neighbors, "kneighbors"):
            return self._elected(codes[neighbors_of(self, X, rows)[:, :k]], codes[rows])
        k = k or neighbors_offered(self, "n_neighbors", len(codes))
        agree = ~mixed(X, codes, rows, k=k)
        if self.kind_sel == "mode":  # neighbours that are all alike have elected their class
            unsure = np.flatnonzero(~agree)
            index = neighbors(X, rows[unsure], k=k)[0]
            agree[unsure] = has_most(codes[index], codes[rows[unsure]])
        return agree

    def _elected(self, votes: Ints, own: Ints) -> Bools:
        """Whether all votes are for the own class, or most."""
        if self.kind_sel == "all":
            return np.asarray((votes == own[:, None]).all(axis=1))
        return has_most(votes, own)


def has_most(votes: Ints, own: Ints) -> Bools:
    """Whether the own class has more votes than every other class; a tie is no win.

    Parameters
    ----------
    votes
        Classes of the neighbours, ``(n, k)``.
    own
        Class of each row, ``(n,)``.

    Examples
    --------
    >>> has_most(np.array([[0, 0, 1], [0, 1, 2], [2, 1, 1]]), np.array([0, 0, 2])).tolist()
    [True, False, False]
    """
    for_own = (votes == own[:, None]).sum(axis=1)
    for_best = np.zeros(len(own), np.intp)
    for code in np.unique(votes):
        count = (votes == code).sum(axis=1)
        count[own == code] = 0
        np.maximum(for_best, count, out=for_best)
    return np.asarray(for_own > for_best)


def emptied(task: Task, left: Ints) -> list[Any]:
    """Labels of the classes that have no row left."""
    now = np.bincount(task.codes[left], minlength=len(task.classes))
    return [task.classes[code] for code in np.flatnonzero(now == 0)]


def turned(codes: Ints, left: Ints, *, may_shrink: bool = False) -> bool:
    """Whether cleaning went so far that it must stop.

    Parameters
    ----------
    codes
        Class of each row, ``(n_rows,)``.
    left
        Row numbers that are left.
    may_shrink
        Stop only when a class is gone. By default also when a class has fewer rows left than the
        smallest class had at first.
    """
    before = np.bincount(codes)
    now = np.bincount(codes[left], minlength=len(before))
    smallest = before.argmin()
    fewer = np.delete(now, smallest) < before[smallest]
    return bool((now == 0).any() or (not may_shrink and fewer.any()))


def neighbors_of(cleaner: Any, X: Any, rows: Ints) -> Ints:
    """Neighbours by the engine that ``n_neighbors`` holds, at least one for each row."""
    engine = clone(cleaner.n_neighbors, safe=False)
    return neighbors_found(engine, "n_neighbors", type(cleaner).__name__, X, rows)


def check_neighbors(value: Any, name: str, owner: str) -> None:
    """Raise unless ``value`` is a number of neighbours, or an engine that finds some.

    Examples
    --------
    >>> check_neighbors("3", "n_neighbors", "AllKNN")
    Traceback (most recent call last):
    ...
    evenkeel.errors.InvalidInput: n_neighbors of AllKNN must be a whole number of at least 1, or an object with fit and kneighbors. Got '3'.
    """
    if check_engine(value, name, owner):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise InvalidInput(
            f"{name} of {owner} must be a whole number of at least 1, or an object with fit and "
            f"kneighbors. Got {value!r}."
        )
    check_number(value, name, owner, low=1, whole=True)


def class_by_class(codes: Ints, rows: Ints) -> Ints:
    """Sorted rows, those of the first class first."""
    return rows[np.argsort(codes[rows], kind="stable")]
