"""Rows ranked by score: counts at every distinct score, average precision, area under the ROC."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evenkeel._arrays import as_binary, as_scores, as_weights, same_length

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Ranked(NamedTuple):
    """Counts at every distinct score, highest score first.

    Attributes
    ----------
    scores
        ``(n_distinct,)``, strictly falling.
    tp, fp
        ``(n_distinct,)``: positives and negatives (rows, or their weight) at or above each score.
    values
        ``(n_distinct,)``: further per-row numbers summed over the rows at or above each score.
    """

    scores: NDArray[np.float64]
    tp: NDArray[np.float64]
    fp: NDArray[np.float64]
    values: NDArray[np.float64] | None = None


def ranked(
    y: ArrayLike,
    p: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    values: ArrayLike | None = None,
    owner: str = "ranked",
) -> Ranked:
    """Cumulative counts at every distinct score; rows with equal scores enter together.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: finite scores, higher means more likely positive.
    weight
        ``(n_rows,)``: row weights, not negative. ``None`` counts rows.
    values
        ``(n_rows,)``: further numbers to accumulate, such as what flagging a row costs.
    owner
        Name of the caller, for messages.

    Raises
    ------
    InvalidInput
        Scores that are not finite, labels other than 0 and 1, or lengths that differ.

    Examples
    --------
    >>> curve = ranked([0, 1, 1, 0], [0.1, 0.8, 0.4, 0.4])
    >>> curve.scores.tolist(), curve.tp.tolist(), curve.fp.tolist()
    ([0.8, 0.4, 0.1], [1.0, 2.0, 2.0], [0.0, 1.0, 2.0])
    """
    codes, score = as_binary(y, owner=owner), as_scores(p, owner=owner, unit=False)
    same_length(owner, y=codes, p=score)
    if weight is None and values is None and (not score.size or score.min() >= 0.0):
        return _ranked_keys(codes, score)
    order = np.argsort(score)[::-1]
    score = score[order]
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: score.size])
    mass = as_weights(weight, codes.size, owner=owner)[order]
    positive = mass * codes[order]
    extra = None
    if values is not None:
        numbers = np.asarray(values, dtype=np.float64)
        same_length(owner, y=codes, values=numbers)
        extra = np.cumsum((numbers[order]) * mass)[ends]
    tp = np.cumsum(positive)[ends]
    return Ranked(score[ends], tp, np.cumsum(mass - positive)[ends], extra)


def _ranked_keys(codes: NDArray[np.int64], score: NDArray[np.float64]) -> Ranked:
    # Bits of floats that are not negative sort like whole numbers and leave the sign bit free: with
    # the label put in there, one plain sort replaces an argsort and two gathers. Inverted keys rise
    # where scores fall.
    keys = (score + 0.0).view(np.uint64)
    keys <<= np.uint64(1)
    keys |= codes.view(np.uint64)
    np.invert(keys, out=keys)
    keys.sort()
    np.invert(keys, out=keys)
    tp = np.cumsum((keys & np.uint64(1)).view(np.int64))
    keys >>= np.uint64(1)
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]), keys.size - 1)[: keys.size]
    above = tp[ends].astype(np.float64)
    return Ranked(keys[ends].view(np.float64), above, (ends + 1) - above)


def average_precision(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Area under the precision-recall steps.

    ``AP = sum_k (R_k - R_(k-1)) P_k`` over the distinct scores, highest first.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: finite scores.
    weight
        ``(n_rows,)``: row weights, not negative.

    Returns
    -------
    float
        Between 0 and 1; NaN without a positive row.

    References
    ----------
    Boyd, Eng, Page (2013), "Area under the precision-recall curve: point estimates and confidence
    intervals", ECML PKDD, https://doi.org/10.1007/978-3-642-40994-3_29

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    return precision_area(ranked(y, p, weight=weight, owner="average_precision"))


def precision_area(curve: Ranked) -> float:
    """Average precision of rows that are ranked already."""
    if not curve.tp.size or curve.tp[-1] <= 0.0:
        return float("nan")
    alerts = curve.tp + curve.fp
    precision = np.divide(curve.tp, alerts, out=np.zeros_like(alerts), where=alerts > 0.0)
    return float(np.sum(np.diff(curve.tp, prepend=0.0) * precision) / curve.tp[-1])


def roc_auc(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Share of (positive, negative) pairs that the scores put in the right order; ties count half.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: finite scores.
    weight
        ``(n_rows,)``: row weights, not negative.

    Returns
    -------
    float
        Between 0 and 1; NaN when one of the two classes has no row.

    References
    ----------
    Hanley, McNeil (1982), "The meaning and use of the area under a ROC curve", Radiology,
    https://doi.org/10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return pair_area(ranked(y, p, weight=weight, owner="roc_auc"))


def pair_area(curve: Ranked) -> float:
    """ROC-AUC of rows that are ranked already."""
    if not curve.tp.size or curve.tp[-1] <= 0.0 or curve.fp[-1] <= 0.0:
        return float("nan")
    tp_before = np.append(0.0, curve.tp[:-1])
    pairs = np.diff(curve.fp, prepend=0.0) @ (tp_before + curve.tp) / 2.0
    return float(pairs / (curve.tp[-1] * curve.fp[-1]))
