"""Curves of the untouched rows, thinned to what a page can draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.decide import threshold_curve
from evenkeel.ranking import ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

POINTS = 300


def draw_curves(
    y: NDArray[np.int64],
    proba: NDArray[np.float64],
    classes: Sequence[Any],
    *,
    costs: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """Precision-recall curves by class, and what every threshold would do (two classes).

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``.
    proba
        Calibrated probabilities ``(n_rows, n_classes)``.
    classes
        Label of each code.
    costs
        ``(n_rows, n_classes)``: what each decision would cost, or None.

    Returns
    -------
    dict
        ``precision_recall``: by label, points with recall, precision, threshold; ``thresholds``:
        points with threshold, precision, recall, alerts per 1,000 rows, cost per 1,000 rows.
    """
    lines = {}
    for code in (1,) if len(classes) == 2 else range(len(classes)):
        hit = (y == code).astype(np.int64)
        if 0 < hit.sum() < len(hit):
            lines[str(classes[code])] = _precision_recall(hit, proba[:, code])
    both = len(classes) == 2 and 0 < y.sum() < len(y)
    points = _thresholds(y, proba[:, 1], costs) if both else []
    return {"precision_recall": lines, "thresholds": points}


def _precision_recall(hit: NDArray[np.int64], p: NDArray[np.float64]) -> list[dict[str, float]]:
    line = ranked(hit, p)
    at = _thin(len(line.scores))
    recall, precision = line.tp / hit.sum(), line.tp / (line.tp + line.fp)
    return [
        {"recall": r, "precision": q, "threshold": t}
        for r, q, t in zip(recall[at], precision[at], line.scores[at], strict=True)
    ]


def _thresholds(
    y: NDArray[np.int64], p: NDArray[np.float64], costs: NDArray[np.float64] | None
) -> list[dict[str, float | None]]:
    curve = threshold_curve(y, p, cost=costs)
    at = _thin(len(curve.tp))
    alerts = (curve.tp + curve.fp)[at]
    cost = [None] * len(at) if curve.cost is None else (1000 * curve.cost[at] / len(y)).tolist()
    return [
        {
            "threshold": t,
            "precision": q,
            "recall": r,
            "alerts_per_1000": 1000 * a / len(y),
            "cost": c,
        }
        for t, q, r, a, c in zip(
            curve.thresholds_at(at),
            curve.precision[at],
            curve.recall[at],
            alerts,
            cost,
            strict=True,
        )
    ]


def _thin(n: int) -> NDArray[np.int64]:
    """Positions of at most ``POINTS`` points of n, denser at the top of the ranking."""
    if n <= POINTS:
        return np.arange(n)
    spread = np.geomspace(1, n, POINTS // 2), np.linspace(1, n, POINTS // 2)
    return np.unique(np.concatenate(spread).astype(np.int64) - 1)
