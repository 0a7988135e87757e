"""Under-sampling by the centroids of clusters."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.base import clone
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from evenkeel._checks import check_choice
from evenkeel._rows import is_sparse
from evenkeel._threads import limited
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.neighbors import neighbors
from evenkeel.plan import Given, Plan, id_type
from evenkeel.resample.base import Resampler, Task
from evenkeel.resample.offer import check_reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

SEEN = 10  # rows for each cluster that the first centres are chosen from
ROUNDS = 30  # later rounds of k-means hardly move a centre, and take most of its time


class NoCentres(InvalidInput, RuntimeError):
    """A clusterer without centres; a RuntimeError too, which users of imbalanced-learn expect."""


class ClusterCentroids(Resampler):
    """Replace the rows of larger classes by the centres of as many clusters as rows are wanted.

    With soft voting the centres themselves are returned, each with the label, weight and group of the
    row nearest to it; with hard voting the row nearest to each centre. No row stands for two centres:
    the nearer centre has it, the other takes the nearest row that is left.

    Parameters
    ----------
    sampling_strategy
        What each class is cut to: ``"auto"``, all but the smallest to the size of the smallest; a
        dict, final counts by label; or any other form of :func:`evenkeel.distribution.wanted`.
    random_state
        Whole number, ``np.random.RandomState`` (not a ``Generator``), or None for a different draw
        each time. It is given to a clusterer that has none.
    estimator
        Clusterer with a parameter ``n_clusters`` and a fitted ``cluster_centers_``. By default
        k-means with 30 rounds, started by k-means++ on a sample of 10 rows for each cluster:
        scikit-learn's own defaults start from all rows and take three to ten times as long for a
        within-cluster spread that is a fraction of a percent smaller. Pass ``KMeans()`` for these,
        ``MiniBatchKMeans()`` for very large classes.
    voting
        ``"hard"``, ``"soft"`` or ``"auto"``: hard for sparse matrices, soft for all else.

    Attributes
    ----------
    sampling_strategy_
        Rows kept of each class that is cut.
    estimator_
        The clusterer, fitted to the last class that was cut.
    voting_
        ``"hard"`` or ``"soft"``.
    sample_indices_
        With hard voting, the row numbers kept, ``(n_out,)``: class by class.

    Raises
    ------
    InvalidInput
        A clusterer that takes no ``n_clusters`` or gives no centres.

    References
    ----------
    Yen and Lee 2009, "Cluster-based under-sampling approaches for imbalanced data distributions",
    Expert Systems with Applications 36(3). doi:10.1016/j.eswa.2008.06.108

    Examples
    --------
    >>> X = np.array([[0.0], [2.0], [10.0], [11.0], [12.0], [20.0], [21.0]])
    >>> y = ["no", "no", "no", "no", "no", "yes", "yes"]
    >>> ClusterCentroids(random_state=0).fit_resample(X, y)[0].ravel().tolist()
    [11.0, 1.0, 20.0, 21.0]
    """

    _kind = "under"

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        estimator: Any = None,
        voting: str = "auto",
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.estimator = estimator
        self.voting = voting

    def _check_parameters(self) -> None:
        check_choice(self.voting, ("auto", "hard", "soft"), "voting", "ClusterCentroids")
        if self.estimator is None:
            return
        if not hasattr(self.estimator, "fit") or not hasattr(self.estimator, "get_params"):
            raise InvalidType(
                "estimator of ClusterCentroids must be a clusterer with fit and get_params, or None. Got "
                f"{self.estimator!r}."
            )
        if "n_clusters" not in self.estimator.get_params():
            raise InvalidInput(
                "`estimator` should be a clustering estimator exposing a parameter `n_clusters` and "
                f"a fitted parameter `cluster_centers_`. Got {self.estimator!r}."
            )

    def _measures(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = self.voting == "hard"
        return tags

    def _decide(self, task: Task) -> Plan:
        assert task.numbers is not None
        self.voting_ = self.voting
        if self.voting == "auto":
            self.voting_ = "hard" if is_sparse(task.X) else "soft"
        self.__dict__.pop("sample_indices_", None)
        ids: list[Ints] = []
        made: list[Given] = []
        start = task.n_rows
        for code, rows in enumerate(task.rows_of):
            count = task.wanted.get(code)
            if not count:
                ids.append(rows if count is None else rows[:0])
                continue
            points = task.numbers.read(rows)
            centres = self._centres(task, points, count)
            if self.voting_ == "hard":
                ids.append(rows[_distinct(points, centres)])
            else:
                made.append(Given(rows[_nearest(points, centres)[0]], centres))
                ids.append(np.arange(start, start + count))
                start += count
        small = id_type(start)
        blocks = tuple(block.moved(lambda parents: parents.astype(small)) for block in made)
        plan = Plan(task.n_rows, np.concatenate(ids).astype(small), blocks)
        if self.voting_ == "hard":
            self.sample_indices_ = plan.origin().astype(np.intp)
        return plan

    def _centres(self, task: Task, points: Any, count: int) -> Any:
        """Centres of clusters, ``(count, n_columns)``."""
        check_reach(points, "ClusterCentroids")
        if self.estimator is None:
            self.estimator_ = KMeans(init=first_centres, n_init=1, max_iter=ROUNDS)
        else:
            self.estimator_ = clone(self.estimator)
        given: dict[str, Any] = {"n_clusters": count}
        if self.estimator_.get_params().get("random_state", 0) is None:
            given["random_state"] = task.random
        with limited(), warnings.catch_warnings():
            # equal rows have equal centres, and that is all right
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.estimator_.set_params(**given).fit(points)
        centres = getattr(self.estimator_, "cluster_centers_", None)
        if centres is None:
            raise NoCentres(
                "`estimator` should be a clustering estimator exposing a fitted parameter "
                f"`cluster_centers_`. {type(self.estimator_).__name__} has none."
            )
        if len(centres) != count:
            raise InvalidInput(
                f"estimator of ClusterCentroids must give the {count:,} centres that n_clusters asks "
                f"for. Got {len(centres):,}."
            )
        return csr_matrix(centres, dtype=points.dtype) if is_sparse(points) else centres


def first_centres(X: Any, n_clusters: int, random_state: np.random.RandomState) -> Any:
    """The first centres of k-means, by k-means++ on a sample of the rows.

    Parameters
    ----------
    X
        ``(n_rows, n_columns)``.
    n_clusters
        Centres to choose, at most ``n_rows``.
    random_state
        Where the draws come from.

    Returns
    -------
    array (n_clusters, n_columns)
    """
    if X.shape[0] > SEEN * n_clusters:
        X = X[random_state.choice(X.shape[0], SEEN * n_clusters, replace=False)]
    return kmeans_plusplus(X, n_clusters, random_state=random_state)[0]


def _nearest(points: Any, centres: Any) -> tuple[Ints, NDArray[np.float64]]:
    """The row nearest to each centre, and its distance, ``(n_centres,)`` both."""
    n_rows, n_centres = points.shape[0], centres.shape[0]
    both = vstack([points, centres], "csr") if is_sparse(points) else np.vstack([points, centres])
    index, distance = neighbors(both, n_rows + np.arange(n_centres), np.arange(n_rows), k=1)
    return index[:, 0], distance[:, 0]


def _distinct(points: Any, centres: Any) -> Ints:
    """The row nearest to each centre; a row that several want goes to the nearest of them."""
    chosen, distance = _nearest(points, centres)
    order = np.lexsort((distance, chosen))  # the nearest centre of each row first
    first = np.ones(len(order), bool)
    first[1:] = chosen[order[1:]] != chosen[order[:-1]]
    free = np.ones(points.shape[0], bool)
    free[chosen] = False
    losers = order[~first]
    for centre in losers[np.argsort(distance[losers], kind="stable")]:
        rows = np.flatnonzero(free)
        if is_sparse(points):
            away = points[rows] - centres[[centre] * rows.size]
            squares = np.asarray(away.multiply(away).sum(axis=1)).ravel()
        else:
            away = np.subtract(points[rows], centres[centre], dtype=np.float64)
            squares = np.einsum("ij,ij->i", away, away)
        chosen[centre] = rows[squares.argmin()]
        free[chosen[centre]] = False
    return chosen
