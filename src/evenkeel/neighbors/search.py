"""The one neighbour engine: exact, Euclidean, never the row itself, ties by row number.

A k-d tree (few columns), products in single precision (many) or scikit-learn's kernel (sparse) propose
more candidates than asked; their distances are taken anew from differences in float64, so that nothing
is lost by cancellation and equal rows are at 0. Where rounding or ties leave open whether a row outside
the candidates belongs to the answer, all rows are looked at. Columns of two values are compared as bits.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel._rows import is_sparse
from evenkeel.errors import InvalidInput
from evenkeel.neighbors.bits import nearest_bits, words_of
from evenkeel.neighbors.close_by import close_by, is_worth_it
from evenkeel.neighbors.engines import brute, on_torch, tree
from evenkeel.neighbors.repeated import repeated
from evenkeel.neighbors.shortlist import Shortlist
from evenkeel.neighbors.values import centre_of, in_range, values_of, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.neighbors.engines import Ask

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

TREE_COLUMNS = 12  # above, a k-d tree visits most of its points, however columns go together
KERNEL_ROWS, TREE_ROWS = 2_000, 300  # below, looking at all rows is as fast as products, as a tree
BLOCK = 1 << 21  # distances held at a time: 16 MB, to few points what a core's cache holds
PAIRS = 1 << 19  # numbers in the differences held at a time
SPARE = 2  # candidates beyond k that show whether the k-th distance is tied
PROBE = 512  # queries that show how common ties are
MOST_TIES = 512  # candidates that a tree is asked for before giving up on it


def neighbors(
    X: Any,
    rows: Any = None,
    among: Any = None,
    *,
    k: int,
    include_self: bool = False,
    engine: str = "auto",
) -> tuple[Ints, Floats]:
    """The k nearest rows of each of some rows, by Euclidean distance.

    Parameters
    ----------
    X
        Finite numbers ``(n_rows, n_columns)``: an array or a sparse matrix.
    rows
        Row numbers to find neighbours of, ``(n,)``. Default: all.
    among
        Row numbers that may be neighbours, ``(m,)``, without repeats. Default: all.
    k
        Neighbours for each row, at least 1.
    include_self
        Let a row be its own neighbour. By default it is left out by its number, so that an equal
        row elsewhere stays a neighbour at distance 0.
    engine
        ``"auto"``, or ``"torch"`` for products on a CUDA device where there is one: the same answer.

    Returns
    -------
    index : int64 array (n, k)
        Row numbers, nearest first; equal distances in the order of the row numbers.
    distance : float64 array (n, k)

    Raises
    ------
    InvalidInput
        ``k`` is more than the rows there are to choose from.

    Examples
    --------
    >>> X = np.array([[0.0], [0.0], [3.0], [1.0]])
    >>> index, distance = neighbors(X, k=2)
    >>> index.tolist()
    [[1, 3], [0, 3], [3, 0], [0, 1]]
    >>> distance[0].tolist()
    [0.0, 1.0]
    """
    check_number(k, "k", "neighbors", low=1, whole=True)
    check_choice(engine, ("auto", "torch"), "engine", "neighbors")
    n_rows = X.shape[0]
    asked = np.arange(n_rows) if rows is None else np.asarray(rows, np.int64)
    pool = np.arange(n_rows) if among is None else np.sort(np.asarray(among, np.int64))
    own = _places(asked, pool, n_rows, include_self=include_self)
    available = pool.size - int((own >= 0).any())
    if asked.size and k > available:
        raise InvalidInput(
            f"k of neighbors must be at most {available:,}, the rows to choose from. Got {k:,}."
        )
    query, points, unit = in_range(values_of(X, asked), values_of(X, pool))
    found, distance = _Search(query, points, own, k, engine).run()
    return pool[found], distance * unit


def _places(asked: Ints, pool: Ints, n_rows: int, *, include_self: bool) -> Ints:
    """Where each asked row stands in the pool; -1 where it does not, or may stay."""
    if include_self:
        return np.full(asked.size, -1, np.int64)
    place = np.full(n_rows, -1, np.int64)
    place[pool] = np.arange(pool.size)
    return np.asarray(place[asked])


class _Search:
    """Queries against a pool of points; places in the pool stand for rows."""

    def __init__(self, query: Any, pool: Any, own: Ints, k: int, engine: str = "auto") -> None:
        self.raw_query, self.raw_pool = query, pool
        self.own = own  # (n,)
        self.k, self.engine = k, engine
        # a product q.p of d terms is within this share of |q|^2 + |p|^2 of the truth
        self.eps = 4 * (pool.shape[1] + 4) * np.finfo(np.float64).eps
        self.index = np.empty((query.shape[0], k), np.int64)
        self.square = np.empty((query.shape[0], k))

    @cached_property
    def pool(self) -> Any:
        """The points about their mean, ``(m, d)``."""
        return _float64(self.raw_pool) if self.centre is None else self.raw_pool - self.centre

    @cached_property
    def query(self) -> Any:
        """The queries about the mean of the points, ``(n, d)``."""
        return _float64(self.raw_query) if self.centre is None else self.raw_query - self.centre

    @cached_property
    def centre(self) -> Floats | None:
        return centre_of(self.raw_pool)

    def run(self) -> tuple[Ints, Floats]:
        size, columns = self.raw_pool.shape
        if size >= KERNEL_ROWS and self.k + 1 < size:
            if words := words_of(self.raw_query, self.raw_pool):
                self.index, apart = nearest_bits(*words[:2], self.own, self.k)
                return self.index, np.sqrt(apart * words[2])
            if whole(self.raw_query, self.raw_pool):
                return self._numbered()
        unsure = np.arange(len(self.index))
        dense = self.engine != "torch" and not is_sparse(self.raw_pool)
        if size >= TREE_ROWS and dense and columns <= TREE_COLUMNS:
            ask, wide = self._engine(), self.k + 1 + SPARE
            while unsure.size and wide < min(MOST_TIES, size):
                unsure, wide = self._repeated(self._propose(unsure, ask, wide)), 4 * wide
        elif unsure.size and size >= KERNEL_ROWS and self.k + 1 + SPARE < size:
            if dense and is_worth_it(unsure.size, self.raw_pool):
                unsure = self._ask_close(unsure)
            short = Shortlist(values_of(self.raw_query, unsure), self.raw_pool) if dense else None
            if short is not None and short.usable:
                unsure = self._pick(short, unsure)
            else:
                unsure = self._ask_all(unsure)
            unsure = self._repeated(unsure) if dense else unsure
        self._look_at_all(unsure)
        return self.index, np.sqrt(self.square)

    def _repeated(self, unsure: Ints) -> Ints:
        """Fill what equal rows settle; returns the other queries."""
        query = values_of(self.raw_query, unsure)
        settled, places = repeated(query, self.raw_pool, self.own[unsure], self.k)
        self.index[unsure[settled]] = places
        self.square[unsure[settled]] = 0.0
        return unsure[~settled]

    def _ask_close(self, unsure: Ints) -> Ints:
        """Fill what close neighbours settle; returns the other queries."""
        wide = self.k + 1 + SPARE
        ask = close_by(values_of(self.query, unsure), self.pool, wide)
        return unsure if ask is None else self._propose(unsure, ask, wide)

    def _pick(self, short: Shortlist, unsure: Ints) -> Ints:
        """Rank what single precision leaves; returns the queries of which it leaves too much."""
        left = []
        for part, which, places in short.candidates(self.k + 1):
            at = unsure[part]
            if which.size:
                other = places != self.own[at[which]]
                self._rank(at, which[other], places[other])
            else:
                left.append(at)
        return np.concatenate([np.arange(0), *left])

    def _ask_all(self, unsure: Ints) -> Ints:
        """Fill what an engine that reads the whole pool settles; returns the other queries."""
        ask, wide = self._engine(), self.k + 1 + SPARE
        probe = PROBE if unsure.size > 4 * PROBE else unsure.size
        first, rest = self._propose(unsure[:probe], ask, wide), unsure[probe:]
        tied = first.size >= probe // 2  # so common that all points must be looked at
        return np.concatenate([first, rest if tied else self._propose(rest, ask, wide)])

    def _numbered(self) -> tuple[Ints, Floats]:
        """Whole numbers: ties are everywhere, but squares are exact and differ by 1 or more.

        One more column, 0 in each query and ``sqrt(place / n_rows)`` in the pool, adds less than 1 to
        each squared distance and puts equal ones in the order of their rows.
        """
        size = self.raw_pool.shape[0]
        mark = np.sqrt(np.arange(size) / size)[:, None]
        self.pool = np.hstack([_float64(self.raw_pool), mark])
        self.query = np.hstack([_float64(self.raw_query), np.zeros((len(self.index), 1))])
        ask, wide = self._engine(), self.k + 1
        for start in range(0, len(self.index), step := max(1, BLOCK // (wide * 8))):
            at = slice(start, start + step)
            reach, places = map(np.asarray, ask(self.query[at], wide))
            other = places != self.own[at, None]
            other[other.all(axis=1), -1] = False
            self.index[at] = places[other].reshape(-1, self.k)
            square = (reach[other] ** 2).reshape(-1, self.k) - self.index[at] / size
            self.square[at] = np.rint(square)
        return self.index, np.sqrt(self.square)

    def _engine(self) -> Ask:
        if self.engine == "torch" and not is_sparse(self.pool):
            return on_torch(self.pool)
        few = self.raw_pool.shape[1] <= TREE_COLUMNS and not is_sparse(self.pool)
        return tree(self.pool) if few else brute(self.pool)

    def _propose(self, unsure: Ints, ask: Ask, wide: int) -> Ints:
        """Fill what ``wide`` candidates settle; returns the queries that they do not."""
        left = [unsure[:0]]
        step = max(1, BLOCK // (wide * 8))
        for start in range(0, unsure.size, step):
            at = unsure[start : start + step]
            reach, places = map(np.asarray, ask(self.query[at], wide))
            full = np.isfinite(reach[:, -1])  # an engine may look within a limit
            if not full.all():
                left.append(at[~full])
                at, reach, places = at[full], reach[full], places[full]
            other = places != self.own[at, None]
            self._rank(at, np.nonzero(other)[0], places[other].astype(np.int64))
            # What was not proposed is, up to rounding, no nearer than the farthest candidate. The
            # error of a far point p is a share of |p|^2, hence of its distance: the bound needs q only.
            far = reach[:, -1] ** 2
            slack = 5 * self.eps * (_squares(self.query[at]) + far)
            left.append(at[self.square[at, -1] + slack >= far])
        return np.concatenate(left)

    def _look_at_all(self, unsure: Ints) -> None:
        norms = _squares(self.pool)
        step = max(1, (BLOCK >> 5 if len(norms) <= BLOCK >> 10 else BLOCK) // len(norms))
        for start in range(0, unsure.size, step):
            at = unsure[start : start + step]
            query = self.query[at]
            most = _dense(query @ self.pool.T)  # (b, m): |p|^2 - 2 q.p, and what rounding may add
            most *= -2.0
            most += norms * (1 + self.eps)
            hit = np.flatnonzero(self.own[at] >= 0)
            most[hit, self.own[at][hit]] = np.inf
            kth = np.partition(most, self.k - 1, axis=1)[:, self.k - 1]
            most -= 2 * self.eps * norms  # from the most to the least that each may be
            near = most <= (kth + 2 * self.eps * _squares(query))[:, None]
            self._rank(at, *np.divmod(np.flatnonzero(near), len(norms)))

    def _rank(self, at: Ints, queries: Ints, places: Ints) -> None:
        """Order candidates by exact distance, then by place; keep the first k of each query."""
        exact = np.empty(queries.size)
        width = 64 if is_sparse(self.raw_pool) else max(1, self.raw_pool.shape[1])
        step = max(1, PAIRS // width)
        for start in range(0, queries.size, step):
            part = slice(start, start + step)
            start_at, end_at = self.raw_query[at[queries[part]]], self.raw_pool[places[part]]
            exact[part] = _squares(_float64(start_at) - _float64(end_at))
        order = np.lexsort((places, exact, queries))
        first = np.searchsorted(queries[order], np.arange(at.size))
        keep = order[first[:, None] + np.arange(self.k)]
        self.index[at] = places[keep]
        self.square[at] = exact[keep]


def _squares(points: Any) -> Floats:
    if is_sparse(points):
        return np.asarray(points.multiply(points).sum(axis=1), np.float64).ravel()
    return np.asarray(np.einsum("ij,ij->i", points, points))


def _dense(product: Any) -> Floats:
    return np.asarray(product.toarray() if is_sparse(product) else product)


def _float64(points: Any) -> Any:
    return points.astype(np.float64, copy=False)
