"""Signs that rows were copied, removed or made up before the file was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenkeel.audit.finding import Finding, percent, some_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from evenkeel.table import Table

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_QUERIES, _NEAREST = 100, 50
_LEAST, _SOME, _MOST = 30, 2_000, 100_000
_SPREAD, _SPREAD_TWO, _MOVED = 0.3, 0.9, 0.02
# Radians off the straight line (files are rounded to some digits), less in few dimensions: there a
# pair of neighbours is in line by chance with a probability of about angle ** (dimensions - 1).
_ANGLE, _CHANCE = 0.02, 1e-6
_SHARE = 0.25
_TIMES = 4.0
_REPEATED, _REPEATED_LARGE = 0.3, 0.4
_TELLING = 0.5  # where the largest class repeats more than this, repeats are the nature of the data


def is_balanced(counts: Ints) -> bool:
    """All classes have the same number of rows, but for one.

    >>> is_balanced(np.array([100, 100])), is_balanced(np.array([100, 96]))
    (True, False)
    """
    return bool(counts.min() >= 20 and counts.max() - counts.min() <= 1)


def repeated_classes(y: Ints, ids: Ints, counts: Ints) -> list[tuple[int, float, float]]:
    """Smaller classes whose rows repeat far more than those of the largest: (class, share, largest's)."""
    pairs = np.unique(ids * len(counts) + y)
    distinct = np.maximum(np.bincount(pairs % len(counts), minlength=len(counts)), 1)
    share = 1 - distinct / np.maximum(counts, 1)
    # Copying makes classes alike in size: the reference is the large class that repeats least.
    large = np.flatnonzero(counts >= counts.max() / 3)
    reference = int(large[np.argmin(share[large])])
    spare = counts / distinct - 1  # copies beside each distinct row
    return [
        (code, float(share[code]), float(share[reference]))
        for code in range(len(counts))
        if code != reference
        and counts[code] >= _LEAST
        and share[code] >= (_REPEATED_LARGE if code in large else _REPEATED)
        and share[reference] < _TELLING
        and spare[code] >= 5 * spare[reference]
    ]


def resampled_findings(table: Table, ids: Ints, *, seed: int = 0) -> list[Finding]:
    """Exactly balanced classes, copied rows, rows on straight lines between others."""
    findings = []
    if is_balanced(table.counts):
        findings.append(
            Finding(
                "balanced",
                "warning",
                f"All {len(table.classes)} classes have {int(table.counts.max()):,} rows: the file "
                "was probably balanced on purpose.",
                "Run on the original file if there is one: shares, precision and thresholds "
                "measured here do not hold outside.",
            )
        )
    for code, share, other in repeated_classes(table.y, ids, table.counts):
        label = table.classes[code]
        own = np.flatnonzero(table.y == code)
        copies = own[np.bincount(ids)[ids[own]] > 1]
        findings.append(
            Finding(
                "repeated-minority",
                "warning",
                f"{percent(share)} of the rows of {label!r} are copies, but {percent(other)} of the "
                "largest class: they were probably copied to balance the classes.",
                "Run on the original file. Copies stay on one side of every split, but shares and "
                "precision measured here do not hold outside.",
                **some_rows(table.rows, copies),
            )
        )
    findings += _interpolated(table, seed)
    return findings


def _interpolated(table: Table, seed: int) -> list[Finding]:
    largest = int(np.argmax(table.counts))
    # Of classes alike in size, any may be the one that was filled up.
    alike = np.sort(table.counts)[-2] >= 0.8 * table.counts[largest]
    codes = [code for code in range(len(table.counts)) if alike or code != largest]
    numbers = _numbers(table.X)
    if not numbers:
        return []
    X = np.column_stack([numbers[name] for name in numbers])
    shares = {
        code: line_share(X[table.y == code], seed=seed)
        for code in {*codes, largest}
        if table.counts[code] >= _LEAST
    }
    findings = []
    for code in codes:
        found = shares.get(code, 0.0)
        other = min((share for key, share in shares.items() if key != code), default=0.0)
        names = _fractions(numbers, table.y == code)
        if (found >= _SHARE and found >= _TIMES * other) or names:
            findings.append(_made_up(table, code, found, other, names))
    return findings


def _made_up(table: Table, code: int, found: float, other: float, names: list[str]) -> Finding:
    label = table.classes[code]
    if names:
        sign = f"hold fractions in {len(names)} columns of whole numbers ({', '.join(names[:3])})"
    else:
        sign = (
            f"lie on a straight line between two others in {percent(found)} of the cases tried "
            f"(largest class: {percent(other)})"
        )
    return Finding(
        "interpolated-minority",
        "blocker",
        f"Rows of {label!r} {sign}: they were probably made by SMOTE before the file was written.",
        "Run on the original file. Made rows beside their parents in training and test make every "
        "figure too good.",
        tuple(names),
        n_rows=int(table.counts[code]),
    )


def line_share(rows: Floats, *, seed: int = 0) -> float:
    """Share of rows that lie between two of their 50 nearest neighbours, on a straight line.

    Row r counts when neighbours a and b exist with cos(a - r, b - r) < -cos(angle): SMOTE makes
    r = p + u (q - p), and p, q (or other rows made on the same line) are in the table. By chance
    this hardly happens in two or more continuous columns. Lines that all run in one direction come
    from columns that depend on each other (a total that equals its only part) and do not count.

    Parameters
    ----------
    rows
        Rows of one class, shape (n_class_rows, n_columns); columns of few values are ignored.
    seed
        Draws the 100 rows that are tried.

    Returns
    -------
    share
        0 where fewer than two continuous columns or 30 distinct rows are left.
    """
    rng = np.random.default_rng(seed)
    if len(rows) > _MOST:
        rows = rows[np.sort(rng.choice(len(rows), _MOST, replace=False))]
    some = np.unique(rows[:: max(1, len(rows) // _SOME)], axis=0)
    spread = np.array([len(np.unique(column)) for column in some.T]) / max(len(some), 1)
    used = spread >= _SPREAD
    if used.sum() < 3:
        used = spread >= _SPREAD_TWO  # rounded numbers in two columns are in line by chance
    rows = rows[:, used]
    if rows.shape[1] < 2 or len(some) < _LEAST:
        return 0.0
    scale = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    tried = rng.choice(len(rows), min(_QUERIES, len(rows)), replace=False)
    lines = [_line(rows, int(at)) for at in tried]
    directions = np.array([line for line in lines if line is not None])
    if not len(directions) or _distinct(directions) < max(5, len(directions) / 4):
        return 0.0
    return len(directions) / len(tried)


def _distinct(directions: Floats) -> int:
    """How many directions there are: columns that depend on each other have one line for all rows."""
    close = np.abs(directions @ directions.T) > np.cos(_ANGLE)
    return int((np.triu(close, 1).sum(axis=0) == 0).sum())


def _line(rows: Floats, at: int) -> Floats | None:
    """The direction of a straight line through a row and two of its neighbours, one on each side."""
    away = rows - rows[at]
    distance = np.einsum("ij,ij->i", away, away)
    distance[distance == 0] = np.inf
    most = min(_NEAREST, int(np.isfinite(distance).sum()))
    if most < 2:
        return None
    near = np.argpartition(distance, most - 1)[:most]
    unit = away[near] / np.sqrt(distance[near])[:, None]
    cosines = unit @ unit.T
    direction: Floats = unit[int(cosines.argmin()) // most]
    # Neighbours that differ in few columns are on a line by chance more often: be stricter there.
    moved = int((np.abs(direction) > _MOVED).sum())
    if moved < 2:
        return None
    angle = min(_ANGLE, _CHANCE ** (1 / (moved - 1)))
    return direction if cosines.min() < -np.cos(angle) else None


def _numbers(X: pl.DataFrame) -> dict[str, Floats]:
    """Columns of numbers, empty cells filled with the median."""
    import polars as pl

    found = {}
    for name, dtype in X.schema.items():
        if dtype.is_numeric():
            column = X[name].cast(pl.Float64)
            middle = column.median()
            found[name] = column.fill_null(middle if isinstance(middle, float) else 0.0).to_numpy()
    return found


def _fractions(numbers: dict[str, Floats], own: npt.NDArray[np.bool_]) -> list[str]:
    """Columns of whole numbers in which one class alone holds fractions."""
    if own.sum() < _LEAST or (~own).sum() < _LEAST:
        return []
    hit = []
    for name, values in numbers.items():
        broken = values != np.floor(values)
        if broken[own].mean() >= _SHARE and broken[~own].mean() <= 0.001:
            hit.append(name)
    return hit if len(hit) >= 2 else []
