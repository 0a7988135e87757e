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


class Shuffles:
    """Many lists, each in a new random order every time that it is gone through, without holding any.

    As :class:`Shuffle`, but what the rounds add is hashed, in 32 bits, rather than looked up: any
    mixture of lists and passes is one piece of arithmetic, be there two lists or thousands. In lists of
    fewer than ten some orders come more often than others, as the rounds have little to turn;
    each number still comes to each place equally often, within a few per cent.

    Parameters
    ----------
    sizes
        How long each list is, at least 1, ``(n_lists,)``.
    key
        Which orders, at least 0.

    References
    ----------
    The rounds: see :class:`Shuffle`. The hash: Wellons 2018, "Prospecting for hash functions",
    ``lowbias32``. https://nullprogram.com/blog/2018/07/31/

    Examples
    --------
    >>> lists = Shuffles(np.array([3, 5]), key=7)
    >>> five = np.arange(5)
    >>> [sorted(lists.at(five * 0 + 1, five * 0 + time, five).tolist()) for time in (0, 1)]
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """

    def __init__(self, sizes: Ints, key: int) -> None:
        self._type = np.dtype(np.uint32 if sizes.max() < 2**32 else np.int64)
        self._sizes = sizes.astype(self._type)
        a = np.ceil(np.sqrt(sizes)).astype(np.int64)  # a hair too large does no harm
        self._bounds = a.astype(np.uint32), (-(-sizes // a)).astype(np.uint32)
        drawn = fractions(key, np.arange(2 * len(sizes), dtype=np.uint64)) * 2.0**32
        self._keys = drawn.astype(np.uint32).reshape(2, -1)

    def at(self, which: Ints, times: Ints, places: Ints) -> Ints:
        """What stands at some places, ``(n,)``: each from 0 to the size of its list - 1.

        Parameters
        ----------
        which, times, places
            The list, how often it was gone through before, and the place in it, ``(n,)``.
        """
        again = times.astype(np.uint32)
        keys: list[Ints] = [_hashed(own.take(which) + again) for own in self._keys]
        bounds: list[Ints] = [own.take(which) for own in self._bounds]
        sizes = self._sizes.take(which)
        found = self._once(places.astype(self._type), bounds, keys)
        beyond = np.flatnonzero(found >= sizes)
        while beyond.size:
            part = [[own[beyond] for own in parts] for parts in (bounds, keys)]
            found[beyond] = self._once(found[beyond], *part)
            beyond = beyond[found[beyond] >= sizes[beyond]]
        return found

    def _once(self, x: Ints, bounds: list[Ints], keys: list[Ints]) -> Ints:
        wide = bounds[1].astype(self._type, copy=False)
        left = x // wide
        halves = [left.astype(np.uint32), (x - left * wide).astype(np.uint32)]
        shares = [bound.astype(np.float32) * np.float32(2.0**-24) for bound in bounds]
        for turn in range(ROUNDS):
            one, other = turn % 2, 1 - turn % 2
            bits = _hashed(halves[other] * _ODD + (keys[one] + np.uint32(turn))) >> np.uint32(8)
            drawn = (bits.view(np.int32).astype(np.float32) * shares[one]).astype(np.int32)
            halves[one] += drawn.view(np.uint32)
            halves[one] -= bounds[one] * (halves[one] >= bounds[one])
        return halves[0].astype(self._type, copy=False) * wide + halves[1]


_ODD = np.uint32(0x9E3779B1)
_HASH = ((16, 0x7FEB352D), (15, 0x846CA68B))


def _hashed(bits: Ints) -> Ints:
    """The same array, each number of it mixed by a bijection of 32 bits."""
    for shift, factor in _HASH:
        bits ^= bits >> np.uint32(shift)
        bits *= np.uint32(factor)
    bits ^= bits >> np.uint32(16)
    return bits


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
