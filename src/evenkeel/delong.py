"""ROC-AUC with the pull of every row on it, which makes its interval and paired differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_binary, as_scores, same_length
from evenkeel.bootstrap import as_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_NEAR = (
    1e-9  # of the way from the measured area, where the search for an end of its interval starts
)


def roc_auc_interval(
    y: ArrayLike, proba: ArrayLike, *, other: ArrayLike | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of ROC-AUC, or of its paired difference to ``other`` on the same rows.

    Two classes: Newcombe's method 5, the areas A for which ``|AUC - A| <= z s(A)`` with ``s(A)^2 = A (1
    - A) (1 + N (1 - A) / (2 - A) + N A / (1 + A)) / (m n)``, ``N = (m + n) / 2 - 1``, m and n rows of
    each class: it covers 95 to 99 % from 10 positives on, where DeLong's on the logit scale falls to
    83 %. Several classes: ``logit(AUC) +- t s / (AUC (1 - AUC))`` with DeLong's ``s = sqrt(sum_i h_i^2) /
    n`` of the influence ``h_i`` of each row, and Student's t for the rows of the rarest class less one.
    A difference: ``AUC - AUC_other +- t s``. ``python -m benchmarks.coverage`` measures them.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba, other
        ``(n_rows, n_classes)`` or ``(n_repeats, n_rows, n_classes)``; repeats are averaged. Several
        classes: macro one-against-rest.
    confidence
        Between 0 and 1.

    Returns
    -------
    low, high
        NaN when only one class has rows.

    References
    ----------
    Newcombe (2006), part 2, method 5, https://doi.org/10.1002/sim.2324. DeLong, DeLong, Clarke-Pearson
    (1988), https://doi.org/10.2307/2531595. Pepe (2003), "The statistical evaluation of medical
    tests", section 5.2.3 (the logit).

    Examples
    --------
    >>> p = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    >>> low, high = roc_auc_interval([0, 0, 1, 0, 1, 0, 1, 1], [[1 - q, q] for q in p])
    >>> round(low, 2), round(high, 2)
    (0.4, 0.96)
    """
    from scipy.stats import norm, t

    counts = np.bincount(as_classes(y, owner="roc_auc_interval"))
    rarest = int(counts[counts > 0].min()) if counts.any() else 0
    q = float(t.ppf((1.0 + confidence) / 2.0, max(rarest - 1, 1)))
    value, pull = _auc_influence(y, proba)
    if other is None and np.shape(proba)[-1] == 2 and np.count_nonzero(counts) == 2:
        return _newcombe(value, counts[0], counts[1], float(norm.ppf((1.0 + confidence) / 2.0)))
    if other is not None:
        rival, rival_pull = _auc_influence(y, other)
        value, pull = value - rival, pull - rival_pull
    half = q * float(np.sqrt(pull @ pull)) / max(pull.size, 1)
    if other is not None or not 0.0 < value < 1.0:
        return (value - half, value + half)
    logit, spread = np.log(value / (1.0 - value)), half / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(logit + np.array([-spread, spread]))))
    return (float(low), float(high))


def roc_auc_influence(y: ArrayLike, p: ArrayLike) -> tuple[float, Floats]:
    """ROC-AUC and how far each row pulls it: DeLong's placements, centred and scaled.

    A positive row pulls by ``(share of negatives below it - AUC) n / n_pos``, a negative one by
    ``(share of positives above it - AUC) n / n_neg``; scaled by ``sqrt(n_c / (n_c - 1))`` so that
    ``sum(pull^2) / n^2`` is DeLong's variance of the AUC.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: finite scores.

    Returns
    -------
    value, pull
        The area, and ``(n_rows,)``; NaN when one of the two classes has no row.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), https://doi.org/10.2307/2531595

    Examples
    --------
    >>> value, pull = roc_auc_influence([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> value, pull.tolist()
    (0.75, [0.707..., -0.707..., -0.707..., 0.707...])
    """
    codes, score = as_binary(y, owner="roc_auc"), as_scores(p, owner="roc_auc", unit=False)
    same_length("roc_auc", y=codes, p=score)
    hit = codes == 1
    positives, negatives = np.sort(score[hit]), np.sort(score[~hit])
    if not positives.size or not negatives.size:
        return float("nan"), np.full(score.size, np.nan)
    placed = np.empty(score.size)
    placed[hit] = _below(negatives, score[hit])
    placed[~hit] = 1.0 - _below(positives, score[~hit])
    value = float(placed[hit].mean())
    placed -= value
    n = score.size
    scale = [n / np.sqrt(m * max(m - 1, 1)) for m in (negatives.size, positives.size)]
    return value, placed * np.where(hit, scale[1], scale[0])


def _newcombe(value: float, m: int, n: int, z: float) -> tuple[float, float]:
    """The areas that the measured one does not contradict."""
    from scipy.optimize import brentq

    pairs, size = float(m) * float(n), (m + n) / 2 - 1

    def apart(area: float, side: int) -> float:
        spread = 1 + size * (1 - area) / (2 - area) + size * area / (1 + area)
        return (value - area) * side - z * float(np.sqrt(area * (1 - area) * spread / pairs))

    # An area of 0 or 1 solves it without saying anything: the root sought lies further in.
    low = brentq(apart, 0.0, value - _NEAR * value, args=(1,)) if value > 0.0 else 0.0
    high = brentq(apart, value + _NEAR * (1 - value), 1.0, args=(-1,)) if value < 1.0 else 1.0
    return (float(low), float(high))


def _below(others: Floats, score: Floats) -> Floats:
    """Share of ``others``, sorted, below each score; equal ones count half."""
    left = np.searchsorted(others, score, side="left")
    right = np.searchsorted(others, score, side="right")
    return np.asarray((left + right) / (2.0 * others.size))


def _auc_influence(y: ArrayLike, proba: ArrayLike) -> tuple[float, Floats]:
    scores = as_scores(proba, owner="roc_auc_interval", name="proba", unit=False)
    scores = scores if scores.ndim == 3 else scores[None]
    codes = as_classes(y, owner="roc_auc_interval")
    kinds = [1] if scores.shape[2] == 2 else np.unique(codes).tolist()
    parts = [
        roc_auc_influence(codes == code, repeat[:, code]) for repeat in scores for code in kinds
    ]
    pull: Floats = np.mean([pull for _, pull in parts], axis=0)
    return float(np.mean([value for value, _ in parts])), pull
