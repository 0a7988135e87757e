"""How hard rows are for the members so far, and draws that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

HARDNESS: dict[str, Callable[[Any], Any]] = {
    "absolute": lambda p: 1.0 - p,
    "brier": lambda p: (1.0 - p) ** 2,
    "cross-entropy": lambda p: -np.log(np.maximum(p, 1e-12)),
}


@dataclass(frozen=True, eq=False)
class Cuts:
    """How a draw thinned rows by hardness: what it kept of each bin over what it kept of all.

    Parameters
    ----------
    low, width
        First edge and width of the bins; 0 wide where all rows were as hard.
    kept
        ``(k_bins,)``: 1 is the average.
    """

    low: float
    width: float
    kept: Floats

    def log_kept(self, hardness: Floats) -> Floats:
        """``log(kept)`` of the bin that each row falls in; rows beyond the ends are in the last."""
        return np.asarray(
            np.log(self.kept)[bins_of(hardness, self.low, self.width, self.kept.size)]
        )


def bins_of(hardness: Floats, low: float, width: float, n_bins: int) -> Ints:
    """The bin of each row, from 0."""
    if width <= 0.0:
        return np.zeros(len(hardness), np.intp)
    return np.clip((hardness - low) / width, 0, n_bins - 1).astype(np.intp)


def cut_by_hardness(
    hardness: Floats, size: int, n_bins: int, pace: float, random: np.random.Generator
) -> tuple[Ints, Cuts]:
    """Places of a draw that takes ``1 / (h_l + pace)`` of bin ``l``, and how it thinned them.

    Parameters
    ----------
    hardness
        Of each row, ``(n_rows,)``.
    size
        Rows to draw, at most ``n_rows``. A bin with too few rows gives all; others fill up.
    n_bins, pace
        Bins of equal width, and the self-paced factor, at least 0.
    random
        Generator.

    Examples
    --------
    >>> hard = np.repeat([0.1, 0.9], [900, 100])
    >>> drawn, cuts = cut_by_hardness(hard, 100, 2, 0.0, np.random.default_rng(0))
    >>> np.bincount((hard[drawn] > 0.5).astype(int)).tolist(), cuts.kept.round(1).tolist()
    ([90, 10], [1.0, 1.0])
    """
    low, high = float(hardness.min()), float(hardness.max())
    width = (high - low) / n_bins
    at = bins_of(hardness, low, width, n_bins)
    there = np.bincount(at, minlength=n_bins)
    mean = np.bincount(at, hardness, n_bins) / np.maximum(there, 1)
    pull = np.where(there > 0, 1.0 / np.maximum(mean + pace, 1e-12), 0.0)
    wanted = _shared_out(pull, there, size)
    order = np.argsort(at, kind="stable")
    ends = np.cumsum(there)
    drawn = [
        order[end - n : end][random.choice(n, take, replace=False)]
        for end, n, take in zip(ends, there, wanted, strict=True)
        if take
    ]
    kept = (wanted + 0.5) / (there + 0.5 * hardness.size / size) * (hardness.size / size)
    return np.concatenate(drawn), Cuts(low, width, np.maximum(kept, 1e-6))


def _shared_out(pull: Floats, there: Ints, size: int) -> Ints:
    """Rows of each bin, in proportion to ``pull``, none above what is there, with sum ``size``."""
    wanted = np.zeros(there.size)
    left, open_ = float(size), there > 0
    while left > 1e-9 and open_.any():
        more = np.where(open_, pull, 0.0)
        wanted += left * more / more.sum()
        full = wanted >= there
        wanted = np.minimum(wanted, there)
        left = size - wanted.sum()
        open_ &= ~full
    whole = np.floor(wanted + 1e-9).astype(np.intp)
    rest = int(size - whole.sum())
    for place in np.argsort(whole - wanted, kind="stable")[: max(rest, 0)]:
        whole[place] += 1
    return np.minimum(whole, there)
