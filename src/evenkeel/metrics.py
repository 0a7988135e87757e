"""One table of metrics, and every figure of a set of probabilities and decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evenkeel._arrays import as_codes, as_scores, as_weights, same_length
from evenkeel.confusion import (
    Counts,
    confusion_table,
    from_confusion,
    from_counts,
    one_against_rest,
)
from evenkeel.errors import InvalidInput
from evenkeel.ranking import pair_area, precision_area, ranked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Kind = Literal["ranking", "decision", "probability", "cost"]


@dataclass(frozen=True)
class Metric:
    """One row of ``METRICS``.

    Parameters
    ----------
    name, title
        The key of the table, and what people read.
    kind
        What it judges: a ranking, decisions, probabilities, or the cost of decisions.
    greater_is_better
        Whether a larger value is better.
    reference
        Where it is defined.
    """

    name: str
    title: str
    kind: Kind
    greater_is_better: bool = True
    reference: str = ""

    @property
    def key(self) -> str:
        """The name in dicts and JSON: underscores for hyphens."""
        return self.name.replace("-", "_")


_ROWS = (
    Metric(
        "average-precision",
        "average precision",
        "ranking",
        True,
        "doi:10.1007/978-3-642-40994-3_29",
    ),
    Metric("roc-auc", "ROC-AUC", "ranking", True, "doi:10.1148/radiology.143.1.7063747"),
    Metric("precision", "precision", "decision", True, "van Rijsbergen (1979)"),
    Metric("recall", "recall", "decision", True, "van Rijsbergen (1979)"),
    Metric("specificity", "specificity", "decision", True, "doi:10.2307/4586294"),
    Metric("f1", "F1", "decision", True, "van Rijsbergen (1979)"),
    Metric("f2", "F2", "decision", True, "van Rijsbergen (1979)"),
    Metric("balanced-accuracy", "balanced accuracy", "decision", True, "doi:10.1109/ICPR.2010.764"),
    Metric("g-mean", "G-mean", "decision", True, "Kubat, Matwin (1997), ICML, 179-186"),
    Metric("mcc", "MCC", "decision", True, "doi:10.1016/j.compbiolchem.2004.09.006"),
    Metric("youden", "Youden's J", "decision", True, "Youden (1950), Cancer 3, 32-35"),
    Metric("accuracy", "accuracy", "decision"),
    Metric("brier", "Brier score", "probability", False, "Brier (1950), MWR 78, 1-3"),
    Metric("log-loss", "log-loss", "probability", False, "Good (1952), JRSS B 14, 107-114"),
    Metric("cost", "cost per 1,000 rows", "cost", False, "Elkan (2001), IJCAI, 973-978"),
)
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ROWS}

_OF_EACH_CLASS = ("precision", "recall", "specificity", "f1")


def brier(y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Mean squared error of probabilities.

    Two classes: ``mean((p - y)^2)``, from 0 to 1. Several classes: the squared errors of all
    classes are summed (Brier's own form), from 0 to 2.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_rows, n_classes)``, rows that sum to 1.
    weight
        ``(n_rows,)``: row weights, not negative.

    References
    ----------
    Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78, pages 1-3.

    Examples
    --------
    >>> round(brier([0, 1], [[0.9, 0.1], [0.2, 0.8]]), 12)
    0.025
    """
    true, p, mass = _forecast(y, proba, weight, "brier")
    if p.shape[1] == 2:
        error = (p[:, 1] - true) ** 2
    else:
        error = np.einsum("ij,ij->i", p, p) - 2.0 * p[np.arange(true.size), true] + 1.0
    return float(np.average(error, weights=mass))


def log_loss(y: ArrayLike, proba: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Mean negative log of the probability that the true class was given, in nats.

    ``-mean(log(max(p_y, eps)))`` with ``eps`` the resolution of float64, so that one certain and
    wrong forecast costs 36 and not infinity.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_rows, n_classes)``, rows that sum to 1.
    weight
        ``(n_rows,)``: row weights, not negative.

    References
    ----------
    Good (1952), "Rational decisions", JRSS B 14, pages 107-114.

    Examples
    --------
    >>> round(log_loss([0, 1], [[0.9, 0.1], [0.2, 0.8]]), 4)
    0.1643
    """
    true, p, mass = _forecast(y, proba, weight, "log_loss")
    eps = float(np.finfo(np.float64).eps)
    given = np.clip(p[np.arange(true.size), true], eps, 1.0 - eps)
    return float(np.average(-np.log(given), weights=mass))


def evaluate(
    y: ArrayLike,
    proba: ArrayLike,
    labels: ArrayLike,
    *,
    n_classes: int,
    costs: ArrayLike | None = None,
) -> dict[str, Any]:
    """Every metric of ``METRICS`` for one set of probabilities and decisions.

    Two classes: figures of the positive class, code 1. Several classes: ranking and decision
    metrics are macro one-against-rest; accuracy, balanced accuracy, G-mean, MCC, Brier and
    log-loss are those of all classes together.

    Parameters
    ----------
    y, labels
        ``(n_rows,)``: class codes, true and decided.
    proba
        ``(n_rows, n_classes)``, rows that sum to 1.
    n_classes
        Number of classes, 2 or more.
    costs
        ``(n_rows, n_classes)``: what each possible decision would cost for each row, given its
        true class (``Policy.row_costs``).

    Returns
    -------
    dict
        Keys of ``METRICS`` with underscores, ``confusion`` (rows true, columns decided), ``rows``,
        and ``per_class``: one dict for each class code with ``average_precision``, ``roc_auc``,
        ``precision``, ``recall``, ``specificity``, ``f1``, ``support`` and ``prevalence``.
        What is undefined, such as the recall of a class without rows, is None.

    Raises
    ------
    InvalidInput
        Codes or probabilities out of range, or lengths that differ.

    Examples
    --------
    >>> found = evaluate([0, 0, 0, 1], [[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]], [0, 1, 0, 1], n_classes=2)
    >>> found["precision"], found["recall"], found["average_precision"], found["cost"]
    (0.5, 1.0, 1.0, None)
    """
    true, p, _ = _forecast(y, proba, None, "evaluate")
    if p.shape[1] != n_classes:
        raise InvalidInput(f"proba of evaluate must have {n_classes} columns. Got {p.shape[1]}.")
    decided = as_codes(labels, owner="evaluate", name="labels", n_classes=n_classes)
    same_length("evaluate", y=true, labels=decided)
    table = confusion_table(true, decided, n_classes=n_classes)
    each = _per_class(true, p, one_against_rest(table))
    found: dict[str, Any] = {
        "average_precision": _ranking(each, "average_precision"),
        "roc_auc": _ranking(each, "roc_auc"),
    }
    for metric in _ROWS:
        if metric.kind == "decision":
            found[metric.key] = _number(from_confusion(metric.name, table))
    found["brier"] = brier(true, p) if true.size else None
    found["log_loss"] = log_loss(true, p) if true.size else None
    found["cost"] = None if costs is None else mean_cost(decided, costs)
    found["confusion"] = table.astype(np.int64).tolist()
    found["rows"] = int(true.size)
    found["per_class"] = each
    return found


def row_cost(labels: ArrayLike, costs: ArrayLike) -> Floats:
    """What the decisions cost, row by row.

    Parameters
    ----------
    labels
        ``(n_rows,)`` or ``(n_repeats, n_rows)``: decided class codes.
    costs
        ``(n_rows, n_classes)``: what each possible decision would cost for each row.

    Returns
    -------
    array
        In the shape of ``labels``.

    Examples
    --------
    >>> row_cost([1, 0], [[0.0, 4.0], [122.0, 0.0]]).tolist()
    [4.0, 122.0]
    """
    table = as_scores(costs, owner="row_cost", name="costs", unit=False)
    decided = as_codes(labels, owner="row_cost", name="labels", n_classes=table.shape[-1])
    same_length("row_cost", labels=decided.T, costs=table)
    return table[np.arange(table.shape[0]), decided]


def mean_cost(labels: ArrayLike, costs: ArrayLike) -> float | None:
    """Cost of the decisions per 1,000 rows; None without rows.

    >>> mean_cost([1, 0], [[0.0, 4.0], [122.0, 0.0]])
    63000.0
    """
    spent = row_cost(labels, costs)
    return float(1000.0 * spent.mean()) if spent.size else None


def _per_class(true: NDArray[np.int64], p: Floats, counts: Counts) -> list[dict[str, Any]]:
    each = []
    figures = {name: from_counts(name, counts) for name in _OF_EACH_CLASS}
    for code in range(p.shape[1]):
        curve = ranked(true == code, p[:, code], owner="evaluate")
        support = int(np.count_nonzero(true == code))
        row: dict[str, Any] = {
            "average_precision": _number(precision_area(curve)),
            "roc_auc": _number(pair_area(curve)),
        }
        row |= {name: _number(values[code]) for name, values in figures.items()}
        row |= {"support": support, "prevalence": support / true.size if true.size else None}
        each.append(row)
    return each


def _ranking(each: list[dict[str, Any]], key: str) -> float | None:
    if len(each) == 2:
        value: float | None = each[1][key]
        return value
    present = [row[key] for row in each if row[key] is not None]
    return float(np.mean(present)) if present else None


def _number(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


def _forecast(
    y: ArrayLike, proba: ArrayLike, weight: ArrayLike | None, owner: str
) -> tuple[NDArray[np.int64], Floats, Floats | None]:
    p = as_scores(proba, owner=owner, name="proba")
    if p.ndim != 2 or p.shape[1] < 2:
        raise InvalidInput(f"proba of {owner} must have shape (n_rows, n_classes). Got {p.shape}.")
    true = as_codes(y, owner=owner, n_classes=p.shape[1])
    same_length(owner, y=true, proba=p)
    return true, p, None if weight is None else as_weights(weight, true.size, owner=owner)
