"""The shares of the classes among unlabelled rows, estimated from calibrated probabilities."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel._checks import check_number
from evenkeel.bootstrap import percentiles
from evenkeel.decide.prior import LEAST, PriorShift, as_shares
from evenkeel.errors import EvenkeelWarning, InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_CELLS = 4096  # groups of like rows, or rows, that enter a draw
_CYCLES = 300
_NOTHING = 1e-7  # a share within rounding of the draws of 0
_WIDE = 0.5  # an interval wider than this says next to nothing


@dataclass(frozen=True)
class PriorEstimate:
    """Estimated shares of the classes, with intervals.

    Attributes
    ----------
    was
        ``(n_classes,)``: shares where the probabilities were calibrated.
    now
        ``(n_classes,)``: estimated shares among the unlabelled rows.
    low, high
        ``(n_classes,)``: interval of each. It covers the draw of the rows, not an error of the
        calibration.
    converged
        Whether the iteration came to rest.
    """

    was: tuple[float, ...]
    now: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    converged: bool

    @property
    def shift(self) -> PriorShift:
        """The map from the old shares to the estimated ones."""
        return PriorShift(self.was, self.now)


def estimate_prior(
    proba: ArrayLike,
    was: ArrayLike,
    *,
    n_boot: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
) -> PriorEstimate:
    """Estimate the shares of the classes among unlabelled rows by maximum likelihood (EM).

    ``now_c <- mean of p_c (now_c / was_c) / sum over j of p_j (now_j / was_j)``, from
    ``now = was`` until it rests; squared extrapolation shortens the way.

    Right where rows of a class look as they did when the probabilities were calibrated: only the
    shares may have changed. Warns when the rows cannot tell.

    Parameters
    ----------
    proba
        ``(n_rows, n_classes)``: probabilities of unlabelled rows, calibrated at the shares ``was``.
    was
        ``(n_classes,)``: those shares, each at least 1e-12, with sum 1.
    n_boot
        Draws of rows behind the interval. Two classes: above 4,096 rows like rows are drawn
        together. More classes: 4,096 of the rows are drawn and the spread is scaled to all.
    confidence
        Between 0 and 1.
    seed
        Seed of the draws.

    Returns
    -------
    PriorEstimate

    Raises
    ------
    InvalidInput
        Probabilities outside [0, 1] or the same for every row, another number of classes, no rows.

    References
    ----------
    Saerens, Latinne, Decaestecker (2002), equation 2.9, https://doi.org/10.1162/089976602753284446.
    Varadhan, Roland (2008), https://doi.org/10.1111/j.1467-9469.2007.00585.x (the extrapolation).

    Examples
    --------
    >>> p = np.repeat([0.1, 0.9], [700, 300])
    >>> found = estimate_prior(np.stack([1 - p, p], axis=1), (0.5, 0.5))
    >>> round(found.now[1], 3)
    0.25
    """
    owner = "estimate_prior"
    shares = as_shares(was, "was", owner)
    p = as_scores(proba, owner=owner, name="proba")
    if p.ndim != 2 or p.shape[1] != shares.size or not len(p):
        raise InvalidInput(
            f"proba of {owner} must have shape (n_rows, {shares.size}). Got {p.shape}."
        )
    check_number(n_boot, "n_boot", owner, low=20, whole=True)
    check_number(confidence, "confidence", owner, low=0, high=1, open_low=True, open_high=True)
    ratios = p / shares
    total = ratios.sum(axis=1, keepdims=True)
    ratios = np.divide(ratios, total, out=ratios, where=total > 0.0)
    ratios = ratios[total[:, 0] > 0.0]
    if not len(ratios) or not np.ptp(ratios, axis=0).max() > 1e-9:
        raise InvalidInput(
            f"proba of {owner} must differ between rows. All rows say the same, which tells nothing "
            "about the shares of the classes."
        )
    now, rested = _shares(ratios, np.ones((1, len(ratios))), shares[None], tol=1e-10)
    low, high = _interval(ratios, now, shares, n_boot=int(n_boot), confidence=confidence, seed=seed)
    estimate = PriorEstimate(
        tuple(shares.tolist()), tuple(now[0].tolist()), tuple(low), tuple(high), bool(rested)
    )
    _warn(estimate)
    return estimate


def _shares(
    ratios: Floats, counts: Floats, start: Floats, *, tol: float
) -> tuple[Floats, np.bool_]:
    """Fixed points ``(n_draws, n_classes)`` of the iteration, and whether all came to rest."""
    at = np.repeat(start, len(counts), axis=0) if len(start) == 1 else start
    size = counts.sum(axis=1, keepdims=True)

    def once(share: Floats) -> tuple[Floats, Floats]:
        mixed = np.maximum(share @ ratios.T, 1e-300)
        ahead = np.maximum(share * ((counts / mixed) @ ratios) / size, LEAST)
        return ahead / ahead.sum(axis=1, keepdims=True), np.einsum(
            "ij,ij->i", counts, np.log(mixed)
        )

    for _ in range(_CYCLES):
        one, before = once(at)
        two, _ = once(one)
        first, second = one - at, two - 2.0 * one + at
        if np.abs(two - one).max() <= tol and np.abs(first).max() <= tol:
            return two, np.True_
        length = np.sqrt((first**2).sum(axis=1) / np.maximum((second**2).sum(axis=1), 1e-300))
        far = np.maximum(length, 1.0)[:, None]
        leap = np.maximum(at + 2.0 * far * first + far**2 * second, LEAST)
        leap, after = once(leap / leap.sum(axis=1, keepdims=True))
        # The likelihood never falls in a plain step; a leap that lowers it is not taken.
        at = np.where((after >= before)[:, None], leap, two)
    return at, np.False_


def _interval(
    ratios: Floats, now: Floats, was: Floats, *, n_boot: int, confidence: float, seed: int
) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    cells, counts = ratios, np.ones(len(ratios))
    if len(ratios) > _CELLS and ratios.shape[1] == 2:
        edges = np.arange(_CELLS) * len(ratios) // _CELLS
        cells = np.add.reduceat(ratios[np.argsort(ratios[:, 1])], edges)
        counts = np.diff(np.append(edges, len(ratios))).astype(np.float64)
        cells /= counts[:, None]
    elif len(ratios) > _CELLS:
        cells = ratios[rng.choice(len(ratios), _CELLS, replace=False)]
        counts = np.ones(_CELLS)
    middle, _ = _shares(cells, counts[None], was[None], tol=1e-8)
    drawn = rng.multinomial(int(counts.sum()), counts / counts.sum(), size=n_boot)
    # A share that has come down to nothing stays there: draws start half way to the old shares.
    start = (middle + was) / 2.0
    spread = _shares(cells, drawn.astype(np.float64), start, tol=1e-6)[0] - middle
    # Fewer rows than there are vary more, by the root of their ratio.
    spread *= np.sqrt(counts.sum() / len(ratios))
    ends = [percentiles(column, confidence=confidence) for column in (now + spread).T]
    low = [min(end[0], share) for end, share in zip(ends, now[0], strict=True)]
    high = [min(1.0, max(end[1], share)) for end, share in zip(ends, now[0], strict=True)]
    return [end if end > _NOTHING else 0.0 for end in low], high


def _warn(found: PriorEstimate) -> None:
    widest = max(range(len(found.now)), key=lambda code: found.high[code] - found.low[code])
    rarest = min(range(len(found.now)), key=lambda code: found.now[code])
    for code in dict.fromkeys((widest, rarest)):
        low, high = found.low[code], found.high[code]
        if high - low > _WIDE or high > max(10.0 * low, _NOTHING):
            warnings.warn(
                f"The rows can hardly tell the share of class {code}: it may lie anywhere from "
                f"{low:.2g} to {high:.2g}. Take labels of some rows, or more rows.",
                EvenkeelWarning,
                stacklevel=3,
            )
            return
    if not found.converged:
        warnings.warn(
            "The estimate of the shares had not come to rest: the probabilities say little about "
            "the class.",
            EvenkeelWarning,
            stacklevel=3,
        )
