"""Figures of the untouched rows, every rate with its counts and an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.influence import average_precision_influence
from evenkeel.intervals import (
    average_precision_interval,
    macro_replicates,
    mean_interval,
    percentiles,
)
from evenkeel.metrics import evaluate, row_cost
from evenkeel.widening import in_groups, rate_interval, widen, widening

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
    groups: NDArray[np.int64] | None = None,
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
    groups
        ``(n_rows,)``: codes of groups of rows that are alike, which widens all intervals; None where
        rows are independent.

    Returns
    -------
    dict
        The keys of :func:`evenkeel.metrics.evaluate`, intervals (Wilson for rates), and with two
        classes the counts behind recall, precision and specificity and the alerts per 1,000 rows.
        With groups ``KEY_widened``: how many times as wide an interval is for them.
    """
    groups = groups if in_groups(groups) else None
    test = evaluate(y, proba, labels, n_classes=len(classes), costs=costs)
    table = np.asarray(test["confusion"])
    each = [
        row
        | _rate("recall", labels == code, y == code, groups)
        | _rate("precision", y == code, labels == code, groups)
        for code, row in enumerate(test["per_class"])
    ]
    test["per_class"] = {str(label): row for label, row in zip(classes, each, strict=True)}
    test |= {"positives": None, "prevalence": None} | _costs(y, labels, costs, groups)
    if len(classes) > 2:
        return test | _ranking(y, proba, groups)
    (tn, fp), (fn, tp) = table.tolist()
    test |= _rate("recall", labels == 1, y == 1, groups) | {"recall_count": [tp, tp + fn]}
    test |= _rate("precision", y == 1, labels == 1, groups) | {"precision_count": [tp, tp + fp]}
    test |= _rate("specificity", labels == 0, y == 0, groups) | {"specificity_count": [tn, tn + fp]}
    return (
        test
        | {
            "positives": tp + fn,
            "prevalence": (tp + fn) / len(y),
            "alerts_per_1000": 1000 * (tp + fp) / len(y),
        }
        | _ranking(y, proba, groups)
    )


def _ranking(
    y: NDArray[np.int64], proba: NDArray[np.float64], groups: NDArray[np.int64] | None
) -> dict[str, float]:
    """Interval of average precision; of several classes of its mean over those that have rows."""
    codes = [1] if proba.shape[1] == 2 else np.unique(y).tolist()
    if proba.shape[1] == 2:
        low, high = average_precision_interval(y, proba[:, 1])
    else:
        rarest = int(np.bincount(y)[codes].min())
        low, high = percentiles(macro_replicates(y, proba), n=rarest)
    found = [average_precision_influence(y == code, proba[:, code]) for code in codes]
    point = float(np.mean([value for value, _ in found]))
    pull = np.mean([pull for _, pull in found], axis=0)
    factor = widening(pull, groups, y, stratified=True)
    return _wider("average_precision", (low, high), point, factor, groups, (0.0, 1.0))


def _costs(
    y: NDArray[np.int64],
    labels: NDArray[np.int64],
    costs: NDArray[np.float64] | None,
    groups: NDArray[np.int64] | None,
) -> dict[str, float]:
    """Interval of the cost per 1,000 rows, and what deciding alike for every row would cost."""
    if costs is None:
        return {}
    spent = 1000.0 * row_cost(labels, costs)
    mean, most = float(spent.mean()), (1000.0 * float(costs.min()), 1000.0 * float(costs.max()))
    factor = widening(spent - mean, groups, y)
    found = _wider("cost", mean_interval(spent), mean, factor, groups, most)
    alike = (1000.0 * costs.mean(axis=0)).tolist()
    found["cost_deciding_alike"] = min(alike)
    if len(alike) > 2:
        return found
    return found | {"cost_acting_on_nobody": alike[0], "cost_acting_on_everybody": alike[1]}


def _wider(
    name: str,
    ends: tuple[float, float],
    point: float,
    factor: float,
    groups: NDArray[np.int64] | None,
    within: tuple[float, float],
) -> dict[str, float]:
    """An interval, and with groups how many times as wide it is made for them."""
    low, high = widen(*ends, point, factor, within=within)
    found = {f"{name}_low": low, f"{name}_high": high}
    return found if groups is None else found | {f"{name}_widened": factor}


def _rate(
    name: str,
    hit: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    groups: NDArray[np.int64] | None,
) -> dict[str, float]:
    """Interval of the share of hits among the rows inside."""
    low, high, factor = rate_interval(hit[inside], None if groups is None else groups[inside])
    found = {f"{name}_low": low, f"{name}_high": high}
    return found if groups is None else found | {f"{name}_widened": factor}
