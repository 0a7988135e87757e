"""Rows that come in groups: how many times as wide their intervals are as those of independent rows.

Rows of one patient or one card are alike, so ``n`` of them know less than ``n`` that have nothing to
do with one another. A figure with the pulls ``h_i`` of its rows (see ``influence``) has by rows the
variance ``sum_i h_i^2 / n^2``, and by groups ``sum_g (sum_{i in g} h_i)^2 / n^2``, the linearised
sandwich. Their ratio is Kish's design effect, and its root the factor that an interval is widened by.
Groups never make an interval narrower: where groups are of one row each, the factor is 1.

References
----------
Kish (1965), "Survey sampling", sections 5.4 and 8.2; Liang, Zeger (1986), section 2,
https://doi.org/10.1093/biomet/73.1.13; Obuchowski (1997), https://doi.org/10.2307/2533958 (areas under
ROC curves of patients with several rows each).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEAST_FREE = 0.5  # degrees of freedom that even a single group is left: it tells next to nothing
FEW_GROUPS = (
    20.0  # effective groups of a class below which their intervals are themselves uncertain
)
_NEXT_TO_NOTHING = 1e-9
_DOUBTS = (
    3.0  # rows of the rarer outcome that count as much as the belief that groups are all alike
)


def in_groups(groups: Ints | None) -> bool:
    """Whether any two rows share a group.

    >>> in_groups(np.array([3, 0, 3])), in_groups(np.array([2, 0, 1])), in_groups(None)
    (True, False, False)
    """
    return groups is not None and bool(np.bincount(groups).max(initial=0) > 1)


def group_sums(pulls: Floats, groups: Ints) -> tuple[Floats, Ints]:
    """What each group pulls, and its rows.

    Parameters
    ----------
    pulls
        ``(n_figures, n_rows)``.
    groups
        ``(n_rows,)``: codes, at least 0; those of no row are left out.

    Returns
    -------
    sums, sizes
        ``(n_figures, n_groups)`` and ``(n_groups,)``.

    Examples
    --------
    >>> sums, sizes = group_sums(np.array([[1.0, 2.0, 4.0]]), np.array([5, 0, 5]))
    >>> sums.tolist(), sizes.tolist()
    ([[2.0, 5.0]], [1, 2])
    """
    counts = np.bincount(groups)
    there = counts > 0
    found = [np.bincount(groups, weights=pull)[there] for pull in pulls]
    return np.stack(found), counts[there]


def effective_groups(groups: Ints) -> float:
    """``(sum m_g)^2 / sum m_g^2``: as many groups of one size would tell as much.

    >>> effective_groups(np.array([0, 0, 1, 1])), effective_groups(np.array([0, 0, 0, 1]))
    (2.0, 1.6)
    """
    sizes = np.bincount(groups).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes @ sizes))


def widening(
    pull: Floats, groups: Ints | None, classes: Ints, *, stratified: bool = False
) -> float:
    """How many times as wide an interval is for rows in groups.

    ``sqrt(max(1, by groups / by rows * c)) * t(groups) / t(rows)``: with the quantiles of Student's t
    for as many degrees of freedom as effective groups and rows leave, and ``c`` the same for the
    variance, ``G / (G - 1)`` over ``n / (n - 1)``. Both count in each class, weighed by the part of
    the variance that comes from it (Satterthwaite): where five patients have the rare rows, it is
    five that tell.

    An interval that draws rows within each class holds less than the variance by rows: what groups add
    is then set against what it does hold (half of it at least), ``1 + (by groups - by rows) / within``.

    Parameters
    ----------
    pull
        ``(n_rows,)``: how far each row pulls the figure, or the difference of two figures.
    groups
        ``(n_rows,)``: codes, at least 0; None where all rows are independent.
    classes
        ``(n_rows,)``: class codes.
    stratified
        Whether the interval draws rows within each class.

    Returns
    -------
    float
        At least 1; 1 where nothing pulls, or the figure is undefined.

    References
    ----------
    Satterthwaite (1946), https://doi.org/10.2307/3002019; Korn, Graubard (1998), equation 6.

    Examples
    --------
    Every row of many twice:

    >>> pull, y = np.tile([1.0, -1.0], 5000), np.zeros(10000, int)
    >>> round(widening(np.repeat(pull, 2), np.repeat(np.arange(10000), 2), np.repeat(y, 2)) ** 2, 2)
    2.0
    """
    if groups is None or not in_groups(groups):
        return 1.0
    by_rows = float(pull @ pull)
    sums = np.bincount(groups, weights=pull)
    by_groups = float(sums @ sums)
    if not (0.0 < by_rows < math.inf and by_groups < math.inf):
        return 1.0
    free, free_rows = _freedom(pull, groups, classes)
    by_groups *= (1.0 + 1.0 / free) / (1.0 + 1.0 / free_rows)
    base = by_rows
    if stratified:
        sizes = np.bincount(classes)
        means = np.bincount(classes, weights=pull) / np.maximum(sizes, 1)
        # Scores that know nothing differ between the classes alone, and draws of them say nothing.
        base = max(base - float(sizes @ means**2), by_rows / 2)
    wider = math.sqrt(1.0 + max(0.0, by_groups - by_rows) / base)
    return wider * max(1.0, _t(free) / _t(free_rows))


def _freedom(pull: Floats, groups: Ints, classes: Ints) -> tuple[float, float]:
    """Degrees of freedom that effective groups leave, and rows."""
    total, by_groups, by_rows = 0.0, 0.0, 0.0
    for code in np.unique(classes):
        inside = classes == code
        part = float(pull[inside] @ pull[inside])
        rows = int(np.count_nonzero(inside))
        total += part
        by_groups += part**2 / max(effective_groups(groups[inside]) - 1.0, _NEXT_TO_NOTHING)
        by_rows += part**2 / max(rows - 1.0, _NEXT_TO_NOTHING)
    return max(total**2 / by_groups, LEAST_FREE), max(total**2 / by_rows, LEAST_FREE)


def _t(free: float) -> float:
    """The 97.5th percentile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(free, 0.975))


def widen(
    low: float,
    high: float,
    point: float,
    factor: float,
    *,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> tuple[float, float]:
    """An interval made wider around its point: ``low' = point - factor (point - low)``.

    Parameters
    ----------
    low, high
        Of independent rows; NaN stays NaN.
    point
        What was measured.
    factor
        At least 1, of :func:`widening`; 1 leaves every bit as it is.
    within
        What the figure cannot leave.

    Returns
    -------
    low, high
        They hold the interval that was given.

    Examples
    --------
    >>> widen(0.5, 0.875, 0.75, 2.0, within=(0.0, 1.0))
    (0.25, 1.0)
    """
    if factor <= 1.0 or math.isnan(low) or math.isnan(high) or math.isnan(point):
        return (low, high)
    least, most = within
    wider = (max(point - factor * (point - low), least), min(point + factor * (high - point), most))
    return (min(low, wider[0]), max(high, wider[1]))


def rate_interval(hit: NDArray[np.bool_], groups: Ints | None = None) -> tuple[float, float, float]:
    """Wilson's interval of a rate, with as many trials as the rows are worth: ``wilson(k / f^2, n / f^2)``.

    ``f^2 = (1 + (m - 1) r) (t(groups) / t(rows))^2`` with ``m = sum m_g^2 / n`` rows in the group of a
    row, and ``r`` how alike they are: that of the sandwich, drawn to 1, which is all that can be said
    where every row is a hit, by as much as few misses (or few hits) leave open.

    Parameters
    ----------
    hit
        ``(n_rows,)``: the rows that the rate is of, and whether each is a hit.
    groups
        ``(n_rows,)``: their codes, or None.

    Returns
    -------
    low, high, factor
        The interval, and f.

    References
    ----------
    Korn, Graubard (1998), Survey Methodology 24, pages 193-201

    Examples
    --------
    >>> [round(end, 2) for end in rate_interval(np.arange(40) < 30)]
    [0.6, 0.86, 1.0]
    >>> [round(end, 2) for end in rate_interval(np.arange(40) < 30, np.arange(40) // 4)]
    [0.41, 0.93, 2.2]
    """
    hits, rows = int(np.count_nonzero(hit)), len(hit)
    if groups is None or not in_groups(groups):
        return (*wilson(hits, rows), 1.0)
    sizes = np.bincount(groups).astype(np.float64)
    mates, free = float(sizes @ sizes) / rows, max(effective_groups(groups) - 1.0, LEAST_FREE)
    pull = hit - hits / rows
    sums = np.bincount(groups, weights=pull)
    seen, alike = float(sums @ sums) / max(float(pull @ pull), 1e-300) * (1.0 + 1.0 / free), 1.0
    if 0 < hits < rows:
        known = min(hits, rows - hits)
        found = min(max((seen - 1.0) / (mates - 1.0), 0.0), 1.0)
        alike = (known * found + _DOUBTS) / (known + _DOUBTS)
    effect = max(1.0 + (mates - 1.0) * alike, seen if 0 < hits < rows else 1.0)
    factor = math.sqrt(effect) * max(1.0, _t(free) / _t(rows - 1.0))
    return (*wilson(hits / factor**2, rows / factor**2), factor)


def told_widening(
    column: str,
    factor: float | None,
    *,
    few: float | None = None,
    tested: bool = True,
    promised: bool = False,
) -> str:
    """That intervals allow for groups, in a sentence.

    Parameters
    ----------
    column
        Name of the group column.
    factor
        Of the interval of the figure that remedies are ranked by; None where it is undefined.
    few
        Effective groups that hold the rarest class; told where they are few.
    tested
        Whether the intervals of the untouched rows do too.
    promised
        Whether a minimum is promised, which counts rows as independent.

    Examples
    --------
    >>> told_widening("card", 1.119)
    'Intervals allow for rows of one card being alike: 1.12 times as wide as for independent rows.'
    >>> told_widening("card", None, few=4.2)
    'Intervals allow for rows of one card being alike. The rarest class is in about 4 of them: too few to know its figures well.'
    """
    what = "Intervals allow" if tested else "Intervals of the comparison allow"
    found = "" if factor is None else f": {factor:.3g} times as wide as for independent rows"
    if factor is not None and f"{factor:.3g}" == "1":
        found = ": here they are as wide as for independent rows"
    end = "" if tested else " Those of the rows that the decision is judged on do not."
    if promised:
        end += " The minimum that is promised does not: it holds for independent rows only."
    if few is not None and few < FEW_GROUPS:
        end += f" The rarest class is in about {few:.0f} of them: too few to know its figures well."
    return f"{what} for rows of one {column} being alike{found}.{end}"
