"""Rows whose neighbourhood holds another class, found without most of the neighbours.

Cleaning methods only act on rows that have another class among their nearest, and few rows have.
A row is cleared as soon as ``k`` rows of its own class are seen to be nearer than the nearest row of
any other class, whatever else there may be. Distances for that are rounded (float32 products), so a
row counts as nearer only beyond the rounding error; rows that stay open are asked for their
neighbours exactly. A few rows are asked first: where classes overlap, or a tree passes most rows by,
all rows are asked for their neighbours. So they are where bits are faster.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evenkeel._checks import check_number
from evenkeel._rows import is_sparse
from evenkeel._threads import limited, threads
from evenkeel.neighbors.bits import repeats
from evenkeel.neighbors.close_by import is_worth_it
from evenkeel.neighbors.repeated import repeated
from evenkeel.neighbors.search import TREE_COLUMNS, neighbors
from evenkeel.neighbors.tree_votes import CLEAR, MIXED, UNSURE, TreeVotes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]
    Bools = NDArray[np.bool_]
    States = NDArray[np.int8]

FEW_ROWS = 2_000  # below, asking for the neighbours is as fast
CELL = 1_024  # rows that are compared with each other first
PROBE = 64  # rows that are asked first, to see which way is faster
RARE = 7 / 8  # share of the own class beyond which few rows have others near
MOST_OPEN = 0.5  # share of rows left open at which looking on does not pay
TALL, WIDE = 256, 4_096  # distances held at a time: 4 MB
FIRST, MOST = 2_048, 1 << 15  # rows of the own class seen at once: few at first, as few suffice


def mixed(X: Any, codes: Any, rows: Any = None, *, k: int) -> Bools:
    """Whether any of the k nearest rows of each row is of another class.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    codes
        Class of each row, ``(n_rows,)``, from 0.
    rows
        Row numbers to answer for, ``(n,)``. Default: all.
    k
        Neighbours looked at, at least 1.

    Returns
    -------
    bool array (n,)
        ``(codes[index] != codes[rows]).any(axis=1)`` with the index that
        :func:`evenkeel.neighbors.neighbors` gives: exact, self left out, ties by row number.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [2.1], [9.0], [9.5]])
    >>> mixed(X, np.array([0, 0, 0, 1, 1, 1]), k=1).tolist()
    [False, False, True, True, False, False]
    """
    check_number(k, "k", "mixed", low=1, whole=True)
    codes = np.asarray(codes)
    asked = np.arange(len(codes)) if rows is None else np.asarray(rows, np.int64)
    if is_sparse(X) or len(codes) < FEW_ROWS or not asked.size or 2 * k > len(codes):
        return _by_neighbors(X, codes, asked, k)
    X = np.asarray(X)
    if repeats(X):
        return _by_neighbors(X, codes, asked, k)
    points = _Points(X)
    votes = TreeVotes(X, codes, k) if X.shape[1] <= TREE_COLUMNS else None
    state = np.full(asked.size, UNSURE, np.int8)
    if votes:
        settled, equal = repeated(X[asked], X, asked, k)
        alien = (codes[equal] != codes[asked[settled], None]).any(axis=1)
        state[settled] = np.where(alien, MIXED, CLEAR)
        open_ = np.flatnonzero(~settled)
        direct = not open_.size or _tree_is_faster(points, votes, codes, asked[open_])
    else:  # whole numbers are settled by products alone
        if not points.exact and is_worth_it(asked.size, X):
            close = TreeVotes(X, codes, k, asked)
            state = close.of(asked) if close.usable else state
        open_ = np.flatnonzero(state == UNSURE)
        direct = bool(open_.size) and not points.exact and _overlap(X, codes, asked[open_], k)
    if not direct:
        open_ = np.flatnonzero(state == UNSURE)
        state[open_] = _looked_at(points, codes, asked[open_], k)
    if votes:
        open_ = np.flatnonzero(state == UNSURE)
        state[open_] = votes.of(asked[open_])
    elif points.exact:
        state[state == UNSURE] = MIXED
    open_ = np.flatnonzero(state == UNSURE)
    state[open_] = _by_neighbors(X, codes, asked[open_], k)
    return np.asarray(state == MIXED)


def _by_neighbors(X: Any, codes: Ints, rows: Ints, k: int) -> Bools:
    """The answer by the neighbours themselves."""
    if not rows.size:
        return np.zeros(0, bool)
    index, _ = neighbors(X, rows, k=k)
    return np.asarray((codes[index] != codes[rows, None]).any(axis=1))


def _tree_is_faster(points: _Points, votes: TreeVotes, codes: Ints, asked: Ints) -> bool:
    """Whether to ask a tree about all rows, rather than about those that products leave open.

    Products look at every row of the other classes. A tree passes most rows by on 2 columns (1 us a
    query among 80,000 rows) and on 10 real ones (4 us among 286,048), but hardly any on 10 columns of
    noise (280 us among 80,000). No count tells which, so a few rows are asked both ways.
    """
    code = np.bincount(codes[asked]).argmax()
    mine, others = asked[codes[asked] == code], np.flatnonzero(codes != code)
    some, few = mine[:: -(-mine.size // PROBE)], others[:: 1 + others.size // WIDE]
    if not few.size:
        return False
    with limited(1):
        start = time.perf_counter()
        share = float((votes.of(some) != CLEAR).mean())
        by_tree = (time.perf_counter() - start) / some.size
        start = time.perf_counter()
        points.nearest(some, few)
        by_pair = (time.perf_counter() - start) / (some.size * few.size)
    pairs = CELL + FIRST + others.size + share * (len(codes) - others.size)
    return bool(by_tree < pairs * by_pair + share * by_tree)


def _overlap(X: Any, codes: Ints, asked: Ints, k: int) -> bool:
    """Whether classes overlap so much that looking at others clears too few rows to pay.

    To ask for the neighbours of a row costs about as much as to compare it twice with all rows.
    """
    own = np.bincount(codes)[codes[asked]].mean()
    if own > RARE * len(codes):  # too few others to lie near most rows
        return False
    some = asked[:: -(-asked.size // PROBE)]
    return bool(_by_neighbors(X, codes, some, k).mean() > MOST_OPEN)


def _looked_at(points: _Points, codes: Ints, asked: Ints, k: int) -> States:
    """Rows that products clear; the others are left open."""
    state = np.full(asked.size, UNSURE, np.int8)
    for code in np.unique(codes[asked]):
        mine = np.flatnonzero(codes[asked] == code)
        own, others = np.flatnonzero(codes == code), np.flatnonzero(codes != code)
        if not others.size:
            state[mine] = CLEAR
        elif own.size > k:
            state[mine[points.cleared(asked[mine], own, others, k)]] = CLEAR
    return state


class _Limit(NamedTuple):
    """What a row of the own class must stay below to come before the nearest other, ``(n,)`` each."""

    rows: Ints
    most: Singles  # bracket
    before: Ints  # row number, where brackets are equal
    need: Ints  # rows that must come before, the row itself counted where it does

    def of(self, at: Ints) -> _Limit:
        """The limits of some rows."""
        return _Limit(self.rows[at], self.most[at], self.before[at], self.need[at])


class _Points:
    """Rows as float32 numbers, with their squared lengths and a bound of rounding errors.

    ``|q - p|^2 = |q|^2 + (|p|^2 - 2 q.p)``; for one ``q`` only the bracket differs, so it alone is
    computed, as one product of rows with another column each. It is off by less than
    ``eps (|q|^2 + |p|^2)``: rounding of the numbers about their mean, and of a sum of d products in
    any order. Small whole numbers lose nothing: then ties are seen, and settled by row number.
    """

    def __init__(self, X: Any) -> None:
        self.exact = _small_and_whole(X)
        if self.exact:
            self.values, self.eps = np.asarray(X, np.float32), np.float32(0)
        else:
            centred = np.asarray(X) - np.mean(X, axis=0, dtype=np.float64)
            largest = float(np.abs(centred).max()) or 1.0
            self.values = np.divide(centred, largest).astype(np.float32)
            self.eps = np.float32(4 * (self.values.shape[1] + 4) * np.finfo(np.float32).eps)
        self.square = np.einsum("ij,ij->i", self.values, self.values)

    def cleared(self, rows: Ints, own: Ints, others: Ints, k: int) -> Bools:
        """Rows with k rows of their class surely nearer than any other; the rest stays open."""
        done = np.zeros(rows.size, bool)
        n_threads = threads()  # before they are limited: the tiles are shared out here
        with limited(1), ThreadPoolExecutor(n_threads) as pool:
            parts = _parts(np.arange(rows.size))
            found = list(pool.map(lambda part: self.nearest(rows[part], others), parts))
            least, nearest = map(np.concatenate, zip(*found, strict=True))
            limit = self._limit(rows, least, others[nearest], k)
            # rows with the same nearest other lie together: they clear each other best
            spread = self.values[others].std(axis=0).argmax()
            rank = np.argsort(np.argsort(self.values[others, spread]))
            parts = _parts(np.argsort(rank[nearest], kind="stable"))
            counts = pool.map(lambda at: self._nearer(limit.of(at), rows[at]), parts)
            at = np.concatenate(parts)
            done[at] = np.concatenate(list(counts)) >= limit.need[at]
            self._scan(limit, own, done, pool)
        return done

    def _scan(self, limit: _Limit, own: Ints, done: Bools, pool: ThreadPoolExecutor) -> None:
        """Look for nearer rows in the whole class, and stop for each row as soon as k are found."""
        left = np.flatnonzero(~done)
        seen = np.zeros(done.size, np.int64)
        order = np.random.default_rng(0).permutation(own)  # exact in any order; early in this one
        start, size = 0, FIRST
        while left.size and start < own.size:
            some = order[start : start + size]
            counts = pool.map(lambda at: self._nearer(limit.of(at), some), _parts(left))  # noqa: B023
            seen[left] += np.concatenate(list(counts))
            done[left] = seen[left] >= limit.need[left]
            left = left[~done[left]]
            start, size = start + size, min(2 * size, MOST)

    def _limit(self, rows: Ints, least: Singles, others: Ints, k: int) -> _Limit:
        if not self.exact:  # a row is nearer to itself than the nearest other, or stays open
            most = least - 2 * self.eps * self.square[rows]
            return _Limit(rows, most, np.full(rows.size, -1), np.full(rows.size, k + 1))
        itself = (least + self.square[rows] > 0) | (rows < others)
        return _Limit(rows, least, others, k + itself)

    def nearest(self, rows: Ints, others: Ints) -> tuple[Singles, Ints]:
        """The least bracket that any other row may have for each row, and the place of that row."""
        least, place = np.full(rows.size, np.inf, np.float32), np.zeros(rows.size, np.int64)
        query = self._query(rows)
        for at, some in _tiles(rows.size, others.size):
            bracket = query[at] @ self._against(others[some], 1 - self.eps)
            first = bracket.argmin(axis=1)
            found = bracket[np.arange(len(first)), first]
            nearer = found < least[at]
            least[at] = np.where(nearer, found, least[at])
            place[at] = np.where(nearer, first + some.start, place[at])
        return least, place

    def _nearer(self, limit: _Limit, among: Ints) -> Ints:
        """How many rows surely come before the nearest other row of each row."""
        seen = np.zeros(limit.rows.size, np.int64)
        query = self._query(limit.rows)
        for at, some in _tiles(limit.rows.size, among.size):
            bracket = query[at] @ self._against(among[some], 1 + self.eps)
            before = np.less(bracket, limit.most[at, None])
            if self.exact:
                tied = np.equal(bracket, limit.most[at, None])
                before |= tied & (among[some] < limit.before[at, None])
            seen[at] += np.add.reduce(before.view(np.uint8), axis=1, dtype=np.uint16)
        return seen

    def _query(self, rows: Ints) -> Singles:
        return np.column_stack([-2 * self.values[rows], np.ones(rows.size, np.float32)])

    def _against(self, rows: Ints, factor: Any) -> Singles:
        return np.vstack([self.values[rows].T, factor * self.square[rows]])


def _small_and_whole(X: Any) -> bool:
    """Whether products and sums of rows are whole numbers that float32 holds."""
    values = np.asarray(X, np.float64)
    if not (values[:64] == np.rint(values[:64])).all():
        return False
    most = float(np.abs(values).max(initial=0))
    small = most < 2**11 and most**2 * values.shape[1] < 2**21
    return small and bool((values == np.rint(values)).all())


def _parts(at: Ints) -> list[Ints]:
    return np.array_split(at, max(1, -(-at.size // CELL)))


def _tiles(n_rows: int, n_among: int) -> Iterator[tuple[slice, slice]]:
    """Pieces of an ``(n_rows, n_among)`` array that stay in a core's cache."""
    for first in range(0, n_among, WIDE):
        for start in range(0, n_rows, TALL):
            yield slice(start, start + TALL), slice(first, first + WIDE)
