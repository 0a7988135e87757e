"""Confusion counts, and every metric of decisions that is made from them.

Where a figure would be 0/0: precision and MCC are 0 when nothing was decided for the class; recall,
specificity and what is built on them are NaN when the class has no row, and so is F-beta when the
class was not decided either. Macro averages run over the classes that have rows.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evenkeel._arrays import as_codes, as_weights, same_length
from evenkeel._checks import check_choice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

DECISION_METRICS = (
    "precision",
    "recall",
    "specificity",
    "f1",
    "f2",
    "balanced-accuracy",
    "g-mean",
    "mcc",
    "youden",
    "accuracy",
)


class Counts(NamedTuple):
    """Confusion counts of one positive class: numbers, or arrays of one shape."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats


def confusion_table(
    y: ArrayLike, labels: ArrayLike, *, n_classes: int = 2, weight: ArrayLike | None = None
) -> Floats:
    """Counts (or weights) of rows by true class and decision.

    Parameters
    ----------
    y, labels
        ``(n_rows,)``: class codes, true and decided.
    n_classes
        Number of classes.
    weight
        ``(n_rows,)``: row weights, not negative.

    Returns
    -------
    array
        ``(n_classes, n_classes)``: rows are true classes, columns are decisions.

    Raises
    ------
    InvalidInput
        Codes outside the range, or lengths that differ.

    Examples
    --------
    >>> confusion_table([0, 0, 1, 1], [0, 1, 1, 1]).tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    true = as_codes(y, owner="confusion_table", n_classes=n_classes)
    decided = as_codes(labels, owner="confusion_table", name="labels", n_classes=n_classes)
    same_length("confusion_table", y=true, labels=decided)
    mass = None if weight is None else as_weights(weight, true.size, owner="confusion_table")
    cells = np.bincount(true * n_classes + decided, weights=mass, minlength=n_classes**2)
    return cells.astype(np.float64).reshape(n_classes, n_classes)


def beta_of(name: str) -> float | None:
    """The beta of an F-beta name such as ``"f2"`` or ``"f0.5"``; None for other names.

    >>> beta_of("f0.5"), beta_of("fraud")
    (0.5, None)
    """
    found = re.fullmatch(r"f(\d{1,3}(?:\.\d{1,6})?)", name)
    return float(found[1]) if found and float(found[1]) > 0.0 else None


def from_counts(name: str, counts: Counts) -> Floats:
    """A decision metric of one positive class from its counts.

    Parameters
    ----------
    name
        A decision metric of ``METRICS``, or ``"f<beta>"``.
    counts
        Numbers or arrays of one shape.

    Returns
    -------
    array
        The metric, in the shape of the counts; see the module for 0/0.

    Raises
    ------
    InvalidInput
        A name that is not a decision metric.

    Examples
    --------
    >>> counts = Counts(tp=2.0, fp=1.0, fn=0.0, tn=1.0)
    >>> float(from_counts("f1", counts)), float(from_counts("balanced-accuracy", counts))
    (0.8, 0.75)
    """
    tp, fp, fn, tn = (np.asarray(count, dtype=np.float64) for count in counts)
    beta = beta_of(name)
    if beta is not None:
        weighed = (1.0 + beta**2) * tp
        return _ratio(weighed, weighed + beta**2 * fn + fp, empty=math.nan)
    check_choice(name, DECISION_METRICS, "metric", "a decision")
    if name == "precision":
        return _ratio(tp, tp + fp, empty=0.0)
    if name == "accuracy":
        return _ratio(tp + tn, tp + fp + fn + tn, empty=math.nan)
    if name == "mcc":
        spread = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
        return _ratio(tp * tn - fp * fn, spread, empty=0.0)
    recall = _ratio(tp, tp + fn, empty=math.nan)
    specificity = _ratio(tn, tn + fp, empty=math.nan)
    if name == "recall":
        return recall
    if name == "specificity":
        return specificity
    if name == "g-mean":
        return np.sqrt(recall * specificity)
    if name == "youden":
        return recall + specificity - 1.0
    return _mean_present(np.stack([recall, specificity], axis=-1))


def from_confusion(name: str, table: ArrayLike) -> Floats:
    """A decision metric from confusion tables; several classes: macro one-against-rest.

    Balanced accuracy is the mean recall, G-mean the geometric mean of recalls, MCC Gorodkin's R_K.

    Parameters
    ----------
    name
        A decision metric of ``METRICS``, or ``"f<beta>"``.
    table
        ``(..., n_classes, n_classes)``: rows true, columns decided; for two classes code 1 is the
        positive one.

    Returns
    -------
    array
        The metric, in the leading shape of ``table``.

    References
    ----------
    Gorodkin (2004), https://doi.org/10.1016/j.compbiolchem.2004.09.006

    Examples
    --------
    >>> float(from_confusion("accuracy", [[8, 1, 0], [0, 5, 1], [0, 2, 3]]))
    0.8
    """
    cells = np.asarray(table, dtype=np.float64)
    counts = one_against_rest(cells)
    if cells.shape[-1] == 2:
        return from_counts(name, Counts(*(count[..., 1] for count in counts)))
    true, decided = cells.sum(axis=-1), cells.sum(axis=-2)
    total = true.sum(axis=-1)
    if name == "accuracy":
        return _ratio(counts.tp.sum(axis=-1), total, empty=math.nan)
    if name == "mcc":
        agreement = counts.tp.sum(axis=-1) * total - (true * decided).sum(axis=-1)
        spread = np.sqrt(total**2 - (true**2).sum(axis=-1))
        return _ratio(agreement, spread * np.sqrt(total**2 - (decided**2).sum(axis=-1)), empty=0.0)
    per_class = from_counts("recall" if name in {"balanced-accuracy", "g-mean"} else name, counts)
    per_class = np.where(true > 0.0, per_class, math.nan)
    if name == "g-mean":
        caught = np.where(per_class > 0.0, per_class, 1.0)
        product = np.exp(_mean_present(np.where(true > 0.0, np.log(caught), math.nan)))
        return np.where((per_class == 0.0).any(axis=-1), 0.0, product)
    return _mean_present(per_class)


def one_against_rest(table: ArrayLike) -> Counts:
    """Counts of every class against the rest, ``(..., n_classes)``, from confusion tables."""
    cells = np.asarray(table, dtype=np.float64)
    tp = np.diagonal(cells, axis1=-2, axis2=-1)
    fp, fn = cells.sum(axis=-2) - tp, cells.sum(axis=-1) - tp
    return Counts(tp, fp, fn, cells.sum(axis=(-2, -1))[..., None] - tp - fp - fn)


def _ratio(part: Floats, whole: Floats, *, empty: float) -> Floats:
    out: Floats = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), empty)
    return np.divide(part, whole, out=out, where=np.asarray(whole) > 0.0)


def _mean_present(values: Floats) -> Floats:
    present = ~np.isnan(values)
    total: Floats = np.where(present, values, 0.0).sum(axis=-1)
    return _ratio(total, present.sum(axis=-1, dtype=np.float64), empty=math.nan)
