"""Weights for classes and rows, all scaled so that the training rows weigh 1 on average.

With a mean of 1, the sum of the weighted losses has the size of the plain sum: learning rates,
regularisation and early stopping keep their meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import check_choice
from evenkeel.distribution import Distribution, analyze, effective_number
from evenkeel.errors import InvalidInput, InvalidType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SCHEMES = ("inverse", "sqrt", "effective", "cost")
_CATALOGUE = {  # what the same weights are called as remedies
    "class-weight": "inverse",
    "class-weight-sqrt": "sqrt",
    "effective-number": "effective",
    "cost-weight": "cost",
}


def class_weights(
    y: Any = None,
    scheme: str = "inverse",
    *,
    counts: Any = None,
    beta: float | None = None,
    cost: Any = None,
) -> Floats:
    """One weight for each class, with training mean 1: ``sum(n_c * w_c) / N = 1``.

    Before scaling, ``w_c`` is proportional to

    - ``"inverse"``: ``1 / n_c``, which scales to ``N / (K n_c)``;
    - ``"sqrt"``: ``1 / sqrt(n_c)``, half way to ``"inverse"`` on the log scale;
    - ``"effective"``: ``(1 - beta) / (1 - beta^n_c)``, one over the effective number of samples;
    - ``"cost"``: ``sum_j cost[c, j]``, what a row of class ``c`` costs over all wrong decisions.

    Parameters
    ----------
    y
        Labels ``(n_rows,)`` of any kind; weights come in the sorted order of the classes.
    scheme
        One of the four above, or the remedy of the catalogue that uses it: ``"class-weight"``,
        ``"class-weight-sqrt"``, ``"effective-number"``, ``"cost-weight"``.
    counts
        In place of ``y``: rows of each class ``(n_classes,)``, or a mapping from label to rows.
    beta
        Overlap for ``"effective"``, in [0, 1). Default ``(N - 1) / N``.
    cost
        Cost matrix ``(n_classes, n_classes)`` for ``"cost"``: rows are the truth, columns the
        decisions, at least 0. What lies on the diagonal is not used.

    Returns
    -------
    float64 array (n_classes,)

    Raises
    ------
    InvalidInput
        Fewer than two classes, an unknown scheme, ``beta`` outside its range, or a cost matrix of
        another shape, with negative costs, or without any cost.
    InvalidType
        Both or neither of ``y`` and ``counts``.

    References
    ----------
    King and Zeng 2001, "Logistic regression in rare events data", Political Analysis 9(2)
    (inverse). doi:10.1093/oxfordjournals.pan.a004868

    Mahajan et al. 2018, "Exploring the limits of weakly supervised pretraining", ECCV
    (sqrt). doi:10.1007/978-3-030-01216-8_12

    Cui et al. 2019, "Class-balanced loss based on effective number of samples", CVPR, section 4
    (effective). doi:10.1109/CVPR.2019.00949

    Ting 2002, "An instance-weighting method to induce cost-sensitive trees", IEEE TKDE 14(3)
    (cost). doi:10.1109/TKDE.2002.1000348

    Examples
    --------
    >>> class_weights(counts=[9900, 100]).round(3).tolist()
    [0.505, 50.0]
    >>> class_weights(["ham"] * 3 + ["spam"], "sqrt").round(3).tolist()
    [0.845, 1.464]
    """
    scheme = _CATALOGUE.get(scheme, scheme) if isinstance(scheme, str) else scheme
    check_choice(scheme, SCHEMES, "scheme", "class_weights")
    n = np.array(_distribution(y, counts).counts, dtype=np.float64)
    if scheme == "effective":
        raw = 1.0 / effective_number(n, beta=beta)
    elif scheme == "cost":
        raw = _checked_costs(cost, n.size).sum(axis=1)
    else:
        raw = n ** (-1.0 if scheme == "inverse" else -0.5)
    return np.asarray(raw * (n.sum() / (n @ raw)))


def row_weights(codes: Any, weights: Any) -> Floats:
    """The weight of each row's class.

    Parameters
    ----------
    codes
        Class codes ``(n_rows,)``, from 0 to ``n_classes - 1``.
    weights
        One weight for each class, ``(n_classes,)``.

    Returns
    -------
    float64 array (n_rows,)

    Raises
    ------
    InvalidInput
        A code that has no weight.

    Examples
    --------
    >>> row_weights([0, 1, 0], [0.5, 2.0]).tolist()
    [0.5, 2.0, 0.5]
    """
    at = np.asarray(codes)
    each = np.asarray(weights, dtype=np.float64)
    if at.size and (at.dtype.kind not in "iu" or at.min() < 0 or at.max() >= each.size):
        raise InvalidInput(
            f"codes of row_weights must be whole numbers from 0 to {each.size - 1}, one for each "
            f"weight. Got {at.dtype} values such as {at.flat[0]}."
        )
    return each[at.astype(np.int64, copy=False)]


def cost_weights(y: Any, cost_fn: Any, cost_fp: Any) -> Floats:
    """Row weights proportional to what an error on the row costs, with training mean 1.

    ``w_i`` is proportional to ``cost_fn_i`` for a positive row and ``cost_fp_i`` for a negative
    one: a learner that minimises the weighted error minimises the cost.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``: 1 is the positive class, 0 the other one.
    cost_fn
        Cost of missing a positive row, in any unit: a number above 0, or one for each row
        ``(n_rows,)``, at least 0.
    cost_fp
        Cost of a false alarm, likewise.

    Returns
    -------
    float64 array (n_rows,)

    Raises
    ------
    InvalidInput
        ``y`` is not 0 and 1, a cost is negative or not a finite number, an array has another
        length, or all costs that count are 0.

    References
    ----------
    Zadrozny, Langford and Abe 2003, "Cost-sensitive learning by cost-proportionate example
    weighting", ICDM, theorem 2.1. doi:10.1109/ICDM.2003.1250950

    Examples
    --------
    >>> cost_weights([0, 0, 0, 1], cost_fn=122, cost_fp=4).round(3).tolist()
    [0.119, 0.119, 0.119, 3.642]
    """
    codes = np.asarray(y)
    if codes.ndim != 1 or codes.size == 0 or not bool(np.isin(codes, (0, 1)).all()):
        raise InvalidInput(
            "y of cost_weights must be codes of two classes: 1 for the positive class, 0 for the "
            f"other. Got shape {codes.shape} with {np.unique(codes)[:5].tolist()}."
        )
    missed = _checked_cost(cost_fn, "cost_fn", codes.size)
    alarmed = _checked_cost(cost_fp, "cost_fp", codes.size)
    raw = np.where(codes == 1, missed, alarmed)
    mean = raw.mean()
    if mean == 0:
        raise InvalidInput(
            "cost_fn and cost_fp of cost_weights must leave some row with a cost above 0. Got none."
        )
    return np.asarray(raw / mean)


def class_cost_weights(y: Any, class_costs: Any) -> Floats:
    """Row weights proportional to what errors on the row's class cost, with training mean 1.

    Parameters
    ----------
    y
        Class codes ``(n_rows,)``, from 0 to ``n_classes - 1``; a class may be absent.
    class_costs
        ``(n_classes,)``, at least 0: for each class the sum of the costs of its errors, the row
        of the cost matrix without its diagonal.

    Returns
    -------
    float64 array (n_rows,)

    Raises
    ------
    InvalidInput
        Codes without a cost, a cost that is negative or no finite number, or none above 0 among
        the classes that occur.

    References
    ----------
    Ting 2002, "An instance-weighting method to induce cost-sensitive trees", IEEE TKDE 14(3).
    doi:10.1109/TKDE.2002.1000348

    Examples
    --------
    >>> class_cost_weights([0, 0, 1, 2], [1.0, 2.0, 4.0]).tolist()
    [0.5, 0.5, 1.0, 2.0]
    """
    costs = np.asarray(class_costs, dtype=np.float64)
    if costs.ndim != 1 or not np.isfinite(costs).all() or bool((costs < 0).any()):
        raise InvalidInput(
            "class_costs of class_cost_weights must hold one finite cost of at least 0 for each "
            f"class. Got {costs.tolist()}."
        )
    raw = row_weights(y, costs)
    if not raw.any():
        raise InvalidInput(
            "class_costs of class_cost_weights must be above 0 for a class that occurs. Got "
            f"{costs.tolist()}."
        )
    return np.asarray(raw / raw.mean())


def _distribution(y: Any, counts: Any) -> Distribution:
    if (y is None) == (counts is None):
        raise InvalidType("class_weights takes either y or counts=. Got both or neither.")
    return analyze(y) if counts is None else Distribution.of_counts(counts)


def _checked_costs(cost: Any, n_classes: int) -> Floats:
    matrix = np.array(cost, dtype=np.float64)  # a copy: the diagonal is cleared
    if matrix.shape != (n_classes, n_classes):
        raise InvalidInput(
            f"cost of class_weights must have shape {(n_classes, n_classes)}, rows the truth and "
            f"columns the decisions. Got shape {matrix.shape}."
        )
    np.fill_diagonal(matrix, 0.0)
    if not np.isfinite(matrix).all() or bool((matrix < 0).any()) or not matrix.any():
        raise InvalidInput(
            "cost of class_weights must hold finite costs of at least 0, some of them above 0. "
            f"Got {matrix.tolist()}."
        )
    return matrix


def _checked_cost(cost: Any, name: str, n_rows: int) -> Floats:
    try:
        values = np.asarray(cost, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidType(f"{name} of cost_weights must hold numbers. Got {cost!r}.") from error
    if values.shape not in {(), (n_rows,)}:
        raise InvalidInput(
            f"{name} of cost_weights must be a number or an array of {n_rows:,} numbers. "
            f"Got shape {values.shape}."
        )
    wrong = values[~np.isfinite(values) | (values < 0)]
    if wrong.size:
        raise InvalidInput(
            f"{name} of cost_weights must be finite and at least 0. Got {wrong.flat[0]:g}."
        )
    return values
