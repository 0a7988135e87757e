"""How far the chosen entry's own figure flatters it for having been chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.bootstrap import row_draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evenkeel.race.choice import Field

_DRAWS, _FEWEST, _CELLS = 500, 100, 30_000_000


@dataclass(frozen=True)
class Flattery:
    """The chosen entry's figure, and what is left of it without the luck of having been chosen.

    Attributes
    ----------
    candidates
        Entries that could have been chosen, the baseline included.
    seen, corrected
        The objective as measured out of fold, and corrected for the choice.
    """

    candidates: int
    seen: float
    corrected: float


def flattery(field: Field, *, seed: int = 0) -> Flattery:
    """Bootstrap bias corrected cross-validation (BBC-CV) of the whole rule that chooses.

    In each redraw of the rows the rule chooses again on the rows drawn, and what it chose is
    measured on the rows not drawn. Rows enter by their pull on the metric, so a redraw of all
    entries is one product of matrices, and figures are set against the mean of the entries, which
    no choice can flatter. Rows in groups are drawn, and left out, by whole groups, each with its size.

    Parameters
    ----------
    field
        Entries measured on the same rows.
    seed
        Seed of the redraws.

    References
    ----------
    Tsamardinos, Greasidou, Borboudakis (2018), section 3, https://doi.org/10.1007/s10994-018-5714-4
    """
    n = field.pulls.shape[1]
    n_draws = max(_FEWEST, min(_DRAWS, _CELLS // max(n, 1)))
    linear = np.ascontiguousarray(field.pulls.T)
    honest = []
    for [drawn] in row_draws([n], n_draws, seed=seed, streams=[0]):
        left = drawn == 0
        inside = drawn @ linear / np.maximum(_rows(drawn, field.sizes), 1.0)[:, None]
        outside = left @ linear / np.maximum(_rows(left, field.sizes), 1.0)[:, None]
        gains = field.gains(field.values + inside)
        picked = np.array([field.rule.pick(row) for row in gains])
        own = field.values[picked] + outside[np.arange(len(picked)), picked]
        honest.append(own - (field.values + outside).mean(axis=1))
    at = field.rule.pick(field.gains(field.values))
    corrected = float(field.values.mean() + np.mean(np.concatenate(honest)))
    return Flattery(len(field.values), float(field.values[at]), corrected)


def _rows(counts: NDArray[Any], sizes: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Rows in each draw, ``(n_draws,)``, from how often it holds each row or group."""
    if sizes is None:
        return np.asarray(counts.sum(axis=1, dtype=np.float64))
    return np.asarray(counts @ sizes.astype(np.float64))
