"""Single columns that know too much about the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from evenkeel.audit.finding import Finding

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from evenkeel.table import Table

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# Tuned on public tables. Honest columns reach 0.93 (elevation, forest cover) and 0.98 (bytes sent,
# NSL-KDD normal traffic); bytes sent in attacks on web servers 0.998: a warning, no blocker.
ALONE_BLOCKER = 0.9998
ALONE_WARNING = 0.99
ALONE_AHEAD = 0.95
AHEAD = 5.0
# What is lost without the column: 0.17 and a third of all skill for the call duration of the bank
# marketing table, at most 0.14 and a sixth for honest columns that stand so far before the next.
LOST = 0.1
LOST_SHARE = 0.22
LOST_AHEAD = 8.0
OTHERS_SHARE = 0.1  # with less, the others say nothing: one good column among noise
_POSITIVES, _NEGATIVES, _BINS, _FOLDS = 5_000, 15_000, 256, 5
_MOST_CLASSES = 5
_CANDIDATES = 6
_JOINED = 40  # the best columns, fitted together: time grows with their square


@dataclass(frozen=True)
class Evidence:
    """Rows drawn for one class against the rest, with the weights that undo the draw."""

    at: Ints
    y: Ints
    weight: Floats
    fold: Ints


def leak_findings(table: Table, skip: tuple[str, ...], *, seed: int = 0) -> list[Finding]:
    """Columns that predict a class alone, or without which most skill would be gone.

    Each column is scored out of fold: its values (numbers: at most 256 bins) get the share of the class
    in the other folds, and the average precision of that score is measured at the true prevalence.

    Parameters
    ----------
    table
        The training table.
    skip
        Columns already reported.
    seed
        Draws the rows and the folds.
    """
    columns = [name for name in table.X.columns if name not in skip]
    found: dict[str, Finding] = {}
    for code in _classes(table):
        evidence = draw(table.y == code, seed)
        rows = table.X[evidence.at]
        codes = {name: codes_of(rows[name], evidence.y) for name in columns}
        scores = {name: out_of_fold(codes[name], evidence) for name in columns}
        alone = {name: average_precision(evidence, scores[name]) for name in columns}
        for finding in (
            *_alone(table, code, alone),
            *_ahead(table, code, alone, scores, evidence),
        ):
            found.setdefault(finding.columns[0], finding)
    return list(found.values())


def _classes(table: Table) -> list[int]:
    counts = table.counts
    if table.task == "binary":
        return [1] if counts.min() >= 2 else []
    enough = [code for code in np.argsort(counts, kind="stable").tolist() if counts[code] >= 10]
    return enough[:_MOST_CLASSES]


def draw(positive: npt.NDArray[np.bool_], seed: int) -> Evidence:
    """At most 5,000 rows of a class and 15,000 of the rest, in folds, weighted back."""
    rng = np.random.default_rng(seed)
    parts, weights = [], []
    for at, most in (
        (np.flatnonzero(positive), _POSITIVES),
        (np.flatnonzero(~positive), _NEGATIVES),
    ):
        chosen = np.sort(rng.choice(at, most, replace=False)) if len(at) > most else at
        parts.append(chosen)
        weights.append(np.full(len(chosen), len(at) / max(len(chosen), 1)))
    fold = np.concatenate([rng.permutation(len(part)) % _FOLDS for part in parts])
    y = np.repeat([1, 0], [len(part) for part in parts])
    return Evidence(np.concatenate(parts), y, np.concatenate(weights), fold)


def codes_of(column: pl.Series, y: Ints) -> Ints:
    """Whole numbers from 0 for the values of a column; many numbers share bins, empty cells have 0.

    Bins end at quantiles of each class and at its extremes, so that no bin spans two classes that
    lie apart.
    """
    import polars as pl

    if column.dtype == pl.String:
        ranks = column.rank("dense").fill_null(0)
        return ranks.cast(pl.Int64).to_numpy()
    numbers = column.to_physical().cast(pl.Float64).to_numpy()
    empty = np.isnan(numbers)
    edges = np.unique(numbers[~empty])
    if len(edges) > _BINS:
        edges = np.unique(np.concatenate([_cuts(numbers[~empty & (y == at)]) for at in (0, 1)]))
    codes = np.searchsorted(edges, numbers, "right") + 1
    codes[empty] = 0
    return codes.astype(np.int64)


def _cuts(values: Floats) -> Floats:
    """Quantiles with about 20 values between them or more, the smallest value, just above the largest."""
    if not len(values):
        return values
    n_bins = min(max(len(values) // 20, 2), _BINS // 2)
    inner = np.quantile(values, np.arange(1, n_bins) / n_bins)
    return np.concatenate([[values.min()], inner, [np.nextafter(values.max(), np.inf)]])


def out_of_fold(codes: Ints, evidence: Evidence) -> Floats:
    """The share of the class among equal codes in the other folds, drawn towards the mean."""
    n_codes = int(codes.max(initial=0)) + 1
    cell = evidence.fold * n_codes + codes
    shape = (_FOLDS, n_codes)
    total = np.bincount(cell, minlength=_FOLDS * n_codes).reshape(shape)
    hits = np.bincount(cell, weights=evidence.y, minlength=_FOLDS * n_codes).reshape(shape)
    mean = evidence.y.mean()
    share = (hits.sum(axis=0) - hits + mean) / (total.sum(axis=0) - total + 1)
    result: Floats = share[evidence.fold, codes]
    return result


def average_precision(evidence: Evidence, score: Floats) -> float:
    """Average precision over distinct scores, rows weighted back to the true prevalence.

    >>> y = np.array([1, 1, 0, 0])
    >>> evidence = Evidence(np.arange(4), y, np.ones(4), np.zeros(4, dtype=np.int64))
    >>> average_precision(evidence, np.array([0.9, 0.1, 0.8, 0.0]))
    0.8333333333333333
    """
    values, place = np.unique(-score, return_inverse=True)
    hits = np.bincount(place, weights=evidence.y * evidence.weight, minlength=len(values))
    total = np.bincount(place, weights=evidence.weight, minlength=len(values))
    precision = np.cumsum(hits) / np.cumsum(total)
    return float((hits * precision).sum() / max(hits.sum(), 1e-300))


def _alone(table: Table, code: int, alone: dict[str, float]) -> list[Finding]:
    findings = []
    label = table.classes[code]
    for name, score in alone.items():
        second = max((other for key, other in alone.items() if key != name), default=0.0)
        ahead = score >= ALONE_AHEAD and (1 - second) >= AHEAD * (1 - score)
        if score < ALONE_WARNING and not ahead:
            continue
        level = "blocker" if score >= ALONE_BLOCKER else "warning"
        findings.append(
            Finding(
                "leaking-column",
                "note" if name in table.keep else level,  # type: ignore[arg-type]
                f"{name} alone tells {label!r} from the rest (average precision {score:.4f}, "
                f"next column {second:.4f}).",
                f"Ask whether it is known when you decide. If not, drop it (--drop {name}); "
                f"if so, vouch for it (--keep {name}).",
                (name,),
            )
        )
    return findings


def _ahead(
    table: Table, code: int, alone: dict[str, float], scores: dict[str, Floats], evidence: Evidence
) -> list[Finding]:
    """The column without which the others together lose most, far more than without any other."""
    names = [name for name, score in scores.items() if np.ptp(score) > 0]
    names = sorted(names, key=lambda name: -alone[name])[:_JOINED]
    if len(names) < 3 or evidence.y.sum() < 50:
        return []
    with threadpool_limits(1):  # many small products: threads cost more than they bring
        full, base, lost = _losses(names, scores, evidence)
    first, *others = sorted(lost, key=lambda name: -lost[name])
    second = max(0.0, *(lost[name] for name in others))
    label = table.classes[code]
    enough = lost[first] >= LOST and lost[first] >= LOST_SHARE * (full - base)
    alike = full - lost[first] - base >= OTHERS_SHARE * (full - base)
    if not enough or not alike or lost[first] < LOST_AHEAD * second or first in table.keep:
        return []
    return [
        Finding(
            "suspicious-column",
            "warning",
            f"{first} may know the outcome: without it, the other columns lose {lost[first]:.2f} of "
            f"an average precision of {full:.2f} for {label!r}, and no other costs more than "
            f"{second:.2f}.",
            f"Ask whether {first} is known when you decide. If not, drop it (--drop {first}); "
            f"if so, vouch for it (--keep {first}).",
            (first,),
        )
    ]


def _losses(
    names: list[str], scores: dict[str, Floats], evidence: Evidence
) -> tuple[float, float, dict[str, float]]:
    """Average precision of the columns together, of none, and what each of the first ones adds."""
    weights = np.column_stack([np.log(scores[name] / (1 - scores[name])) for name in names])
    weights = (weights - weights.mean(axis=0)) / np.maximum(weights.std(axis=0), 1e-12)
    base = float(np.average(evidence.y, weights=evidence.weight))
    full = average_precision(evidence, _joined(weights, evidence))
    lost = {
        names[at]: full
        - average_precision(evidence, _joined(np.delete(weights, at, axis=1), evidence))
        for at in range(min(_CANDIDATES, len(names)))
    }
    return full, base, lost


def _joined(weights: Floats, evidence: Evidence) -> Floats:
    """Out-of-fold scores of a ridge logistic regression on the columns' own scores."""
    result = np.zeros(len(weights))
    design = np.column_stack([np.ones(len(weights)), weights])
    half = evidence.fold % 2 == 0
    for side in (half, ~half):
        beta = _logistic(design[~side], evidence.y[~side].astype(np.float64))
        result[side] = design[side] @ beta
    return result


def _logistic(design: Floats, y: Floats, *, ridge: float = 1.0, steps: int = 12) -> Floats:
    """Newton steps on a few columns; the intercept is not shrunk."""
    beta = np.zeros(design.shape[1])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        spread = np.maximum(p * (1 - p), 1e-6)
        slope = design.T @ (y - p) - penalty * beta
        curve = (design * spread[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    return beta
