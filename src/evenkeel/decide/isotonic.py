"""Isotonic calibration of two classes: any rising curve, with its ends kept off 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from evenkeel.decide.odds import (
    TINY,
    apply_array,
    both_sides,
    fit_arrays,
    floor_of,
    log_odds,
    stored_kind,
    stored_numbers,
)
from evenkeel.errors import DamagedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_TILT = 1e-3  # slope inside a block and beyond the ends, in log-odds for one of log-odds
_FAR = 1e4  # no log-odds of float64 probabilities lie beyond


@dataclass(frozen=True)
class Isotonic:
    """The rising map that fits best, as knots of log-odds joined by straight lines.

    Pool-adjacent-violators cuts the sorted scores into blocks; a block with k positives among n
    rows says ``k / n``. A block of one class only (the lowest, the highest) says
    ``(k + prior) / (n + 1)`` with ``prior = (positives + 1) / (rows + 2)``, and is joined with its
    neighbour where that would not rise. n counts weight.

    Plain isotonic values are equal all through a block, which leaves nothing to rank by. Here each
    block rises by 0.001 in log-odds for 1 in the log-odds of the score, as do the stretches below
    the first and above the last knot, so that the ranking stays. Tied remain rows whose scores
    are equal or below a floor, or that lie closer than about 1e-12 in log-odds.

    Parameters
    ----------
    scores
        ``(n_knots,)``: log-odds of the scores, strictly rising.
    logits
        ``(n_knots,)``: calibrated log-odds, rising.
    floors
        ``(2,)``: a lower probability counts as this one, so that logarithms are finite.

    References
    ----------
    Zadrozny, Elkan (2002), KDD, section 3.3, https://doi.org/10.1145/775047.775151.
    Ayer, Brunk, Ewing, Reid, Silverman (1955), https://doi.org/10.1214/aoms/1177728423

    Examples
    --------
    >>> p = np.array([0.1, 0.2, 0.3, 0.4])
    >>> found = Isotonic.fit([0, 1, 0, 1], np.stack([1 - p, p], axis=1))
    >>> found.apply([[0.75, 0.25]]).round(2).tolist()
    [[0.5, 0.5]]
    """

    kind: ClassVar[str] = "isotonic"

    scores: tuple[float, ...]
    logits: tuple[float, ...]
    floors: tuple[float, ...]

    @property
    def n_classes(self) -> int:
        """Number of classes: 2."""
        return 2

    @classmethod
    def fit(cls, y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> Self:
        """Fit the blocks by weighted least squares; 10 million rows take a few seconds.

        Parameters
        ----------
        y
            ``(n_rows,)``: class codes 0 and 1.
        proba
            ``(n_rows, 2)``: out-of-fold probabilities at the original prevalence.
        weight
            ``(n_rows,)``: row weights, not negative. A row scored r times weighs 1/r each time.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], other than two columns, no rows, or lengths that differ.
        """
        from scipy.optimize import isotonic_regression

        codes, p, mass = fit_arrays(y, proba, weight, owner="Isotonic.fit", n_classes=2)
        floors = (floor_of(p[:, 0]), floor_of(p[:, 1]))
        score, misses, hits = _distinct(log_odds(p, floors), codes, mass)
        blocks = isotonic_regression(hits / (misses + hits), weights=misses + hits).blocks[:-1]
        first = np.asarray(blocks, dtype=np.int64)
        first, logit = _softened(
            first, np.add.reduceat(misses, first), np.add.reduceat(hits, first)
        )
        scores, logits = _knots(score[first], score[np.append(first[1:], score.size) - 1], logit)
        return cls(tuple(scores.tolist()), tuple(logits.tolist()), floors)

    def apply(self, proba: ArrayLike) -> Floats:
        """Calibrated probabilities, ``(..., 2)``, rows that sum to 1.

        Parameters
        ----------
        proba
            ``(..., 2)``: probabilities of the kind the map was fitted on.

        Raises
        ------
        InvalidInput
            Probabilities outside [0, 1], or another number of classes.
        """
        score = log_odds(apply_array(proba, 2, owner="Isotonic.apply"), self.floors)
        inner = np.clip(score, self.scores[0], self.scores[-1])
        gap = np.interp(inner, self.scores, self.logits)
        score -= inner
        return both_sides(gap + _TILT * score)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "kind": self.kind,
            "scores": list(self.scores),
            "logits": list(self.logits),
            "floors": list(self.floors),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The map that ``to_dict`` wrote; DamagedRun when it is anything else."""
        stored_kind(stored, cls.kind)
        scores = stored_numbers(stored, "scores", low=-_FAR, high=_FAR)
        logits = stored_numbers(stored, "logits", low=-_FAR, high=_FAR)
        floors = stored_numbers(stored, "floors", low=TINY, high=1.0, least=2, most=2)
        rises = (np.diff(scores) > 0.0).all() and (np.diff(logits) >= 0.0).all()
        if len(scores) != len(logits) or not rises:
            raise DamagedRun("The knots of the stored calibrator do not rise.")
        return cls(scores, logits, floors)


def _distinct(score: Floats, codes: Ints, mass: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct scores, rising, with the weight of negatives and of positives at each."""
    if mass.min() == 0.0:
        weighs = mass > 0.0
        score, codes, mass = score[weighs], codes[weighs], mass[weighs]
    order = np.argsort(score)
    score, codes, mass = score[order], codes[order], mass[order]
    first = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    hit = mass * codes
    return score[first], np.add.reduceat(mass - hit, first), np.add.reduceat(hit, first)


def _softened(first: Ints, misses: Floats, hits: Floats) -> tuple[Ints, Floats]:
    """First score and log-odds of each block, after its ends were kept off 0 and 1."""
    prior = (hits.sum() + 1.0) / (hits.sum() + misses.sum() + 2.0)
    # Only the lowest block can lack positives, and only the highest negatives.
    if len(first) > 1 and hits[0] == 0.0:
        odds = prior / (misses[0] + 1.0 - prior)
        if odds * misses[1] >= hits[1]:
            first, misses, hits = _joined(0, first, misses, hits)
    if len(first) > 1 and misses[-1] == 0.0:
        odds = (hits[-1] + prior) / (1.0 - prior)
        if odds * misses[-2] <= hits[-2]:
            first, misses, hits = _joined(len(first) - 2, first, misses, hits)
    pure = (misses == 0.0) | (hits == 0.0)
    return first, np.log(hits + prior * pure) - np.log(misses + (1.0 - prior) * pure)


def _joined(at: int, first: Ints, misses: Floats, hits: Floats) -> tuple[Ints, Floats, Floats]:
    """Blocks with ``at`` and the one above it made one."""
    kept = np.delete(np.arange(first.size), at + 1)
    return first[kept], np.add.reduceat(misses, kept), np.add.reduceat(hits, kept)


def _knots(low: Floats, high: Floats, logit: Floats) -> tuple[Floats, Floats]:
    """Both ends of each block, slightly tilted, never past the middle of the way to the next one."""
    to_next = np.append(np.diff(logit), np.inf)
    room = np.minimum(to_next, np.append(np.inf, to_next[:-1])) / 4.0
    half = np.minimum(_TILT * (high - low) / 2.0, room)
    ends = np.stack([low, high], axis=1).ravel()
    values = np.stack([logit - half, logit + half], axis=1).ravel()
    wanted = np.append(True, ends[1:] > ends[:-1])
    return ends[wanted], np.maximum.accumulate(values[wanted])
