"""Rows that must stay together, and how they are dealt to parts.

A *block* is a set of rows that must stay on one side: the rows of a group, or exact duplicates.
Blocks are dealt to parts by their class counts, the rarest content first, so that every part gets
its share of every class as nearly as whole blocks allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def join_blocks(*ids: Any) -> Ints | None:
    """Blocks that keep every given grouping whole: connected components of all of them.

    Parameters
    ----------
    *ids
        Integer ids ``(n_rows,)``, or None for "no such grouping".

    Returns
    -------
    array (n_rows,) or None
        Block of each row, numbered from 0; None when nothing was given.

    Examples
    --------
    >>> join_blocks(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    given = [np.unique(part, return_inverse=True)[1] for part in ids if part is not None]
    if not given:
        return None
    if len(given) == 1:
        return given[0].astype(np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_rows = len(given[0])
    offsets = np.cumsum([n_rows] + [int(part.max()) + 1 for part in given])
    rows = np.tile(np.arange(n_rows), len(given))
    nodes = np.concatenate([part + start for part, start in zip(given, offsets, strict=False)])
    graph = coo_array((np.ones(len(rows), np.int8), (rows, nodes)), shape=(offsets[-1],) * 2)
    return connected_components(graph, directed=False)[1][:n_rows].astype(np.int64)


def class_counts(block_of: Ints, y: Ints) -> Ints:
    """Rows of each class in each block, ``(n_blocks, n_classes)``."""
    n_classes = int(y.max()) + 1
    n_blocks = int(block_of.max()) + 1
    flat = np.bincount(block_of * n_classes + y, minlength=n_blocks * n_classes)
    return flat.reshape(n_blocks, n_classes)


def deal(table: Ints, shares: NDArray[np.float64], rng: np.random.Generator) -> Ints:
    """Part of each block, so that every part gets its share of every class.

    Blocks with equal class counts are interchangeable: they are dealt together in proportion, and
    only what does not divide evenly goes one by one to the part that lacks most.
    """
    total = np.maximum(table.sum(axis=0), 1)
    kinds, kind_of = np.unique(table, axis=0, return_inverse=True)
    kind_of = kind_of.ravel()
    members = np.split(
        np.argsort(kind_of, kind="stable"), np.cumsum(np.bincount(kind_of, minlength=len(kinds)))
    )
    lacking = shares[:, None] * total  # rows each part still lacks, (n_parts, n_classes)
    full = lacking.copy()
    part = np.empty(len(table), np.int64)
    weight = kinds / total
    for kind in np.argsort(-weight.sum(axis=1), kind="stable"):
        blocks = rng.permutation(members[kind])
        quota = len(blocks) * shares
        if kinds[kind].sum() == 1:  # the last kind that holds this class: fill what is lacking
            open_ = np.maximum(lacking[:, np.argmax(kinds[kind])], 0.0)
            quota = len(blocks) * open_ / open_.sum()
        n_each = np.floor(quota + 1e-9).astype(np.int64)
        lacking -= n_each[:, None] * kinds[kind]
        for _ in range(len(blocks) - int(n_each.sum())):
            needy = int(np.argmax((lacking / full) @ weight[kind]))
            n_each[needy] += 1
            lacking[needy] -= kinds[kind]
        part[blocks] = np.repeat(np.arange(len(shares)), n_each)
    return part
