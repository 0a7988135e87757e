"""A store of a few rows that has to classify the rest of a class: condensed and one-sided."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from evenkeel._checks import check_number
from evenkeel._rows import is_sparse
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.neighbors import neighbors
from evenkeel.neighbors.values import in_range
from evenkeel.resample.cleaner import Cleaner, check_neighbors, has_most
from evenkeel.resample.offer import tell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]
    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

FEWEST = 8  # rows that are made ready for the store at a time, at least
BLOCK = 1 << 24  # pairs of rows that are noted at a time, at most: 16 MB
TILE = 1 << 17  # distances held at a time: 1 MB stays in a core's cache
PAIRS = 1 << 19  # numbers in the differences held at a time


class StoringCleaner(Cleaner):
    """A cleaner that keeps what a store of a few rows would classify wrongly.

    Each class to clean has a store of its own: at first all rows of the smallest class and
    ``n_seeds_S`` random rows of the class. A member says in ``_stored`` what it keeps of the class.
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        n_neighbors: Any = None,
        n_seeds_S: int = 1,
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.n_neighbors = n_neighbors
        self.n_seeds_S = n_seeds_S
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        owner = type(self).__name__
        super()._check_parameters()
        if self.n_neighbors is not None:
            check_neighbors(self.n_neighbors, "n_neighbors", owner)
        check_number(self.n_seeds_S, "n_seeds_S", owner, low=1, whole=True)

    def _stores(self, task: Task, X: Any) -> Ints:
        """Rows to keep, class by class; what is stored of a class, in the order of storing."""
        counts = np.bincount(task.codes)
        rare = int(counts.argmin())
        self.estimators_: list[Any] = []
        kept = []
        for code, rows in enumerate(task.rows_of):
            if code not in task.wanted or code == rare:
                kept.append(rows)  # the smallest class is in every store
                continue
            drawn = task.random.randint(0, rows.size, size=int(self.n_seeds_S))
            seeds = rows[list(dict.fromkeys(drawn.tolist()))]
            kept.append(self._stored(task, X, rows, seeds, task.rows_of[rare]))
        return np.concatenate(kept)

    @abstractmethod
    def _stored(self, task: Task, X: Any, rows: Ints, seeds: Ints, rare: Ints) -> Ints:
        """What stays of the rows of a class: the seeds, and rows that the store gets wrong."""

    def _contest(self, X: Any, rows: Ints, seeds: Ints, rare: Ints) -> Contest:
        contest = Contest(X, np.setdiff1d(rows, seeds), rare, self._k(rare.size + seeds.size))
        contest.store(seeds)
        return contest

    def _k(self, n_stored: int) -> int:
        """Neighbours that vote, as many as the store can offer from the start."""
        k, owner = 1 if self.n_neighbors is None else int(self.n_neighbors), type(self).__name__
        if k <= n_stored:
            return k
        found = f"The store begins with {n_stored:,} rows"
        if self.strict:
            raise DoesNotApply(
                f"n_neighbors of {owner} must be at most the rows of the store. Got {k}. {found}. "
                "Lower n_neighbors, or raise n_seeds_S."
            )
        tell(f"{found}, too few for n_neighbors={k} of {owner}: n_neighbors is {n_stored} for it.")
        return n_stored

    def _classifier(self, task: Task, X: Any, stored: Ints) -> Any:
        """A classifier fitted on a store: the one that was given, or the rule of this method."""
        if hasattr(self.n_neighbors, "kneighbors"):
            classifier = clone(self.n_neighbors, safe=False)
        else:
            k = min(int(self.n_neighbors or 1), stored.size)
            classifier = KNeighborsClassifier(n_neighbors=k, n_jobs=self.n_jobs)
        if hasattr(classifier, "predict"):
            return classifier.fit(X[stored], np.array(task.classes)[task.codes[stored]])
        return classifier.fit(X[stored])

    def _wrong(self, task: Task, X: Any, classifier: Any, stored: Ints, rows: Ints) -> Bools:
        """Which rows a fitted engine of the user gets wrong."""
        if rows.size == 0:
            return np.zeros(0, bool)
        if hasattr(classifier, "predict"):
            told = classifier.predict(X[rows])
            return np.asarray(told != np.array(task.classes)[task.codes[rows]])
        try:
            found = classifier.kneighbors(X[rows], return_distance=False)
        except ValueError as error:  # more neighbours than the store holds
            raise InvalidInput(
                f"n_neighbors of {type(self).__name__} must be an object that finds neighbours among "
                f"the {stored.size:,} rows that the store begins with. Got {classifier!r}: {error}"
            ) from error
        places = np.asarray(found).astype(np.int64)
        return ~has_most(task.codes[stored[places]], task.codes[rows])


class Contest:
    """Rows of a class that a store of rare rows and rows of that class has to classify.

    Of the k nearest rows of the store, most are of the own class when ``k // 2 + 1`` own rows come
    before the ``ceil(k / 2)``-th rare row. That rare row, the *rival*, never changes; so each stored
    row only has to be compared with it, and a row that is right stays right.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    rows
        Rows of the class that are not in the store, sorted, ``(n,)``.
    rare
        Rows of the smallest class, ``(m,)``.
    k
        Nearest rows of the store that vote.
    """

    def __init__(self, X: Any, rows: Ints, rare: Ints, k: int) -> None:
        self.X, self.rows = in_range(X, X)[0], rows
        self.rival, self.limit = np.full(rows.size, -1), np.full(rows.size, np.inf)
        place = (k + 1) // 2
        if rows.size and place <= rare.size:
            self.rival = neighbors(self.X, rows, rare, k=place)[0][:, -1]
            self.limit = _squares_between(self.X, rows, self.rival)
        self.lacking = np.full(rows.size, k // 2 + 1)  # own rows before the rival, still to come
        self._gather()

    def wrong(self) -> Ints:
        """The rows that the store gets wrong."""
        return self.rows[self.lacking > 0]

    def store(self, rows: Ints) -> None:
        """Put rows of the class, which are not among those to classify, into the store."""
        for row, near in zip(rows, self._near(rows), strict=True):
            self._count(row, near)

    def condense(self) -> list[int]:
        """Store each row that is wrong when its turn comes; the rows in the order of storing."""
        kept: list[int] = []
        size = FEWEST
        while (turn := np.flatnonzero(self.lacking > 0)[:size]).size:
            before = len(kept)
            for place, near in zip(turn, self._near(self.rows[turn]), strict=True):
                if self.lacking[place] > 0:  # not settled by one of those before it
                    self.lacking[place] = 0
                    self._count(self.rows[place], near)
                    kept.append(int(self.rows[place]))
            # products of many rows are cheaper, but in vain for rows that are settled meanwhile
            many = 2 * (len(kept) - before) > turn.size and size * self.rows.size < BLOCK
            size = 2 * size if many else max(FEWEST, size // 2)
            if 2 * np.count_nonzero(self.lacking) < self.rows.size:
                still = np.flatnonzero(self.lacking)
                for name in ("rows", "rival", "limit", "lacking"):
                    setattr(self, name, getattr(self, name)[still])
                self._gather()
        return kept

    def _count(self, row: int, near: Bools) -> None:
        """Note for which rows a stored row comes before the rival."""
        at = np.flatnonzero(near & (self.lacking > 0))
        square = _squares_between(self.X, self.rows[at], np.full(at.size, row))
        limit, rival = self.limit[at], self.rival[at]
        self.lacking[at] -= (square < limit) | ((square == limit) & (row < rival))

    def _near(self, stored: Ints) -> Bools:
        """Where each row may come before the rival, up to rounding, ``(n_stored, n)``."""
        points = self._centred(stored)
        least = (1 - self.eps) * _squares(points)
        out = np.empty((stored.size, self.rows.size), bool)
        step = max(1, TILE // max(1, stored.size))
        for start in range(0, self.rows.size, step):
            part = slice(start, start + step)
            product = points @ self.points[part].T
            bracket = product.toarray() if is_sparse(product) else product
            bracket *= -2.0
            bracket += least[:, None]
            np.less_equal(bracket, self.room[part], out=out[:, part])
        return out

    def _gather(self) -> None:
        """Bring the rows that are to be classified close together."""
        sparse = is_sparse(self.X)  # whose values cannot be moved
        centre = (
            0.0
            if sparse or not self.rows.size
            else np.mean(self.X[self.rows], axis=0, dtype=np.float64)
        )
        self.centre = np.asarray(centre, np.float64)
        self.points = self._centred(self.rows)
        # |p - q|^2 = |p|^2 - 2 p.q + |q|^2 is off by less than eps (|p|^2 + |q|^2)
        self.eps = 16 * (self.X.shape[1] + 4) * np.finfo(np.float64).eps
        self.room = self.limit - (1 - self.eps) * _squares(self.points)

    def _centred(self, rows: Ints) -> Any:
        points = _float64(self.X[rows])
        return points if is_sparse(points) else points - self.centre


def _squares(points: Any) -> Floats:
    if is_sparse(points):
        return np.asarray(points.multiply(points).sum(axis=1), np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", points, points))


def _squares_between(X: Any, rows: Ints, others: Ints) -> Floats:
    """Squared distance of each row to its other row, from differences as the engine takes them."""
    out = np.empty(rows.size)
    step = max(1, PAIRS // max(1, 64 if is_sparse(X) else X.shape[1]))
    for start in range(0, rows.size, step):
        part = slice(start, start + step)
        out[part] = _squares(_float64(X[rows[part]]) - _float64(X[others[part]]))
    return out


def _float64(points: Any) -> Any:
    return points.astype(np.float64, copy=False)
