"""NearMiss, versions 1 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from evenkeel._checks import check_number
from evenkeel._threads import limited
from evenkeel.errors import DoesNotApply, InvalidInput
from evenkeel.neighbors import neighbors
from evenkeel.neighbors.values import in_range
from evenkeel.resample.base import RowSelector, Task
from evenkeel.resample.cleaner import check_neighbors
from evenkeel.resample.distance_sums import BLOCK, distance_sums, smallest_sums
from evenkeel.resample.offer import tell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]


class NearMiss(RowSelector):
    """Keep the rows of larger classes that lie near, or far from, the smallest class.

    Version 1 keeps the rows with the smallest sum of distances to their ``n_neighbors`` nearest rows
    of the smallest class; version 2 to their ``n_neighbors`` farthest ones. Version 3 first lists
    the ``n_neighbors_ver3`` nearest rows of each row of the smallest class, then keeps those of them
    with the largest sum of version 1; the list may hold fewer rows than are wanted. A row is no
    neighbour of itself. Equal sums are ordered by row number.

    Parameters
    ----------
    sampling_strategy
        What each class is cut to: ``"auto"``, all but the smallest to the size of the smallest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    version
        1, 2 or 3.
    n_neighbors
        Rows of the smallest class to take distances to, at least 1; or any object with ``fit``,
        ``kneighbors`` and ``n_neighbors``.
    n_neighbors_ver3
        Rows that each row of the smallest class lists in version 3, at least 1; or such an object.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.
    strict
        Raise when a class has too few rows for ``n_neighbors`` or ``n_neighbors_ver3``. By default
        the number shrinks to what there is, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Rows wanted of each class that is cut.
    sample_indices_
        Row numbers kept, ``(n_out,)``: class by class, in the order in which they were chosen.
    nn_, nn_ver3_
        Copies of the objects that found the neighbours; for a number, the (unfitted) one it stands
        for. ``nn_ver3_`` with version 3 only.

    References
    ----------
    Mani and Zhang 2003, "kNN approach to unbalanced data distributions: a case study involving
    information extraction", ICML workshop on learning from imbalanced data sets.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> y = ["no", "no", "no", "no", "yes", "yes"]
    >>> near, far = NearMiss(n_neighbors=1), NearMiss(n_neighbors=1, version=3, n_neighbors_ver3=4)
    >>> near.fit_resample(X, y)[0].ravel().tolist()
    [3.0, 2.0, 4.0, 5.0]
    >>> far.fit_resample(X, y)[0].ravel().tolist()
    [0.0, 1.0, 4.0, 5.0]
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        version: int = 1,
        n_neighbors: Any = 3,
        n_neighbors_ver3: Any = 3,
        n_jobs: int | None = None,
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.version = version
        self.n_neighbors = n_neighbors
        self.n_neighbors_ver3 = n_neighbors_ver3
        self.n_jobs = n_jobs
        self.strict = strict

    def _check_parameters(self) -> None:
        check_number(self.version, "version", "NearMiss", low=1, high=3, whole=True)
        for name in ("n_neighbors", "n_neighbors_ver3"):
            check_neighbors(getattr(self, name), name, "NearMiss")
        if self.n_jobs is not None:
            check_number(self.n_jobs, "n_jobs", "NearMiss", whole=True)
            if self.n_jobs == 0:
                raise InvalidInput("n_jobs of NearMiss must not be 0. Got 0. Use -1 for all cores.")

    def _measures(self) -> bool:
        return True

    def _keep(self, task: Task) -> Ints:
        assert task.numbers is not None
        self.nn_ = self._engine(self.n_neighbors)
        if self.version == 3:
            self.nn_ver3_ = self._engine(self.n_neighbors_ver3)
        points = task.numbers.every(task.n_rows)
        points = in_range(points, points)[0]  # so that sums of distances stay finite
        rare = int(np.argmin([rows.size for rows in task.rows_of]))
        with limited(None if self.n_jobs is None else effective_n_jobs(self.n_jobs)):
            kept = [
                self._chosen(task, points, code, rare) if code in task.wanted else rows
                for code, rows in enumerate(task.rows_of)
            ]
        return np.concatenate(kept)

    def _engine(self, value: Any) -> Any:
        if not hasattr(value, "kneighbors"):
            return NearestNeighbors(n_neighbors=int(value), n_jobs=self.n_jobs)
        return clone(value, safe=False)

    def _chosen(self, task: Task, points: Any, code: int, rare: int) -> Ints:
        """Rows of a class to keep, the first choice first."""
        rows, pool, count = task.rows_of[code], task.rows_of[rare], task.wanted[code]
        farthest = self.version == 2
        if self.version == 3:
            rows = self._listed(task, points, code, pool)
            if rows.size < count:
                tell(
                    f"The {self.nn_ver3_.n_neighbors} nearest rows of class {task.classes[code]!r} "
                    f"to each row of class {task.classes[rare]!r} are {rows.size:,} in all, fewer "
                    f"than the {count:,} wanted: NearMiss keeps these. Raise n_neighbors_ver3."
                )
        itself = code == rare
        if hasattr(self.n_neighbors, "kneighbors"):
            sums = _sums_by(self.nn_, points, rows, pool, itself=itself, farthest=farthest)
        else:
            k = self._offered("n_neighbors", pool.size - itself, task.classes[rare])
            if self.version != 3:
                return smallest_sums(points, rows, pool, count, k=k, farthest=farthest)
            sums = distance_sums(points, rows, pool, k=k)
        order = np.lexsort((rows, -sums if self.version == 3 else sums))
        return rows[order[:count]]

    def _listed(self, task: Task, points: Any, code: int, pool: Ints) -> Ints:
        """Rows of the class that are among the nearest of some row of the smallest class."""
        rows = task.rows_of[code]
        if hasattr(self.n_neighbors_ver3, "kneighbors"):
            n_asked = int(self.nn_ver3_.n_neighbors)
            _fit(self.nn_ver3_, "n_neighbors_ver3", points[rows], n_asked, rows.size)
            index = self.nn_ver3_.kneighbors(points[pool], return_distance=False)
            return np.unique(rows[np.asarray(index).astype(np.int64)])
        k = self._offered("n_neighbors_ver3", rows.size, task.classes[code])
        return np.unique(neighbors(points, pool, rows, k=k, include_self=True)[0])

    def _offered(self, name: str, n_rows: int, label: Any) -> int:
        """Neighbours that a class can offer: what is asked, or as many rows as it has."""
        asked = int(getattr(self, name))
        if asked <= n_rows:
            return asked
        found = f"{name} of NearMiss asks for {asked}, and class {label!r} can offer {n_rows}"
        if self.strict:
            raise DoesNotApply(f"{found}. Lower {name}.")
        tell(f"{found}: {name} is {n_rows} for it.")
        return n_rows


def _sums_by(
    engine: Any, points: Any, rows: Ints, pool: Ints, *, itself: bool, farthest: bool
) -> Floats:
    """Sums of distances to rows of a pool by any object with ``kneighbors``; no row counts itself."""
    k = int(engine.n_neighbors)
    _fit(engine, "n_neighbors", points[pool], k, pool.size - itself)
    asked = pool.size if farthest else min(k + itself, pool.size)
    sums = np.empty(rows.size)
    step = max(1, BLOCK // asked)
    for start in range(0, rows.size, step):
        part = rows[start : start + step]
        distance, index = map(np.asarray, engine.kneighbors(points[part], n_neighbors=asked))
        if itself:
            distance = np.where(pool[index.astype(np.int64)] == part[:, None], 0.0, distance)
            distance.sort(axis=1)  # the row itself is first, and adds nothing
        sums[start : start + step] = distance[:, -k:].sum(axis=1)
    return sums


def _fit(engine: Any, name: str, points: Any, k: int, offered: int) -> None:
    """Fit an object of the user's, or say in one sentence why it does not serve."""
    if not 1 <= k <= offered:
        raise InvalidInput(
            f"{name} of NearMiss must find from 1 to {offered:,} rows, as many as the class has to "
            f"offer. Got {engine!r}."
        )
    try:
        engine.fit(points)
    except TypeError as error:  # a classifier, whose fit asks for y
        raise InvalidInput(
            f"{name} of NearMiss must be an object with fit(X) and kneighbors. Got {engine!r}: {error}"
        ) from error
