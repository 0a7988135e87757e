"""A minimum precision or recall that holds at a stated confidence, or the word that none can."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._checks import check_choice, check_number
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from evenkeel.decide.threshold import Curve

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_STEP = 1.03  # ratio of neighbouring numbers of alerts: at most this share of alerts is given away
_APART = 3.0  # ratio of neighbouring starts
_MOST = 1 << 40  # more rows than anybody has


@dataclass(frozen=True)
class Guarantee:
    """What can be promised of decisions on new rows of the same kind, scored as these were.

    Parameters
    ----------
    point
        Index into the curve, or None where the minimum cannot be guaranteed.
    floor_of, floor, confidence
        ``"precision"`` or ``"recall"``, the least it may be, and how sure the promise is.
    bound
        Exact (Clopper-Pearson) lower bound at the point, at the level its test had; without a point
        that of the nearest one, at the level of a start.
    hits, rows
        Counts behind the rate: positives flagged, and alerts (precision) or positives (recall).
    needed
        Without a point: about how many alerts or positives a promise would need; None where no
        number would do, as the nearest rate does not lie above the minimum.

    Examples
    --------
    >>> Guarantee(7, "precision", 0.8, 0.95, 0.8127, 173, 190).sentence()
    'a precision of at least 0.8 holds with 95 % confidence for rows scored as these were (lower bound 0.81, 173/190)'
    """

    point: int | None
    floor_of: str
    floor: float
    confidence: float
    bound: float
    hits: int
    rows: int
    needed: int | None = None

    def sentence(self) -> str:
        """The promise in plain words, or why there is none."""
        what, sure = f"a {self.floor_of} of at least {self.floor:g}", f"{100 * self.confidence:g} %"
        counts = f"{self.hits:,}/{self.rows:,}"
        if self.point is not None:
            # Cut, never rounded up: the promise must not look better than it is.
            low = math.floor(100 * self.bound) / 100
            low = max(low, self.floor)
            found = f"(lower bound {low:g}, {counts})"
            return f"{what} holds with {sure} confidence for rows scored as these were {found}"
        if self.floor_of == "recall":
            words = f"{what} cannot be guaranteed at {sure} with {self.rows:,} positives"
            return f"{words}; {_enough(self.needed)}"
        words = f"{what} cannot be guaranteed at {sure}: the nearest point has {counts}"
        if self.needed is None:
            return f"{words}, and no number of alerts at that rate would do"
        return f"{words}; about {self.needed:,} alerts at that rate are needed"


def guaranteed(curve: Curve, *, floor_of: str, floor: float, confidence: float) -> Guarantee:
    """The point of a curve that surely keeps a minimum, and among those has the best other rate.

    It covers new rows of the same kind for scores made as these were. Out-of-fold scores come from
    models fitted without a fold; the model fitted on all rows scores new rows a little differently,
    and what that changes is not part of the promise.

    Learn then test: each point's null hypothesis "the rate on new rows lies below the minimum" has
    the exact p-value ``P(Bin(rows, floor) >= hits)``, and points are taken such that the chance
    of *any* wrong rejection is at most ``1 - confidence``. So the best of them may be picked freely.

    *Recall* (rows: positives) falls with the threshold. Thresholds tested from the lowest up, each
    at the full level until one fails, need no correction: the first false one alone decides.

    *Precision* (rows: alerts) has no order. Tested are numbers of alerts fixed by the number of
    rows alone, growing by 3 %; the point for k alerts is the largest whole block of equal scores
    with at most k. Given the next lower score, rows above it are independent draws from all rows
    above it, so each p-value is exact. The level is split evenly over starts, each three times as
    many alerts as the one before; a test that rejects hands its level to the next larger number,
    which may have one of its own (the fallback procedure). The sum over the starts bounds the chance
    of a wrong promise where positives grow rarer down the ranking; for other rankings, and for the
    threshold midway to the next score, simulation stands in for proof (tests). At 2,000 rows with
    10 % positives (binormal, distance 2.5, minimum 0.8) this keeps a mean recall of 0.50,
    Bonferroni over the same points 0.39. Starts placed by the scores would keep a little more, but
    scores calibrated on the same labels then know too much: isotonic ones broke 20 % of promises
    of 95 %.

    Parameters
    ----------
    curve
        Counts of rows (not weights), one score for each row, in an order that these labels did not
        make: isotonic probabilities fitted on them tie rows just where that flatters, and broke up to
        9.5 % of promises of 95 % (no score worth anything, minimum just above the prevalence).
    floor_of, floor
        ``"precision"`` or ``"recall"``; above 0, up to 1.
    confidence
        Above 0, below 1.

    Raises
    ------
    InvalidInput
        Weighted counts, or numbers outside their range.

    References
    ----------
    Angelopoulos, Bates, Candes, Jordan, Lei (2021), "Learn then test", section 2,
    https://doi.org/10.48550/arXiv.2110.01052. Wiens, Dmitrienko (2005), "The fallback procedure",
    https://doi.org/10.1080/10543400500265660

    Examples
    --------
    >>> from evenkeel.decide import threshold_curve
    >>> y, p = [0] * 300 + [1] * 40, [i / 340 for i in range(340)]
    >>> guaranteed(threshold_curve(y, p), floor_of="recall", floor=0.99, confidence=0.95).sentence()
    'a recall of at least 0.99 cannot be guaranteed at 95 % with 40 positives; at least 299 are needed'
    >>> found = guaranteed(threshold_curve(y, p), floor_of="precision", floor=0.8, confidence=0.95)
    >>> found.hits, found.rows, round(found.bound, 2)
    (40, 40, 0.9)
    """
    check_choice(floor_of, ("precision", "recall"), "floor_of", "guaranteed")
    check_number(floor, floor_of, "guaranteed", low=0.0, high=1.0, open_low=True)
    check_number(
        confidence, "confidence", "guaranteed", low=0.0, high=1.0, open_low=True, open_high=True
    )
    ends = np.array([curve.tp[-1], curve.fp[-1], curve.tp[-1] + curve.fp[-1]])
    if not np.array_equal(ends, np.round(ends)):
        raise InvalidInput(
            "curve of guaranteed must count rows, since bounds of weighted rows are not exact. "
            f"Got {ends[0]:g} positives. Leave weight out."
        )
    search = _recall if floor_of == "recall" else _precision
    return search(curve, floor, confidence)


def tail(hits: ArrayLike, rows: ArrayLike, rate: float) -> Floats:
    """``P(Bin(rows, rate) >= hits)``, the exact p-value of "the rate is below this".

    >>> tail([3, 2, 0], [3, 3, 3], 0.5).tolist()
    [0.125, 0.5, 1.0]
    """
    from scipy.special import betainc

    k, n = np.asarray(hits, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    found: Floats = np.where(k > 0.0, betainc(np.maximum(k, 1.0), n - k + 1.0, rate), 1.0)
    return found


def lower_bound(hits: float, rows: float, *, level: float) -> float:
    """The lowest rate that a one-sided test at this level does not reject (Clopper-Pearson).

    >>> round(lower_bound(299, 299, level=0.05), 4)
    0.99
    """
    from scipy.special import betaincinv

    return float(betaincinv(hits, rows - hits + 1.0, level)) if hits > 0 else 0.0


def _recall(curve: Curve, floor: float, confidence: float) -> Guarantee:
    level, positives = 1.0 - confidence, round(float(curve.tp[-1]))
    if not tail(positives, positives, floor) <= level:
        bound = lower_bound(positives, positives, level=level)
        needed = _all_hits(floor, level)
        return Guarantee(
            None, "recall", floor, confidence, bound, positives, positives, needed=needed
        )
    low, high = 0, positives  # misses grow from high to low: the last count that still rejects
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tail(middle, positives, floor) <= level else (middle, high)
    first = int(np.searchsorted(curve.tp, high))
    kept = curve.tp[first:]
    precision = kept / (kept + curve.fp[first:])
    at = first + int(np.flatnonzero(precision == precision.max())[-1])
    hits = round(float(curve.tp[at]))
    bound = lower_bound(hits, positives, level=level)
    return Guarantee(at, "recall", floor, confidence, bound, hits, positives)


def _precision(curve: Curve, floor: float, confidence: float) -> Guarantee:
    alerts = curve.tp + curve.fp
    numbers, share = _plan(round(float(alerts[-1])), floor, 1.0 - confidence)
    points = np.searchsorted(alerts, numbers, side="right") - 1
    hits, rows = curve.tp[points], alerts[points]
    levels = (1.0 - confidence) * _levels(tail(hits, rows, floor), share, 1.0 - confidence)
    kept = np.flatnonzero(levels > 0.0)
    if kept.size:
        best = kept[np.argmax(hits[kept])]  # the first of equals has the fewest alerts
        counts = round(float(hits[best])), round(float(rows[best]))
        bound = lower_bound(*counts, level=float(levels[best]))
        return Guarantee(int(points[best]), "precision", floor, confidence, bound, *counts)
    level = (1.0 - confidence) * float(share.max())
    # Between starts a point may pass at a level that it does not have: it needs no more rows.
    fails = tail(hits, rows, floor) > level
    hits, rows = hits[fails], rows[fails]
    rate = np.divide(hits, rows, out=np.zeros_like(hits), where=rows > 0.0)
    evidence = (rate - floor) * np.sqrt(rows)
    near = int(np.argmax(evidence if evidence.max() > 0.0 else rate))
    counts = round(float(hits[near])), round(float(rows[near]))
    bound = lower_bound(*counts, level=level)
    needed = _more_rows(*counts, floor, level)
    return Guarantee(None, "precision", floor, confidence, bound, *counts, needed=needed)


def _plan(n_rows: int, floor: float, level: float) -> tuple[Ints, Floats]:
    """Numbers of alerts to test, rising, and the share of the level that each owns."""
    fewest = _all_hits(floor, level)
    # Twice the fewest that could ever pass at the full level: there a share of it suffices too.
    low = n_rows if fewest is None else min(2 * fewest, n_rows)
    steps = math.ceil(math.log(n_rows / low) / math.log(_STEP))
    numbers = np.unique(np.round(low * (n_rows / low) ** np.linspace(0.0, 1.0, steps + 1)))
    n_starts = 1 + int(math.log(n_rows / low) / math.log(_APART))
    starts = np.searchsorted(numbers, low * _APART ** np.arange(n_starts))
    starts = np.unique(np.minimum(starts, numbers.size - 1))
    share = np.zeros(numbers.size)
    share[starts] = 1.0 / starts.size
    return numbers.astype(np.int64), share


def _levels(p_values: Floats, share: Floats, level: float) -> Floats:
    """Share of the level at which each hypothesis was rejected, 0 where it was not."""
    found, handed = np.zeros(share.size), 0.0
    for at, (value, own) in enumerate(zip(p_values.tolist(), share.tolist(), strict=True)):
        held = own + handed
        handed = held if value <= held * level else 0.0
        found[at] = handed
    return found


def _all_hits(floor: float, level: float) -> int | None:
    """Rows that pass when every one is a hit: ``floor^rows <= level``."""
    # At a confidence near 0 the level is 1: even then a promise rests on a row.
    return max(1, math.ceil(math.log(level) / math.log(floor))) if floor < 1.0 else None


def _more_rows(hits: int, rows: int, floor: float, level: float) -> int | None:
    """Rows of the same rate that would pass where these do not, None unless the rate lies above."""
    if not rows or hits <= floor * rows:
        return None
    rate, low, high = hits / rows, rows, 2 * rows
    while high < _MOST and not tail(rate * high, high, floor) <= level:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        passes = bool(tail(rate * middle, middle, floor) <= level)
        low, high = (low, middle) if passes else (middle, high)
    return high


def _enough(needed: int | None) -> str:
    return "no number would do" if needed is None else f"at least {needed:,} are needed"
