"""Intervals for rates, average precision, decisions and costs; differences are paired by row. (see ``bootstrap``)."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_codes, as_scores, same_length
from evenkeel._checks import check_number
from evenkeel.bootstrap import (
    as_classes,
    average_precision_replicates,
    default_n_boot,
    macro_replicates,
    percentiles,
    row_draws,
)
from evenkeel.confusion import from_confusion
from evenkeel.delong import roc_auc_interval
from evenkeel.errors import InvalidInput
from evenkeel.ranking import average_precision

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Interval = tuple[float, float]

__all__ = ["average_precision_interval", "average_precision_replicates", "decision_interval",
           "macro_replicates", "mean_interval", "percentiles", "roc_auc_interval", "wilson"]  # fmt: skip
FEW_POSITIVES = 50  # below this the bootstrap of average precision is too narrow (0.87 at 10)
_LEVELS = 4096  # distinct numbers up to which a draw of rows is one draw of their counts


def wilson(k: float, n: float, *, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a rate.

    ``(k + z^2/2 +- z sqrt(k (n - k)/n + z^2/4)) / (n + z^2)``

    Parameters
    ----------
    k, n
        Hits and trials; ``n = 0`` gives (0, 1).
    confidence
        Between 0 and 1.

    Returns
    -------
    low, high
        Within [0, 1].

    References
    ----------
    Wilson (1927), JASA 22, https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> [round(end, 4) for end in wilson(173, 214)]
    [0.7504, 0.8555]
    """
    z = _quantile(confidence)
    if not 0 <= k <= n:
        raise InvalidInput(f"k of wilson must lie between 0 and n. Got {k} of {n}.")
    if n == 0:
        return (0.0, 1.0)
    half = z * float(np.sqrt(k * (n - k) / n + z**2 / 4.0))
    low, high = (k + z**2 / 2.0 - half) / (n + z**2), (k + z**2 / 2.0 + half) / (n + z**2)
    return (0.0 if k == 0 else max(low, 0.0), 1.0 if k == n else min(high, 1.0))


def average_precision_interval(
    y: ArrayLike,
    p: ArrayLike,
    *,
    other: ArrayLike | None = None,
    positive: int = 1,
    confidence: float = 0.95,
    n_boot: int | None = None,
    seed: int = 0,
) -> Interval:
    """Interval of average precision, or of its difference to ``other`` on the same rows.

    Alone and below 50 positives: ``expit(logit(AP) +- z / sqrt(n_pos AP (1 - AP)))`` (Boyd);
    otherwise percentiles of a bootstrap within each class, widened as in ``percentiles``.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    p, other
        ``(n_rows,)`` or ``(n_repeats, n_rows)``: scores; repeats are averaged as average
        precisions. With ``other`` the interval is that of AP(p) - AP(other).
    positive
        Code of the class the scores are for.
    confidence
        Between 0 and 1.
    n_boot
        Replicates; ``None``: 1,000, fewer (at least 200) above 50,000 rows.
    seed
        Seed of the draws.

    Returns
    -------
    low, high
        NaN when a class is missing.

    References
    ----------
    Boyd, Eng, Page (2013), section 4, https://doi.org/10.1007/978-3-642-40994-3_29

    Examples
    --------
    >>> y = [0] * 90 + [1] * 10
    >>> p = [i / 200 for i in range(90)] + [0.2, 0.3, 0.41, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    >>> [round(end, 2) for end in average_precision_interval(y, p)]
    [0.45, 0.95]
    """
    z = _quantile(confidence)
    hit = as_classes(y, owner="average_precision_interval") == positive
    n_positives = int(hit.sum())
    if n_positives in {0, hit.size}:
        return (float("nan"), float("nan"))
    point = float("nan")
    if other is None:
        rows = np.atleast_2d(as_scores(p, owner="average_precision_interval", unit=False))
        point = float(np.mean([average_precision(hit, row) for row in rows]))
    if other is None and n_positives < FEW_POSITIVES:
        value = min(max(point, 0.5 / hit.size), 1.0 - 0.5 / n_positives)
        centre = np.log(value / (1.0 - value))
        half = z / np.sqrt(n_positives * value * (1.0 - value))
        low, high = _expit(centre - half), _expit(centre + half)
    else:
        found = average_precision_replicates(y, p, positive=positive, n_boot=n_boot, seed=seed)
        if other is not None:
            found = found - average_precision_replicates(
                y, other, positive=positive, n_boot=n_boot, seed=seed
            )
        low, high = percentiles(
            found, confidence=confidence, n=min(n_positives, hit.size - n_positives)
        )
    # An average precision of 1 has no logit, and draws of rows may all lie on one side of it.
    return (float(np.fmin(low, point)), float(np.fmax(high, point)))


def decision_interval(
    metric: str,
    y: ArrayLike,
    labels: ArrayLike,
    *,
    other: ArrayLike | None = None,
    n_classes: int = 2,
    confidence: float = 0.95,
    n_boot: int = 1000,
    seed: int = 0,
) -> Interval:
    """Bootstrap interval of a decision metric, or of its difference to ``other``'s decisions.

    Rows that agree in truth and in all decisions are alike, so a draw of rows is one multinomial
    draw of their counts: exact at any number of rows. With two classes each class also gets half a
    row that ``labels`` have right and ``other`` wrong, and half a row the other way round: without
    them 10 positives that are all decided alike would leave no doubt at all (coverage 0.86; with
    them at least 0.94). Decisions that never differ differ by nothing.

    Parameters
    ----------
    metric
        A decision metric of ``METRICS``, or ``"f<beta>"``.
    y
        ``(n_rows,)``: class codes.
    labels, other
        ``(n_rows,)`` or ``(n_repeats, n_rows)``: decided codes; the metric is averaged over
        repeats. With ``other`` the interval is that of metric(labels) - metric(other).
    n_classes
        Number of classes.
    confidence
        Between 0 and 1.
    n_boot
        Replicates.
    seed
        Seed of the draws.

    Returns
    -------
    low, high
        NaN when the metric is undefined.

    References
    ----------
    Agresti, Min (2005), section 3, https://doi.org/10.1002/sim.1781

    Examples
    --------
    >>> y = [0] * 80 + [1] * 20
    >>> [round(end, 2) for end in decision_interval("recall", y, [0] * 85 + [1] * 15)]
    [0.53, 0.91]
    """
    owner = "decision_interval"
    true = as_codes(y, owner=owner, n_classes=n_classes)
    voters = np.atleast_2d(as_codes(labels, owner=owner, name="labels", n_classes=n_classes))
    n_first = len(voters)
    if other is not None:
        rivals = as_codes(other, owner=owner, name="other", n_classes=n_classes)
        voters = np.vstack([voters, np.atleast_2d(rivals)])
    same_length(owner, y=true, labels=voters.T)
    cell, first = true, np.unique(true, return_index=True)[1]
    for voter in voters:
        _, first, cell = np.unique(cell * n_classes + voter, return_index=True, return_inverse=True)
    share, truths, votes = np.bincount(cell), true[first], voters[:, first]
    if n_classes == 2 and not (other is not None and np.array_equal(labels, other)):
        # The truths are 0, 0, 1, 1; in every other column the first voters are right.
        half = np.where(np.arange(len(voters))[:, None] < n_first, [[0, 1, 1, 0]], [[1, 0, 0, 1]])
        truths, votes = np.append(truths, [0, 0, 1, 1]), np.hstack([votes, half])
        present = np.isin(truths[-4:], true)
        share = np.append(share, 0.5 * present)
    draws = np.random.default_rng(seed).multinomial(true.size, share / share.sum(), size=n_boot)
    sums = np.zeros((2, n_boot))
    for at, voter in enumerate(votes):
        table = np.zeros((share.size, n_classes**2))
        table[np.arange(share.size), truths * n_classes + voter] = 1.0
        values = from_confusion(metric, (draws @ table).reshape(-1, n_classes, n_classes))
        sums[int(at >= n_first)] += values
    # Like sums are subtracted, so that like decisions differ by exactly nothing.
    found = sums[0] / n_first - sums[1] / max(len(voters) - n_first, 1)
    return percentiles(found, confidence=confidence)


def mean_interval(
    values: ArrayLike,
    *,
    other: ArrayLike | None = None,
    confidence: float = 0.95,
    n_boot: int | None = None,
    seed: int = 0,
) -> Interval:
    """Bootstrap interval of the mean of per-row numbers (costs), or of its paired difference.

    Where few rows carry the mean, it is widened as in ``percentiles`` for
    ``n = (sum d)^2 / sum d^2`` rows (Kish's effective number), d the distance of each row from the
    most common number. A paired difference gets half a row either way, as in ``decision_interval``, of
    the size that carries its spread (``python -m benchmarks.coverage``: 0.94 at 10 positives).

    Parameters
    ----------
    values, other
        ``(n_rows,)`` or ``(n_repeats, n_rows)``; repeats are averaged by row. With ``other``: the
        interval of mean(values) - mean(other).
    confidence
        Between 0 and 1.
    n_boot
        Replicates; ``None``: 1,000, fewer (at least 200) above 50,000 rows that differ.
    seed
        Seed of the draws.

    Examples
    --------
    >>> [round(end, 2) for end in mean_interval([0.0] * 90 + [4.0] * 10)]
    [0.15, 0.72]
    """
    rows = np.atleast_2d(as_scores(values, owner="mean_interval", name="values", unit=False))
    mean = rows.mean(axis=0)
    if other is not None:
        rivals = as_scores(other, owner="mean_interval", name="other", unit=False)
        same_length("mean_interval", values=rows.T, other=np.atleast_2d(rivals).T)
        mean = mean - np.atleast_2d(rivals).mean(axis=0)
    levels, seen = np.unique(mean, return_counts=True)
    counts = seen.astype(np.float64)
    if other is not None and 1 < levels.size <= _LEVELS:
        levels, counts = _with_doubt(levels, counts)
    apart = np.abs(levels - levels[np.argmax(counts)])
    carried = float(counts @ apart) ** 2 / max(float(counts @ apart**2), np.finfo(float).tiny)
    n = max(round(carried), 2)
    if levels.size <= _LEVELS:
        draws = np.random.default_rng(seed).multinomial(
            mean.size, counts / counts.sum(), size=n_boot or 1000
        )
        return percentiles(draws @ levels / mean.size, confidence=confidence, n=n)
    n_draws = default_n_boot(mean.size) if n_boot is None else n_boot
    draws_of_rows = row_draws([mean.size], n_draws, seed=seed, streams=[0])
    found = [(part @ mean) / part.sum(axis=1, dtype=np.float64) for [part] in draws_of_rows]
    return percentiles(np.concatenate(found), confidence=confidence, n=n)


def _with_doubt(levels: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Differences and how often they occur, with half a row either way."""
    apart = levels - (usual := levels[np.argmax(counts)])
    size = float(np.sqrt(counts @ apart**4 / max(counts @ apart**2, np.finfo(float).tiny)))
    return np.append(levels, [usual - size, usual + size]), np.append(counts, [0.5, 0.5])


def _quantile(confidence: float) -> float:
    check_number(
        confidence, "confidence", "an interval", low=0.0, high=1.0, open_low=True, open_high=True
    )
    return NormalDist().inv_cdf((1.0 + confidence) / 2.0)


def _expit(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-value)))
