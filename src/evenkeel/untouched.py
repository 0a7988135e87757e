"""Figures of the untouched rows, every rate with its counts and an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.intervals import (
    average_precision_interval,
    macro_replicates,
    mean_interval,
    percentiles,
    wilson,
)
from evenkeel.metrics import evaluate, row_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def untouched(
    y: NDArray[np.int64],
    proba: NDArray[np.float64],
    labels: NDArray[np.int64],
    classes: Sequence[Any],
    *,
    costs: NDArray[np.float64] | None = None,
) -> dict[str, Any]:
    """Every metric of the chosen model on rows that nothing saw.

    Parameters
    ----------
    y, labels
        Class codes ``(n_rows,)``, true and decided.
    proba
        Calibrated probabilities ``(n_rows, n_classes)``.
    classes
        Label of each code.
    costs
        ``(n_rows, n_classes)``: what each decision would cost, or None.

    Returns
    -------
    dict
        The keys of :func:`evenkeel.metrics.evaluate`, intervals (Wilson for rates), and with two
        classes the counts behind recall, precision and specificity and the alerts per 1,000 rows.
    """
    test = evaluate(y, proba, labels, n_classes=len(classes), costs=costs)
    table = np.asarray(test["confusion"])
    each = [
        row | _rate("recall", *_recall(table, code)) | _rate("precision", *_precision(table, code))
        for code, row in enumerate(test["per_class"])
    ]
    test["per_class"] = {str(label): row for label, row in zip(classes, each, strict=True)}
    test |= {"positives": None, "prevalence": None} | _costs(labels, costs)
    if len(classes) > 2:
        rarest = int(np.bincount(y)[np.unique(y)].min())
        low, high = percentiles(macro_replicates(y, proba), n=rarest)
        return test | {"average_precision_low": low, "average_precision_high": high}
    (tn, fp), (fn, tp) = table.tolist()
    low, high = average_precision_interval(y, proba[:, 1])
    counts = {"recall": (tp, tp + fn), "precision": (tp, tp + fp), "specificity": (tn, tn + fp)}
    for name, (hits, rows) in counts.items():
        test |= _rate(name, hits, rows) | {f"{name}_count": [hits, rows]}
    return test | {
        "positives": tp + fn,
        "prevalence": (tp + fn) / len(y),
        "alerts_per_1000": 1000 * (tp + fp) / len(y),
        "average_precision_low": low,
        "average_precision_high": high,
    }


def _costs(labels: NDArray[np.int64], costs: NDArray[np.float64] | None) -> dict[str, float]:
    """Interval of the cost per 1,000 rows, and what deciding alike for every row would cost."""
    if costs is None:
        return {}
    low, high = mean_interval(1000.0 * row_cost(labels, costs))
    alike = (1000.0 * costs.mean(axis=0)).tolist()
    found = {"cost_low": low, "cost_high": high, "cost_deciding_alike": min(alike)}
    if len(alike) > 2:
        return found
    return found | {"cost_acting_on_nobody": alike[0], "cost_acting_on_everybody": alike[1]}


def _recall(table: NDArray[np.int64], code: int) -> tuple[int, int]:
    return int(table[code, code]), int(table[code].sum())


def _precision(table: NDArray[np.int64], code: int) -> tuple[int, int]:
    return int(table[code, code]), int(table[:, code].sum())


def _rate(name: str, hits: int, rows: int) -> dict[str, float]:
    low, high = wilson(hits, rows)
    return {f"{name}_low": low, f"{name}_high": high}
