"""Columns that cannot help: constants, identifiers, and the target under another name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel._checks import listed
from evenkeel.audit.finding import Finding
from evenkeel.reading.words import plural

if TYPE_CHECKING:
    import polars as pl

    from evenkeel.table import Table

_NAMED_ID = re.compile(r"(^|[^A-Za-z])(id|nbr|nr|key|uuid|guid)$", re.IGNORECASE)
_CAMEL_ID = re.compile(r"[a-z](ID|Id|Key|UUID)$")
_LEAST_ROWS = 50
_GLANCE = 200
_MANY_ROWS = 1_000


@dataclass(frozen=True)
class ColumnFacts:
    """What one pass over the columns shows."""

    constant: tuple[str, ...]
    ids: tuple[str, ...]
    entities: tuple[str, ...]
    n_unique: dict[str, int]


def column_facts(X: pl.DataFrame) -> ColumnFacts:
    """Find constant columns, identifiers, and keys of entities that come again.

    Examples
    --------
    >>> import polars as pl
    >>> X = pl.DataFrame({"id": range(60), "x": [0, 1, 2] * 20, "one": ["a"] * 60})
    >>> facts = column_facts(X)
    >>> facts.ids, facts.constant
    (('id',), ('one',))
    """
    import polars as pl

    filled = X.select(pl.all().drop_nulls().n_unique()).row(0, named=True) if X.width else {}
    counts = {name: int(count) for name, count in filled.items()}
    constant = tuple(n for n, c in counts.items() if c == 0 or (c == 1 and not X[n].null_count()))
    ids = tuple(name for name in X.columns if _is_id(X[name], counts[name]))
    entities = tuple(
        name
        for name in X.columns
        if name not in ids
        and _named(name)
        and not X[name].dtype.is_float()
        and X.height >= _LEAST_ROWS
        and counts[name] >= X.height / 5
    )
    return ColumnFacts(constant, ids, entities, counts)


def column_findings(table: Table, facts: ColumnFacts) -> list[Finding]:
    """Findings about single columns, the target left aside."""
    asked = [name for name in table.X.columns if name not in table.keep]
    findings = [_id(table, facts, name) for name in facts.ids if name in asked]
    if table.groups is None:
        findings += [_entity(table, facts, name) for name in facts.entities if name in asked]
    constant = tuple(name for name in facts.constant if name in asked)
    if constant:
        findings.append(
            Finding(
                "constant-column",
                "note",
                f"{plural(len(constant), 'column')} with one value only: {listed(constant)}.",
                "Drop them; they cannot help.",
                constant,
            )
        )
    return findings


def _id(table: Table, facts: ColumnFacts, name: str) -> Finding:
    return Finding(
        "id-column",
        "warning",
        f"{name} looks like an identifier: {facts.n_unique[name]:,} distinct values in "
        f"{table.n_rows:,} rows.",
        f"A run leaves it out; --keep {name} uses it all the same.",
        (name,),
    )


def _entity(table: Table, facts: ColumnFacts, name: str) -> Finding:
    return Finding(
        "entity-column",
        "warning",
        f"{name} looks like the key of something that comes again: "
        f"{facts.n_unique[name]:,} distinct values in {table.n_rows:,} rows.",
        f"Keep its rows together (--group {name}), or the test rows are partly known.",
        (name,),
    )


def copy_findings(table: Table, facts: ColumnFacts) -> list[Finding]:
    """Columns whose values and the classes determine each other."""
    import polars as pl

    findings = []
    n_classes = len(table.classes)
    y = pl.Series("target code", table.y)
    few = np.concatenate([np.flatnonzero(table.y == code)[:_GLANCE] for code in range(n_classes)])
    for name in table.X.columns:
        column = table.X[name]
        empty = column.null_count()
        if facts.n_unique[name] + (empty > 0) != n_classes:
            continue
        pairs = pl.DataFrame({"x": column, "y": y})
        if pairs[few].n_unique() <= n_classes and pairs.n_unique() == n_classes:
            kept = name in table.keep
            findings.append(
                Finding(
                    "target-copy",
                    "note" if kept else "blocker",
                    f"{name} is the target under another name: each of its {n_classes} values goes "
                    "with one class.",
                    f"Drop it (--drop {name}): it will not be known when you decide.",
                    (name,),
                    n_rows=table.n_rows,
                )
            )
    return findings


def _named(name: str) -> bool:
    return _NAMED_ID.search(name) is not None or _CAMEL_ID.search(name) is not None


def _is_id(column: pl.Series, n_unique: int) -> bool:
    import polars as pl

    filled = len(column) - column.null_count()
    if filled < _LEAST_ROWS or n_unique < filled or filled < 0.9 * len(column):
        return False
    values = column.drop_nulls()
    if column.dtype == pl.String:
        spaced = values.str.contains(r"\s").mean()
        return float(spaced if isinstance(spaced, float) else 0.0) < 0.1
    if column.dtype.is_float() and bool((values != values.floor()).any()):
        return False
    if not column.dtype.is_numeric():
        return False
    ordered = bool(values.is_sorted()) or bool(values.is_sorted(descending=True))
    return ordered or _named(column.name) or filled >= _MANY_ROWS
