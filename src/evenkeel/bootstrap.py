"""Draws of rows with replacement, and average precision under each draw.

Rows are drawn again, never scores: a row that was scored in several repeats enters or leaves with
all of them. The draws depend on the classes, ``n_boot`` and ``seed`` alone, so two models that
scored the same rows meet the same draws, and their replicates can be subtracted.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._arrays import as_scores, same_length
from evenkeel.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_EXACT_ROWS = 4096  # rows of a class up to which a draw keeps the size of the class exactly
_CHUNK = 1 << 22  # row weights held at a time
# 256 equally likely numbers of copies, 0 to 5, with the mean and variance of Poisson(1), which is
# 1 and 1: one random byte decides how often a row is drawn.
_COPIES = bytes(np.repeat(np.arange(6, dtype=np.uint8), [94, 95, 46, 16, 4, 1]).tolist())


def average_precision_replicates(
    y: ArrayLike,
    p: ArrayLike,
    *,
    positive: int = 1,
    n_boot: int | None = None,
    seed: int = 0,
) -> Floats:
    """Average precision of bootstrap draws; subtract those of two models to compare them.

    Rows are drawn within each class. The negatives between two positives only count together, so
    a draw costs one sum over the rows and no sort.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    p
        ``(n_rows,)`` or ``(n_repeats, n_rows)``: scores; repeats are averaged.
    positive
        Code of the class the scores are for.
    n_boot
        Replicates; ``None``: 1,000, fewer (at least 200) above 50,000 rows.
    seed
        Seed of the draws.

    Returns
    -------
    array
        ``(n_boot,)``; NaN when the positive class or the rest has no row.

    Examples
    --------
    >>> found = average_precision_replicates([0, 1, 0, 1], [0.1, 0.9, 0.4, 0.3], n_boot=200)
    >>> found.shape, bool(0.5 < found.mean() < 1.0)
    ((200,), True)
    """
    owner = "average_precision_replicates"
    codes = as_classes(y, owner=owner)
    scores = np.atleast_2d(as_scores(p, owner=owner, unit=False))
    same_length(owner, y=codes, p=scores.T)
    n_draws = default_n_boot(codes.size) if n_boot is None else n_boot
    present = np.unique(codes).tolist()
    if positive not in present or len(present) < 2:
        return np.full(n_draws, np.nan)
    order = [positive, *(code for code in present if code != positive)]
    rest = np.concatenate([np.flatnonzero(codes == code) for code in order[1:]])
    hits = np.flatnonzero(codes == positive)
    rankings = [_Ranking(row[hits], row[rest]) for row in scores]
    found, at = np.zeros(n_draws), 0
    sizes = {code: int(np.count_nonzero(codes == code)) for code in order}
    for drawn in row_draws(list(sizes.values()), n_draws, seed=seed, streams=list(sizes)):
        negatives = drawn[1] if len(drawn) == 2 else np.concatenate(drawn[1:], axis=1)
        for ranking in rankings:
            value = ranking.average_precision(drawn[0], negatives)
            found[at : at + len(value)] += value / len(rankings)
        at += len(negatives)
    return found


def macro_replicates(
    y: ArrayLike, proba: ArrayLike, *, n_boot: int | None = None, seed: int = 0
) -> Floats:
    """Macro one-against-rest average precision of bootstrap draws.

    Parameters
    ----------
    y
        ``(n_rows,)``: class codes.
    proba
        ``(n_rows, n_classes)`` or ``(n_repeats, n_rows, n_classes)``; repeats are averaged.
    n_boot, seed
        As in ``average_precision_replicates``.

    Returns
    -------
    array
        ``(n_boot,)``: the mean over the classes that have rows.

    Examples
    --------
    >>> macro_replicates([0, 1, 2, 2], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], n_boot=3).tolist()
    [1.0, 1.0, 1.0]
    """
    scores = as_scores(proba, owner="macro_replicates", name="proba", unit=False)
    present = np.unique(as_classes(y, owner="macro_replicates")).tolist()
    found = [
        average_precision_replicates(y, scores[..., code], positive=code, n_boot=n_boot, seed=seed)
        for code in present
    ]
    mean: Floats = np.mean(found, axis=0)
    return mean


def row_draws(
    sizes: Sequence[int], n_draws: int, *, seed: int, streams: Sequence[int]
) -> Iterator[list[NDArray[np.uint8]]]:
    """How often every row is drawn, some draws at a time.

    Up to 4,096 rows of a class are drawn with replacement; more rows get independent numbers of
    copies with mean and variance 1 (the Poisson bootstrap).

    Parameters
    ----------
    sizes
        Rows of each class.
    n_draws
        Number of draws in all.
    seed, streams
        Seed, and a whole number for each class that keeps its draws apart from the others'.

    Yields
    ------
    list of array
        For each class ``(some draws, rows of the class)``, uint8.

    References
    ----------
    Hanley, MacGibbon (2006), "Creating non-parametric bootstrap samples using Poisson
    frequencies", https://doi.org/10.1016/j.cmpb.2006.04.006

    Examples
    --------
    >>> [part] = row_draws([6], 2, seed=0, streams=[0])
    >>> part[0].sum(axis=1).tolist()
    [6, 6]
    """
    generators = [np.random.default_rng([seed, stream]) for stream in streams]
    step = max(1, _CHUNK // max(sum(sizes), 1))
    for start in range(0, n_draws, step):
        several = min(step, n_draws - start)
        yield [_draw(rng, several, size) for rng, size in zip(generators, sizes, strict=True)]


def percentiles(
    replicates: ArrayLike, *, confidence: float = 0.95, n: int | None = None
) -> tuple[float, float]:
    """The central part of bootstrap replicates; undefined ones are left out.

    With ``n`` the tails are ``Phi(-+ t sqrt(n / (n - 1)))``, t of n - 1 degrees of freedom, in place
    of ``(1 -+ confidence) / 2``: draws of few rows vary too little by just that much.

    Parameters
    ----------
    replicates
        ``(n_boot,)``.
    confidence
        Between 0 and 1.
    n
        Rows that carry the figure, such as the number of positives; at least 2 to have an effect.

    Returns
    -------
    low, high
        NaN without a defined replicate.

    References
    ----------
    Hesterberg (2015), section 5.3, https://doi.org/10.1080/00031305.2015.1089789

    Examples
    --------
    >>> percentiles(range(101), confidence=0.5)
    (25.0, 75.0)
    """
    found = np.asarray(replicates, dtype=np.float64)
    found = found[~np.isnan(found)]
    if not found.size:
        return (float("nan"), float("nan"))
    tail = (1.0 - confidence) / 2.0
    if n is not None and n > 1:
        z, free = NormalDist().inv_cdf((1.0 + confidence) / 2.0), n - 1
        # Student's t by its expansion in 1 / (degrees of freedom), good to 0.01 from 5 on.
        t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        tail = NormalDist().cdf(-t * (n / free) ** 0.5)
    low, high = np.quantile(found, [tail, 1.0 - tail])
    return (float(low), float(high))


def default_n_boot(n_rows: int) -> int:
    """Replicates that cost well under a second: 1,000, fewer (at least 200) on many rows.

    >>> default_n_boot(1000), default_n_boot(230_000)
    (1000, 217)
    """
    return max(200, min(1000, 50_000_000 // max(n_rows, 1)))


def as_classes(y: ArrayLike, *, owner: str) -> NDArray[np.int64]:
    """Class codes of any number of classes, or InvalidInput."""
    codes = np.asarray(y)
    if codes.ndim != 1 or codes.dtype.kind not in "biu":
        raise InvalidInput(f"y of {owner} must be whole class codes of shape (n_rows,).")
    return codes.astype(np.int64, copy=False)


def _draw(rng: np.random.Generator, several: int, size: int) -> NDArray[np.uint8]:
    if size > _EXACT_ROWS:
        copies = rng.bytes(several * size).translate(_COPIES)
        return np.frombuffer(copies, dtype=np.uint8).reshape(several, size)
    rows = rng.integers(0, size, (several, size)) + size * np.arange(several)[:, None]
    counts = np.bincount(rows.ravel(), minlength=several * size)
    return counts.astype(np.uint8).reshape(several, size)


class _Ranking:
    """Positives and negatives in the order of one score, ready to be weighed again and again."""

    def __init__(self, hits: Floats, rest: Floats) -> None:
        self.hits, falling = np.argsort(-hits), np.argsort(-rest)
        level = hits[self.hits]
        self.starts = np.flatnonzero(np.append(True, level[1:] != level[:-1]))
        above = np.searchsorted(-rest[falling], -level[self.starts], side="right")
        ends = np.unique(above[above > 0])
        # Negatives below the last positive never count.
        self.rest = falling[: ends[-1]] if ends.size else falling[:0]
        self.cells = np.append(0, ends[:-1])
        self.at = np.searchsorted(ends, above, side="right")

    def average_precision(self, hits: NDArray[np.uint8], rest: NDArray[np.uint8]) -> Floats:
        """Average precision of each draw, ``(n_draws,)``."""
        gained = np.add.reduceat(hits.take(self.hits, axis=1), self.starts, axis=1, dtype=np.int32)
        tp = np.cumsum(gained, axis=1, dtype=np.float64)
        fp = np.zeros((len(rest), self.cells.size + 1))
        if self.rest.size:
            passed = rest.take(self.rest, axis=1)
            np.cumsum(
                np.add.reduceat(passed, self.cells, axis=1, dtype=np.int32), axis=1, out=fp[:, 1:]
            )
        alerts = tp + fp[:, self.at]
        precision = np.divide(tp, alerts, out=np.zeros_like(tp), where=alerts > 0.0)
        value: Floats = (gained * precision).sum(axis=1) / np.maximum(tp[:, -1], 1.0)
        return value
