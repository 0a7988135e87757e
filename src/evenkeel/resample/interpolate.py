"""What SMOTE and its kin share: neighbours by number or engine, draws, lines between rows, shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from evenkeel._checks import check_number
from evenkeel.neighbors import neighbors
from evenkeel.plan import Between
from evenkeel.resample.offer import check_engine, neighbors_found, neighbors_offered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.plan import Made
    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]


def check_neighbors(resampler: Any, name: str) -> None:
    """Raise unless a parameter is a number of neighbours, or an object that finds them."""
    value, owner = getattr(resampler, name), type(resampler).__name__
    if not check_engine(value, name, owner):
        check_number(value, name, owner, low=1, whole=True)


def engine_for(value: Any) -> Any:
    """A fresh copy of an object with ``kneighbors``; for a number, the object that it stands for.

    The latter is never fitted: it is there for code that reads ``nn_k_.n_neighbors``.

    Examples
    --------
    >>> engine_for(5)
    NearestNeighbors(n_neighbors=6)
    """
    if hasattr(value, "kneighbors"):
        return clone(value, safe=False)
    return NearestNeighbors(n_neighbors=int(value) + 1)


def nearest(resampler: Any, name: str, engine: Any, points: Any, rows: Ints) -> Ints:
    """Neighbours of some rows among all, ``(n, k)``; k is what the table offers.

    Parameters
    ----------
    resampler, name
        Whose parameter says how many, or is an object that finds them.
    engine
        What :func:`engine_for` made of it.
    points
        Numbers of all rows, ``(n_rows, n_columns)``.
    rows
        Row numbers to find neighbours of, ``(n,)``.
    """
    if hasattr(getattr(resampler, name), "kneighbors"):
        return neighbors_found(engine, name, type(resampler).__name__, points, rows)
    k = neighbors_offered(resampler, name, points.shape[0])
    return neighbors(points, rows, k=k)[0]


def within_class(
    resampler: Any, task: Task, code: int, bases: Ints, count: int, *, reach: float = 1.0
) -> Made | Ints:
    """Rows between bases of a class and their ``k_neighbors`` nearest rows of that class.

    Where the class has too few rows, k shrinks with a warning; a single row is repeated.

    Parameters
    ----------
    resampler
        Has ``k_neighbors``, and ``nn_k_`` from :func:`engine_for`.
    task
        Where the numbers and the one generator come from.
    code
        The class.
    bases
        Rows of the class to start from, ``(n_bases,)``.
    count
        Rows to make, at least 1.
    reach
        As for :func:`between`.
    """
    pool = task.rows_of[code]
    if hasattr(resampler.k_neighbors, "kneighbors"):
        owner = type(resampler).__name__
        return between(task, bases, pool, count, resampler.nn_k_, reach=reach, owner=owner)
    k = neighbors_offered(resampler, "k_neighbors", pool.size, task.classes[code])
    if k == 0:
        return np.repeat(pool, count)
    return between(task, bases, pool, count, k, reach=reach)


def between(
    task: Task,
    bases: Ints,
    pool: Ints,
    count: int,
    nearest_by: Any,
    *,
    reach: float = 1.0,
    owner: str = "SMOTE",
) -> Between:
    """Rows on lines from random bases to random ones of their nearest rows in a pool.

    Drawn as imbalanced-learn does: ``randint(0, n_bases * k, count)`` says which base and which of
    its neighbours, then ``uniform(count)`` how far along.

    Parameters
    ----------
    task
        Where the numbers and the one generator come from.
    bases
        Row numbers to start from, ``(n_bases,)``, all of them in the pool.
    pool
        Row numbers that may be neighbours, ``(n_pool,)``, sorted.
    count
        Rows to make.
    nearest_by
        Neighbours to choose from, at least 1; or an object that finds them, which is fitted.
    reach
        Longest step; negative leads away from the neighbour.
    owner
        Whose ``k_neighbors`` an object is, for messages.
    """
    assert task.numbers is not None
    points, starts = task.numbers.read(pool), np.searchsorted(pool, bases)
    at: Ints
    partners: Ints
    if hasattr(nearest_by, "kneighbors"):
        graph = neighbors_found(nearest_by, "k_neighbors", owner, points, starts)
        at, column = _draw(task, graph.shape, count)
        partners = graph[at, column]
    else:
        at, column = _draw(task, (bases.size, nearest_by), count)
        partners = partners_of(points, starts, at, column, nearest_by)
    steps = reach * task.random.uniform(size=count)
    return Between(bases[at], pool[partners], steps)


def _draw(task: Task, shape: tuple[int, ...], count: int) -> tuple[Ints, Ints]:
    """Random places in a graph of ``(n_bases, k)`` neighbours."""
    drawn = task.random.randint(0, shape[0] * shape[1], size=count)
    at = drawn // shape[1]
    return at, drawn - at * shape[1]  # a remainder takes as long as the draws


def partners_of(points: Any, starts: Ints, at: Ints, column: Ints, k: int) -> Ints:
    """The neighbour that was drawn for each made row; only rows that were drawn are asked."""
    drawn = np.zeros(starts.size, bool)
    drawn[at] = True
    place = np.cumsum(drawn) - 1
    return np.asarray(neighbors(points, starts[drawn], k=k)[0][place[at], column])


def shares(weights: NDArray[Any], count: int) -> Ints:
    """Whole numbers in proportion to weights that add up to ``count``, by the largest remainder.

    Each gets its quota ``count * w_i / sum(w)`` rounded down; those that lost the most by it get one
    more, the first among equals.

    Parameters
    ----------
    weights
        At least 0, not all 0, ``(n,)``. Whole numbers are divided exactly.
    count
        What to divide, at least 0.

    References
    ----------
    Balinski and Young 2001, *Fair Representation*, chapter 2 (Hamilton's method).

    Examples
    --------
    >>> shares(np.array([1, 1, 4]), 10).tolist()
    [2, 2, 6]
    """
    if weights.dtype.kind in "iu":
        whole, rest = np.divmod(weights.astype(np.int64) * count, int(weights.sum()))
    else:
        quota = weights / weights.sum() * count
        whole = np.floor(quota).astype(np.int64)
        rest = quota - whole
    more = np.argsort(-rest, kind="stable")[: count - int(whole.sum())]
    whole[more] += 1
    return np.asarray(whole)
