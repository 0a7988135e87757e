"""Tomek links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.neighbors import neighbors
from evenkeel.resample.cleaner import Cleaner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.resample.base import Task

    Ints = NDArray[np.integer[Any]]


class TomekLinks(Cleaner):
    """Drop rows that form a Tomek link: two rows of different classes, each the other's nearest row.

    Of the two, those of the classes to clean are dropped. A link always holds a row outside the
    largest class, so only such rows, and their nearest rows, are asked for their neighbour.

    Parameters
    ----------
    sampling_strategy
        Classes to clean: ``"auto"`` (all but the smallest), ``"all"``, ``"majority"``,
        ``"not minority"``, ``"not majority"``, or a list of labels.
    n_jobs
        Threads at most, -1 for all; None leaves it to the libraries.

    Attributes
    ----------
    sampling_strategy_
        Classes that are cleaned, with the count of the smallest class.
    sample_indices_
        Row numbers kept, ``(n_out,)``, in order.

    References
    ----------
    Tomek 1976, "Two modifications of CNN", IEEE Transactions on Systems, Man, and Cybernetics 6(11).
    doi:10.1109/TSMC.1976.4309452

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [2.1], [9.0]])
    >>> TomekLinks().fit_resample(X, ["no", "no", "no", "yes", "yes"])[1]
    ['no', 'no', 'yes', 'yes']
    """

    def __init__(self, *, sampling_strategy: Any = "auto", n_jobs: int | None = None) -> None:
        self.sampling_strategy = sampling_strategy
        self.n_jobs = n_jobs

    def _keep(self, task: Task) -> Ints:
        assert task.numbers is not None
        every = np.arange(task.n_rows)
        linked = np.unique(tomek_links(task.numbers.every(task.n_rows), task.codes))
        gone = linked[np.isin(task.codes[linked], list(task.wanted))]
        return np.delete(every, gone)


def tomek_links(X: Any, codes: Ints, among: Ints | None = None) -> Ints:
    """Pairs of rows of different classes, each the nearest row of the other.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    codes
        Class of each row, ``(n_rows,)``, from 0.
    among
        Row numbers that there are, ``(m,)``, without repeats. Default: all.

    Returns
    -------
    int array (n_links, 2)
        Row numbers, the lower one first, in order.

    Examples
    --------
    >>> tomek_links(np.array([[0.0], [1.0], [2.0], [2.1]]), np.array([0, 0, 0, 1])).tolist()
    [[2, 3]]
    """
    pool = np.arange(len(codes)) if among is None else np.sort(among)
    largest = np.bincount(codes[pool]).argmax() if pool.size else 0
    asked = pool[codes[pool] != largest]
    nearest = np.full(len(codes), -1)
    if asked.size and pool.size > 1:
        nearest[asked] = neighbors(X, asked, among, k=1)[0][:, 0]
    start = asked[(nearest[asked] >= 0) & (codes[nearest[asked]] != codes[asked])]
    end = nearest[start]
    unknown = np.unique(end[nearest[end] < 0])
    if unknown.size:
        nearest[unknown] = neighbors(X, unknown, among, k=1)[0][:, 0]
    mutual = nearest[end] == start
    return np.unique(np.sort(np.column_stack([start, end])[mutual], axis=1), axis=0)
