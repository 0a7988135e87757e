"""A shuffle of many numbers that can be asked for place by place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.chance import fractions
from evenkeel.plan import id_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

SMALL = 4096  # so few numbers are sorted by their keys: every order is equally likely
ROUNDS = 6


def key_of(*numbers: int) -> int:
    """One key out of several numbers; each of them changes it.

    >>> key_of(0, 1) != key_of(1, 0)
    True
    """
    key = 0
    for number in numbers:
        key = int(fractions(key, np.array([number], np.uint64))[0] * 2.0**53)
    return key


def keys_of(key: int, numbers: Ints) -> NDArray[np.uint64]:
    """A key for each number, ``(n,)``."""
    return (fractions(key, numbers.astype(np.uint64)) * 2.0**53).astype(np.uint64)


def shuffled(sizes: Ints, keys: NDArray[np.uint64], places: Ints) -> Ints:
    """What stands at some places of many shuffles: as :class:`Shuffle`, without tables.

    Parameters
    ----------
    sizes, keys, places
        For each number that is wanted ``(n,)``: how long its list is, which order, and the place.

    Examples
    --------
    >>> five, same = np.full(5, 5), np.full(5, 7, np.uint64)
    >>> sorted(shuffled(five, same, np.arange(5)).tolist())
    [0, 1, 2, 3, 4]
    """
    a = np.ceil(np.sqrt(sizes)).astype(np.int64)  # a hair too large does no harm
    b = -(-sizes // a)
    found, left = np.array(places, np.int64), np.arange(len(places))
    while left.size:
        halves, bounds = list(np.divmod(found[left], b[left])), (a[left], b[left])
        for turn in range(ROUNDS):
            one, other, size = turn % 2, 1 - turn % 2, bounds[turn % 2]
            counter = keys[left] + halves[other].astype(np.uint64)
            halves[one] += (fractions(turn, counter) * size).astype(np.int64)
            halves[one] %= size
        found[left] = halves[0] * b[left] + halves[1]
        left = left[found[left] >= sizes[left]]
    return found


class Shuffle:
    """The numbers from 0 to ``n - 1`` in random order, without holding them.

    Number ``x`` is written as ``(x // b, x % b)`` with ``a b >= n`` and both near the square root of
    n. Each round adds to one half, modulo its size, a random number looked up by the other half; what
    falls on ``n`` or above goes through again. That is a bijection, and its tables hold about
    ``6 sqrt(n)`` numbers.

    Parameters
    ----------
    n
        How many numbers, at least 1.
    key
        Which order, at least 0.

    References
    ----------
    Black and Rogaway 2002, "Ciphers with arbitrary finite domains", CT-RSA, section 5 (generalised
    Feistel rounds, cycle walking). doi:10.1007/3-540-45760-7_9

    Examples
    --------
    >>> Shuffle(5, key=3).at(np.arange(5)).tolist()
    [1, 2, 0, 3, 4]
    >>> both = Shuffle(10**9, key=3).at(np.array([5, 7]))
    >>> bool(both[1] == Shuffle(10**9, key=3).at(np.array([7]))[0])
    True
    """

    def __init__(self, n: int, key: int) -> None:
        self.n = n
        self._type = id_type(2 * n)
        self._order: Ints | None = None
        if n <= SMALL:
            keys = fractions(key, np.arange(n, dtype=np.uint64))
            self._order = np.argsort(keys, kind="stable").astype(self._type)
            return
        self._a = math.isqrt(n - 1) + 1
        self._b = -(-n // self._a)
        self._tables = []
        for turn in range(ROUNDS):
            size, other = (self._a, self._b) if turn % 2 == 0 else (self._b, self._a)
            drawn = fractions(key_of(key, turn), np.arange(other, dtype=np.uint64)) * size
            self._tables.append(drawn.astype(self._type))

    def at(self, places: Ints) -> Ints:
        """The numbers at these places of the order, ``(n_places,)``, each from 0 to ``n - 1``."""
        if self._order is not None:
            return self._order.take(places)
        found = self._once(places.astype(self._type, copy=False))
        beyond = np.flatnonzero(found >= self.n)
        while beyond.size:
            found[beyond] = self._once(found[beyond])
            beyond = beyond[found[beyond] >= self.n]
        return found

    def _once(self, x: Ints) -> Ints:
        left = x // self._b
        right = x - left * self._b
        for turn, table in enumerate(self._tables):
            half, other, size = (left, right, self._a) if turn % 2 == 0 else (right, left, self._b)
            half += table.take(other)
            half -= size * (half >= size)
        left *= self._b
        left += right
        return left
