"""The nearest rows of tables whose columns hold two values each, counted in bits.

Where all columns have the same step between their two values, a squared distance is the number of
columns that differ times the squared step. Rows become words of 64 columns, equal rows one word,
and a distance one exclusive or and a count of bits: whole numbers, exact, with ties as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evenkeel._rows import is_sparse
from evenkeel._threads import side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]  # (n_rows, n_words)

MOST_COLUMNS = 255  # a distance is held in 8 bits
TILE = 1 << 19  # distances held at a time by each thread: 4 MB with what they are counted from
SAMPLE = 2_048  # rows that show how columns go together
PROBE = 32  # queries that show how near the nearest rows are


def words_of(query: Any, pool: Any) -> tuple[Words, Words, float] | None:
    """Queries and pool as bits, and the square of the step that a bit stands for.

    None where a column holds a third value, steps differ, or values are no whole numbers.

    Examples
    --------
    >>> query, pool, square = words_of(np.array([[0, 5]]), np.array([[2, 5], [0, 3]]))
    >>> query.tolist(), pool.tolist(), square
    ([[2]], [[3], [0]], 4.0)
    """
    if is_sparse(pool) or not 0 < pool.shape[1] <= MOST_COLUMNS or not len(pool):
        return None
    if not _two_values(pool[:64], pool[:64].min(axis=0), pool[:64].max(axis=0)):
        return None
    low, high = pool.min(axis=0), pool.max(axis=0)
    ends = np.array([low, high], np.float64)
    steps = np.unique(ends[1] - ends[0])
    steps = steps[steps > 0]
    small = np.abs(ends).max() < 2.0**40 and bool((ends == np.rint(ends)).all())
    if (
        len(steps) > 1
        or not small
        or not (_two_values(pool, low, high) and _two_values(query, low, high))
    ):
        return None
    return _packed(query == high), _packed(pool == high), float(steps.sum()) ** 2


def nearest_bits(query: Words, pool: Words, own: Ints, k: int) -> tuple[Ints, Ints]:
    """The k nearest of the pool for each query: places ``(n, k)``, and how many bits differ.

    Parameters
    ----------
    query, pool
        As :func:`words_of` gives them.
    own
        Place of each query in the pool, which is left out, ``(n,)``; -1 where there is none.
    k
        How many, at least 1; at most the pool without the query.

    Examples
    --------
    >>> pool = np.array([[0b11], [0b00], [0b01]], np.uint64)
    >>> places, apart = nearest_bits(pool[:1], pool, np.array([0]), 2)
    >>> places.tolist(), apart.tolist()
    ([[2, 1]], [[1, 2]])
    """
    mask = _turned(pool)
    asked, points = _distinct(query, mask), _distinct(pool, mask)
    wide = min(k + 1, len(pool))
    found = np.empty((len(asked.weight), wide), np.int64)
    reach = _probe(asked, points, wide)
    left = np.arange(len(found))
    while left.size:
        settled = np.zeros(len(found), bool)

        def settle(tile: tuple[Ints, slice], reach: int = reach, settled: Any = settled) -> None:
            at, among = tile
            done, keys = _within(asked.words[:, at], points, among, reach, wide)
            found[at[done]], settled[at[done]] = keys, True

        side_by_side(settle, _tiles(asked.weight, left, points.weight, reach))
        left, reach = left[~settled[left]], reach + 1 + reach // 16
    keys = np.empty((len(query), wide), np.int64)
    keys[asked.order] = np.repeat(found, asked.size, axis=0)
    apart, places = np.divmod(keys, len(pool))
    other = places != own[:, None]
    if wide > k:
        other[other.all(axis=1), -1] = False
    return places[other].reshape(-1, k), apart[other].reshape(-1, k)


def repeats(X: Any) -> bool:
    """Whether rows hold two values and repeat so often that bits beat products of all rows.

    Bits are counted for distinct rows, word by word; for fewer distinct words than rows they took 0.2
    to 0.8 of the time of products (40 columns, 3 % ones: 0.2; celeba: 0.5), for more 0.9 to 5 times.

    Examples
    --------
    >>> repeats(np.repeat([[0, 1], [1, 1]], 3, axis=0)), repeats(np.eye(4))
    (True, False)
    """
    packed = words_of(X[:0], X)
    if packed is None:
        return False
    words = packed[1]
    ordered = words[np.lexsort(words.T)]
    distinct = 1 + np.count_nonzero((ordered[1:] != ordered[:-1]).any(axis=1))
    return bool(distinct * words.shape[1] < len(words))


class _Distinct(NamedTuple):
    """Rows with equal ones put together, in the order of their weights."""

    order: Ints  # rows, equal ones side by side and in their order, (n_rows,)
    words: Words  # (n_words, m)
    start: Ints  # where equal rows start in that order, (m,)
    size: Ints  # how many are equal, (m,)
    weight: NDArray[np.int64]  # sorted, (m,): no two rows differ by fewer bits than their weights


def _distinct(words: Words, mask: Words) -> _Distinct:
    weight = np.bitwise_count(words ^ mask).sum(axis=1, dtype=np.int64)
    order = np.lexsort((*words.T, weight))
    ordered = words[order]
    start = np.flatnonzero(np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1)))
    size = np.diff(np.append(start, len(words)))
    return _Distinct(
        order, np.ascontiguousarray(ordered[start].T), start, size, weight[order[start]]
    )


def _turned(pool: Words) -> Words:
    """Bits that fall along the direction in which rows vary most: turned, weights spread widely."""
    some = pool[:: -(-len(pool) // SAMPLE)]
    bits = np.unpackbits(some.view(np.uint8), axis=1).astype(np.float64)
    bits -= bits.mean(axis=0)
    direction = np.linalg.eigh(bits.T @ bits)[1][:, -1]
    return np.packbits(direction < 0).view(np.uint64)


def _probe(asked: _Distinct, points: _Distinct, wide: int) -> int:
    """How many bits most queries have to look beyond at the most."""
    some = asked.words[:, :: -(-asked.words.shape[1] // PROBE)]
    apart = _apart(some, points.words)
    place = min(wide, apart.shape[1]) - 1
    return int(np.median(np.partition(apart, place, axis=1)[:, place]))


def _tiles(asked: Ints, left: Ints, weight: Ints, reach: int) -> list[tuple[Ints, slice]]:
    """Queries of one weight, and the points whose weight lets them in."""
    tiles = []
    for at in np.split(left, np.flatnonzero(np.diff(asked[left])) + 1):
        own = asked[at[0]]
        first, last = np.searchsorted(weight, [own - reach, own + reach + 1])
        step = max(1, TILE // max(1, last - first))
        tiles += [(at[i : i + step], slice(first, last)) for i in range(0, at.size, step)]
    return tiles


def _within(
    words: Words, points: _Distinct, among: slice, reach: int, wide: int
) -> tuple[NDArray[np.bool_], Ints]:
    """Queries with enough rows within reach, and the first of those rows.

    A row is told by ``bits apart * n_rows + place``, so that keys are in the order of rows.
    """
    apart = _apart(words, points.words[:, among])
    near = np.flatnonzero(apart <= reach)
    query, group = np.divmod(near, apart.shape[1])
    apart, group = apart.ravel()[near].astype(np.int64), group + among.start
    size = np.minimum(points.size[group], wide)  # of equal rows the first come first
    total = np.bincount(query, weights=size, minlength=words.shape[1])
    done = total >= wide
    keep = done[query]
    query, group, apart, size = query[keep], group[keep], apart[keep], size[keep]
    n_rows = len(points.order)
    each = np.repeat(np.arange(group.size), size)
    nth = np.arange(each.size) - np.repeat(np.cumsum(size) - size, size)
    place = points.order[points.start[group][each] + nth]
    key = ((query << 8) + apart)[each] * n_rows + place
    key.sort()
    span = n_rows << 8
    first = np.searchsorted(key, np.flatnonzero(done) * span)
    return done, key[first[:, None] + np.arange(wide)] % span


def _apart(left: Words, right: Words) -> NDArray[np.uint8]:
    """How many bits differ between ``(n_words, n)`` and ``(n_words, m)``, as ``(n, m)``."""
    count: NDArray[np.uint8] = np.bitwise_count(left[0][:, None] ^ right[0])
    for one, other in zip(left[1:], right[1:], strict=True):
        count += np.bitwise_count(one[:, None] ^ other)
    return count


def _two_values(part: Any, low: Any, high: Any) -> bool:
    return bool(((part == low) | (part == high)).all())


def _packed(bits: NDArray[np.bool_]) -> Words:
    packed = np.packbits(bits, axis=1, bitorder="little")
    missing = -packed.shape[1] % 8
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, missing)))).view(np.uint64)
