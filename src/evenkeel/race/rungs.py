"""Rungs of successive halving: how many candidates are left in each, and on which rows they meet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

RARE_ROWS = 200  # a class with no more rows keeps them all: fewer could not be told apart


def rung_sizes(n: int) -> list[int]:
    """Candidates in each rung.

    >>> rung_sizes(8), rung_sizes(5), rung_sizes(2)
    ([8, 4, 2], [5, 3, 2], [2])
    """
    sizes = [n]
    while sizes[-1] > 2:
        sizes.append(max(2, math.ceil(sizes[-1] / 2)))
    return sizes


def thinned(
    codes: Ints, rows: Ints, share: float, rng: np.random.Generator, *, least: int = 0
) -> Ints:
    """A share of the rows, sorted, class by class; of a class at least 200 rows, or all it has.

    Shares of one generator are nested: the rows of a smaller one are among those of a larger.

    Parameters
    ----------
    codes, rows
        Class codes of all rows; numbers of those to draw from, sorted.
    share, least
        In (0, 1]; and rows to keep of a class where that is more than 200.
    """
    kept = []
    for code in np.unique(codes[rows]):
        mine = rng.permutation(rows[codes[rows] == code])
        kept.append(mine[: max(RARE_ROWS, least, math.ceil(share * mine.size))])
    return np.sort(np.concatenate(kept))
