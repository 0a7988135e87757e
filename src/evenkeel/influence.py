"""How far each row pulls a metric: one pass gives standard errors of it and of every paired difference.

The pull ``h_i`` of row ``i`` is ``n`` times the derivative of the metric to the weight of the row. The
pulls of a metric sum to 0, its variance is ``sum(h^2) / n^2``, and that of the difference of two
models on the same rows ``sum((h - g)^2) / n^2`` (the infinitesimal jackknife).

References
----------
Jaeckel (1972), Bell Laboratories memorandum; Efron (1982), "The jackknife, the bootstrap and other
resampling plans", chapter 6, https://doi.org/10.1137/1.9781611970319
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_binary, as_codes, as_scores, same_length
from evenkeel.confusion import confusion_table, from_confusion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_STEP = 1e-6  # share of all rows by which a cell of a confusion table is moved


def average_precision_influence(
    y: ArrayLike, p: ArrayLike, *, weight: Floats | None = None
) -> tuple[float, Floats]:
    """Average precision and how far each row pulls it.

    With ``T`` positives and ``F`` negatives at or above a score and ``P`` positives in all, every
    positive ``i`` at or below row ``j`` counts: ``P / n h_j = prec_j - AP + sum_i F_i / (T_i + F_i)^2``
    for a positive, ``P / n h_j = -sum_i T_i / (T_i + F_i)^2`` for a negative row.

    Parameters
    ----------
    y
        ``(n_rows,)``: 1 for the positive class, 0 for the rest.
    p
        ``(n_rows,)``: finite scores; equal ones share a threshold.
    weight
        ``(n_rows,)``, positive: how many rows each stands for; rows count by it in all sums, and
        pull by it. 1 each by default.

    Returns
    -------
    value, pull
        The metric, and ``(n_rows,)``; NaN when one of the two classes has no row.

    Examples
    --------
    >>> value, pull = average_precision_influence([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    >>> round(value, 4), pull.round(4).tolist()
    (0.8333, [0.5556, -0.4444, -0.1111, 0.0])
    """
    codes, score = (
        as_binary(y, owner="average_precision"),
        as_scores(p, owner="average_precision", unit=False),
    )
    same_length("average_precision", y=codes, p=score)
    hit, n = codes == 1, score.size
    if hit.all() or not hit.any():
        return float("nan"), np.full(n, np.nan)
    masses = np.ones(n) if weight is None else weight
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    level = np.cumsum(np.append(False, falling[1:] != falling[:-1]))
    gained = np.add.reduceat((hit * masses)[order], starts)
    tp = np.cumsum(gained)
    alerts = np.cumsum(np.add.reduceat(masses[order], starts))
    precision = tp / alerts
    value = float(gained @ precision / tp[-1])
    # What one more row at each level does to the precision of all positives at or below it.
    more_hits = _from_below(gained * (alerts - tp) / alerts**2)
    more_misses = _from_below(-gained * tp / alerts**2)
    pull = np.empty(n)
    pull[order] = np.where(hit[order], (precision - value + more_hits)[level], more_misses[level])
    return value, pull * masses * (masses.sum() / tp[-1]) + 0.0


def decision_influence(
    name: str, y: ArrayLike, labels: ArrayLike, *, n_classes: int = 2
) -> tuple[float, Floats]:
    """A metric of decisions and how far each row pulls it, by its slope in the cells of the table.

    Parameters
    ----------
    name
        A decision metric of ``METRICS``, or ``"f<beta>"``.
    y, labels
        ``(n_rows,)``: class codes, true and decided.
    n_classes
        Number of classes.

    Returns
    -------
    value, pull
        The metric, and ``(n_rows,)``; NaN where it is undefined.

    Examples
    --------
    >>> value, pull = decision_influence("recall", [0, 1, 1, 1, 1], [0, 1, 1, 1, 0])
    >>> round(value, 4), (pull.round(4) + 0.0).tolist()
    (0.75, [0.0, 0.3125, 0.3125, 0.3125, -0.9375])
    """
    true = as_codes(y, owner="decision_influence", n_classes=n_classes)
    decided = as_codes(labels, owner="decision_influence", name="labels", n_classes=n_classes)
    table = confusion_table(true, decided, n_classes=n_classes) / true.size
    value = float(from_confusion(name, table))
    cells = np.eye(n_classes**2).reshape(-1, n_classes, n_classes)
    # Forwards only: a cell without rows has nothing to give back.
    slope = (from_confusion(name, table + _STEP * cells) - value) / _STEP
    slope -= slope @ table.ravel()
    return value, slope[true * n_classes + decided]


def _from_below(values: Floats) -> Floats:
    return np.cumsum(values[::-1])[::-1]
