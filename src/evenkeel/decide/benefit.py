"""What a score is worth over ranges of costs: net benefit, cost curves, the best threshold of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_scores
from evenkeel._checks import check_number
from evenkeel.decide.threshold import Curve, threshold_curve
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_POINTS = 101
_TOP = 0.999


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit at some thresholds, each ``(n_thresholds,)``, in true positives by row.

    Parameters
    ----------
    thresholds
        Probabilities from which on one would act.
    model, everything, nothing
        Net benefit of acting by the score, on every row, and on none (0).
    """

    thresholds: Floats
    model: Floats
    everything: Floats
    nothing: Floats


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Normalised expected cost over the probability-cost function, each ``(n_points,)``.

    Parameters
    ----------
    pc
        Probability-cost function: 0 where only false alarms cost, 1 where only misses do.
    model, everything, nothing
        Cost of the best threshold, of flagging every row (``1 - pc``) and none (``pc``).
    threshold
        The best threshold.
    """

    pc: Floats
    model: Floats
    everything: Floats
    nothing: Floats
    threshold: Floats


@dataclass(frozen=True, eq=False)
class CostRange:
    """The best threshold of each cost ratio, each ``(n_ratios,)``.

    Parameters
    ----------
    ratio
        Cost of a miss in false alarms, ``cost_fn / cost_fp``.
    threshold, alert_rate, recall, precision
        The best threshold and what it gives; precision 0 where nothing is flagged.
    cost, everything, nothing
        Cost of 1,000 rows, in false alarms: of that threshold, of flagging every row, of none.
    """

    ratio: Floats
    threshold: Floats
    alert_rate: Floats
    recall: Floats
    precision: Floats
    cost: Floats
    everything: Floats
    nothing: Floats


def decision_curve(
    y: ArrayLike | None = None,
    p: ArrayLike | None = None,
    *,
    thresholds: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    curve: Curve | None = None,
) -> DecisionCurve:
    """Net benefit of acting on rows from a threshold probability on.

    ``TP / n - FP / n t / (1 - t)``, where rows with ``p >= t`` count as flagged: somebody who acts
    from a probability of t on holds ``(1 - t) / t`` false alarms for as bad as one miss.

    Parameters
    ----------
    y, p
        ``(n_rows,)``: labels 0 and 1, and calibrated probabilities.
    thresholds
        ``(n_thresholds,)``: at least 0, below 1. ``None``: 101 evenly spaced on the scale of
        log-odds, from a tenth of the odds of the prevalence to the highest score (at most
        0.999).
    weight
        ``(n_rows,)``: row weights.
    curve
        In place of ``y``, ``p`` and ``weight``: the curve made of them, so that rows are sorted once.

    Raises
    ------
    InvalidInput
        Neither rows nor a curve, thresholds outside [0, 1), or rows ``threshold_curve`` refuses.

    References
    ----------
    Vickers, Elkin (2006), https://doi.org/10.1177/0272989X06295361

    Examples
    --------
    >>> found = decision_curve([0, 0, 0, 1], [0.1, 0.2, 0.5, 0.8], thresholds=[0.2, 0.6])
    >>> found.model.tolist(), found.everything.round(4).tolist()
    ([0.125, 0.25], [0.0625, -0.875])
    """
    line = _line(y, p, weight, curve, owner="decision_curve")
    at = _useful(line) if thresholds is None else np.atleast_1d(np.asarray(thresholds, np.float64))
    if not ((at >= 0.0) & (at < 1.0)).all():
        raise InvalidInput(
            "thresholds of decision_curve must be at least 0 and below 1. "
            f"Got {at.min():g} to {at.max():g}."
        )
    flagged = line.scores.size - np.searchsorted(line.scores[::-1], at, side="left")
    n_rows, odds = line.tp[-1] + line.fp[-1], at / (1.0 - at)
    model, everything = (
        (line.tp[points] - line.fp[points] * odds) / n_rows for points in (flagged, -1)
    )
    return DecisionCurve(at, model, everything, np.zeros_like(at))


def cost_curve(
    y: ArrayLike | None = None,
    p: ArrayLike | None = None,
    *,
    n_points: int = _POINTS,
    weight: ArrayLike | None = None,
    curve: Curve | None = None,
) -> CostCurve:
    """The least cost that any threshold reaches, from "only false alarms cost" to "only misses do".

    ``min over thresholds of pc FNR + (1 - pc) FPR`` with
    ``pc = prevalence cost_fn / (prevalence cost_fn + (1 - prevalence) cost_fp)``. Only corners of the ROC convex
    hull can be best, so the envelope of all thresholds is exact.

    Parameters
    ----------
    y, p, weight, curve
        As in ``decision_curve``; the scores need no calibration.
    n_points
        Evenly spaced values of ``pc`` from 0 to 1, at least 2.

    References
    ----------
    Drummond, Holte (2006), section 4, https://doi.org/10.1007/s10994-006-8199-5

    Examples
    --------
    >>> cost_curve([0, 1, 0, 1], [0.1, 0.2, 0.5, 0.8], n_points=5).model.tolist()
    [0.0, 0.125, 0.25, 0.125, 0.0]
    """
    check_number(n_points, "n_points", "cost_curve", low=2, whole=True)
    line = _line(y, p, weight, curve, owner="cost_curve")
    pc = np.linspace(0.0, 1.0, n_points)
    corners, recall, fall_out = _hull(line)
    # The next corner is worth going to from the pc on where its caught cases outweigh its alarms.
    gained, lost = np.diff(recall), np.diff(fall_out)
    best = np.searchsorted(lost / (gained + lost), pc, side="left")
    model = pc * (1.0 - recall[best]) + (1.0 - pc) * fall_out[best]
    return CostCurve(pc, model, 1.0 - pc, pc, line.thresholds_at(corners[best]))


def cost_range(
    y: ArrayLike | None = None,
    p: ArrayLike | None = None,
    *,
    ratios: ArrayLike,
    weight: ArrayLike | None = None,
    curve: Curve | None = None,
) -> CostRange:
    """The cheapest threshold for each of several cost ratios, and what it would do.

    Least ``ratio FN + FP``; among equals the fewest alerts.

    Parameters
    ----------
    y, p, weight, curve
        As in ``decision_curve``; the scores need no calibration.
    ratios
        ``(n_ratios,)``: ``cost_fn / cost_fp``, above 0.

    Raises
    ------
    InvalidInput
        Ratios that are not above 0 and finite.

    Examples
    --------
    >>> found = cost_range([0, 1, 0, 1], [0.125, 0.25, 0.5, 0.75], ratios=[0.5, 4])
    >>> found.threshold.tolist(), found.cost.tolist(), found.recall.tolist()
    ([0.625, 0.1875], [125.0, 250.0], [0.5, 1.0])
    """
    line = _line(y, p, weight, curve, owner="cost_range")
    ratio = np.atleast_1d(as_scores(ratios, owner="cost_range", name="ratios", unit=False))
    if not (ratio > 0.0).all():
        raise InvalidInput(f"ratios of cost_range must be above 0. Got {ratio.min():g}.")
    corners, recall, _ = _hull(line)
    caught, alarms = np.diff(line.tp[corners]), np.diff(line.fp[corners])
    # The next corner is cheaper where ratio x caught > alarms; its share of alarms only rises.
    step = np.searchsorted(alarms / (caught + alarms), ratio / (1.0 + ratio), side="left")
    at = corners[step]
    tp, fp, positives, negatives = line.tp[at], line.fp[at], line.tp[-1], line.fp[-1]
    thousand = 1000.0 / (positives + negatives)
    return CostRange(
        ratio=ratio,
        threshold=line.thresholds_at(at),
        alert_rate=(tp + fp) / (positives + negatives),
        recall=recall[step],
        precision=np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0.0),
        cost=thousand * (ratio * (positives - tp) + fp),
        everything=np.full(ratio.shape, thousand * negatives),
        nothing=thousand * ratio * positives,
    )


def _line(
    y: ArrayLike | None,
    p: ArrayLike | None,
    weight: ArrayLike | None,
    curve: Curve | None,
    *,
    owner: str,
) -> Curve:
    if curve is not None and y is None and p is None and weight is None:
        return curve
    if curve is None and y is not None and p is not None:
        return threshold_curve(y, p, weight=weight)
    raise InvalidInput(f"{owner} takes y and p, or a curve made of them: one of the two.")


def _useful(line: Curve) -> Floats:
    """Thresholds from a tenth of the odds of the prevalence to the highest score."""
    low = np.log(line.tp[-1] / line.fp[-1] / 10.0)
    # Nearer to 1 nobody can tell thresholds apart; and the range spans at least a factor of 100.
    top = min(float(line.scores[0]), _TOP)
    high = max(np.log(top / (1.0 - top)) if top > 0.0 else low, low + np.log(100.0))
    grid: Floats = 1.0 / (1.0 + np.exp(-np.linspace(low, high, _POINTS)))
    return grid


def _hull(line: Curve) -> tuple[Ints, Floats, Floats]:
    """Points of the curve at the corners of the ROC convex hull, with their recall and fall-out.

    Pooling neighbouring scores until the share of positives falls leaves exactly the hull (Fawcett,
    Niculescu-Mizil 2007, https://doi.org/10.1007/s10994-007-5011-0).
    """
    from scipy.optimize import isotonic_regression

    hits, rows = np.diff(line.tp), np.diff(line.tp + line.fp)
    present = np.flatnonzero(rows > 0.0)
    share = hits[present] / rows[present]
    blocks = isotonic_regression(share, weights=rows[present], increasing=False).blocks
    # Where each block ends; rows without weight belong to nobody and move no count.
    ends = np.append(0, present[blocks[1:] - 1] + 1)
    return ends, line.tp[ends] / line.tp[-1], line.fp[ends] / line.fp[-1]
