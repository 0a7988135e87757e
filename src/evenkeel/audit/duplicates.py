"""Rows that are exact copies of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evenkeel._checks import listed
from evenkeel.audit.finding import Finding, percent, some_rows
from evenkeel.errors import EvenkeelError
from evenkeel.evidence import rare_rows
from evenkeel.reading.memory import from_memory
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

    from evenkeel.table import Table

    Ints = npt.NDArray[np.int64]


MUCH = 0.2  # share of the rare rows that may be copies before it matters to the evidence


def duplicate_ids(X: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Number the distinct rows of a table: equal rows get equal numbers, in order of appearance.

    Rows are compared value by value, never by a hash alone; NaN equals null, and 0.0 equals -0.0.

    Parameters
    ----------
    X
        Features, n_rows rows.

    Returns
    -------
    ids
        Shape (n_rows,), from 0 to the number of distinct rows less 1.

    Examples
    --------
    >>> import polars as pl
    >>> duplicate_ids(pl.DataFrame({"a": [1.0, 2.0, 1.0, None, float("nan")]})).tolist()
    [0, 1, 0, 2, 2]
    """
    import polars as pl
    import polars.selectors as cs

    if not X.height or not X.width:
        return np.zeros(X.height, dtype=np.int64)
    plain = X.rename({name: f"c{at}" for at, name in enumerate(X.columns)})
    plain = plain.with_columns(cs.float().fill_nan(None), cs.categorical().cast(pl.String))
    first = plain.with_row_index("row").select(pl.col("row").first().over(plain.columns))["row"]
    return (first.rank("dense") - 1).cast(pl.Int64).to_numpy()


def copies_of(X: Any) -> npt.NDArray[np.int64] | None:
    """Ids of distinct rows of any table in memory; None for what is no table of plain cells."""
    try:
        return duplicate_ids(from_memory(X))
    except (EvenkeelError, TypeError, ValueError):
        return None  # images, sparse rows, objects: nothing to compare cell by cell


def duplicate_findings(
    table: Table, ids: npt.NDArray[np.int64], ignored: tuple[str, ...]
) -> list[Finding]:
    """Copies within a class, and equal features with different labels."""
    n_ids = int(ids.max(initial=-1)) + 1
    sizes = np.bincount(ids, minlength=n_ids)
    pairs = np.unique(ids * len(table.classes) + table.y)
    n_labels = np.bincount(pairs // len(table.classes), minlength=n_ids)
    apart = f" (apart from {listed(ignored)})" if ignored else ""
    findings = []
    mixed = np.flatnonzero(n_labels[ids] > 1)
    if len(mixed):
        rare = int(np.argmin(table.counts))
        share = float((table.y[mixed] == rare).sum()) / max(int(table.counts[rare]), 1)
        findings.append(
            Finding(
                "conflicting-rows",
                "warning" if share >= 0.01 else "note",
                f"{plural(len(mixed), 'row')} share all features{apart} with a row of another class, among "
                f"them {percent(share)} of class {table.classes[rare]!r}.",
                "No model can tell them apart: check the labels, or add the column that differs. "
                "Copies stay on one side of every split.",
                **some_rows(table.rows, mixed),
            )
        )
    copied = (sizes[ids] > 1) & (n_labels[ids] == 1)
    return findings + _copies(table, ids, copied, apart, beside=bool(len(mixed)))


def _copies(
    table: Table, ids: Ints, copied: npt.NDArray[np.bool_], apart: str, *, beside: bool
) -> list[Finding]:
    """Copies within a class: a warning where they are much of what is known about the rare class.

    Rows that another class shares are counted by the finding before, if ``beside``.
    """
    rare = _rare_class(table.counts)
    rows = np.flatnonzero(table.y == rare)
    distinct = len(np.unique(ids[rows]))
    if distinct < len(rows) * (1 - MUCH):
        times = np.bincount(ids[rows])[ids[rows]]
        return [
            Finding(
                "duplicate-rows",
                "warning",
                f"{len(rows) - distinct:,} of the {plural(len(rows), 'row')} of {table.classes[rare]!r} "
                f"({percent(1 - distinct / len(rows))}) are exact copies of others{apart}: "
                f"{distinct:,} distinct ones are left.",
                f"If they are one case recorded again, the evidence is that of {plural(distinct, 'row')} "
                "and intervals are too narrow: remove them. If they are different cases that look "
                "alike, they count. Copies stay on one side of every split.",
                **some_rows(table.rows, rows[times > 1]),
            )
        ]
    copies = np.flatnonzero(copied)
    if not len(copies):
        return []
    spare = len(copies) - len(np.unique(ids[copies]))
    return [
        Finding(
            "duplicate-rows",
            "note",
            f"{plural(len(copies), 'row')} with an exact copy{apart} in the same class"
            f"{', besides those that share their features with another class' if beside else ''}; "
            f"{spare:,} ({percent(spare / table.n_rows)}) could go without loss.",
            "No action needed: copies stay on one side of every split. Remove them if they are "
            "recording errors.",
            **some_rows(table.rows, copies),
        )
    ]


def _rare_class(counts: Ints) -> int:
    """The class whose rows say how much can be shown."""
    return int(np.flatnonzero(counts == rare_rows(counts))[-1])
