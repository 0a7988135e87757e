"""The value of any metric, over the repeats or fold by fold, how far each row pulls it, and its range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel.confusion import confusion_table, from_confusion
from evenkeel.delong import roc_auc_influence
from evenkeel.influence import average_precision_influence, decision_influence
from evenkeel.metrics import METRICS, row_cost
from evenkeel.ranking import average_precision, roc_auc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_RANKINGS = {"average-precision": average_precision, "roc-auc": roc_auc}
_PULLS = {"average-precision": average_precision_influence, "roc-auc": roc_auc_influence}


def row_values(name: str, y: Ints, proba: Floats, labels: Ints, costs: Floats | None) -> Floats:
    """Numbers ``(n_repeats, n_rows)`` whose mean is the metric: cost, log-loss or Brier score.

    Parameters
    ----------
    name
        A metric of kind cost or probability.
    y
        ``(n_rows,)``: class codes.
    proba, labels
        ``(n_repeats, n_rows, n_classes)`` and ``(n_repeats, n_rows)``.
    costs
        ``(n_rows, n_classes)``; needed for the cost.
    """
    if name == "cost":
        assert costs is not None
        return np.stack([1000.0 * row_cost(decided, costs) for decided in labels])
    if name == "log-loss":
        hit = np.stack([p[np.arange(len(y)), y] for p in proba])
        eps = float(np.finfo(np.float64).eps)
        return np.asarray(-np.log(np.clip(hit, eps, 1.0 - eps)))
    squares = np.asarray(((proba - np.eye(proba.shape[2])[y]) ** 2).sum(axis=2))
    return squares / 2 if proba.shape[2] == 2 else squares


def pull_of(
    name: str, y: Ints, proba: Floats, labels: Ints, costs: Floats | None
) -> tuple[float, Floats]:
    """A metric averaged over repeats, and how far each row pulls that average.

    Parameters
    ----------
    name, y, proba, labels, costs
        As for :func:`row_values`, for any metric.

    Returns
    -------
    value, pull
        The metric, and ``(n_rows,)``; NaN where it is undefined.

    Examples
    --------
    >>> y, p = np.array([0, 0, 1]), np.array([[[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]])
    >>> value, pull = pull_of("brier", y, p, p.argmax(axis=2), None)
    >>> round(value, 4), pull.round(4).tolist()
    (0.1367, [-0.1267, 0.2233, -0.0967])
    """
    kind = METRICS[name].kind
    if kind in ("cost", "probability"):
        rows = row_values(name, y, proba, labels, costs).mean(axis=0)
        return float(rows.mean()), rows - rows.mean()
    if kind == "decision":
        found = [decision_influence(name, y, row, n_classes=proba.shape[2]) for row in labels]
    else:
        one = _PULLS[name]
        found = [one(y == code, p[:, code]) for p in proba for code in _judged(y, proba)]
    pulls: Floats = np.mean([pull for _, pull in found], axis=0)
    return float(np.mean([value for value, _ in found])), pulls


def ends_of(name: str, n_classes: int, costs: Floats | None) -> tuple[float, float]:
    """What a metric cannot leave.

    Parameters
    ----------
    name
        A metric.
    n_classes
        Number of classes.
    costs
        ``(n_rows, n_classes)``; needed for the cost: that of all rows is none below the least of one.

    Examples
    --------
    >>> ends_of("mcc", 2, None), ends_of("brier", 3, None), ends_of("cost", 2, np.array([[0.0, 5.0]]))
    ((-1.0, 1.0), (0.0, 2.0), (0.0, 5000.0))
    """
    if name == "cost":
        assert costs is not None
        return (1000.0 * float(costs.min()), 1000.0 * float(costs.max()))
    if name == "log-loss":
        return (0.0, math.inf)
    if name == "brier":
        return (0.0, 1.0 if n_classes == 2 else 2.0)
    return (-1.0 if name in ("mcc", "youden") else 0.0, 1.0)


def fold_values(
    name: str, y: Ints, proba: Floats, labels: Ints, fold: Ints, costs: Floats | None
) -> Floats:
    """A metric in each fold by itself.

    Parameters
    ----------
    name, y, proba, labels, costs
        As for :func:`pull_of`.
    fold
        ``(n_repeats, n_rows)``: the fold that held each row out.

    Returns
    -------
    array
        ``(n_repeats, n_folds)``; NaN where the rows of a fold do not define the metric.

    Examples
    --------
    >>> y, p = np.array([0, 1, 0, 1]), np.array([[[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]])
    >>> fold_values("roc-auc", y, p, p.argmax(axis=2), np.array([[0, 0, 1, 1]]), None).tolist()
    [[1.0, 0.0]]
    """
    found = np.full((len(proba), int(fold.max()) + 1), np.nan)
    measure = _measure(name, proba.shape[2])
    per_row = None if measure else row_values(name, y, proba, labels, costs)
    for repeat, dealt in enumerate(fold):
        for number in np.unique(dealt):
            inside = dealt == number
            found[repeat, number] = (
                per_row[repeat, inside].mean()
                if per_row is not None
                else measure(y[inside], proba[repeat, inside], labels[repeat, inside])  # type: ignore[misc]
            )
    return found


def _measure(name: str, n_classes: int) -> Callable[[Ints, Floats, Ints], float] | None:
    if METRICS[name].kind == "decision":
        return lambda y, _, labels: float(
            from_confusion(name, confusion_table(y, labels, n_classes=n_classes))
        )
    if METRICS[name].kind != "ranking":
        return None
    rank = _RANKINGS[name]
    return lambda y, proba, _: float(
        np.mean([rank(y == code, proba[:, code]) for code in _judged(y, proba)])
    )


def _judged(y: Ints, proba: Any) -> list[int]:
    """The positive class of two; of several, all that have rows."""
    present: list[int] = [1] if proba.shape[-1] == 2 else np.unique(y).tolist()
    return present
