"""KMeansSMOTE: over-sampling inside clusters where a small class is strong."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import pairwise_distances_chunked

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import is_sparse
from evenkeel._threads import limited
from evenkeel.errors import InvalidType
from evenkeel.resample.base import RowMaker, Task
from evenkeel.resample.interpolate import between, check_neighbors, engine_for, shares
from evenkeel.resample.offer import NothingOffered, check_reach, neighbors_offered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from evenkeel.plan import Made

    Ints = NDArray[np.integer[Any]]
    Floats = NDArray[np.float64]

CLUSTERS = 8  # as in MiniBatchKMeans
CHUNK = 16  # MiB of distances held at a time


class KMeansSMOTE(RowMaker):
    """Make rows as SMOTE does, within clusters in which the class is strong, more where it is sparse.

    The whole table is clustered once. A cluster takes part if the class has at least a share of it
    (``cluster_balance_threshold``) and more than ``k_neighbors`` rows in it. With ``n`` rows of the
    class at a mean distance ``s`` from one another it makes rows in proportion to ``s^e / n``. The
    largest remainders are rounded up, so that exactly as many rows are made as were asked for.

    Parameters
    ----------
    sampling_strategy
        What each class grows to: ``"auto"``, all but the largest to the size of the largest; a dict,
        final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time.
    k_neighbors
        Neighbours to choose from, at least 1; or any object with ``fit``, ``kneighbors`` and
        ``n_neighbors``, set to one neighbour more, because each row finds itself.
    n_jobs
        Jobs for the mean distances, as scikit-learn counts them.
    kmeans_estimator
        Any clusterer with ``fit_predict``, or a number of clusters for ``MiniBatchKMeans``; None for
        8, or one for each row where there are fewer. Rows with a label below 0 belong to no cluster.
        ``random_state`` is given to a clusterer that has none.
    cluster_balance_threshold
        Least share of the class in a cluster; ``"auto"`` for half of the class's share of all rows to
        make, so a half for two classes. One cluster is always taken.
    density_exponent
        The exponent ``e``; ``"auto"`` for ``0.16 log_1.6(n)^1.8``.
    strict
        Raise when no strong cluster has enough rows for ``k_neighbors``. By default ``k`` shrinks to
        what the largest of them has, with a warning.

    Attributes
    ----------
    sampling_strategy_
        Rows made for each class.
    kmeans_estimator_
        The fitted clusterer.
    cluster_balance_threshold_
        The threshold used: ``"auto"`` or a number, minus infinity where there is one cluster.
    nn_k_
        Copy of the object that found the neighbours; for a number, the (unfitted) one it stands for.

    Raises
    ------
    DoesNotApply
        No cluster has the least share of a class that is to grow.

    References
    ----------
    Douzas, Bacao and Last 2018, "Improving imbalanced learning through a heuristic oversampling
    method based on k-means and SMOTE", Information Sciences 465, algorithm 1.
    doi:10.1016/j.ins.2018.06.056

    Examples
    --------
    >>> few = [[0.0], [0.2], [0.4], [20.0]]
    >>> X = np.array([[10.0], [10.2], [10.4], [10.6], [10.8], [11.0], [11.2], *few])
    >>> y = ["many"] * 7 + ["few"] * 4
    >>> plan = KMeansSMOTE(kmeans_estimator=3, k_neighbors=1, random_state=0).plan(X, y)
    >>> X_new, y_new = plan.apply(X, y)
    >>> len(X_new), bool((X_new[11:] <= 0.4).all())  # the row at 20 has no neighbours
    (14, True)
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        k_neighbors: Any = 2,
        n_jobs: int | None = None,
        kmeans_estimator: Any = None,
        cluster_balance_threshold: Any = "auto",
        density_exponent: Any = "auto",
        strict: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.n_jobs = n_jobs
        self.kmeans_estimator = kmeans_estimator
        self.cluster_balance_threshold = cluster_balance_threshold
        self.density_exponent = density_exponent
        self.strict = strict

    def _check_parameters(self) -> None:
        owner = "KMeansSMOTE"
        check_neighbors(self, "k_neighbors")
        for name in ("cluster_balance_threshold", "density_exponent"):
            value = getattr(self, name)
            if isinstance(value, str):
                check_choice(value, ("auto",), name, owner)
            else:
                check_number(value, name, owner)
        if self.n_jobs is not None:
            check_number(self.n_jobs, "n_jobs", owner, whole=True)
        if isinstance(self.kmeans_estimator, Real):
            check_number(self.kmeans_estimator, "kmeans_estimator", owner, low=1, whole=True)
        elif self.kmeans_estimator is not None and not hasattr(self.kmeans_estimator, "fit"):
            raise InvalidType(
                f"kmeans_estimator of {owner} must be a clusterer, a number of clusters or None. "
                f"Got {self.kmeans_estimator!r}."
            )

    def _measures(self) -> bool:
        return True

    def _make(self, task: Task) -> Iterator[Made | Ints]:
        self.nn_k_ = engine_for(self.k_neighbors)
        if not any(task.wanted.values()):
            return
        cluster = self._clusters(task)
        for code, count in task.wanted.items():
            if count == 0:
                continue
            pools, nearest_by = self._pools(task, cluster, code)
            children = shares(self._weights(task, pools), count)
            for pool, part in zip(pools, children.tolist(), strict=True):
                if part and nearest_by == 0:
                    yield np.repeat(pool, part)  # one row: nothing lies between
                elif part:
                    yield between(task, pool, pool, part, nearest_by, owner="KMeansSMOTE")

    def _clusters(self, task: Task) -> Ints:
        """Cluster of each row, ``(n_rows,)``."""
        assert task.numbers is not None
        points = task.numbers.every(task.n_rows)
        check_reach(points, "KMeansSMOTE")
        if hasattr(self.kmeans_estimator, "fit"):
            self.kmeans_estimator_ = clone(self.kmeans_estimator)
            if self.kmeans_estimator_.get_params().get("random_state", 0) is None:
                self.kmeans_estimator_.set_params(random_state=self.random_state)
            with limited():
                cluster = np.asarray(self.kmeans_estimator_.fit_predict(points))
        else:
            from sklearn.cluster import MiniBatchKMeans

            asked = CLUSTERS if self.kmeans_estimator is None else int(self.kmeans_estimator)
            number = min(asked, task.n_rows)
            self.kmeans_estimator_ = MiniBatchKMeans(number, random_state=self.random_state)
            with limited(1):  # batches are too small to share among threads
                cluster = self.kmeans_estimator_.fit_predict(points)
        one = np.unique(cluster).size == 1
        self.cluster_balance_threshold_ = -math.inf if one else self.cluster_balance_threshold
        return cluster

    def _pools(self, task: Task, cluster: Ints, code: int) -> tuple[list[Ints], Any]:
        """Rows of the class in each cluster that takes part, and how their neighbours are found."""
        label, rows = task.classes[code], task.rows_of[code]
        least = self.cluster_balance_threshold_
        if least == "auto":
            least = task.wanted[code] / sum(task.wanted.values()) / 2
        rows = rows[cluster[rows] >= 0]
        names, size = np.unique(cluster[rows], return_counts=True)
        whole = np.bincount(cluster[cluster >= 0])[names]
        strong = size / whole >= least
        if not strong.any():
            raise NothingOffered(
                f"No clusters found with sufficient samples of class {label!r}: it has at most "
                f"{(size / whole).max(initial=0):.3g} of the rows of any cluster, below "
                f"cluster_balance_threshold, {least:.3g}. Try lowering the "
                "cluster_balance_threshold or increasing the number of clusters."
            )
        largest = int(size[strong].max())
        if hasattr(self.k_neighbors, "kneighbors"):
            nearest_by, enough = self.nn_k_, self.nn_k_.n_neighbors
        else:
            nearest_by = neighbors_offered(
                self, "k_neighbors", largest, label, within="its largest cluster"
            )
            enough = nearest_by + 1
        taking_part = names[strong & (size >= enough)]
        if taking_part.size == 0:
            raise NothingOffered(
                f"No clusters found with sufficient samples of class {label!r}: at most {largest:,} "
                f"rows, and k_neighbors of KMeansSMOTE asks for {enough}. Lower it."
            )
        return [rows[cluster[rows] == name] for name in taking_part], nearest_by

    def _weights(self, task: Task, pools: list[Ints]) -> Floats:
        """In proportion to ``s^e / n``; by logarithms, because powers of distances overflow."""
        assert task.numbers is not None
        logs = np.empty(len(pools))
        for i, pool in enumerate(pools):
            exponent = self.density_exponent
            if exponent == "auto":
                exponent = math.log(pool.size, 1.6) ** 1.8 * 0.16
            mean = _mean_distance(task.numbers.read(pool), self.n_jobs) if exponent else 1.0
            power = exponent * math.log(mean) if mean else math.copysign(math.inf, -exponent)
            logs[i] = power - math.log(pool.size)
        top = logs.max()
        if math.isinf(top):  # equal rows only, or with a negative exponent some
            return np.where(logs == top, 1.0, 0.0)
        return np.asarray(np.exp(logs - top))


def _mean_distance(points: Any, n_jobs: int | None) -> float:
    """Mean Euclidean distance between two different rows; 0 for a single one."""
    n_rows = points.shape[0]
    if n_rows == 1:
        return 0.0
    if not is_sparse(points):
        points = points - points[0].astype(np.float64)  # equal rows: 0 exactly
    sums = pairwise_distances_chunked(
        points, reduce_func=lambda part, _: part.sum(axis=1), n_jobs=n_jobs, working_memory=CHUNK
    )
    total = math.fsum(float(part.sum()) for part in sums)
    return float(total / (n_rows * (n_rows - 1)))
