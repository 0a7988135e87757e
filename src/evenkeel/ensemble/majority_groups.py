"""Kinds of majority: mini-batch k-means on the numbers of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from evenkeel._numbers import numbers_of
from evenkeel._rows import is_sparse, n_rows, take
from evenkeel.errors import DoesNotApply
from evenkeel.same_units import SameUnits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

_LEARN = 1 << 16  # rows that the centres are learnt from
_AT_ONCE = 1 << 15


def majority_groups(X: Any, rows: Ints, n_groups: int, seed: int) -> Ints:
    """The group of each of some rows, ``(n_rows,)``, from 0, none empty.

    Parameters
    ----------
    X
        Table of any kind; words and dates are not measured.
    rows
        Row numbers of the majority.
    n_groups
        Groups, at least 1; fewer where fewer rows differ.
    seed
        Of the rows that the centres are learnt from, and of k-means.

    Raises
    ------
    DoesNotApply
        No column of numbers.

    References
    ----------
    Sculley (2010), "Web-scale k-means clustering", https://doi.org/10.1145/1772690.1772862
    """
    random = np.random.default_rng([seed, 2])
    if n_groups == 1:
        return np.zeros(rows.size, np.intp)
    learnt = rows
    if rows.size > _LEARN:
        learnt = np.sort(random.choice(rows, _LEARN, replace=False))
    view = SameUnits()
    first = _read(view.fit_transform(take(X, learnt)))
    if first.shape[1] == 0:
        raise DoesNotApply(
            "ClusteredEnsembleClassifier does not apply to a table without numbers: its majority "
            "cannot be grouped. Use UnderBaggingClassifier."
        )
    different = first.shape[0] if is_sparse(first) else len(np.unique(first, axis=0))
    n_groups = min(n_groups, different)
    if n_groups < 2:
        return np.zeros(rows.size, np.intp)
    centres = MiniBatchKMeans(
        n_groups, batch_size=4096, n_init=3, random_state=int(random.integers(1 << 31))
    ).fit(first)
    found = [
        centres.predict(_read(view.transform(take(X, rows[start : start + _AT_ONCE]))))
        for start in range(0, rows.size, _AT_ONCE)
    ]
    return np.asarray(np.unique(np.concatenate(found), return_inverse=True)[1])


def cut_further(X: Any, rows: Ints, groups: Ints, n_groups: int, seed: int) -> Ints:
    """The groups once the largest of them was cut in two, again and again.

    Parameters
    ----------
    X, rows, seed
        As in :func:`majority_groups`, which cuts.
    groups
        Group of each of the rows, ``(n_rows,)``; stays as it is.
    n_groups
        Groups to reach; fewer where no group is left whose rows differ.

    Returns
    -------
    array (n_rows,)
        Of a group that was cut one half keeps the number, the other takes the next free one.
    """
    groups, alike = groups.copy(), np.zeros(n_groups, bool)
    while (found := int(groups.max()) + 1) < n_groups:
        sizes = np.where(alike[:found], 0, np.bincount(groups))
        largest = int(sizes.argmax())
        if sizes[largest] == 0:
            break
        own = np.flatnonzero(groups == largest)
        half = majority_groups(X, rows[own], 2, seed)
        alike[largest] = not half.any()
        groups[own[half == 1]] = found
    return groups


def _read(X: Any) -> Any:
    if is_sparse(X):
        return X
    return np.ascontiguousarray(numbers_of(X).every(n_rows(X)), dtype=np.float32)
