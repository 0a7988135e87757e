"""Which rows each member of an ensemble is fitted on: lists of row numbers, never copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Draws:
    """For member ``i``, ``size[c]`` rows of each class ``c``; a pure function of the seed and ``i``.

    Members can therefore be drawn in any order, by any number of jobs, and again later.

    Parameters
    ----------
    rows_of
        Row numbers of each class, sorted.
    size
        Rows of each class that a member gets.
    replaced
        Whether the rows of each class are drawn with replacement; without, a class that has no more
        rows than are wanted is given whole.
    seed
        At least 0.
    apart
        Members share no row of a class that is cut, as far as its rows go; then it starts anew in
        another order. Without replacement only.

    Examples
    --------
    >>> draws = Draws([np.arange(6), np.array([6, 7])], [3, 2], [False, False], 0, apart=True)
    >>> parts = [set(draws.rows(i).tolist()) for i in range(2)]
    >>> sorted(parts[0] & parts[1]), len(parts[0] | parts[1])
    ([6, 7], 8)
    """

    rows_of: Sequence[Ints]
    size: Sequence[int]
    replaced: Sequence[bool]
    seed: int
    apart: bool = False
    _orders: dict[tuple[int, int], Ints] = field(default_factory=dict, repr=False)

    def rows(self, member: int) -> Ints:
        """Row numbers of one member, sorted; repeated where they were drawn twice."""
        random = np.random.default_rng([self.seed, member])
        parts = [self._of_class(code, member, random) for code in range(len(self.rows_of))]
        return np.sort(np.concatenate(parts))

    def _of_class(self, code: int, member: int, random: np.random.Generator) -> Ints:
        rows, size = self.rows_of[code], self.size[code]
        if self.replaced[code]:
            return rows[random.integers(0, rows.size, size)]
        if size >= rows.size:
            return rows
        if not self.apart:
            return rows[random.choice(rows.size, size, replace=False, shuffle=False)]
        shares = rows.size // size
        turn, place = divmod(member, shares)
        order = self._order(code, turn)
        if rows.size - shares * size < shares:  # one row more for the first ones, and none is left
            return rows[np.array_split(order, shares)[place]]
        return rows[order[place * size : (place + 1) * size]]

    def _order(self, code: int, turn: int) -> Ints:
        """A shuffled class; kept while members of the same turn are drawn."""
        found = self._orders.get((code, turn))
        if found is None:
            random = np.random.default_rng([self.seed, 1 << 30, code, turn])
            found = random.permutation(self.rows_of[code].size)
            for old in [key for key in self._orders if key[0] == code]:
                self._orders.pop(old, None)
            self._orders[code, turn] = found
        return found
